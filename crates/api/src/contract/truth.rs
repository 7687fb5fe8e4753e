//! The state of the whole, at a glance.

use serde::Serialize;
use ts_rs::TS;

use super::{BackendCard, BackendId, Moment, TaskName};

/// The state of the whole. The colour of the tray's icon.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Truth {
    /// Every export account has confirmed everything, and nothing else.
    InSync,
    /// Something goes on, or is still to be told to a server.
    Working,
    /// Something waits for a person's yes.
    NeedsYou,
    /// A server, the keyring or the database has trouble.
    Trouble,
    /// A person wants no syncing for now.
    Paused,
    /// There is no backend yet.
    Empty,
}

/// The state of the whole, and what leads further.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The state of the whole.
    pub truth: Truth,
    /// The same in a sentence, as in the tray.
    pub says: String,
    /// What to do about it, where something keeps everything from going on, the database or the keyring, or
    /// where the last backup failed. What to do about a backend stands with the backend.
    pub todo: Option<String>,
    /// Whether anything goes on or waits for its turn, and so can be stopped. [`Overview::truth`] says
    /// `working` of what is still to be told as well, when nothing goes on.
    pub running: bool,
    /// All backends.
    pub backends: Vec<BackendCard>,
    /// How many titles are known.
    pub titles: u64,
    /// The last import or export that went well.
    pub last_sync: Option<Moment>,
    /// What a schedule will begin next.
    pub next_run: Option<NextRun>,
    /// Until when no schedule begins anything.
    pub paused_until: Option<Moment>,
    /// What happened since midnight.
    pub today: Today,
    /// What waits for a person's yes.
    pub waiting: Vec<Waiting>,
    /// The preview that a person agreed to, where it is not what would be changed any more: nothing of it was
    /// written.
    pub look_anew: Option<String>,
    /// What lets much become unwatched without asking, each in a sentence; empty where all is well.
    pub brakes_off: Vec<String>,
    /// That the database was damaged and made anew, until a person has put it away.
    pub mended: Option<Mended>,
}

/// The database was damaged and made anew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mended {
    /// When.
    pub at: Moment,
    /// What was found, in words that follow "because".
    pub why: String,
    /// Where the damaged file is now.
    pub aside: String,
    /// When the copy was made that it goes on from; nothing where there was none, so that it began empty.
    pub copy_at: Option<Moment>,
}

/// What a schedule will begin next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
pub struct NextRun {
    /// What.
    pub task: TaskName,
    /// When.
    pub at: Moment,
}

/// What happened since midnight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, TS)]
pub struct Today {
    /// Marks that were taken over.
    pub marks: u64,
    /// Writes that were made and read back.
    pub written: u64,
    /// Changes that were held.
    pub held: u64,
    /// Writes that failed.
    pub failed: u64,
}

/// Why something waits for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum WaitingWhy {
    /// Nothing was ever written to this backend.
    FirstExport,
    /// Too many titles would become unwatched at once.
    Brake,
}

/// Something waits for a person's yes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Waiting {
    /// On which backend.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// Why.
    pub why: WaitingWhy,
    /// How many changes.
    pub count: u64,
}
