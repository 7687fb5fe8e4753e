//! The law of `merge`, as a table: what happened on an account, and what becomes of our state.

use watchstate_model::marks::ProgressRule;
use watchstate_model::merge::{Trust, merge};
use watchstate_model::{
    BackendId, Because, Case, ClockOffset, Marks, Moment, Position, Sight, State, Verdict, Watch,
    Window,
};

const HOUR: i64 = 3_600;
/// The run that last saw the account, and the one that sees it now, in hours of the story.
const SINCE: i64 = 100;
const NOW: i64 = 110;

fn started(minutes: u64) -> Watch {
    Watch::from_flag(false, Position::from_ms(minutes * 60_000))
}

fn rewatch(minutes: u64) -> Watch {
    Watch::from_flag(true, Position::from_ms(minutes * 60_000))
}

const U: Watch = Watch::Unwatched;
const W: Watch = Watch::WATCHED;

/// Marks with count and date: an hour of the story, none for 0.
fn marks(watch: Watch, plays: u32, hour: i64) -> Marks {
    let last_played = (hour > 0).then_some(Moment(hour * HOUR));
    Marks { watch, plays, last_played }
}

/// Our state, decided at an hour of the story.
fn state(watch: Watch, hour: i64) -> State {
    let plays = u32::from(watch.is_watched());
    let played_at = watch.is_watched().then_some(Moment(hour * HOUR));
    State { watch, plays, played_at, decided_at: Moment(hour * HOUR), by: Some(BackendId(9)) }
}

fn case(state: State, sight: Sight, observed: Marks) -> Case {
    Case {
        state,
        backend: BackendId(1),
        sight,
        observed,
        // 100 minutes.
        duration_ms: Some(6_000_000),
        window: Window { since: Moment(SINCE * HOUR), until: Moment(NOW * HOUR) },
        clock: ClockOffset(0),
        trust: Trust::Marks,
        unwatch_clears_traces: true,
        progress: ProgressRule::default(),
    }
}

/// What was decided, in one word and the mark that results.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Said {
    Nothing,
    Take(Watch),
    Unwatch,
    Keep,
    NotTrusted,
}

fn said(verdict: Verdict) -> (Said, &'static str) {
    let (said, because) = match verdict {
        Verdict::Nothing(because) => (Said::Nothing, because),
        Verdict::Take(state, because) => (Said::Take(state.watch), because),
        Verdict::Unwatch(state, because) => {
            assert_eq!((state.watch, state.plays, state.played_at), (U, 0, None));
            (Said::Unwatch, because)
        }
        Verdict::Keep(because) => (Said::Keep, because),
        Verdict::NotTrusted(because) => (Said::NotTrusted, because),
    };
    (said, because.code())
}

#[test]
fn a_known_item_under_its_key() {
    use Said::{Keep, Nothing, Take, Unwatch};
    let (none, seen) = (marks(U, 0, 0), marks(W, 1, 50));
    let now = 105;
    #[rustfmt::skip]
    let table = [
        ("nothing happened there, whatever the others did", state(W, now), none, none, Nothing, "same_as_baseline"),
        ("watched", state(U, 1), none, marks(W, 1, now), Take(W), "watched"),
        ("a position", state(U, 1), none, marks(started(30), 0, now), Take(started(30)), "progressed"),
        ("positions go backwards too", state(started(50), 50), marks(started(50), 0, 50), marks(started(20), 0, now), Take(started(20)), "progressed"),
        ("a place further back with an older date: the server looks as it did before", state(started(50), 50), marks(started(50), 0, 50), marks(started(20), 0, 30), Keep, "older_than_before"),
        ("further on, whatever the date says, it was played on", state(started(50), 50), marks(started(50), 0, 50), marks(started(60), 0, 30), Take(started(60)), "progressed"),
        ("an older place instead of the mark: the same", state(W, 50), seen, marks(started(30), 0, 30), Keep, "older_than_before"),
        ("an older place beside the mark: the same", state(W, 50), seen, marks(rewatch(30), 1, 30), Keep, "older_than_before"),
        ("un-watched: mark, count and date are gone", state(W, 50), seen, none, Unwatch, "unwatched"),
        ("un-watched, but a play left its traces: only opened again", state(W, 50), seen, marks(U, 2, now), Keep, "reopened"),
        ("a place instead of the mark: a rewatch left in the middle", state(W, 50), seen, marks(started(30), 2, now), Take(rewatch(30)), "rewatch_begun"),
        ("a place too small to tell instead of it: opened again", state(W, 50), seen, marks(started(2), 0, 0), Keep, "reopened"),
        ("a place beside the mark: a rewatch", state(W, 50), seen, marks(rewatch(30), 1, now), Take(rewatch(30)), "rewatch_begun"),
        ("the count rose: watched again", state(W, 50), seen, marks(W, 2, now), Take(W), "watched_again"),
        ("the date alone moved on: it orders, and tells nobody", state(W, 50), seen, marks(W, 1, now), Take(W), "played_later"),
        ("the date alone went back: a correction", state(W, 50), seen, marks(W, 1, 20), Nothing, "only_traces_moved"),
        ("the place to go on was cleared", state(started(30), 50), marks(started(30), 0, 50), none, Take(U), "position_cleared"),
        ("a look inside moves nothing", state(U, 1), none, marks(started(2), 0, now), Nothing, "too_small_to_tell"),
        ("watched here earlier than un-watched elsewhere", state(U, 106), none, marks(W, 1, now), Keep, "later_change_elsewhere"),
        ("watched here later than un-watched elsewhere", state(U, 104), none, marks(W, 1, now), Take(W), "watched"),
        ("on a tie watched wins", state(U, now), none, marks(W, 1, now), Take(W), "watched"),
        ("an un-watch has no date: a dated viewing in its window wins", state(W, now), seen, none, Keep, "later_change_elsewhere"),
        ("a viewing before its window does not", state(W, SINCE), seen, none, Unwatch, "unwatched"),
        ("a place older than the viewing elsewhere is old news", state(W, 106), none, marks(started(30), 0, now), Keep, "later_change_elsewhere"),
        ("a place later than the viewing elsewhere is a rewatch", state(W, 104), none, marks(started(30), 0, now), Take(rewatch(30)), "rewatch_begun"),
        ("a viewing is not lost to a later place elsewhere", state(started(30), 106), none, marks(W, 1, now), Take(rewatch(30)), "rewatch_begun"),
        ("a clock a year ahead wins no more than the window's end", state(U, 111), none, marks(W, 1, 9_000), Keep, "later_change_elsewhere"),
        ("a date of 1970 is still after the last look", state(U, 99), none, marks(W, 1, 1), Take(W), "watched"),
        ("a mark without a date counts as late as it can be", state(U, 109), none, marks(W, 1, 0), Take(W), "watched"),
    ];
    for (why, ours, was, is, expect, because) in table {
        let sight = Sight::Known { baseline: was, readded: false };
        assert_eq!(said(merge(&case(ours, sight, is))), (expect, because), "{why}");
    }
}

#[test]
fn the_first_sight_of_an_item() {
    use Said::{Keep, Nothing, Take};
    #[rustfmt::skip]
    let table = [
        ("nothing on either side", state(U, 1), marks(U, 0, 0), Nothing, "first_sight_agrees"),
        ("it adds a mark", state(U, 1), marks(W, 1, 50), Take(W), "first_sight_adds"),
        ("even over an un-watch: a first look only adds", state(U, 90), marks(W, 1, 50), Take(W), "first_sight_adds"),
        ("it never un-watches", state(W, 1), marks(U, 0, 0), Keep, "first_sight_knows_less"),
        ("nor makes less of a mark", state(W, 1), marks(started(30), 0, 50), Keep, "first_sight_knows_less"),
        ("a place is added", state(U, 1), marks(started(30), 0, 50), Take(started(30)), "first_sight_adds"),
        ("a later place wins", state(started(70), 40), marks(started(30), 0, 50), Take(started(30)), "first_sight_adds"),
        ("an earlier one does not", state(started(70), 60), marks(started(30), 0, 50), Keep, "later_change_elsewhere"),
        ("both watched, an older viewing", state(W, 120), marks(W, 1, 50), Nothing, "first_sight_agrees"),
        ("both watched, a later viewing is remembered", state(W, 40), marks(W, 1, 50), Take(W), "first_sight_agrees"),
    ];
    for (why, ours, is, expect, because) in table {
        assert_eq!(said(merge(&case(ours, Sight::First, is))), (expect, because), "{why}");
    }
}

#[test]
fn an_item_that_was_replaced_or_moved() {
    use Said::{Keep, Nothing, Take};
    let (none, seen) = (marks(U, 0, 0), marks(W, 1, 50));
    let place = marks(started(30), 0, 50);
    let readded = |was| Sight::Known { baseline: was, readded: true };
    let rekeyed = |was| Sight::Rekeyed { before: was };
    #[rustfmt::skip]
    let table = [
        ("a new add date and no mark", readded(seen), state(W, 50), none, Keep, "file_replaced"),
        ("a new key and no mark", rekeyed(seen), state(W, 50), none, Keep, "file_replaced"),
        ("a new key with the mark", rekeyed(seen), state(W, 50), seen, Nothing, "same_as_baseline"),
        ("a new key still with the mark that was un-watched elsewhere: it says nothing", rekeyed(seen), state(U, 60), seen, Nothing, "same_as_baseline"),
        ("watched under the new key", rekeyed(none), state(U, 50), marks(W, 1, 105), Take(W), "watched"),
        ("a place that was lost", readded(place), state(started(30), 50), none, Keep, "file_replaced"),
    ];
    for (why, sight, ours, is, expect, because) in table {
        assert_eq!(said(merge(&case(ours, sight, is))), (expect, because), "{why}");
    }
}

#[test]
fn a_place_in_a_title_that_was_just_watched() {
    use Said::{Keep, Take};
    let seen = marks(W, 1, 50);
    let soon = ProgressRule { rewatch_after_s: 600, ..ProgressRule::default() };
    let ago =
        |seconds: i64| State { played_at: Some(Moment(NOW * HOUR - seconds)), ..state(W, 50) };
    let place = marks(rewatch(30), 1, 50);
    #[rustfmt::skip]
    let table = [
        ("a moment ago: it is what is left of that viewing", soon, ago(599), seen, place, Keep, "just_watched"),
        ("long enough ago: a rewatch", soon, ago(600), seen, place, Take(rewatch(30)), "rewatch_begun"),
        ("nobody set a time: a rewatch at once", ProgressRule::default(), ago(0), seen, place, Take(rewatch(30)), "rewatch_begun"),
        ("a place in place of the mark: the mark is put back", soon, ago(1), seen, marks(started(30), 2, 110), Keep, "just_watched"),
        ("a place where the mark had not arrived yet", soon, ago(1), marks(U, 0, 0), marks(started(30), 1, 110), Keep, "just_watched"),
        ("a rewatch that is under way goes on", soon, State { watch: rewatch(20), ..ago(1) }, marks(rewatch(20), 1, 50), place, Take(rewatch(30)), "rewatch_begun"),
        ("a clock of ours that was set back", soon, ago(-5), seen, place, Keep, "just_watched"),
        ("watched once more is no place", soon, ago(1), seen, marks(W, 2, 110), Take(W), "watched_again"),
    ];
    for (why, progress, ours, was, is, expect, because) in table {
        let sight = Sight::Known { baseline: was, readded: false };
        let case = Case { progress, ..case(ours, sight, is) };
        assert_eq!(said(merge(&case)), (expect, because), "{why}");
    }
    // Of a title that is not watched any more nothing was just watched.
    let sight = Sight::Known { baseline: marks(U, 0, 0), readded: false };
    let begun = Case { progress: soon, ..case(state(U, 50), sight, marks(started(30), 0, 105)) };
    assert_eq!(said(merge(&begun)), (Take(started(30)), "progressed"));
}

#[test]
fn the_switches() {
    let known = |was| Sight::Known { baseline: was, readded: false };
    let moved = case(state(U, 1), known(marks(U, 0, 0)), marks(W, 1, 105));
    let metadata = Case { trust: Trust::MetadataOnly, ..moved };
    assert_eq!(said(merge(&metadata)), (Said::NotTrusted, Because::MetadataOnly.code()));
    let off = Case { trust: Trust::Off, ..moved };
    assert_eq!(said(merge(&off)), (Said::NotTrusted, Because::ImportOff.code()));
    // Where a person's un-watch keeps the date, it is no trace of a play.
    let keeps_dates = Case {
        unwatch_clears_traces: false,
        ..case(state(W, 50), known(marks(W, 1, 50)), marks(U, 0, 50))
    };
    assert_eq!(said(merge(&keeps_dates)), (Said::Unwatch, Because::Unwatched.code()));
}

#[test]
fn dates_are_told_on_our_clock() {
    let known = Sight::Known { baseline: marks(U, 0, 0), readded: false };
    let ahead = Case {
        clock: ClockOffset(10_000 * HOUR),
        ..case(state(U, 104), known, marks(W, 1, 10_105))
    };
    let Verdict::Take(taken, _) = merge(&ahead) else { panic!("a viewing is taken") };
    assert_eq!(taken.played_at, Some(Moment(105 * HOUR)));
    assert_eq!(taken.decided_at, Moment(105 * HOUR));
}
