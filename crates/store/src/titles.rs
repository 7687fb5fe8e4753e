//! Titles, their ids and their names.

use serde::Serialize;
use watchstate_model::{ExternalIds, Moment, ShowId, TitleId};

use crate::rows::provider_number;
use crate::shows::ids_json;
use crate::{Result, Tx};

/// The first free ids. Rows are given their ids before they are written, so that a page of titles, their
/// ids and their items is written without asking back. What is gone keeps its number: nothing new gets it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NextIds {
    /// For a series.
    pub show: i64,
    /// For a title.
    pub title: i64,
    /// For an item.
    pub item: i64,
}

/// A title that nobody had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTitle {
    /// The id chosen for it.
    pub id: TitleId,
    /// Its series, where that is known.
    pub show: Option<ShowId>,
    /// Season and episode; nothing for a movie.
    pub place: Option<(u16, u16)>,
    /// Its own name.
    pub name: String,
    /// The name of its series.
    pub show_name: String,
    /// Its year.
    pub year: Option<u16>,
    /// The run in which it was first seen.
    pub appeared_at: Moment,
}

/// A title found by one of its ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TitleById {
    /// The place, in the question, of what has the id.
    pub asked: usize,
    /// The title that has it.
    pub title: TitleId,
    /// Season and episode of that title.
    pub place: Option<(u16, u16)>,
}

/// A place in a series: series, season, episode.
pub type TitlePlace = (ShowId, u16, u16);

fn number(value: i64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

impl Tx {
    /// The first free ids.
    pub async fn next_ids(&mut self) -> Result<NextIds> {
        let row = sqlx::query!(
            r#"SELECT (SELECT coalesce(max(id), 0) + 1 FROM shows) AS "show!: i64",
                      1 + max(coalesce((SELECT max(id) FROM titles), 0),
                              coalesce((SELECT highest FROM numbers WHERE things = 'titles'), 0))
                          AS "title!: i64",
                      1 + max(coalesce((SELECT max(id) FROM items), 0),
                              coalesce((SELECT highest FROM numbers WHERE things = 'items'), 0))
                          AS "item!: i64""#
        )
        .fetch_one(self.conn())
        .await?;
        Ok(NextIds { show: row.show, title: row.title, item: row.item })
    }

    /// Which titles have the ids that several items have.
    pub async fn titles_with_ids(
        &mut self,
        episodes: bool,
        all: &[&ExternalIds],
    ) -> Result<Vec<TitleById>> {
        let ids = ids_json(all.iter().copied())?;
        let rows = sqlx::query!(
            r#"WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
               SELECT json_group_array(json_array(v ->> 0, t.id, t.season, t.episode))
                          AS "rows!: String"
               FROM r
               CROSS JOIN title_ids x ON x.is_episode = ?2
                    AND x.provider = v ->> 1 AND x.value = v ->> 2
               CROSS JOIN titles t ON t.id = x.title_id"#,
            ids,
            episodes
        )
        .fetch_one(self.conn())
        .await?;
        let rows: Vec<(usize, i64, Option<i64>, Option<i64>)> = serde_json::from_str(&rows.rows)?;
        Ok(rows
            .into_iter()
            .map(|(asked, title, season, episode)| TitleById {
                asked,
                title: TitleId(title),
                place: season.zip(episode).map(|(s, e)| (number(s), number(e))),
            })
            .collect())
    }

    /// Which titles stand at these places.
    pub async fn titles_at(&mut self, places: &[TitlePlace]) -> Result<Vec<(TitlePlace, TitleId)>> {
        let asked: Vec<_> = places.iter().map(|(show, s, e)| (show.0, s, e)).collect();
        let asked = serde_json::to_string(&asked)?;
        let rows = sqlx::query!(
            r#"WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
               SELECT json_group_array(json_array(t.id, t.show_id, t.season, t.episode))
                          AS "rows!: String"
               FROM r
               CROSS JOIN titles t ON t.show_id = v ->> 0 AND t.season = v ->> 1
                    AND t.episode = v ->> 2"#,
            asked
        )
        .fetch_one(self.conn())
        .await?;
        let rows: Vec<(i64, i64, i64, i64)> = serde_json::from_str(&rows.rows)?;
        Ok(rows
            .into_iter()
            .map(|(title, show, s, e)| ((ShowId(show), number(s), number(e)), TitleId(title)))
            .collect())
    }

    /// Adds titles that nobody had, and makes them searchable.
    pub async fn add_titles(&mut self, titles: &[NewTitle]) -> Result<()> {
        #[derive(Serialize)]
        struct In<'a>(
            i64,
            Option<i64>,
            Option<u16>,
            Option<u16>,
            &'a str,
            Option<u16>,
            i64,
            &'a str,
        );
        if titles.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = titles
            .iter()
            .map(|t| {
                let (season, episode) = t.place.unzip();
                let show = t.show.map(|show| show.0);
                let at = t.appeared_at.0;
                In(t.id.0, show, season, episode, &t.name, t.year, at, &t.show_name)
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO titles (id, show_id, season, episode, name, year, appeared_at)
             SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5,
                    v ->> 6
             FROM r",
            rows
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO title_names (rowid, name, show)
             SELECT v ->> 0, v ->> 4, v ->> 7 FROM r",
            rows
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps which ids mean which titles.
    pub async fn add_title_ids(
        &mut self,
        episodes: bool,
        ids: &[(TitleId, &ExternalIds)],
    ) -> Result<()> {
        let rows: Vec<_> = ids
            .iter()
            .flat_map(|(title, ids)| {
                ids.iter().map(|id| (provider_number(id.provider()), id.value(), title.0))
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO title_ids (is_episode, provider, value, title_id)
             SELECT ?2, v ->> 0, v ->> 1, v ->> 2 FROM r WHERE true
             ON CONFLICT DO NOTHING",
            rows,
            episodes
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
