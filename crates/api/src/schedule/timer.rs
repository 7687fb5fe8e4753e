//! Starts the tasks when they are due.
//!
//! tokio-cron-scheduler ticks once a minute; what is due then is decided by [`what_is_due`]. The lines themselves
//! are not given to it: it remembers a line's time zone as the offset from UTC of the moment at which the
//! line was added (its version 0.15.1, `src/scheduler.rs` and `src/job/builder.rs`), so that after a change
//! of daylight saving a task would run an hour off, and it knows nothing of runs missed in sleep.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::task::TaskTracker;
use watchstate_engine::{CancellationToken, Clock};
use watchstate_model::Moment;

use super::due::{Due, what_is_due};
use super::tasks::{Plan, TaskName, plan, set};
use crate::kept_file::KeptFile;
use crate::settings::Book;
use crate::{ApiError, Code, Refusal, Result};

/// The name of the file, in the data folder, of when tasks ran.
pub(crate) const FILE: &str = "schedule.json";
/// Each full minute.
const TICK: &str = "0 * * * * *";
/// How many next times of a task are shown.
const SHOWN: usize = 3;
const PAUSED_UNTIL: &str = "paused_until";

/// What does the tasks' work.
#[async_trait]
pub trait Work: Send + Sync {
    /// Runs a task to its end, and answers with one sentence on how it went. Two different tasks may be
    /// asked for at once, when a person begins one or it was due before the other ended; never the same one
    /// twice. Whether they wait for each other is decided here. One that was stopped before it began ends at
    /// once.
    async fn run(&self, task: TaskName, cancel: CancellationToken) -> Result<String>;
}

/// What a look at the tasks did with one that was due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looked {
    /// Started at its time.
    Started(TaskName),
    /// Started once for all the times that were missed.
    CaughtUp(TaskName),
    /// Not started, because it still runs.
    Skipped(TaskName),
}

/// How a task ended the last time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Last {
    /// When it began.
    pub at: Moment,
    /// Whether it did what it should.
    pub ok: bool,
    /// How long it took, in milliseconds, to the second.
    pub ms: u64,
    /// One sentence.
    pub says: String,
    /// What is wrong with it, in a line with what to do: what made it fail, this time or, where a person stopped
    /// it, before. Nothing once it went well.
    pub wrong: Option<String>,
}

/// A task as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskRow {
    /// Which.
    pub task: TaskName,
    /// Whether it runs by itself.
    pub on: bool,
    /// Its crontab line.
    pub line: String,
    /// The line in plain words.
    pub words: String,
    /// The next times; none while it is off.
    pub next: Vec<Moment>,
    /// How it ended the last time, if it ever did.
    pub last: Option<Last>,
    /// Whether it runs now.
    pub running: bool,
    /// The variable that sets its switch, if the environment does.
    pub on_locked_by: Option<&'static str>,
    /// The variable that sets its line, if the environment does.
    pub line_locked_by: Option<&'static str>,
    /// What was said of it and cannot be taken.
    pub trouble: Option<Refusal>,
}

struct State {
    file: KeptFile,
    /// Until when each task has been looked after.
    seen: BTreeMap<TaskName, Moment>,
    last: BTreeMap<TaskName, Last>,
    running: BTreeMap<TaskName, CancellationToken>,
    paused_until: Option<Moment>,
}

/// The tasks of one data folder.
pub struct Timer {
    book: Arc<Book>,
    clock: Arc<dyn Clock>,
    work: Arc<dyn Work>,
    state: Mutex<State>,
    trouble: Option<Refusal>,
    changes: watch::Sender<u64>,
    /// What was begun.
    begun: TaskTracker,
}

impl Timer {
    /// The tasks of a data folder. Nothing runs before [`Timer::look`] or [`Timer::start`].
    pub fn new(
        folder: &Path,
        book: Arc<Book>,
        clock: Arc<dyn Clock>,
        work: Arc<dyn Work>,
    ) -> Arc<Self> {
        let (file, trouble) = KeptFile::open(folder, FILE);
        let of_tasks = |of: fn(&Value) -> Option<Moment>| {
            let each = TaskName::ALL.into_iter();
            each.filter_map(|task| Some((task, of(file.get(task.name())?)?))).collect()
        };
        let seen = of_tasks(|kept| Some(Moment(kept.get("seen")?.as_i64()?)));
        let last = TaskName::ALL
            .into_iter()
            .filter_map(|task| Some((task, last_of(file.get(task.name())?.get("last")?)?)))
            .collect();
        let paused_until = file.get(PAUSED_UNTIL).and_then(Value::as_i64).map(Moment);
        let state = State { file, seen, last, running: BTreeMap::new(), paused_until };
        Arc::new(Self {
            book,
            clock,
            work,
            state: Mutex::new(state),
            trouble,
            changes: watch::Sender::new(0),
            begun: TaskTracker::new(),
        })
    }

    /// What is wrong with the file of when tasks ran.
    pub fn trouble(&self) -> Option<&Refusal> {
        self.trouble.as_ref()
    }

    /// Counts up whenever what [`Timer::tasks`] answers has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Looks once now, and from then on each minute until the answer is stopped.
    pub async fn start(self: &Arc<Self>) -> Result<Ticking> {
        self.tick_at(TICK).await
    }

    async fn tick_at(self: &Arc<Self>, when: &str) -> Result<Ticking> {
        let failed = |error: JobSchedulerError| {
            ApiError::new(
                Code::Store,
                format!("the schedule cannot be started ({error}); start WatchState again"),
            )
        };
        let scheduler = JobScheduler::new().await.map_err(failed)?;
        let timer = Arc::downgrade(self);
        let tick = Job::new(when, move |_, _| {
            if let Some(timer) = timer.upgrade() {
                timer.look();
            }
        });
        scheduler.add(tick.map_err(failed)?).await.map_err(failed)?;
        scheduler.start().await.map_err(failed)?;
        self.look();
        Ok(Ticking { scheduler })
    }

    /// Starts what is due. May be called as often as one likes: what has been dealt with is not due again.
    /// To be called within a tokio runtime.
    pub fn look(self: &Arc<Self>) -> Vec<Looked> {
        let now = self.clock.now();
        let zone = self.book.zone();
        let (mut looked, mut due_now) = (Vec::new(), Vec::new());
        let mut state = self.state();
        if state.pause(now).is_some() {
            return looked;
        }
        for plan in self.plans() {
            let task = plan.task;
            if !plan.on {
                state.seen.remove(&task);
                continue;
            }
            let Some(seen) = state.seen.get(&task).copied() else {
                state.saw(task, now);
                continue;
            };
            let due = what_is_due(seen, now, &plan.line, &zone);
            if due == Due::NotYet {
                continue;
            }
            // Kept before it begins: a run that ends the process is not begun again at each start.
            state.saw(task, now);
            if due == Due::ClockSetBack {
                continue;
            }
            looked.push(if state.running.contains_key(&task) {
                tracing::warn!(
                    task = task.name(),
                    "is due and still runs, so this time is left out"
                );
                Looked::Skipped(task)
            } else {
                due_now.push(task);
                if due == Due::Missed { Looked::CaughtUp(task) } else { Looked::Started(task) }
            });
        }
        self.begin(&mut state, &due_now);
        drop(state);
        if !looked.is_empty() {
            self.changed();
        }
        looked
    }

    /// Starts a task at once, also one that is off or while sync is paused. Refused as busy while it runs.
    pub fn run_now(self: &Arc<Self>, task: TaskName) -> Result<()> {
        let mut state = self.state();
        if state.running.contains_key(&task) {
            let what = format!("the {} is running; wait until it is done, or stop it", task.name());
            return Err(ApiError::new(Code::Busy, what));
        }
        self.begin(&mut state, &[task]);
        drop(state);
        self.changed();
        Ok(())
    }

    /// Stops a task that runs; it ends as soon as it can.
    pub fn stop(&self, task: TaskName) {
        if let Some(running) = self.state().running.get(&task) {
            running.cancel();
        }
    }

    /// Stops whatever runs.
    pub fn stop_all(&self) {
        for task in TaskName::ALL {
            self.stop(task);
        }
    }

    /// Waits until all that was begun has ended.
    pub async fn has_ended(&self) {
        self.begun.close();
        self.begun.wait().await;
    }

    /// All tasks, as they are shown.
    pub fn tasks(&self) -> Vec<TaskRow> {
        let now = self.clock.now();
        let zone = self.book.zone();
        let mut state = self.state();
        let from = state.pause(now).unwrap_or(now);
        let row = |plan: Plan| TaskRow {
            task: plan.task,
            on: plan.on,
            line: plan.line.as_str().to_owned(),
            words: plan.line.words(),
            next: if plan.on { plan.line.next_runs(from, &zone, SHOWN) } else { Vec::new() },
            last: state.last.get(&plan.task).cloned(),
            running: state.running.contains_key(&plan.task),
            on_locked_by: plan.on_locked_by,
            line_locked_by: plan.line_locked_by,
            trouble: plan.trouble,
        };
        self.plans().into_iter().map(row).collect()
    }

    /// Which task runs next by itself, and when.
    pub fn next_run(&self) -> Option<(TaskName, Moment)> {
        let tasks = self.tasks().into_iter();
        tasks.filter_map(|row| Some((row.task, *row.next.first()?))).min_by_key(|(_, at)| *at)
    }

    /// Changes a task's switch, its line, or both.
    pub fn set(&self, task: TaskName, on: Option<bool>, line: Option<&str>) -> Result<()> {
        set(&self.book, task, on, line)?;
        // What would have been due under the old line has not been missed.
        self.state().saw(task, self.clock.now());
        self.changed();
        Ok(())
    }

    /// Nothing starts by itself until a moment, also after a restart; what would have run in between runs
    /// once after it. Nothing resumes at once.
    pub fn pause(&self, until: Option<Moment>) -> Result<()> {
        let mut state = self.state();
        state.file.set(PAUSED_UNTIL, until.map(|until| json!(until.0)))?;
        state.paused_until = until;
        drop(state);
        self.changed();
        Ok(())
    }

    /// Until when nothing starts by itself, if that is so.
    pub fn paused_until(&self) -> Option<Moment> {
        self.state().pause(self.clock.now())
    }

    /// Begins tasks that are due at once, one after the other in their order: after a night's sleep the export
    /// tells what the import has just learnt, and not what was known the evening before.
    fn begin(self: &Arc<Self>, state: &mut State, tasks: &[TaskName]) {
        let mut begun = Vec::new();
        for task in tasks {
            let cancel = CancellationToken::new();
            state.running.insert(*task, cancel.clone());
            begun.push((*task, cancel));
        }
        let timer = self.clone();
        let mut now = self.clock.now();
        self.begun.spawn(async move {
            for (task, cancel) in begun {
                let work = timer.work.clone();
                // In a task of its own, so that one that goes down does not count as running for ever.
                let done = tokio::spawn(async move { work.run(task, cancel).await }).await;
                let done = done.unwrap_or_else(|error| {
                    tracing::error!(%error, task = task.name(), "went down");
                    let what = "it ended in an unexpected way; look into the log";
                    Err(ApiError::new(Code::Trouble, what))
                });
                timer.ended(task, now, done);
                now = timer.clock.now();
            }
        });
    }

    fn ended(&self, task: TaskName, began: Moment, done: Result<String>) {
        let took = self.clock.now().0.saturating_sub(began.0).max(0);
        let ms = u64::try_from(took).unwrap_or(0).saturating_mul(1000);
        let mut state = self.state();
        let (ok, says, wrong) = match done {
            Ok(says) => (true, says, None),
            Err(ApiError { code: Code::Stopped, message }) => {
                (false, message, state.last.remove(&task).and_then(|before| before.wrong))
            }
            Err(ApiError { message, .. }) => (false, message.clone(), Some(message)),
        };
        state.running.remove(&task);
        state.last.insert(task, Last { at: began, ok, ms, says, wrong });
        state.keep(task);
        drop(state);
        self.changed();
    }

    fn plans(&self) -> Vec<Plan> {
        TaskName::ALL.into_iter().filter_map(|task| plan(&self.book, task).ok()).collect()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn saw(&mut self, task: TaskName, now: Moment) {
        self.seen.insert(task, now);
        self.keep(task);
    }

    /// Writes what is known of a task. A file that cannot be written now changes nothing for as long as
    /// the process lives.
    fn keep(&mut self, task: TaskName) {
        let last = self.last.get(&task).map(
            |last| json!({
                "at": last.at.0, "ok": last.ok, "ms": last.ms, "says": last.says, "wrong": last.wrong,
            }),
        );
        let kept = json!({ "seen": self.seen.get(&task).map(|seen| seen.0), "last": last });
        if let Err(error) = self.file.set(task.name(), Some(kept)) {
            tracing::warn!(%error, "when a task ran is not kept");
        }
    }

    /// Until when nothing starts, unless that is past.
    fn pause(&mut self, now: Moment) -> Option<Moment> {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        self.paused_until
    }
}

fn last_of(kept: &Value) -> Option<Last> {
    Some(Last {
        at: Moment(kept.get("at")?.as_i64()?),
        ok: kept.get("ok")?.as_bool()?,
        ms: kept.get("ms")?.as_u64()?,
        says: kept.get("says")?.as_str()?.to_owned(),
        wrong: kept.get("wrong").and_then(Value::as_str).map(str::to_owned),
    })
}

/// Looks at the tasks each minute, as long as it is not stopped.
pub struct Ticking {
    scheduler: JobScheduler,
}

impl Ticking {
    /// Looks no more. What runs goes on; see [`Timer::stop_all`].
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::warn!(%error, "the schedule did not stop");
        }
    }
}

#[cfg(test)]
mod tests;
