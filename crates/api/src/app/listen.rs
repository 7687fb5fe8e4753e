//! Servers are listened to from the start of the app to its end: what begins that, what begins it anew, and
//! who is told what was heard.
//!
//! One task owns it all. It ends and begins anew when something changed that the tasks of accounts go by:
//! which backends there are, their addresses and tokens, the settings, a pause.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tokio::select;
use tokio::sync::{Notify, watch};
use watchstate_engine::attend;
use watchstate_engine::live::{Handle, Live, News, Spent, Standing};
use watchstate_engine::{CancellationToken, Silent};
use watchstate_model::{BackendId, Moment};
use watchstate_servers::{Heard, Pause};

use super::inbox::Ears;
use super::realtime::{Heeded, Plays, Realtime};
use super::{App, locked};
use crate::contract::{Asking, Connection, ConnectionState, Tag};
use crate::settings::table::REALTIME;

/// After telling windows, so long nothing more is told: many changes in a row are one for a person.
const BETWEEN_NEWS: Duration = Duration::from_millis(200);
/// How often it is looked at what asking costs.
const COUNT_EACH: Duration = Duration::from_secs(60);
/// What it cost is told of so long: seconds.
const COUNTED_S: i64 = 3600;
/// When the accounts cannot be read, because the keyring is locked or the database is held, it is tried again
/// after this.
const AGAIN: Duration = Duration::from_secs(30);

/// What listens, as the rest of the app reaches it.
#[derive(Default)]
pub(super) struct Listening {
    /// Moves when it has to begin anew.
    anew: watch::Sender<u64>,
    /// What is listening now.
    handle: std::sync::Mutex<Option<Handle>>,
    /// The task that owns it, once there is one, and what ends it.
    task: std::sync::Mutex<Option<(tokio::task::JoinHandle<()>, CancellationToken)>>,
}

impl App {
    /// Listens to the servers from now on until the app is closed. To be called once, within a runtime.
    pub fn start_listening(self: &Arc<Self>) {
        let (end, anew) = (CancellationToken::new(), self.listening.anew.subscribe());
        let task = tokio::spawn(listen(Arc::downgrade(self), anew, end.clone()));
        let before = locked(&self.listening.task).replace((task, end));
        debug_assert!(before.is_none(), "it was started once");
    }

    /// Something changed that the tasks of accounts go by.
    pub(super) fn listen_anew(&self) {
        self.listening.anew.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Ends it, and waits until it has ended.
    pub(super) async fn stop_listening(&self) {
        let task = locked(&self.listening.task).take();
        if let Some((task, end)) = task {
            end.cancel();
            if let Err(error) = task.await {
                tracing::error!(%error, "listening ended by a fault");
            }
        }
    }

    /// A run has ended, and may have found what others are owed: those that are listened to are told now. What
    /// is owed to a backend that is not waits for the next export.
    pub(super) fn pass_on_at_once(&self) {
        if let Some(handle) = &*locked(&self.listening.handle) {
            handle.owe(handle.standing().into_keys());
        }
    }

    /// Whether a person wants servers to be listened to.
    fn is_to_listen(&self) -> bool {
        let household = self.household();
        let book = household.around.book.as_ref();
        book.and_then(|book| book.get(REALTIME)).is_none_or(|setting| setting.is_on())
    }
}

/// Listens until the app ends, or is told to end it.
async fn listen(app: Weak<App>, mut anew: watch::Receiver<u64>, end: CancellationToken) {
    loop {
        anew.mark_unchanged();
        let Some(here) = app.upgrade() else { return };
        let pause = Arc::clone(&here.household().around.pause);
        let bell = Arc::new(Bell::default());
        let paused = here.paused_until().map(|until| until.0 - here.now().0);
        let paused = paused.map(|s| Duration::from_secs(u64::try_from(s).unwrap_or(0)));
        let live = match paused {
            None if here.is_to_listen() => begin(&here, &bell).await,
            _ => Ok(None),
        };
        drop(here);
        match live {
            Ok(Some(live)) => {
                select! {
                    () = tell(&app, live.handle(), &bell, pause.as_ref()) => {}
                    _ = anew.changed() => {}
                    () = end.cancelled() => {}
                }
                live.stop().await;
            }
            Ok(None) => select! {
                () = pause_of(paused, pause.as_ref()) => {}
                _ = anew.changed() => {}
                () = end.cancelled() => {}
            },
            Err(error) => {
                tracing::warn!(%error, "no server can be listened to for a moment");
                select! {
                    () = pause.pause(AGAIN) => {}
                    _ = anew.changed() => {}
                    () = end.cancelled() => {}
                }
            }
        }
        let Some(app) = app.upgrade() else { return };
        *locked(&app.listening.handle) = None;
        app.set_ears(None);
        app.set_realtime(Realtime::default());
        if end.is_cancelled() {
            return;
        }
    }
}

/// Waits until a person's pause is over; for ever where there is none.
async fn pause_of(paused: Option<Duration>, pause: &dyn Pause) {
    match paused {
        Some(rest) => pause.pause(rest).await,
        None => std::future::pending().await,
    }
}

/// Begins to listen; nothing where there is no backend.
async fn begin(app: &Arc<App>, bell: &Arc<Bell>) -> crate::Result<Option<Live>> {
    let household = app.household();
    let accounts = household.accounts().await?;
    if accounts.is_empty() {
        return Ok(None);
    }
    let engine = household.engine(Arc::new(Silent), CancellationToken::new());
    let pause = Arc::clone(&household.around.pause);
    let live = Live::start(engine, accounts, pause, Arc::clone(bell) as Arc<dyn News>);
    *locked(&app.listening.handle) = Some(live.handle());
    app.set_ears(Some(Arc::new(live.handle())));
    Ok(Some(live))
}

/// What webhooks told is looked after by those who listen. What is told of a server that cannot be reached stays
/// in the inbox until it can.
#[async_trait]
impl Ears for Handle {
    async fn hear(&self, backend: BackendId, told: Vec<Heard>) -> bool {
        let standing = self.standing();
        let is_there = |stands: &Standing| stands.connection != attend::Connection::Offline;
        let is_there = standing.get(&backend).is_some_and(is_there);
        is_there && self.hear_out(backend, told).await
    }
}

/// Tells windows what is heard, for as long as there is an app.
async fn tell(app: &Weak<App>, handle: Handle, bell: &Bell, pause: &dyn Pause) {
    let mut costs = Costs::default();
    loop {
        let rung = select! {
            () = bell.rings() => bell.take(),
            () = pause.pause(COUNT_EACH) => 0,
        };
        let Some(app) = app.upgrade() else { return };
        let now = app.now();
        let cost = costs.last_hour(handle.spent(), now);
        app.set_realtime(heard(handle.standing(), &cost, &app.realtime_snapshot(), now));
        if rung & Bell::MARKS != 0 {
            app.changed(&AFTER_MARKS);
        }
        drop(app);
        pause.pause(BETWEEN_NEWS).await;
    }
}

/// What is stale when marks were taken in or told.
const AFTER_MARKS: [Tag; 4] = [Tag::Titles, Tag::Journal, Tag::Owed, Tag::Backends];

/// What is rung when something is heard, and remembers what.
#[derive(Default)]
struct Bell {
    rung: AtomicU8,
    rings: Notify,
}

impl Bell {
    const MARKS: u8 = 1;
    /// Somebody plays, or a connection stands otherwise: the snapshot tells which.
    const STANDING: u8 = 2;

    fn ring(&self, what: u8) {
        self.rung.fetch_or(what, Ordering::AcqRel);
        self.rings.notify_one();
    }

    async fn rings(&self) {
        self.rings.notified().await;
    }

    fn take(&self) -> u8 {
        self.rung.swap(0, Ordering::AcqRel)
    }
}

impl News for Bell {
    fn marks(&self) {
        self.ring(Self::MARKS);
    }

    fn playing(&self) {
        self.ring(Self::STANDING);
    }

    fn connections(&self) {
        self.ring(Self::STANDING);
    }
}

/// What was spent, minute by minute, in the last hour.
#[derive(Default)]
struct Costs(VecDeque<(Moment, BTreeMap<BackendId, Spent>)>);

impl Costs {
    /// What was spent in the last hour, when so much was spent in all.
    fn last_hour(
        &mut self,
        spent: BTreeMap<BackendId, Spent>,
        now: Moment,
    ) -> BTreeMap<BackendId, Asking> {
        while self.0.get(1).is_some_and(|(at, _)| now.0 - at.0 >= COUNTED_S) {
            self.0.pop_front();
        }
        // Before the first count nothing was spent: the clients were made for this.
        let is_whole = self.0.front().is_some_and(|(at, _)| now.0 - at.0 >= COUNTED_S);
        let before = self.0.front().filter(|_| is_whole).map(|(_, before)| before);
        let cost = spent
            .iter()
            .map(|(backend, all)| {
                let then = before.and_then(|before| before.get(backend).copied());
                let then = then.unwrap_or_default();
                let requests = all.requests.saturating_sub(then.requests);
                (*backend, Asking { requests, bytes: all.bytes.saturating_sub(then.bytes) })
            })
            .collect();
        let rested = i64::try_from(COUNT_EACH.as_secs()).unwrap_or(60);
        if self.0.back().is_none_or(|(at, _)| now.0 - at.0 >= rested) {
            self.0.push_back((now, spent));
        }
        cost
    }
}

/// What is heard, as windows are told it.
fn heard(
    standing: BTreeMap<BackendId, Standing>,
    cost: &BTreeMap<BackendId, Asking>,
    before: &Realtime,
    now: Moment,
) -> Realtime {
    let backends = standing.into_iter().map(|(backend, stands)| {
        let connection = Connection {
            state: match stands.connection {
                attend::Connection::Live => ConnectionState::Live,
                attend::Connection::Polling => ConnectionState::Polling,
                attend::Connection::Offline => ConnectionState::Offline,
            },
            since_at: Some(stands.since.into()),
            why: stands.why,
            asked_every_s: u32::try_from(stands.each_s).ok(),
            last_hour: cost.get(&backend).copied().unwrap_or_default(),
            dropped: stands.foreign,
        };
        let known = before.backends.get(&backend).map_or(&[][..], |before| &before.playing[..]);
        let playing = stands.playing.into_iter().map(|playing| {
            let known = known.iter().find(|known| known.now.key == playing.key);
            Plays { since: known.map_or(now, |known| known.since), now: playing }
        });
        (backend, Heeded { connection, playing: playing.collect() })
    });
    Realtime { backends: backends.collect() }
}

#[cfg(test)]
mod tests;
