//! What the brake holds, and how much it lets pass.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BackendId, ItemId, Mark, Moment, Reason, TitleId};

/// How many un-watches wait on a backend, for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct HeldReason {
    /// The reason.
    pub because: Reason,
    /// How many.
    pub count: u64,
}

/// The un-watches of a backend that wait for a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct HeldCount {
    /// Which backend.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Why, the most frequent first.
    pub reasons: Vec<HeldReason>,
    /// The names of a few of them.
    pub sample: Vec<String>,
}

/// An un-watch that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HeldRow {
    /// Of which copy.
    pub item: ItemId,
    /// Which title.
    pub title_id: TitleId,
    /// Its full name.
    pub title: String,
    /// Where the mark is gone.
    pub backend: BackendId,
    /// What that backend showed.
    pub was: Mark,
    /// What it shows now.
    pub now: Mark,
    /// Why it waits.
    pub because: Reason,
    /// When the mark was last seen there.
    pub since: Moment,
    /// When it was first seen to be gone.
    pub seen_at: Moment,
}

/// Which of the un-watches that wait are wanted.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct HeldWish {
    /// Only of this backend.
    #[serde(default)]
    #[ts(optional)]
    pub backend: Option<BackendId>,
    /// Only of titles with these words in their names.
    #[serde(default)]
    #[ts(optional)]
    pub text: Option<String>,
    /// How many to skip.
    pub from: u32,
    /// How many at most.
    pub size: u32,
}

/// What a person says to un-watches that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum HeldSay {
    /// They were meant: they become unwatched everywhere.
    Approve,
    /// They were not: they stay watched, and the backend that lost the marks gets them back.
    Reject,
}

/// An answer to un-watches that wait: to all, to those of a backend, or to some.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct AnswerHeld {
    /// What is said.
    pub say: HeldSay,
    /// Only to those of this backend.
    #[serde(default)]
    #[ts(optional)]
    pub backend: Option<BackendId>,
    /// Only to these copies.
    #[serde(default)]
    #[ts(optional)]
    pub items: Option<Vec<ItemId>>,
    /// The preview of this answer, when a person was shown it.
    #[serde(default)]
    #[ts(optional)]
    pub preview: Option<String>,
    /// The preview before, where a preview of this answer is to say what is different from it.
    #[serde(default)]
    #[ts(optional)]
    pub since: Option<String>,
}

/// How many titles may become unwatched without a person's yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BrakeRule {
    /// Whether nothing is held. It is said wherever one looks at what waits.
    pub off: bool,
    /// So many always pass.
    pub at_least: u32,
    /// And so many of a hundred watched titles.
    pub percent: u32,
    /// So many at once that were the latest marks of a backend wait, as after restoring a back-up; 0: never.
    pub latest: u32,
}

impl From<watchstate_model::BrakePolicy> for BrakeRule {
    fn from(policy: watchstate_model::BrakePolicy) -> Self {
        let watchstate_model::BrakePolicy { at_least, percent, latest, off } = policy;
        Self { off, at_least, percent, latest }
    }
}

impl From<BrakeRule> for watchstate_model::BrakePolicy {
    fn from(rule: BrakeRule) -> Self {
        let BrakeRule { off, at_least, percent, latest } = rule;
        Self { at_least, percent, latest, off }
    }
}

/// A backend's own brake.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct BackendBrake {
    /// Which backend.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// Its rule.
    pub rule: BrakeRule,
}

/// All brakes there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Brakes {
    /// The rule of the settings.
    pub usual: BrakeRule,
    /// The person's, in place of it.
    pub person: Option<BrakeRule>,
    /// Those of single backends.
    pub backends: Vec<BackendBrake>,
    /// What lets everything pass, each in a sentence; empty where all is well.
    pub off: Vec<String>,
}

/// A brake is to be another one.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct SetBrake {
    /// For this backend alone; for the person where there is nothing.
    #[serde(default)]
    #[ts(optional)]
    pub backend: Option<BackendId>,
    /// The rule; nothing for the one that holds otherwise.
    pub rule: Option<BrakeRule>,
}
