//! A server on this machine that answers as it is told, and what the tests say often.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use watchstate_model::{LibraryKey, Marks, Moment, Position, Watch};
use watchstate_servers::{
    Address, Fault, Library, LibraryKind, Limits, MediaServer, Pause, Sensitive, ServerError,
    ServerKind, Stretch, connect,
};

pub(crate) const TOKEN: &str = "xSecretTokenOfAnna";
pub(crate) const CLIENT: &str = "7d0f5c3e-0000-4000-8000-000000000001";

/// What was asked, as `path?query`, and with which headers.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
}

/// What is answered.
pub(crate) enum Reply {
    Json(String),
    Status(u16),
    With(u16, &'static str, &'static str),
    Html,
    Cut,
}

pub(crate) fn recording(name: &str) -> Reply {
    let path = format!("{}/tests/recordings/plex/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Reply::Json(std::fs::read_to_string(path).unwrap())
}

impl Reply {
    fn into_response(self) -> Response {
        let json = |body: Body| {
            Response::builder().header("content-type", "application/json").body(body).unwrap()
        };
        let status = |code: u16| Response::builder().status(StatusCode::from_u16(code).unwrap());
        match self {
            Self::Json(text) => {
                let mut response = json(Body::from(text));
                // A minute behind the clock that `Waits` shows.
                let date = HeaderValue::from_static("Thu, 02 May 2024 14:29:09 GMT");
                response.headers_mut().insert("date", date);
                response
            }
            Self::Status(code) => status(code).body(Body::empty()).unwrap(),
            Self::With(code, name, value) => {
                status(code).header(name, value).body(Body::empty()).unwrap()
            }
            Self::Html => Response::builder()
                .header("content-type", "text/html")
                .body(Body::from("<!doctype html><title>A router</title>"))
                .unwrap(),
            Self::Cut => {
                let begun = Bytes::from_static(b"{\"MediaContainer\":{\"size\":2,\"Metadata\":[{");
                let pieces = futures::stream::unfold(Some(begun), async |begun| match begun {
                    Some(begun) => Some((Ok(begun), None)),
                    None => {
                        // What was begun is on its way before the rest fails.
                        tokio::task::yield_now().await;
                        Some((Err(std::io::Error::other("cut")), None))
                    }
                });
                json(Body::from_stream(pieces))
            }
        }
    }
}

/// Waits that are over at once, and how long each was to be.
#[derive(Default)]
pub(crate) struct Waits(Mutex<Vec<Duration>>);

impl Pause for Waits {
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.lock().unwrap().push(how_long);
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Moment {
        Moment(1_714_660_209)
    }
}

pub(crate) struct Fake {
    pub(crate) url: url::Url,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    waits: Arc<Waits>,
}

impl Fake {
    /// Answers by what is asked and how often anything was asked before.
    pub(crate) async fn new(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (seen, answer) = (asked.clone(), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (seen.clone(), answer.clone());
            async move {
                let uri = request.uri().to_string();
                let before = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Asked { uri: uri.clone(), headers: request.headers().clone() });
                    seen.len() - 1
                };
                answer(&uri, before).into_response()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked, waits: Arc::default() }
    }

    /// A server whose every answer is right, for the owner's token.
    pub(crate) async fn whole() -> Self {
        Self::new(|uri, _| whole(uri)).await
    }

    pub(crate) fn client(&self) -> Arc<dyn MediaServer> {
        self.client_for(None)
    }

    pub(crate) fn client_for(&self, user: Option<&str>) -> Arc<dyn MediaServer> {
        let address = Address {
            kind: ServerKind::Plex,
            url: self.url.clone(),
            user: user.map(str::to_owned),
            token: Sensitive::new(TOKEN.to_owned()),
            client_id: CLIENT.to_owned(),
        };
        let limits = Limits { retries: 1, ..Limits::default() };
        connect(address, limits, self.waits.clone()).unwrap()
    }

    pub(crate) fn uris(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| asked.uri.clone()).collect()
    }

    pub(crate) fn waits(&self) -> Vec<u64> {
        self.waits.0.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

pub(crate) fn whole(uri: &str) -> Reply {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    match path {
        "/identity" => recording("identity"),
        "/" => recording("root"),
        "/accounts" => recording("accounts"),
        "/library/sections" => recording("sections"),
        "/library/sections/1/all" if query.contains("title=") => recording("movies_found"),
        "/library/sections/1/all" if query.contains("includeGuids=0") => recording("movies_lean"),
        "/library/sections/1/all" => recording("movies"),
        "/library/sections/2/all" if query.contains("type=2") => recording("shows"),
        "/library/sections/2/all" => recording("episodes"),
        "/library/metadata/22/allLeaves" => recording("leaves"),
        "/library/metadata/182,22,24,999" => recording("metadata_some"),
        "/status/sessions" => recording("sessions"),
        "/:/timeline" => recording("timeline"),
        "/:/scrobble" | "/:/unscrobble" | "/:/progress" => Reply::Status(200),
        _ => Reply::Status(404),
    }
}

/// The fault, after making sure that no secret is told with it.
pub(crate) fn fault<T>(result: Result<T, ServerError>) -> Fault {
    let error = result.err().expect("this must fail");
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(TOKEN), "the token is in {text}");
        assert!(!text.contains("127.0.0.1"), "the address is in {text}");
    }
    error.fault
}

pub(crate) fn library(key: &str, name: &str, kind: LibraryKind) -> Library {
    Library { key: LibraryKey::from(key), name: name.into(), kind }
}

pub(crate) fn films() -> Library {
    library("1", "Films", LibraryKind::Movies)
}

pub(crate) fn series() -> Library {
    library("2", "Series", LibraryKind::Shows)
}

pub(crate) fn at(ms: u64) -> Position {
    Position::from_ms(ms).unwrap()
}

pub(crate) fn marks(watch: Watch, plays: u32, last_played: Option<i64>) -> Marks {
    Marks { watch, plays, last_played: last_played.map(Moment) }
}

pub(crate) const FIRST: Stretch = Stretch { from: 0, size: 100 };
