//! Watched marks that seem to have been taken away, until the brake has counted them.

use watchstate_model::{BackendId, ItemId, Moment, PersonId};

use crate::{Result, Tx};

impl Tx {
    /// Keeps un-watches for the brake. Their items' baselines stay, so that a crash forgets nothing.
    pub async fn add_unwatches(
        &mut self,
        backend: BackendId,
        items: &[ItemId],
        at: Moment,
    ) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "INSERT INTO unwatches (item_id, backend_id, seen_at)
             SELECT value, ?2, ?3 FROM json_each(?1) WHERE true
             ON CONFLICT (item_id) DO UPDATE SET seen_at = excluded.seen_at",
            items,
            backend.0,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The un-watches of a person that were found and not decided on, held ones included, in order.
    pub async fn unwatches(&mut self, person: PersonId) -> Result<Vec<ItemId>> {
        let rows = sqlx::query!(
            "SELECT u.item_id FROM unwatches u JOIN backends b ON b.id = u.backend_id
             WHERE b.person_id = ?1 ORDER BY u.item_id",
            person.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| ItemId(r.item_id)).collect())
    }

    /// Keeps that un-watches wait for a person.
    pub async fn hold(&mut self, items: &[ItemId]) -> Result<()> {
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "UPDATE unwatches SET held = 1 WHERE item_id IN (SELECT value FROM json_each(?1))",
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
