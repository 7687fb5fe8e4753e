//! Webhooks of Plex Media Server, for accounts with Plex Pass, and of Tautulli for those without.
//!
//! Plex sends a form of several parts: `payload` holds JSON, `thumb` a picture that is skipped. Which events
//! there are: <https://support.plex.tv/articles/115002267687-webhooks/>. Marks that are set by hand have
//! none.

use serde::Deserialize;
use watchstate_model::ItemKey;

use super::{loose, tautulli};
use crate::lenient::Maybe;
use crate::webhook::body::{self, Body};
use crate::webhook::said::Said;
use crate::webhook::{Event, NO_EVENT, Named, Subject, UNREADABLE, Wrong, heard};
use crate::{Hooked, Playback, Whose};

/// A webhook, as far as it is looked at.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Payload {
    pub(super) event: Said,
    #[serde(rename = "Server")]
    pub(super) server: Maybe<Server>,
    #[serde(rename = "Account")]
    pub(super) account: Maybe<Account>,
    #[serde(rename = "Metadata")]
    pub(super) metadata: Maybe<Metadata>,
    /// What Tautulli did.
    pub(super) action: Said,
}

/// The server that sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Server {
    pub(super) uuid: Said,
}

/// Whom it is about: the owner is number 1, everybody else has their number at plex.tv.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Account {
    pub(super) id: Said,
    pub(super) title: Said,
}

/// What it is about.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Metadata {
    #[serde(rename = "ratingKey")]
    pub(super) rating_key: Said,
    #[serde(rename = "type")]
    pub(super) kind: Said,
}

/// Reads a webhook of Plex or of Tautulli.
pub(crate) fn read(content_type: &str, bytes: &[u8]) -> Result<Hooked, Wrong> {
    const FIELD: &str = "payload";
    let body = body::read(content_type, bytes, FIELD)?;
    if let Body::Form(fields) = &body
        && let Some(flat) = tautulli::Flat::of(fields)
    {
        return flat.told().hooked();
    }
    let json = body.json(FIELD)?;
    let payload: Payload = serde_json::from_str(&json).map_err(|_| UNREADABLE)?;
    if payload.action.get().is_some() {
        let flat: tautulli::Flat = serde_json::from_str(&json).map_err(|_| UNREADABLE)?;
        return flat.told().hooked();
    }
    let told = payload.event.get().ok_or(NO_EVENT)?;
    let (event, for_all) = tautulli::event(told).unwrap_or_else(|| event(told));
    let account = payload.account.0.unwrap_or_default();
    let metadata = payload.metadata.0.unwrap_or_default();
    Told {
        event,
        for_all,
        server: payload.server.0.unwrap_or_default().uuid,
        user_id: account.id,
        user_name: account.title,
        key: metadata.rating_key,
        kind: metadata.kind,
    }
    .hooked()
}

/// What an event of Plex says, and whether it is for all accounts: what is new comes with one.
fn event(told: &str) -> (Event, bool) {
    match told {
        "media.play" | "media.resume" | "playback.started" => (Event::Plays(Playback::Runs), false),
        "media.pause" => (Event::Plays(Playback::Paused), false),
        "media.stop" => (Event::Plays(Playback::Stopped), false),
        // Sent at 90 %, while it still runs.
        "media.scrobble" | "library.on.deck" => (Event::Changed, false),
        "library.new" => (Event::Changed, true),
        _ => (Event::Other, false),
    }
}

/// What matters of either.
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) for_all: bool,
    pub(super) server: Said,
    pub(super) user_id: Said,
    pub(super) user_name: Said,
    pub(super) key: Said,
    pub(super) kind: Said,
}

impl Told {
    pub(super) fn hooked(self) -> Result<Hooked, Wrong> {
        let subject = match self.kind.get() {
            Some("movie" | "episode") => Subject::Title,
            Some("show" | "season") => Subject::Several,
            Some(_) => Subject::Other,
            None => Subject::Unsaid,
        };
        let named = match self.key.get() {
            Some(key) if loose::is_key(key) => Named::Key(ItemKey::from(key)),
            Some(_) => Named::Elsewhere,
            None => Named::Unsaid,
        };
        let user = match self.for_all {
            true => None,
            false => (self.user_id.take().map(Whose::Id))
                .or_else(|| self.user_name.take().map(Whose::Name)),
        };
        Ok(Hooked { server: self.server.take(), user, heard: heard(self.event, subject, named)? })
    }
}
