//! What servers tell by themselves, over a socket or a webhook, and who is playing what.
//!
//! Whatever is heard is a hint: nothing is decided by it. The item is read again with the account's own
//! credentials, and that reading is what counts. A hint that was lost, sent twice or sent by somebody else
//! can therefore cost a request, and never a mark.

use async_trait::async_trait;
pub use watchstate_model::Playback;
use watchstate_model::{Item, ItemKey, Position};

use crate::{ServerError, ServerKind};

/// What a server told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// These items may show something else than before: they are to be read again.
    Items(Vec<ItemKey>),
    /// Somebody plays an item: this account's person, or where the server does not say who, anybody.
    Playback {
        /// What is played.
        key: ItemKey,
        /// How it goes on.
        how: Playback,
    },
    /// Something of this account may have changed, and the server does not say what.
    Something,
    /// It concerns the marks of somebody else, or of nobody we know: dropped, and counted.
    Foreign,
    /// Nothing that concerns marks.
    Nothing,
}

/// An open socket of one account. It is closed when it is dropped.
#[async_trait]
pub trait Listening: Send {
    /// What is told next. Keeps the connection alive while it waits. An error means that nothing more comes:
    /// a new socket has to be opened, and what was told in between is lost. What it was waiting for is not
    /// lost when the future is dropped before it is ready.
    async fn next(&mut self) -> Result<Heard, ServerError>;
}

/// What an account's server tells by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Tells {
    /// Marks set by hand and playback: while the socket stands, nothing has to be asked.
    Everything,
    /// Playback, and of other changes only some: they have to be asked for beside it.
    Playback,
    /// Nothing: everything has to be asked for.
    Nothing,
}

/// Something that the account's person is playing now, paused included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NowPlaying {
    /// What.
    pub key: ItemKey,
    /// How far, where the server says.
    pub position: Option<Position>,
    /// Whether it stands still.
    pub paused: bool,
    /// The name of the device or program, where the server says.
    pub device: Option<String>,
}

impl From<ItemKey> for NowPlaying {
    /// Something that runs, of which nothing more is known.
    fn from(key: ItemKey) -> Self {
        Self { key, position: None, paused: false, device: None }
    }
}

/// What changed lately in a library, as cheaply as its server can tell: one or two requests.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Glance {
    /// How many of its movies and episodes are watched.
    pub watched: u32,
    /// Those that were played or marked last, the latest first, with as much as [`crate::Detail::Lean`] has.
    pub recent: Vec<Item>,
}

/// Whose marks a webhook is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// The server's id of a user.
    Id(String),
    /// The name of a user, where it tells no id.
    Name(String),
}

/// A webhook, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hooked {
    /// The id of the server it says it comes from.
    pub server: Option<String>,
    /// Whom it is about; nothing where it is about nobody in particular.
    pub user: Option<Whose>,
    /// What it tells.
    pub heard: Heard,
}

/// A body that is no webhook of this kind of server: what is wrong with it, in words for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a webhook of {}: {what}", .kind.title())]
pub struct NoWebhook {
    /// Which kind was expected.
    pub kind: ServerKind,
    /// What is wrong.
    pub what: &'static str,
}
