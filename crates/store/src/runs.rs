//! Runs and their counters.

use watchstate_model::{BackendId, Moment, RunId};

use crate::{Result, Store, Tx};

/// What a run does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Takes state in from a backend.
    Import,
    /// Tells a backend what it does not show.
    Export,
    /// Takes changes back.
    Undo,
    /// Takes over what a backup says.
    Restore,
}

impl Task {
    /// As it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
            Self::Undo => "undo",
            Self::Restore => "restore",
        }
    }
}

/// The counters of a run, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    /// How an export was done: `push` or `full`.
    pub mode: Option<&'static str>,
    /// Items that were looked at.
    pub seen: u64,
    /// Items that were new.
    pub added: u64,
    /// Items that showed something else than before.
    pub changed: u64,
    /// Items that showed what they showed.
    pub unchanged: u64,
    /// Items that wait for review.
    pub unmatched: u64,
    /// Writes that were owed when it began.
    pub planned: u64,
    /// Writes that were made and read back.
    pub written: u64,
    /// Items that showed it already.
    pub already: u64,
    /// Changes that wait: for a person, or until nobody is watching.
    pub held: u64,
    /// Writes that failed.
    pub failed: u64,
    /// Requests sent.
    pub requests: u64,
    /// Bytes received.
    pub bytes: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What went wrong.
    pub error: Option<String>,
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Tx {
    /// Begins a run.
    pub async fn begin_run(&mut self, task: Task, backend: BackendId, at: Moment) -> Result<RunId> {
        let task = task.name();
        let row = sqlx::query!(
            "INSERT INTO runs (task, backend_id, started_at) VALUES (?1, ?2, ?3)",
            task,
            backend.0,
            at.0
        )
        .execute(self.conn())
        .await?;
        Ok(RunId(row.last_insert_rowid()))
    }

    /// Keeps the counters of a run as they stand.
    pub async fn put_run(&mut self, id: RunId, run: &Run) -> Result<()> {
        let [seen, added, changed, unchanged, unmatched] =
            [run.seen, run.added, run.changed, run.unchanged, run.unmatched].map(number);
        let [planned, written, already, held, failed] =
            [run.planned, run.written, run.already, run.held, run.failed].map(number);
        let [requests, bytes, ms] = [run.requests, run.bytes, run.ms].map(number);
        sqlx::query!(
            "UPDATE runs SET mode = ?2, seen = ?3, added = ?4, changed = ?5, unchanged = ?6,
                 unmatched = ?7, planned = ?8, written = ?9, already = ?10, held = ?11, failed = ?12,
                 requests = ?13, bytes = ?14, ms = ?15, error = ?16
             WHERE id = ?1",
            id.0,
            run.mode,
            seen,
            added,
            changed,
            unchanged,
            unmatched,
            planned,
            written,
            already,
            held,
            failed,
            requests,
            bytes,
            ms,
            run.error
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Ends a run.
    pub async fn end_run(&mut self, id: RunId, run: &Run, at: Moment) -> Result<()> {
        self.put_run(id, run).await?;
        let ok = run.error.is_none();
        sqlx::query!("UPDATE runs SET ended_at = ?2, ok = ?3 WHERE id = ?1", id.0, at.0, ok)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

impl Store {
    /// Marks runs as ended that nobody does any more and nobody could end: their process is gone, or the
    /// database could not be written when they broke off. `why` is a line for those that have no reason yet.
    pub async fn end_abandoned_runs(&self, at: Moment, why: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query!(
            "UPDATE runs SET ended_at = ?1, ok = 0,
                 error = coalesce(error, ?2)
             WHERE ended_at IS NULL",
            at.0,
            why
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }
}
