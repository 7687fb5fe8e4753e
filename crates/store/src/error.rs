//! What went wrong with the database, told by what can be done about it.

use std::fmt;

/// What can be done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreFault {
    /// The folder or the file may not be written.
    ReadOnly,
    /// A newer version of WatchState has changed the file.
    Newer,
    /// The file is not a database, or a damaged one.
    Corrupt,
    /// Another program holds the file.
    Locked,
    /// The disk is full.
    Full,
    /// The file cannot be opened or read.
    Unreadable,
    /// A statement failed: a mistake of ours.
    Query,
}

impl StoreFault {
    /// What the user can do, as a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::ReadOnly => "make the data folder writable, or choose another with --data-dir",
            Self::Newer => "install the newest version of WatchState; it is left as it is",
            Self::Corrupt => {
                "start WatchState again: the damaged file is put aside, and a new one is made from the newest good copy"
            }
            Self::Locked => "close the other program that uses it",
            Self::Full => "make room on the disk",
            Self::Unreadable => "check the data folder, or choose another with --data-dir",
            Self::Query => "please report this",
        }
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "the database cannot be written",
            Self::Newer => "the database belongs to a newer version of WatchState",
            Self::Corrupt => "the database is damaged",
            Self::Locked => "the database is in use by another program",
            Self::Full => "the disk is full",
            Self::Unreadable => "the database cannot be opened",
            Self::Query => "the database did not understand us",
        })
    }
}

/// A failed call to the store.
#[derive(thiserror::Error, Debug)]
#[error("{fault}; {}", .fault.advice())]
pub struct StoreError {
    /// What can be done about it.
    pub fault: StoreFault,
    /// What SQLite said, for the log.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    pub(crate) fn new(fault: StoreFault) -> Self {
        Self { fault, source: None }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let fault = match &error {
            sqlx::Error::Database(db) => fault_of(db.code().as_deref()),
            sqlx::Error::Io(_) => StoreFault::Unreadable,
            sqlx::Error::PoolTimedOut => StoreFault::Locked,
            _ => StoreFault::Query,
        };
        Self { fault, source: Some(error.into()) }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError;
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
                Self { fault: StoreFault::Newer, source: Some(error.into()) }
            }
            other => Self { fault: StoreFault::Query, source: Some(other.into()) },
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self { fault: StoreFault::Query, source: Some(error.into()) }
    }
}

/// The fault behind SQLite's result code; the low byte of an extended code is the plain one
/// (<https://sqlite.org/rescode.html>).
fn fault_of(code: Option<&str>) -> StoreFault {
    let Some(code) = code.and_then(|code| code.parse::<i32>().ok()) else {
        return StoreFault::Query;
    };
    match (code & 0xff, code >> 8) {
        (5 | 6, _) => StoreFault::Locked,
        (8, _) => StoreFault::ReadOnly,
        (11 | 26, _) => StoreFault::Corrupt,
        // IOERR_SHMSIZE beside FULL: the index of the log could not grow.
        (13, _) | (10, 19) => StoreFault::Full,
        // IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE: the file is open, and its disk takes nothing any more,
        // as one does that the system has made read-only because it fails. That is no READONLY to SQLite.
        (10, 3..=6) => StoreFault::ReadOnly,
        (10 | 14, _) => StoreFault::Unreadable,
        _ => StoreFault::Query,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use sqlx::Connection;
    use sqlx::sqlite::SqliteConnection;

    use super::*;
    use crate::Store;

    #[test]
    fn what_the_codes_mean() {
        for (code, fault, name) in [
            ("5", StoreFault::Locked, "BUSY"),
            ("517", StoreFault::Locked, "BUSY_SNAPSHOT"),
            ("8", StoreFault::ReadOnly, "READONLY"),
            ("776", StoreFault::ReadOnly, "READONLY_ROLLBACK"),
            ("778", StoreFault::ReadOnly, "IOERR_WRITE"),
            ("1034", StoreFault::ReadOnly, "IOERR_FSYNC"),
            ("1290", StoreFault::ReadOnly, "IOERR_DIR_FSYNC"),
            ("1546", StoreFault::ReadOnly, "IOERR_TRUNCATE"),
            ("4874", StoreFault::Full, "IOERR_SHMSIZE"),
            ("13", StoreFault::Full, "FULL"),
            ("266", StoreFault::Unreadable, "IOERR_READ"),
            ("522", StoreFault::Unreadable, "IOERR_SHORT_READ"),
            ("14", StoreFault::Unreadable, "CANTOPEN"),
            ("11", StoreFault::Corrupt, "CORRUPT"),
            ("26", StoreFault::Corrupt, "NOTADB"),
            ("1", StoreFault::Query, "ERROR"),
            ("", StoreFault::Query, "none"),
        ] {
            assert_eq!(fault_of(Some(code)), fault, "{name}");
        }
        assert_eq!(fault_of(None), StoreFault::Query);
    }

    async fn kept(store: &Store, name: &str) -> crate::Result<()> {
        let mut tx = store.begin().await?;
        sqlx::query("UPDATE people SET name = ?1 WHERE id = 1")
            .bind(name)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    async fn name(store: &Store) -> String {
        sqlx::query_scalar("SELECT name FROM people WHERE id = 1")
            .fetch_one(store.reader())
            .await
            .unwrap()
    }

    async fn do_with_the_writer(store: &Store, pragma: &'static str) {
        sqlx::query(pragma).execute(&store.write).await.unwrap();
    }

    /// A file that may not grow is what SQLite takes for a full disk.
    #[tokio::test]
    async fn a_file_that_cannot_grow() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("watchstate.sqlite")).await.unwrap();
        kept(&store, "ana").await.unwrap();
        do_with_the_writer(&store, "PRAGMA max_page_count = 1").await;
        let long = "n".repeat(100_000);
        let error = kept(&store, &long).await.unwrap_err();
        assert_eq!(error.fault, StoreFault::Full);
        assert_eq!(error.to_string(), "the disk is full; make room on the disk");
        assert_eq!(name(&store).await, "ana", "nothing of it happened");
        do_with_the_writer(&store, "PRAGMA max_page_count = 1000000").await;
        kept(&store, &long).await.unwrap();
        assert_eq!(name(&store).await, long, "and it goes on when there is room");
    }

    /// A disk that the system has made read-only because it fails.
    #[tokio::test]
    async fn a_file_that_may_not_be_written_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("watchstate.sqlite")).await.unwrap();
        kept(&store, "ana").await.unwrap();
        do_with_the_writer(&store, "PRAGMA query_only = 1").await;
        let error = kept(&store, "ben").await.unwrap_err();
        assert_eq!(error.fault, StoreFault::ReadOnly);
        assert_eq!(name(&store).await, "ana", "what is known is shown");
        do_with_the_writer(&store, "PRAGMA query_only = 0").await;
        kept(&store, "ben").await.unwrap();
        assert_eq!(name(&store).await, "ben");
    }

    /// A disk may be read-only for a while: what writes must not have to be started anew after that.
    #[tokio::test]
    async fn a_writer_that_was_opened_while_the_file_could_only_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("watchstate.sqlite")).await.unwrap();
        kept(&store, "ana").await.unwrap();
        // As SQLite opens a file that may not be written, whoever runs this test.
        let good = store.write.connect_options().as_ref().clone();
        store.write.set_connect_options(good.clone().read_only(true).create_if_missing(false));
        store.writer.anew.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            let error = kept(&store, "ben").await.unwrap_err();
            assert_eq!(error.fault, StoreFault::ReadOnly);
        }
        assert_eq!(name(&store).await, "ana", "what is known is shown");
        store.write.set_connect_options(good);
        kept(&store, "ben").await.unwrap();
        assert_eq!(name(&store).await, "ben");
    }

    /// A window reads on such a day.
    #[tokio::test]
    async fn a_reader_that_was_opened_while_the_file_could_only_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let [file, elsewhere] = ["watchstate", "elsewhere"]
            .map(|name| folder.path().join(name).with_extension("sqlite"));
        let store = Store::open(&file).await.unwrap();
        let other = Store::open(&elsewhere).await.unwrap();
        kept(&other, "ana").await.unwrap();
        // Nobody has it open, and there is a log, as after a night on which the disk took no more.
        store.let_readers_go().await;
        store.write.acquire().await.unwrap().close().await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let [from, to] = [&elsewhere, &file].map(|file| format!("{}{suffix}", file.display()));
            std::fs::copy(from, to).unwrap();
        }
        let good = store.read.connect_options().as_ref().clone();
        let only_read = format!("file:{}?readonly_shm=1", file.display());
        store.read.set_connect_options(good.clone().filename(only_read));
        assert_eq!(name(&store).await, "ana");
        store.read.set_connect_options(good);
        assert_eq!(kept(&store, "ben").await.unwrap_err().fault, StoreFault::ReadOnly);
        kept(&store, "ben").await.unwrap();
        assert_eq!(name(&store).await, "ben");
    }

    #[tokio::test]
    async fn a_file_that_another_program_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("watchstate.sqlite");
        let store = Store::open(&file).await.unwrap();
        kept(&store, "ana").await.unwrap();
        store.wait_no_longer_than(Duration::ZERO).await.unwrap();
        let other = format!("sqlite://{}", file.display());
        let mut other = SqliteConnection::connect(&other).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        let error = kept(&store, "ben").await.unwrap_err();
        assert_eq!(error.fault, StoreFault::Locked);
        assert_eq!(name(&store).await, "ana", "it can be read meanwhile");
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        kept(&store, "ben").await.unwrap();
        assert_eq!(name(&store).await, "ben");
    }
}
