//! Webhooks: where servers may tell what happened, and what became of it.

use serde::Serialize;
use ts_rs::TS;

use super::{Advice, BackendId, Moment};

/// The address at which one backend's server may tell what happened. It holds a secret: whoever knows it may
/// tell, too. Ask for it only to show it to a person.
#[derive(Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAddress {
    /// The whole address, to be entered at the server.
    pub address: String,
    /// Why nothing would come that way now, if that is so.
    pub advice: Option<Advice>,
}

/// An address that was entered at its server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRegistered {
    /// Whether it was there before.
    pub already: bool,
    /// Why nothing would come that way now, if that is so.
    pub advice: Option<Advice>,
}

/// How it stands with listening.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum WebhookState {
    /// A person did not switch it on.
    #[default]
    Off,
    /// It listens.
    Listening,
    /// It should listen and cannot; it is tried again by itself.
    Trouble,
}

/// How many webhooks came since the app was started, and what became of them. Each is one of those below.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WebhookCounts {
    /// How it stands with listening.
    pub state: WebhookState,
    /// Where it listens or is to listen, without a secret: `127.0.0.1:8487`. Nothing while it is off.
    pub at: Option<String>,
    /// Why it cannot listen.
    pub trouble: Option<Advice>,
    /// All that came.
    pub received: u64,
    /// Taken: what they name is read again.
    pub taken: u64,
    /// About something that has no marks.
    pub no_marks: u64,
    /// Sent to an address that is nobody's.
    pub wrong_secret: u64,
    /// Sent by another server than the backend's.
    pub other_server: u64,
    /// About another user than the backend's.
    pub other_user: u64,
    /// Not understood.
    pub unreadable: u64,
    /// Longer than any webhook is.
    pub too_large: u64,
    /// Slower than any webhook is.
    pub too_slow: u64,
    /// Too many in too short a time.
    pub too_many: u64,
    /// Not taken by our own database.
    pub not_kept: u64,
    /// What was taken, by backend; those that told nothing are not in it.
    pub backends: Vec<WebhooksOf>,
}

/// What one backend's server told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WebhooksOf {
    /// Which backend.
    pub backend: BackendId,
    /// How many were taken.
    pub taken: u64,
    /// When the last one came.
    pub last_at: Moment,
}
