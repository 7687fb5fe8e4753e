//! Which items are there, and which are gone.

use roaring::RoaringTreemap;
use watchstate_model::{BackendId, ItemId};

use crate::{Result, Tx};

impl Tx {
    /// How many items of a backend were there at the last look: all but the gone ones, which are few and
    /// have an index, so that no row is looked at.
    pub async fn count_present(&mut self, backend: BackendId) -> Result<u64> {
        let row = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM items WHERE backend_id = ?1)
                    - (SELECT count(*) FROM items WHERE backend_id = ?1 AND present = 0)
                      AS "n!: i64""#,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }

    /// The items that were there at the last look and are not among those seen now. Nothing is kept of it.
    pub async fn unseen(
        &mut self,
        backend: BackendId,
        seen: &RoaringTreemap,
    ) -> Result<Vec<ItemId>> {
        let rows = sqlx::query!(
            r#"SELECT json_group_array(id) AS "ids!: String" FROM items
               WHERE backend_id = ?1 AND present = 1"#,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        let present: Vec<u64> = serde_json::from_str(&rows.ids)?;
        Ok(present
            .into_iter()
            .filter(|id| !seen.contains(*id))
            .filter_map(|id| i64::try_from(id).ok().map(ItemId))
            .collect())
    }

    /// Keeps that these items are gone. Their baselines stay: should they come back, under whatever key, it
    /// is told from them that nobody un-watched anything. What they were owed is not owed any more.
    pub async fn gone(&mut self, items: &[ItemId]) -> Result<()> {
        self.forget_pages_of(items).await?;
        let ids = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        self.gone_since_snapshots(&ids).await?;
        sqlx::query!(
            "UPDATE items SET present = 0 WHERE id IN (SELECT value FROM json_each(?1))",
            ids
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("DELETE FROM outbox WHERE item_id IN (SELECT value FROM json_each(?1))", ids)
            .execute(self.conn())
            .await?;
        sqlx::query!(
            "DELETE FROM unwatches WHERE item_id IN (SELECT value FROM json_each(?1))",
            ids
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
