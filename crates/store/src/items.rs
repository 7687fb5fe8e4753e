//! Items: what each backend last showed, and what was agreed on.

use serde::{Deserialize, Serialize};
use watchstate_model::{BackendId, Because, ItemId, ItemKey, Marks, Moment, Target, TitleId};

use crate::rows::{count, marks, position_ms, watch};
use crate::{Result, Store, Tx};

/// What was agreed on, and in which run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Baseline {
    /// The marks.
    pub marks: Marks,
    /// The run's start.
    pub at: Moment,
}

/// A write that an item is owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owed {
    /// What it is to show.
    pub target: Target,
    /// Whether a write may have been sent.
    pub attempted: bool,
    /// Whether it tells of a second viewing only: mark and position agree already.
    pub again: bool,
    /// Why it is owed.
    pub because: Because,
}

/// An item as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemRow {
    /// Its row; chosen by the caller for a new one (see [`Tx::next_ids`]).
    pub id: ItemId,
    /// What the server calls it.
    pub key: ItemKey,
    /// Which title it is; nothing while it waits for review.
    pub title: Option<TitleId>,
    /// Why it waits for review.
    pub review: Option<Because>,
    /// The ids that this backend gives it, as one text.
    pub ids: String,
    /// Its path, as the server sees it.
    pub path: Option<String>,
    /// Its running time in milliseconds.
    pub duration_ms: Option<u32>,
    /// The fingerprint of its facts.
    pub facts_print: i64,
    /// Whether it was there at the last look.
    pub present: bool,
    /// When it was added, on the server's clock.
    pub added_at: Option<Moment>,
    /// What it last showed.
    pub seen: Marks,
    /// What was agreed on.
    pub baseline: Option<Baseline>,
    /// The fingerprint of the marks that were last decided on; 0 while a decision is open.
    pub print: i64,
    /// Why the last observation was decided as it was.
    pub because: Because,
}

/// An item that is known, with what a decision needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownItem {
    /// The row.
    pub row: ItemRow,
    /// The further titles it covers.
    pub also: Vec<TitleId>,
    /// The write it is owed.
    pub owed: Option<Owed>,
    /// Where an un-watch was found and is not decided on: the last run in which the mark was still there.
    pub marked_at: Option<Moment>,
}

impl KnownItem {
    /// All titles that it covers.
    pub fn titles(&self) -> impl Iterator<Item = TitleId> + '_ {
        self.row.title.into_iter().chain(self.also.iter().copied())
    }
}

/// An item, as its columns come in one array.
#[derive(Deserialize)]
struct Row {
    id: i64,
    backend_id: i64,
    key: String,
    title_id: Option<i64>,
    review: Option<String>,
    ids: String,
    path: Option<String>,
    duration_ms: Option<i64>,
    facts_print: i64,
    present: i64,
    added_at: Option<i64>,
    seen_watched: i64,
    seen_position: Option<i64>,
    seen_plays: i64,
    seen_played_at: Option<i64>,
    agreed_at: Option<i64>,
    agreed_watched: Option<i64>,
    agreed_position: Option<i64>,
    agreed_plays: Option<i64>,
    agreed_played_at: Option<i64>,
    print: i64,
    because: String,
    owed_watched: Option<i64>,
    owed_position: Option<i64>,
    owed_plays: Option<i64>,
    owed_played_at: Option<i64>,
    owed_attempted: Option<i64>,
    owed_because: Option<String>,
    also: Vec<i64>,
    marked_at: Option<i64>,
}

impl Row {
    fn known(self) -> (BackendId, KnownItem) {
        let baseline = self.agreed_at.map(|at| Baseline {
            marks: marks(
                self.agreed_watched.unwrap_or(0),
                self.agreed_position,
                self.agreed_plays.unwrap_or(0),
                self.agreed_played_at,
            ),
            at: Moment(at),
        });
        let owed = self.owed_watched.map(|watched| Owed {
            target: Target {
                watch: watch(watched, self.owed_position),
                plays: count(self.owed_plays.unwrap_or(0)),
                played_at: self.owed_played_at.map(Moment),
            },
            attempted: self.owed_attempted == Some(1),
            again: self.owed_because.as_deref() == Some(Because::WatchedAgain.code()),
            because: self
                .owed_because
                .as_deref()
                .and_then(Because::from_code)
                .unwrap_or(Because::Differs),
        });
        let row = ItemRow {
            id: ItemId(self.id),
            key: ItemKey(self.key),
            title: self.title_id.map(TitleId),
            review: self.review.as_deref().and_then(Because::from_code),
            ids: self.ids,
            path: self.path,
            duration_ms: self.duration_ms.map(count),
            facts_print: self.facts_print,
            present: self.present != 0,
            added_at: self.added_at.map(Moment),
            seen: marks(
                self.seen_watched,
                self.seen_position,
                self.seen_plays,
                self.seen_played_at,
            ),
            baseline,
            print: self.print,
            because: Because::from_code(&self.because).unwrap_or(Because::SameAsBaseline),
        };
        let marked_at = self.marked_at.map(Moment);
        let also = self.also.into_iter().map(TitleId).collect();
        (BackendId(self.backend_id), KnownItem { row, also, owed, marked_at })
    }
}

/// The items of what [`known_items`] answers.
fn known(rows: &str) -> Result<impl Iterator<Item = (BackendId, KnownItem)>> {
    Ok(serde_json::from_str::<Vec<Row>>(rows)?.into_iter().map(Row::known))
}

/// The columns of [`Row`], once: the three questions below differ only in which items they ask for. All rows come as
/// one text: handed over one by one, thirty columns each, they cost a multiple of what finding them does.
macro_rules! known_items {
    ($from:tt, $($arg:expr),*) => {
        sqlx::query_scalar!(
            r#"SELECT json_group_array(json_array(
                          i.id, i.backend_id, i.key, i.title_id, i.review, i.ids, i.path, i.duration_ms,
                          i.facts_print, i.present, i.added_at, i.seen_watched, i.seen_position,
                          i.seen_plays, i.seen_played_at, i.agreed_at, i.agreed_watched,
                          i.agreed_position, i.agreed_plays, i.agreed_played_at, i.print, i.because,
                          o.watched, o.position, o.plays, o.played_at, o.attempted, o.because,
                          json((SELECT json_group_array(c.title_id) FROM also_covers c WHERE c.item_id = i.id)),
                          (SELECT u.since FROM unwatches u WHERE u.item_id = i.id)
                      ) ORDER BY i.id) AS "rows!: String" "# + $from,
            $($arg),*
        )
    };
}

impl Tx {
    /// The items of a backend that have these keys; keys that were never seen are left out.
    pub async fn items_with_keys(
        &mut self,
        backend: BackendId,
        keys: &[&str],
    ) -> Result<Vec<KnownItem>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = serde_json::to_string(keys)?;
        let rows = known_items!(
            "FROM json_each(?1) j
             CROSS JOIN items i ON i.backend_id = ?2 AND i.key = j.value
             LEFT JOIN outbox o ON o.item_id = i.id",
            keys,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        Ok(known(&rows)?.map(|(_, item)| item).collect())
    }

    /// The items with these rows.
    pub async fn items(&mut self, ids: &[ItemId]) -> Result<Vec<(BackendId, KnownItem)>> {
        let ids = serde_json::to_string(&ids.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = known_items!(
            "FROM json_each(?1) j CROSS JOIN items i ON i.id = j.value
             LEFT JOIN outbox o ON o.item_id = i.id",
            ids
        )
        .fetch_one(self.conn())
        .await?;
        Ok(known(&rows)?.collect())
    }

    /// All copies of these titles, on all backends, gone ones included; an item that covers several of them
    /// comes once. In the order of their rows.
    pub async fn items_of_titles(
        &mut self,
        titles: &[TitleId],
    ) -> Result<Vec<(BackendId, KnownItem)>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = known_items!(
            "FROM (SELECT i.id FROM json_each(?1) j CROSS JOIN items i ON i.title_id = j.value
                   UNION
                   SELECT c.item_id FROM json_each(?1) j
                   CROSS JOIN also_covers c ON c.title_id = j.value) these
             CROSS JOIN items i ON i.id = these.id
             LEFT JOIN outbox o ON o.item_id = i.id",
            titles
        )
        .fetch_one(self.conn())
        .await?;
        Ok(known(&rows)?.collect())
    }

    /// Which of these titles have copies on a backend, gone ones included: pairs of a title and an item.
    pub async fn copies_on(
        &mut self,
        backend: BackendId,
        titles: &[TitleId],
    ) -> Result<Vec<(TitleId, ItemId)>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT json_group_array(json_array(title_id, id)) AS "rows!: String" FROM (
                   SELECT i.title_id, i.id FROM json_each(?1) j
                   CROSS JOIN items i ON i.title_id = j.value AND i.backend_id = ?2
                   UNION
                   SELECT c.title_id, c.item_id FROM json_each(?1) j
                   CROSS JOIN also_covers c ON c.title_id = j.value
                   CROSS JOIN items i ON i.id = c.item_id AND i.backend_id = ?2
               )"#,
            titles,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        let rows: Vec<(i64, i64)> = serde_json::from_str(&rows.rows)?;
        Ok(rows.into_iter().map(|(title, item)| (TitleId(title), ItemId(item))).collect())
    }

    /// Keeps items, new or known. Where the watched mark is agreed on as it was, so is since when.
    pub async fn put_items(&mut self, backend: BackendId, items: &[ItemRow]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let ids: Vec<ItemId> = items.iter().map(|item| item.id).collect();
        self.forget_pages_of(&ids).await?;
        self.stale_in_snapshots(backend, ids.into_iter()).await?;
        let rows: Vec<In<'_>> = items.iter().map(In::from).collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO items (id, backend_id, key, title_id, review, ids, path, duration_ms,
                                facts_print, present, added_at, seen_watched, seen_position,
                                seen_plays, seen_played_at, agreed_at, agreed_watched,
                                agreed_position, agreed_plays, agreed_played_at, print, because)
             SELECT v ->> 0, ?2, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5,
                    v ->> 6, v ->> 7, v ->> 8, v ->> 9, v ->> 10, v ->> 11,
                    v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16,
                    v ->> 17, v ->> 18, v ->> 19, v ->> 20
             FROM r WHERE true
             ON CONFLICT (id) DO UPDATE SET
                 title_id = excluded.title_id, review = excluded.review, ids = excluded.ids,
                 path = excluded.path, duration_ms = excluded.duration_ms,
                 facts_print = excluded.facts_print, present = excluded.present,
                 added_at = excluded.added_at, seen_watched = excluded.seen_watched,
                 seen_position = excluded.seen_position, seen_plays = excluded.seen_plays,
                 seen_played_at = excluded.seen_played_at, agreed_at = excluded.agreed_at,
                 agreed_watched = excluded.agreed_watched,
                 agreed_position = excluded.agreed_position, agreed_plays = excluded.agreed_plays,
                 agreed_played_at = excluded.agreed_played_at,
                 agreed_since = iif(excluded.agreed_watched IS agreed_watched,
                                    coalesce(agreed_since, agreed_at), NULL),
                 print = excluded.print,
                 because = excluded.because",
            rows,
            backend.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps which further titles items cover: pairs of an item and a title. What they covered before is
    /// forgotten.
    pub async fn put_also_covers(
        &mut self,
        items: &[ItemId],
        pairs: &[(ItemId, TitleId)],
    ) -> Result<()> {
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM also_covers WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .execute(self.conn())
        .await?;
        let pairs: Vec<_> = pairs.iter().map(|(item, title)| (item.0, title.0)).collect();
        let pairs = serde_json::to_string(&pairs)?;
        sqlx::query!(
            "INSERT INTO also_covers (item_id, title_id)
             SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
            pairs
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

impl Store {
    /// How many items of a backend wait for review, by reason.
    pub async fn in_review(&self, backend: BackendId) -> Result<Vec<(Because, u64)>> {
        let rows = sqlx::query!(
            r#"SELECT review AS "review!", count(*) AS "n!: i64" FROM items
               WHERE backend_id = ?1 AND present = 1 AND review IS NOT NULL GROUP BY review"#,
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|r| Some((Because::from_code(&r.review)?, u64::try_from(r.n).unwrap_or(0))))
            .collect())
    }
}

/// One row of [`Tx::put_items`], in the order of its columns.
#[derive(Serialize)]
struct In<'a>(
    i64,
    &'a str,
    Option<i64>,
    Option<&'static str>,
    &'a str,
    Option<&'a str>,
    Option<u32>,
    i64,
    u8,
    Option<i64>,
    u8,
    Option<i64>,
    u32,
    Option<i64>,
    Option<i64>,
    Option<u8>,
    Option<i64>,
    Option<u32>,
    Option<i64>,
    i64,
    &'static str,
);

impl<'a> From<&'a ItemRow> for In<'a> {
    fn from(item: &'a ItemRow) -> Self {
        let (seen, agreed) = (&item.seen, item.baseline.map(|baseline| baseline.marks));
        In(
            item.id.0,
            item.key.as_str(),
            item.title.map(|title| title.0),
            item.review.map(Because::code),
            &item.ids,
            item.path.as_deref(),
            item.duration_ms,
            item.facts_print,
            u8::from(item.present),
            item.added_at.map(|at| at.0),
            u8::from(seen.watch.is_watched()),
            position_ms(seen.watch),
            seen.plays,
            seen.last_played.map(|at| at.0),
            item.baseline.map(|baseline| baseline.at.0),
            agreed.map(|marks| u8::from(marks.watch.is_watched())),
            agreed.and_then(|marks| position_ms(marks.watch)),
            agreed.map(|marks| marks.plays),
            agreed.and_then(|marks| marks.last_played).map(|at| at.0),
            item.print,
            item.because.code(),
        )
    }
}
