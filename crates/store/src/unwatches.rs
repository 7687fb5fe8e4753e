//! Watched marks that seem to have been taken away, until the brake has counted them.

use watchstate_model::{BackendId, ItemId, Moment, PersonId};

use crate::{Result, Tx};

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

    /// The un-watches of a person that were found and not decided on, in order; and whether each waits for a
    /// person already.
    pub async fn unwatches(&mut self, person: PersonId) -> Result<Vec<(ItemId, bool)>> {
        let rows = sqlx::query!(
            "SELECT u.item_id, u.held FROM unwatches u JOIN backends b ON b.id = u.backend_id
             WHERE b.person_id = ?1 ORDER BY u.item_id",
            person.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| (ItemId(r.item_id), r.held != 0)).collect())
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
