//! A damaged database is put aside, and a new one is made from the newest good copy.
//!
//! What such a copy was agreed on with the accounts is of the day it was made, and what they show has been
//! written to since, by people and by us. Held against that day, what we wrote looks like what a person did. So
//! nothing counts as agreed on any more: each account is seen for the first time, which takes nothing away from
//! anybody, and the first export to each is shown before it is made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use watchstate_model::Moment;

use super::copies::Copy;
use super::look::{Condition, look};
use super::{failed, from_stamp, name_of, remove, stamp, sync, sync_folder_of, with_suffix};
use crate::{Result, Store, Tx};

/// What is made to take the place of a damaged database has this after its name, and the time it was begun at.
/// It is complete.
const NEW: &str = ".new-";
/// What is not complete yet.
const PART: &str = ".making";
/// A damaged file is called so, with the time after it.
const ASIDE: &str = "watchstate-damaged-";
/// What follows the name of a database in the names of the files that belong to it.
const BELONGING: [&str; 2] = ["-wal", "-shm"];

/// A database that was made anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mended {
    /// Its row.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// What was found, in words that follow "because".
    pub why: String,
    /// What the damaged file is called now, beside the database.
    pub aside: String,
    /// When the copy was made that it comes from; nothing where there was no good one, so that it began empty.
    pub copy_at: Option<Moment>,
}

/// The damaged files beside a database.
pub fn damaged_files(database: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(database.parent().unwrap_or(Path::new("."))) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_aside(path)).collect();
    found.sort();
    found
}

fn is_aside(path: &Path) -> bool {
    name_of(path).starts_with(ASIDE) && !name_of(path).ends_with("-wal")
}

/// Makes a new database from the newest copy that is whole, and puts the damaged one aside. However long it takes
/// to look: a slow disk must not cost anybody their history.
pub(super) async fn mend(
    database: &Path,
    copies: &[Copy],
    why: &'static str,
    now: Moment,
) -> Result<()> {
    let part = with_suffix(database, PART);
    remove_all(&part).map_err(failed)?;
    let mut from = None;
    for copy in copies {
        if look(&copy.file, None, true).await? == Condition::Whole {
            fs::copy(&copy.file, &part).map_err(failed)?;
            from = Some(copy.at);
            break;
        }
        tracing::warn!(copy = name_of(&copy.file), "a copy of the database is damaged as well");
    }
    let aside = free_name(database, now);
    let made = make(&part, why, &name_of(&aside), from, now).await;
    if let Err(error) = made {
        // Nothing was moved yet: what is there stays, and the next start tries again.
        let _ = remove_all(&part);
        return Err(error);
    }
    let new = with_suffix(database, &format!("{NEW}{}", stamp(now)));
    sync(&part)
        .and_then(|()| fs::rename(&part, new))
        .and_then(|()| sync_folder_of(database))
        .map_err(failed)?;
    tracing::error!(
        why,
        aside = name_of(&aside),
        from_a_copy = from.is_some(),
        "the database was damaged; it is put aside and made anew"
    );
    finish(database)
}

async fn make(
    part: &Path,
    why: &str,
    aside: &str,
    copy_at: Option<Moment>,
    now: Moment,
) -> Result<()> {
    let store = Store::open(part).await?;
    let kept = async {
        let mut tx = store.begin().await?;
        tx.agree_on_nothing().await?;
        tx.mended(why, aside, copy_at, now).await?;
        tx.commit().await
    };
    let kept = kept.await;
    store.close().await;
    kept
}

/// Puts a database that was made anew in the place of the damaged one, if one waits for that.
pub(super) fn finish(database: &Path) -> Result<()> {
    let Some((new, begun)) = waiting(database) else { return Ok(()) };
    let finish = || -> io::Result<()> {
        let aside = free_name(database, begun);
        // The log first: a database without it is only older, and a log without its database is nothing.
        for suffix in BELONGING {
            let from = with_suffix(database, suffix);
            if suffix == "-shm" {
                remove(&from)?;
            } else if from.exists() {
                fs::rename(&from, with_suffix(&aside, suffix))?;
            }
        }
        if database.exists() {
            fs::rename(database, &aside)?;
        }
        fs::rename(&new, database)?;
        sync_folder_of(database)
    };
    finish().map_err(failed)
}

/// A complete new database, and when it was begun.
fn waiting(database: &Path) -> Option<(PathBuf, Moment)> {
    let prefix = format!("{}{NEW}", name_of(database));
    let entries = fs::read_dir(database.parent()?).ok()?;
    entries.flatten().find_map(|entry| {
        let begun = from_stamp(name_of(&entry.path()).strip_prefix(&prefix)?)?;
        Some((entry.path(), begun))
    })
}

/// After a peaceful end there is no log. One that is there all the same was put there, and is not this
/// file's: SQLite would take what is in it for the truth.
pub(super) fn put_a_foreign_log_aside(database: &Path, now: Moment) -> Result<()> {
    let log = with_suffix(database, "-wal");
    if !fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let aside = with_suffix(&free_name(database, now), "-wal");
    tracing::error!(aside = name_of(&aside), "a log that is not of this database is put aside");
    let moved = fs::rename(&log, aside).and_then(|()| remove(&with_suffix(database, "-shm")));
    moved.map_err(failed)
}

/// A name for a damaged file that nothing has.
fn free_name(database: &Path, at: Moment) -> PathBuf {
    let folder = database.parent().unwrap_or(Path::new("."));
    let name = |more: &str| folder.join(format!("{ASIDE}{}{more}.sqlite", stamp(at)));
    let first = name("");
    let free = |path: &PathBuf| !path.exists();
    Some(first.clone())
        .filter(free)
        .or_else(|| (2..1000).map(|number| name(&format!("-{number}"))).find(free))
        .unwrap_or(first)
}

fn remove_all(database: &Path) -> io::Result<()> {
    for suffix in BELONGING {
        remove(&with_suffix(database, suffix))?;
    }
    remove(database)
}

impl Store {
    /// The last time that the database was made anew, until a person has put that away.
    pub async fn mended(&self) -> Result<Option<Mended>> {
        let row = sqlx::query!(
            r#"SELECT id AS "id!: i64", at AS "at!: i64", why AS "why!", aside AS "aside!", copy_at
               FROM mended WHERE seen = 0 ORDER BY id DESC LIMIT 1"#
        )
        .fetch_optional(self.reader())
        .await?;
        Ok(row.map(|row| Mended {
            id: row.id,
            at: Moment(row.at),
            why: row.why,
            aside: row.aside,
            copy_at: row.copy_at.map(Moment),
        }))
    }

    /// Whether anything was done since a time; with none, whether there is anything at all.
    pub(super) async fn changed_since(&self, since: Option<Moment>) -> Result<bool> {
        let since = since.map_or(i64::MIN, |at| at.0);
        let row = sqlx::query!(
            r#"SELECT EXISTS (SELECT 1 FROM runs WHERE started_at >= ?1)
                   OR EXISTS (SELECT 1 FROM backends WHERE added_at >= ?1)
                   OR coalesce((SELECT at FROM journal ORDER BY id DESC LIMIT 1) >= ?1, 0)
                   AS "changed!: i64""#,
            since
        )
        .fetch_one(self.reader())
        .await?;
        Ok(row.changed != 0)
    }
}

impl Tx {
    /// A person has put away that the database was made anew.
    pub async fn mended_is_seen(&mut self) -> Result<()> {
        sqlx::query!("UPDATE mended SET seen = 1").execute(self.conn()).await?;
        Ok(())
    }

    async fn mended(
        &mut self,
        why: &str,
        aside: &str,
        copy_at: Option<Moment>,
        at: Moment,
    ) -> Result<()> {
        let copy_at = copy_at.map(|at| at.0);
        sqlx::query!(
            "INSERT INTO mended (at, why, aside, copy_at) VALUES (?1, ?2, ?3, ?4)",
            at.0,
            why,
            aside,
            copy_at
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what was agreed on with all accounts, what they are owed, what copies were to show instead, and that
    /// a person said yes.
    async fn agree_on_nothing(&mut self) -> Result<()> {
        sqlx::query!(
            "UPDATE items SET agreed_at = NULL, agreed_watched = NULL, agreed_position = NULL,
                              agreed_plays = NULL, agreed_played_at = NULL, agreed_since = NULL,
                              print = 0"
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("DELETE FROM pages").execute(self.conn()).await?;
        sqlx::query!("DELETE FROM unwatches").execute(self.conn()).await?;
        sqlx::query!("DELETE FROM outbox").execute(self.conn()).await?;
        // A wish may have ended since: something new happened there, which this copy knows nothing of.
        sqlx::query!("DELETE FROM kept_apart").execute(self.conn()).await?;
        // Everything is described anew: a key may be another title's by now.
        sqlx::query!("UPDATE libraries SET swept_at = NULL").execute(self.conn()).await?;
        sqlx::query!(
            "UPDATE backends SET approved_at = NULL, swept_at = NULL, imported_at = NULL,
                                 exported_at = NULL"
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "INSERT INTO touched (person_id, title_id)
             SELECT person_id, title_id FROM states WHERE true ON CONFLICT DO NOTHING"
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
