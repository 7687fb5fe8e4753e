//! Watched marks that seem to have been taken away, until the brake has counted them and, where it holds
//! them, until a person has answered.

use watchstate_model::brake::MarkAge;
use watchstate_model::{BackendId, Because, ItemId, Moment, PersonId, TitleId, Watch};

use crate::history::full_name;
use crate::list::search_words;
use crate::rows::watch;
use crate::{Result, Store, Tx};

/// An un-watch that is not decided on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenUnwatch {
    /// Of which item.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// Whether it waits for a person since an earlier run.
    pub waits: bool,
}

/// An un-watch that waits for a person, as it is listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldUnwatch {
    /// Of which item.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// Which title; the first of a file that holds several episodes.
    pub title: TitleId,
    /// Its full name.
    pub name: String,
    /// What was agreed on.
    pub was: Watch,
    /// What the account shows now.
    pub now: Watch,
    /// Why it waits.
    pub because: Because,
    /// The last run in which the mark was still there.
    pub since: Moment,
    /// The run that found it gone.
    pub seen_at: Moment,
}

/// Which of those that wait are meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeldFilter {
    /// Only those of this backend.
    pub backend: Option<BackendId>,
    /// Only of titles with these words in their names.
    pub text: String,
}

fn held_because(code: Option<&str>) -> Because {
    code.and_then(Because::from_code).unwrap_or(Because::Brake)
}

impl Tx {
    /// Keeps un-watches for the brake, each with the last run in which the mark was still there. Their
    /// items' baselines stay, so that a crash forgets nothing; what was kept of one before stays as well.
    pub async fn add_unwatches(
        &mut self,
        backend: BackendId,
        items: &[(ItemId, Moment)],
        at: Moment,
    ) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items: Vec<_> = items.iter().map(|(item, since)| (item.0, since.0)).collect();
        let items = serde_json::to_string(&items)?;
        sqlx::query!(
            "INSERT INTO unwatches (item_id, backend_id, seen_at, since)
             SELECT value ->> 0, ?2, ?3, value ->> 1 FROM json_each(?1) WHERE true
             ON CONFLICT (item_id) DO NOTHING",
            items,
            backend.0,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The un-watches of a person that were found and not decided on, in order.
    pub async fn unwatches(&mut self, person: PersonId) -> Result<Vec<OpenUnwatch>> {
        let rows = sqlx::query!(
            "SELECT u.item_id, u.backend_id, u.held FROM unwatches u JOIN backends b ON b.id = u.backend_id
             WHERE b.person_id = ?1 ORDER BY u.item_id",
            person.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| OpenUnwatch {
                item: ItemId(r.item_id),
                backend: BackendId(r.backend_id),
                waits: r.held != 0,
            })
            .collect())
    }

    /// The watched marks of a backend with their ages, and whether each seems to have been taken away: what
    /// a restored back-up is known by.
    pub async fn mark_ages(&mut self, backend: BackendId) -> Result<Vec<(MarkAge, bool)>> {
        let rows = sqlx::query!(
            r#"SELECT coalesce(i.agreed_since, i.agreed_at) AS "since!: i64", i.agreed_played_at,
                      EXISTS (SELECT 1 FROM unwatches u WHERE u.item_id = i.id) AS "gone!: i64"
               FROM items i
               WHERE i.backend_id = ?1 AND i.present = 1 AND i.agreed_watched = 1
                 AND i.title_id IS NOT NULL AND i.agreed_at IS NOT NULL"#,
            backend.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| ((Moment(r.since), r.agreed_played_at.map(Moment)), r.gone != 0))
            .collect())
    }

    /// Keeps that un-watches wait for a person, and why. What waits already keeps its reason.
    pub async fn hold(&mut self, items: &[(ItemId, Because)]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items: Vec<_> = items.iter().map(|(id, because)| (id.0, because.code())).collect();
        let items = serde_json::to_string(&items)?;
        sqlx::query!(
            "UPDATE unwatches SET held = 1, because = j.value ->> 1
             FROM json_each(?1) j WHERE unwatches.item_id = j.value ->> 0 AND unwatches.held = 0",
            items
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets un-watches: they are decided on, or the mark is there again.
    pub async fn forget_unwatches(&mut self, items: &[ItemId]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM unwatches WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

impl Store {
    /// How many un-watches wait for a person, by backend and reason.
    pub async fn count_held(&self, person: PersonId) -> Result<Vec<(BackendId, Because, u64)>> {
        let rows = sqlx::query!(
            r#"SELECT u.backend_id, u.because, count(*) AS "n!: i64"
               FROM unwatches u JOIN backends b ON b.id = u.backend_id
               WHERE u.held = 1 AND b.person_id = ?1
               GROUP BY u.backend_id, u.because ORDER BY u.backend_id, u.because"#,
            person.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let because = held_because(r.because.as_deref());
                (BackendId(r.backend_id), because, u64::try_from(r.n).unwrap_or(0))
            })
            .collect())
    }

    /// A page of the un-watches that wait for a person, by backend and name, and how many the filter leaves.
    pub async fn held(
        &self,
        person: PersonId,
        filter: &HeldFilter,
        from: u32,
        size: u32,
    ) -> Result<(Vec<HeldUnwatch>, u64)> {
        let words = search_words(&filter.text);
        let backend = filter.backend.map(|backend| backend.0);
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "n!: i64"
               FROM unwatches u JOIN items i ON i.id = u.item_id JOIN backends b ON b.id = u.backend_id
               WHERE u.held = 1 AND i.title_id IS NOT NULL AND b.person_id = ?1
                 AND (?2 IS NULL OR u.backend_id = ?2)
                 AND (?3 IS NULL OR i.title_id IN
                      (SELECT rowid FROM title_names WHERE title_names MATCH ?3))"#,
            person.0,
            backend,
            words
        )
        .fetch_one(self.reader())
        .await?;
        let rows = sqlx::query!(
            r#"SELECT u.item_id, u.backend_id, u.because, u.since, u.seen_at, t.id AS "title_id!: i64",
                      t.name, t.year, w.name AS "show?", t.season, t.episode, i.agreed_watched,
                      i.agreed_position, i.seen_watched, i.seen_position
               FROM unwatches u JOIN items i ON i.id = u.item_id JOIN titles t ON t.id = i.title_id
               JOIN backends b ON b.id = u.backend_id LEFT JOIN shows w ON w.id = t.show_id
               WHERE u.held = 1 AND b.person_id = ?1
                 AND (?2 IS NULL OR u.backend_id = ?2)
                 AND (?3 IS NULL OR i.title_id IN
                      (SELECT rowid FROM title_names WHERE title_names MATCH ?3))
               ORDER BY u.backend_id, w.name, t.season, t.episode, t.name, u.item_id
               LIMIT ?5 OFFSET ?4"#,
            person.0,
            backend,
            words,
            from,
            size
        )
        .fetch_all(self.reader())
        .await?;
        let rows = rows
            .into_iter()
            .map(|r| HeldUnwatch {
                item: ItemId(r.item_id),
                backend: BackendId(r.backend_id),
                title: TitleId(r.title_id),
                name: full_name(r.name, r.year, r.show, r.season.zip(r.episode)),
                was: watch(r.agreed_watched.unwrap_or(1), r.agreed_position),
                now: watch(r.seen_watched, r.seen_position),
                because: held_because(r.because.as_deref()),
                since: Moment(r.since),
                seen_at: Moment(r.seen_at),
            })
            .collect();
        Ok((rows, u64::try_from(total).unwrap_or(0)))
    }
}
