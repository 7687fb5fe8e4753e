//! The database as a file that must not be lost: copied before it is changed, looked at when nobody knows
//! whether it is whole, and made anew from the newest good copy when it is not.
//!
//! Each step is a rename of something that is complete, so that the program may die between any two of them:
//! a copy is there or is not, and a mending that was begun is finished by the next start.

mod copies;
mod look;
mod mark;
mod mend;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use copies::{Copy, copies, folder as copies_folder};
pub use look::Condition;
use mark::Mark;
pub use mend::{Mended, damaged_files};
use tokio::sync::Mutex;
use watchstate_model::Moment;

use crate::{MIGRATIONS, Result, Store, StoreError, StoreFault};

/// A database that is larger than can be looked through in this time is opened all the same: it is looked
/// through once a day anyway, when it is copied.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// After so many steps of SQLite's machine it is looked whether to go on: a few thousandths of a second.
const STEPS: i32 = 100_000;

/// How long a copy is the newest one that is wanted: seconds.
const A_DAY_S: i64 = 24 * 3600;

/// What a store knows of the file that it keeps.
#[derive(Debug)]
pub(crate) struct Kept {
    file: PathBuf,
    /// Whether something was met in it that makes the next start look.
    doubted: AtomicBool,
    /// Held by whoever makes a copy.
    copying: Mutex<()>,
    /// Whether a copy is not wanted any more.
    stopped: Arc<AtomicBool>,
}

impl Store {
    /// Opens the database of a data folder that this process has for itself, and makes it where there is
    /// none. It is copied before a migration changes it. One that was not closed in peace is looked through
    /// first; a damaged one is put aside and made anew from the newest good copy, and [`Store::mended`] tells.
    pub async fn open_kept(file: &Path, now: Moment) -> Result<Self> {
        Self::open_looking(file, now, LONGEST_LOOK).await
    }

    /// The same, with another time than [`LONGEST_LOOK`] for the database; copies are looked at to their end.
    async fn open_looking(file: &Path, now: Moment, longest: Duration) -> Result<Self> {
        mend::finish(file)?;
        let copies = copies::copies(file);
        let mark = Mark::take(file)?;
        let as_closed = mark.as_ref().is_some_and(|mark| mark.fits(file));
        if as_closed {
            mend::put_a_foreign_log_aside(file, now)?;
        } else {
            // A new file is empty until its first transaction, which no copy and no mark was made before.
            let was_more = mark.is_some() || !copies.is_empty();
            if let Condition::Damaged(why) = look::look(file, Some(longest), was_more).await? {
                mend::mend(file, &copies, why, now).await?;
            }
        }
        match Self::open_migrating(file, now).await {
            // Closed in peace, and damaged since in a way that its mark does not show.
            Err(error) if error.fault == StoreFault::Corrupt => {
                mend::mend(file, &copies, "it cannot be read", now).await?;
                Self::open_migrating(file, now).await
            }
            opened => opened,
        }
    }

    async fn open_migrating(file: &Path, now: Moment) -> Result<Self> {
        if let Some(next) = look::pending(file).await? {
            copies::keep_before(file, next, now).await?;
        }
        let mut store = Self::open(file).await?;
        store.kept = Some(Arc::new(Kept {
            file: file.to_owned(),
            doubted: AtomicBool::new(false),
            copying: Mutex::default(),
            stopped: Arc::default(),
        }));
        Ok(store)
    }

    /// Keeps a copy, if the newest one is older than a day and something changed since, and nobody makes one
    /// already. Answers it. Whoever reads and writes meanwhile does not wait for it; what is written is not in it.
    ///
    /// Every page is read for it: one that is damaged is found here at the latest.
    pub async fn keep_copy(&self, now: Moment) -> Result<Option<Copy>> {
        let Some(kept) = &self.kept else { return Ok(None) };
        let Ok(_copying) = kept.copying.try_lock() else { return Ok(None) };
        let copies = copies::copies(&kept.file);
        let since = copies.iter().map(|copy| copy.at).filter(|at| *at <= now).max();
        let fresh = since.is_some_and(|at| now.0 - at.0 < A_DAY_S);
        if fresh || !self.changed_since(since).await? {
            return Ok(None);
        }
        let made = copies::keep_beside(&kept.file, now, &kept.stopped).await;
        if made.as_ref().is_err_and(|error| error.fault == StoreFault::Corrupt) {
            self.doubt();
        }
        made
    }

    /// Has a copy that is being made given up, and none made any more: the database is about to be closed.
    pub fn stop_copying(&self) {
        if let Some(kept) = &self.kept {
            kept.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// The same, and waits until nobody copies.
    pub(crate) async fn end_copying(&self) {
        self.stop_copying();
        if let Some(kept) = &self.kept {
            drop(kept.copying.lock().await);
        }
    }

    /// Has the next start look through the whole database: something was met that should not be.
    pub fn doubt(&self) {
        if let Some(kept) = &self.kept {
            kept.doubted.store(true, Ordering::Relaxed);
        }
    }

    /// Looks through the whole database now, for `longest` at most.
    pub async fn condition(&self, longest: Duration) -> Result<Condition> {
        match &self.kept {
            Some(kept) => look::look(&kept.file, Some(longest), true).await,
            None => Ok(Condition::Unfinished),
        }
    }

    /// The version of the form that the database has: the number of its last migration.
    pub fn version() -> i64 {
        MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// Leaves the word that the file was closed in peace.
    pub(crate) fn leave_a_mark(&self) {
        let Some(kept) = &self.kept else { return };
        if !kept.doubted.load(Ordering::Relaxed)
            && let Err(error) = Mark::leave(&kept.file)
        {
            // The next start looks through the file, which costs a moment and nothing else.
            tracing::debug!(%error, "no mark is left that the database was closed");
        }
    }
}

/// What an error of a file means for the database.
fn failed(error: io::Error) -> StoreError {
    let fault = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreFault::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreFault::ReadOnly,
        _ => StoreFault::Unreadable,
    };
    StoreError { fault, source: Some(error.into()) }
}

/// The same path with something after its last name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Its name alone, as it is told.
fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A time as it stands in a name of a file: `20261126T142000Z`, in UTC.
fn stamp(at: Moment) -> String {
    jiff::Timestamp::from_second(at.0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// From [`stamp`].
fn from_stamp(text: &str) -> Option<Moment> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let zoned = civil.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
    Some(Moment(zoned.timestamp().as_second()))
}

/// Makes what was written to a file, or to a folder's list of names, outlast a loss of power.
fn sync(path: &Path) -> io::Result<()> {
    #[cfg(not(unix))]
    if path.is_dir() {
        return Ok(());
    }
    fs::File::open(path)?.sync_all()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), sync)
}

/// Removes a file that need not be there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests;
