//! Who watches what now, where it will be written, and how what happens on a backend comes to be known.

use serde::Serialize;
use ts_rs::TS;

use super::{BackendId, Moment, NamedBackend, TitleId};

/// How what happens on a backend comes to be known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionState {
    /// Its server tells what happens.
    Live,
    /// It is asked from time to time.
    Polling,
    /// Neither: only an import finds what happened.
    #[default]
    Off,
    /// It cannot be reached. It is tried again by itself.
    Offline,
}

/// How a backend is listened to, and what that costs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// How it stands.
    pub state: ConnectionState,
    /// Since when; nothing where it was never otherwise.
    pub since_at: Option<Moment>,
    /// Why it is off or cannot be reached: a sentence.
    pub why: Option<String>,
    /// After how many seconds it is asked again. A server that tells only some of what happens is asked as
    /// well, so this may stand beside [`ConnectionState::Live`].
    pub asked_every_s: Option<u32>,
    /// What asking cost in the last hour.
    pub last_hour: Asking,
    /// How many messages were about somebody else, or about nobody that is known, since it is listened to: they
    /// are dropped.
    pub dropped: u64,
}

impl Connection {
    /// Whether a window would show something else, but for what it cost and what was dropped.
    pub fn differs_from(&self, other: &Self) -> bool {
        let bare = |one: &Self| Self { last_hour: Asking::default(), dropped: 0, ..one.clone() };
        bare(self) != bare(other)
    }
}

/// What asking a server cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, TS)]
pub struct Asking {
    /// Requests, those that failed and were sent again included.
    pub requests: u64,
    /// Bytes of the answers, as they came over the wire.
    pub bytes: u64,
}

/// A title that is being played.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct WatchedTitle {
    /// Its number.
    pub id: TitleId,
    /// Its own name.
    pub name: String,
    /// The name of its series.
    pub show: Option<String>,
    /// Its season; nothing for a movie.
    pub season: Option<u32>,
    /// Its number in the season; nothing for a movie.
    pub episode: Option<u32>,
}

/// How a backend stands to what is being played on another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum GoesHow {
    /// It shows the place that was heard last.
    Told,
    /// It will be told: when the playback stands still or ends, and now and then while it runs.
    Waits,
    /// The title is being played there too. It is told afterwards.
    PlaysThere,
    /// Nothing is ever written to it.
    ExportOff,
    /// Its first export waits for a person's yes.
    NeedsYou,
}

/// A backend that has what is being played on another one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct GoesTo {
    /// Which.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: GoesHow,
}

/// Something that is being played now, paused included.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Watching {
    /// On which backend.
    pub backend: NamedBackend,
    /// Who watches: what the server calls the account's user, where it has users.
    pub person: Option<String>,
    /// What; nothing when no import has seen it yet.
    pub title: Option<WatchedTitle>,
    /// How far, in milliseconds, where the server says.
    pub position_ms: Option<u32>,
    /// Its running time in milliseconds, where it is known.
    pub duration_ms: Option<u32>,
    /// Whether it stands still.
    pub paused: bool,
    /// On which device or program, where the server says.
    pub device: Option<String>,
    /// Since when, as far as we saw.
    pub since_at: Moment,
    /// The other backends that have it, in the order of the backends.
    pub goes_to: Vec<GoesTo>,
    /// Why nothing of it goes anywhere: a sentence. Then `goes_to` is empty.
    pub stays: Option<&'static str>,
}
