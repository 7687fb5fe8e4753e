//! Whole pages of a sweep: one that looks as it did is passed with a single look.

use std::hash::Hasher;

use roaring::RoaringTreemap;
use siphasher::sip::SipHasher13;
use watchstate_model::{BackendId, ItemId};

use crate::{Looked, Result, Store, Tx};

/// The fingerprint of a page: of its keys and of the fingerprints of its marks, in their order. Facts are
/// not in it.
pub fn page_print(page: &[Looked<'_>]) -> i64 {
    let mut hasher = SipHasher13::new();
    for Looked(key, marks, _) in page {
        hasher.write(key.as_bytes());
        hasher.write_u8(0xff);
        hasher.write_i64(*marks);
    }
    i64::from_ne_bytes(hasher.finish().to_ne_bytes())
}

/// A page on which everything was as last decided on.
#[derive(Clone, PartialEq, Debug)]
pub struct KnownPage {
    /// The rows of its items.
    pub items: RoaringTreemap,
    /// How many of them wait for review.
    pub in_review: u64,
}

impl Store {
    /// The page of this fingerprint, if everything on it still is as it was decided on. Read beside whatever
    /// is written meanwhile: only what reads the same backend changes that.
    pub async fn known_page(&self, backend: BackendId, print: i64) -> Result<Option<KnownPage>> {
        let row = sqlx::query!(
            "SELECT items, in_review FROM pages WHERE backend_id = ?1 AND print = ?2",
            backend.0,
            print
        )
        .fetch_optional(self.reader())
        .await?;
        // A bitmap that cannot be read is as good as none: the page is compared item by item.
        Ok(row.and_then(|row| {
            let items = RoaringTreemap::deserialize_from(row.items.as_slice()).ok()?;
            Some(KnownPage { items, in_review: u64::try_from(row.in_review).ok()? })
        }))
    }
}

impl Tx {
    /// Keeps that everything on a page is as decided on.
    pub async fn keep_page(
        &mut self,
        backend: BackendId,
        print: i64,
        page: &KnownPage,
    ) -> Result<()> {
        let (Some(first), Some(last)) = (page.items.min(), page.items.max()) else {
            return Ok(());
        };
        let row = |row: u64| i64::try_from(row).unwrap_or(i64::MAX);
        let (first, last, in_review) = (row(first), row(last), row(page.in_review));
        let mut items = Vec::with_capacity(page.items.serialized_size());
        if page.items.serialize_into(&mut items).is_err() {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO pages (backend_id, print, items, first_item, last_item, in_review)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (backend_id, print) DO UPDATE SET
                 items = excluded.items, first_item = excluded.first_item,
                 last_item = excluded.last_item, in_review = excluded.in_review",
            backend.0,
            print,
            items,
            first,
            last,
            in_review
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets all pages of a backend but these: those that its last sweep met.
    pub async fn keep_only_pages(&mut self, backend: BackendId, prints: &[i64]) -> Result<()> {
        let prints = serde_json::to_string(prints)?;
        sqlx::query!(
            "DELETE FROM pages
             WHERE backend_id = ?1 AND print NOT IN (SELECT value FROM json_each(?2))",
            backend.0,
            prints
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets the pages that these items are on, because they are about to be something else than what was
    /// decided on. To be called wherever items are written.
    pub(crate) async fn forget_pages_of(&mut self, items: &[ItemId]) -> Result<()> {
        let (Some(first), Some(last)) = (items.iter().min(), items.iter().max()) else {
            return Ok(());
        };
        // Most writes are of new rows, which are on no page: told by their range, before one is looked at.
        let ids = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM pages
             WHERE first_item <= ?2 AND last_item >= ?1
               AND EXISTS (SELECT 1 FROM json_each(?3) WHERE value BETWEEN first_item AND last_item)",
            first.0,
            last.0,
            ids
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
