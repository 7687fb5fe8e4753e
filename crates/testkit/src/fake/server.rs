//! A fake server over real HTTP on `127.0.0.1`, with verbs that read like a story.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;
use watchstate_model::{ItemKey, Marks, Moment};
use watchstate_servers::ServerKind;

use super::door::{self, Order};
use super::exchange::{Asked, Reply};
use super::faults::{Fault, Faults};
use super::library::{Library, Refused, Wrote};
use super::marks::Mark;
use super::people::{Device, UserNo};
use super::socket::{Held, Sockets};
use super::{mediabrowser, plex, sample};

/// The time of a fake: set by the test, or the real one, with an error on request.
#[derive(Debug, Default)]
pub(super) struct FakeClock {
    at: AtomicI64,
    skew: AtomicI64,
    real: AtomicBool,
}

impl FakeClock {
    fn new(at: Moment, real: bool) -> Self {
        Self { at: AtomicI64::new(at.0), real: AtomicBool::new(real), ..Self::default() }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a demo server without a test behind it goes by the real time"
    )]
    pub(super) fn now(&self) -> Moment {
        let at = if self.real.load(Ordering::Relaxed) {
            jiff::Timestamp::now().as_second()
        } else {
            self.at.load(Ordering::Relaxed)
        };
        Moment(at + self.skew.load(Ordering::Relaxed))
    }
}

/// What the connections of a server share.
pub(super) struct Inside {
    pub(super) library: Mutex<Library>,
    pub(super) sockets: Sockets,
    pub(super) faults: Mutex<Faults>,
    pub(super) clock: FakeClock,
    /// Moves when all faults are healed, which wakes those who hang.
    pub(super) healed: watch::Sender<u64>,
    /// How many answers were held back so far.
    pub(super) held_back: watch::Sender<u64>,
    /// One permit for each piece of a dripping answer.
    pub(super) drops: Semaphore,
    pub(super) gzip: bool,
    /// How long each answer takes.
    pub(super) takes: Duration,
    asked: AtomicU64,
    paths: Mutex<Vec<String>>,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inside {
    fn new(library: Library, clock: FakeClock, gzip: bool, takes: Duration) -> Self {
        Self {
            library: Mutex::new(library),
            sockets: Sockets::default(),
            faults: Mutex::default(),
            clock,
            healed: watch::Sender::new(0),
            held_back: watch::Sender::new(0),
            drops: Semaphore::new(0),
            gzip,
            takes,
            asked: AtomicU64::new(0),
            paths: Mutex::default(),
        }
    }

    /// Counts a request; its query, which may hold a token, is not kept.
    pub(super) fn count(&self, asked: &Asked) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        locked(&self.paths).push(format!("{} /{}", asked.method, asked.parts.join("/")));
    }

    pub(super) fn answer(&self, asked: &Asked) -> Reply {
        let now = self.clock.now();
        let mut library = self.held();
        match library.kind() {
            ServerKind::Jellyfin | ServerKind::Emby => {
                mediabrowser::answer(&mut library, asked, now)
            }
            ServerKind::Plex | ServerKind::Kodi => plex::answer(&mut library, asked, now),
        }
    }

    pub(super) fn expired(&self) -> Reply {
        let library = locked(&self.library);
        match library.kind() {
            ServerKind::Jellyfin | ServerKind::Emby => mediabrowser::bad_token(&library),
            ServerKind::Plex | ServerKind::Kodi => plex::bad_token(),
        }
    }
}

/// A fake about to be started.
pub struct Setup {
    library: Library,
    at: Moment,
    real: bool,
    gzip: bool,
    takes: Duration,
    port: u16,
}

impl Setup {
    /// With these people; the first one is an administrator.
    #[must_use]
    pub fn with_people(mut self, names: &[&str]) -> Self {
        for name in names {
            self.library.add_user(name);
        }
        self
    }

    /// With the household's sample library.
    #[must_use]
    pub fn with_sample(mut self) -> Self {
        sample::fill(&mut self.library);
        self
    }

    /// With whatever the test puts into it.
    #[must_use]
    pub fn with(mut self, fill: impl FnOnce(&mut Library, Moment)) -> Self {
        fill(&mut self.library, self.at);
        self
    }

    /// At this time; it stands still until the test moves it.
    #[must_use]
    pub fn at(mut self, at: Moment) -> Self {
        self.at = at;
        self
    }

    /// By the real time, for a demo.
    #[must_use]
    pub fn in_real_time(mut self) -> Self {
        self.real = true;
        self
    }

    /// Compresses answers for those who accept gzip.
    #[must_use]
    pub fn with_gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    /// That takes this long for each answer, as a server at the other end of a network does. What it tells over
    /// sockets comes at once.
    #[must_use]
    pub fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    /// With other ids and tokens than another fake of the kind.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.library = self.library.seeded(seed);
        self
    }

    /// On a port of one's choice instead of a free one.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts it. It listens when this returns, and ends when the [`FakeServer`] is dropped.
    pub async fn start(mut self) -> io::Result<FakeServer> {
        // What was there before it was started nobody is told.
        self.library.take_told();
        let clock = FakeClock::new(self.at, self.real);
        let inside = Arc::new(Inside::new(self.library, clock, self.gzip, self.takes));
        let end = CancellationToken::new();
        let (orders, received) = mpsc::channel(4);
        let address = door::open(self.port, inside.clone(), received, end.clone()).await?;
        Ok(FakeServer { inside, address, orders, _end: end.drop_guard() })
    }
}

/// A fake server that listens on `127.0.0.1` until it is dropped.
pub struct FakeServer {
    pub(super) inside: Arc<Inside>,
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    _end: DropGuard,
}

impl FakeServer {
    /// A fake of a kind and version.
    pub fn of(kind: ServerKind, version: &str) -> Setup {
        Setup {
            library: Library::new(kind, version),
            at: Moment(1_700_000_000),
            real: false,
            gzip: false,
            takes: Duration::ZERO,
            port: 0,
        }
    }

    /// A Jellyfin, such as `10.10.7` or `10.8.6`.
    pub fn jellyfin(version: &str) -> Setup {
        Self::of(ServerKind::Jellyfin, version)
    }

    /// An Emby, such as `4.8.11.0` or `3.2.40.0`.
    pub fn emby(version: &str) -> Setup {
        Self::of(ServerKind::Emby, version)
    }

    /// A Plex, such as `1.40.2`.
    pub fn plex(version: &str) -> Setup {
        Self::of(ServerKind::Plex, version)
    }

    /// Where it listens, without credentials.
    pub fn url(&self) -> Url {
        let text = format!("http://{}/", self.address);
        text.parse().unwrap_or_else(|_| unreachable!("a socket address makes a URL"))
    }

    /// A good token of a user.
    pub fn token_of(&self, user: &str) -> Result<String, Refused> {
        let library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        library.token_of(user).map(str::to_owned).ok_or(Refused::NoSuchUser)
    }

    /// The server's own id of a user.
    pub fn id_of(&self, user: &str) -> Result<String, Refused> {
        let library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        library.person(user).map(|person| person.id.clone()).ok_or(Refused::NoSuchUser)
    }

    /// A new key of the server itself.
    pub fn api_key(&self) -> String {
        let now = self.now();
        self.library().add_api_key("test", now)
    }

    /// The state behind it, to be read or changed. While it is held no request is answered; what was
    /// changed is told on the sockets when it is let go.
    pub fn library(&self) -> Held<'_> {
        self.inside.held()
    }

    // The clock.

    /// The time on the server's clock.
    pub fn now(&self) -> Moment {
        self.inside.clock.now()
    }

    /// Sets the clock.
    pub fn at(&self, at: Moment) {
        self.inside.clock.at.store(at.0, Ordering::Relaxed);
    }

    /// Lets time pass, in seconds.
    pub fn pass(&self, seconds: i64) {
        self.inside.clock.at.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The server's clock goes wrong by so many seconds: in its `Date` header, and in every date it sets.
    pub fn skew(&self, seconds: i64) {
        self.inside.clock.skew.store(seconds, Ordering::Relaxed);
    }

    // What people do.

    fn act(
        &self,
        title: &str,
        user: &str,
        act: impl FnOnce(&mut Library, UserNo, &str, Moment) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let now = self.now();
        let mut library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        let key = library.find(title).ok_or(Refused::NoSuchItem)?;
        act(&mut library, user, key.as_str(), now)
    }

    /// Watches a title to its end.
    pub fn watch(&self, title: &str, user: &str) -> Result<(), Refused> {
        self.act(title, user, Library::watch)
    }

    /// Marks a title as watched at an earlier time.
    pub fn watch_at(&self, title: &str, user: &str, date: Moment) -> Result<(), Refused> {
        self.act(title, user, |library, user, key, now| library.watch_at(user, key, date, now))
    }

    /// Watches up to a position in milliseconds and stops.
    pub fn watch_until(&self, title: &str, user: &str, ms: u64) -> Result<(), Refused> {
        self.act(title, user, |library, user, key, now| library.watch_until(user, key, ms, now))
    }

    /// Presses the button "watched".
    pub fn mark_watched(&self, title: &str, user: &str) -> Result<(), Refused> {
        self.act(title, user, Library::mark_watched)
    }

    /// Is marked as watched without date and count.
    pub fn mark_without_date(&self, title: &str, user: &str) -> Result<(), Refused> {
        self.act(title, user, |library, user, key, _| library.mark_without_date(user, key))
    }

    /// Presses the button "not watched".
    pub fn unwatch(&self, title: &str, user: &str) -> Result<(), Refused> {
        self.act(title, user, |library, user, key, _| library.unwatch(user, key))
    }

    /// Begins to play a title, on the user's own device.
    pub fn play(&self, title: &str, user: &str) -> Result<(), Refused> {
        let device = Device { id: format!("tv-of-{user}"), ..Device::television() };
        self.act(title, user, |library, user, key, now| library.play(user, key, device, now))
    }

    /// Goes on to a position in milliseconds of what is being played.
    pub fn seek(&self, user: &str, ms: u64) -> Result<(), Refused> {
        let now = self.now();
        let mut library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        library.seek(user, ms, now)
    }

    /// Pauses what is being played, or goes on with it.
    pub fn pause(&self, user: &str, paused: bool) -> Result<(), Refused> {
        let now = self.now();
        let mut library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        library.pause(user, paused, now)
    }

    /// Opens the page of a title.
    pub fn open_page(&self, title: &str, user: &str) -> Result<(), Refused> {
        self.act(title, user, |library, user, key, _| library.open_page(user, key))
    }

    /// Stops at a position in milliseconds of what is being played.
    pub fn stop_at(&self, user: &str, ms: u64) -> Result<(), Refused> {
        let now = self.now();
        let mut library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        library.stop_at(user, ms, now)
    }

    /// Opens a title again and closes it after a minute.
    pub fn reopen(&self, title: &str, user: &str) -> Result<(), Refused> {
        self.act(title, user, Library::reopen)
    }

    // What is seen.

    /// What a user is shown for a title.
    pub fn shows(&self, title: &str, user: &str) -> Result<Marks, Refused> {
        self.mark(title, user).map(|mark| mark.shown())
    }

    /// The same with what is no mark to us.
    pub fn mark(&self, title: &str, user: &str) -> Result<Mark, Refused> {
        let library = self.library();
        let user = library.user(user).ok_or(Refused::NoSuchUser)?;
        let key = library.find(title).ok_or(Refused::NoSuchItem)?;
        library.shows(user, key.as_str())
    }

    /// The key of a title.
    pub fn key_of(&self, title: &str) -> Result<ItemKey, Refused> {
        self.library().find(title).ok_or(Refused::NoSuchItem)
    }

    /// The writes that arrived over the protocol and were done.
    pub fn writes(&self) -> Vec<Wrote> {
        self.library().writes().to_vec()
    }

    /// How many of them were to a title.
    pub fn writes_to(&self, title: &str) -> Result<usize, Refused> {
        let library = self.library();
        let key = library.find(title).ok_or(Refused::NoSuchItem)?;
        Ok(library.writes_to(key.as_str()))
    }

    /// How many requests arrived, those that went wrong included.
    pub fn asked(&self) -> u64 {
        self.inside.asked.load(Ordering::Relaxed)
    }

    /// Method and path of each request, without queries.
    pub fn requests(&self) -> Vec<String> {
        locked(&self.inside.paths).clone()
    }

    // What goes wrong.

    /// From now on this fault is there too.
    pub fn fail(&self, fault: Fault) {
        locked(&self.inside.faults).add(fault);
    }

    /// Waits until so many answers were held back, counted from the server's start.
    pub async fn holds_back(&self, answers: u64) {
        // It cannot end before the server does.
        let _ = self.inside.held_back.subscribe().wait_for(|held| *held >= answers).await;
    }

    /// Nobody listens any more: connections are refused, and those that stood are gone.
    pub async fn refuse(&self) {
        self.order(Order::Close).await;
        self.cut_sockets();
    }

    /// It is started again: connections and sockets are gone, nobody plays anything, copies agree, and
    /// somebody listens again. Faults stay.
    pub async fn restart(&self) {
        self.refuse().await;
        self.library().restart();
        self.order(Order::Open).await;
    }

    /// All faults are gone, and somebody listens.
    pub async fn heal(&self) {
        locked(&self.inside.faults).heal();
        self.heal_sockets();
        self.inside.healed.send_modify(|times| *times += 1);
        self.order(Order::Open).await;
    }

    async fn order(&self, order: fn(oneshot::Sender<()>) -> Order) {
        let (done, wait) = oneshot::channel();
        // Where the door is gone already there is nothing left to open or close.
        if self.orders.send(order(done)).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// Lets so many pieces of a dripping answer go.
    pub fn let_drip(&self, pieces: usize) {
        self.inside.drops.add_permits(pieces);
    }
}
