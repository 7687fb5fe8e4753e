use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::mpsc;

use super::*;
use crate::settings::table::TIME_ZONE;

/// A clock that stands until it is moved.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

/// Tells when a task begins, and ends it when it is told how.
struct Told {
    began: mpsc::UnboundedSender<(TaskName, mpsc::UnboundedSender<Result<String>>)>,
}

#[async_trait]
impl Work for Told {
    async fn run(&self, task: TaskName, cancel: CancellationToken) -> Result<String> {
        let (end, mut ended) = mpsc::unbounded_channel();
        self.began.send((task, end)).unwrap();
        tokio::select! {
            done = ended.recv() => done.expect("the work goes down"),
            () = cancel.cancelled() => Err(ApiError::new(Code::Stopped, "it was stopped")),
        }
    }
}

type Began = mpsc::UnboundedReceiver<(TaskName, mpsc::UnboundedSender<Result<String>>)>;

struct Scene {
    folder: tempfile::TempDir,
    clock: Arc<Hands>,
    timer: Arc<Timer>,
    began: Began,
}

/// 2026-06-01 12:10 UTC.
const START: i64 = 1_780_315_800;
const HOUR: i64 = 3600;

fn timer(folder: &Path, clock: &Arc<Hands>) -> (Arc<Timer>, Began) {
    let (tell, began) = mpsc::unbounded_channel();
    let book = Book::open(folder, |name| (name == TIME_ZONE).then(|| "UTC".to_owned()));
    (Timer::new(folder, Arc::new(book), clock.clone(), Arc::new(Told { began: tell })), began)
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hands(AtomicI64::new(START)));
    let (timer, began) = timer(folder.path(), &clock);
    Scene { folder, clock, timer, began }
}

impl Scene {
    fn later(&self, seconds: i64) -> Vec<Looked> {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
        self.timer.look()
    }

    /// As a new process finds it.
    fn restart(&mut self) {
        (self.timer, self.began) = timer(self.folder.path(), &self.clock);
    }

    async fn end(&mut self, how: Result<String>) -> TaskName {
        let mut changes = self.timer.changes();
        changes.mark_unchanged();
        let (task, end) = self.began.recv().await.unwrap();
        end.send(how).unwrap();
        changes.changed().await.unwrap();
        task
    }

    fn row(&self, task: TaskName) -> TaskRow {
        self.timer.tasks().into_iter().find(|row| row.task == task).unwrap()
    }
}

#[tokio::test]
async fn each_at_its_time_and_once() {
    let mut scene = scene();
    assert_eq!(scene.timer.look(), [], "the first look of all misses nothing");
    assert_eq!(scene.timer.next_run(), Some((TaskName::Export, Moment(START + 1200))));
    assert_eq!(scene.later(1199), [], "a second before");
    assert_eq!(scene.later(1), [Looked::Started(TaskName::Export)]);
    assert_eq!(scene.timer.look(), [], "looked at twice in a second");
    assert!(scene.row(TaskName::Export).running);
    scene.clock.0.fetch_add(7, Ordering::SeqCst);
    assert_eq!(scene.end(Ok("3 written".to_owned())).await, TaskName::Export);
    let row = scene.row(TaskName::Export);
    let (at, says) = (Moment(START + 1200), "3 written".to_owned());
    let last = Last { at, ok: true, ms: 7000, says, wrong: None };
    assert_eq!((row.running, row.last), (false, Some(last.clone())));
    assert_eq!(row.words, "every hour at 30 past");
    let next: Vec<_> = (1..=3).map(|hour| Moment(START + 1200 + hour * HOUR)).collect();
    assert_eq!(row.next, next);
    scene.restart();
    assert_eq!(scene.row(TaskName::Export).last, Some(last), "known after a restart");
}

#[tokio::test]
async fn one_that_still_runs_is_not_started_again() {
    let mut scene = scene();
    scene.timer.look();
    assert_eq!(scene.later(1200), [Looked::Started(TaskName::Export)]);
    assert_eq!(
        scene.later(HOUR),
        [Looked::CaughtUp(TaskName::Import), Looked::Skipped(TaskName::Export)],
        "another task is not held up by it"
    );
    assert_eq!(scene.timer.run_now(TaskName::Export).unwrap_err().code, Code::Busy);
    assert_eq!(scene.end(Ok(String::new())).await, TaskName::Export);
    assert_eq!(scene.later(60), [], "what was skipped is not made up for");
    scene.timer.run_now(TaskName::Export).unwrap();
}

#[tokio::test]
async fn sleep_and_restarts_are_made_up_for_once() {
    let mut scene = scene();
    scene.timer.look();
    let both = [Looked::CaughtUp(TaskName::Import), Looked::CaughtUp(TaskName::Export)];
    assert_eq!(scene.later(50 * HOUR), both, "two days of sleep");
    assert_eq!(scene.later(60), [], "once");
    scene.end(Ok(String::new())).await;
    scene.end(Ok(String::new())).await;
    scene.restart();
    assert_eq!(scene.later(60), [], "a restart alone misses nothing");
    scene.restart();
    let [import, export] = both;
    let all = [import, export, Looked::CaughtUp(TaskName::Backup)];
    assert_eq!(
        scene.later(30 * HOUR),
        all,
        "switched off for a day, over the morning of the backup"
    );
    scene.restart();
    assert_eq!(scene.later(60), [], "a crash in the middle of a run does not begin it again");
    assert_eq!(scene.later(-10 * HOUR), [], "the clock is set back");
    assert_eq!(scene.later(HOUR).len(), 2, "and goes on from there");
}

#[tokio::test]
async fn what_was_missed_in_sleep_is_done_in_order() {
    let mut scene = scene();
    assert_eq!(scene.timer.look(), [], "the first look");
    let both = [Looked::CaughtUp(TaskName::Import), Looked::CaughtUp(TaskName::Export)];
    assert_eq!(scene.later(8 * HOUR), both);
    let (first, end) = scene.began.recv().await.unwrap();
    assert_eq!(first, TaskName::Import);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(scene.began.try_recv().is_err(), "the export waits for what the import learns");
    assert!(scene.row(TaskName::Export).running, "and can be stopped meanwhile");
    end.send(Ok(String::new())).unwrap();
    assert_eq!(scene.began.recv().await.unwrap().0, TaskName::Export);
}

#[tokio::test]
async fn off_changed_and_paused() {
    let mut scene = scene();
    scene.timer.look();
    scene.timer.set(TaskName::Import, Some(false), None).unwrap();
    scene.timer.set(TaskName::Export, None, Some("20 * * * *")).unwrap();
    assert_eq!(scene.row(TaskName::Import).next, []);
    assert_eq!(scene.later(600), [Looked::Started(TaskName::Export)], "at its new time");
    scene.end(Err(ApiError::usage("no backend exports"))).await;
    let last = scene.row(TaskName::Export).last.unwrap();
    assert_eq!((last.ok, last.says.as_str()), (false, "no backend exports"));
    assert_eq!(scene.later(2 * HOUR), [Looked::Started(TaskName::Export)], "import stays off");
    scene.end(Ok(String::new())).await;
    scene.timer.set(TaskName::Import, Some(true), None).unwrap();
    assert_eq!(scene.timer.look(), [], "what was due while it was off was not missed");
    let until = Moment(scene.clock.now().0 + 2 * HOUR);
    scene.timer.pause(Some(until)).unwrap();
    assert_eq!(scene.later(HOUR), [], "paused");
    scene.restart();
    assert_eq!(scene.timer.paused_until(), Some(until), "also after a restart");
    assert!(scene.row(TaskName::Export).next[0] > until);
    assert_eq!(scene.later(HOUR).len(), 2, "each once when the pause is over");
    assert_eq!(scene.timer.paused_until(), None);
    scene.timer.pause(Some(Moment(scene.clock.now().0 + HOUR))).unwrap();
    scene.timer.pause(None).unwrap();
    assert_eq!(scene.timer.paused_until(), None, "resumed");
}

#[tokio::test]
async fn stopped_and_gone_down() {
    let mut scene = scene();
    scene.timer.run_now(TaskName::Import).unwrap();
    let (_, going) = scene.began.recv().await.unwrap();
    let mut changes = scene.timer.changes();
    changes.mark_unchanged();
    scene.timer.stop_all();
    changes.changed().await.unwrap();
    drop(going);
    assert_eq!(scene.row(TaskName::Import).last.unwrap().says, "it was stopped");
    scene.timer.run_now(TaskName::Import).unwrap();
    changes.mark_unchanged();
    drop(scene.began.recv().await.unwrap());
    changes.changed().await.unwrap();
    let row = scene.row(TaskName::Import);
    assert!(!row.running && !row.last.unwrap().ok, "work that went down does not run for ever");
}

#[tokio::test]
async fn what_is_wrong_is_known_until_it_goes_well() {
    let mut scene = scene();
    let full = || ApiError::new(Code::Trouble, "the disk is full; make room");
    let stopped = || ApiError::new(Code::Stopped, "stopped; begin again");
    let wrong = Some("the disk is full; make room");
    for (ends, says, wrong, why) in [
        (Err(stopped()), "stopped; begin again", None, "a person stopped it: no trouble"),
        (Err(full()), "the disk is full; make room", wrong, "it failed"),
        (Err(stopped()), "stopped; begin again", wrong, "a stop says nothing of what was before"),
        (Ok("3 files".to_owned()), "3 files", None, "it went well"),
    ] {
        scene.timer.run_now(TaskName::Backup).unwrap();
        scene.end(ends).await;
        for _ in 0..2 {
            let last = scene.row(TaskName::Backup).last.unwrap();
            assert_eq!((last.says.as_str(), last.wrong.as_deref()), (says, wrong), "{why}");
            scene.restart();
        }
    }
}

#[tokio::test]
async fn the_scheduler_ticks() {
    let mut scene = scene();
    let ticking = scene.timer.tick_at("* * * * * *").await.unwrap();
    scene.clock.0.fetch_add(1200, Ordering::SeqCst);
    assert_eq!(scene.began.recv().await.unwrap().0, TaskName::Export);
    ticking.stop().await;
    assert!(Job::new(TICK, |_, _| ()).is_ok(), "the line of the real tick is one");
}
