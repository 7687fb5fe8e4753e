//! The words between the app and its windows: what is asked, what is answered, what is told.
//!
//! From these types the TypeScript contract in `ui/src/contract/contract.ts` is written (see
//! [`crate::typescript`]), so that a window that does not fit the app does not compile. Their names and
//! shapes are the contract: fields are in camel case there. Times are unix seconds on our clock, positions
//! and running times milliseconds.

mod backends;
mod backups;
mod held;
mod history;
mod ids;
mod preview;
mod runs;
mod settings;
mod truth;
mod undo;
mod watching;
mod webhooks;
mod wizard;

pub use backends::*;
pub use backups::*;
pub use held::*;
pub use history::*;
pub use ids::*;
pub use preview::*;
pub use runs::*;
use serde::{Deserialize, Serialize};
pub use settings::*;
pub use truth::*;
use ts_rs::TS;
pub use undo::*;
pub use watching::*;
pub use webhooks::*;
pub use wizard::*;

/// Something is wrong: what, and what to do about it. Both are sentences for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Advice {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub todo: String,
}

/// What the asker can do about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// Ask in another way.
    Usage,
    /// Look after a server, or the way to it.
    Server,
    /// Unlock the keyring.
    Keyring,
    /// Log in, or choose the file of tokens in place of the keyring that is not there.
    NoKeyring,
    /// Look after the data folder.
    Store,
    /// Look again: what was agreed to is not what would be done any more.
    Changed,
    /// Wait.
    Busy,
    /// Nothing: a person stopped it.
    Cancelled,
    /// Look anew: what was meant is not there any more.
    NotFound,
    /// Report it.
    Internal,
}

/// What every command answers when it fails. Never holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Failure {
    /// What the asker can do.
    pub kind: FailureKind,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub todo: String,
}

/// What answers are about: an answer is stale when one of its tags changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Tag {
    /// The backends and their switches.
    Backends,
    /// The runs that ended.
    Runs,
    /// Writes that are owed.
    Owed,
    /// Titles and what is held of them.
    Titles,
    /// The journal.
    Journal,
    /// The schedules.
    Tasks,
    /// The settings.
    Settings,
    /// What goes on now.
    Live,
    /// What is being played now.
    Watching,
    /// How backends are listened to.
    Connections,
    /// What servers told by webhooks, and how it stands with listening.
    Webhooks,
    /// The files of the backups.
    Backups,
}

impl Tag {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Backends,
        Self::Runs,
        Self::Owed,
        Self::Titles,
        Self::Journal,
        Self::Tasks,
        Self::Settings,
        Self::Live,
        Self::Watching,
        Self::Connections,
        Self::Webhooks,
        Self::Backups,
    ];
}

/// What the app tells by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Event {
    /// Answers with these tags are stale.
    Changed {
        /// The tags.
        tags: Vec<Tag>,
    },
    /// A step of what goes on.
    Live {
        /// All that goes on.
        live: Vec<Live>,
    },
}

/// A stretch of a long list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Page<T> {
    /// The stretch.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// A command that needs to be told nothing.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct Nothing {}
