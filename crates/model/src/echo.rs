//! Is what we see only our own write coming back?

use crate::marks::{Marks, ProgressRule};
use crate::plan::{Abilities, Target};

/// How an observation relates to a write that is still in the outbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Echo {
    /// It shows what was written: the write is confirmed, the baseline moves, nobody else is told.
    Confirmed,
    /// It shows a part of what was written: the write was cut short. The baseline moves, the rest is owed.
    Unfinished,
    /// It has nothing to do with the write.
    No,
}

/// Compares an observation with a write that was **attempted** and not yet confirmed: the answer was lost,
/// or the process ended before it could be kept.
///
/// A write of two requests (a mark, then a position) can end between them: the mark is then as wanted and
/// the position as it was, or none. That is our own hand, not a person's.
///
/// A write that brings back what was there once (`brings_back`) may have to clear everything first, because there is
/// no other way to a date that is not there: what shows nothing at all then is half of it. A person who takes the mark
/// away in the same moment cannot be told from that, and is not heard: a mark that is told once more is no loss.
pub fn echo(
    owed: &Target,
    brings_back: bool,
    baseline: Option<Marks>,
    observed: Marks,
    abilities: &Abilities,
    progress: ProgressRule,
    duration_ms: Option<u32>,
) -> Echo {
    if owed.is_shown_by(observed.watch, abilities, progress, duration_ms) {
        return Echo::Confirmed;
    }
    if brings_back && observed == Marks::UNTOUCHED {
        return Echo::Unfinished;
    }
    let same_mark = observed.watch.is_watched() == owed.watch.is_watched();
    let position = observed.watch.position();
    let mark_moved = baseline.is_none_or(|b| b.watch.is_watched() != observed.watch.is_watched());
    let old_position =
        position.is_none() || baseline.is_some_and(|b| b.watch.position() == position);
    if same_mark && mark_moved && old_position { Echo::Unfinished } else { Echo::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::Watch;
    use crate::moment::{Moment, Position};

    #[test]
    fn our_own_hand_is_known() {
        let at = |ms| Position::from_ms(ms).unwrap();
        let abilities = Abilities {
            dates: false,
            plays: false,
            positions: true,
            rewatch_positions: true,
            position_unit_ms: 1,
            unwatch_clears_traces: true,
        };
        let (u, w) = (Watch::Unwatched, Watch::WATCHED);
        let (s, rw) = (Watch::Started(at(90_000)), Watch::Watched { rewatch: Some(at(120_000)) });
        for (owed, baseline, observed, said, why) in [
            (w, u, w, Echo::Confirmed, "the mark arrived"),
            (rw, u, w, Echo::Unfinished, "the mark arrived, the position did not"),
            (s, w, u, Echo::Unfinished, "the mark went, the position did not arrive"),
            (rw, w, w, Echo::No, "nothing of it arrived"),
            (w, u, s, Echo::No, "a person began to watch"),
            (u, w, s, Echo::No, "a person began to watch"),
        ] {
            let target = Target { watch: owed, plays: 1, played_at: None };
            let shown = |watch| Marks { watch, ..Marks::UNTOUCHED };
            let rule = ProgressRule::default();
            let (baseline, observed) = (Some(shown(baseline)), shown(observed));
            let got = echo(&target, false, baseline, observed, &abilities, rule, None);
            assert_eq!(got, said, "{why}");
        }
    }

    /// A date can be taken away with all the rest only, which is then told anew.
    #[test]
    fn what_is_brought_back_may_be_cleared_first() {
        let abilities = Abilities {
            dates: true,
            plays: true,
            positions: true,
            rewatch_positions: true,
            position_unit_ms: 1,
            unwatch_clears_traces: true,
        };
        let place = Watch::Started(Position::from_ms(90_000).unwrap());
        let dated = |watch| Marks { watch, plays: 2, last_played: Some(Moment(9)) };
        let (bare, left) = (Marks::UNTOUCHED, dated(Watch::Unwatched));
        let moved = Marks { watch: place, ..bare };
        for (owed, brings_back, baseline, observed, said, why) in [
            (Watch::WATCHED, true, Watch::WATCHED, bare, Echo::Unfinished, "cleared, not told yet"),
            (Watch::WATCHED, true, place, bare, Echo::Unfinished, "the same from a place"),
            (place, true, place, bare, Echo::Unfinished, "the same for a place"),
            (Watch::WATCHED, false, Watch::WATCHED, bare, Echo::No, "no other write clears first"),
            (Watch::WATCHED, true, Watch::WATCHED, left, Echo::No, "traces are left: not by us"),
            (Watch::WATCHED, true, Watch::WATCHED, moved, Echo::No, "a person began to watch"),
            (Watch::Unwatched, true, Watch::WATCHED, bare, Echo::Confirmed, "that was all of it"),
        ] {
            let target = Target { watch: owed, plays: 1, played_at: None };
            let (baseline, rule) = (Some(dated(baseline)), ProgressRule::default());
            let got = echo(&target, brings_back, baseline, observed, &abilities, rule, None);
            assert_eq!(got, said, "{why}");
        }
    }
}
