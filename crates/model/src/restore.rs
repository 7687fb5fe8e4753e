//! What does a backup mean for the state we hold?
//!
//! A restore is a decision of a person, like a mark in the window: it is the latest change, whatever the
//! servers showed until now. Which title an entry of a backup means is for [`mod@crate::identify`] to say.

use crate::marks::{ProgressRule, Watch};
use crate::merge::State;
use crate::moment::Moment;

/// How a person wants a backup to be restored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// What the backup knows more is added; nothing is taken away.
    Union,
    /// The titles of the backup get what it says of them, and watched titles that it does not list are marked
    /// as unwatched.
    Exact,
}

/// What a backup says of one title.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kept {
    /// Unwatched, started or watched.
    pub watch: Watch,
    /// How often it was played.
    pub plays: u32,
    /// When it was last played, on our clock.
    pub played_at: Option<Moment>,
}

impl Kept {
    /// The same from two entries for one title: two copies, of which one may be watched and the other not. The
    /// more-watched counts, the higher count and the later play.
    #[must_use]
    pub fn joined_with(self, other: Self) -> Self {
        Self {
            watch: self.watch.max(other.watch),
            plays: self.plays.max(other.plays),
            played_at: self.played_at.max(other.played_at),
        }
    }

    /// Whether there is anything in it that could be added somewhere.
    pub fn says_anything(&self) -> bool {
        self.watch != Watch::Unwatched
    }
}

/// The state of a title after a restore at `at`, or nothing where it is so already.
///
/// A play in the future, which a wrong clock writes, is not believed. Positions that are no progress are as
/// good as none.
pub fn restored(
    way: Way,
    ours: &State,
    kept: &Kept,
    progress: ProgressRule,
    at: Moment,
) -> Option<State> {
    let theirs = Kept {
        watch: progress.settle(kept.watch, None),
        played_at: kept.played_at.filter(|played| *played <= at),
        ..*kept
    };
    let becomes = match way {
        Way::Exact => theirs,
        Way::Union if !theirs.says_anything() => return None,
        Way::Union => Kept {
            watch: match (ours.watch.is_watched(), theirs.watch.is_watched()) {
                // Where an old rewatch was left says nothing beside a mark that is there already.
                (true, true) => ours.watch,
                _ => ours.watch.max(theirs.watch),
            },
            plays: ours.plays.max(theirs.plays),
            played_at: ours.played_at.max(theirs.played_at),
        },
    };
    let plays = match becomes.watch {
        Watch::Watched { .. } => becomes.plays.max(1),
        _ => becomes.plays,
    };
    let same =
        (ours.watch, ours.plays, ours.played_at) == (becomes.watch, plays, becomes.played_at);
    let state = State {
        watch: becomes.watch,
        plays,
        played_at: becomes.played_at,
        decided_at: at,
        by: None,
    };
    (!same).then_some(state)
}

/// The state of a watched title that a backup, restored exactly, does not list.
pub fn not_listed(at: Moment) -> State {
    State { watch: Watch::Unwatched, plays: 0, played_at: None, decided_at: at, by: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Position;

    const AT: Moment = Moment(1_000_000);

    fn place(seconds: u64) -> Option<Position> {
        Position::from_ms(seconds * 1000)
    }

    fn started(seconds: u64) -> Watch {
        Watch::from_flag(false, place(seconds))
    }

    fn rewatch(seconds: u64) -> Watch {
        Watch::from_flag(true, place(seconds))
    }

    fn kept(watch: Watch, plays: u32, played_at: Option<i64>) -> Kept {
        Kept { watch, plays, played_at: played_at.map(Moment) }
    }

    fn ours(watch: Watch, plays: u32, played_at: Option<i64>) -> State {
        let played_at = played_at.map(Moment);
        State { watch, plays, played_at, decided_at: Moment(7), by: None }
    }

    #[test]
    fn what_a_title_becomes() {
        use Way::{Exact, Union};
        let (w, u) = (Watch::WATCHED, Watch::Unwatched);
        for (way, we, they, becomes, why) in [
            (
                Union,
                ours(u, 0, None),
                kept(w, 2, Some(9)),
                Some((w, 2, Some(9))),
                "a mark is added",
            ),
            (
                Union,
                ours(u, 0, None),
                kept(w, 0, None),
                Some((w, 1, None)),
                "watched is played once",
            ),
            (Union, ours(w, 3, Some(8)), kept(u, 0, None), None, "a mark is never taken away"),
            (Union, ours(w, 3, Some(8)), kept(w, 3, Some(8)), None, "it is so already"),
            (
                Union,
                ours(w, 1, Some(8)),
                kept(w, 4, Some(5)),
                Some((w, 4, Some(8))),
                "the higher count and the later play",
            ),
            (
                Union,
                ours(w, 1, None),
                kept(rewatch(600), 1, None),
                None,
                "an old rewatch is no news",
            ),
            (
                Union,
                ours(started(600), 0, None),
                kept(started(900), 0, None),
                Some((started(900), 0, None)),
                "the later place",
            ),
            (
                Union,
                ours(started(900), 0, None),
                kept(started(600), 0, None),
                None,
                "an earlier place",
            ),
            (
                Union,
                ours(u, 0, None),
                kept(started(5), 0, None),
                None,
                "a look inside is no progress",
            ),
            (
                Union,
                ours(started(900), 0, None),
                kept(w, 1, None),
                Some((w, 1, None)),
                "watched beats a place",
            ),
            (Exact, ours(w, 3, Some(8)), kept(u, 0, None), Some((u, 0, None)), "exactly so"),
            (
                Exact,
                ours(w, 3, Some(8)),
                kept(started(600), 1, Some(5)),
                Some((started(600), 1, Some(5))),
                "a place in the stead of a mark",
            ),
            (Exact, ours(u, 0, None), kept(u, 0, None), None, "nothing to do"),
            (
                Exact,
                ours(w, 9, Some(8)),
                kept(w, 0, Some(5)),
                Some((w, 1, Some(5))),
                "count and date as they were",
            ),
            (
                Exact,
                ours(u, 0, None),
                kept(w, 1, Some(AT.0 + 1)),
                Some((w, 1, None)),
                "a play in the future is not believed",
            ),
        ] {
            let said = restored(way, &we, &they, ProgressRule::default(), AT);
            let becomes = becomes
                .map(|(watch, plays, at)| State { decided_at: AT, ..ours(watch, plays, at) });
            assert_eq!(said, becomes, "{way:?}: {why}");
        }
    }

    #[test]
    fn a_union_takes_nothing_away_and_is_done_once() {
        let marks = [
            Watch::Unwatched,
            started(30),
            started(600),
            started(900),
            Watch::WATCHED,
            rewatch(600),
        ];
        for we in marks {
            for they in marks {
                let before = ours(we, 1, Some(4));
                let kept = kept(they, 2, Some(3));
                for way in [Way::Union, Way::Exact] {
                    let rule = ProgressRule::default();
                    let after = restored(way, &before, &kept, rule, AT).unwrap_or(before);
                    assert_eq!(
                        restored(way, &after, &kept, rule, AT),
                        None,
                        "{way:?} {we:?} {they:?}"
                    );
                    if way == Way::Union {
                        assert!(after.watch >= before.watch && after.plays >= before.plays);
                        assert!(after.played_at >= before.played_at);
                    }
                }
            }
        }
    }

    #[test]
    fn two_entries_for_one_title() {
        let (a, b) = (kept(Watch::Unwatched, 3, Some(1)), kept(Watch::WATCHED, 1, Some(2)));
        assert_eq!(a.joined_with(b), kept(Watch::WATCHED, 3, Some(2)));
        assert_eq!(a.joined_with(b), b.joined_with(a));
    }
}
