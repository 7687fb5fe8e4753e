//! Titles and the journal.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use watchstate_model::{Because, Watch};

use super::{BackendId, ItemId, Moment, RunId, TitleId};

/// Whether a title is watched, and where to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Whether it is watched.
    pub watched: bool,
    /// Where to go on, in milliseconds; beside a watched mark it is a rewatch.
    pub position_ms: Option<u32>,
}

impl From<Watch> for Mark {
    fn from(watch: Watch) -> Self {
        let position_ms = watch.position().map(|position| position.ms());
        Self { watched: watch.is_watched(), position_ms }
    }
}

/// What a copy or we hold of a title.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// Whether it is watched.
    pub watched: bool,
    /// Where to go on, in milliseconds; beside a watched mark it is a rewatch.
    pub position_ms: Option<u32>,
    /// How often it was played.
    pub plays: u32,
    /// When it was last played; of a copy: on the server's clock.
    pub played_at: Option<Moment>,
}

impl From<watchstate_model::Marks> for Marks {
    fn from(marks: watchstate_model::Marks) -> Self {
        let Mark { watched, position_ms } = marks.watch.into();
        let played_at = marks.last_played.map(Into::into);
        Self { watched, position_ms, plays: marks.plays, played_at }
    }
}

/// A reason as a code and as a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Reason {
    /// The stable code.
    pub code: &'static str,
    /// The sentence.
    pub says: &'static str,
}

impl From<Because> for Reason {
    fn from(because: Because) -> Self {
        Self { code: because.code(), says: because.sentence() }
    }
}

impl From<Option<Because>> for Reason {
    fn from(because: Option<Because>) -> Self {
        because.map_or(
            Self { code: "unknown", says: "for a reason that only a newer version knows" },
            Self::from,
        )
    }
}

/// A movie or an episode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TitleKind {
    /// A movie.
    Movie,
    /// An episode.
    Episode,
}

/// What is held of a title, roughly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TitleState {
    /// Watched.
    Watched,
    /// Neither watched nor begun.
    Unwatched,
    /// Begun and not watched.
    Started,
}

/// Which titles are wanted; what is left out does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
#[ts(optional_fields)]
pub struct TitleFilter {
    /// Beginnings of words of the name or the series' name.
    pub text: Option<String>,
    /// Movies or episodes.
    pub kind: Option<TitleKind>,
    /// What is held of them.
    pub state: Option<TitleState>,
    /// Those that this backend has.
    pub backend: Option<BackendId>,
    /// Those that this backend does not have.
    pub missing_on: Option<BackendId>,
    /// Those of which a backend shows something else than what is held.
    pub differs: Option<bool>,
}

/// Which stretch of which titles.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct Titles {
    /// Which titles.
    pub filter: TitleFilter,
    /// How many to skip.
    pub from: u32,
    /// How many at most.
    pub size: u32,
}

/// What a backend shows of a title.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
pub struct On {
    /// Which backend.
    pub backend: BackendId,
    /// What it shows: where it has several copies, what one of them shows that differs, if any does.
    pub marks: Marks,
    /// Whether all its copies show what is held.
    pub agrees: bool,
    /// Whether it had a copy at the last look.
    pub present: bool,
}

/// A title as a list shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TitleRow {
    /// Its number.
    pub id: TitleId,
    /// Its own name.
    pub name: String,
    /// The name of its series.
    pub show: Option<String>,
    /// Its season; nothing for a movie.
    pub season: Option<u32>,
    /// Its number in the season; nothing for a movie.
    pub episode: Option<u32>,
    /// Its year.
    pub year: Option<u32>,
    /// What is held.
    pub marks: Marks,
    /// When that was decided.
    pub changed_at: Option<Moment>,
    /// One entry for each backend that has it or had it.
    pub on: Vec<On>,
}

/// An external id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct TitleIdentity {
    /// Whose id: `imdb`, `tmdb` and so on.
    pub provider: &'static str,
    /// The id.
    pub value: String,
}

/// A write that a copy is owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
pub struct CopyOwed {
    /// What it is to show.
    pub becomes: Mark,
    /// Why.
    pub because: Reason,
    /// Why it waits, in a sentence.
    pub waiting: Option<&'static str>,
    /// Whether it is not tried any more.
    pub parked: bool,
}

/// A backend's copy of a title.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TitleCopy {
    /// Its number.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// What the server calls it.
    pub key: String,
    /// Its path, as the server sees it.
    pub path: Option<String>,
    /// Its running time in milliseconds.
    pub duration_ms: Option<u32>,
    /// What it last showed.
    pub marks: Marks,
    /// What was last agreed on.
    pub agreed: Option<Marks>,
    /// When.
    pub agreed_at: Option<Moment>,
    /// Whether it was there at the last look.
    pub present: bool,
    /// Why the last look was decided as it was.
    pub because: Reason,
    /// What it is owed.
    pub owed: Option<CopyOwed>,
}

/// A title, opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Title {
    /// As the list shows it.
    #[serde(flatten)]
    pub row: TitleRow,
    /// Its external ids.
    pub ids: Vec<TitleIdentity>,
    /// Whether a person wants it to be left alone.
    pub ignored: bool,
    /// Its copies.
    pub copies: Vec<TitleCopy>,
    /// Its journal, the latest line first.
    pub journal: Vec<JournalLine>,
}

/// Which title is meant.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct OneTitle {
    /// Its number.
    pub title: TitleId,
}

/// A title to be marked everywhere.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct MarkTitle {
    /// Its number.
    pub title: TitleId,
    /// Watched or unwatched.
    pub watched: bool,
}

/// A title to be left alone, or not any more.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct IgnoreTitle {
    /// Its number.
    pub title: TitleId,
    /// Whether nothing is written about it anywhere.
    pub ignored: bool,
}

/// A title with its full name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct NamedTitle {
    /// Its number.
    pub id: TitleId,
    /// Its full name.
    pub name: String,
}

/// A backend with its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct NamedBackend {
    /// Its number.
    pub id: BackendId,
    /// Its name.
    pub name: String,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum JournalWhat {
    /// A backend's mark became what is held.
    Took,
    /// A backend showed something else, and what is held stayed.
    Kept,
    /// A change waits for a person.
    Held,
    /// A backend was told.
    Told,
    /// A backend does not take it.
    Parked,
    /// A backend's copy is gone.
    Gone,
    /// A person decided in the window.
    Asked,
}

impl JournalWhat {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Took, "took"),
        (Self::Kept, "kept"),
        (Self::Held, "held"),
        (Self::Told, "told"),
        (Self::Parked, "parked"),
        (Self::Gone, "gone"),
        (Self::Asked, "asked"),
    ];

    /// The word for it in the store.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(what, _)| *what == self).map_or("", |(_, word)| word)
    }

    /// From [`JournalWhat::word`].
    pub(crate) fn of_word(word: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == word).map_or(Self::Kept, |(what, _)| *what)
    }
}

/// A line of the journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct JournalLine {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// In which run; 0 for the window.
    pub run: RunId,
    /// Which title.
    pub title: NamedTitle,
    /// Which backend; nothing for the window, and for a backend that was removed.
    pub backend: Option<NamedBackend>,
    /// What happened.
    pub what: JournalWhat,
    /// What was before.
    pub was: Mark,
    /// What was afterwards.
    pub became: Mark,
    /// Why.
    pub because: Reason,
    /// Whether it can be taken back.
    pub can_undo: bool,
}

/// Which lines of the journal are wanted.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct Journal {
    /// Beginnings of words of the title's names.
    #[serde(default)]
    #[ts(optional)]
    pub text: Option<String>,
    /// Only of this backend.
    #[serde(default)]
    #[ts(optional)]
    pub backend: Option<BackendId>,
    /// Only what happened so.
    #[serde(default)]
    #[ts(optional)]
    pub what: Option<JournalWhat>,
    /// How many to skip.
    pub from: u32,
    /// How many at most.
    pub size: u32,
}
