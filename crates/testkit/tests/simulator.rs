//! Ten thousand histories, and the proof that the simulator can fail.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::sync::atomic::{AtomicU64, Ordering};

use watchstate_engine::Merge;
use watchstate_model::merge::merge;
use watchstate_model::{Because, Case, Moment, Sight, State, Verdict, Watch};
use watchstate_testkit::simulator::world::Template;
use watchstate_testkit::simulator::{Broken, Story, play};

/// How many histories a test run plays; `WATCHSTATE_HISTORIES` asks for more or fewer.
const HISTORIES: u64 = 10_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Plays stories from `first` on, on as many threads as there are processors.
fn play_all(first: u64, count: u64, rule: Merge) -> Result<(), Box<Broken>> {
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let broken = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let folder = scratch();
                        let template = Template::make(folder.path()).await.unwrap();
                        loop {
                            let seed = next.fetch_add(1, Ordering::Relaxed);
                            if seed >= first + count {
                                return Ok(());
                            }
                            let played =
                                play(&Story::of(seed), &template, folder.path(), rule).await;
                            if let Err(broken) = played {
                                next.store(u64::MAX / 2, Ordering::Relaxed);
                                return Err(Box::new(broken));
                            }
                        }
                    })
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().err()).next()
    });
    broken.map_or(Ok(()), Err)
}

/// A folder in memory where there is one: these databases need not survive anything but our own kills.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn ten_thousand_histories_come_to_their_right_ends() {
    let count = number("WATCHSTATE_HISTORIES").unwrap_or(HISTORIES);
    if let Err(broken) = play_all(0, count, merge) {
        panic!("{broken}");
    }
}

/// Plays the one story of `WATCHSTATE_SEED`.
#[test]
fn one_seed() {
    let seed = number("WATCHSTATE_SEED").unwrap_or(0);
    if let Err(broken) = play_all(seed, 1, merge) {
        panic!("{broken}");
    }
}

/// The older of two changes wins: what a sync that trusts the wrong date does.
fn older_wins(case: &Case) -> Verdict {
    let backwards = State { decided_at: Moment(i64::MAX), ..case.state };
    match (case.state == State::UNTOUCHED, merge(case)) {
        (false, Verdict::Take(..) | Verdict::Unwatch(..)) => {
            merge(&Case { state: backwards, ..*case })
        }
        (_, verdict) => verdict,
    }
}

/// A server that is seen for the first time is believed in everything: what wipes libraries.
fn first_sight_unwatches(case: &Case) -> Verdict {
    let knows_less = case.state.watch.is_watched() && case.observed.watch == Watch::Unwatched;
    if case.sight == Sight::First && knows_less {
        let by = Some(case.backend);
        let gone =
            State { watch: Watch::Unwatched, decided_at: case.window.until, by, ..case.state };
        return Verdict::Take(gone, Because::Unwatched);
    }
    merge(case)
}

#[test]
fn a_broken_rule_is_caught_within_a_thousand_histories() {
    for (rule, name) in [
        (older_wins as Merge, "the older change wins"),
        (first_sight_unwatches, "the first sight un-watches"),
    ] {
        assert!(play_all(0, 1_000, rule).is_err(), "the simulator did not notice that {name}");
    }
}
