//! Writes still owed.

use std::collections::HashMap;

use serde::Serialize;
use watchstate_model::{BackendId, Because, Change, ItemId, ItemKey, Moment, Target, TitleId};

use crate::rows::{count, position_ms, watch};
use crate::{Result, Store, Tx};

/// A write that is owed, with what it takes to deliver it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxRow {
    /// To which item.
    pub item: ItemId,
    /// What the server calls it.
    pub key: ItemKey,
    /// What it is to show.
    pub target: Target,
    /// Why.
    pub because: Because,
    /// How often it was tried and did not come to be.
    pub attempts: u32,
    /// Whether a write may be on its way.
    pub attempted: bool,
}

/// What became of a try to deliver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Whose write.
    pub item: ItemId,
    /// Why it waits.
    pub because: Because,
    /// Whether a write was sent.
    pub sent: bool,
    /// Not before this time.
    pub next_at: Moment,
    /// Whether it is not tried any more, until what it is to show changes.
    pub parked: bool,
}

/// How many writes a backend is owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// To be delivered.
    pub owed: u64,
    /// Not tried any more: the server does not take them.
    pub parked: u64,
    /// Un-watches that wait for a person.
    pub held: u64,
}

impl Tx {
    /// Keeps that writes are owed. The same wish again changes nothing, so that its attempts go on
    /// counting; another one begins anew.
    pub async fn owe(&mut self, changes: &[Change], at: Moment) -> Result<()> {
        #[derive(Serialize)]
        struct In(i64, i64, u8, Option<i64>, u32, Option<i64>, &'static str);
        if changes.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = changes
            .iter()
            .map(|c| {
                In(
                    c.item.0,
                    c.backend.0,
                    u8::from(c.to.watch.is_watched()),
                    position_ms(c.to.watch),
                    c.to.plays,
                    c.to.played_at.map(|at| at.0),
                    c.because.code(),
                )
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO outbox (item_id, backend_id, watched, position, plays, played_at, because,
                                 planned_at)
             SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5,
                    v ->> 6, ?2
             FROM r WHERE true
             ON CONFLICT (item_id) DO UPDATE SET
                 plays = excluded.plays, played_at = excluded.played_at, because = excluded.because,
                 attempts = iif(watched = excluded.watched AND position IS excluded.position,
                                attempts, 0),
                 next_at = iif(watched = excluded.watched AND position IS excluded.position,
                               next_at, 0),
                 waiting = iif(watched = excluded.watched AND position IS excluded.position,
                               waiting, NULL),
                 parked = iif(watched = excluded.watched AND position IS excluded.position,
                              parked, 0),
                 planned_at = excluded.planned_at,
                 watched = excluded.watched, position = excluded.position",
            rows,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes writes off the list: they are delivered, or not wanted any more.
    pub async fn settle(&mut self, items: &[ItemId]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM outbox WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The next writes that a backend is owed and that may be tried at `now`, in the order of their items,
    /// after `after`.
    pub async fn owed(
        &mut self,
        backend: BackendId,
        now: Moment,
        after: ItemId,
        most: u32,
    ) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query!(
            "SELECT o.item_id, i.key, o.watched, o.position, o.plays, o.played_at, o.because,
                    o.attempts, o.attempted
             FROM outbox o JOIN items i ON i.id = o.item_id
             WHERE o.backend_id = ?1 AND o.parked = 0 AND o.next_at <= ?2 AND o.item_id > ?3
             ORDER BY o.item_id LIMIT ?4",
            backend.0,
            now.0,
            after.0,
            most
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| OutboxRow {
                item: ItemId(r.item_id),
                key: ItemKey(r.key),
                target: Target {
                    watch: watch(r.watched, r.position),
                    plays: count(r.plays),
                    played_at: r.played_at.map(Moment),
                },
                because: Because::from_code(&r.because).unwrap_or(Because::Differs),
                attempts: count(r.attempts),
                attempted: r.attempted != 0,
            })
            .collect())
    }

    /// What these items are owed by now. One that is not among the answers is owed nothing any more.
    pub async fn targets(&mut self, items: &[ItemId]) -> Result<HashMap<ItemId, Target>> {
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            "SELECT item_id, watched, position, plays, played_at FROM outbox
             WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .fetch_all(self.conn())
        .await?;
        let target = |watch, plays, played_at: Option<i64>| Target {
            watch,
            plays: count(plays),
            played_at: played_at.map(Moment),
        };
        Ok(rows
            .into_iter()
            .map(|r| {
                (ItemId(r.item_id), target(watch(r.watched, r.position), r.plays, r.played_at))
            })
            .collect())
    }

    /// Keeps that writes are about to be sent. Whatever happens from here on, what comes back from these
    /// items may be our own hand.
    pub async fn sending(&mut self, items: &[ItemId]) -> Result<()> {
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "UPDATE outbox SET attempted = 1 WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps what became of tries that did not deliver.
    pub async fn attempted(&mut self, attempts: &[Attempt]) -> Result<()> {
        if attempts.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = attempts
            .iter()
            .map(|a| {
                let (sent, parked) = (u8::from(a.sent), u8::from(a.parked));
                (a.item.0, a.because.code(), sent, a.next_at.0, parked)
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "UPDATE outbox
             SET waiting = j.value ->> 1, attempts = attempts + (j.value ->> 2),
                 next_at = j.value ->> 3, parked = j.value ->> 4
             FROM json_each(?1) j WHERE outbox.item_id = j.value ->> 0",
            rows
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Lets parked writes of a backend be tried again.
    pub async fn unpark(&mut self, backend: BackendId) -> Result<()> {
        sqlx::query!(
            "UPDATE outbox SET parked = 0, attempts = 0, next_at = 0 WHERE backend_id = ?1",
            backend.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How many writes a backend is owed, parked ones apart.
    pub async fn count_owed(&mut self, backend: BackendId) -> Result<u64> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "n!: i64" FROM outbox WHERE backend_id = ?1 AND parked = 0"#,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }

    /// The copies of these titles that are owed a write that is not parked, on all backends.
    pub async fn owed_of(&mut self, titles: &[TitleId]) -> Result<Vec<(BackendId, ItemId)>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT o.backend_id AS "backend_id!: i64", o.item_id AS "item_id!: i64"
               FROM (SELECT i.id FROM json_each(?1) j CROSS JOIN items i ON i.title_id = j.value
                     UNION
                     SELECT c.item_id FROM json_each(?1) j
                     CROSS JOIN also_covers c ON c.title_id = j.value) these
               CROSS JOIN outbox o ON o.item_id = these.id
               WHERE o.parked = 0"#,
            titles
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| (BackendId(r.backend_id), ItemId(r.item_id))).collect())
    }

    /// Which of these titles have no copy on a backend, though they came up after it was last seen to the
    /// end: the ones that are worth looking up there.
    pub async fn not_seen_on(
        &mut self,
        backend: BackendId,
        titles: &[i64],
    ) -> Result<Vec<watchstate_model::TitleId>> {
        let titles = serde_json::to_string(titles)?;
        let rows = sqlx::query!(
            r#"SELECT t.id FROM json_each(?1) j CROSS JOIN titles t ON t.id = j.value
               JOIN backends b ON b.id = ?2
               WHERE t.appeared_at > coalesce(b.swept_at, t.appeared_at)
                 AND NOT EXISTS (SELECT 1 FROM items i WHERE i.title_id = t.id AND i.backend_id = ?2)"#,
            titles,
            backend.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| watchstate_model::TitleId(r.id)).collect())
    }
}

impl Store {
    /// How many writes a backend is owed.
    pub async fn waiting(&self, backend: BackendId) -> Result<Waiting> {
        let row = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM outbox WHERE backend_id = ?1 AND parked = 0) AS "owed!: i64",
                      (SELECT count(*) FROM outbox WHERE backend_id = ?1 AND parked = 1) AS "parked!: i64",
                      (SELECT count(*) FROM unwatches WHERE backend_id = ?1 AND held = 1) AS "held!: i64""#,
            backend.0
        )
        .fetch_one(self.reader())
        .await?;
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(Waiting { owed: number(row.owed), parked: number(row.parked), held: number(row.held) })
    }
}
