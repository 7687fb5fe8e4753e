//! An app that listens for webhooks, and what sends some, over real connections.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use watchstate_api::contract::{Event, Host, Tag};
use watchstate_api::settings::Book;
use watchstate_api::{App, Ears, Household, LogRing, SecretsPlace, Shell, Surroundings};
use watchstate_engine::SystemClock;
use watchstate_model::{BackendId, Moment};
use watchstate_servers::{Heard, Pause, ServerKind};
use watchstate_store::{Backend, Hint};
use watchstate_testkit::fake::FakeServer;
use watchstate_testkit::simulator::direct::SimClock;

use crate::household::{NOW, Window};

/// What never happens is not waited for any longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// When pauses end.
#[derive(Clone, Copy)]
pub enum Time {
    /// When a test says so.
    WhenTold,
    /// By themselves.
    Passes,
}

/// A pause ends when a test says so.
struct WhenTold(Arc<Semaphore>);

impl Pause for WhenTold {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            if let Ok(permit) = self.0.acquire().await {
                permit.forget();
            }
        })
    }

    fn now(&self) -> Moment {
        NOW
    }
}

/// Something that an app wants to have looked after, until the test says whether it was.
#[derive(Debug)]
pub struct Asked {
    pub backend: i64,
    pub told: Vec<Heard>,
    pub answer: oneshot::Sender<bool>,
}

/// Ears that a test answers for.
pub struct Attentive(mpsc::UnboundedSender<Asked>);

impl Attentive {
    pub fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Asked>) {
        let (sender, asked) = mpsc::unbounded_channel();
        (Arc::new(Self(sender)), asked)
    }
}

#[async_trait]
impl Ears for Attentive {
    async fn hear(&self, backend: BackendId, told: Vec<Heard>) -> bool {
        let (answer, answered) = oneshot::channel();
        self.0.send(Asked { backend: backend.0, told, answer }).unwrap();
        answered.await.unwrap_or(false)
    }
}

/// An app that listens for webhooks, or may, with a server of each kind behind it.
pub struct Listening {
    pub window: Window,
    pub port: u16,
    /// Each permit ends a pause.
    pub pauses: Arc<Semaphore>,
    pub log: LogRing,
    pub jellyfin: i64,
    pub plex: i64,
    pub emby: i64,
    _servers: [FakeServer; 3],
}

/// An app on a data folder in this one.
async fn open(folder: TempDir, time: Time) -> (Window, Arc<Semaphore>, LogRing) {
    let data = folder.path().join("data");
    let book = Arc::new(Book::open(&data, |_| None));
    let pauses = Arc::new(Semaphore::new(0));
    let around = Surroundings::by_the_book(&book);
    let around = match time {
        Time::Passes => around,
        Time::WhenTold => Surroundings { pause: Arc::new(WhenTold(pauses.clone())), ..around },
    };
    let household = Household::open(&data, Some(SecretsPlace::File), around).await.unwrap();
    let log = LogRing::new(Arc::new(SystemClock));
    let zone = jiff::tz::TimeZone::UTC;
    let shell = Shell { host: Host::Browser, log: log.clone(), zone, demo: None };
    (Window { app: App::new(household, shell), clock: SimClock::at(NOW), folder }, pauses, log)
}

/// A port that nobody uses now.
pub async fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

/// An answer: its status, its headers in small letters, its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Sends this, and reads until the other side hangs up. Nothing where it did so without an answer.
pub async fn send(port: u16, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    // Who is refused before all was sent cannot send the rest.
    let _ = stream.write_all(request).await;
    answer(&mut stream).await
}

pub async fn answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut text = Vec::new();
    // What was not read on the other side resets the connection; what was answered before is there.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut text)).await.expect("it is never hung up");
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}

/// A request with a body.
pub fn request(method: &str, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: watchstate\r\nContent-Type: {kind}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

pub const JSON: &str = "application/json";

impl Listening {
    pub async fn start() -> Self {
        Self::start_in(Time::WhenTold).await
    }

    pub async fn start_in(time: Time) -> Self {
        let mut listening = Self::start_with(free_port().await, "true", time).await;
        loop {
            let at = format!("127.0.0.1:{}", listening.port);
            let counts = listening
                .until(|counts| counts["at"] == at.as_str() && counts["state"] != "off")
                .await;
            if counts["state"] == "listening" {
                return listening;
            }
            // Another program has taken the port meanwhile.
            listening.port = free_port().await;
            listening.set("WS_WEBHOOK_PORT", &listening.port.to_string()).await;
        }
    }

    pub async fn start_with(port: u16, on: &'static str, time: Time) -> Self {
        let (window, pauses, log) = open(TempDir::new().unwrap(), time).await;
        let start = |kind, version: &'static str| async move {
            FakeServer::of(kind, version).at(NOW).with_sample().start().await.unwrap()
        };
        let servers = [
            start(ServerKind::Jellyfin, "10.10.7").await,
            start(ServerKind::Plex, "1.40.2").await,
            start(ServerKind::Emby, "4.8.11.0").await,
        ];
        let jellyfin = window.add("attic", &servers[0], "jellyfin").await;
        let plex = window.add("den", &servers[1], "plex").await;
        let emby = window.add("cellar", &servers[2], "emby").await;
        let listening = Self { window, port, pauses, log, jellyfin, plex, emby, _servers: servers };
        listening.set("WS_WEBHOOK_PORT", &port.to_string()).await;
        listening.set("WS_WEBHOOK", on).await;
        listening.window.app.start_webhooks();
        listening
    }

    /// The app ends, and is started again on what it left.
    pub async fn restart(self) -> Self {
        let Window { app, folder, .. } = self.window;
        app.close().await;
        // One process at a time has a folder, and one app in it.
        drop(app);
        let (window, pauses, log) = open(folder, Time::WhenTold).await;
        let listening = Self { window, pauses, log, ..self };
        listening.window.app.start_webhooks();
        listening.until(|counts| counts["state"] == "listening").await;
        listening
    }

    pub async fn set(&self, name: &str, value: &str) {
        self.window.ask("set_setting", json!({ "name": name, "value": value })).await;
    }

    pub async fn counts(&self) -> Value {
        self.window.ask("webhook_counts", json!({})).await
    }

    pub async fn count(&self, of: &str) -> u64 {
        self.counts().await[of].as_u64().unwrap()
    }

    /// Waits until what is told of the listener is so.
    pub async fn until(&self, so: impl Fn(&Value) -> bool) -> Value {
        let mut events = self.window.app.events();
        let mut last = Value::Null;
        let waiting = timeout(PATIENCE, async {
            loop {
                let counts = self.counts().await;
                if so(&counts) {
                    return counts;
                }
                last = counts;
                loop {
                    if let Event::Changed { tags } = events.recv().await.unwrap()
                        && tags.contains(&Tag::Webhooks)
                    {
                        break;
                    }
                }
            }
        });
        match waiting.await {
            Ok(counts) => counts,
            Err(_) => panic!("it stays {last}"),
        }
    }

    /// The path of a backend's address.
    pub async fn path(&self, backend: i64) -> String {
        let address = self.window.ask("webhook_address", json!({ "backend": backend })).await;
        path_of(&address, self.port)
    }

    pub async fn backend(&self, id: i64) -> Backend {
        let all = self.window.app.household().backends().await.unwrap();
        all.into_iter().find(|backend| backend.id == BackendId(id)).unwrap()
    }

    /// What is in the inbox about a backend.
    pub async fn hints(&self, backend: i64) -> Vec<Hint> {
        let household = self.window.app.household();
        household.store().hints(BackendId(backend), u32::MAX).await.unwrap()
    }

    /// Waits until nothing is in the inbox about a backend.
    pub async fn until_empty(&self, backend: i64) {
        let emptied = timeout(PATIENCE, async {
            while !self.hints(backend).await.is_empty() {
                tokio::task::yield_now().await;
            }
        });
        emptied.await.expect("it stays in the inbox");
    }

    /// What the plugin of Jellyfin posts when its user marks a movie.
    pub async fn marked(&self, item: &str) -> Vec<u8> {
        let backend = self.backend(self.jellyfin).await;
        marked(&backend.server_id.unwrap(), &backend.user_id.unwrap(), item)
    }
}

pub fn path_of(address: &Value, port: u16) -> String {
    let address = address["address"].as_str().unwrap();
    let start = format!("http://127.0.0.1:{port}");
    address.strip_prefix(&start).unwrap_or_else(|| panic!("it begins otherwise")).to_owned()
}

pub fn marked(server: &str, user: &str, item: &str) -> Vec<u8> {
    let body = json!({
        "NotificationType": "UserDataSaved", "SaveReason": "TogglePlayed", "ServerId": server,
        "UserId": user, "ItemId": item, "ItemType": "Movie", "Played": true,
    });
    body.to_string().into_bytes()
}
