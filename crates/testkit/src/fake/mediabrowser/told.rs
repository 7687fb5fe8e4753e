//! What a Jellyfin or an Emby tells on its socket, as the three recorded ones did (`websocket.jsonl`).

use std::collections::HashSet;

use serde_json::{Value, json};
use watchstate_model::Moment;
use watchstate_servers::ServerKind;

use super::{Exchange, No};
use crate::fake::calls::PlexState;
use crate::fake::exchange::{Asked, Reply};
use crate::fake::habits::{SessionsToldTo, Version};
use crate::fake::jellyfin;
use crate::fake::library::{Library, Named};
use crate::fake::people::UserNo;
use crate::fake::titles::What;
use crate::fake::told::{Ears, News, Told};

/// Who opens a socket, or how it is turned down. The path does not matter to either server.
///
/// Jellyfin wants a good token and says 403 otherwise (its `WebSocketManager` throws what its middleware
/// answers so); Emby lets in everybody (seen on 4.9) and tells nothing to whom it does not know.
pub fn ears(library: &mut Library, asked: &Asked, now: Moment) -> Result<Ears, Reply> {
    let version = Version::parse(library.version());
    let kind = library.kind();
    let visitor = Exchange { library, asked, now }.visitor();
    match (visitor, kind) {
        (Ok(visitor), _) => Ok(Ears::of(Some(visitor.caller))),
        (Err(_), ServerKind::Emby) => Ok(Ears::of(None)),
        (Err(_), _) => Err(jellyfin::refuse(version, &No::Allowed)),
    }
}

/// What is said first on a socket.
pub fn greeting(library: &mut Library) -> Option<Value> {
    let forces = library.habits().forces_keep_alive;
    forces.then(|| envelope(library, "ForceKeepAlive", Some(json!(60))))
}

/// What is answered to a message of one who listens.
pub fn reply(library: &mut Library, ears: &mut Ears, message: &Value) -> Option<Value> {
    match message["MessageType"].as_str() {
        Some("SessionsStart") => ears.sessions = true,
        Some("SessionsStop") => ears.sessions = false,
        Some("KeepAlive") if library.habits().forces_keep_alive => {
            return Some(envelope(library, "KeepAlive", None));
        }
        _ => {}
    }
    None
}

/// What one who listens is told of what happened. Marks of one user that were saved together are one
/// message, as both servers gather what comes within half a second.
pub fn messages(library: &mut Library, told: &[Told], ears: &mut Ears, now: Moment) -> Vec<Value> {
    let Some(listener) = ears.user(library.kind()) else { return Vec::new() };
    let asked = Asked::default();
    let mut tells = Tells { exchange: Exchange { library, asked: &asked, now }, listener };
    let mut messages = Vec::new();
    tells.playback(told, ears, &mut messages);
    tells.marks(told, &mut messages);
    tells.library(told, &mut messages);
    messages
}

fn envelope(library: &mut Library, kind: &str, data: Option<Value>) -> Value {
    let mut message = json!({ "MessageType": kind });
    // Emby numbers what it tells, but not its sessions.
    let numbered = library.kind() == ServerKind::Jellyfin || kind != "Sessions";
    if library.habits().numbers_messages && numbered {
        let number = library.next_message();
        message["MessageId"] = json!(library.hex(0x3e55_0000 + number));
    }
    if let Some(data) = data {
        message["Data"] = data;
    }
    message
}

struct Tells<'a> {
    exchange: Exchange<'a>,
    listener: UserNo,
}

impl Tells<'_> {
    fn playback(&mut self, told: &[Told], ears: &mut Ears, messages: &mut Vec<Value>) {
        let playback: Vec<_> = told
            .iter()
            .filter(|told| matches!(told.news, News::Playback { .. }))
            .filter(|told| self.exchange.library.reaches(told, self.listener))
            .collect();
        let library = &*self.exchange.library;
        let admin = library.person(self.listener).is_some_and(|person| person.admin);
        if library.habits().tells_playback && admin {
            for told in &playback {
                messages.extend(self.start_or_stop(told));
            }
        }
        if playback.is_empty() || !ears.sessions {
            return;
        }
        let all =
            admin || self.exchange.library.habits().sessions_told_to == SessionsToldTo::Everyone;
        let whose = (!all).then_some(self.listener);
        let sessions = Value::Array(self.exchange.session_list(None, whose));
        if ears.heard.as_ref() != Some(&sessions) {
            messages.push(envelope(self.exchange.library, "Sessions", Some(sessions.clone())));
            ears.heard = Some(sessions);
        }
    }

    /// Emby 3.2.40's `PlaybackStart` and `PlaybackStopped`: the session, as it is then.
    fn start_or_stop(&mut self, told: &Told) -> Option<Value> {
        let News::Playback { state, device, .. } = &told.news else { return None };
        let kind = match state {
            PlexState::Playing => "PlaybackStart",
            PlexState::Stopped => "PlaybackStopped",
            PlexState::Paused => return None,
        };
        let session = self.exchange.session(told.user?, device, self.exchange.now);
        Some(envelope(self.exchange.library, kind, Some(session)))
    }

    fn marks(&mut self, told: &[Told], messages: &mut Vec<Value>) {
        let mut list = Vec::new();
        let mut named = HashSet::new();
        for told in told {
            if told.news == News::Marked && told.user == Some(self.listener) {
                self.mark(told.key.as_str(), &mut named, &mut list);
            }
        }
        let library = &mut *self.exchange.library;
        let Some(id) = library.person(self.listener).map(|person| person.id.clone()) else {
            return;
        };
        if !list.is_empty() {
            let data = json!({ "UserId": id, "UserDataList": list });
            messages.push(envelope(library, "UserDataChanged", Some(data)));
        }
    }

    /// The user data of an item, and of what it is in. A season is named after its episodes, its series
    /// is not; a film's folder is, with a key that no list of items has.
    fn mark(&self, key: &str, named: &mut HashSet<String>, list: &mut Vec<Value>) {
        let exchange = &self.exchange;
        let Some(entry) = exchange.library.entry(key) else { return };
        let mut add = |key: &str, data: &dyn Fn() -> Value| {
            if named.insert(key.to_owned()) {
                let mut data = data();
                // Right here, of zeros in answers over HTTP.
                data["ItemId"] = json!(key);
                list.push(data);
            }
        };
        add(key, &|| exchange.user_data(self.listener, entry));
        if !exchange.library.habits().tells_parents {
            return;
        }
        match &entry.what {
            What::Movie => {
                let section = entry.section.as_str();
                add(section, &|| exchange.section_data(self.listener, section));
            }
            What::Episode { show, season, .. } => {
                let Some(series) = exchange.library.series(show.as_str()) else { return };
                let Some(season) = series.season(*season) else { return };
                let above = Named::Season(series, season);
                add(season.key.as_str(), &|| exchange.folder_data(self.listener, above, false));
            }
        }
    }

    /// `LibraryChanged`, which the genuine ones send after up to a minute.
    fn library(&mut self, told: &[Told], messages: &mut Vec<Value>) {
        let keys = |wanted: &dyn Fn(&News) -> bool| -> Vec<&str> {
            told.iter().filter(|told| wanted(&told.news)).map(|told| told.key.as_str()).collect()
        };
        let added = keys(&|news| *news == News::Added);
        let removed = keys(&|news| matches!(news, News::Removed { .. }));
        let updated = keys(&|news| *news == News::Refreshed);
        if added.is_empty() && removed.is_empty() && updated.is_empty() {
            return;
        }
        let data = json!({
            "FoldersAddedTo": [],
            "FoldersRemovedFrom": [],
            "ItemsAdded": added,
            "ItemsRemoved": removed,
            "ItemsUpdated": updated,
            "CollectionFolders": [],
            "IsEmpty": false,
        });
        messages.push(envelope(self.exchange.library, "LibraryChanged", Some(data)));
    }
}
