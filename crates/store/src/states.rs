//! What we hold to be true, and which titles have to be planned.

use serde::{Deserialize, Serialize};
use watchstate_model::{BackendId, Because, Moment, PersonId, State, TitleId};

use crate::rows::{count, position_ms, watch};
use crate::{Result, Store, Tx};

/// A title whose copies have to be compared with our state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Touched {
    /// Which.
    pub title: TitleId,
    /// Whether it was watched again.
    pub again: bool,
}

impl Tx {
    /// Our states of these titles. Titles that were never touched are left out: they are
    /// [`State::UNTOUCHED`].
    pub async fn states(
        &mut self,
        person: PersonId,
        titles: &[TitleId],
    ) -> Result<Vec<(TitleId, State)>> {
        #[derive(Deserialize)]
        struct Out(i64, i64, Option<i64>, i64, Option<i64>, i64, Option<i64>);
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let row = sqlx::query!(
            r#"SELECT json_group_array(json_array(s.title_id, s.watched, s.position, s.plays,
                          s.played_at, s.decided_at, s.by_backend)) AS "rows!: String"
               FROM json_each(?1) j
               CROSS JOIN states s ON s.person_id = ?2 AND s.title_id = j.value"#,
            titles,
            person.0
        )
        .fetch_one(self.conn())
        .await?;
        let rows: Vec<Out> = serde_json::from_str(&row.rows)?;
        Ok(rows
            .into_iter()
            .map(|Out(title, watched, position, plays, played_at, decided_at, by)| {
                let state = State {
                    watch: watch(watched, position),
                    plays: count(plays),
                    played_at: played_at.map(Moment),
                    decided_at: Moment(decided_at),
                    by: by.map(BackendId),
                };
                (TitleId(title), state)
            })
            .collect())
    }

    /// Keeps states, with the reasons of their last changes.
    pub async fn put_states(
        &mut self,
        person: PersonId,
        states: &[(TitleId, State, Because)],
    ) -> Result<()> {
        #[derive(Serialize)]
        struct In(i64, u8, Option<i64>, u32, Option<i64>, i64, Option<i64>, &'static str);
        if states.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = states
            .iter()
            .map(|(title, state, because)| {
                In(
                    title.0,
                    u8::from(state.watch.is_watched()),
                    position_ms(state.watch),
                    state.plays,
                    state.played_at.map(|at| at.0),
                    state.decided_at.0,
                    state.by.map(|backend| backend.0),
                    because.code(),
                )
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO states (person_id, title_id, watched, position, plays, played_at, decided_at,
                                 by_backend, because)
             SELECT ?2, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5,
                    v ->> 6, v ->> 7
             FROM r WHERE true
             ON CONFLICT (person_id, title_id) DO UPDATE SET
                 watched = excluded.watched, position = excluded.position, plays = excluded.plays,
                 played_at = excluded.played_at, decided_at = excluded.decided_at,
                 by_backend = excluded.by_backend, because = excluded.because",
            rows,
            person.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what was held of titles: it is as if nobody had ever decided anything about them.
    pub async fn forget_states(&mut self, person: PersonId, titles: &[TitleId]) -> Result<()> {
        if titles.is_empty() {
            return Ok(());
        }
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM states
             WHERE person_id = ?2 AND title_id IN (SELECT value FROM json_each(?1))",
            titles,
            person.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Puts titles on the list of those to be planned.
    pub async fn touch(&mut self, person: PersonId, titles: &[Touched]) -> Result<()> {
        if titles.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = titles.iter().map(|t| (t.title.0, u8::from(t.again))).collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO touched (person_id, title_id, again)
             SELECT ?2, v ->> 0, v ->> 1 FROM r WHERE true
             ON CONFLICT (person_id, title_id) DO UPDATE SET again = max(again, excluded.again)",
            rows,
            person.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The next titles to be planned, in order.
    pub async fn touched(&mut self, person: PersonId, most: u32) -> Result<Vec<Touched>> {
        let rows = sqlx::query!(
            "SELECT title_id, again FROM touched WHERE person_id = ?1 ORDER BY title_id LIMIT ?2",
            person.0,
            most
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Touched { title: TitleId(r.title_id), again: r.again != 0 })
            .collect())
    }

    /// Takes titles off the list: they are planned.
    pub async fn planned(&mut self, person: PersonId, titles: &[Touched]) -> Result<()> {
        let titles = serde_json::to_string(&titles.iter().map(|t| t.title.0).collect::<Vec<_>>())?;
        sqlx::query!(
            "DELETE FROM touched
             WHERE person_id = ?2 AND title_id IN (SELECT value FROM json_each(?1))",
            titles,
            person.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How many titles a person has watched: what the brake measures against.
    pub async fn count_watched(&mut self, person: PersonId) -> Result<u32> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "n!: i64" FROM states WHERE person_id = ?1 AND watched = 1"#,
            person.0
        )
        .fetch_one(self.conn())
        .await?;
        Ok(count(row.n))
    }
}

impl Store {
    /// How many titles are still to be planned, of all people.
    pub async fn count_touched(&self) -> Result<u64> {
        let row = sqlx::query!(r#"SELECT count(*) AS "n!: i64" FROM touched"#)
            .fetch_one(self.reader())
            .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }
}
