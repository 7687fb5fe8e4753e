//! Backups: what is there, and what restoring one would do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BackendId, Moment, Preview, Reason};

/// What a file looks like from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum BackupForm {
    /// A backup of this program, whole.
    Ours,
    /// A list of titles of another program, or something packed: only a preview says more.
    Other,
    /// It begins as a backup does, and is not whole.
    Damaged,
}

/// A backup that is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackupFile {
    /// What stands for it.
    pub id: String,
    /// The name of the file.
    pub file: String,
    /// When it was made; of a file that does not say: when it was last changed.
    pub made_at: Moment,
    /// Whose history, where it says so.
    pub person: Option<String>,
    /// The name of the backend, where it says so.
    pub backend: Option<String>,
    /// The kind of its server, where it says so.
    pub kind: Option<String>,
    /// How many titles it holds, where it says so.
    pub titles: Option<u64>,
    /// How large it is: bytes.
    pub bytes: u64,
    /// What it looks like.
    pub form: BackupForm,
}

/// The backups, and where they are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Backups {
    /// The folder.
    pub folder: String,
    /// The files, the latest first.
    pub files: Vec<BackupFile>,
}

/// A part of a file that a person dropped into the window.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct OfferBackup {
    /// What stands for the file; nothing with its first part.
    #[serde(default)]
    #[ts(optional)]
    pub offer: Option<String>,
    /// The part, in base64.
    pub part: String,
}

/// A file that was dropped into the window, as far as it has come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct OfferedBackup {
    /// What stands for it, in place of the number of a listed backup.
    pub offer: String,
    /// How much of it has come: bytes.
    pub bytes: u64,
}

/// How a backup is restored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RestoreWay {
    /// What it knows more is added; nothing is taken away.
    Union,
    /// Titles get what it says; watched titles that it does not list become unwatched.
    Exact,
}

/// What is to be restored.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct RestoreWish {
    /// What stands for the backup, or for the file that was dropped.
    pub backup: String,
    /// To which backends.
    pub backends: Vec<BackendId>,
    /// How.
    pub way: RestoreWay,
}

/// What a restore would change: its rows are asked for as those of any preview.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RestorePreview {
    /// What would be written: to the chosen backends at once, to the others of that person by the next export.
    pub preview: Preview,
    /// How many entries the backup has.
    pub entries: u64,
    /// How many titles they mean.
    pub matched: u64,
    /// How many entries mean none that can be told.
    pub not_matched: u64,
}

/// An entry of a backup that means no title that can be told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct NotMatched {
    /// Its name.
    pub name: String,
    /// Whether the backup says that it is watched.
    pub watched: bool,
    /// Why.
    pub because: Reason,
}

/// Which entries that were not matched are wanted.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct NotMatchedRows {
    /// What stands for the preview.
    pub preview: String,
    /// Only entries whose names hold this.
    #[serde(default)]
    #[ts(optional)]
    pub text: Option<String>,
    /// How many to skip.
    pub from: u32,
    /// How many at most.
    pub size: u32,
}

/// The restore that a person was shown and agreed to.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct RestoreNow {
    /// What stands for its preview.
    pub preview: String,
}

/// A table of the whole history that was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct WrittenTable {
    /// Where it is.
    pub path: String,
    /// How many titles are in it.
    pub titles: u64,
}
