//! The one place that talks HTTP: timeouts, the limit of requests in flight, retries, what is counted, and
//! what is kept out of every message.

mod upgrade;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{Method, StatusCode, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;
use watchstate_model::{ClockOffset, Moment};

use crate::error::{Fault, ServerError};
use crate::offset_between;

/// How time passes between two tries, and what time it is: given from outside, so that tests own it.
pub trait Pause: Send + Sync {
    /// Waits.
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Our own clock.
    fn now(&self) -> Moment;
}

/// What one server may be asked to bear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Requests in flight at once.
    pub at_once: usize,
    /// How long until a connection stands.
    pub connect_timeout: Duration,
    /// How long an answer may be silent: counts anew with every piece that arrives.
    pub read_timeout: Duration,
    /// How long an answer may take as a whole.
    pub total_timeout: Duration,
    /// How often a failed request is sent again before the failure is told.
    pub retries: u32,
    /// The wait before the first of them; doubled for each further one.
    pub retry_wait: Duration,
    /// The longest wait that a server's `Retry-After` is honoured within a run; a longer one ends the run.
    pub longest_wait: Duration,
    /// The largest answer that is accepted, in bytes after unpacking.
    pub largest_answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 4,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(300),
            retries: 3,
            retry_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            largest_answer: 64 * 1024 * 1024,
        }
    }
}

/// What was spent on a server since the client was made.
#[derive(Default, Debug)]
pub struct Meter {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    /// Counts what came over a socket.
    pub(crate) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Requests sent, retries included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of answers, after unpacking, and of what came over sockets.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// An answer that was a success.
#[derive(Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unpacked.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON. A body that is HTML or nothing at all is another server's.
    pub fn json<'a, T: Deserialize<'a>>(&'a self, op: &'static str) -> Result<T, ServerError> {
        // Checked once as a whole: text by text costs more. Texts that nobody looks at may be anything.
        let read = match std::str::from_utf8(&self.body) {
            Ok(body) => serde_json::from_str(body),
            Err(_) => serde_json::from_slice(&self.body),
        };
        read.map_err(|e| {
            // serde's own text may quote the body; the place and the kind of the fault do not.
            let what = match e.classify() {
                serde_json::error::Category::Eof => "the answer was cut short",
                serde_json::error::Category::Data => "a field has an unexpected form",
                _ => "not JSON",
            };
            ServerError::new(Fault::BadAnswer, op).with(format!(
                "{what}, line {} column {}",
                e.line(),
                e.column()
            ))
        })
    }
}

/// A request, without the base URL and the headers that are always the same.
pub struct Request<'a> {
    /// `GET`, `POST`, `DELETE` …
    pub method: Method,
    /// The path below the base URL, with its leading slash; its segments already percent-encoded.
    pub path: &'a str,
    /// The query, not yet encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers of this request alone.
    pub headers: HeaderMap,
    /// A body; JSON unless the headers say what else.
    pub body: Option<Vec<u8>>,
    /// What is being done, for messages.
    pub op: &'static str,
}

impl<'a> Request<'a> {
    /// A plain `GET`.
    pub fn get(path: &'a str, query: &'a [(&'a str, &'a str)], op: &'static str) -> Self {
        Self { method: Method::GET, path, query, headers: HeaderMap::new(), body: None, op }
    }
}

/// The connection to one server.
pub struct Http {
    client: reqwest::Client,
    base: Url,
    /// Those of every request.
    headers: HeaderMap,
    limits: Limits,
    pause: Arc<dyn Pause>,
    in_flight: Semaphore,
    /// Sockets count on when this is gone.
    meter: Arc<Meter>,
    clock: AtomicI64,
}

impl Http {
    /// A connection that sends `headers` with every request. Nothing is sent yet.
    pub fn new(
        base: &Url,
        headers: HeaderMap,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        const OP: &str = "connecting";
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(ServerError::new(Fault::NotThisServer, OP)
                .with("the address must begin with http:// or https:// and name a host"));
        }
        let mut base = base.clone();
        // Credentials in an address would end up in places that are not made for them.
        if !base.username().is_empty() || base.password().is_some() {
            return Err(ServerError::new(Fault::NotThisServer, OP)
                .with("the address must not hold a user name or a password"));
        }
        base.set_query(None);
        base.set_fragment(None);
        let mut all = HeaderMap::new();
        all.insert(ACCEPT, HeaderValue::from_static("application/json"));
        all.extend(headers);
        let client = client(&base, all.clone(), limits)
            .build()
            .map_err(|e| ServerError::new(Fault::Unreachable, OP).with(kind_of(&e)))?;
        Ok(Self {
            client,
            base,
            headers: all,
            limits,
            pause,
            in_flight: Semaphore::new(limits.at_once.max(1)),
            meter: Arc::default(),
            clock: AtomicI64::new(0),
        })
    }

    /// What was spent.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// How far the server's clock was ahead of ours when it last answered [`Http::measure_clock`].
    pub fn clock(&self) -> ClockOffset {
        ClockOffset(self.clock.load(Ordering::Relaxed))
    }

    /// Takes the server's clock from an answer's `Date` (RFC 9110 section 6.6.1). One without the header is
    /// believed to be right.
    pub fn measure_clock(&self, headers: &HeaderMap) -> ClockOffset {
        let theirs = headers
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
            .map(|date| Moment(date.timestamp().as_second()));
        let offset = theirs.map_or(ClockOffset(0), |at| offset_between(at, self.pause.now()));
        self.clock.store(offset.0, Ordering::Relaxed);
        offset
    }

    /// Sends a request; waits for its turn, and tries again what may pass by itself.
    pub async fn send(&self, request: &Request<'_>) -> Result<Answer, ServerError> {
        let mut tries = 0;
        loop {
            let error = match self.send_once(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match error.fault {
                _ if tries >= self.limits.retries => return Err(error),
                Fault::Busy { after: Some(after) } if after > self.limits.longest_wait => {
                    return Err(error);
                }
                Fault::Busy { after: Some(after) } => after,
                fault if fault.is_transient() => self.limits.retry_wait * 2_u32.pow(tries.min(10)),
                _ => return Err(error),
            };
            tries += 1;
            tracing::debug!(op = request.op, tries, fault = %error.fault, "trying again");
            self.pause.pause(wait.min(self.limits.longest_wait)).await;
        }
    }

    /// Sends a request and reads its JSON.
    pub async fn json<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, ServerError> {
        self.send(request).await?.json(request.op)
    }

    /// Sends a request once: for questions whose refusal is an answer.
    pub(crate) async fn send_once(&self, request: &Request<'_>) -> Result<Answer, ServerError> {
        let op = request.op;
        let _turn = self.in_flight.acquire().await.map_err(|_| {
            ServerError::new(Fault::Unreachable, op).with("the connection is being closed")
        })?;
        let mut builder = self
            .client
            .request(request.method.clone(), self.url(request.path))
            .headers(request.headers.clone());
        if !request.query.is_empty() {
            builder = builder.query(request.query);
        }
        if let Some(body) = &request.body {
            if !request.headers.contains_key(CONTENT_TYPE) {
                builder = builder.header(CONTENT_TYPE, "application/json");
            }
            builder = builder.body(body.clone());
        }
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let mut response = builder.send().await.map_err(|e| failed(&e, op))?;
        if let Some(error) = refused(response.status(), response.headers(), op) {
            return Err(error);
        }
        let headers = std::mem::take(response.headers_mut());
        let hint = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let mut body = BytesMut::with_capacity(hint.min(self.limits.largest_answer));
        while let Some(piece) = response.chunk().await.map_err(|e| failed(&e, op))? {
            self.meter.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
            if body.len() + piece.len() > self.limits.largest_answer {
                let most = self.limits.largest_answer / (1024 * 1024);
                return Err(ServerError::new(Fault::BadAnswer, op)
                    .with(format!("the answer is larger than {most} MiB")));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { headers, body: body.freeze() })
    }

    /// Sends a request once and tells the realm for which it wants a user name and a password (RFC 7617
    /// section 2); nothing where it wants none.
    pub(crate) async fn realm(&self, request: &Request<'_>) -> Result<Option<String>, ServerError> {
        let builder = self.client.request(request.method.clone(), self.url(request.path));
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let response = builder.send().await.map_err(|e| failed(&e, request.op))?;
        let wants = response.headers().get(WWW_AUTHENTICATE).and_then(|wants| wants.to_str().ok());
        let realm = wants.and_then(|wants| wants.strip_prefix("Basic realm=\""));
        Ok(realm.and_then(|realm| Some(realm.split_once('"')?.0.to_owned())))
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let below = format!("{}{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&below);
        url
    }
}

/// How every connection to a server is made.
fn client(base: &Url, headers: HeaderMap, limits: Limits) -> reqwest::ClientBuilder {
    let host = base.host_str().unwrap_or_default().to_owned();
    reqwest::Client::builder()
        .default_headers(headers)
        .user_agent(concat!("WatchState/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .read_timeout(limits.read_timeout)
        .timeout(limits.total_timeout)
        // A redirect to another host would carry the token there.
        .redirect(redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > 3 || attempt.url().host_str() != Some(host.as_str()) {
                attempt.stop()
            } else {
                attempt.follow()
            }
        }))
        .no_proxy()
}

/// The fault behind a status that is no success, by the codes of RFC 9110 section 15 and RFC 6585.
fn refused(status: StatusCode, headers: &HeaderMap, op: &'static str) -> Option<ServerError> {
    let fault = match status.as_u16() {
        200..=299 => return None,
        401 => Fault::Unauthorized,
        403 => Fault::Forbidden,
        404 | 410 => Fault::NotFound,
        408 => Fault::Timeout,
        429 => Fault::Busy {
            after: headers
                .get(RETRY_AFTER)
                .and_then(|after| after.to_str().ok())
                .and_then(|after| after.trim().parse().ok())
                .map(Duration::from_secs),
        },
        300..=399 => Fault::NotThisServer,
        500..=599 => Fault::ServerTrouble,
        400..=499 => Fault::Refused,
        _ => Fault::BadAnswer,
    };
    Some(ServerError::new(fault, op).with(format!("HTTP {}", status.as_u16())))
}

/// The fault behind a request that got no answer. reqwest's own text names the URL, so it is not used.
fn failed(error: &reqwest::Error, op: &'static str) -> ServerError {
    let fault = if error.is_timeout() {
        Fault::Timeout
    } else if error.is_connect() {
        if is_certificate(error) { Fault::Certificate } else { Fault::Unreachable }
    } else if error.is_decode() || error.is_body() {
        Fault::BadAnswer
    } else if error.is_request() {
        Fault::Unreachable
    } else {
        Fault::BadAnswer
    };
    ServerError::new(fault, op).with(kind_of(error))
}

fn is_certificate(error: &reqwest::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::InvalidData
        {
            return true;
        }
        source = inner.source();
    }
    false
}

/// The kind of the innermost IO error, which names no address.
fn kind_of(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut last = None;
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            last = Some(io.kind().to_string());
        }
        source = inner.source();
    }
    last.unwrap_or_else(|| {
        let what = if error.is_timeout() {
            "no answer in time"
        } else if error.is_decode() || error.is_body() {
            "the answer was cut short"
        } else {
            "the connection failed"
        };
        what.to_owned()
    })
}
