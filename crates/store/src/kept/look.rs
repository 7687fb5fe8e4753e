//! Looking through a database file, without changing a byte of it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrate;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::{STEPS, with_suffix};
use crate::{MIGRATIONS, Result, StoreError, StoreFault};

/// Where sqlx keeps which migrations a database has.
const APPLIED: &str = "_sqlx_migrations";

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Its pages fit together.
    Whole,
    /// They do not, for this reason.
    Damaged(&'static str),
    /// Nothing wrong was found in the time there was.
    Unfinished,
}

/// Looks through a file, for `longest` at most, or to its end. One that is not there is whole; an empty one is damaged if it
/// `was_more`.
///
/// It is opened only to be read, so that closing it does not move its log into it: the log may be another
/// file's.
pub(super) async fn look(
    file: &Path,
    longest: Option<Duration>,
    was_more: bool,
) -> Result<Condition> {
    let Ok(about) = fs::metadata(file) else { return Ok(Condition::Whole) };
    let has_log = fs::metadata(with_suffix(file, "-wal")).is_ok_and(|log| log.len() > 0);
    if about.is_file() && about.len() == 0 && !has_log {
        return Ok(if was_more { Condition::Damaged("it is empty") } else { Condition::Whole });
    }
    let found = match read(file, longest, was_more).await {
        // A transaction that was broken off has to be taken back, which only a writer may do.
        Err(error) if error.fault == StoreFault::ReadOnly => {
            recover(file).await?;
            read(file, longest, was_more).await
        }
        found => found,
    };
    match found {
        Err(error) if error.fault == StoreFault::Corrupt => {
            Ok(Condition::Damaged("it is not a database, or a torn one"))
        }
        found => found,
    }
}

async fn read(file: &Path, longest: Option<Duration>, was_more: bool) -> Result<Condition> {
    let mut looking = open(file).await?;
    let until = longest.map(|longest| Instant::now() + longest);
    let is_late = move || until.is_some_and(|until| Instant::now() >= until);
    looking.lock_handle().await?.set_progress_handler(STEPS, move || !is_late());
    let found = async {
        let said = sqlx::query!(
            r#"SELECT count(*) AS "wrong!: i64" FROM pragma_quick_check WHERE quick_check <> 'ok'"#
        )
        .fetch_one(&mut looking)
        .await?;
        if said.wrong > 0 {
            return Ok(Condition::Damaged("its pages do not fit together"));
        }
        // Whole, but of somebody else.
        let tables = sqlx::query!(
            r#"SELECT count(*) AS "all!: i64", count(*) FILTER (WHERE name = 'people') AS "ours!: i64"
               FROM sqlite_schema"#
        )
        .fetch_one(&mut looking)
        .await?;
        let empty = tables.all == 0 && !was_more;
        Ok(if tables.ours == 1 || empty {
            Condition::Whole
        } else {
            Condition::Damaged("it is not a database of WatchState")
        })
    };
    let found: Result<Condition> = found.await;
    let late = is_late();
    let _ = looking.close().await;
    match found {
        // Interrupted, which sqlx tells as any other error.
        Err(error) if error.fault == StoreFault::Query && late => Ok(Condition::Unfinished),
        found => found,
    }
}

/// The first migration that a database lacks. Nothing where there is no database yet, where it lacks none,
/// and where a newer version has written it.
pub(super) async fn pending(file: &Path) -> Result<Option<i64>> {
    if !fs::metadata(file).is_ok_and(|about| about.len() > 0) {
        return Ok(None);
    }
    let mut looking = open(file).await?;
    let applied = looking.list_applied_migrations(APPLIED).await;
    let _ = looking.close().await;
    let applied: Vec<i64> = match applied {
        Ok(applied) => applied.into_iter().map(|migration| migration.version).collect(),
        Err(error) => {
            let error = StoreError::from(error);
            // No such table: nothing was ever kept in it.
            return if error.fault == StoreFault::Query { Ok(None) } else { Err(error) };
        }
    };
    let known = |version: &i64| MIGRATIONS.iter().any(|migration| migration.version == *version);
    if applied.is_empty() || !applied.iter().all(known) {
        return Ok(None);
    }
    Ok(MIGRATIONS.iter().map(|m| m.version).find(|version| !applied.contains(version)))
}

/// Has SQLite take back what a program that died had begun, by reading as one that may write.
async fn recover(file: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
    let mut writer = options.connect().await?;
    // Whatever it says: what counts is that it was read.
    let _ = writer.list_applied_migrations(APPLIED).await;
    let _ = writer.close().await;
    Ok(())
}

async fn open(file: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(5));
    Ok(options.connect().await?)
}
