//! The SQLite database: migrations, and every SQL statement of WatchState.
//!
//! One connection writes, a few read (WAL): a page of an import is one short transaction, so that nothing
//! waits long for anything. Statements are static and checked at build time (`query!`, `.sqlx`); rows go
//! in and come out a page at a time, as one JSON text that SQLite takes apart, because a statement a row
//! costs several times as much, and so does a row at a time on the way out. Rows of several columns are
//! taken apart by `jsonb_each` in a `MATERIALIZED` part of the statement: without both, SQLite writes each
//! row as text and reads it again for every column.
//!
//! Nothing here decides anything: rows become the words of the model and back.
#![deny(missing_docs)]

mod backends;
mod backup;
mod brakes;
mod changes;
mod compare;
mod error;
mod feed;
mod history;
mod inbox;
mod items;
mod journal;
mod kept;
mod list;
mod opened;
mod outbox;
mod pages;
mod presence;
mod prints;
mod rows;
mod runs;
mod shown;
mod shows;
mod snapshots;
mod states;
mod strangers;
mod titles;
mod unwatches;
mod wishes;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use backends::{Backend, Import, NewBackend};
pub use backup::KeptTitle;
pub use brakes::Brakes;
pub use changes::{ChangeRow, Changed, CopyChange, KeptChange};
pub use compare::{Compared, Looked};
pub use error::{StoreError, StoreFault};
pub use feed::{FeedFilter, FeedLine, KeptRun, Since};
pub use history::{Copied, Entry, Explained, Line, Pending, Said, TitleWanted, Totals};
pub use inbox::{Hint, HintHow, HintId, MOST_HINTS};
pub use items::{Baseline, ItemRow, KnownItem, Owed};
pub use journal::{JournalRow, What};
pub use kept::{Condition, Copy, Mended, copies, copies_folder, damaged_files};
pub use list::{Differing, ListRow, Listed, Shown, Stock};
pub use opened::{OpenedCopy, OpenedOwed};
pub use outbox::{Attempt, OutboxRow, Waiting};
pub use pages::{KnownPage, page_print};
pub use prints::{facts_print, marks_print};
pub use rows::watch_text;
pub use runs::{Run, Task};
pub use shows::ShowRow;
pub use snapshots::{KeepSnapshots, Snapshot, SnapshotPart};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqlitePool, Transaction};
pub use states::Touched;
pub use strangers::{NewIdentity, Stranger};
pub use titles::{NewTitle, NextIds, TitleById, TitlePlace};
pub use unwatches::{HeldFilter, HeldUnwatch, OpenUnwatch};

/// What calls to the store answer.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// How much of the file SQLite may keep in memory, for each connection: KiB.
pub const CACHE_KIB: u32 = 16 * 1024;

/// So many read at once.
const READERS: u32 = 2;

/// Nobody who wants to write to a file anew waits longer than this for one who reads.
const LONGEST_READ: Duration = Duration::from_secs(1);

/// What brings a database from any form it ever had to that of this version.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The database.
#[derive(Clone)]
pub struct Store {
    write: SqlitePool,
    read: SqlitePool,
    /// What is known of the writer.
    writer: Arc<Writer>,
    /// What is known of the file of a data folder; nothing for a copy that is only looked at.
    kept: Option<Arc<kept::Kept>>,
}

/// What is known of the connection that writes. One that was opened while the file could only be read is one that
/// reads for as long as it lives, whatever becomes of the file: a disk that was full of errors, or away, for an hour
/// must not keep anybody from writing until the next start.
#[derive(Default)]
struct Writer {
    /// It is new, and nobody knows whether it can write.
    unproven: AtomicBool,
    /// It is to open the file anew.
    anew: AtomicBool,
}

/// A transaction that may write. Dropped without [`Tx::commit`], nothing of it happened.
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
}

impl Store {
    /// Opens the database file, makes it where there is none, and brings it to this version's form.
    pub async fn open(file: &Path) -> Result<Self> {
        Self::open_with(file, SqliteSynchronous::Normal, CACHE_KIB).await
    }

    /// Opens it with another cache than [`CACHE_KIB`]: what the memory of everything else is measured with.
    pub async fn open_with_cache(file: &Path, cache_kib: u32) -> Result<Self> {
        Self::open_with(file, SqliteSynchronous::Normal, cache_kib).await
    }

    /// Opens a database that need not survive a loss of power: previews work on such a copy, and tests.
    pub async fn open_scratch(file: &Path) -> Result<Self> {
        Self::open_with(file, SqliteSynchronous::Off, CACHE_KIB).await
    }

    async fn open_with(
        file: &Path,
        synchronous: SqliteSynchronous,
        cache_kib: u32,
    ) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may lose the last transactions of WAL with NORMAL, never tear one: an import is
            // repeated, and a write that was delivered is found delivered.
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("cache_size", format!("-{cache_kib}"))
            .pragma("temp_store", "memory")
            // Pages of an import touch the same parts of the file again and again: copied into it every
            // 32 MiB, each part is written a few times instead of a hundred.
            .pragma("wal_autocheckpoint", "8192")
            .statement_cache_capacity(200);
        let writer = Arc::new(Writer::default());
        let (opened, kept) = (writer.clone(), writer.clone());
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // A file does not hang up.
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(60))
            // On a full disk SQLite takes a transaction back by itself
            // (<https://sqlite.org/lang_transaction.html>, section 3); sqlx's own rollback then fails, and the
            // connection counts as within a transaction for ever. A new one takes its place.
            .before_acquire(move |writer, _| {
                let anew = kept.anew.swap(false, Ordering::Relaxed);
                let good = !anew && !writer.is_in_transaction();
                Box::pin(async move { Ok(good) })
            })
            .after_connect(move |_, _| {
                opened.unproven.store(true, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            })
            .connect_with(options.clone())
            .await?;
        MIGRATIONS.run(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .min_connections(0)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        let store = Self { write, read, writer, kept: None };
        // A file that may be read but not written is told now, not in the middle of an import.
        drop(store.begin().await?);
        Ok(store)
    }

    /// Begins a transaction that may write. Waits for the one before it.
    pub async fn begin(&self) -> Result<Tx> {
        if self.writer.anew.load(Ordering::Relaxed) {
            self.let_readers_go().await;
        }
        let begun = self.begin_to_write().await;
        if begun.as_ref().is_err_and(|error| error.fault == StoreFault::ReadOnly) {
            self.writer.anew.store(true, Ordering::Relaxed);
        }
        begun
    }

    /// Closes the readers, when nobody reads with them any more. What SQLite shares of a file among the connections of
    /// a process, the index of its log, is for all of them as the first one opened it, until the last one is closed.
    async fn let_readers_go(&self) {
        let mut readers = Vec::new();
        for _ in 0..READERS {
            match tokio::time::timeout(LONGEST_READ, self.read.acquire()).await {
                Ok(Ok(reader)) => readers.push(reader),
                // Whoever reads for so long may be the one who wants to write. The next try comes soon enough.
                Ok(Err(_)) | Err(_) => break,
            }
        }
        for reader in readers {
            if let Err(error) = reader.close().await {
                tracing::debug!(%error, "a reader was not closed in peace");
            }
        }
    }

    async fn begin_to_write(&self) -> Result<Tx> {
        let mut tx = Tx { inner: self.write.begin_with("BEGIN IMMEDIATE").await? };
        if self.writer.unproven.swap(false, Ordering::Relaxed) {
            // Of some files that can only be read, SQLite begins a transaction that reads, and says so at the first
            // change.
            let changed = sqlx::query!("UPDATE people SET name = name WHERE id = 1");
            changed.execute(tx.conn()).await?;
        }
        Ok(tx)
    }

    /// Waits no longer than this, from now on, where another program holds the file. What a test of that need not
    /// wait for.
    pub async fn wait_no_longer_than(&self, longest: Duration) -> Result<()> {
        let options = self.write.connect_options().as_ref().clone().busy_timeout(longest);
        self.write.set_connect_options(options);
        // The writer that there is goes, and the next one waits so long.
        self.writer.anew.store(true, Ordering::Relaxed);
        drop(self.begin().await?);
        Ok(())
    }

    /// Begins a transaction that only reads: it sees the database as it is now, waits for nobody who writes, and
    /// nobody waits for it.
    pub async fn begin_to_read(&self) -> Result<Tx> {
        Ok(Tx { inner: self.read.begin().await? })
    }

    /// A copy of the database as it is now, in another file: what a preview works on. Whoever writes does not
    /// wait for it.
    pub async fn copy_to(&self, file: &Path) -> Result<()> {
        let Some(file) = file.to_str() else {
            return Err(StoreError::new(StoreFault::Unreadable));
        };
        sqlx::query!("VACUUM INTO ?1", file).execute(&self.read).await?;
        Ok(())
    }

    /// Closes all connections; what was committed is in the file.
    pub async fn close(&self) {
        self.end_copying().await;
        self.read.close().await;
        self.write.close().await;
        self.leave_a_mark();
    }

    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.read
    }
}

impl Tx {
    /// Makes everything in it happen.
    pub async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }

    pub(crate) fn conn(&mut self) -> &mut sqlx::SqliteConnection {
        &mut self.inner
    }
}
