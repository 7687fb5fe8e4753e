//! Copies that are to show something else than the others, because a person took a change back there.

use std::collections::HashMap;

use serde::Serialize;
use watchstate_model::{Because, ItemId, Moment, PersonId, TitleId, Wish};

use crate::rows::{marks_from, marks_text, state_from, state_text};
use crate::{Result, Tx};

impl Tx {
    /// What these copies are to show instead. Copies without a wish are left out, and so is one that cannot be
    /// read: then what we hold is told as ever.
    pub async fn wishes(&mut self, items: &[ItemId]) -> Result<HashMap<ItemId, Wish>> {
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT k.item_id AS "item_id!: i64", k.shows AS "shows!", k.held AS "held!",
                      k.told AS "told!: i64", k.because AS "because!"
               FROM json_each(?1) j CROSS JOIN kept_apart k ON k.item_id = j.value"#,
            items
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let wish = Wish {
                    shows: marks_from(&row.shows)?,
                    then: state_from(&row.held)?,
                    told: row.told != 0,
                    because: Because::from_code(&row.because).unwrap_or(Because::Undone),
                };
                Some((ItemId(row.item_id), wish))
            })
            .collect())
    }

    /// Keeps what copies are to show instead, in place of what they were to show instead before.
    pub async fn put_wishes(&mut self, wishes: &[(ItemId, Wish)], at: Moment) -> Result<()> {
        #[derive(Serialize)]
        struct In(i64, String, String, u8, &'static str);
        if wishes.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = wishes
            .iter()
            .map(|(item, wish)| {
                let (shows, held) = (marks_text(&wish.shows), state_text(&wish.then));
                In(item.0, shows, held, u8::from(wish.told), wish.because.code())
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT OR REPLACE INTO kept_apart (item_id, shows, held, told, because, made_at)
             SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, ?2 FROM r",
            rows,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps that copies were told what they are to show instead.
    pub async fn told_wishes(&mut self, items: &[ItemId]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "UPDATE kept_apart SET told = 1 WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets wishes: something new happened, or they say nothing more.
    pub async fn forget_wishes(&mut self, items: &[ItemId]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let items = serde_json::to_string(&items.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM kept_apart WHERE item_id IN (SELECT value FROM json_each(?1))",
            items
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The wishes of a person's copies of these titles, those included whose file holds others as well.
    pub async fn wishes_of(
        &mut self,
        person: PersonId,
        titles: &[TitleId],
    ) -> Result<HashMap<ItemId, Wish>> {
        if titles.is_empty() {
            return Ok(HashMap::new());
        }
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        // Often there is none. After the undo of a large run there are as many as it had changes, and a page must
        // not look at all of them.
        let rows = sqlx::query!(
            r#"SELECT k.item_id AS "item_id!: i64"
               FROM (SELECT i.id FROM json_each(?1) j CROSS JOIN items i ON i.title_id = j.value
                     WHERE EXISTS (SELECT 1 FROM kept_apart)
                     UNION
                     SELECT c.item_id FROM json_each(?1) j
                     CROSS JOIN also_covers c ON c.title_id = j.value
                     WHERE EXISTS (SELECT 1 FROM kept_apart)) these
               CROSS JOIN kept_apart k ON k.item_id = these.id
               CROSS JOIN items i ON i.id = k.item_id
               CROSS JOIN backends b ON b.id = i.backend_id
               WHERE b.person_id = ?2"#,
            titles,
            person.0
        )
        .fetch_all(self.conn())
        .await?;
        let items: Vec<ItemId> = rows.iter().map(|row| ItemId(row.item_id)).collect();
        self.wishes(&items).await
    }

    /// A copy stands under another key now: what was wished of the old one is wished of it.
    pub async fn move_wish(&mut self, from: ItemId, to: ItemId) -> Result<()> {
        sqlx::query!(
            "UPDATE OR REPLACE kept_apart SET item_id = ?2 WHERE item_id = ?1",
            from.0,
            to.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Puts those of these titles on the list of those to be planned that have a copy with a wish: what we hold
    /// of them is something else now.
    pub async fn touch_apart(&mut self, person: PersonId, titles: &[TitleId]) -> Result<()> {
        if titles.is_empty() {
            return Ok(());
        }
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "INSERT INTO touched (person_id, title_id, again)
             SELECT ?2, j.value, 0 FROM json_each(?1) j
             WHERE EXISTS (SELECT 1 FROM kept_apart)
               AND EXISTS (SELECT 1 FROM items i JOIN kept_apart k ON k.item_id = i.id
                           WHERE i.title_id = j.value
                           UNION ALL
                           SELECT 1 FROM also_covers c JOIN kept_apart k ON k.item_id = c.item_id
                           WHERE c.title_id = j.value)
             ON CONFLICT DO NOTHING",
            titles,
            person.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
