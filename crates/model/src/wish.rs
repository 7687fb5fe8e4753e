//! What a person wants one copy to show, though the others show something else: a change was taken back there.
//!
//! A write that is undone must stay undone, and the next sync would bring it back, because the copy then shows
//! something else than we hold. So the undo leaves a wish beside the copy: *this one shows that, for as long as
//! what we hold of the title is what we held then*. The planning owes the wish instead of the state. The first
//! new thing that happens to the title, on whatever account, ends it.

use crate::marks::{Marks, ProgressRule};
use crate::merge::State;
use crate::moment::ClockOffset;
use crate::plan::{Abilities, Target};
use crate::reason::Because;

/// What one copy is to show, as long as nothing new happens to its title.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
    /// What it is to show, the date on its server's clock: what it showed once.
    pub shows: Marks,
    /// What we held of the title when the wish was made.
    pub then: State,
    /// Whether it was told. Count and date are told with it, once: a server that takes them differently is not
    /// asked again and again.
    pub told: bool,
    /// Why.
    pub because: Because,
}

impl Wish {
    /// Whether nothing new has happened to the title since.
    pub fn stands(&self, now: &State) -> bool {
        is_same_decision(&self.then, now)
    }

    /// What the copy is to be told.
    pub fn target(&self, clock: ClockOffset) -> Target {
        let Marks { watch, plays, last_played } = self.shows;
        Target { watch, plays, played_at: last_played.map(|theirs| clock.to_ours(theirs)) }
    }

    /// Whether a copy that shows `shown` needs no write. Unlike for a state, the count and the date are part of
    /// what is wished, where the server can be told them, until it was told once.
    pub fn is_shown_by(
        &self,
        shown: Marks,
        abilities: &Abilities,
        clock: ClockOffset,
        progress: ProgressRule,
        duration_ms: Option<u32>,
    ) -> bool {
        let target = self.target(clock);
        target.is_shown_by(shown.watch, abilities, progress, duration_ms)
            && (self.told || target.is_exactly(shown, abilities, clock))
    }
}

impl Target {
    /// Whether the place, the count and the date are just as they should be, as far as the server can be told
    /// them. The mark is another question.
    pub fn is_exactly(&self, shown: Marks, abilities: &Abilities, clock: ClockOffset) -> bool {
        let date = shown.last_played.map(|theirs| clock.to_ours(theirs));
        let places =
            if self.watch.is_watched() { abilities.rewatch_positions } else { abilities.positions };
        (!places || shown.watch.position() == self.watch.position())
            && (!abilities.plays || shown.plays == self.plays)
            && (!abilities.dates || date == self.played_at)
    }
}

/// Whether two states come from one and the same decision about a title. A count or a date that was learned
/// meanwhile is no other decision.
pub fn is_same_decision(one: &State, other: &State) -> bool {
    one.watch == other.watch && one.decided_at == other.decided_at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::Watch;
    use crate::moment::Moment;

    #[test]
    fn count_and_date_are_wished_too_where_they_can_be_told() {
        let all = Abilities {
            dates: true,
            plays: true,
            positions: true,
            rewatch_positions: true,
            position_unit_ms: 1,
            unwatch_clears_traces: true,
        };
        let plex = Abilities { dates: false, plays: false, ..all };
        let no_plays = Abilities { plays: false, ..all };
        let shows = Marks { watch: Watch::WATCHED, plays: 3, last_played: Some(Moment(100)) };
        let later = Marks { last_played: Some(Moment(200)), ..shows };
        let fewer = Marks { plays: 1, ..shows };
        let none = Marks { watch: Watch::Unwatched, ..shows };
        let wish = Wish { shows, then: State::UNTOUCHED, told: false, because: Because::Undone };
        let told = Wish { told: true, ..wish };
        for (wish, shown, abilities, is_shown, why) in [
            (wish, shows, all, true, "exactly"),
            (wish, later, all, false, "another date"),
            (wish, fewer, all, false, "another count"),
            (wish, none, all, false, "another mark"),
            (wish, later, plex, true, "a date that cannot be told"),
            (wish, fewer, no_plays, true, "a count that cannot be told"),
            (told, later, all, true, "it was told, and this is what the server made of it"),
            (told, none, all, false, "but the mark is gone again"),
        ] {
            let clock = ClockOffset(0);
            let rule = ProgressRule::default();
            assert_eq!(wish.is_shown_by(shown, &abilities, clock, rule, None), is_shown, "{why}");
        }
    }

    #[test]
    fn dates_are_those_of_the_server() {
        let shows = Marks { watch: Watch::WATCHED, plays: 1, last_played: Some(Moment(3_700)) };
        let wish = Wish { shows, then: State::UNTOUCHED, told: false, because: Because::Undone };
        assert_eq!(wish.target(ClockOffset(3_600)).played_at, Some(Moment(100)));
    }
}
