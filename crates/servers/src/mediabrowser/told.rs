//! What Jellyfin and Emby say on their sockets (`jellyfin-10.10.7/websocket.jsonl`,
//! `emby-3.2.40/websocket.jsonl`).
//!
//! Each message has a `MessageType` and `Data` of a form of its own. Changed marks are told to the sessions of
//! the user they belong to, about half a second late and several at once; playback has no message of its own
//! that all versions send, and is found by comparing the list of sessions with the one before.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use watchstate_model::ItemKey;

use super::same_id;
use super::sessions::{Session, Sessions, of_user};
use super::wire::{Text, text};
use crate::heard::{Heard, NowPlaying, Playback};
use crate::lenient::{Each, Maybe};
use crate::socket::{self, Said, Wants, changed};

/// Asks for the list of sessions, now and whenever it changes: after no time at first, and not more often
/// than each 1.5 s.
const SESSIONS_START: &str = r#"{"MessageType":"SessionsStart","Data":"0,1500"}"#;

/// The answer to `ForceKeepAlive`.
const KEEP_ALIVE: &str = r#"{"MessageType":"KeepAlive"}"#;

/// Understands Jellyfin and Emby, for one account. Remembers what its user was playing.
pub struct Ear {
    user: String,
    device: String,
    /// What each session of the user plays, by the session's id.
    playing: BTreeMap<String, NowPlaying>,
}

impl Ear {
    /// For the marks and sessions of a user, without those of our own device.
    pub fn new(user: &str, device: &str) -> Self {
        Self { user: user.to_owned(), device: device.to_owned(), playing: BTreeMap::new() }
    }

    /// What one message says; `None` where it cannot be read.
    pub fn hear(&mut self, text: &str) -> Option<Said> {
        let message: Maybe<Kind<'_>> = serde_json::from_str(text).ok()?;
        Some(match message.0?.kind.0.as_ref() {
            "UserDataChanged" => self.marks(data::<Maybe<_>>(text)?.0?).into(),
            "Sessions" => self.sessions(data::<Sessions<'_>>(text)?.0).into(),
            "LibraryChanged" => library(data::<Maybe<_>>(text)?.0?).into(),
            "ForceKeepAlive" => Said { heard: vec![], wants: Some(keep_alive(data(text)?)) },
            _ => Said::default(),
        })
    }

    fn marks(&self, changes: Changes<'_>) -> Heard {
        // A message that does not say whose marks they are is of nobody we know.
        if !changes.user.is_some_and(|user| same_id(&user.0, &self.user)) {
            return Heard::Foreign;
        }
        let single = changes.data.0.unwrap_or_default();
        let single = Change { item: changes.item.or(single.item), ..single };
        // Series and seasons come along, with a number of what is left in them.
        let all = changes.list.0.into_iter().chain([single]);
        let items = all.filter(|change| change.unplayed.is_none());
        changed(items.filter_map(|change| Some(ItemKey(change.item?.0.into_owned()))))
    }

    fn sessions(&mut self, all: Vec<Session<'_>>) -> Vec<Heard> {
        let ours = of_user(all, &self.user, &self.device);
        let now: BTreeMap<String, NowPlaying> = ours
            .take(socket::MOST_ITEMS)
            .filter_map(|session| Some((session.id()?, session.now_playing()?)))
            .collect();
        let before = std::mem::replace(&mut self.playing, now);
        let mut heard = Vec::new();
        for (id, was) in &before {
            if self.playing.get(id).is_none_or(|is| is.key != was.key) {
                heard.push(Heard::Playback { key: was.key.clone(), how: Playback::Stopped });
            }
        }
        for (id, is) in &self.playing {
            if before.get(id) != Some(is) {
                let how = if is.paused { Playback::Paused } else { Playback::Runs };
                heard.push(Heard::Playback { key: is.key.clone(), how });
            }
        }
        heard
    }
}

impl socket::Ear for Ear {
    fn opening(&self) -> Option<&'static str> {
        Some(SESSIONS_START)
    }

    fn hear(&mut self, text: &str) -> Option<Said> {
        Self::hear(self, text)
    }
}

/// The server says after how many seconds of silence it cuts the connection: a sign of life is given twice in
/// that time. A number that makes no sense is not let near the clock.
fn keep_alive(seconds: u64) -> Wants {
    let most = socket::BEAT.as_secs() * 2;
    Wants { text: KEEP_ALIVE, each: Duration::from_secs((seconds / 2).clamp(5, most)) }
}

/// Something was added or renewed. Which it was is not told on: it may be a folder, and a removal is no
/// reason to look, because servers report those of what is still there.
fn library(changes: LibraryChanges) -> Heard {
    let some = |list: Option<Vec<IgnoredAny>>| list.is_some_and(|list| !list.is_empty());
    if some(changes.added) || some(changes.updated) { Heard::Something } else { Heard::Nothing }
}

/// What a message is; its `Data` is read once that is known.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "MessageType")]
    kind: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct With<T> {
    data: T,
}

fn data<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str::<With<T>>(text).ok().map(|message| message.data)
}

/// Whose marks changed, and of what: a list, or one item beside its user data as a server tells it that
/// speaks as Jellyfin does (jellyfin-rust).
#[derive(Deserialize)]
struct Changes<'a> {
    #[serde(borrow, default, rename = "UserId", deserialize_with = "text")]
    user: Option<Text<'a>>,
    #[serde(borrow, default, rename = "UserDataList")]
    list: Each<Change<'a>>,
    #[serde(borrow, default, rename = "ItemId", deserialize_with = "text")]
    item: Option<Text<'a>>,
    #[serde(borrow, default, rename = "UserData")]
    data: Maybe<Change<'a>>,
}

/// Its `ItemId` is right here, unlike in the answers of 10.10.7 to requests.
#[derive(Deserialize, Default)]
struct Change<'a> {
    #[serde(borrow, default, rename = "ItemId", deserialize_with = "text")]
    item: Option<Text<'a>>,
    #[serde(rename = "UnplayedItemCount")]
    unplayed: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct LibraryChanges {
    #[serde(rename = "ItemsAdded")]
    added: Option<Vec<IgnoredAny>>,
    #[serde(rename = "ItemsUpdated")]
    updated: Option<Vec<IgnoredAny>>,
}

#[cfg(test)]
mod tests;
