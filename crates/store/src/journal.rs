//! The journal: every change, who made it and why.

use serde::Serialize;
use watchstate_model::{BackendId, Because, Moment, PersonId, RunId, TitleId, Watch};

use crate::rows::watch_text;
use crate::{Result, Tx};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A backend's mark became our state.
    Took,
    /// A backend showed something else, and our state stayed.
    Kept,
    /// A change waits for a person.
    Held,
    /// A backend was told our state, and showed it when read back.
    Told,
    /// A backend does not take it.
    Parked,
    /// A backend's copy is gone.
    Gone,
}

impl What {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Took => "took",
            Self::Kept => "kept",
            Self::Held => "held",
            Self::Told => "told",
            Self::Parked => "parked",
            Self::Gone => "gone",
        }
    }
}

/// One line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalRow {
    /// Which title.
    pub title: TitleId,
    /// Which backend caused it or was told.
    pub backend: Option<BackendId>,
    /// What happened.
    pub what: What,
    /// What was before.
    pub was: Watch,
    /// What is now.
    pub became: Watch,
    /// Why.
    pub because: Because,
}

impl Tx {
    /// Adds lines.
    pub async fn journal(
        &mut self,
        run: RunId,
        person: PersonId,
        at: Moment,
        rows: &[JournalRow],
    ) -> Result<()> {
        #[derive(Serialize)]
        struct In(i64, Option<i64>, &'static str, String, String, &'static str);
        if rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let (was, became) = (watch_text(row.was), watch_text(row.became));
                let backend = row.backend.map(|backend| backend.0);
                In(row.title.0, backend, row.what.name(), was, became, row.because.code())
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO journal (at, run_id, person_id, title_id, backend_id, what, was, became,
                                  because)
             SELECT ?2, ?3, ?4, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4,
                    v ->> 5
             FROM r",
            rows,
            at.0,
            run.0,
            person.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
