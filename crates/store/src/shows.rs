//! Series, and what each backend calls them.

use serde::Serialize;
use watchstate_model::{BackendId, ExternalIds, ItemKey, ShowId};

use crate::rows::provider_number;
use crate::{Result, Tx};

/// One backend's copy of a series.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShowRow {
    /// What the server calls it.
    pub key: ItemKey,
    /// Its name there.
    pub name: String,
    /// Its year.
    pub year: Option<u16>,
    /// The ids that this backend gives it.
    pub ids: ExternalIds,
    /// Which series it is; nothing where it could not be identified.
    pub show: Option<ShowId>,
}

#[derive(Serialize)]
struct IdIn<'a>(usize, i64, &'a str);

/// External ids of several things as one text: `[[place, provider, value], …]`.
pub(crate) fn ids_json<'a>(all: impl Iterator<Item = &'a ExternalIds>) -> Result<String> {
    let ids: Vec<IdIn<'_>> = all
        .enumerate()
        .flat_map(|(place, ids)| {
            ids.iter().map(move |id| IdIn(place, provider_number(id.provider()), id.value()))
        })
        .collect();
    Ok(serde_json::to_string(&ids)?)
}

impl Tx {
    /// Which series the ids mean that several shows have: pairs of a show's place in `all` and a series.
    pub async fn shows_with_ids(&mut self, all: &[ExternalIds]) -> Result<Vec<(usize, ShowId)>> {
        let ids = ids_json(all.iter())?;
        let rows = sqlx::query!(
            r#"WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
               SELECT DISTINCT v ->> 0 AS "place!: i64", s.show_id AS "show_id!: i64"
               FROM r CROSS JOIN show_ids s ON s.provider = v ->> 1 AND s.value = v ->> 2"#,
            ids
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| (usize::try_from(r.place).unwrap_or(usize::MAX), ShowId(r.show_id)))
            .collect())
    }

    /// Which series the backend's keys stand for; keys that were never seen are left out.
    pub async fn backend_shows(
        &mut self,
        backend: BackendId,
        keys: &[&str],
    ) -> Result<Vec<(ItemKey, Option<ShowId>)>> {
        let keys = serde_json::to_string(keys)?;
        let rows = sqlx::query!(
            r#"SELECT s.key, s.show_id FROM json_each(?1) j
               CROSS JOIN backend_shows s ON s.backend_id = ?2 AND s.key = j.value"#,
            keys,
            backend.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|r| (ItemKey(r.key), r.show_id.map(ShowId))).collect())
    }

    /// Adds series that nobody had, with ids chosen by the caller (see [`Tx::next_ids`]).
    pub async fn add_shows(&mut self, shows: &[(ShowId, &str, Option<u16>)]) -> Result<()> {
        let shows: Vec<_> = shows.iter().map(|(id, name, year)| (id.0, name, year)).collect();
        let shows = serde_json::to_string(&shows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO shows (id, name, year)
             SELECT v ->> 0, v ->> 1, v ->> 2 FROM r",
            shows
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps what a backend says of its series, and what their ids mean.
    pub async fn put_backend_shows(&mut self, backend: BackendId, rows: &[ShowRow]) -> Result<()> {
        let texts: Vec<_> = rows
            .iter()
            .map(|r| (r.key.as_str(), r.name.as_str(), r.ids.to_text(), r.show.map(|s| s.0)))
            .collect();
        let texts = serde_json::to_string(&texts)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO backend_shows (backend_id, key, name, ids, show_id)
             SELECT ?2, v ->> 0, v ->> 1, v ->> 2, v ->> 3 FROM r WHERE true
             ON CONFLICT (backend_id, key) DO UPDATE
             SET name = excluded.name, ids = excluded.ids, show_id = excluded.show_id",
            texts,
            backend.0
        )
        .execute(self.conn())
        .await?;
        let ids: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((row.show?, &row.ids)))
            .flat_map(|(show, ids)| {
                ids.iter().map(move |id| (provider_number(id.provider()), id.value(), show.0))
            })
            .collect();
        let ids = serde_json::to_string(&ids)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO show_ids (provider, value, show_id)
             SELECT v ->> 0, v ->> 1, v ->> 2 FROM r WHERE true
             ON CONFLICT DO NOTHING",
            ids
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
