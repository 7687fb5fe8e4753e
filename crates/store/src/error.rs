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
            Self::Corrupt => "move it away and import again, or put a copy of it in its place",
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
#[error("{fault}: {}", .fault.advice())]
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
    match code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
        Some(5 | 6) => StoreFault::Locked,
        Some(8) => StoreFault::ReadOnly,
        Some(11 | 26) => StoreFault::Corrupt,
        Some(13) => StoreFault::Full,
        Some(10 | 14) => StoreFault::Unreadable,
        _ => StoreFault::Query,
    }
}
