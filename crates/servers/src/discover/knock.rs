//! Who is behind a door: asked by what every server of the kind answers without credentials.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::clean;
use super::{Door, Found, How};
use crate::ServerKind;
use crate::http::{Http, Limits, Pause, Request};

const OP: &str = "looking for a server";

/// The server behind a door, or nothing where none of the kind answers.
pub(super) async fn at(door: &Door, pause: &Arc<dyn Pause>) -> Option<Found> {
    let limits = Limits {
        at_once: 1,
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(2),
        total_timeout: Duration::from_secs(2),
        retries: 0,
        largest_answer: 64 * 1024,
        ..Limits::default()
    };
    let http = Http::new(&door.url, HeaderMap::new(), limits, pause.clone()).ok()?;
    let (kind, name, id) = match door.kind {
        ServerKind::Jellyfin | ServerKind::Emby => media_browser(&http).await?,
        ServerKind::Plex => plex(&http).await?,
        ServerKind::Kodi => kodi(&http).await?,
    };
    let name = name.unwrap_or_else(|| kind.title().to_owned());
    Some(Found { kind, name, url: door.url.clone(), id, how: How::ThisComputer })
}

type Who = (ServerKind, Option<String>, Option<String>);

/// `GET /System/Info/Public`: `jellyfin-10.10.7/01-public-info.json`; Emby sends no `ProductName`
/// (`emby-3.2.40/01-public-info.json`).
async fn media_browser(http: &Http) -> Option<Who> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Info<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
        #[serde(borrow)]
        version: Cow<'a, str>,
        server_name: Option<String>,
        product_name: Option<String>,
    }
    let answer = http.send_once(&Request::get("/System/Info/Public", &[], OP)).await.ok()?;
    let info: Info<'_> = answer.json(OP).ok()?;
    if info.version.is_empty() {
        return None;
    }
    let jellyfin = info.product_name.is_some_and(|name| name.contains("Jellyfin"));
    let kind = if jellyfin { ServerKind::Jellyfin } else { ServerKind::Emby };
    Some((kind, info.server_name.as_deref().and_then(clean), Some(clean(&info.id)?)))
}

/// `GET /identity` (Plex's document 1.2.0), which names no name.
async fn plex(http: &Http) -> Option<Who> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "MediaContainer")]
        container: Identity,
    }
    #[derive(Deserialize)]
    struct Identity {
        #[serde(rename = "machineIdentifier")]
        id: String,
    }
    let answer = http.send_once(&Request::get("/identity", &[], OP)).await.ok()?;
    let identity: Envelope = answer.json(OP).ok()?;
    Some((ServerKind::Plex, None, Some(clean(&identity.container.id)?)))
}

/// Kodi asks for a password at every path, and calls itself by name (recording `50-http-noauth.txt`: 401
/// with `Basic realm="Kodi"`); one without a password answers a ping (recording `00-ping`).
async fn kodi(http: &Http) -> Option<Who> {
    #[derive(Deserialize)]
    struct Answered {
        result: String,
    }
    let is_kodi = match http.realm(&Request::get("/jsonrpc", &[], OP)).await.ok()? {
        Some(realm) => realm == "Kodi",
        None => {
            let ping = br#"{"jsonrpc":"2.0","id":1,"method":"JSONRPC.Ping"}"#;
            let request = Request {
                method: Method::POST,
                body: Some(ping.to_vec()),
                ..Request::get("/jsonrpc", &[], OP)
            };
            let answer = http.send_once(&request).await.ok()?;
            answer.json::<Answered>(OP).ok()?.result == "pong"
        }
    };
    is_kodi.then_some((ServerKind::Kodi, None, None))
}
