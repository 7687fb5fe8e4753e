//! The laws of the model, held against whatever can be drawn.

use proptest::prelude::*;
use watchstate_model::marks::ProgressRule;
use watchstate_model::merge::{Trust, merge};
use watchstate_model::plan::plan;
use watchstate_model::{
    Abilities, BackendId, Because, Case, ClockOffset, Copy, ItemId, Marks, Moment, Position, Sight,
    State, Target, Verdict, Watch, Window, Wish,
};

const SINCE: Moment = Moment(1_000);
const NOW: Moment = Moment(2_000);

fn watch() -> impl Strategy<Value = Watch> {
    (any::<bool>(), 0_u64..7_000_000).prop_map(|(watched, ms)| {
        let position = Position::from_ms(ms).filter(|p| p.ms() % 3 != 0);
        Watch::from_flag(watched, position)
    })
}

fn marks() -> impl Strategy<Value = Marks> {
    (watch(), 0_u32..4, proptest::option::of(-100_i64..4_000))
        .prop_map(|(watch, plays, date)| Marks { watch, plays, last_played: date.map(Moment) })
}

fn state() -> impl Strategy<Value = State> {
    (watch(), 0_u32..4, proptest::option::of(-100_i64..2_000), -100_i64..2_000).prop_map(
        |(watch, plays, played, decided)| State {
            watch,
            plays,
            played_at: played.map(Moment),
            decided_at: Moment(decided),
            by: Some(BackendId(7)),
        },
    )
}

fn sight() -> impl Strategy<Value = Sight> {
    prop_oneof![
        Just(Sight::First),
        (marks(), any::<bool>()).prop_map(|(baseline, readded)| Sight::Known { baseline, readded }),
        marks().prop_map(|before| Sight::Rekeyed { before }),
    ]
}

fn case(state: State, backend: i64, sight: Sight, observed: Marks) -> Case {
    Case {
        state,
        backend: BackendId(backend),
        sight,
        observed,
        duration_ms: Some(6_000_000),
        window: Window { since: SINCE, until: NOW },
        clock: ClockOffset(0),
        trust: Trust::Marks,
        unwatch_clears_traces: true,
        progress: ProgressRule::default(),
    }
}

fn after(case: &Case) -> State {
    match merge(case) {
        Verdict::Take(state, _) | Verdict::Unwatch(state, _) => state,
        _ => case.state,
    }
}

fn abilities() -> impl Strategy<Value = Abilities> {
    (any::<[bool; 4]>(), prop_oneof![Just(1_u32), Just(1_000)]).prop_map(|(can, unit)| Abilities {
        dates: can[0],
        plays: can[1],
        positions: can[2],
        rewatch_positions: can[2] && can[3],
        position_unit_ms: unit,
        unwatch_clears_traces: true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What was decided once is nothing new when it is seen again.
    #[test]
    fn merge_is_idempotent(state in state(), sight in sight(), observed in marks()) {
        let first = case(state, 1, sight, observed);
        let again = Case {
            state: after(&first),
            sight: Sight::Known { baseline: observed, readded: false },
            ..first
        };
        prop_assert!(matches!(merge(&again), Verdict::Nothing(_)));
    }

    /// A first sight takes nothing away: neither a mark nor, where there was one, a place.
    #[test]
    fn first_sight_never_takes_away(state in state(), observed in marks()) {
        let then = after(&case(state, 1, Sight::First, observed));
        prop_assert!(then.watch.is_watched() >= state.watch.is_watched());
        prop_assert!(then.watch != Watch::Unwatched || state.watch == Watch::Unwatched);
    }

    /// A mark is taken away only by a person: by an account that had it, under the same key, in the same
    /// file, without a trace of a play.
    #[test]
    fn only_a_person_unwatches(state in state(), sight in sight(), observed in marks()) {
        let seen = case(state, 1, sight, observed);
        if state.watch.is_watched() && !after(&seen).watch.is_watched() {
            let Sight::Known { baseline, readded } = sight else {
                return Err(TestCaseError::fail("by a first sight or a new key"));
            };
            prop_assert!(baseline.watch.is_watched() && !readded && !observed.has_traces());
        }
    }

    /// The order in which two accounts are read does not change which mark results, when both agreed with
    /// us before.
    #[test]
    fn the_order_of_observations_does_not_matter(
        state in state(),
        base in marks().prop_map(|m| Marks { watch: m.watch.with_position(None), ..m }),
        one in marks(),
        other in marks(),
    ) {
        let state = State { watch: base.watch, decided_at: state.decided_at.min(SINCE), ..state };
        let sight = Sight::Known { baseline: base, readded: false };
        let ends: Vec<bool> = [[(1, one), (2, other)], [(2, other), (1, one)]]
            .into_iter()
            .map(|pair| {
                let end = pair.into_iter().fold(state, |state, (backend, shown)| {
                    after(&case(state, backend, sight, shown))
                });
                end.watch.is_watched()
            })
            .collect();
        prop_assert_eq!(ends[0], ends[1]);
    }

    /// An account that shows what it was told is not told again.
    #[test]
    fn the_plan_is_satisfied_by_its_own_target(
        state in state(),
        shown in marks(),
        abilities in abilities(),
    ) {
        let rule = ProgressRule::default();
        let states = [state];
        let copy = Copy {
            item: ItemId(1),
            backend: BackendId(1),
            shows: shown,
            duration_ms: None,
            abilities: &abilities,
            clock: ClockOffset(0),
            export: true,
            states: &states,
            again: false,
            wish: None,
        };
        for change in plan(&[copy], rule).changes {
            let told = Marks { watch: change.to.watch, ..shown };
            let again = plan(&[Copy { shows: told, ..copy }], rule);
            prop_assert!(again.changes.is_empty());
        }
        let target = Target::of(&state, &abilities);
        prop_assert!(target.is_shown_by(target.watch, &abilities, rule, None));
    }

    /// A copy that shows what a person wants it to show is not written to, whatever else is held, for as long as
    /// nothing new happens; and one write is enough.
    #[test]
    fn a_wish_is_told_once_and_never_again(
        state in state(),
        counted in state(),
        shown in marks(),
        wished in marks(),
        abilities in abilities(),
        again in any::<bool>(),
    ) {
        let rule = ProgressRule::default();
        // Count and date of what we hold may become others without anybody doing anything.
        let now = [State { plays: counted.plays, played_at: counted.played_at, ..state }];
        let wish = Wish { shows: wished, then: state, told: false, because: Because::Undone };
        let copy = Copy {
            item: ItemId(1),
            backend: BackendId(1),
            shows: shown,
            duration_ms: None,
            abilities: &abilities,
            clock: ClockOffset(0),
            export: true,
            states: &now,
            again,
            wish: Some(wish),
        };
        let there = Copy { shows: wished, ..copy };
        prop_assert!(plan(&[there], rule).changes.is_empty());
        for change in plan(&[copy], rule).changes {
            prop_assert_eq!(change.because, Because::Undone);
            // Whatever the server makes of count and date.
            let shows = Marks { watch: change.to.watch, ..shown };
            let told = Wish { told: true, ..wish };
            let after = plan(&[Copy { shows, wish: Some(told), ..copy }], rule);
            prop_assert!(after.changes.is_empty());
        }
        // Something new happens: it is as if there were no wish.
        let new = [State { decided_at: Moment(now[0].decided_at.0 + 1), ..now[0] }];
        let with = plan(&[Copy { states: &new, ..copy }], rule);
        prop_assert_eq!(with, plan(&[Copy { states: &new, wish: None, ..copy }], rule));
    }
}
