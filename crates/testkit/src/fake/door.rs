//! The door of a fake: connections, and what goes wrong on them.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as HttpBody, to_bytes};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, HeaderValue,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use watchstate_model::Moment;

use super::exchange::{Asked, Body, Reply};
use super::faults::Trouble;
use super::server::{Inside, locked};
use super::socket;

/// Larger requests than this are not meant for a fake.
const LARGEST_REQUEST: usize = 4 * 1024 * 1024;

/// What the door is told.
pub(super) enum Order {
    /// To refuse connections.
    Close(oneshot::Sender<()>),
    /// To take them.
    Open(oneshot::Sender<()>),
}

/// Open, or held shut: bound, so that nobody else gets the port, but not listening.
enum Door {
    Open(TcpListener),
    Shut(TcpSocket),
    /// The port could not be had back.
    Gone,
}

/// Opens a door and keeps it until `end`.
pub(super) async fn open(
    port: u16,
    inside: Arc<Inside>,
    mut orders: mpsc::Receiver<Order>,
    end: CancellationToken,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let mut door = Door::Open(listener);
        let mut standing = end.child_token();
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                order = orders.recv() => match order {
                    None => return,
                    Some(Order::Close(done)) => {
                        standing.cancel();
                        standing = end.child_token();
                        door = shut(door, address);
                        let _ = done.send(());
                    }
                    Some(Order::Open(done)) => {
                        door = opened(door, address);
                        let _ = done.send(());
                    }
                },
                stream = accepted(&door) => {
                    if let Ok(stream) = stream {
                        tokio::spawn(serve(stream, inside.clone(), standing.clone()));
                    }
                }
            }
        }
    });
    Ok(address)
}

async fn accepted(door: &Door) -> io::Result<TcpStream> {
    match door {
        Door::Open(listener) => listener.accept().await.map(|(stream, _)| stream),
        Door::Shut(_) | Door::Gone => std::future::pending().await,
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn shut(door: Door, address: SocketAddr) -> Door {
    drop(door);
    bound(address).map_or(Door::Gone, Door::Shut)
}

fn opened(door: Door, address: SocketAddr) -> Door {
    let socket = match door {
        Door::Open(_) => return door,
        Door::Shut(socket) => Ok(socket),
        Door::Gone => bound(address),
    };
    socket.and_then(|socket| socket.listen(1024)).map_or(Door::Gone, Door::Open)
}

async fn serve(stream: TcpStream, inside: Arc<Inside>, standing: CancellationToken) {
    // Small answers and small requests follow each other: do not wait to fill packets.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(request, inside.clone(), standing.clone()));
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        () = standing.cancelled() => {}
        // A connection that breaks is what some of the faults are for.
        _ = connection => {}
    }
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(super) struct HungUp;

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the fake hung up")
    }
}

impl std::error::Error for HungUp {}

#[expect(
    clippy::disallowed_methods,
    reason = "a server that is slow by the clock of this computer"
)]
async fn take_your_time(takes: Duration) {
    if !takes.is_zero() {
        tokio::time::sleep(takes).await;
    }
}

async fn respond(
    mut request: Request<Incoming>,
    inside: Arc<Inside>,
    standing: CancellationToken,
) -> Result<Response<HttpBody>, HungUp> {
    let unzip = inside.gzip
        && request
            .headers()
            .get(ACCEPT_ENCODING)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("gzip"));
    let upgrade = socket::is_wanted(request.headers()).then(|| hyper::upgrade::on(&mut request));
    let mut asked = read(request).await?;
    inside.count(&asked);
    take_your_time(inside.takes).await;
    let mut healed = inside.healed.subscribe();
    let struck = locked(&inside.faults).strike(&asked.method, &asked.path());
    let now = || inside.clock.now();
    let Some(trouble) = struck else {
        return Ok(match upgrade {
            Some(upgrade) => socket::answer(&inside, &asked, upgrade, standing)
                .unwrap_or_else(|refusal| sent(&refusal, now(), false)),
            None => sent(&inside.answer(&asked), now(), unzip),
        });
    };
    match trouble {
        Trouble::Dropped => Err(HungUp),
        Trouble::LostAnswer => {
            inside.answer(&asked);
            Err(HungUp)
        }
        Trouble::Hang => {
            // Where the server itself is gone there is nothing to wait for either.
            let _ = healed.changed().await;
            Err(HungUp)
        }
        Trouble::Status(status) => {
            Ok(sent(&Reply::text(status, "text/plain", "the fake was told to fail"), now(), false))
        }
        Trouble::TooMany(after) => {
            let mut reply = Reply::text(429, "text/plain", "too many requests");
            if let Some(seconds) = after {
                reply = reply.with_header("retry-after", seconds.to_string());
            }
            Ok(sent(&reply, now(), false))
        }
        Trouble::Html => {
            let page = "<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>";
            Ok(sent(&Reply::text(200, "text/html; charset=utf-8", page), now(), false))
        }
        Trouble::OtherJson => {
            let other =
                serde_json::json!({ "answer": 42, "Items": "none", "MediaContainer": "none" });
            Ok(sent(&Reply::json(other), now(), false))
        }
        Trouble::BrokenJson => {
            let mut reply = inside.answer(&asked);
            let whole = reply.bytes();
            reply.body = Body::Bytes(whole.slice(..whole.len() / 2));
            Ok(sent(&reply, now(), false))
        }
        Trouble::CutBody => Ok(cut(&inside.answer(&asked), now())),
        Trouble::HeldBack => {
            let reply = inside.answer(&asked);
            inside.held_back.send_modify(|answers| *answers += 1);
            // Where the server itself is gone there is nothing to wait for either.
            let _ = healed.changed().await;
            Ok(sent(&reply, now(), unzip))
        }
        Trouble::Drip(piece) => Ok(dripping(&inside.answer(&asked), piece.max(1), &inside)),
        Trouble::RepeatedPage => {
            page_before(&mut asked);
            Ok(sent(&inside.answer(&asked), now(), unzip))
        }
        Trouble::MissingEntry => {
            let mut reply = inside.answer(&asked);
            lose_last_entry(&mut reply);
            Ok(sent(&reply, now(), unzip))
        }
        Trouble::ExpiredToken => Ok(sent(&inside.expired(), now(), false)),
    }
}

async fn read(request: Request<Incoming>) -> Result<Asked, HungUp> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut asked = Asked::new(head.method.as_str(), target);
    asked.headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let body = to_bytes(HttpBody::new(body), LARGEST_REQUEST).await.map_err(|_| HungUp)?;
    asked.body = body.to_vec();
    Ok(asked)
}

fn head(reply: &Reply, now: Moment) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::empty());
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = reply.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    // RFC 9110 section 6.6.1; by the fake's clock, not by ours.
    let date = jiff::Timestamp::from_second(now.0)
        .map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Ok(value) = date.map_err(|_| ()).and_then(|d| HeaderValue::from_str(&d).map_err(|_| ()))
    {
        headers.insert(DATE, value);
    }
    response
}

fn sent(reply: &Reply, now: Moment, gzip: bool) -> Response<HttpBody> {
    let mut response = head(reply, now);
    let plain = reply.bytes();
    if gzip
        && plain.len() > 256
        && let Ok(small) = gzipped(&plain)
    {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        *response.body_mut() = HttpBody::from(small);
        return response;
    }
    *response.body_mut() = HttpBody::from(plain);
    response
}

fn gzipped(plain: &Bytes) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// The answer says how long it is, sends half of that and breaks.
fn cut(reply: &Reply, now: Moment) -> Response<HttpBody> {
    let mut response = head(reply, now);
    let whole = reply.bytes();
    response.headers_mut().insert("content-length", HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let pieces = stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok(half), None)),
            None => {
                // Hyper sends what it holds only when there is a moment without more to send.
                tokio::task::yield_now().await;
                Some((Err(HungUp), None))
            }
        }
    });
    *response.body_mut() = HttpBody::from_stream(pieces);
    response
}

/// The answer comes in pieces, each of which waits for the test.
fn dripping(reply: &Reply, piece: usize, inside: &Arc<Inside>) -> Response<HttpBody> {
    let mut response = head(reply, inside.clock.now());
    let pieces =
        stream::unfold((reply.bytes(), inside.clone()), move |(mut rest, inside)| async move {
            if rest.is_empty() {
                return None;
            }
            if let Ok(permit) = inside.drops.acquire().await {
                permit.forget();
            }
            let next = rest.split_to(piece.min(rest.len()));
            Some((Ok::<_, Infallible>(next), (rest, inside)))
        });
    *response.body_mut() = HttpBody::from_stream(pieces);
    response
}

/// Asks for the page before: by Jellyfin's and Emby's names and by Plex's.
fn page_before(asked: &mut Asked) {
    let size = ["limit", "x-plex-container-size"]
        .into_iter()
        .find_map(|name| asked.number(name).or_else(|| asked.header(name)?.parse().ok()))
        .unwrap_or(0);
    let back = |value: &mut String| {
        if let Ok(start) = value.parse::<usize>() {
            *value = start.saturating_sub(size).to_string();
        }
    };
    for (name, value) in &mut asked.query {
        if ["startindex", "x-plex-container-start"].contains(&name.to_ascii_lowercase().as_str()) {
            back(value);
        }
    }
    if let Some(value) = asked.headers.get_mut("x-plex-container-start") {
        back(value);
    }
}

fn lose_last_entry(reply: &mut Reply) {
    if let Body::Json(value) = &mut reply.body {
        for place in ["/Items", "/MediaContainer/Metadata"] {
            if let Some(entries) = value.pointer_mut(place).and_then(|v| v.as_array_mut()) {
                entries.pop();
            }
        }
    }
}
