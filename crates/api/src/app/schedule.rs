//! The tasks of an app, begun by the clock or by a person's hand.

use std::sync::{Arc, Mutex, Weak};

use async_trait::async_trait;
use tokio::select;
use watchstate_engine::{CancellationToken, Consent, RunReport};
use watchstate_model::BackendId;
use watchstate_store::Import;

use super::jobs::Job;
use super::runs::AFTER_A_RUN;
use super::truth::many;
use super::{App, locked};
use crate::contract::{
    self, Advice, CronLine, Failure, FailureKind, NextRun, ReadCron, SetTask, Tag, Task, TaskEnd,
};
use crate::failure::advice;
use crate::schedule::{self, Ticking, Timer, Work};
use crate::settings::Book;
use crate::{ApiError, Code};

/// How many next times of a line are shown while it is typed.
const SHOWN: usize = 3;

/// What starts the tasks of an app.
pub(super) struct Schedule {
    timer: Arc<Timer>,
    book: Arc<Book>,
    ticking: Mutex<Option<Ticking>>,
}

/// A task that needs servers, and for that its turn with them.
#[derive(Clone, Copy)]
enum WithServers {
    Import,
    Export,
}

/// Runs tasks as long as there is an app.
struct ByTheClock(Weak<App>);

#[async_trait]
impl Work for ByTheClock {
    async fn run(
        &self,
        task: schedule::TaskName,
        cancel: CancellationToken,
    ) -> crate::Result<String> {
        let Some(app) = self.0.upgrade() else {
            return Err(ApiError::new(
                Code::Stopped,
                "the app is closing; it runs at the next start",
            ));
        };
        app.run_by_the_clock(task, cancel).await.map_err(|failure| {
            // That a person stopped it is no trouble.
            let code = match failure.kind {
                FailureKind::Cancelled => Code::Stopped,
                _ => Code::Trouble,
            };
            ApiError::new(code, format!("{}; {}", failure.what, failure.todo))
        })
    }
}

impl App {
    /// Lets the clock start the tasks, from now on until the app is closed. To be called once.
    pub async fn start_schedule(self: &Arc<Self>, book: Arc<Book>) -> crate::Result<()> {
        let household = self.household();
        let work = Arc::new(ByTheClock(Arc::downgrade(self)));
        let timer =
            Timer::new(household.path(), book.clone(), household.around.clock.clone(), work);
        locked(&self.mood).paused_until = timer.paused_until();
        let mut changes = timer.changes();
        let ticking = timer.start().await?;
        let schedule = Schedule { timer, book, ticking: Mutex::new(Some(ticking)) };
        if self.schedule.set(schedule).is_err() {
            return Ok(());
        }
        self.tell_next_run();
        let app = Arc::downgrade(self);
        // Not one of those that closing waits for: it has nothing on its way, and would only go at the next change.
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let Some(app) = app.upgrade() else { return };
                if app.tracker.is_closed() {
                    return;
                }
                app.tell_next_run();
            }
        });
        Ok(())
    }

    /// Starts nothing more, and stops what the clock began.
    pub(super) async fn stop_schedule(&self) {
        let Some(schedule) = self.schedule.get() else { return };
        let ticking = locked(&schedule.ticking).take();
        if let Some(ticking) = ticking {
            ticking.stop().await;
        }
        schedule.timer.stop_all();
    }

    /// Waits until what the clock began has ended.
    pub(super) async fn schedule_has_ended(&self) {
        if let Some(schedule) = self.schedule.get() {
            schedule.timer.has_ended().await;
        }
    }

    /// What the clock starts next, and when.
    pub(super) fn next_of_the_clock(&self) -> Option<NextRun> {
        let (task, at) = self.schedule.get()?.timer.next_run()?;
        Some(NextRun { task: shown(task), at: at.into() })
    }

    /// What is wrong with the backup that runs by itself, until one goes well or it is switched off.
    pub(super) fn backup_trouble(&self) -> Option<Advice> {
        let rows = self.schedule.get()?.timer.tasks();
        let row = rows.into_iter().find(|row| row.task == schedule::TaskName::Backup)?;
        let wrong = row.last.filter(|_| row.on)?.wrong?;
        let Advice { what, todo } = advice(&wrong);
        Some(Advice { what: "The last backup failed".to_owned(), todo: format!("{what}. {todo}") })
    }

    fn tell_next_run(&self) {
        self.set_next_run(self.next_of_the_clock());
    }

    /// Keeps, over a new start, until when schedules rest.
    pub(super) fn keep_pause(&self, until: Option<watchstate_model::Moment>) {
        if let Some(schedule) = self.schedule.get()
            && let Err(error) = schedule.timer.pause(until)
        {
            tracing::warn!(%error, "the pause is not kept over a new start");
        }
    }

    /// All tasks.
    pub fn tasks(&self) -> Vec<Task> {
        let Some(schedule) = self.schedule.get() else { return Vec::new() };
        let rows = schedule.timer.tasks().into_iter();
        rows.map(|row| Task {
            name: shown(row.task),
            on: row.on,
            line: row.line,
            words: row.words,
            next: row.next.into_iter().map(Into::into).collect(),
            last: row.last.map(|last| TaskEnd {
                at: last.at.into(),
                ok: last.ok,
                ms: last.ms,
                says: last.says,
            }),
            running: row.running,
            locked_by: row.line_locked_by.or(row.on_locked_by).map(str::to_owned),
        })
        .collect()
    }

    /// Changes the switch or the line of a task.
    pub fn set_task(&self, wish: &SetTask) -> Result<(), Failure> {
        let (schedule, task) = self.scheduled(wish.name)?;
        Ok(schedule.timer.set(task, wish.on, wish.line.as_deref())?)
    }

    /// Begins a task at once.
    pub fn run_task(&self, task: contract::TaskName) -> Result<(), Failure> {
        let (schedule, task) = self.scheduled(task)?;
        Ok(schedule.timer.run_now(task)?)
    }

    /// Stops a task; what was done is kept.
    pub fn stop_task(&self, task: contract::TaskName) -> Result<(), Failure> {
        let (schedule, task) = self.scheduled(task)?;
        schedule.timer.stop(task);
        Ok(())
    }

    /// A line in words, or what is wrong with it.
    pub fn read_cron(&self, wish: &ReadCron) -> CronLine {
        match schedule::CronLine::read(&wish.line) {
            Ok(line) => {
                let zone = match self.schedule.get() {
                    Some(schedule) => schedule.book.zone(),
                    None => self.shell.zone.clone(),
                };
                let next = line.next_runs(self.now(), &zone, SHOWN).into_iter();
                CronLine::Good {
                    ok: true,
                    words: line.words(),
                    next: next.map(Into::into).collect(),
                }
            }
            Err(refused) => {
                let crate::Refusal { what, todo } = refused.refusal;
                CronLine::Bad { ok: false, advice: Failure::usage(what, todo).advice() }
            }
        }
    }

    fn scheduled(
        &self,
        task: contract::TaskName,
    ) -> Result<(&Schedule, schedule::TaskName), Failure> {
        let own = match task {
            contract::TaskName::Import => schedule::TaskName::Import,
            contract::TaskName::Export => schedule::TaskName::Export,
            contract::TaskName::Backup => schedule::TaskName::Backup,
            _ => return Err(Failure::not_found("There is no such task")),
        };
        let schedule = self.schedule.get().ok_or_else(|| {
            let what = "Nothing starts by itself here";
            Failure::new(FailureKind::Usage, what, "Use Sync now")
        })?;
        Ok((schedule, own))
    }

    /// Runs a task to its end, when what goes on has ended.
    async fn run_by_the_clock(
        self: &Arc<Self>,
        task: schedule::TaskName,
        cancel: CancellationToken,
    ) -> Result<String, Failure> {
        let backends: Vec<BackendId> =
            self.household().backends().await?.into_iter().map(|backend| backend.id).collect();
        if backends.is_empty() {
            return Ok("There is no backend yet.".to_owned());
        }
        // The clock is what looks after them where nobody opens the window again.
        self.forget_old_offers().await;
        let with_servers = match task {
            schedule::TaskName::Import => WithServers::Import,
            schedule::TaskName::Export => WithServers::Export,
            // It reads the database alone, and waits for nobody.
            schedule::TaskName::Backup => return self.back_up(&cancel).await,
        };
        let mut news = self.events();
        let job = loop {
            if let Ok(job) = self.claim(backends.clone()) {
                break job;
            }
            select! {
                () = cancel.cancelled() => return Ok("Stopped while it waited.".to_owned()),
                // Too slow a listener has missed something, and looks again like any other.
                _ = news.recv() => {}
            }
        };
        self.changed(&[Tag::Live]);
        let ended = {
            let work = self.do_with_servers(&job, with_servers);
            tokio::pin!(work);
            select! {
                ended = &mut work => ended,
                () = cancel.cancelled() => {
                    job.stop();
                    work.await
                }
            }
        };
        self.keep_how_it_ended(&ended);
        drop(job);
        self.changed(&AFTER_A_RUN);
        self.pass_on_at_once();
        let parked = match with_servers {
            WithServers::Import => 0,
            WithServers::Export => self.cards().await?.iter().map(|card| card.parked).sum(),
        };
        says(&ended?, parked)
    }

    async fn do_with_servers(
        &self,
        job: &Job,
        what: WithServers,
    ) -> Result<Vec<RunReport>, Failure> {
        let (engine, mut accounts, _at_work) = self.engine(job, false).await?;
        Ok(match what {
            WithServers::Import => {
                accounts.retain(|account| account.backend.import != Import::Off);
                engine.import(&mut accounts, Consent::default()).await?
            }
            WithServers::Export => {
                let wanted: Vec<BackendId> =
                    accounts.iter().map(|account| account.backend.id).collect();
                engine.export(&mut accounts, &wanted, Consent::default()).await?
            }
        })
    }
}

fn shown(task: schedule::TaskName) -> contract::TaskName {
    match task {
        schedule::TaskName::Import => contract::TaskName::Import,
        schedule::TaskName::Export => contract::TaskName::Export,
        schedule::TaskName::Backup => contract::TaskName::Backup,
    }
}

/// How a task went, in a sentence; a failure where it did not go well with some server, or where writes are
/// `parked`: nobody tries those again, so that an export which had nothing else to do has not done everything.
fn says(reports: &[RunReport], parked: u64) -> Result<String, Failure> {
    if let Some(error) = reports.iter().find_map(|report| report.run.error.as_deref()) {
        let failed = reports.iter().filter(|report| report.run.error.is_some()).count();
        let (what, todo) = error.split_once("; ").unwrap_or((error, "Look at Activity"));
        let what = match failed {
            1 => what.to_owned(),
            more => format!("{what}, and {} more", more - 1),
        };
        return Err(Failure::new(FailureKind::Server, what, todo));
    }
    if parked > 0 {
        let what = format!("{} not taken, and not tried any more", many(parked, "change"));
        return Err(Failure::new(FailureKind::Server, what, "Look at Backends"));
    }
    let sum = |of: fn(&RunReport) -> u64| reports.iter().map(of).sum::<u64>();
    let servers = match reports.len() {
        0 => return Ok("Nothing is switched on for it.".to_owned()),
        some => many(u64::try_from(some).unwrap_or(u64::MAX), "server"),
    };
    let waits = if reports.iter().any(|report| report.waits_for_yes) {
        " Something waits for your yes."
    } else {
        ""
    };
    let changes = sum(|report| report.run.changed + report.run.added + report.run.written);
    Ok(match changes {
        0 => format!("{servers}, nothing to change.{waits}"),
        some => format!("{servers}, {}.{waits}", many(some, "change")),
    })
}

#[cfg(test)]
mod tests {
    use watchstate_store::Run;

    use super::*;

    fn report(written: u64, error: Option<&str>) -> RunReport {
        RunReport {
            task: watchstate_store::Task::Export,
            backend: BackendId(1),
            name: "den".to_owned(),
            ok: error.is_none(),
            waits_for_yes: false,
            run: Run { written, error: error.map(str::to_owned), ..Run::default() },
        }
    }

    #[test]
    fn how_a_task_went() {
        let went = |reports: &[RunReport], parked| {
            says(reports, parked).map_err(|failure| format!("{}; {}", failure.what, failure.todo))
        };
        let well = |says: &str| Ok(says.to_owned());
        let badly = |says: &str| Err(says.to_owned());
        assert_eq!(went(&[], 0), well("Nothing is switched on for it."));
        assert_eq!(went(&[report(0, None)], 0), well("1 server, nothing to change."));
        assert_eq!(went(&[report(1, None), report(0, None)], 0), well("2 servers, 1 change."));
        let off = report(0, Some("den: it is off; switch it on"));
        assert_eq!(went(&[off.clone(), report(3, None)], 0), badly("den: it is off; Switch it on"));
        assert_eq!(went(&[off.clone(), off], 2), badly("den: it is off, and 1 more; Switch it on"));
        let parked = badly("2 changes not taken, and not tried any more; Look at Backends");
        assert_eq!(went(&[report(0, None)], 2), parked, "it is not all well with nothing to do");
    }
}
