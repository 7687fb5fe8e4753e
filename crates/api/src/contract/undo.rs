//! What can be taken back.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Moment, NamedBackend, NamedTitle, Preview, Reason, RunId, TitleId};

/// What is to be taken back: one of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, TS)]
#[serde(default)]
#[ts(optional_fields)]
pub struct UndoWish {
    /// All that a run changed. Of a run that took something back: then it is done once more.
    pub run: Option<RunId>,
    /// All changes of a title that are kept: it becomes what it was before the first of them.
    pub title: Option<TitleId>,
    /// The change that this line of the journal tells of.
    pub line: Option<i64>,
    /// All that a backend shows otherwise than in this snapshot.
    pub snapshot: Option<i64>,
}

/// Something that is left as it is, or does not go back in whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct UndoLeft {
    /// Which title.
    pub title: NamedTitle,
    /// On which backend; nothing where it is about what is held.
    pub backend: Option<NamedBackend>,
    /// Why.
    pub because: Reason,
    /// Whether it goes back but for what the reason names.
    pub partly: bool,
}

/// What an undo would do, with the preview of what it would write.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UndoPreview {
    /// What would be written.
    #[serde(flatten)]
    pub preview: Preview,
    /// How many titles it is about.
    pub titles: u64,
    /// Of how many of them something else would be held.
    pub holds: u64,
    /// What is left as it is, the first of it.
    pub left: Vec<UndoLeft>,
    /// How much of that there is in all.
    pub left_total: u64,
}

/// What a backend showed before something was written to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Its number.
    pub id: i64,
    /// Of which backend.
    pub backend: NamedBackend,
    /// Before the first write of which run; nothing where it was outside of any.
    pub run: Option<RunId>,
    /// When.
    pub taken_at: Moment,
    /// How many items it has.
    pub items: u64,
    /// How many bytes it has; what did not change is shared with others.
    pub bytes: u64,
}

/// Which undo a person was shown and agreed to.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct UndoNow {
    /// What stands for its preview.
    pub preview: String,
}
