//! A server that gives prepared answers, and the recordings it gives.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use watchstate_model::{LibraryKey, Moment, Position};
use watchstate_servers::kodi::Kodi;
use watchstate_servers::{
    Address, Library, LibraryKind, Limits, MediaServer, Pause, Sensitive, ServerError, ServerKind,
    Stretch,
};

pub(crate) const PASSWORD: &str = "s3cret-of-the-house";

/// A server on loopback that gives prepared answers in their order and keeps what it was asked.
pub(crate) struct Scripted {
    pub(crate) url: url::Url,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Whole HTTP answers.
pub(crate) async fn scripted(answers: Vec<Vec<u8>>) -> Scripted {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            kept.lock().unwrap().push(request);
            stream.write_all(&answer).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    Scripted { url, asked }
}

pub(crate) async fn read_request(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse::<usize>().unwrap());
            if body.len() >= length {
                return Asked { head, body: serde_json::from_str(body).unwrap() };
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request was cut short");
    }
}

pub(crate) fn answer(status: &str, date: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A 200 of the moment at which recording 81 was made.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "Mon, 23 Nov 2026 13:35:53 GMT", body)
}

pub(crate) fn recording(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/kodi-20.1/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

/// A recorded whole answer: its status line and its date are sent again.
pub(crate) fn recorded_http(name: &str) -> Vec<u8> {
    let text = recording(name).replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap().strip_prefix("HTTP/1.1 ").unwrap();
    let date = head.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
    answer(status, date, body.trim_end())
}

pub(crate) fn recorded(name: &str) -> Vec<u8> {
    ok(&recording(&format!("{name}.response.json")))
}

/// Recorded single answers, as the answers of a batch.
pub(crate) fn recorded_batch(names: &[&str]) -> Vec<u8> {
    let replies = names.iter().enumerate().map(|(id, name)| {
        let mut reply: Value =
            serde_json::from_str(&recording(&format!("{name}.response.json"))).unwrap();
        reply["id"] = json!(id);
        reply
    });
    ok(&replies.collect::<Value>().to_string())
}

pub(crate) fn check() -> Vec<u8> {
    recorded_http("81-check-24hours.txt")
}

pub(crate) struct Noon;

impl Pause for Noon {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }

    fn now(&self) -> Moment {
        at("2026-11-23T13:35:53Z")
    }
}

pub(crate) fn at(utc: &str) -> Moment {
    Moment(utc.parse::<jiff::Timestamp>().unwrap().as_second())
}

pub(crate) fn once() -> Limits {
    Limits { retries: 0, ..Limits::default() }
}

pub(crate) fn client(server: &Scripted) -> Kodi {
    let address = Address {
        kind: ServerKind::Kodi,
        url: server.url.clone(),
        user: None,
        token: Sensitive::new(format!("kodi:{PASSWORD}")),
        client_id: "test".to_owned(),
    };
    Kodi::new(address, once(), Arc::new(Noon)).unwrap()
}

/// A client that has been checked, and will get these answers.
pub(crate) async fn checked(mut answers: Vec<Vec<u8>>) -> (Kodi, Scripted) {
    answers.insert(0, check());
    let server = scripted(answers).await;
    let kodi = client(&server);
    kodi.check().await.unwrap();
    server.asked.lock().unwrap().clear();
    (kodi, server)
}

impl Scripted {
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.asked.lock().unwrap().iter().map(|asked| asked.body.clone()).collect()
    }
}

pub(crate) fn library(key: &str, kind: LibraryKind) -> Library {
    Library { key: LibraryKey::from(key), name: String::new(), kind }
}

pub(crate) fn movies() -> Library {
    library("movies", LibraryKind::Movies)
}

pub(crate) fn episodes() -> Library {
    library("episodes", LibraryKind::Shows)
}

pub(crate) const ALL: Stretch = Stretch { from: 0, size: 100 };

pub(crate) fn position(ms: u64) -> Position {
    Position::from_ms(ms).unwrap()
}

pub(crate) fn assert_no_secret(error: &ServerError) {
    let text = format!("{error} {error:?}");
    for secret in [PASSWORD, "a29kaTpz", "kodi:", "127.0.0.1", "Basic"] {
        assert!(!text.contains(secret), "{text}");
    }
}
