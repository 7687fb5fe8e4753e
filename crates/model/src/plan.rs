//! Which copies must be told, and which changes are held back and why.

use crate::keys::{BackendId, ItemId};
use crate::marks::{Marks, ProgressRule, Watch};
use crate::merge::State;
use crate::moment::{ClockOffset, Moment};
use crate::reason::Because;
use crate::wish::Wish;

/// What a server can be told, and how exactly. Data, so that the engine needs no case for any server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Abilities {
    /// Whether the date of a play can be written. Plex stamps "now".
    pub dates: bool,
    /// Whether the play count can be written.
    pub plays: bool,
    /// Whether a position can be written at all.
    pub positions: bool,
    /// Whether a position can stand beside a watched mark.
    pub rewatch_positions: bool,
    /// Positions are cut to whole units of so many milliseconds: 1 for most, 1000 for Kodi.
    pub position_unit_ms: u32,
    /// Whether a human un-watch clears count and date too. Kodi keeps the date.
    pub unwatch_clears_traces: bool,
}

/// What one account is to show for one item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Target {
    /// The mark and the position, already in the server's own unit.
    pub watch: Watch,
    /// The play count, where it can be set; never less than 1 for a watched title.
    pub plays: u32,
    /// The date of the play on our clock, where it can be set.
    pub played_at: Option<Moment>,
}

impl Target {
    /// What an account with these abilities should show, given our state.
    pub fn of(state: &State, abilities: &Abilities) -> Self {
        let position = state.watch.position().and_then(|p| p.cut_to(abilities.position_unit_ms));
        let watch = match state.watch {
            Watch::Watched { .. } if abilities.rewatch_positions => {
                Watch::Watched { rewatch: position }
            }
            Watch::Watched { .. } => Watch::WATCHED,
            _ if abilities.positions => Watch::from_flag(false, position),
            _ => Watch::Unwatched,
        };
        let plays = if watch.is_watched() { state.plays.max(1) } else { state.plays };
        Self { watch, plays, played_at: state.played_at }
    }

    /// Whether an account that shows `shown` needs no write.
    ///
    /// Count and date are no reason for a write of their own: two servers that both show a film as watched
    /// agree, whatever each believes of the day. Positions that are no progress are as good as none.
    pub fn is_shown_by(
        &self,
        shown: Watch,
        abilities: &Abilities,
        progress: ProgressRule,
        duration_ms: Option<u32>,
    ) -> bool {
        if shown.is_watched() != self.watch.is_watched() {
            return false;
        }
        let positions =
            if shown.is_watched() { abilities.rewatch_positions } else { abilities.positions };
        // A place beyond the end of this copy says that its running time is told wrong (Kodi shows that of an
        // NFO until it has opened the file): then it is not asked.
        let place = self.watch.position();
        let whole = duration_ms.filter(|whole| place.is_none_or(|place| place.ms() <= *whole));
        let settle = |watch| progress.settle(watch, whole);
        !positions
            || shown == self.watch
            || is_rounded(shown, self.watch)
            || settle(shown) == settle(self.watch)
    }
}

/// Whether an account shows a wanted place as its server keeps it: in whole seconds. The same write once more
/// would be rounded again.
fn is_rounded(shown: Watch, wanted: Watch) -> bool {
    match (shown.position(), wanted.position()) {
        (Some(shown), Some(wanted)) => {
            shown.ms() % 1000 == 0 && shown.ms().abs_diff(wanted.ms()) < 1000
        }
        _ => false,
    }
}

/// One backend's copy, with all that a plan may look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copy<'a> {
    /// Which item.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// What it last showed.
    pub shows: Marks,
    /// Its running time in milliseconds.
    pub duration_ms: Option<u32>,
    /// What its server can be told.
    pub abilities: &'a Abilities,
    /// The offset of its server's clock.
    pub clock: ClockOffset,
    /// Whether export to its backend is on.
    pub export: bool,
    /// Our states of the titles it covers: one, or several where a file holds several episodes.
    pub states: &'a [State],
    /// Whether the title was watched again since its copies were last told.
    pub again: bool,
    /// What a person wants this copy to show instead: see [`Wish`].
    pub wish: Option<Wish>,
}

/// A copy that must be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Which item.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// What it shows now.
    pub from: Marks,
    /// What it is to show.
    pub to: Target,
    /// Why.
    pub because: Because,
}

/// A change that is not made, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// Which item.
    pub item: ItemId,
    /// On which backend.
    pub backend: BackendId,
    /// Why not.
    pub because: Because,
}

/// What has to be told to whom, in the order of the copies.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// What is to be written.
    pub changes: Vec<Change>,
    /// What differs and is not written.
    pub held: Vec<Held>,
}

/// Compares each copy with our states.
pub fn plan(copies: &[Copy<'_>], progress: ProgressRule) -> Plan {
    let mut plan = Plan::default();
    for copy in copies {
        match tell(copy, progress) {
            Tell::Nothing => {}
            Tell::Held(because) => {
                plan.held.push(Held { item: copy.item, backend: copy.backend, because });
            }
            Tell::Change(to, because) => plan.changes.push(Change {
                item: copy.item,
                backend: copy.backend,
                from: copy.shows,
                to,
                because,
            }),
        }
    }
    plan
}

/// Whether a copy's wish is not needed any more: something new happened to the title, or the copy shows it and
/// would not be told anything else without it.
pub fn is_spent(wish: &Wish, copy: &Copy<'_>, progress: ProgressRule) -> bool {
    let Some(state) = one_state(copy.states) else { return true };
    if !wish.stands(&state) {
        return true;
    }
    let shown =
        wish.is_shown_by(copy.shows, copy.abilities, copy.clock, progress, copy.duration_ms);
    // Without it, and as if export were on: one that is not written to now may be tomorrow.
    let without = Copy { wish: None, export: true, ..*copy };
    shown && wish.told && !matches!(tell(&without, progress), Tell::Change(..))
}

enum Tell {
    Nothing,
    Change(Target, Because),
    Held(Because),
}

fn tell(copy: &Copy<'_>, progress: ProgressRule) -> Tell {
    let Some(state) = one_state(copy.states) else {
        return Tell::Held(Because::EpisodesDiffer);
    };
    if let Some(wish) = copy.wish.filter(|wish| wish.stands(&state)) {
        let shown =
            wish.is_shown_by(copy.shows, copy.abilities, copy.clock, progress, copy.duration_ms);
        return match (shown, copy.export) {
            (true, _) => Tell::Nothing,
            (false, true) => Tell::Change(wish.target(copy.clock), wish.because),
            (false, false) => Tell::Held(Because::ExportOff),
        };
    }
    // An account whose marks are not taken may show some that nobody told us of. Silence about a title is
    // not "unwatched": only what somebody once decided is told.
    if copy.states.iter().all(|state| *state == State::UNTOUCHED)
        && copy.shows.watch != Watch::Unwatched
    {
        return Tell::Held(Because::NothingDecided);
    }
    let to = Target::of(&state, copy.abilities);
    let because = if !to.is_shown_by(copy.shows.watch, copy.abilities, progress, copy.duration_ms) {
        Because::Differs
    } else if copy.again && remembers_an_older_play(copy, &to) {
        Because::WatchedAgain
    } else {
        return Tell::Nothing;
    };
    if copy.export { Tell::Change(to, because) } else { Tell::Held(Because::ExportOff) }
}

/// Whether a play that others know of is newer than the one this account shows, and can be told.
fn remembers_an_older_play(copy: &Copy<'_>, to: &Target) -> bool {
    copy.abilities.dates
        && to.watch.is_watched()
        && to.played_at > copy.shows.last_played.map(|theirs| copy.clock.to_ours(theirs))
}

/// The one state that a copy can be told, or none where it covers several episodes in different states:
/// one file has one mark. All watched is watched, none watched is unwatched; a position in a file of
/// several episodes means another place in each, and is not told.
pub fn one_state(states: &[State]) -> Option<State> {
    let (first, rest) = states.split_first()?;
    if rest.is_empty() {
        return Some(*first);
    }
    let watched = first.watch.is_watched();
    if rest.iter().any(|other| other.watch.is_watched() != watched) {
        return None;
    }
    let latest = states.iter().max_by_key(|state| state.played_at)?;
    Some(State { watch: Watch::from_flag(watched, None), ..*latest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Position;

    const ALL: Abilities = Abilities {
        dates: true,
        plays: true,
        positions: true,
        rewatch_positions: true,
        position_unit_ms: 1,
        unwatch_clears_traces: true,
    };

    fn at(ms: u64) -> Position {
        Position::from_ms(ms).unwrap()
    }

    fn state(watch: Watch) -> State {
        State { watch, plays: 1, played_at: Some(Moment(50)), ..State::UNTOUCHED }
    }

    fn shows(watch: Watch) -> Marks {
        Marks { watch, ..Marks::UNTOUCHED }
    }

    fn ask(copy: &Copy<'_>) -> Result<Option<Watch>, Because> {
        match tell(copy, ProgressRule::default()) {
            Tell::Nothing => Ok(None),
            Tell::Change(to, _) => Ok(Some(to.watch)),
            Tell::Held(because) => Err(because),
        }
    }

    fn copy<'a>(shown: Watch, states: &'a [State], abilities: &'a Abilities) -> Copy<'a> {
        Copy {
            item: ItemId(1),
            backend: BackendId(1),
            shows: shows(shown),
            duration_ms: None,
            abilities,
            clock: ClockOffset(0),
            export: true,
            states,
            again: false,
            wish: None,
        }
    }

    #[test]
    fn what_nobody_decided_is_told_to_nobody() {
        let decided = State { decided_at: Moment(9), ..State::UNTOUCHED };
        for (shown, state, told, why) in [
            (Watch::WATCHED, State::UNTOUCHED, Err(Because::NothingDecided), "a mark of its own"),
            (
                Watch::Started(at(90_000)),
                State::UNTOUCHED,
                Err(Because::NothingDecided),
                "a position of its own",
            ),
            (Watch::Unwatched, State::UNTOUCHED, Ok(None), "nothing there either"),
            (Watch::WATCHED, decided, Ok(Some(Watch::Unwatched)), "somebody un-watched it"),
        ] {
            assert_eq!(ask(&copy(shown, &[state], &ALL)), told, "{why}");
        }
    }

    #[test]
    fn one_title() {
        let no_rewatch = Abilities { rewatch_positions: false, ..ALL };
        let no_positions = Abilities { positions: false, rewatch_positions: false, ..ALL };
        let seconds = Abilities { position_unit_ms: 1000, ..ALL };
        let rewatch = |ms| Watch::Watched { rewatch: Some(at(ms)) };
        for (shown, ours, abilities, told, why) in [
            (Watch::WATCHED, Watch::WATCHED, ALL, None, "agrees"),
            (Watch::Unwatched, Watch::WATCHED, ALL, Some(Watch::WATCHED), "is told the mark"),
            (Watch::WATCHED, Watch::Unwatched, ALL, Some(Watch::Unwatched), "is told the un-watch"),
            (Watch::WATCHED, rewatch(90_000), ALL, Some(rewatch(90_000)), "is told the rewatch"),
            (Watch::WATCHED, rewatch(90_000), no_rewatch, None, "cannot hold both: agrees"),
            (Watch::Unwatched, rewatch(90_000), no_rewatch, Some(Watch::WATCHED), "the mark alone"),
            (Watch::Unwatched, Watch::Started(at(90_000)), no_positions, None, "cannot be told"),
            (
                Watch::Started(at(90_000)),
                Watch::Started(at(90_400)),
                seconds,
                None,
                "the same second is the same place",
            ),
            (
                Watch::Started(at(91_000)),
                Watch::Started(at(90_400)),
                seconds,
                Some(Watch::Started(at(90_000))),
                "another second is not, and it goes back",
            ),
            (
                Watch::Started(at(90_000)),
                Watch::Started(at(90_999)),
                ALL,
                None,
                "a server that cuts places to seconds without our knowing shows it",
            ),
            (Watch::Started(at(91_000)), Watch::Started(at(90_500)), ALL, None, "or rounds them"),
            (
                Watch::Started(at(90_001)),
                Watch::Started(at(90_999)),
                ALL,
                Some(Watch::Started(at(90_999))),
                "a place to the millisecond is another one",
            ),
            (
                Watch::Started(at(90_000)),
                Watch::Started(at(91_000)),
                ALL,
                Some(Watch::Started(at(91_000))),
                "so is another second",
            ),
            (
                Watch::Started(at(5_000)),
                Watch::Unwatched,
                ALL,
                None,
                "a look inside is as good as none",
            ),
            (rewatch(5_000), Watch::WATCHED, ALL, None, "beside a mark as well"),
        ] {
            assert_eq!(ask(&copy(shown, &[state(ours)], &abilities)), Ok(told), "{why}");
        }
    }

    #[test]
    fn a_place_near_or_beyond_the_end_of_a_copy() {
        let states = [state(Watch::Started(at(600_000)))];
        for (duration, told, why) in [
            (Some(1_200_000), true, "in its middle"),
            (Some(620_000), false, "in its credits: another cut, which would count as watched"),
            (Some(60_000), true, "beyond its end: the running time is wrong"),
        ] {
            let copy = Copy { duration_ms: duration, ..copy(Watch::Unwatched, &states, &ALL) };
            assert_eq!(ask(&copy), Ok(told.then_some(states[0].watch)), "{why}");
        }
    }

    #[test]
    fn a_wish_stands_in_for_the_state_until_something_new_happens() {
        let (u, w) = (Watch::Unwatched, Watch::WATCHED);
        let then = State { decided_at: Moment(40), ..state(w) };
        let wish =
            |watch| Wish { shows: shows(watch), then, told: false, because: Because::Undone };
        let later = State { decided_at: Moment(41), ..then };
        let other = State { watch: u, ..then };
        let recounted = State { plays: 9, played_at: Some(Moment(60)), ..then };
        for (shown, wished, now, told, why) in [
            (w, u, then, Ok(Some(u)), "it goes back, whatever we hold"),
            (u, u, then, Ok(None), "it shows what is wished: nothing is brought back"),
            (u, u, later, Ok(Some(w)), "somebody did something: the state counts again"),
            (u, w, other, Ok(None), "another mark is held: the wish is over"),
            (u, u, recounted, Ok(None), "a count that is learned is not an act"),
            (w, w, State::UNTOUCHED, Err(Because::NothingDecided), "nor is silence"),
        ] {
            let states = [now];
            let copy = Copy { wish: Some(wish(wished)), ..copy(shown, &states, &ALL) };
            assert_eq!(ask(&copy), told, "{why}");
        }
        let states = [then];
        let off = Copy { wish: Some(wish(u)), export: false, ..copy(w, &states, &ALL) };
        assert_eq!(ask(&off), Err(Because::ExportOff), "never written where export is off");
        let untouched = [State::UNTOUCHED];
        let of_nothing = Wish { then: State::UNTOUCHED, ..wish(u) };
        let copy = Copy { wish: Some(of_nothing), ..copy(w, &untouched, &ALL) };
        assert_eq!(ask(&copy), Ok(Some(u)), "what was told of a title nobody decided on goes back");
    }

    #[test]
    fn a_wish_is_spent_when_it_says_nothing_more() {
        let (u, w) = (Watch::Unwatched, Watch::WATCHED);
        let then = state(w);
        let wish = |watch, told| Wish { shows: shows(watch), then, told, because: Because::Undone };
        let states = [then];
        for (shown, wish, spent, why) in [
            (u, wish(u, true), false, "without it the mark would come back"),
            (w, wish(w, true), true, "it shows what we hold in any case"),
            (w, wish(w, false), false, "count and date are still to be told"),
            (w, wish(u, false), false, "it is not done yet"),
            (u, Wish { then: State::UNTOUCHED, ..wish(u, true) }, true, "something new happened"),
        ] {
            let copy = Copy { wish: Some(wish), ..copy(shown, &states, &ALL) };
            assert_eq!(is_spent(&wish, &copy, ProgressRule::default()), spent, "{why}");
        }
    }

    #[test]
    fn several_episodes_in_a_file() {
        let (w, u) = (state(Watch::WATCHED), state(Watch::Unwatched));
        let s = state(Watch::Started(at(90_000)));
        for (shown, states, told, why) in [
            (Watch::Unwatched, [w, w], Ok(Some(Watch::WATCHED)), "both watched: one write"),
            (Watch::Unwatched, [w, u], Err(Because::EpisodesDiffer), "half watched cannot be told"),
            (Watch::WATCHED, [w, u], Err(Because::EpisodesDiffer), "nor taken away"),
            (Watch::WATCHED, [u, u], Ok(Some(Watch::Unwatched)), "both un-watched"),
            (
                Watch::Unwatched,
                [s, u],
                Ok(None),
                "a place in one of them is not a place in the file",
            ),
        ] {
            assert_eq!(ask(&copy(shown, &states, &ALL)), told, "{why}");
        }
    }

    #[test]
    fn export_off_is_never_written_but_shown() {
        let states = [state(Watch::WATCHED)];
        let off = Copy { export: false, ..copy(Watch::Unwatched, &states, &ALL) };
        assert_eq!(ask(&off), Err(Because::ExportOff));
        let agrees = Copy { export: false, ..copy(Watch::WATCHED, &states, &ALL) };
        assert_eq!(ask(&agrees), Ok(None), "nothing would have been written");
    }

    #[test]
    fn a_second_viewing_is_told_where_dates_can_be_written() {
        let states = [State { played_at: Some(Moment(500)), ..state(Watch::WATCHED) }];
        let older = Marks { watch: Watch::WATCHED, plays: 1, last_played: Some(Moment(100)) };
        let again = Copy { again: true, shows: older, ..copy(Watch::WATCHED, &states, &ALL) };
        assert_eq!(ask(&again), Ok(Some(Watch::WATCHED)));
        let newer = Marks { last_played: Some(Moment(500)), ..older };
        assert_eq!(ask(&Copy { shows: newer, ..again }), Ok(None), "it knows of it already");
        let plex = Abilities { dates: false, ..ALL };
        assert_eq!(ask(&Copy { abilities: &plex, ..again }), Ok(None), "Plex would stamp now");
        assert_eq!(
            ask(&Copy { again: false, ..again }),
            Ok(None),
            "older dates alone are no reason"
        );
    }
}
