//! The app on fake servers over real HTTP, asked as a window asks it: by names and JSON.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;
use watchstate_api::contract::{Event, Failure, FailureKind, Host, Tag};
use watchstate_api::settings::Book;
use watchstate_api::table::dispatch;
use watchstate_api::{App, Demo, Household, LogRing, SecretsPlace, Shell, Surroundings};
use watchstate_engine::{Clock, Settings};
use watchstate_model::Moment;
use watchstate_servers::{Limits, Pause, ServerKind};
use watchstate_testkit::fake::{FakeServer, Setup};
use watchstate_testkit::simulator::direct::SimClock;

/// When these stories begin: a Friday, 08:00 UTC.
pub const NOW: Moment = Moment(1_800_000_000);

/// No time passes between two tries.
struct Still(SimClock);

impl Pause for Still {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // A pause of a person, or of a closing app, does not end by itself here.
        Box::pin(tokio::task::yield_now())
    }

    fn now(&self) -> Moment {
        self.0.now()
    }
}

/// A window that is open on an app.
pub struct Window {
    pub app: Arc<App>,
    pub clock: SimClock,
    /// What was answered so far, to be looked through for secrets.
    pub folder: TempDir,
}

/// Three servers, one of each kind, with the same titles and other marks.
pub struct Servers {
    pub plex: FakeServer,
    pub jellyfin: FakeServer,
    pub emby: FakeServer,
}

impl Servers {
    pub async fn start() -> Self {
        Self::start_as(|setup| setup.at(NOW)).await
    }

    /// The same on the clock of this computer: what nobody moves by hand goes on by itself.
    pub async fn in_real_time() -> Self {
        Self::start_as(Setup::in_real_time).await
    }

    /// The same, and each answer takes a while.
    pub async fn slow() -> Self {
        Self::start_as(|setup| setup.in_real_time().taking(Duration::from_millis(100))).await
    }

    async fn start_as(set: fn(Setup) -> Setup) -> Self {
        let start = |kind, version: &'static str| async move {
            set(FakeServer::of(kind, version)).with_sample().start().await.unwrap()
        };
        let servers = Self {
            plex: start(ServerKind::Plex, "1.40.2").await,
            jellyfin: start(ServerKind::Jellyfin, "10.10.7").await,
            emby: start(ServerKind::Emby, "4.8.11.0").await,
        };
        // The film of these stories is new to everybody.
        for server in servers.all() {
            server.unwatch("Heat", "ana").unwrap();
        }
        servers
    }

    pub fn all(&self) -> [&FakeServer; 3] {
        [&self.plex, &self.jellyfin, &self.emby]
    }

    pub fn pass(&self, seconds: i64) {
        for server in self.all() {
            server.pass(seconds);
        }
    }

    pub fn writes(&self) -> usize {
        self.all().iter().map(|server| server.writes().len()).sum()
    }

    /// On how many of them Heat is watched.
    pub fn watched(&self) -> usize {
        let is_watched =
            |server: &&FakeServer| server.shows("Heat", "ana").unwrap().watch.is_watched();
        self.all().into_iter().filter(is_watched).count()
    }
}

impl Window {
    pub async fn open() -> Self {
        Self::open_with(None).await
    }

    pub async fn open_with(demo: Option<Arc<dyn Demo>>) -> Self {
        Self::open_in(TempDir::new().unwrap(), demo).await
    }

    /// Opens a window on a data folder in this one.
    pub async fn open_in(folder: TempDir, demo: Option<Arc<dyn Demo>>) -> Self {
        Self::open_by(folder, demo, None, SecretsPlace::File).await
    }

    /// The same, by a book of settings and with tokens in a place of one's choice.
    pub async fn open_by(
        folder: TempDir,
        demo: Option<Arc<dyn Demo>>,
        book: Option<Arc<Book>>,
        secrets: SecretsPlace,
    ) -> Self {
        let clock = SimClock::at(NOW);
        let limits = Limits {
            connect_timeout: Duration::from_millis(1_500),
            read_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(20),
            retries: 1,
            ..Limits::default()
        };
        let around = Surroundings {
            clock: Arc::new(clock.clone()),
            pause: Arc::new(Still(clock.clone())),
            limits,
            settings: Settings::default(),
            book,
        };
        Self::open_around(folder, demo, around, clock, secrets).await
    }

    /// Opens a window on the clock of this computer, whose settings can be changed.
    pub async fn in_real_time() -> Self {
        let folder = TempDir::new().unwrap();
        let book = Arc::new(Book::open(&folder.path().join("data"), |_| None));
        let around = Surroundings::by_the_book(&book);
        Self::open_around(folder, None, around, SimClock::at(NOW), SecretsPlace::File).await
    }

    pub async fn open_around(
        folder: TempDir,
        demo: Option<Arc<dyn Demo>>,
        around: Surroundings,
        clock: SimClock,
        secrets: SecretsPlace,
    ) -> Self {
        let data = folder.path().join("data");
        let household = Household::open(&data, Some(secrets), around).await.unwrap();
        let log = LogRing::new(Arc::new(Ticking(clock.clone())));
        let shell = Shell { host: Host::Browser, log, zone: TimeZone::UTC, demo };
        Self { app: App::new(household, shell), clock, folder }
    }

    /// Asks, and expects an answer.
    pub async fn ask(&self, name: &str, arguments: Value) -> Value {
        match dispatch(&self.app, name, arguments).await {
            Ok(answer) => answer,
            Err(failure) => panic!("{name}: {failure:?}"),
        }
    }

    /// Asks, and expects to fail.
    pub async fn fail(&self, name: &str, arguments: Value) -> Failure {
        match dispatch(&self.app, name, arguments).await {
            Ok(answer) => panic!("{name} answered {answer}"),
            Err(failure) => failure,
        }
    }

    /// Begins something, and waits until all that goes on has ended.
    pub async fn ran(&self, name: &str, arguments: Value) {
        let mut events = self.app.events();
        self.ask(name, arguments).await;
        self.ended(&mut events).await;
    }

    /// Waits until a run has ended.
    pub async fn ended(&self, events: &mut Receiver<Event>) {
        loop {
            match events.recv().await.unwrap() {
                Event::Changed { tags } if tags.contains(&Tag::Runs) => return,
                _ => {}
            }
        }
    }

    /// Signs in and adds a backend, as the wizard does. Answers its number.
    pub async fn add(&self, name: &str, fake: &FakeServer, kind: &str) -> i64 {
        let credentials = if kind == "plex" {
            json!({ "by": "token", "token": fake.token_of("ana").unwrap() })
        } else {
            json!({ "by": "password", "username": "ana", "password": "ana-password" })
        };
        let wish = json!({ "kind": kind, "url": fake.url().as_str(), "credentials": credentials });
        let signed_in = self.ask("sign_in", wish).await;
        assert_eq!(signed_in["state"], "done", "{signed_in}");
        let wish = json!({
            "ticket": signed_in["ticket"], "name": name, "user": signed_in["user"], "import": "on",
            "export": true,
        });
        self.ask("add_backend", wish).await.as_i64().unwrap()
    }

    /// A household of three that was brought to agree once, with a person's yes.
    pub async fn agreed(servers: &Servers) -> Self {
        Self::open().await.agree(servers).await
    }

    /// The same for a window that is open already.
    pub async fn agree(self, servers: &Servers) -> Self {
        self.add("den", &servers.plex, "plex").await;
        self.add("attic", &servers.jellyfin, "jellyfin").await;
        self.add("cellar", &servers.emby, "emby").await;
        self.sync_with_a_yes().await;
        self
    }

    pub async fn sync_with_a_yes(&self) -> Value {
        let preview = self.ask("preview", json!({ "import": true })).await;
        self.ran("sync_now", json!({ "preview": preview["id"] })).await;
        preview
    }

    pub async fn truth(&self) -> (String, String) {
        let overview = self.ask("overview", json!({})).await;
        let text = |name: &str| overview[name].as_str().unwrap().to_owned();
        (text("truth"), text("says"))
    }

    /// The title of a name that nothing else begins with.
    pub async fn title(&self, name: &str) -> Value {
        let filter = json!({ "text": name, "kind": "movie" });
        let page = self.ask("titles", json!({ "filter": filter, "from": 0, "size": 50 })).await;
        let rows = page["rows"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{page}")).clone()
    }
}

struct Ticking(SimClock);

impl Clock for Ticking {
    fn now(&self) -> Moment {
        self.0.now()
    }
}

/// That a failure is of a kind and tells what to do.
pub fn assert_failed(failure: &Failure, kind: FailureKind, what: &str) {
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.what.contains(what), "{failure:?}");
    assert!(!failure.todo.is_empty(), "{failure:?}");
}
