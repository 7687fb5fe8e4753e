//! The journal and the runs, page by page.

use watchstate_store::{FeedFilter, FeedLine, KeptRun};

use super::{App, LONGEST_PAGE};
use crate::contract::{
    Failure, Journal, JournalLine, JournalWhat, NamedBackend, NamedTitle, Page, Run, RunMode,
    RunTask,
};

impl App {
    /// A page of the journal, the latest line first.
    pub async fn journal(&self, wish: &Journal) -> Result<Page<JournalLine>, Failure> {
        let household = self.household();
        let filter = FeedFilter {
            text: wish.text.clone().unwrap_or_default(),
            backend: wish.backend.map(Into::into),
            title: None,
            what: wish.what.map(|what| what.word().to_owned()),
        };
        let size = wish.size.min(LONGEST_PAGE);
        let (lines, total) =
            household.store().feed(household.person(), &filter, wish.from, size).await?;
        Ok(Page { rows: lines.into_iter().map(line).collect(), total })
    }

    /// A page of the runs, the latest first.
    pub async fn runs(&self, from: u32, size: u32) -> Result<Page<Run>, Failure> {
        let household = self.household();
        let (runs, total) = household.store().kept_runs(from, size.min(LONGEST_PAGE)).await?;
        Ok(Page { rows: runs.into_iter().map(run).collect(), total })
    }
}

pub(super) fn line(line: FeedLine) -> JournalLine {
    JournalLine {
        id: line.id,
        at: line.at.into(),
        run: line.run.into(),
        title: NamedTitle { id: line.title.into(), name: line.name },
        backend: line.backend.map(|(id, name)| NamedBackend { id: id.into(), name }),
        what: JournalWhat::of_word(&line.what),
        was: line.was.into(),
        became: line.became.into(),
        because: line.because.into(),
        can_undo: line.can_undo,
    }
}

fn run(run: KeptRun) -> Run {
    let [
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
    ] = run.counters;
    Run {
        id: run.id.into(),
        task: match run.task.as_str() {
            "export" => RunTask::Export,
            "undo" => RunTask::Undo,
            "restore" => RunTask::Restore,
            _ => RunTask::Import,
        },
        backend: run.backend.into(),
        name: run.name.unwrap_or_else(|| "a removed backend".to_owned()),
        started_at: run.started_at.into(),
        ended_at: run.ended_at.map(Into::into),
        mode: run.mode.map(|mode| if mode == "full" { RunMode::Full } else { RunMode::Push }),
        ok: run.ok,
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
        error: run.error,
        can_undo: run.can_undo,
    }
}
