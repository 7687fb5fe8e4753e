//! What was changed, exactly, so that it can be taken back.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use watchstate_model::{
    BackendId, Because, ItemId, Marks, Moment, PersonId, RunId, State, Target, TitleId, Wish,
};

use crate::rows::{marks_from, marks_text, state_from, state_text, wish_from, wish_text};
use crate::{Result, Store, Tx};

/// What happened to a copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CopyChange {
    /// On which backend.
    pub backend: BackendId,
    /// Which copy.
    pub item: ItemId,
    /// What it showed before, the date on its server's clock.
    pub showed: Marks,
    /// What it showed afterwards: what was read back, or what a person's doing had left there.
    pub shows: Marks,
}

/// What was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Changed {
    /// What we hold of the title.
    Took {
        /// Before.
        held: State,
        /// Afterwards.
        holds: State,
        /// The copy on which a person did something; nothing for the window.
        copy: Option<CopyChange>,
    },
    /// A copy: it was written.
    Told {
        /// Which, and what it made of it.
        copy: CopyChange,
        /// What it was to show.
        meant: Target,
    },
    /// What a copy is to show: a person took something back. It is not written yet.
    Wished {
        /// Which, and what it showed then, before and after alike.
        copy: CopyChange,
        /// What was wished of it before.
        was: Option<Wish>,
        /// What is wished of it.
        is: Option<Wish>,
    },
}

impl Changed {
    /// The copy it is about.
    pub fn copy(&self) -> Option<&CopyChange> {
        match self {
            Self::Took { copy, .. } => copy.as_ref(),
            Self::Told { copy, .. } | Self::Wished { copy, .. } => Some(copy),
        }
    }
}

/// A change to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChangeRow {
    /// Of which title; of a file with several, of the first.
    pub title: TitleId,
    /// What was changed.
    pub changed: Changed,
    /// Why.
    pub because: Because,
}

/// A change that was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptChange {
    /// Its number: what came of it has a higher one.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// In which run; 0 for none.
    pub run: RunId,
    /// Whose title.
    pub person: PersonId,
    /// The change.
    pub row: ChangeRow,
    /// The run that took it back.
    pub undone_by: Option<RunId>,
}

/// A change, as its columns come in one array.
#[derive(Deserialize)]
struct Row {
    id: i64,
    at: i64,
    run_id: i64,
    person_id: i64,
    title_id: i64,
    what: String,
    backend_id: Option<i64>,
    item_id: Option<i64>,
    showed: Option<String>,
    shows: Option<String>,
    meant: Option<String>,
    held: Option<String>,
    holds: Option<String>,
    because: String,
    undone_by: Option<i64>,
    wish_was: Option<String>,
    wish_is: Option<String>,
}

impl Row {
    /// The change; nothing where it cannot be read. What cannot be read cannot be taken back.
    fn kept(self) -> Option<KeptChange> {
        let marks = |text: &Option<String>| marks_from(text.as_deref()?);
        let state = |text: &Option<String>| state_from(text.as_deref()?);
        // One that cannot be read is not the same as none.
        let wish = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => wish_from(text).map(Some),
        };
        let copy = match (self.backend_id, self.item_id) {
            (Some(backend), Some(item)) => Some(CopyChange {
                backend: BackendId(backend),
                item: ItemId(item),
                showed: marks(&self.showed)?,
                shows: marks(&self.shows)?,
            }),
            _ => None,
        };
        let changed = match self.what.as_str() {
            "took" => Changed::Took { held: state(&self.held)?, holds: state(&self.holds)?, copy },
            "told" => {
                let Marks { watch, plays, last_played } = marks(&self.meant)?;
                let meant = Target { watch, plays, played_at: last_played };
                Changed::Told { copy: copy?, meant }
            }
            "wished" => Changed::Wished {
                copy: copy?,
                was: wish(&self.wish_was)?,
                is: wish(&self.wish_is)?,
            },
            _ => return None,
        };
        let because = Because::from_code(&self.because).unwrap_or(Because::Differs);
        Some(KeptChange {
            id: self.id,
            at: Moment(self.at),
            run: RunId(self.run_id),
            person: PersonId(self.person_id),
            row: ChangeRow { title: TitleId(self.title_id), changed, because },
            undone_by: self.undone_by.map(RunId),
        })
    }
}

impl Tx {
    /// Keeps changes.
    pub async fn add_changes(
        &mut self,
        run: RunId,
        person: PersonId,
        at: Moment,
        rows: &[ChangeRow],
    ) -> Result<()> {
        #[derive(Serialize)]
        struct In(
            i64,
            &'static str,
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            &'static str,
            Option<String>,
            Option<String>,
        );
        if rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|ChangeRow { title, changed, because }| {
                let copy = changed.copy();
                let (what, meant, held, holds) = match changed {
                    Changed::Took { held, holds, .. } => {
                        ("took", None, Some(state_text(held)), Some(state_text(holds)))
                    }
                    Changed::Told { meant: Target { watch, plays, played_at }, .. } => {
                        let (watch, plays, last_played) = (*watch, *plays, *played_at);
                        let meant = Marks { watch, plays, last_played };
                        ("told", Some(marks_text(&meant)), None, None)
                    }
                    Changed::Wished { .. } => ("wished", None, None, None),
                };
                let (was, is) = match changed {
                    Changed::Wished { was, is, .. } => (was.as_ref(), is.as_ref()),
                    Changed::Took { .. } | Changed::Told { .. } => (None, None),
                };
                In(
                    title.0,
                    what,
                    copy.map(|copy| copy.backend.0),
                    copy.map(|copy| copy.item.0),
                    copy.map(|copy| marks_text(&copy.showed)),
                    copy.map(|copy| marks_text(&copy.shows)),
                    meant,
                    held,
                    holds,
                    because.code(),
                    was.map(wish_text),
                    is.map(wish_text),
                )
            })
            .collect();
        let rows = serde_json::to_string(&rows)?;
        sqlx::query!(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM jsonb_each(?1))
             INSERT INTO changes (at, run_id, person_id, title_id, what, backend_id, item_id, showed,
                                  shows, meant, held, holds, because, wish_was, wish_is)
             SELECT ?2, ?3, ?4, v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6,
                    v ->> 7, v ->> 8, v ->> 9, v ->> 10, v ->> 11
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

    /// The next titles of which a run changed something that was not taken back yet, in order, after `after`.
    /// Of an undo: those of which it took something back, and not what it happened to deliver besides.
    pub async fn titles_changed_in(
        &mut self,
        run: RunId,
        after: TitleId,
        most: u32,
    ) -> Result<Vec<TitleId>> {
        let rows = sqlx::query!(
            r#"SELECT DISTINCT c.title_id AS "title!: i64" FROM changes c
               WHERE c.run_id = ?1 AND c.title_id > ?2 AND c.undone_by IS NULL
                 AND (c.what = 'took' OR c.because IN ('undone', 'restored')
                      OR NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = ?1 AND r.task = 'undo'))
               ORDER BY c.title_id LIMIT ?3"#,
            run.0,
            after.0,
            most
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|row| TitleId(row.title)).collect())
    }

    /// The changes of these titles and of the copies of these titles that are kept, in order: those from this number
    /// on, and wishes before it that still stand open.
    pub async fn changes_of(&mut self, titles: &[TitleId], from: i64) -> Result<Vec<KeptChange>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        // As one text: see the items.
        let rows = sqlx::query_scalar!(
            r#"SELECT json_group_array(json_array(
                          c.id, c.at, c.run_id, c.person_id, c.title_id, c.what, c.backend_id, c.item_id,
                          c.showed, c.shows, c.meant, c.held, c.holds, c.because, c.undone_by,
                          c.wish_was, c.wish_is) ORDER BY c.id) AS "rows!: String"
               FROM (SELECT c.id FROM json_each(?1) j CROSS JOIN changes c ON c.title_id = j.value
                     UNION
                     SELECT c.id FROM json_each(?1) j
                     CROSS JOIN also_covers a ON a.title_id = j.value
                     CROSS JOIN changes c ON c.item_id = a.item_id
                     UNION
                     SELECT c.id FROM json_each(?1) j
                     CROSS JOIN items i ON i.title_id = j.value
                     CROSS JOIN changes c ON c.item_id = i.id) these
               CROSS JOIN changes c ON c.id = these.id
               WHERE these.id >= ?2 OR (c.what = 'wished' AND c.undone_by IS NULL)"#,
            titles,
            from
        )
        .fetch_one(self.conn())
        .await?;
        let rows: Vec<Row> = serde_json::from_str(&rows)?;
        Ok(rows.into_iter().filter_map(Row::kept).collect())
    }

    /// The first change of a run that is kept.
    pub async fn first_change_in(&mut self, run: RunId) -> Result<Option<i64>> {
        let query = sqlx::query_scalar!(
            r#"SELECT min(id) AS "id: i64" FROM changes WHERE run_id = ?1"#,
            run.0
        );
        Ok(query.fetch_one(self.conn()).await?)
    }

    /// Keeps that these changes were taken back, where they were not before.
    pub async fn undone(&mut self, changes: &[i64], by: RunId) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let changes = serde_json::to_string(changes)?;
        sqlx::query!(
            "UPDATE changes SET undone_by = ?2
             WHERE undone_by IS NULL AND id IN (SELECT value FROM json_each(?1))",
            changes,
            by.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what was changed of the copies of a backend, which are about to go: there is nothing left that it
    /// could be taken back on. What a person's doing there changed of what we hold stays.
    pub(crate) async fn forget_copies_changed_on(&mut self, backend: BackendId) -> Result<()> {
        sqlx::query!("DELETE FROM changes WHERE backend_id = ?1 AND what = 'told'", backend.0)
            .execute(self.conn())
            .await?;
        sqlx::query!(
            "UPDATE changes SET item_id = NULL, showed = NULL, shows = NULL WHERE backend_id = ?1",
            backend.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what was changed before a moment: it cannot be taken back any more.
    pub async fn forget_changes_before(&mut self, at: Moment) -> Result<u64> {
        let gone = sqlx::query!(
            "DELETE FROM changes
             WHERE id < (SELECT coalesce(min(id), 9223372036854775807) FROM changes WHERE at >= ?1)",
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(gone.rows_affected())
    }
}

impl Store {
    /// A change by its number.
    pub async fn change(&self, id: i64) -> Result<Option<KeptChange>> {
        let row = sqlx::query_as!(
            Row,
            r#"SELECT c.id, c.at, c.run_id, c.person_id, c.title_id, c.what, c.backend_id, c.item_id,
                      c.showed, c.shows, c.meant, c.held, c.holds, c.because, c.undone_by,
                      c.wish_was, c.wish_is
               FROM changes c WHERE c.id = ?1"#,
            id
        )
        .fetch_optional(self.reader())
        .await?;
        Ok(row.and_then(Row::kept))
    }

    /// The change that a line of the journal tells of, if it is kept and was not taken back yet.
    pub async fn change_of_line(&self, line: i64) -> Result<Option<i64>> {
        Ok(self.changes_of_lines(&[line]).await?.remove(&line))
    }

    /// The same for several lines; those that tell of nothing that can be taken back are left out. A file with
    /// several titles is written once, and that is kept with the first of them: by the file it is found.
    pub(crate) async fn changes_of_lines(&self, lines: &[i64]) -> Result<HashMap<i64, i64>> {
        if lines.is_empty() {
            return Ok(HashMap::new());
        }
        let lines = serde_json::to_string(lines)?;
        // By title and by item: what happened outside of runs has one number of a run, and is most of all.
        let rows = sqlx::query!(
            r#"SELECT line AS "line!: i64", max(change) AS "change!: i64"
               FROM (SELECT j.id AS line, c.id AS change
                     FROM json_each(?1) l CROSS JOIN journal j ON j.id = l.value
                     CROSS JOIN changes c ON c.title_id = j.title_id AND c.run_id = j.run_id
                     WHERE c.at = j.at AND c.what = j.what AND c.person_id = j.person_id
                       AND c.backend_id IS j.backend_id AND c.undone_by IS NULL
                     UNION ALL
                     SELECT j.id, c.id
                     FROM json_each(?1) l CROSS JOIN journal j ON j.id = l.value
                     CROSS JOIN also_covers a ON a.title_id = j.title_id
                     CROSS JOIN changes c ON c.item_id = a.item_id AND +c.run_id = j.run_id
                     WHERE c.at = j.at AND c.what = j.what AND c.person_id = j.person_id
                       AND c.backend_id IS j.backend_id AND c.undone_by IS NULL)
               GROUP BY line"#,
            lines
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(|row| (row.line, row.change)).collect())
    }

    /// The latest change of a title that was not taken back: of what we hold, or else of a copy.
    pub async fn latest_change(&self, person: PersonId, title: TitleId) -> Result<Option<i64>> {
        let row = sqlx::query!(
            r#"SELECT coalesce(max(iif(c.what = 'took', c.id, NULL)), max(c.id)) AS "id: i64"
               FROM changes c
               WHERE c.person_id = ?1 AND c.undone_by IS NULL AND c.title_id = ?2"#,
            person.0,
            title.0
        )
        .fetch_one(self.reader())
        .await?;
        Ok(row.id)
    }

    /// On which backend a run was.
    pub async fn backend_of_run(&self, run: RunId) -> Result<Option<BackendId>> {
        let row = sqlx::query!("SELECT backend_id FROM runs WHERE id = ?1", run.0)
            .fetch_optional(self.reader())
            .await?;
        Ok(row.map(|row| BackendId(row.backend_id)))
    }
}
