//! One title, opened: its copies with what was agreed on and what is owed; and what a person may do to it.

use watchstate_model::{
    BackendId, Because, ExternalIds, ItemId, ItemKey, Marks, Moment, PersonId, TitleId, Watch,
};

use crate::rows::{marks, watch};
use crate::{Result, Store, Tx};

/// A copy with all that is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedCopy {
    /// Its row.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// What the server calls it.
    pub key: ItemKey,
    /// The ids that this backend gives it.
    pub ids: ExternalIds,
    /// Its path, as the server sees it.
    pub path: Option<String>,
    /// Its running time in milliseconds.
    pub duration_ms: Option<u32>,
    /// What it last showed, the date on the server's clock.
    pub marks: Marks,
    /// What was agreed on, and in which run.
    pub agreed: Option<(Marks, Moment)>,
    /// Whether it was there at the last look.
    pub present: bool,
    /// Whether its file holds further titles.
    pub several: bool,
    /// Why the last observation was decided as it was.
    pub because: Option<Because>,
    /// What it is owed.
    pub owed: Option<OpenedOwed>,
}

/// A write that a copy is owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenedOwed {
    /// What it is to show.
    pub becomes: Watch,
    /// Why.
    pub because: Option<Because>,
    /// Why it waits.
    pub waiting: Option<Because>,
    /// Whether it is not tried any more.
    pub parked: bool,
}

impl Store {
    /// The copies of a title, gone ones included, in the order of their backends.
    pub async fn opened(&self, person: PersonId, title: TitleId) -> Result<Vec<OpenedCopy>> {
        let rows = sqlx::query!(
            r#"SELECT i.id AS "id!: i64", i.backend_id AS "backend_id!: i64", i.key AS "key!",
                      i.ids AS "ids!", i.path, i.duration_ms, i.seen_watched AS "seen_watched!: i64",
                      i.seen_position, i.seen_plays AS "seen_plays!: i64", i.seen_played_at, i.agreed_at,
                      i.agreed_watched, i.agreed_position, i.agreed_plays, i.agreed_played_at,
                      i.present AS "present!: i64", i.because AS "because!",
                      o.watched AS "owed_watched?: i64", o.position AS "owed_position?: i64",
                      o.because AS "owed_because?: String", o.waiting AS "waiting?: String",
                      o.parked AS "parked?: i64",
                      EXISTS (SELECT 1 FROM also_covers c WHERE c.item_id = i.id) AS "several!: i64"
               FROM (SELECT id FROM items WHERE title_id = ?1
                     UNION SELECT item_id FROM also_covers WHERE title_id = ?1) v
               CROSS JOIN items i ON i.id = v.id
               JOIN backends b ON b.id = i.backend_id AND b.person_id = ?2
               LEFT JOIN outbox o ON o.item_id = i.id
               ORDER BY i.backend_id, i.id"#,
            title.0,
            person.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let agreed = marks(
                    r.agreed_watched.unwrap_or(0),
                    r.agreed_position,
                    r.agreed_plays.unwrap_or(0),
                    r.agreed_played_at,
                );
                OpenedCopy {
                    item: ItemId(r.id),
                    backend: BackendId(r.backend_id),
                    key: ItemKey(r.key),
                    ids: ExternalIds::from_text(&r.ids),
                    path: r.path,
                    duration_ms: r.duration_ms.and_then(|ms| u32::try_from(ms).ok()),
                    marks: marks(r.seen_watched, r.seen_position, r.seen_plays, r.seen_played_at),
                    agreed: r.agreed_at.map(|at| (agreed, Moment(at))),
                    present: r.present != 0,
                    several: r.several != 0,
                    because: Because::from_code(&r.because),
                    owed: r.owed_watched.map(|watched| OpenedOwed {
                        becomes: watch(watched, r.owed_position),
                        because: r.owed_because.as_deref().and_then(Because::from_code),
                        waiting: r.waiting.as_deref().and_then(Because::from_code),
                        parked: r.parked == Some(1),
                    }),
                }
            })
            .collect())
    }

    /// Which titles the items of a backend with these keys are, with their running times in milliseconds.
    /// Keys that were never seen, and what waits for review, are left out.
    pub async fn titles_of_keys(
        &self,
        backend: BackendId,
        keys: &[&ItemKey],
    ) -> Result<Vec<(ItemKey, TitleId, Option<u32>)>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = serde_json::to_string(&keys.iter().map(|key| key.as_str()).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT i.key AS "key!", i.title_id AS "title_id!: i64", i.duration_ms AS "ms?: i64"
               FROM json_each(?1) j
               CROSS JOIN items i ON i.backend_id = ?2 AND i.key = j.value
               WHERE i.title_id IS NOT NULL"#,
            keys,
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        let ms = |ms: i64| u32::try_from(ms).ok();
        Ok(rows
            .into_iter()
            .map(|r| (ItemKey(r.key), TitleId(r.title_id), r.ms.and_then(ms)))
            .collect())
    }

    /// The ids by which a title is known.
    pub async fn ids_of_title(&self, title: TitleId) -> Result<ExternalIds> {
        let row = sqlx::query!(
            r#"SELECT group_concat(i.ids, ' ') AS "ids: String" FROM items i WHERE i.title_id = ?1"#,
            title.0
        )
        .fetch_one(self.reader())
        .await?;
        Ok(ExternalIds::from_text(row.ids.as_deref().unwrap_or_default()))
    }
}

impl Tx {
    /// Keeps whether a title is to be left alone. Nothing is owed for it from then on; when it is not to be
    /// left alone any more, it is planned anew.
    pub async fn ignore(&mut self, person: PersonId, title: TitleId, ignored: bool) -> Result<()> {
        if ignored {
            sqlx::query!(
                "INSERT INTO ignored (person_id, title_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                person.0,
                title.0
            )
            .execute(self.conn())
            .await?;
        } else {
            sqlx::query!(
                "DELETE FROM ignored WHERE person_id = ?1 AND title_id = ?2",
                person.0,
                title.0
            )
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// Which of these titles are to be left alone.
    pub async fn ignored(&mut self, person: PersonId, titles: &[TitleId]) -> Result<Vec<TitleId>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT g.title_id AS "title_id!: i64" FROM json_each(?1) j
               CROSS JOIN ignored g ON g.person_id = ?2 AND g.title_id = j.value"#,
            titles,
            person.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| TitleId(r.title_id)).collect())
    }

    /// Whether there is such a title.
    pub async fn has_title(&mut self, title: TitleId) -> Result<bool> {
        let row =
            sqlx::query!(r#"SELECT count(*) AS "n!: i64" FROM titles WHERE id = ?1"#, title.0)
                .fetch_one(self.conn())
                .await?;
        Ok(row.n > 0)
    }

    /// Calls a backend by another name.
    pub async fn set_name(&mut self, backend: BackendId, name: &str) -> Result<()> {
        sqlx::query!("UPDATE backends SET name = ?2 WHERE id = ?1", backend.0, name)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Forgets what a backend said and did, before it is removed: its lines of the journal, its runs, its
    /// items, and the titles that nobody else has, with what was held of them.
    pub async fn forget_backend(&mut self, backend: BackendId) -> Result<()> {
        let row = sqlx::query!(
            r#"WITH here (title_id) AS (
                   SELECT title_id FROM items WHERE backend_id = ?1 AND title_id IS NOT NULL
                   UNION
                   SELECT c.title_id FROM also_covers c CROSS JOIN items i ON i.id = c.item_id
                   WHERE i.backend_id = ?1
               )
               SELECT json_group_array(h.title_id) AS "ids!: String" FROM here h
               WHERE NOT EXISTS (SELECT 1 FROM items i
                                 WHERE i.title_id = h.title_id AND i.backend_id <> ?1)
                 AND NOT EXISTS (SELECT 1 FROM also_covers c CROSS JOIN items i ON i.id = c.item_id
                                 WHERE c.title_id = h.title_id AND i.backend_id <> ?1)"#,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        let ids = row.ids;
        sqlx::query!("DELETE FROM journal WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!(
            "DELETE FROM changes
             WHERE backend_id = ?1 OR title_id IN (SELECT value FROM json_each(?2))",
            backend.0,
            ids
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("DELETE FROM runs WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!("DELETE FROM items WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!(
            "DELETE FROM journal WHERE title_id IN (SELECT value FROM json_each(?1))",
            ids
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("DELETE FROM states WHERE title_id IN (SELECT value FROM json_each(?1))", ids)
            .execute(self.conn())
            .await?;
        sqlx::query!(
            "DELETE FROM touched WHERE title_id IN (SELECT value FROM json_each(?1))",
            ids
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM title_names WHERE rowid IN (SELECT value FROM json_each(?1))",
            ids
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("DELETE FROM titles WHERE id IN (SELECT value FROM json_each(?1))", ids)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
