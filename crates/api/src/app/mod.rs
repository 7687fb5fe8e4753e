//! The app behind every window: an open household that lives as long as the program does.
//!
//! It begins runs and stops them, knows what goes on, keeps previews and sign-ins in memory, and tells what
//! changed. Windows reach it through [`crate::table`]; nothing here knows a window or a protocol.

mod backends;
mod backups;
mod demo;
mod held;
mod history;
mod inbox;
mod jobs;
mod list;
mod listen;
mod live;
mod log;
mod looking;
mod offers;
mod overview;
mod preferences;
mod preview;
mod realtime;
mod runs;
mod schedule;
mod sign_in;
mod support;
mod tickets;
mod title;
mod truth;
mod undo;
mod waiting_room;
mod watching;
mod webhooks;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

pub use demo::{Demo, DemoServers};
pub use inbox::Ears;
use jiff::tz::TimeZone;
use jobs::Jobs;
use list::ListCache;
use listen::Listening;
use live::Board;
pub use log::LogRing;
use offers::Offers;
use preview::{LookAnew, Previews};
pub use realtime::{Heeded, Plays, Realtime};
use schedule::Schedule;
use tickets::Tickets;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;
use waiting_room::WaitingRoom;
use watchstate_model::{BackendId, Moment, PersonId};
use watchstate_store::Backend;
use webhooks::Webhooks;

use crate::contract::{About, Event, Failure, Host, LogLevel, LogLine, NextRun, SecretsIn, Tag};
use crate::{Household, SecretsPlace};

/// How long a closing app waits for what is on its way.
const DRAIN: Duration = Duration::from_secs(5);
/// No page is longer.
const LONGEST_PAGE: u32 = 1000;

/// What an app takes from the shell around it.
pub struct Shell {
    /// Where the window is shown.
    pub host: Host,
    /// The last lines of the log.
    pub log: LogRing,
    /// The time zone in which a day begins.
    pub zone: TimeZone,
    /// What starts demo servers; nothing in a product that has none built in.
    pub demo: Option<Arc<dyn Demo>>,
}

/// The app: see the module.
pub struct App {
    house: RwLock<House>,
    board: Arc<Board>,
    jobs: Mutex<Jobs>,
    /// Whoever holds it works with the engine.
    turn: tokio::sync::Mutex<()>,
    tracker: TaskTracker,
    previews: Mutex<Previews>,
    tickets: Mutex<Tickets>,
    /// Backups that were dropped into a window.
    offers: Mutex<Offers>,
    /// Sign-ins that wait for a person elsewhere.
    waiting: tokio::sync::Mutex<WaitingRoom>,
    /// What starts the tasks, if anything does.
    schedule: OnceLock<Schedule>,
    /// Where servers tell by themselves what happened.
    webhooks: Webhooks,
    list: tokio::sync::Mutex<ListCache>,
    /// Moves whenever the list of titles may be another one.
    generation: AtomicU64,
    mood: Mutex<Mood>,
    /// What is heard of the servers.
    realtime: Mutex<Realtime>,
    /// What hears it.
    listening: Listening,
    shell: Shell,
}

/// The household at work: a person's own, or that of the demo.
#[derive(Clone)]
struct House {
    household: Arc<Household>,
    /// What keeps the demo going; nothing for a person's own.
    demo: Option<Arc<demo::Running>>,
}

/// What is known beside the database.
#[derive(Default)]
struct Mood {
    /// What keeps everything from going on.
    trouble: Option<Failure>,
    /// What a person agreed to, where it is not what would be changed any more.
    look_anew: Option<LookAnew>,
    paused_until: Option<Moment>,
    next_run: Option<NextRun>,
    /// Backends that are to be told something as soon as nothing else goes on.
    tell: BTreeSet<BackendId>,
    /// The day, and the journal's last line before it.
    today: Option<(Moment, i64)>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// An app over an open household.
    pub fn new(household: Household, shell: Shell) -> Arc<Self> {
        Arc::new(Self {
            house: RwLock::new(House { household: Arc::new(household), demo: None }),
            board: Arc::new(Board::new()),
            jobs: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            tracker: TaskTracker::new(),
            previews: Mutex::default(),
            tickets: Mutex::default(),
            offers: Mutex::default(),
            waiting: tokio::sync::Mutex::default(),
            schedule: OnceLock::new(),
            webhooks: Webhooks::new(),
            list: tokio::sync::Mutex::default(),
            generation: AtomicU64::new(0),
            mood: Mutex::default(),
            realtime: Mutex::default(),
            listening: Listening::default(),
            shell,
        })
    }

    /// What changes from now on. Whoever is too slow gets an error once and has to take everything for
    /// changed.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.board.listen()
    }

    /// Tells windows that answers with these tags are stale.
    pub fn changed(&self, tags: &[Tag]) {
        if tags.iter().any(|tag| matches!(tag, Tag::Titles | Tag::Backends)) {
            self.generation.fetch_add(1, Ordering::SeqCst);
        }
        self.board.changed(tags);
    }

    /// The household at work.
    pub fn household(&self) -> Arc<Household> {
        self.house.read().unwrap_or_else(PoisonError::into_inner).household.clone()
    }

    /// What a schedule will begin next, as whoever fires the schedules knows.
    pub fn set_next_run(&self, next: Option<NextRun>) {
        locked(&self.mood).next_run = next;
        self.changed(&[Tag::Tasks]);
    }

    /// Until when schedules rest, if they do now.
    pub fn paused_until(&self) -> Option<Moment> {
        let now = self.household().now();
        locked(&self.mood).paused_until.filter(|until| *until > now)
    }

    /// Stops what goes on, waits a little for what is on its way, and closes the database. Nothing is lost
    /// when it does not come to that.
    pub async fn close(&self) {
        self.stop_schedule().await;
        self.stop_webhooks().await;
        self.stop_run();
        self.stop_listening().await;
        self.tracker.close();
        let house = self.house.read().unwrap_or_else(PoisonError::into_inner).clone();
        house.household.store().stop_copying();
        let pause = house.household.around.pause.clone();
        let ended = async {
            self.tracker.wait().await;
            self.schedule_has_ended().await;
        };
        tokio::select! {
            () = ended => {}
            () = pause.pause(DRAIN) => {}
        }
        house.household.store().close().await;
        if let Some(demo) = house.demo {
            demo.before.store().close().await;
        }
    }

    /// About the app.
    pub fn about(&self) -> About {
        let household = self.household();
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_folder: household.path().display().to_string(),
            secrets: match household.secrets_place() {
                SecretsPlace::Keyring => SecretsIn::Keyring,
                SecretsPlace::File => SecretsIn::File,
            },
            licence: "MIT".to_owned(),
            host: self.shell.host,
            demo: self.house.read().unwrap_or_else(PoisonError::into_inner).demo.is_some(),
        }
    }

    /// The latest lines of the log.
    pub fn log(&self, level: LogLevel, size: u32) -> Vec<LogLine> {
        self.shell.log.lines(level, usize::try_from(size.min(LONGEST_PAGE)).unwrap_or(0))
    }

    fn now(&self) -> Moment {
        self.household().now()
    }

    fn person(&self) -> PersonId {
        self.household().person()
    }

    /// A backend by its number.
    async fn backend(&self, id: BackendId) -> Result<Backend, Failure> {
        let all = self.household().backends().await?;
        all.into_iter()
            .find(|backend| backend.id == id)
            .ok_or_else(|| Failure::not_found("That backend is not there any more"))
    }
}
