//! Entering the address for webhooks at a server, where a program can do that.
//!
//! Plex keeps the addresses of an account at plex.tv (`GET` and `POST /api/v2/user/webhooks`, as python-plexapi
//! 4.18 uses them in `myplex.py`); a `POST` replaces them all, so those of others are sent along. Jellyfin's
//! webhook plugin keeps them in its configuration (`GET /Plugins`, `GET` and `POST
//! /Plugins/{id}/Configuration`: document of 10.11.8), of which everything that is not ours is sent back as
//! it came. Emby's way is in no document, and Kodi sends none: both are [`Fault::Unsupported`].

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use crate::error::{Fault, ServerError};
use crate::http::{Http, Limits, Pause, Request};
use crate::mediabrowser::auth::{media_browser, percent};
use crate::{Address, Sensitive, ServerKind};

const LOOKING: &str = "reading its webhooks";
const ENTERING: &str = "entering a webhook";
/// Where the webhooks of Plex accounts are kept.
pub const PLEX: &str = "https://plex.tv";

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Registered {
    /// It was entered.
    Entered,
    /// It was there already.
    Already,
    /// The server has to be given the means first: Jellyfin without its webhook plugin.
    NoPlugin,
}

/// What is to be entered.
pub struct Hook<'a> {
    /// The whole address, with its secret at the end.
    pub address: Sensitive<String>,
    /// Those of other backends. What differs from the address only at its end and is not among them is an
    /// older one, and makes room.
    pub others: &'a [Sensitive<String>],
    /// What people read at the server.
    pub name: &'a str,
}

impl Hook<'_> {
    fn is(&self, known: &str) -> bool {
        self.address.expose() == known
    }

    /// Whether an address is one that was ours and is nobody's now.
    fn replaces(&self, known: &str) -> bool {
        let place = |address: &str| address.rsplit_once('/').map(|(place, _)| place.to_owned());
        let ours = place(self.address.expose());
        ours.is_some()
            && place(known) == ours
            && !self.others.iter().any(|other| other.expose() == known)
    }
}

/// Enters an address for webhooks at the server of an account. `plex` is [`PLEX`], and another place in tests.
///
/// [`Fault::Forbidden`] where the account may not: Plex without Plex Pass, Jellyfin without an administrator.
pub async fn register_webhook(
    address: &Address,
    hook: &Hook<'_>,
    plex: &Url,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<Registered, ServerError> {
    match address.kind {
        ServerKind::Plex => at_plex(address, hook, plex, limits, pause).await,
        ServerKind::Jellyfin => at_jellyfin(address, hook, limits, pause).await,
        ServerKind::Emby | ServerKind::Kodi => {
            Err(ServerError::new(Fault::Unsupported, ENTERING).with("its owner has to click"))
        }
    }
}

async fn at_plex(
    address: &Address,
    hook: &Hook<'_>,
    plex: &Url,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<Registered, ServerError> {
    const PATH: &str = "/api/v2/user/webhooks";
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| {
            ServerError::new(Fault::Unauthorized, LOOKING).with("the token cannot be sent")
        })
    };
    let mut token = value(address.token.expose().trim())?;
    token.set_sensitive(true);
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("x-plex-token"), token),
        (HeaderName::from_static("x-plex-client-identifier"), value(&address.client_id)?),
        (HeaderName::from_static("x-plex-product"), HeaderValue::from_static("WatchState")),
    ]);
    let http = Http::new(plex, headers, limits, pause)?;
    let known: Value = http.json(&Request::get(PATH, &[], LOOKING)).await?;
    let mut urls = addresses(&known).ok_or_else(|| {
        // Who does not understand what is there must not write over it.
        ServerError::new(Fault::BadAnswer, LOOKING).with("not a list of addresses")
    })?;
    if urls.iter().any(|url| hook.is(url)) {
        return Ok(Registered::Already);
    }
    urls.retain(|url| !hook.replaces(url));
    urls.push(hook.address.expose().clone());
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    let request = Request {
        method: Method::POST,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, kind)]),
        body: Some(form(&urls).into_bytes()),
        ..Request::get(PATH, &[], ENTERING)
    };
    http.send(&request).await?;
    Ok(Registered::Entered)
}

/// All addresses of an account, as plex.tv takes them. What makes a form may not be kept while one waits.
fn form(urls: &[String]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(urls.iter().map(|url| ("urls[]", url)));
    form.finish()
}

/// The addresses of an account: a list of objects with a `url`, or of texts.
fn addresses(known: &Value) -> Option<Vec<String>> {
    let list = known.as_array()?.iter();
    list.map(|one| one.get("url").unwrap_or(one).as_str().map(str::to_owned)).collect()
}

async fn at_jellyfin(
    address: &Address,
    hook: &Hook<'_>,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<Registered, ServerError> {
    let token = media_browser(&address.client_id, Some(address.token.expose().trim()))?;
    let headers = HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, token)]);
    let http = Http::new(&address.url, headers, limits, pause)?;
    let plugins: Vec<Map<String, Value>> =
        http.json(&Request::get("/Plugins", &[], LOOKING)).await?;
    let text = |plugin: &Map<String, Value>, name: &str| {
        plugin.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let webhook = plugins.iter().find(|plugin| {
        text(plugin, "Name").eq_ignore_ascii_case("webhook") && text(plugin, "Status") == "Active"
    });
    let Some(id) = webhook.map(|plugin| text(plugin, "Id")).filter(|id| !id.is_empty()) else {
        return Ok(Registered::NoPlugin);
    };
    let path = format!("/Plugins/{}/Configuration", percent(&id));
    let mut configuration: Map<String, Value> =
        http.json(&Request::get(&path, &[], LOOKING)).await?;
    let entries = configuration.entry("GenericOptions").or_insert_with(|| json!([]));
    let Some(entries) = entries.as_array_mut() else {
        return Err(ServerError::new(Fault::BadAnswer, LOOKING).with("not the plugin's settings"));
    };
    let address_of = |entry: &Value| {
        entry.get("WebhookUri").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if entries.iter().any(|entry| hook.is(&address_of(entry))) {
        return Ok(Registered::Already);
    }
    entries.retain(|entry| !hook.replaces(&address_of(entry)));
    entries.push(entry(hook, address.user.as_deref()));
    let request = Request {
        method: Method::POST,
        body: serde_json::to_vec(&configuration).ok(),
        ..Request::get(&path, &[], ENTERING)
    };
    http.send(&request).await?;
    Ok(Registered::Entered)
}

/// A generic destination, by the names that the plugin 18 has in `BaseOption` and `GenericOption`.
fn entry(hook: &Hook<'_>, user: Option<&str>) -> Value {
    json!({
        "WebhookName": hook.name,
        "WebhookUri": hook.address.expose(),
        "EnableWebhook": true,
        "NotificationTypes": ["ItemAdded", "PlaybackStart", "PlaybackStop", "UserDataSaved"],
        "UserFilter": user.into_iter().collect::<Vec<_>>(),
        "EnableMovies": true,
        "EnableEpisodes": true,
        "EnableSeasons": false,
        "EnableSeries": false,
        "EnableAlbums": false,
        "EnableSongs": false,
        "EnableVideos": false,
        "SendAllProperties": true,
        "TrimWhitespace": false,
        "SkipEmptyMessageBody": false,
        "Template": "",
        "Headers": [{ "Key": "Content-Type", "Value": "application/json" }],
        "Fields": [],
    })
}

#[cfg(test)]
mod tests;
