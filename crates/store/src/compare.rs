//! How a page of a sweep compares with what was last decided on.

use std::borrow::Cow;
use std::collections::HashMap;

use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};
use watchstate_model::{BackendId, ItemId};

use crate::{Result, Tx};

/// Rows of other backends may stand between ours: at most so many rows are passed for each of a page.
const PASSED: i64 = 8;

/// What a sweep brings of one item: its key and the fingerprint of its marks.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
pub struct Looked<'a>(
    /// What the server calls it.
    pub &'a str,
    /// The fingerprint of its marks and add date.
    pub i64,
    /// The fingerprint of its facts, where they were read.
    pub Option<i64>,
);

/// How a page compares with what was last decided on.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Compared {
    /// The rows that show what they showed.
    pub same: RoaringTreemap,
    /// How many of those wait for review.
    pub same_in_review: u64,
    /// Places, in the page, of items that are new or show something else.
    pub differ: Vec<usize>,
    /// Those among them that have a row.
    pub known: Vec<usize>,
    /// The row that the rows of the next page probably follow; nothing where that cannot be told.
    pub last: Option<ItemId>,
}

/// A row that was read ahead: id, key, fingerprints of marks and facts, whether it waits for review.
#[derive(Deserialize)]
struct Ahead<'a>(u64, #[serde(borrow)] Cow<'a, str>, i64, Option<i64>, u8);

impl Ahead<'_> {
    fn shows(&self, looked: &Looked<'_>) -> bool {
        self.2 == looked.1 && (looked.2.is_none() || self.3 == looked.2)
    }
}

impl Tx {
    /// Compares a page with what was last decided on. Nothing is decided or written here: a sweep in which
    /// nothing changed is one such question a page.
    ///
    /// Rows were given their numbers in the order in which the server listed the items, and it mostly still
    /// lists them so. With `after`, the rows that come next are read in their order, which costs a fraction
    /// of looking each one up; only what is not among them is looked up by its key.
    pub async fn compare(
        &mut self,
        backend: BackendId,
        page: &[Looked<'_>],
        after: Option<ItemId>,
    ) -> Result<Compared> {
        let mut compared = Compared::default();
        let mut rest = Vec::new();
        match after {
            None => rest.extend(0..page.len()),
            Some(after) => {
                let with_facts = page.iter().any(|looked| looked.2.is_some());
                let rows = self.rows_after(backend, after, page.len(), with_facts).await?;
                let rows: Vec<Ahead<'_>> = serde_json::from_str(&rows)?;
                let rows: HashMap<&str, &Ahead<'_>> =
                    rows.iter().map(|row| (row.1.as_ref(), row)).collect();
                for (place, looked) in page.iter().enumerate() {
                    match rows.get(looked.0).filter(|row| row.shows(looked)) {
                        Some(row) => {
                            compared.same.insert(row.0);
                            compared.same_in_review += u64::from(row.4);
                        }
                        None => rest.push(place),
                    }
                }
                compared.last = compared.same.max().and_then(item_id);
            }
        }
        if !rest.is_empty() {
            self.compare_by_key(backend, page, &rest, &mut compared).await?;
        }
        Ok(compared)
    }

    /// The next rows after one, as JSON.
    async fn rows_after(
        &mut self,
        backend: BackendId,
        after: ItemId,
        most: usize,
        with_facts: bool,
    ) -> Result<String> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let end = after.0.saturating_add(most.saturating_mul(PASSED));
        // The plus keeps SQLite from the index on the backend, which is in the order of keys.
        let row = sqlx::query!(
            r#"SELECT json_group_array(json_array(id, key, print, facts, in_review)) AS "rows!: String"
               FROM (
                   SELECT id, key, print, CASE WHEN ?5 THEN facts_print END AS facts,
                          title_id IS NULL AS in_review
                   FROM items
                   WHERE id > ?2 AND id <= ?3 AND +backend_id = ?1 AND present = 1
                   ORDER BY id LIMIT ?4
               )"#,
            backend.0,
            after.0,
            end,
            most,
            with_facts
        )
        .fetch_one(self.conn())
        .await?;
        Ok(row.rows)
    }

    async fn compare_by_key(
        &mut self,
        backend: BackendId,
        page: &[Looked<'_>],
        places: &[usize],
        compared: &mut Compared,
    ) -> Result<()> {
        let looked: Vec<&Looked<'_>> = places.iter().filter_map(|place| page.get(*place)).collect();
        let looked = serde_json::to_string(&looked)?;
        let row = sqlx::query!(
            r#"WITH r (place, v) AS MATERIALIZED (SELECT key, value FROM jsonb_each(?1))
               SELECT json_group_array(id) FILTER (WHERE same) AS "same!: String",
                      count(*) FILTER (WHERE same AND title_id IS NULL) AS "in_review!: i64",
                      json_group_array(place) FILTER (WHERE NOT same) AS "differ!: String",
                      json_group_array(place) FILTER (WHERE NOT same AND id IS NOT NULL)
                          AS "known!: String"
               FROM (
                   SELECT i.id, i.title_id, place,
                          (i.print = v ->> 1 AND i.present
                           AND coalesce(i.facts_print = v ->> 2, true)) IS TRUE AS same
                   FROM r LEFT JOIN items i ON i.backend_id = ?2 AND i.key = v ->> 0
               )"#,
            looked,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        let same: Vec<u64> = serde_json::from_str(&row.same)?;
        compared.last = compared.last.or_else(|| same.last().copied().and_then(item_id));
        compared.same.extend(same);
        compared.same_in_review += u64::try_from(row.in_review).unwrap_or(0);
        let places_of = |text: &str| -> Result<Vec<usize>> {
            let of_these: Vec<usize> = serde_json::from_str(text)?;
            Ok(of_these.into_iter().filter_map(|place| places.get(place).copied()).collect())
        };
        compared.differ = places_of(&row.differ)?;
        compared.known = places_of(&row.known)?;
        Ok(())
    }
}

fn item_id(row: u64) -> Option<ItemId> {
    i64::try_from(row).ok().map(ItemId)
}
