//! What a backend shows as watched, as far as it was seen: to find what went another way unseen.

use watchstate_model::{BackendId, ItemKey, Moment, PersonId};

use crate::rows::count;
use crate::{Result, Store, Tx};

/// So many of the latest lines of the journal are looked through for what was taken away lately. A brake
/// that counted only the last twenty thousand changes of a household would still hold.
const LOOKED_THROUGH: i64 = 20_000;

impl Store {
    /// How many items of a backend showed the watched mark when they were last seen.
    pub async fn count_shown_watched(&self, backend: BackendId) -> Result<u32> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "n!: i64" FROM items
               WHERE backend_id = ?1 AND present = 1 AND seen_watched = 1"#,
            backend.0
        )
        .fetch_one(self.reader())
        .await?;
        Ok(count(row.n))
    }

    /// The keys of the items of a backend that showed the watched mark when they were last seen.
    pub async fn keys_shown_watched(&self, backend: BackendId) -> Result<Vec<ItemKey>> {
        let rows = sqlx::query!(
            "SELECT key FROM items WHERE backend_id = ?1 AND present = 1 AND seen_watched = 1",
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(|row| ItemKey(row.key)).collect())
    }

    /// Which backends are owed a write that is due, and how many each.
    pub async fn due(&self, now: Moment) -> Result<Vec<(BackendId, u64)>> {
        let rows = sqlx::query!(
            r#"SELECT backend_id, count(*) AS "n!: i64" FROM outbox
               WHERE parked = 0 AND next_at <= ?1 GROUP BY backend_id ORDER BY backend_id"#,
            now.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (BackendId(row.backend_id), u64::try_from(row.n).unwrap_or(0)))
            .collect())
    }
}

impl Tx {
    /// How many watched marks of a person were taken away on servers since a moment.
    pub async fn count_taken_away(&mut self, person: PersonId, since: Moment) -> Result<u32> {
        let row = sqlx::query!(
            r#"SELECT count(DISTINCT title_id) AS "n!: i64"
               FROM (SELECT at, person_id, title_id, what, because FROM journal
                     ORDER BY id DESC LIMIT ?3)
               WHERE person_id = ?1 AND at > ?2 AND what = 'took' AND because = 'unwatched'"#,
            person.0,
            since.0,
            LOOKED_THROUGH
        )
        .fetch_one(self.conn())
        .await?;
        Ok(count(row.n))
    }
}
