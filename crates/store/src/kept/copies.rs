//! Copies of the database, in a folder beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use watchstate_model::Moment;

use super::{STEPS, failed, from_stamp, name_of, remove, stamp, sync};
use crate::{Result, StoreError, StoreFault};

const FOLDER: &str = "copies";
const PREFIX: &str = "watchstate-";
const SUFFIX: &str = ".sqlite";
/// Between the date and the migration that a copy was made before.
const BEFORE: &str = "-before-";
/// What is being written has this after its name, and is no copy yet.
const PART: &str = ".part";
/// How many daily copies are kept.
const DAILY: usize = 7;
/// How many copies from before a migration are kept.
const MIGRATIONS: usize = 3;

/// A copy of the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copy {
    /// Where it is.
    pub file: PathBuf,
    /// When it was made.
    pub at: Moment,
    /// The migration that it was made before; nothing for a daily one.
    pub before: Option<i64>,
    /// How large it is.
    pub bytes: u64,
}

/// The folder of the copies of a database.
pub fn folder(database: &Path) -> PathBuf {
    database.parent().unwrap_or(Path::new(".")).join(FOLDER)
}

/// The copies of a database, the newest first. A folder that cannot be read has none.
pub fn copies(database: &Path) -> Vec<Copy> {
    let Ok(entries) = fs::read_dir(folder(database)) else { return Vec::new() };
    let mut copies: Vec<Copy> = entries
        .flatten()
        .filter_map(|entry| {
            let file = entry.path();
            let (at, before) = read_name(&name_of(&file))?;
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Copy { file, at, before, bytes: about.len() })
        })
        .collect();
    copies.sort_by_key(|copy| std::cmp::Reverse((copy.at, copy.before)));
    copies
}

/// Copies a database that a migration is about to change, from outside: it is not open.
pub(super) async fn keep_before(database: &Path, migration: i64, now: Moment) -> Result<Copy> {
    let mut from = open(database).await?;
    let made = keep(&mut from, database, Some(migration), now).await;
    let _ = from.close().await;
    made
}

/// Copies a database that is open, on a connection of its own: nobody who reads or writes waits for it. Nothing
/// where it is stopped before it is complete.
pub(super) async fn keep_beside(
    database: &Path,
    now: Moment,
    stopped: &Arc<AtomicBool>,
) -> Result<Option<Copy>> {
    let mut from = open(database).await?;
    let stop = Arc::clone(stopped);
    from.lock_handle().await?.set_progress_handler(STEPS, move || !stop.load(Ordering::Relaxed));
    let made = keep(&mut from, database, None, now).await;
    let _ = from.close().await;
    match made {
        Err(_) if stopped.load(Ordering::Relaxed) => Ok(None),
        made => made.map(Some),
    }
}

async fn open(database: &Path) -> Result<SqliteConnection> {
    let options =
        SqliteConnectOptions::new().filename(database).read_only(true).create_if_missing(false);
    Ok(options.connect().await?)
}

/// Makes a copy: complete, or none. Older ones than are kept are removed afterwards.
async fn keep(
    from: &mut SqliteConnection,
    database: &Path,
    before: Option<i64>,
    now: Moment,
) -> Result<Copy> {
    let folder = folder(database);
    make(&folder).map_err(failed)?;
    let file = folder.join(name(now, before));
    let part = super::with_suffix(&file, PART);
    remove_parts(&folder);
    let made = match write(from, &part).await {
        Ok(()) => fs::rename(&part, &file).and_then(|()| sync(&folder)).map_err(failed),
        Err(error) => Err(error),
    };
    if let Err(error) = made {
        let _ = remove(&part);
        return Err(error);
    }
    prune(database, now);
    let bytes = fs::metadata(&file).map_err(failed)?.len();
    Ok(Copy { file, at: now, before, bytes })
}

async fn write(from: &mut SqliteConnection, part: &Path) -> Result<()> {
    let Some(path) = part.to_str() else {
        return Err(StoreError::new(StoreFault::Unreadable));
    };
    sqlx::query!("VACUUM INTO ?1", path).execute(from).await?;
    sync(part).map_err(failed)
}

fn name(at: Moment, before: Option<i64>) -> String {
    let before = before.map(|before| format!("{BEFORE}{before}")).unwrap_or_default();
    format!("{PREFIX}{}{before}{SUFFIX}", stamp(at))
}

fn read_name(name: &str) -> Option<(Moment, Option<i64>)> {
    let name = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    match name.split_once(BEFORE) {
        Some((at, before)) => Some((from_stamp(at)?, Some(before.parse().ok()?))),
        None => Some((from_stamp(name)?, None)),
    }
}

/// Removes what nobody will need. One from the future, made by a clock that was wrong, is the first to go.
fn prune(database: &Path, now: Moment) {
    let mut all = copies(database);
    all.sort_by_key(|copy| (copy.at > now, std::cmp::Reverse(copy.at)));
    let (before, daily): (Vec<Copy>, Vec<Copy>) =
        all.into_iter().partition(|copy| copy.before.is_some());
    for copy in daily.into_iter().skip(DAILY).chain(before.into_iter().skip(MIGRATIONS)) {
        if let Err(error) = remove(&copy.file) {
            tracing::warn!(%error, "an old copy of the database cannot be removed");
        }
    }
}

/// Removes what a program that died has left half written.
fn remove_parts(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = name_of(&entry.path());
        if name.starts_with(PREFIX) && name.contains(PART) {
            let _ = remove(&entry.path());
        }
    }
}

/// Makes a folder for its owner alone.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        for (at, before) in [
            (Moment(0), None),
            (Moment(1_795_789_200), None),
            (Moment(1_795_789_200), Some(20_261_126_142_000)),
        ] {
            assert_eq!(read_name(&name(at, before)), Some((at, before)));
        }
        for name in [
            "watchstate-.sqlite",
            "watchstate-20261126T142000Z.sqlite.part",
            "watchstate-20261399T142000Z.sqlite",
            "watchstate-20261126T142000Z-before-.sqlite",
            "letter.sqlite",
        ] {
            assert_eq!(read_name(name), None, "{name} is no copy");
        }
    }
}
