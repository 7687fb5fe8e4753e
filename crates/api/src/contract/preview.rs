//! What a run would change.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BackendId, Mark, Moment, Reason, TitleId};

/// What would be done to a title on a backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Marked as watched.
    Watch,
    /// Marked as unwatched.
    Unwatch,
    /// Given a place to go on.
    Start,
    /// Given the place of a rewatch.
    Again,
    /// Its place is cleared.
    Clear,
    /// Told of one more play.
    Played,
}

/// What would be done to a backend, in numbers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct PreviewCount {
    /// Which backend.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// Titles that would be marked as watched.
    pub watch: u64,
    /// Titles that would be marked as unwatched.
    pub unwatch: u64,
    /// Places and plays that would be told.
    pub position: u64,
    /// All of them.
    pub total: u64,
    /// Those that would wait all the same.
    pub held: u64,
}

/// What a run would change, kept for a while in the app: its rows are asked for page by page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// What stands for it.
    pub id: String,
    /// When it was made.
    pub taken_at: Moment,
    /// In numbers.
    pub per_backend: Vec<PreviewCount>,
    /// Backends that could not be asked, each with a sentence.
    pub troubles: Vec<String>,
    /// What is different from the preview before, where it was asked for and is still known.
    pub since: Option<PreviewSince>,
}

/// What is different from the preview before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
pub struct PreviewSince {
    /// Changes that it did not show.
    pub anew: u64,
    /// Changes that it showed, and that would not be made any more.
    pub gone: u64,
}

/// One change that would be made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PreviewRow {
    /// Which title.
    pub title_id: TitleId,
    /// Its full name.
    pub title: String,
    /// On which backend.
    pub backend: BackendId,
    /// What would be done.
    pub action: Action,
    /// What it shows.
    pub was: Mark,
    /// What it would show.
    pub becomes: Mark,
    /// Why.
    pub because: Reason,
    /// Why it would not be written all the same.
    pub held: Option<Reason>,
    /// Whether the preview before did not show it.
    pub anew: bool,
}

/// Which preview is wanted.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct PreviewWish {
    /// Only writes to these; to all where there is nothing.
    #[serde(default)]
    #[ts(optional)]
    pub backends: Option<Vec<BackendId>>,
    /// Whether all backends are read first.
    pub import: bool,
    /// Whether it is of an export that compares everything, as `export_now` with `full` does.
    #[serde(default)]
    #[ts(optional)]
    pub full: Option<bool>,
    /// The preview before, to be told what is different from it.
    #[serde(default)]
    #[ts(optional)]
    pub since: Option<String>,
}

/// Which rows of a preview are wanted.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct PreviewRows {
    /// What stands for the preview.
    pub preview: String,
    /// Only of this backend.
    #[serde(default)]
    #[ts(optional)]
    pub backend: Option<BackendId>,
    /// Only titles whose names hold this.
    #[serde(default)]
    #[ts(optional)]
    pub text: Option<String>,
    /// How many to skip.
    pub from: u32,
    /// How many at most.
    pub size: u32,
}
