//! What goes on, and what went on.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BackendId, Moment, RunId};

/// What can be begun by a schedule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TaskName {
    /// Import, then export.
    Sync,
    /// Import from all.
    Import,
    /// Export to all.
    Export,
    /// A back-up of the database.
    Backup,
    /// Old runs and lines go.
    Prune,
}

/// What a run did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunTask {
    /// Took state in.
    Import,
    /// Told what was not shown.
    Export,
    /// Took changes back.
    Undo,
    /// Took over what a backup says.
    Restore,
}

/// How an export was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunMode {
    /// Each item was read and written.
    Push,
    /// Everything was looked at first.
    Full,
}

/// A run on one backend, with its counters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// What it did.
    pub task: RunTask,
    /// On which backend.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How an export was done.
    pub mode: Option<RunMode>,
    /// Whether it went well; nothing while it goes on.
    pub ok: Option<bool>,
    /// Items that were looked at.
    pub seen: u64,
    /// Items that were new.
    pub added: u64,
    /// Items that showed something else than before.
    pub changed: u64,
    /// Items that showed what they showed.
    pub unchanged: u64,
    /// Items that could not be recognised.
    pub unmatched: u64,
    /// Writes that were owed when it began.
    pub planned: u64,
    /// Writes that were made and read back.
    pub written: u64,
    /// Items that showed it already.
    pub already: u64,
    /// Changes that wait.
    pub held: u64,
    /// Writes that failed.
    pub failed: u64,
    /// Requests sent.
    pub requests: u64,
    /// Bytes received.
    pub bytes: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What went wrong.
    pub error: Option<String>,
    /// Whether anything of it can be taken back.
    pub can_undo: bool,
}

/// What is being done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LiveTask {
    /// A backend is read.
    Import,
    /// A backend is written.
    Export,
    /// What is to be done is found out.
    Planning,
}

/// Something that goes on now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    /// On which backend; nothing for what is not about one.
    pub backend: Option<BackendId>,
    /// Its name.
    pub name: Option<String>,
    /// What.
    pub task: LiveTask,
    /// How much is done; nothing while that is not known.
    pub done: Option<u64>,
    /// Of how much.
    pub total: Option<u64>,
    /// Since when.
    pub started_at: Moment,
}

/// Which backends are to be brought to agree.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct SyncNow {
    /// Only these; all where there is nothing.
    #[serde(default)]
    #[ts(optional)]
    pub backends: Option<Vec<BackendId>>,
    /// The preview that a person was shown and agreed to.
    #[serde(default)]
    #[ts(optional)]
    pub preview: Option<String>,
}

/// Which backend is to be read.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct ImportNow {
    /// Which.
    pub backend: BackendId,
    /// Everything anew, not only what may have changed.
    pub full: bool,
}

/// Which backend is to be told.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct ExportNow {
    /// Which.
    pub backend: BackendId,
    /// Everything there is looked at first.
    pub full: bool,
    /// The preview that a person was shown and agreed to.
    #[serde(default)]
    #[ts(optional)]
    pub preview: Option<String>,
}

/// How long a pause lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, TS)]
pub enum PauseUntil {
    /// Half an hour.
    #[serde(rename = "30min")]
    HalfAnHour,
    /// Until seven in the morning.
    #[serde(rename = "morning")]
    Morning,
}

/// Whether schedules rest.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct PauseSync {
    /// For how long; nothing to go on.
    pub until: Option<PauseUntil>,
}

/// Which stretch of a long list.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct Stretch {
    /// How many to skip.
    pub from: u32,
    /// How many at most.
    pub size: u32,
}
