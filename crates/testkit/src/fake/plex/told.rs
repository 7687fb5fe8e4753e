//! What a Plex tells on `/:/websockets/notifications`.
//!
//! Shapes as in what clients of genuine servers wrote down: `NotificationContainer` with a type and a list
//! that is named for it. `playing` says neither who plays nor how long the item is.

use serde_json::{Value, json};
use watchstate_model::Moment;

use super::{No, refuse};
use crate::fake::calls::PlexState;
use crate::fake::exchange::{Asked, Reply};
use crate::fake::library::Library;
use crate::fake::titles::What;
use crate::fake::told::{Ears, News, Told};

/// What the library's own notifications are labelled with.
const LIBRARY: &str = "com.plexapp.plugins.library";

/// Who opens a socket, or how it is turned down.
pub fn ears(library: &Library, asked: &Asked) -> Result<Ears, Reply> {
    let path = asked.path();
    if !["/:/websockets/notifications", "/:/websocket/notifications"].contains(&path.as_str()) {
        return Err(refuse(&No::Such));
    }
    match super::caller(library, asked) {
        Some(caller) => Ok(Ears::of(Some(caller))),
        None => Err(refuse(&No::Token)),
    }
}

/// What one who listens is told of what happened, in order.
pub fn messages(library: &mut Library, told: &[Told], ears: &Ears, now: Moment) -> Vec<Value> {
    let Some(listener) = ears.user(library.kind()) else { return Vec::new() };
    let mut messages = Vec::new();
    for told in told {
        if library.reaches(told, listener) {
            messages.extend(message(library, told, now));
        }
    }
    messages
}

fn message(library: &mut Library, told: &Told, now: Moment) -> Option<Value> {
    let number = |number: u64| {
        if library.habits().numbers_as_text { json!(number.to_string()) } else { json!(number) }
    };
    let key = told.key.as_str();
    let entry = library.entry(key);
    let timeline = |section: &str, movie: bool, state: u64, doing: &str| {
        json!({
            "identifier": LIBRARY,
            "sectionID": section,
            "itemID": key,
            "type": number(if movie { 1 } else { 4 }),
            "title": entry.map(|entry| entry.name.as_str()),
            "state": number(state),
            "metadataState": doing,
            "updatedAt": number(u64::try_from(now.0).unwrap_or(0)),
        })
    };
    Some(match &told.news {
        News::Playback { session, ms, state, device } => {
            let playing = json!({
                "sessionKey": session.to_string(),
                "clientIdentifier": device.id,
                "guid": "",
                "ratingKey": key,
                "url": "",
                "key": format!("/library/metadata/{key}"),
                "viewOffset": number(*ms),
                "playQueueItemID": number(*session),
                "playQueueID": number(*session),
                "state": match state {
                    PlexState::Playing => "playing",
                    PlexState::Paused => "paused",
                    PlexState::Stopped => "stopped",
                },
            });
            container("playing", "PlaySessionStateNotification", &playing)
        }
        News::Added | News::Refreshed => {
            let entry = entry?;
            let doing = if told.news == News::Added { "created" } else { "processed" };
            let timeline = timeline(entry.section.as_str(), entry.what == What::Movie, 5, doing);
            container("timeline", "TimelineEntry", &timeline)
        }
        News::Removed { section, movie } => {
            let timeline = timeline(section.as_str(), *movie, 9, "deleted");
            container("timeline", "TimelineEntry", &timeline)
        }
        News::Marked | News::Opened => {
            let (owner, progress) = (number(1), number(100));
            let message = library.next_message();
            let uuid = library.hex(0xac71_0000 + message);
            let activity = json!({
                "event": "ended",
                "uuid": uuid,
                "Activity": {
                    "uuid": uuid,
                    "type": "library.refresh.items",
                    "cancellable": false,
                    "userID": owner,
                    "title": "Refreshing",
                    "subtitle": "",
                    "progress": progress,
                    "Context": { "key": format!("/library/metadata/{key}") },
                },
            });
            container("activity", "ActivityNotification", &activity)
        }
    })
}

fn container(kind: &str, list: &str, entry: &Value) -> Value {
    json!({ "NotificationContainer": { "type": kind, "size": 1, list: [entry] } })
}
