//! Who gets in.
//!
//! The printed address holds a token that is good once: it is exchanged for a cookie, so that an address left
//! in a history, a log or over somebody's shoulder opens nothing. Every request must name this very host,
//! which a page that had its own name point here (DNS rebinding) cannot, and every question must come from
//! this very origin, which another page's cannot, wherever its cookies go.

use std::sync::{Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use uuid::Uuid;

use super::{Serving, with_headers};
use crate::terminal::say;

/// The cookie of a session.
const COOKIE: &str = "watchstate-session";
/// The parameter that holds the token.
const TOKEN: &str = "token";
/// So many browsers may be in at once; the oldest is put out for a new one.
const MOST_SESSIONS: usize = 16;

/// The door of one port.
pub(super) struct Door {
    port: u16,
    inside: Mutex<Inside>,
}

struct Inside {
    token: String,
    sessions: Vec<String>,
}

/// 244 random bits as text.
fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Whether two texts are the same, without telling by the time it takes where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

impl Door {
    pub(super) fn new(port: u16) -> Self {
        Self { port, inside: Mutex::new(Inside { token: secret(), sessions: Vec::new() }) }
    }

    /// The address that lets in once.
    pub(super) fn address(&self) -> String {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        format!("http://127.0.0.1:{}/?{TOKEN}={}", self.port, inside.token)
    }

    /// Exchanges the token for a session; a new token is good from then on.
    fn exchange(&self, token: &str) -> Option<String> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if !same(&inside.token, token) {
            return None;
        }
        inside.token = secret();
        let session = secret();
        if inside.sessions.len() == MOST_SESSIONS {
            inside.sessions.remove(0);
        }
        inside.sessions.push(session.clone());
        Some(session)
    }

    fn knows(&self, session: &str) -> bool {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.sessions.iter().any(|known| same(known, session))
    }

    /// Whether the request was sent to this very host and port, by a name that only means this computer.
    fn is_host(&self, host: &str) -> bool {
        let Some((name, port)) = host.rsplit_once(':') else { return false };
        port == self.port.to_string() && matches!(name, "127.0.0.1" | "localhost" | "[::1]")
    }

    fn is_origin(&self, origin: &str, host: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|from| from == host && self.is_host(from))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let one = all.next()?.to_str().ok()?;
    // Two of them say that somebody between is confused.
    all.next().is_none().then_some(one)
}

fn session(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// Stands before everything else.
pub(super) async fn guard(
    State(serving): State<Serving>,
    request: Request,
    next: Next,
) -> Response {
    let answer = match admit(&serving.door, &request) {
        Ok(()) => next.run(request).await,
        Err(answer) => *answer,
    };
    with_headers(answer)
}

/// Lets a request in, or answers it.
fn admit(door: &Door, request: &Request) -> Result<(), Box<Response>> {
    let refuse = |status: StatusCode, what: &'static str| {
        let page = format!("<!doctype html><title>WatchState</title><p>{what}</p>");
        Box::new((status, Html(page)).into_response())
    };
    let headers = request.headers();
    let Some(host) = text(headers, &header::HOST).filter(|host| door.is_host(host)) else {
        return Err(refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "This is not the address of WatchState.",
        ));
    };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let origin = text(headers, &header::ORIGIN);
    let from_here = match origin {
        Some(origin) => door.is_origin(origin, host),
        None => is_read && !headers.contains_key(header::ORIGIN),
    };
    // Browsers say where a request comes from even where they leave the origin out.
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let from_another = request.uri().path().starts_with("/api/")
        && site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    if !from_here || from_another {
        return Err(refuse(StatusCode::FORBIDDEN, "Another page may not ask WatchState anything."));
    }
    if let Some(token) = token(request) {
        let Some(session) = door.exchange(&token) else {
            return Err(refuse(
                StatusCode::FORBIDDEN,
                "This address was used already. Open the latest one that WatchState printed.",
            ));
        };
        say(&format!("A browser is in. For another one:\n\n  {}\n", door.address()));
        let cookie = format!("{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/");
        let to = [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())];
        return Err(Box::new((StatusCode::SEE_OTHER, to).into_response()));
    }
    match session(headers) {
        Some(session) if door.knows(session) => Ok(()),
        _ => Err(refuse(
            StatusCode::UNAUTHORIZED,
            "Open the address that WatchState printed when it started.",
        )),
    }
}

/// The token in an address, if it is one of the first visit.
fn token(request: &Request) -> Option<String> {
    if request.method() != Method::GET || request.uri().path() != "/" {
        return None;
    }
    let query = request.uri().query()?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == TOKEN)
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_origins() {
        let door = Door::new(8080);
        for (host, good, why) in [
            ("127.0.0.1:8080", true, "the printed one"),
            ("localhost:8080", true, "its name"),
            ("[::1]:8080", true, "its address of six"),
            ("127.0.0.1", false, "without a port it is another"),
            ("127.0.0.1:80", false, "another port"),
            ("evil.example:8080", false, "a name that was made to point here"),
            ("localhost.evil.example:8080", false, "a name that begins like ours"),
            ("127.0.0.1:8080.evil.example", false, "or ends like it"),
            ("", false, "none"),
        ] {
            assert_eq!(door.is_host(host), good, "{why}");
        }
        for (origin, host, good, why) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true, "our own page"),
            ("http://localhost:8080", "127.0.0.1:8080", false, "our page by another name"),
            ("https://127.0.0.1:8080", "127.0.0.1:8080", false, "another scheme"),
            ("http://127.0.0.1:3000", "127.0.0.1:8080", false, "somebody else on this computer"),
            ("null", "127.0.0.1:8080", false, "a page without an origin"),
        ] {
            assert_eq!(door.is_origin(origin, host), good, "{why}");
        }
    }

    #[test]
    fn a_token_is_good_once() {
        let door = Door::new(1);
        let token = door.address().split_once("token=").unwrap().1.to_owned();
        assert!(door.exchange("").is_none());
        assert!(door.exchange(&token[1..]).is_none());
        let session = door.exchange(&token).unwrap();
        assert!(door.exchange(&token).is_none(), "not twice");
        assert!(!door.address().contains(&token), "another one is good now");
        assert!(door.knows(&session) && !door.knows(&token) && !door.knows(""));
        for _ in 0..MOST_SESSIONS {
            let token = door.address().split_once("token=").unwrap().1.to_owned();
            door.exchange(&token).unwrap();
        }
        assert!(!door.knows(&session), "the oldest is out");
    }
}
