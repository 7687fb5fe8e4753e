//! Signing in at plex.tv by PIN, and the servers of an account.
//!
//! Source: the official API document 1.2.0, "Authenticating with Plex" (generating and checking a PIN, the
//! address of the Auth App) and "Talking to PMS" (the resources). What it leaves open, `expiresIn` and
//! the fields of a connection, is taken from python-plexapi 4.18 (`myplex.py`).

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use url::Url;
use watchstate_model::Moment;

use super::{Told, code, once, token};
use crate::Sensitive;
use crate::discover::clean;
use crate::error::{Fault, ServerError};
use crate::http::{Http, Limits, Pause, Request};
use crate::lenient::{self, Each, Maybe, Number};
use crate::mediabrowser::auth::percent;

/// What we are called at plex.tv, where people see it among their devices.
const PRODUCT: &str = "WatchState";
const BEGINNING: &str = "beginning the sign-in";
const ASKING: &str = "asking whether the sign-in is done";
const SERVERS: &str = "reading the servers of the account";
/// How long a PIN is believed to be good where plex.tv does not say, and the longest that is believed:
/// seconds.
const USUALLY_GOOD_S: i64 = 900;
const GOOD_AT_MOST_S: i64 = 3600;
/// How many servers, and addresses of each, are looked at.
const MOST_SERVERS: usize = 100;
const MOST_CONNECTIONS: usize = 50;

/// Where plex.tv is; others in tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlexPlaces {
    /// Where PINs are had.
    pub pins: String,
    /// Where the servers of an account are listed.
    pub resources: String,
    /// What a browser opens.
    pub browser: String,
}

impl Default for PlexPlaces {
    fn default() -> Self {
        Self {
            pins: "https://plex.tv".to_owned(),
            resources: "https://clients.plex.tv".to_owned(),
            browser: "https://app.plex.tv/auth".to_owned(),
        }
    }
}

/// A Plex account that was signed in at.
pub struct PlexAccount {
    /// The account's own token: for plex.tv, not for a server of somebody else.
    pub token: Sensitive<String>,
    /// The servers that the account may use, its own first.
    pub servers: Vec<PlexServer>,
}

/// A server that an account may use.
#[derive(Clone)]
pub struct PlexServer {
    /// Its id, as `GET /identity` of the server tells it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is the account's own.
    pub owned: bool,
    /// Whether plex.tv saw it lately.
    pub present: bool,
    /// The account's token for this server.
    pub token: Sensitive<String>,
    /// Where it may be reached, the nearest first.
    pub connections: Vec<PlexConnection>,
}

/// An address of a server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PlexConnection {
    /// How near it is.
    pub reach: Reach,
    /// The address: http or https.
    pub url: Url,
}

/// How near an address is. "Local should be preferred, relay only be used as a last resort."
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// In the server's own network.
    Local,
    /// Through the internet.
    Remote,
    /// Through Plex's own computers, slowly.
    Relay,
}

pub(super) struct PlexPin {
    http: Http,
    path: String,
    places: PlexPlaces,
    client_id: String,
    limits: Limits,
    pause: Arc<dyn Pause>,
    /// Had already, when the list of servers could not be read.
    token: Option<Sensitive<String>>,
}

impl PlexPin {
    /// `POST /api/v2/pins?strong=true`: a long code that nobody has to type, good for longer.
    pub(super) async fn begin(
        places: &PlexPlaces,
        client_id: &str,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<(Self, Told), ServerError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Pin {
            id: u64,
            code: String,
            #[serde(default)]
            expires_in: Option<i64>,
        }
        let http = Http::new(
            &place(&places.pins, BEGINNING)?,
            headers(client_id, None, BEGINNING)?,
            once(limits),
            pause.clone(),
        )?;
        let query = [("strong", "true")];
        let request =
            Request { method: Method::POST, ..Request::get("/api/v2/pins", &query, BEGINNING) };
        let pin: Pin = http.json(&request).await?;
        let code = code(&pin.code, BEGINNING)?;
        let mut open = place(&places.browser, BEGINNING)?;
        // The Auth App reads what stands behind the "#": "?" and all.
        open.set_fragment(Some(&format!(
            "?clientID={}&code={}&context%5Bdevice%5D%5Bproduct%5D={PRODUCT}",
            percent(client_id),
            percent(&code),
        )));
        let good = pin.expires_in.unwrap_or(USUALLY_GOOD_S).clamp(1, GOOD_AT_MOST_S);
        let expires_at = Moment(pause.now().0.saturating_add(good));
        let this = Self {
            http,
            path: format!("/api/v2/pins/{}", pin.id),
            places: places.clone(),
            client_id: client_id.to_owned(),
            limits,
            pause,
            token: None,
        };
        Ok((this, Told { code, open: Some(open), expires_at }))
    }

    /// `GET /api/v2/pins/{id}` until `authToken` is no longer null, then the account's servers.
    pub(super) async fn ask(&mut self) -> Result<Option<PlexAccount>, ServerError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Pin {
            #[serde(default)]
            auth_token: Option<String>,
        }
        if self.token.is_none() {
            let pin: Pin = self.http.json(&Request::get(&self.path, &[], ASKING)).await?;
            self.token = token(pin.auth_token);
        }
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let (limits, pause) = (self.limits, self.pause.clone());
        let servers = plex_servers(&self.places, &self.client_id, token, limits, pause).await;
        match servers {
            Ok(servers) => Ok(Some(PlexAccount { token: token.clone(), servers })),
            // The PIN was good: that the list is not there is no PIN that is over.
            Err(error) if error.fault == Fault::NotFound => {
                Err(ServerError { fault: Fault::BadAnswer, ..error })
            }
            Err(error) => Err(error),
        }
    }
}

/// The servers that an account may use: its own first, those that are on before others, then by name.
/// `GET /api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1`.
pub async fn plex_servers(
    places: &PlexPlaces,
    client_id: &str,
    token: &Sensitive<String>,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<Vec<PlexServer>, ServerError> {
    let headers = headers(client_id, Some(token), SERVERS)?;
    let http = Http::new(&place(&places.resources, SERVERS)?, headers, once(limits), pause)?;
    let query = [("includeHttps", "1"), ("includeRelay", "1"), ("includeIPv6", "1")];
    let devices: Vec<Maybe<Device>> =
        http.json(&Request::get("/api/v2/resources", &query, SERVERS)).await?;
    let servers = devices.into_iter().filter_map(|device| server(device.0?)).take(MOST_SERVERS);
    let mut servers: Vec<_> = servers.collect();
    servers.sort_by_key(|server| (!server.owned, !server.present, server.name.to_lowercase()));
    Ok(servers)
}

/// A device of an account: players and phones are among them. Its fields may be absent or of any type, so
/// that one odd device does not hide the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    client_identifier: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    provides: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    owned: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    presence: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    https_required: Option<bool>,
    #[serde(default)]
    connections: Each<Connection>,
}

#[derive(Deserialize)]
struct Connection {
    #[serde(default, deserialize_with = "lenient::text")]
    address: Option<String>,
    #[serde(default)]
    port: Number,
    #[serde(default, deserialize_with = "lenient::text")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    local: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    relay: Option<bool>,
}

/// A device if it is a server that can be used.
fn server(device: Device) -> Option<PlexServer> {
    let provides = device.provides.unwrap_or_default();
    if !provides.split(',').any(|what| what.trim() == "server") {
        return None;
    }
    let only_https = device.https_required.unwrap_or(false);
    let mut connections = Vec::new();
    for connection in device.connections.0.into_iter().take(MOST_CONNECTIONS) {
        let reach = match (connection.relay, connection.local) {
            (Some(true), _) => Reach::Relay,
            (_, Some(true)) => Reach::Local,
            _ => Reach::Remote,
        };
        let told = connection.uri.as_deref().and_then(address);
        // The names that plex.tv gives to local addresses are not resolved in every network: the bare address
        // is offered as well where the server takes it.
        let bare = match (&connection.address, connection.port.small()) {
            (Some(host), Some(port)) if reach == Reach::Local && !only_https => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                address(&format!("http://{host}:{port}"))
            }
            _ => None,
        };
        connections
            .extend([told, bare].into_iter().flatten().map(|url| PlexConnection { reach, url }));
    }
    connections.sort_by_key(|connection| (connection.reach, connection.url.scheme() != "https"));
    connections.dedup_by(|a, b| a.url == b.url);
    let id = device.client_identifier.as_deref().and_then(clean)?;
    Some(PlexServer {
        name: device.name.as_deref().and_then(clean).unwrap_or_else(|| id.clone()),
        id,
        owned: device.owned.unwrap_or(false),
        present: device.presence.unwrap_or(true),
        token: token(device.access_token)?,
        connections,
    })
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && plain).then_some(url)
}

fn place(text: &str, op: &'static str) -> Result<Url, ServerError> {
    Url::parse(text)
        .map_err(|_| ServerError::new(Fault::NotThisServer, op).with("the address cannot be read"))
}

/// Our own client identifier, never a server's; `X-Plex-Provides` is not sent, because a client that claims
/// to be a player or a server turns up in other people's lists.
fn headers(
    client_id: &str,
    token: Option<&Sensitive<String>>,
    op: &'static str,
) -> Result<HeaderMap, ServerError> {
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| ServerError::new(Fault::Unauthorized, op).with("it cannot be sent"))
    };
    let mut headers = HeaderMap::from_iter([
        (HeaderName::from_static("x-plex-product"), HeaderValue::from_static(PRODUCT)),
        (HeaderName::from_static("x-plex-client-identifier"), value(client_id)?),
    ]);
    if let Some(token) = token {
        let mut token = value(token.expose().trim())?;
        token.set_sensitive(true);
        headers.insert(HeaderName::from_static("x-plex-token"), token);
    }
    Ok(headers)
}
