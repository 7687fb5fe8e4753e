//! A server on loopback that answers as it is told, mostly with recordings, and remembers what was asked.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;
use watchstate_model::Moment;
use watchstate_servers::{Address, Limits, Pause, Sensitive, ServerKind};

/// The token of every client here. Must never be seen in a message.
pub(crate) const TOKEN: &str = "81ecf13758ce4cb1b4be217eee0129ee";

/// The `Date` of every answer that has no own, and our own time.
pub(crate) const NOW: Moment = Moment(1_795_434_858);

/// One answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(text: &str) -> Self {
        Self::status(200, text)
    }

    pub(crate) fn status(status: u16, text: &str) -> Self {
        let date = "Mon, 23 Nov 2026 11:54:18 GMT".to_owned();
        Self { status, headers: vec![("Date".to_owned(), date)], body: text.as_bytes().to_vec() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The answer of a recording.
pub(crate) fn recorded(server: &str, step: &str) -> Reply {
    let recording = recording(server, step);
    let response = &recording["response"];
    let body = match &response["body"] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    Reply::status(status, &body)
}

/// A recorded single item, in the form in which a list has it.
pub(crate) fn listed(server: &str, step: &str) -> Reply {
    let item = &recording(server, step)["response"]["body"];
    Reply::json(&format!(r#"{{"Items":[{item}],"TotalRecordCount":1}}"#))
}

pub(crate) fn recording(server: &str, step: &str) -> serde_json::Value {
    let path = format!("{}/tests/recordings/{server}/{step}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap()
}

/// What was asked.
#[derive(Clone)]
pub(crate) struct Seen {
    /// `GET /path`.
    pub(crate) what: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

type Answers = Arc<Mutex<HashMap<String, Vec<Reply>>>>;

/// The server. What it has no answer to is 404, as on both kinds of server.
pub(crate) struct Stage {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Answers,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stage {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let answers = Answers::default();
        let (kept, told) = (Arc::clone(&seen), Arc::clone(&answers));
        let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (kept, told) = (Arc::clone(&kept), Arc::clone(&told));
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                let what = format!("{} {}", head.method, head.uri.path());
                let query = head.uri.query().unwrap_or("");
                kept.lock().unwrap().push(Seen {
                    what: what.clone(),
                    query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                    headers: head.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                });
                let mut told = told.lock().unwrap();
                let reply = match told.get_mut(&what) {
                    Some(replies) if replies.len() > 1 => replies.remove(0),
                    Some(replies) => replies[0].clone(),
                    None => Reply::status(404, "Unable to find the specified file."),
                };
                let mut response = Response::builder().status(reply.status);
                for (name, value) in &reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        });
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, seen, answers, task }
    }

    /// From now on, `GET /path` is answered so; several answers come one after another, the last stays.
    pub(crate) fn on(&self, what: &str, replies: impl Into<Vec<Reply>>) -> &Self {
        self.answers.lock().unwrap().insert(what.to_owned(), replies.into());
        self
    }

    /// What was asked since the last look.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// The same as `GET /path` alone.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.what).collect()
    }
}

impl From<Reply> for Vec<Reply> {
    fn from(reply: Reply) -> Self {
        vec![reply]
    }
}

/// Waits never and remembers how long it would have been.
pub(crate) struct Waits {
    pub(crate) waits: Mutex<Vec<Duration>>,
    pub(crate) now: Moment,
}

impl Waits {
    pub(crate) fn at(now: Moment) -> Arc<Self> {
        Arc::new(Self { waits: Mutex::default(), now })
    }
}

impl Pause for Waits {
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.waits.lock().unwrap().push(how_long);
        Box::pin(async {})
    }

    fn now(&self) -> Moment {
        self.now
    }
}

pub(crate) fn address(kind: ServerKind, url: &Url, user: Option<&str>) -> Address {
    Address {
        kind,
        url: url.clone(),
        user: user.map(str::to_owned),
        token: Sensitive::new(TOKEN.to_owned()),
        client_id: "our-device".to_owned(),
    }
}

pub(crate) fn limits() -> Limits {
    Limits::default()
}

/// A server that promises more bytes than it sends, for every request.
pub(crate) async fn cut_short() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                          Content-Length: 5000\r\n\r\n{\"Id\":\"a\",\"Ver";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

/// That no secret is in any text of an error.
pub(crate) fn is_discreet(error: &watchstate_servers::ServerError, secrets: &[&str]) {
    let texts = format!("{error} {error:?} {}", error.fault.advice());
    for secret in secrets {
        assert!(!texts.contains(secret), "{texts}");
    }
}
