//! What a household may rely on, over real HTTP: the brake, consent, sessions, cancelling, cost.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use household::{Household, assert_ok, of, written};
use watchstate_engine::{CancellationToken, Consent, Report, Step, Trouble};
use watchstate_model::{PersonId, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::{FeedFilter, Task};
use watchstate_testkit::fake::FakeServer;

async fn two() -> (Household, FakeServer, FakeServer) {
    let start = |kind, version: &'static str| async move {
        FakeServer::of(kind, version).at(household::NOW).with_sample().start().await.unwrap()
    };
    let plex = start(ServerKind::Plex, "1.40.2").await;
    let jellyfin = start(ServerKind::Jellyfin, "10.10.7").await;
    let mut home = Household::new().await;
    home.join("den", ServerKind::Plex, &plex).await;
    home.join("attic", ServerKind::Jellyfin, &jellyfin).await;
    (home, plex, jellyfin)
}

fn films(server: &FakeServer) -> Vec<String> {
    server.library().entries().iter().map(|entry| entry.key.0.clone()).collect()
}

fn watched_on(server: &FakeServer) -> u64 {
    let watched = |key: &String| server.shows(key, "ana").unwrap().watch.is_watched();
    films(server).iter().filter(|key| watched(key)).count() as u64
}

/// How many lines of the journal say that something is held.
async fn held_lines(home: &Household) -> u64 {
    let filter = FeedFilter { what: Some("held".to_owned()), ..FeedFilter::default() };
    home.store.feed(PersonId(1), &filter, 0, 1).await.unwrap().1
}

#[tokio::test]
async fn many_unwatches_at_once_wait_for_a_yes() {
    let (home, plex, jellyfin) = two().await;
    let heat = jellyfin.key_of("Heat").unwrap();
    let all: Vec<String> =
        films(&jellyfin).into_iter().filter(|key| *key != heat.0).take(60).collect();
    for key in &all {
        jellyfin.mark_watched(key, "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    // A wiped or restored server: every mark is gone at once.
    for key in &all {
        jellyfin.unwatch(key, "ana").unwrap();
    }
    let reports = home.sync().await;
    let import = of(&reports, Task::Import, "attic");
    assert!(import.waits_for_yes && import.run.held == 60, "{import:?}");
    assert_eq!(written(&reports), 0, "nothing is taken away anywhere, and nothing put back");
    let held = home.store.waiting(import.backend).await.unwrap().held;
    assert_eq!(held, 60);
    assert_eq!(held_lines(&home).await, 60);
    // A mark elsewhere is not blocked by it.
    plex.watch("Heat", "ana").unwrap();
    let reports = home.sync().await;
    assert!(jellyfin.shows("Heat", "ana").unwrap().watch.is_watched());
    assert!(of(&reports, Task::Import, "attic").waits_for_yes, "and it still waits");
    assert_eq!(held_lines(&home).await, 60, "what waits is not told again by each run");
    jellyfin.unwatch("Heat", "ana").unwrap();
    assert_eq!(of(&home.sync().await, Task::Import, "attic").run.held, 61);
    assert_eq!(held_lines(&home).await, 61, "what is new is");
    jellyfin.watch("Heat", "ana").unwrap();
    assert_eq!(of(&home.sync().await, Task::Import, "attic").run.held, 60);
    // The person says yes.
    let watched = watched_on(&plex);
    let reports = home.sync_with(Consent { yes: true, full: false }).await;
    assert_ok(&reports);
    assert_eq!(written(&reports), watched - watched_on(&plex));
    assert!(all.iter().all(|key| !jellyfin.shows(key, "ana").unwrap().watch.is_watched()));
    assert_eq!(written(&home.sync().await), 0);
}

#[tokio::test]
async fn a_few_unwatches_pass() {
    let (home, plex, jellyfin) = two().await;
    jellyfin.watch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    assert!(plex.shows("Heat", "ana").unwrap().watch.is_watched());
    jellyfin.unwatch("Heat", "ana").unwrap();
    assert_ok(&home.sync().await);
    assert_eq!(plex.shows("Heat", "ana").unwrap().watch, Watch::Unwatched);
}

#[tokio::test]
async fn a_second_sync_writes_nothing_and_costs_one_lean_sweep() {
    let (home, plex, jellyfin) = two().await;
    plex.watch("Heat", "ana").unwrap();
    jellyfin.watch_until("Alien", "ana", 1_800_000).unwrap();
    assert_ok(&home.sync().await);
    let before = [plex.asked(), jellyfin.asked()];
    let reports = home.sync().await;
    assert_ok(&reports);
    assert_eq!(written(&reports), 0);
    // Who it is and as whom, the list of libraries, one page of each library: nothing item by item.
    for (server, before) in [(&plex, before[0]), (&jellyfin, before[1])] {
        let cost = server.asked() - before;
        assert!(cost <= 8, "{cost} requests for nothing");
    }
}

#[tokio::test]
async fn what_is_being_watched_is_told_afterwards() {
    let (home, plex, jellyfin) = two().await;
    assert_ok(&home.sync().await);
    jellyfin.play("Heat", "ana").unwrap();
    plex.watch("Heat", "ana").unwrap();
    let reports = home.sync().await;
    assert_eq!(of(&reports, Task::Export, "attic").run.held, 1);
    assert_eq!(jellyfin.writes_to("Heat").unwrap(), 0);
    jellyfin.stop_at("ana", 60_000).unwrap();
    assert_ok(&home.sync().await);
    assert!(jellyfin.shows("Heat", "ana").unwrap().watch.is_watched());
}

#[tokio::test]
async fn the_first_export_waits_and_a_preview_writes_nothing() {
    let (home, plex, jellyfin) = two().await;
    plex.watch("Heat", "ana").unwrap();
    // As if nobody had said yes yet.
    let mut accounts = home.accounts().await;
    for account in &mut accounts {
        account.backend.approved_at = None;
    }
    let all: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
    let scratch = home.folder().join("preview.db");
    let engine = home.engine();
    let preview =
        engine.preview(&accounts, &all, true, Consent::default(), &scratch).await.unwrap();
    let told: Vec<&str> = preview
        .changes
        .iter()
        .filter(|change| change.name.starts_with("Heat"))
        .map(|change| change.backend_name.as_str())
        .collect();
    assert_eq!(told, ["attic"]);
    assert_eq!(home.store.totals(watchstate_model::PersonId(1)).await.unwrap().titles, 0);
    assert!(jellyfin.writes().is_empty() && plex.writes().is_empty());

    let reports = engine.sync(&mut accounts, Consent::default()).await.unwrap();
    assert!(of(&reports, Task::Export, "attic").waits_for_yes);
    assert!(jellyfin.writes().is_empty(), "nothing is written before a person says yes");
    let yes = Consent { yes: true, full: false };
    assert_ok(&engine.export(&mut accounts, &all, yes).await.unwrap());
    assert!(jellyfin.shows("Heat", "ana").unwrap().watch.is_watched());
}

/// Stops the run at a step.
struct StopAt {
    step: AtomicU64,
    cancel: CancellationToken,
}

impl Report for StopAt {
    fn step(&self, _: Step) {
        if self.step.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.cancel.cancel();
        }
    }
}

#[tokio::test]
async fn a_stopped_run_stops_at_once_and_loses_nothing() {
    for step in 1..12 {
        let (mut home, plex, jellyfin) = two().await;
        home.settings.page_first = 40;
        home.settings.page_most = 40;
        for title in ["Heat", "Alien", "Jaws"] {
            plex.watch(title, "ana").unwrap();
        }
        let cancel = home.cancel.clone();
        home.report = Arc::new(StopAt { step: AtomicU64::new(step), cancel });
        let begun = Instant::now();
        let stopped = home.engine().sync(&mut home.accounts().await, Consent::default()).await;
        // Nothing that goes on would take so long; whatever waits for an answer or a pause would.
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(30), "step {step} took {took:?}");
        if let Err(trouble) = &stopped {
            assert!(matches!(trouble, Trouble::Cancelled), "step {step}: {trouble}");
        }
        home.cancel = CancellationToken::new();
        home.report = Arc::new(watchstate_engine::Silent);
        assert_ok(&home.sync().await);
        for title in ["Heat", "Alien", "Jaws"] {
            assert!(
                jellyfin.shows(title, "ana").unwrap().watch.is_watched(),
                "step {step}: {title}"
            );
            assert!(jellyfin.writes_to(title).unwrap() <= 1, "step {step}: {title} was told twice");
        }
    }
}

#[tokio::test]
async fn a_hundred_changes_cost_at_most_three_requests_each() {
    let (home, plex, jellyfin) = two().await;
    assert_ok(&home.sync().await);
    for key in films(&plex).into_iter().take(100) {
        plex.mark_watched(&key, "ana").unwrap();
    }
    assert_ok(&home.import().await);
    let before = jellyfin.asked();
    let reports = home.export().await;
    assert_ok(&reports);
    let report = of(&reports, Task::Export, "attic");
    assert_eq!((report.run.written, report.run.mode), (100, Some("push")));
    assert!(jellyfin.asked() - before <= 300, "{} requests", jellyfin.asked() - before);
}

#[tokio::test]
async fn more_owed_writes_than_the_threshold_are_a_full_export() {
    let (mut home, plex, jellyfin) = two().await;
    home.settings.export_threshold = 20;
    assert_ok(&home.sync().await);
    for key in films(&plex).into_iter().take(30) {
        plex.mark_watched(&key, "ana").unwrap();
    }
    assert_ok(&home.import().await);
    let before = jellyfin.writes().len();
    let reports = home.export().await;
    let report = of(&reports, Task::Export, "attic");
    assert_eq!((report.run.written, report.run.mode), (30, Some("full")));
    assert_eq!(jellyfin.writes().len() - before, 30);
}
