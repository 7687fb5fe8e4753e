//! What does an observation mean for the state we hold?
//!
//! Changes are found by comparing an observation with that account's **own baseline**, never by comparing
//! dates across servers: add dates move when files are replaced, Plex stamps "now" on every write, Jellyfin
//! marks without a date. Dates only order two changes that were made on two servers between two looks.

use crate::keys::BackendId;
use crate::marks::{Marks, ProgressRule, Watch};
use crate::moment::{ClockOffset, Moment, Position, Window};
use crate::reason::Because;

/// What we hold to be true for one person and one title.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// Unwatched, started or watched.
    pub watch: Watch,
    /// How often it was played: the highest count any account gave.
    pub plays: u32,
    /// When the person last played it, on our clock: what is written where a server takes dates.
    pub played_at: Option<Moment>,
    /// When the change that decided this state happened, on our clock: what the next change competes with.
    pub decided_at: Moment,
    /// Who made that change; `None` for the window.
    pub by: Option<BackendId>,
}

impl State {
    /// A title of which nothing was ever heard but that it exists.
    pub const UNTOUCHED: Self = Self {
        watch: Watch::Unwatched,
        plays: 0,
        played_at: None,
        decided_at: Moment(i64::MIN),
        by: None,
    };
}

/// How an account's item comes to be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Never agreed on anything with this account about this item.
    First,
    /// The item as it was agreed on, under the same key.
    Known {
        /// What was agreed on.
        baseline: Marks,
        /// Whether the add date is another one than before: the file was replaced.
        readded: bool,
    },
    /// Another key stands for the account's copy, and the old key is gone.
    Rekeyed {
        /// What was agreed on for the copy that is gone.
        before: Marks,
    },
}

/// What the account's import switch says about marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Its marks are taken.
    Marks,
    /// Only its items and ids are learned.
    MetadataOnly,
    /// It is not imported from; read only to export to it.
    Off,
}

/// Everything a merge may look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// What we hold.
    pub state: State,
    /// Whose observation it is.
    pub backend: BackendId,
    /// How it comes to be seen.
    pub sight: Sight,
    /// What the account shows.
    pub observed: Marks,
    /// The running time in milliseconds, where it is known.
    pub duration_ms: Option<u32>,
    /// When a change must have happened, on our clock.
    pub window: Window,
    /// The offset of the server's clock.
    pub clock: ClockOffset,
    /// Whether the account's marks are taken.
    pub trust: Trust,
    /// Whether a human un-watch there clears count and date too, so that a mark that is gone while they
    /// stay was cleared by a session. True for Plex, Jellyfin and Emby; Kodi keeps the date.
    pub unwatch_clears_traces: bool,
    /// Which positions count.
    pub progress: ProgressRule,
}

/// What is to be done with our state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing: the account shows what it showed, or what moved says nothing.
    Nothing(Because),
    /// The account told something new.
    Take(State, Because),
    /// The person took the mark away: subject to the brake.
    Unwatch(State, Because),
    /// Our state stays, and the account has to be told.
    Keep(Because),
    /// The account's marks are not taken, and its baseline stays where it is.
    NotTrusted(Because),
}

/// Merges one observation into our state.
///
/// Which rule decided is in the [`Because`]; the table of cases is in this module's tests and in
/// `tests/merge_table.rs`.
pub fn merge(case: &Case) -> Verdict {
    match case.trust {
        Trust::Marks => {}
        Trust::MetadataOnly => return Verdict::NotTrusted(Because::MetadataOnly),
        Trust::Off => return Verdict::NotTrusted(Because::ImportOff),
    }
    match case.sight {
        Sight::First => first_sight(case),
        Sight::Known { baseline, readded } => moved(case, baseline, readded),
        Sight::Rekeyed { before } => moved(case, before, true),
    }
}

/// First sight is a union: watched beats anything, a later position beats an earlier one, and nothing is
/// ever taken away. A fresh server that joins would otherwise un-watch a library.
fn first_sight(case: &Case) -> Verdict {
    let state = case.state;
    let shown = case.progress.settle(case.observed.watch, case.duration_ms);
    let claim = case.claim();
    let at = claim.map_or(case.window.latest(), |at| at.min(case.window.latest()));
    match (state.watch, shown) {
        (Watch::Watched { .. }, Watch::Watched { .. }) => {
            // Both agree on the mark. The later viewing is the one to remember, whichever comes first.
            let later = State {
                plays: state.plays.max(case.observed.plays),
                played_at: state.played_at.max(claim.map(|at| case.window.believable(at))),
                // An un-watch of the same run, on another account, competes with this viewing too.
                decided_at: state.decided_at.max(at),
                ..state
            };
            if later == state {
                Verdict::Nothing(Because::FirstSightAgrees)
            } else {
                Verdict::Take(later, Because::FirstSightAgrees)
            }
        }
        (Watch::Unwatched | Watch::Started(_), Watch::Watched { .. }) => {
            // A position seen beside a mark at first sight is of unknown age: the mark is what counts.
            let seen = case.taken(Watch::WATCHED, at, claim);
            Verdict::Take(seen, Because::FirstSightAdds)
        }
        (Watch::Unwatched, Watch::Started(_)) => {
            Verdict::Take(case.taken(shown, at, claim), Because::FirstSightAdds)
        }
        (Watch::Started(ours), Watch::Started(theirs)) => {
            if ours == theirs {
                Verdict::Nothing(Because::FirstSightAgrees)
            } else if (at, theirs) > (state.decided_at, ours) {
                Verdict::Take(case.taken(shown, at, claim), Because::FirstSightAdds)
            } else {
                Verdict::Keep(Because::LaterChangeElsewhere)
            }
        }
        (Watch::Unwatched, Watch::Unwatched) => Verdict::Nothing(Because::FirstSightAgrees),
        (Watch::Watched { .. }, Watch::Started(_) | Watch::Unwatched)
        | (Watch::Started(_), Watch::Unwatched) => Verdict::Keep(Because::FirstSightKnowsLess),
    }
}

/// So much earlier than before a date may be without telling anything: seconds. Dates that we wrote are moved
/// by what was measured of the server's clock.
const SLACK_S: i64 = 60;

/// What a person did on the account, told from its baseline.
enum Act {
    Watched,
    WatchedAgain,
    /// The mark stayed and the date of the play moved on: un-watched and watched again between two looks, or
    /// marked once more. It orders what other accounts say; it is not told by itself.
    PlayedLater,
    Progress(Position),
    Rewatch(Position),
    ClearedPosition,
    Unwatched,
    /// Nothing that a person meant to say to other servers.
    None(Because),
    /// The account lost what it should still have.
    Lost(Because),
}

fn moved(case: &Case, baseline: Marks, readded: bool) -> Verdict {
    let observed = case.observed;
    if observed == baseline {
        return Verdict::Nothing(Because::SameAsBaseline);
    }
    let act = match act(case, baseline, readded) {
        Act::Progress(_) | Act::Rewatch(_) if case.was_just_watched() => {
            Act::Lost(Because::JustWatched)
        }
        act => act,
    };
    let state = case.state;
    let (watch, because) = match act {
        Act::None(because) => return Verdict::Nothing(because),
        Act::Lost(because) => return Verdict::Keep(because),
        Act::Watched => (Watch::WATCHED, Because::Watched),
        Act::WatchedAgain => (Watch::WATCHED, Because::WatchedAgain),
        Act::PlayedLater if state.watch.is_watched() => (state.watch, Because::PlayedLater),
        Act::PlayedLater => (Watch::WATCHED, Because::PlayedLater),
        Act::Progress(at) if state.watch.is_watched() => {
            (Watch::Watched { rewatch: Some(at) }, Because::RewatchBegun)
        }
        Act::Progress(at) => (Watch::Started(at), Because::Progressed),
        // The mark the account had is older than this change: whoever took it away elsewhere did so later
        // or earlier than this position, and the order below decides.
        Act::Rewatch(at) => (Watch::Watched { rewatch: Some(at) }, Because::RewatchBegun),
        Act::ClearedPosition => (state.watch.with_position(None), Because::PositionCleared),
        Act::Unwatched => (Watch::Unwatched, Because::Unwatched),
    };
    let claim = match act {
        // What is left of the date after a mark or a position was taken away is an older play's.
        Act::Unwatched | Act::ClearedPosition => None,
        _ => case.claim().filter(|_| observed.last_played != baseline.last_played),
    };
    let at = match (claim, &act) {
        (Some(claim), _) => case.window.place(claim),
        // Undated: a mark counts as late as it can be and a loss as early, so that of two changes whose
        // order nobody knows the mark is kept.
        (None, Act::Unwatched | Act::ClearedPosition) => case.window.earliest(),
        (None, _) => case.window.latest(),
    };
    // A mark is not lost to a position that is later: whoever began again after watching to the end
    // elsewhere is rewatching.
    if let (Watch::Started(position), true) = (state.watch, watch.is_watched())
        && at <= state.decided_at
    {
        let rewatch = Watch::Watched { rewatch: Some(position) };
        let taken = case.taken(rewatch, state.decided_at, claim.or(Some(at)));
        return Verdict::Take(State { by: state.by, ..taken }, Because::RewatchBegun);
    }
    // Later wins; on a tie the more-watched state does.
    if (at, watch) < (state.decided_at, state.watch) {
        return Verdict::Keep(Because::LaterChangeElsewhere);
    }
    match act {
        Act::Unwatched => {
            let clean = State { watch, plays: 0, played_at: None, ..case.taken(watch, at, None) };
            if state.watch.is_watched() {
                Verdict::Unwatch(clean, because)
            } else {
                Verdict::Take(clean, because)
            }
        }
        Act::ClearedPosition => Verdict::Take(State { watch, decided_at: at, ..state }, because),
        _ => Verdict::Take(case.taken(watch, at, claim), because),
    }
}

fn act(case: &Case, baseline: Marks, readded: bool) -> Act {
    let observed = case.observed;
    let settle = |watch| case.progress.settle(watch, case.duration_ms);
    let (was, is) = (settle(baseline.watch), settle(observed.watch));
    let look_inside = is.position().is_none() && observed.watch.position().is_some();
    // Both are the same server's words: no play can make its last play an earlier one.
    let older = baseline
        .last_played
        .zip(observed.last_played)
        .is_some_and(|(before, now)| now.0.saturating_add(SLACK_S) < before.0);
    match (was, is) {
        (Watch::Watched { rewatch: before }, Watch::Watched { rewatch: now }) => {
            match (before, now) {
                (before, Some(now)) if before != Some(now) && older => {
                    Act::Lost(Because::OlderThanBefore)
                }
                (before, Some(now)) if before != Some(now) => Act::Rewatch(now),
                _ if observed.plays > baseline.plays => Act::WatchedAgain,
                (None, None) if observed.last_played > baseline.last_played => Act::PlayedLater,
                (Some(_), None) if readded => Act::Lost(Because::FileReplaced),
                (Some(_), None) => Act::ClearedPosition,
                _ if look_inside => Act::None(Because::TooSmallToTell),
                _ => Act::None(Because::OnlyTracesMoved),
            }
        }
        (_, Watch::Watched { .. }) => Act::Watched,
        (Watch::Watched { .. }, _) if readded => Act::Lost(Because::FileReplaced),
        (Watch::Watched { .. }, Watch::Started(_)) if older => Act::Lost(Because::OlderThanBefore),
        (Watch::Watched { .. }, Watch::Started(at)) => Act::Rewatch(at),
        (Watch::Watched { .. }, Watch::Unwatched) => {
            // A position too small to tell is a trace as well: the title was opened, not un-watched.
            let opened = case.unwatch_clears_traces && observed.has_traces();
            if opened || look_inside { Act::Lost(Because::Reopened) } else { Act::Unwatched }
        }
        (Watch::Started(_), Watch::Unwatched) if readded => Act::Lost(Because::FileReplaced),
        (Watch::Started(_), Watch::Unwatched) if look_inside => Act::None(Because::TooSmallToTell),
        (Watch::Started(_), Watch::Unwatched) => Act::ClearedPosition,
        (Watch::Started(before), Watch::Started(now)) if before == now => {
            Act::None(Because::OnlyTracesMoved)
        }
        (Watch::Started(before), Watch::Started(now)) if older && now < before => {
            Act::Lost(Because::OlderThanBefore)
        }
        (_, Watch::Started(now)) => Act::Progress(now),
        (Watch::Unwatched, Watch::Unwatched) if look_inside => Act::None(Because::TooSmallToTell),
        (Watch::Unwatched, Watch::Unwatched) => Act::None(Because::OnlyTracesMoved),
    }
}

impl Case {
    /// The server's date, told on our clock.
    fn claim(&self) -> Option<Moment> {
        self.observed.last_played.map(|theirs| self.clock.to_ours(theirs))
    }

    /// Whether the title was watched so short a time ago that a place in it is no rewatch. Counted up to when
    /// the place is seen, not by its date: servers date a play at its beginning, and whoever has gone on
    /// playing for long enough is rewatching.
    fn was_just_watched(&self) -> bool {
        let rest = i64::from(self.progress.rewatch_after_s);
        let watched_at = self.state.played_at.unwrap_or(self.state.decided_at);
        rest > 0
            && self.state.watch == Watch::WATCHED
            && self.window.until.0.saturating_sub(watched_at.0) < rest
    }

    /// Our state after the person did something on this account that led to `watch` at `at`; `claim` is
    /// the date the server gives it.
    fn taken(&self, watch: Watch, at: Moment, claim: Option<Moment>) -> State {
        let played_at = claim.map_or(at, |claim| self.window.believable(claim));
        State {
            watch,
            plays: self.state.plays.max(self.observed.plays),
            played_at: self.state.played_at.max(Some(played_at)),
            decided_at: at,
            by: Some(self.backend),
        }
    }
}
