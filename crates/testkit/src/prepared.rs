//! A server that costs next to nothing: it answers as Jellyfin 10.10 does, with bytes that were made before
//! anybody asked.
//!
//! For measuring, where a fake that thinks would be what is measured. It knows just what our client asks and
//! keeps just what a write changes; for anything else there is [`crate::fake`].

mod library;
mod wording;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::stream;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use self::library::{Library, Part};
pub use self::library::{UserData, key};

/// The user whose marks are shown, whatever the token.
pub const USER: &str = "a1b2004c4b58489fbf882c16e30fffcd";

/// What a prepared server holds. Half of its titles are films, the other half episodes, twenty to a series.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stock {
    /// How many films and episodes.
    pub titles: u32,
    /// Which server of the household: its keys and the order of its libraries are its own.
    pub server: u32,
    /// What the ids are made from.
    pub seed: u64,
    /// Whether three titles of ten are watched, the same on all servers, and some are started.
    pub watched: bool,
    /// Whether one title of twenty is watched on this server alone.
    pub own: bool,
}

/// A request as it came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Its body.
    pub body: String,
}

struct Inside {
    stock: Stock,
    movies: Library,
    episodes: Library,
    shows: Library,
    /// What writes changed: by title.
    changed: Mutex<BTreeMap<u32, UserData>>,
    asked: Mutex<Vec<Asked>>,
}

/// Serves `stock` on a free port of this machine, for as long as the runtime lives.
pub async fn serve(stock: Stock) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let inside = Arc::new(Inside {
        stock,
        movies: Library::movies(&stock),
        episodes: Library::episodes(&stock),
        shows: Library::shows(&stock),
        changed: Mutex::default(),
        asked: Mutex::default(),
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let inside = Arc::clone(&inside);
            tokio::spawn(async move {
                let answer = service_fn(|request| answer(&inside, request));
                // A connection that breaks off is the client's affair.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    Ok(address)
}

async fn answer(inside: &Inside, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), 64 * 1024).await.unwrap_or_default();
    let target = head.uri.path_and_query().map(|p| p.as_str()).unwrap_or_default();
    if target == "/Bench/Asked" {
        let asked = std::mem::take(&mut *lock(&inside.asked));
        return Ok(whole(serde_json::to_vec(&asked).unwrap_or_default()));
    }
    lock(&inside.asked).push(Asked {
        method: head.method.to_string(),
        target: target.to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
            .map(|(k, v)| (k.to_ascii_lowercase(), v.into_owned()))
            .collect();
    let path: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    Ok(inside.answer(&head.method, &path, &Query(query), &body).unwrap_or_else(|| {
        let mut gone = Response::new(Body::empty());
        *gone.status_mut() = StatusCode::NOT_FOUND;
        gone
    }))
}

struct Query(Vec<(String, String)>);

impl Query {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }
}

impl Inside {
    fn answer(
        &self,
        method: &Method,
        path: &[&str],
        query: &Query,
        body: &[u8],
    ) -> Option<Response<Body>> {
        Some(match (method.as_str(), path) {
            ("GET", ["System", "Info", "Public"] | ["System", "Info"]) => {
                whole(wording::system(&self.stock))
            }
            ("GET", ["Users", "Me"]) => whole(wording::user(&self.stock)),
            ("GET", ["Users"]) => whole(format!("[{}]", wording::user(&self.stock))),
            ("GET", ["Users", _, "Views"] | ["UserViews"]) => whole(wording::views(&self.stock)),
            ("GET", ["Sessions"]) => whole("[]"),
            ("GET", ["Items"] | ["Users", _, "Items"]) => self.items(query),
            ("POST", ["UserItems", key, "UserData"]) => {
                let said: wording::UserDataIn = serde_json::from_slice(body).ok()?;
                self.change(key, |data| said.change(data))?
            }
            ("POST", ["UserPlayedItems", key] | ["Users", _, "PlayedItems", key]) => {
                self.change(key, |data| data.played = true)?
            }
            ("DELETE", ["UserPlayedItems", key] | ["Users", _, "PlayedItems", key]) => {
                self.change(key, |data| *data = UserData::default())?
            }
            _ => return None,
        })
    }

    /// Changes what a title shows, and answers with it as the real server does
    /// (`jellyfin-10.10.7/43-userdata-post-modern.json`).
    fn change(&self, key: &str, change: impl FnOnce(&mut UserData)) -> Option<Response<Body>> {
        let title = self.title(key)?;
        let mut changed = lock(&self.changed);
        let data = changed.entry(title).or_insert_with(|| self.stock.user_data(title));
        change(data);
        let mut text = Vec::new();
        wording::user_data(&mut text, title, data);
        Some(whole(text))
    }

    fn title(&self, key: &str) -> Option<u32> {
        self.movies.title(key).or_else(|| self.episodes.title(key))
    }

    /// A page, or single items by their keys.
    fn items(&self, query: &Query) -> Response<Body> {
        let full = query.get("fields").is_some_and(|fields| fields.contains("ProviderIds"));
        let part = if full { Part::Full } else { Part::Lean };
        if let Some(ids) = query.get("ids") {
            return self.by_ids(ids, part);
        }
        let library = match (query.get("parentid"), query.get("includeitemtypes")) {
            (_, Some("Series")) => &self.shows,
            (Some(id), _) if id == wording::library_key(&self.stock, true) => &self.episodes,
            _ => &self.movies,
        };
        let from = query.number("startindex").unwrap_or(0).min(library.len());
        let to = (from + query.number("limit").unwrap_or(usize::MAX - from)).min(library.len());
        let items = self.stretch(library, part, from, to);
        let end = format!(r#"],"TotalRecordCount":{},"StartIndex":{from}}}"#, library.len());
        list(items, end)
    }

    /// The bytes of a stretch: cut from what was prepared, unless something in it was written to.
    fn stretch(&self, library: &Library, part: Part, from: usize, to: usize) -> Bytes {
        let changed = lock(&self.changed);
        if changed.is_empty() || library.is_shows() {
            return library.cut(part, from, to);
        }
        let mut pieces = Vec::new();
        for place in from..to {
            if place > from {
                pieces.push(b',');
            }
            match library.at(place).and_then(|title| Some((title, changed.get(&title)?))) {
                Some((title, data)) => self.stock.write(&mut pieces, title, place, data, part),
                None => pieces.extend_from_slice(&library.cut(part, place, place + 1)),
            }
        }
        pieces.into()
    }

    fn by_ids(&self, ids: &str, part: Part) -> Response<Body> {
        let mut pieces = Vec::new();
        let mut count = 0;
        for id in ids.split(',') {
            for library in [&self.movies, &self.episodes, &self.shows] {
                let Some(place) = library.place(id) else { continue };
                if count > 0 {
                    pieces.push(b',');
                }
                count += 1;
                pieces.extend_from_slice(&self.stretch(library, part, place, place + 1));
            }
        }
        let end = format!(r#"],"TotalRecordCount":{count},"StartIndex":0}}"#);
        list(pieces.into(), end)
    }
}

/// A list in three pieces, so that the middle one is sent from where it stands.
fn list(items: Bytes, end: String) -> Response<Body> {
    const BEGIN: &[u8] = br#"{"Items":["#;
    let length = BEGIN.len() + items.len() + end.len();
    let pieces = [Bytes::from_static(BEGIN), items, end.into()];
    let body = stream::iter(pieces.map(Ok::<_, Infallible>));
    let mut response = json(Body::from_stream(body));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn whole(body: impl Into<Body>) -> Response<Body> {
    json(body.into())
}

fn json(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
