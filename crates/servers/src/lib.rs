//! Plex, Jellyfin, Emby and Kodi behind one trait.
//!
//! Wire formats stay inside each server's folder; what leaves this crate are the words of the model. Every
//! protocol fact carries its source in a doc comment: a section of an API document, or a recording in
//! `tests/recordings/`.
//!
//! Nothing here decides anything about marks, keeps anything between two calls but what a connection
//! needs, or knows a database. What differs between servers is told as data ([`Abilities`]), so that the
//! engine has no case for any of them.
#![deny(missing_docs)]

pub mod discover;
pub mod emby;
pub mod error;
pub mod heard;
pub mod http;
pub mod jellyfin;
pub mod kodi;
mod lenient;
mod mediabrowser;
pub mod plex;
pub mod registering;
pub mod sensitive;
mod socket;
pub mod waiting;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
pub use error::{Fault, ServerError};
pub use heard::{Glance, Heard, Hooked, Listening, NoWebhook, NowPlaying, Playback, Tells, Whose};
pub use http::{Limits, Meter, Pause};
pub use sensitive::Sensitive;
pub use watchstate_model::Abilities;
use watchstate_model::{
    ClockOffset, ExternalIds, Item, ItemKey, LibraryKey, Marks, Moment, Show, Target,
};
pub use webhook::read_webhook;

/// Which kind of server a backend is on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ServerKind {
    /// Plex Media Server.
    Plex,
    /// Jellyfin 10.8 to 12.
    Jellyfin,
    /// Emby Server.
    Emby,
    /// Kodi with its web server on.
    Kodi,
}

impl ServerKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plex, Self::Jellyfin, Self::Emby, Self::Kodi];

    /// The name in lower case, as users type it and the database stores it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plex => "plex",
            Self::Jellyfin => "jellyfin",
            Self::Emby => "emby",
            Self::Kodi => "kodi",
        }
    }

    /// The name as people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Plex => "Plex",
            Self::Jellyfin => "Jellyfin",
            Self::Emby => "Emby",
            Self::Kodi => "Kodi",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How to reach one account on one server.
#[derive(Clone)]
pub struct Address {
    /// Which kind of server.
    pub kind: ServerKind,
    /// The base URL, with a path where a proxy adds one. Never holds a token or a password.
    pub url: url::Url,
    /// Which user's marks: the server's own id of the user (Plex: account id; Kodi has no users).
    /// Absent until the backend has been checked for the first time.
    pub user: Option<String>,
    /// The token or API key; for Kodi `user:password`.
    pub token: Sensitive<String>,
    /// Our own stable id, sent as client or device identifier. Never a server's.
    pub client_id: String,
}

/// What a server says of itself when it is checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerInfo {
    /// The id that stays the same when the address changes.
    pub id: String,
    /// The name its owner gave it.
    pub name: String,
    /// Its version, as it says.
    pub version: String,
    /// How far its clock is ahead of ours; offsets of up to five seconds are told as none.
    pub clock: ClockOffset,
}

/// A user of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The server's id of the user.
    pub id: String,
    /// The name people use.
    pub name: String,
}

/// What a library holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LibraryKind {
    /// Movies.
    Movies,
    /// Series.
    Shows,
    /// Both (Jellyfin's and Emby's mixed libraries).
    Mixed,
}

/// A library of movies or series. Others (music, photos, live TV) are not told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Library {
    /// What the server calls it.
    pub key: LibraryKey,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: LibraryKind,
}

/// How much of each item is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Detail {
    /// Key, marks and add date: as little as the server can be made to send.
    Lean,
    /// Its [`Facts`](watchstate_model::Facts) as well.
    Full,
}

/// Which stretch of a list is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// How many to skip.
    pub from: u32,
    /// How many to send at most.
    pub size: u32,
}

/// One answer of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// What the server sent, in its order. Entries that are neither movie nor episode are left out, so it
    /// may be shorter than [`Page::sent`].
    pub entries: Vec<T>,
    /// How many entries the server sent: what the next stretch starts after.
    pub sent: u32,
    /// How many there are in all, as the server says with this page.
    pub total: u32,
}

/// Which title is looked for on a server that has not been swept since it appeared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// A movie.
    Movie {
        /// Its name, to search by.
        name: String,
        /// Its ids, to recognise it by.
        ids: ExternalIds,
    },
    /// An episode.
    Episode {
        /// The series' name, to search by.
        show_name: String,
        /// The series' ids, to recognise it by.
        show_ids: ExternalIds,
        /// The season.
        season: u16,
        /// The episode.
        number: u16,
    },
}

/// Who is playing what, of one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Playing {
    /// These items, and no others.
    Items(Vec<NowPlaying>),
    /// This account may not see sessions, and never will with these credentials.
    NotVisible,
}

impl Playing {
    /// What is being played; nothing where it cannot be seen.
    pub fn keys(&self) -> impl Iterator<Item = &ItemKey> {
        let items = match self {
            Self::Items(items) => items.as_slice(),
            Self::NotVisible => &[],
        };
        items.iter().map(|playing| &playing.key)
    }

    /// Whether these items are being played, in this order, and no others. Where it cannot be seen, no.
    pub fn is_just(&self, keys: &[ItemKey]) -> bool {
        matches!(self, Self::Items(_)) && self.keys().eq(keys)
    }
}

/// A change to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// The item.
    pub key: ItemKey,
    /// What it shows now, read a moment ago: what need not be written is told from it.
    pub from: Marks,
    /// What it is to show.
    pub to: Target,
    /// Its running time in milliseconds, which Plex wants with a position.
    pub duration_ms: Option<u32>,
}

/// One account on one media server.
///
/// Reads and writes are idempotent: any of them may be sent again when its answer was lost. Times in and
/// out are on the server's own clock, apart from [`Target::played_at`], which each client moves by the
/// offset it measured.
#[async_trait]
pub trait MediaServer: Send + Sync {
    /// What this server can be told. May depend on the version that [`MediaServer::check`] found; before the
    /// first check it is what every version can.
    fn abilities(&self) -> Abilities;

    /// Whether this is a server of the right kind, the credentials are good and the user exists; measures
    /// its clock. To be called before anything else.
    async fn check(&self) -> Result<ServerInfo, ServerError>;

    /// Who answers, as the server tells anybody who asks: what is left to be learned where the credentials
    /// are of no use. Nothing where it tells nobody.
    async fn who_answers(&self) -> Result<Option<ServerInfo>, ServerError> {
        Ok(None)
    }

    /// The user whose marks are read and written: the one of the address, or the one that the token belongs
    /// to.
    async fn user(&self) -> Result<User, ServerError>;

    /// The users that these credentials may see.
    async fn users(&self) -> Result<Vec<User>, ServerError>;

    /// The libraries of movies and series.
    async fn libraries(&self) -> Result<Vec<Library>, ServerError>;

    /// The series of a library, with their ids. Empty for a library of movies.
    async fn shows(&self, library: &Library, stretch: Stretch) -> Result<Page<Show>, ServerError>;

    /// The movies and episodes of a library, in an order that stays while nothing is added.
    async fn items(
        &self,
        library: &Library,
        stretch: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError>;

    /// Single items with their facts, in any order; those that are not there are left out. At most
    /// [`MediaServer::read_at_once`] keys a call; one request.
    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError>;

    /// How many items [`MediaServer::read`] takes in one request.
    fn read_at_once(&self) -> usize {
        100
    }

    /// Single series with their ids; those that are not there are left out. At most
    /// [`MediaServer::read_at_once`] keys a call; one request.
    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError>;

    /// The copies of a title, looked up by name and recognised by ids.
    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError>;

    /// Makes an item show what it should. The caller reads back.
    async fn write(&self, write: &Write) -> Result<(), ServerError>;

    /// Makes an item show what it showed once, the date on its own clock: as [`MediaServer::write`], but count and
    /// date are to be just so again where they can be set, even if that moves them back.
    async fn restore(&self, write: &Write, _showed: &Marks) -> Result<(), ServerError> {
        self.write(write).await
    }

    /// What the account's user is playing now, paused included.
    async fn playing(&self) -> Result<Playing, ServerError>;

    /// What its server tells by itself once [`MediaServer::listen`] has opened a socket.
    fn tells(&self) -> Tells {
        Tells::Nothing
    }

    /// Opens the socket on which the server tells what happens. [`Fault::Unsupported`] where there is none.
    /// Nothing that happened before is told: whoever listens looks first ([`MediaServer::glance`]).
    async fn listen(&self) -> Result<Box<dyn Listening>, ServerError> {
        Err(ServerError::new(Fault::Unsupported, "listening"))
    }

    /// What changed lately in a library: at most `most` items, those alone that were played or marked since
    /// a moment on the server's clock, where it can tell. [`Fault::Unsupported`] where only a sweep can say.
    async fn glance(
        &self,
        library: &Library,
        since: Option<Moment>,
        most: u32,
    ) -> Result<Glance, ServerError> {
        let _ = (library, since, most);
        Err(ServerError::new(Fault::Unsupported, "looking for changes"))
    }

    /// The keys of what is watched in a library: what is missing among them was un-watched.
    /// [`Fault::Unsupported`] where only a sweep can say.
    async fn watched(
        &self,
        library: &Library,
        stretch: Stretch,
    ) -> Result<Page<ItemKey>, ServerError> {
        let _ = (library, stretch);
        Err(ServerError::new(Fault::Unsupported, "reading what is watched"))
    }

    /// What was spent so far.
    fn meter(&self) -> &Meter;
}

/// A client for an address. `pause` is how it waits between two tries.
pub fn connect(
    address: Address,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<Arc<dyn MediaServer>, ServerError> {
    Ok(match address.kind {
        ServerKind::Plex => Arc::new(plex::Plex::new(address, limits, pause)?),
        ServerKind::Jellyfin => Arc::new(jellyfin::Jellyfin::new(address, limits, pause)?),
        ServerKind::Emby => Arc::new(emby::Emby::new(address, limits, pause)?),
        ServerKind::Kodi => Arc::new(kodi::Kodi::new(address, limits, pause)?),
    })
}

/// What signing in gives.
pub struct SignedIn {
    /// The token to keep.
    pub token: Sensitive<String>,
    /// Whose it is.
    pub user: User,
}

/// Exchanges a user name and a password for a token. The password is not kept. Plex signs in at plex.tv,
/// not at the server, and refuses this with [`Fault::Unsupported`]; Kodi keeps name and password as its token.
pub async fn sign_in(
    kind: ServerKind,
    url: &url::Url,
    client_id: &str,
    username: &str,
    password: &Sensitive<String>,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<SignedIn, ServerError> {
    match kind {
        ServerKind::Plex => plex::sign_in(),
        ServerKind::Jellyfin => {
            jellyfin::sign_in(url, client_id, username, password, limits, pause).await
        }
        ServerKind::Emby => emby::sign_in(url, client_id, username, password, limits, pause).await,
        ServerKind::Kodi => kodi::sign_in(url, username, password, limits, pause).await,
    }
}

/// Seconds on our clock. The one place of this crate that needs the time is the measuring of a server's
/// clock, and it takes it from [`Pause`].
pub(crate) fn offset_between(theirs: Moment, ours: Moment) -> ClockOffset {
    let seconds = theirs.0.saturating_sub(ours.0);
    // The Date header has whole seconds and the answer took its time: a small difference is none.
    ClockOffset(if seconds.abs() <= 5 { 0 } else { seconds })
}
