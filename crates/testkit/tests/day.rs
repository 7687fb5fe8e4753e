//! Two thousand days of a family, attended to in real time, and the proof that a day can be spoilt.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::sync::atomic::{AtomicU64, Ordering};

use watchstate_model::merge::merge;
use watchstate_model::{Because, Case, Sight, State, Verdict, Watch};
use watchstate_testkit::day::{Day, Spoilt, Wrong, play};
use watchstate_testkit::simulator::world::Template;

/// How many days a test run plays; `WATCHSTATE_DAYS` asks for more or fewer, `WATCHSTATE_FIRST_DAY` for
/// others.
const DAYS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Plays days from `first` on, on as many threads as there are processors; answers how many writes they took.
fn play_all(first: u64, count: u64, wrong: Wrong) -> Result<u64, Box<Spoilt>> {
    let (next, writes) = (AtomicU64::new(first), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let spoilt = std::thread::scope(|scope| {
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
                            match play(&Day::of(seed), &template, folder.path(), wrong).await {
                                Ok(made) => writes.fetch_add(made as u64, Ordering::Relaxed),
                                Err(spoilt) => {
                                    next.store(u64::MAX / 2, Ordering::Relaxed);
                                    return Err(Box::new(spoilt));
                                }
                            };
                        }
                    })
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().err()).next()
    });
    spoilt.map_or(Ok(writes.into_inner()), Err)
}

/// A folder in memory where there is one.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn two_thousand_days_of_a_family() {
    let first = number("WATCHSTATE_FIRST_DAY").unwrap_or(0);
    let count = number("WATCHSTATE_DAYS").unwrap_or(DAYS);
    match play_all(first, count, Wrong::Nothing) {
        Err(spoilt) => panic!("{spoilt}"),
        Ok(writes) => assert!(writes > count, "hardly anything happened: {writes} writes"),
    }
}

/// Plays the one day of `WATCHSTATE_SEED`.
#[test]
fn one_seed() {
    let seed = number("WATCHSTATE_SEED").unwrap_or(0);
    if let Err(spoilt) = play_all(seed, 1, Wrong::Nothing) {
        panic!("{spoilt}");
    }
}

/// Whoever opens a watched title for a moment has un-watched it: what loses marks.
fn a_look_inside_unwatches(case: &Case) -> Verdict {
    let verdict = merge(case);
    if verdict != Verdict::Keep(Because::Reopened) || !matches!(case.sight, Sight::Known { .. }) {
        return verdict;
    }
    let state = State {
        watch: Watch::Unwatched,
        decided_at: case.window.until,
        by: Some(case.backend),
        ..case.state
    };
    Verdict::Unwatch(state, Because::Unwatched)
}

#[test]
fn what_is_wrong_is_noticed_within_some_hundred_days() {
    for (wrong, name) in [
        (Wrong::Rule(a_look_inside_unwatches), "a look inside un-watches"),
        (Wrong::Sessions, "it is written to what is being played"),
        (Wrong::People, "two people are taken for each other"),
    ] {
        assert!(play_all(0, 300, wrong).is_err(), "nobody noticed that {name}");
    }
}
