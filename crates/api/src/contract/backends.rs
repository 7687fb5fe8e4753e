//! Backends as cards.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Advice, BackendId, Connection, Credentials, Moment};

/// Which kind of server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ServerKind {
    /// Plex Media Server.
    Plex,
    /// Jellyfin.
    Jellyfin,
    /// Emby Server.
    Emby,
    /// Kodi with its web server on.
    Kodi,
}

impl From<ServerKind> for watchstate_servers::ServerKind {
    fn from(kind: ServerKind) -> Self {
        match kind {
            ServerKind::Plex => Self::Plex,
            ServerKind::Jellyfin => Self::Jellyfin,
            ServerKind::Emby => Self::Emby,
            ServerKind::Kodi => Self::Kodi,
        }
    }
}

impl From<watchstate_servers::ServerKind> for ServerKind {
    fn from(kind: watchstate_servers::ServerKind) -> Self {
        use watchstate_servers::ServerKind as Theirs;
        match kind {
            Theirs::Plex => Self::Plex,
            Theirs::Jellyfin => Self::Jellyfin,
            Theirs::Emby => Self::Emby,
            Theirs::Kodi => Self::Kodi,
        }
    }
}

/// What is taken from a backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Import {
    /// Its marks.
    On,
    /// Its items and ids only.
    Metadata,
    /// Nothing.
    Off,
}

impl From<Import> for watchstate_store::Import {
    fn from(import: Import) -> Self {
        match import {
            Import::On => Self::On,
            Import::Metadata => Self::Metadata,
            Import::Off => Self::Off,
        }
    }
}

impl From<watchstate_store::Import> for Import {
    fn from(import: watchstate_store::Import) -> Self {
        use watchstate_store::Import as Theirs;
        match import {
            Theirs::On => Self::On,
            Theirs::Metadata => Self::Metadata,
            Theirs::Off => Self::Off,
        }
    }
}

/// A backend with all that its card shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackendCard {
    /// Its number.
    pub id: BackendId,
    /// What the user calls it.
    pub name: String,
    /// Which kind of server.
    pub kind: ServerKind,
    /// The base address, without secrets.
    pub url: String,
    /// The user's name there.
    pub user: Option<String>,
    /// What is taken from it.
    pub import: Import,
    /// Whether anything is written to it.
    pub export: bool,
    /// Whether a person said yes to its first export.
    pub approved: bool,
    /// The last import that went well.
    pub imported_at: Option<Moment>,
    /// The last export that went well.
    pub exported_at: Option<Moment>,
    /// Items it has.
    pub items: u64,
    /// Items it shows as watched.
    pub watched: u64,
    /// Writes it is owed.
    pub owed: u64,
    /// Writes that are not tried any more.
    pub parked: u64,
    /// Un-watches seen there that wait for a person.
    pub held: u64,
    /// What went wrong last.
    pub trouble: Option<Advice>,
    /// How it is listened to.
    pub connection: Connection,
    /// Who answers in place of the one that is known: a person has to say what that means.
    pub stranger: Option<Stranger>,
}

/// Who answers in place of the server or the user that a backend is known by. Nothing is read from them and
/// nothing is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Stranger {
    /// The name of the server that answers; empty where it says none.
    pub server: String,
    /// The user there; nothing where the credentials are of no use there.
    pub user: Option<String>,
    /// Whether it is the server that is another; else only the user is.
    pub other_server: bool,
}

/// What a library holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LibraryKind {
    /// Movies.
    Movies,
    /// Series.
    Shows,
    /// Both.
    Mixed,
}

/// A library of a server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: LibraryKind,
}

/// What a backend said when it was tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    /// The server's name.
    pub server: String,
    /// Its version.
    pub version: String,
    /// Whose marks they are.
    pub user: String,
    /// How far its clock is ahead of ours, in seconds.
    pub clock_offset_s: i64,
    /// The libraries that are read.
    pub libraries: Vec<Library>,
    /// The users that these credentials may see.
    pub users: Vec<String>,
}

/// Which backend is meant.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct OneBackend {
    /// Its number.
    pub backend: BackendId,
}

/// What is to become different with a backend.
#[derive(Deserialize, TS)]
pub struct SetBackend {
    /// Which.
    pub backend: BackendId,
    /// Another name.
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// Another address of the same server.
    #[serde(default)]
    #[ts(optional)]
    pub url: Option<String>,
    /// What is taken from it.
    #[serde(default)]
    #[ts(optional)]
    pub import: Option<Import>,
    /// Whether anything is written to it.
    #[serde(default)]
    #[ts(optional)]
    pub export: Option<bool>,
    /// Other credentials of the same user.
    #[serde(default)]
    #[ts(optional)]
    pub credentials: Option<Credentials>,
    /// Whether another server or user than before is a new one in its place: a person said so. It is seen
    /// for the first time, so that it takes nothing away from anybody.
    #[serde(default, rename = "newServer")]
    #[ts(optional, as = "Option<bool>")]
    pub new_server: bool,
}

/// Which backend is to go.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RemoveBackend {
    /// Which.
    pub backend: BackendId,
    /// Whether what was learned from it stays.
    pub keep_history: bool,
}
