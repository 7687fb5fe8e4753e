//! The tray of the real app, from the panel's side: its four pictures, its words, and that what is chosen
//! there is done.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

mod desk;

use desk::household::den_and_attic;
use desk::screen::Screen;
use desk::tray::Panel;
use desk::{app, data, desktop, ended, has_page, until};
use watchstate_api::{Household, Surroundings};
use watchstate_engine::Settings;
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

fn watched(fake: &FakeServer, title: &str) -> bool {
    fake.shows(title, "ana").unwrap().watch.is_watched()
}

/// Some titles of the sample, by their keys there.
fn some_titles(fake: &FakeServer) -> Vec<String> {
    let sintel = fake.key_of("Sintel").unwrap();
    let library = fake.library();
    let keys = library.entries().iter().map(|entry| entry.key.0.clone());
    keys.filter(|key| *key != sintel.0).take(60).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_tells_the_truth_and_does_what_is_chosen() {
    let Some(desktop) = desktop().await else { return };
    let mut titles = Vec::new();
    let (den, attic) = den_and_attic(&desktop, |den| {
        titles = some_titles(den);
        for title in &titles {
            den.mark_watched(title, "ana").unwrap();
        }
    })
    .await;
    let panel = Panel::on(&desktop).await;
    let screen = Screen::of(&desktop);
    // What is chosen here does it, and not what is heard of the servers.
    let mut program = app(&desktop);
    let started = program.arg("--minimized").env("WS_REALTIME", "false").spawn().unwrap();
    let pid = started.id().unwrap();

    // In sync: every account has confirmed everything. The tray is there, and no window.
    panel.shows("in-sync", "In sync").await;
    assert!(screen.windows().is_empty(), "started by a login it shows no window");
    assert!(!has_page(pid), "and has no web view");
    assert!(!panel.line("Nothing waits").await.enabled, "nothing is to be looked at");
    assert!(!panel.line("Resume").await.enabled, "nothing is paused");

    // Sync now: what was watched on one server is marked on the other.
    den.watch("Sintel", "ana").unwrap();
    assert!(!watched(&attic, "Sintel"));
    panel.choose("Sync now").await;
    until("the mark on the other server", async || watched(&attic, "Sintel").then_some(())).await;
    panel.shows("in-sync", "Last sync just now").await;

    // Working: a server that is slow to answer keeps it at work, and that is shown.
    den.fail(Fault::new(Trouble::Hang));
    panel.choose("Sync now").await;
    panel.shows("working", "Working").await;
    den.heal().await;
    panel.shows("in-sync", "In sync").await;

    // Trouble: a server is gone. The words say which, and it heals by itself.
    attic.refuse().await;
    panel.choose("Sync now").await;
    panel.shows("trouble", "Trouble with attic").await;
    attic.heal().await;
    panel.choose("Sync now").await;
    panel.shows("in-sync", "In sync").await;

    // Pause: nothing is begun by the clock until it is resumed.
    panel.choose("For 30 minutes").await;
    panel.shows("working", "Paused").await;
    panel.choose("Resume").await;
    panel.shows("in-sync", "In sync").await;

    // Needs you: more un-watches than the brake lets pass wait for a yes.
    for title in &titles {
        den.unwatch(title, "ana").unwrap();
    }
    panel.choose("Sync now").await;
    panel.shows("needs-you", "60 titles would become unwatched").await;
    assert!(panel.line("60 changes wait for you").await.enabled, "it opens the window");
    let names = titles.iter().map(|key| den.library().entry(key).unwrap().name.clone());
    let kept = names.filter(|name| attic.key_of(name).is_ok_and(|_| watched(&attic, name))).count();
    assert!(kept > 40, "none was un-watched elsewhere: {kept}");

    // Open: the window is built. Its cross destroys it and its web view, and leaves the tray.
    panel.choose("Open WatchState").await;
    let window = until("the window", async || screen.windows().first().copied()).await;
    until("its web view", async || has_page(pid).then_some(())).await;
    screen.close(window);
    until("the window's end", async || screen.windows().is_empty().then_some(())).await;
    until("the web view's end", async || (!has_page(pid)).then_some(())).await;
    panel.shows("needs-you", "60 titles would become unwatched").await;

    // A second start shows the window of the first, and ends.
    let second = app(&desktop).spawn().unwrap();
    assert_eq!(ended(second).await, 0);
    until("the window again", async || screen.windows().first().copied()).await;

    panel.choose("Quit").await;
    assert_eq!(ended(started).await, 0);
    // What was done is in the database, and it is whole.
    let around = Surroundings::real(Settings::default());
    let again = Household::open(&data(&desktop), None, around).await.unwrap();
    assert_eq!(again.backends().await.unwrap().len(), 2);
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_says_who_is_watching_and_what_they_watch_travels() {
    let Some(desktop) = desktop().await else { return };
    let (den, attic) = den_and_attic(&desktop, |_| {}).await;
    let panel = Panel::on(&desktop).await;
    let started = app(&desktop).arg("--minimized").spawn().unwrap();
    panel.shows("in-sync", "Nobody is watching").await;
    for server in [&den, &attic] {
        // It was asked to tell of sessions, too: what begins before that is not told.
        server.sockets_are(|counts| counts.open == 1 && counts.heard > 0).await;
    }
    den.play("Sintel", "ana").unwrap();
    panel.shows("in-sync", "ana is watching Sintel on den").await;
    den.stop_at("ana", 300_000).unwrap();
    panel.shows("in-sync", "Nobody is watching").await;
    let place = || attic.shows("Sintel", "ana").unwrap().watch.position().map(|at| at.ms());
    until("the place on the other server", async || (place() == Some(300_000)).then_some(())).await;
    attic.mark_watched("Sintel", "ana").unwrap();
    until("the mark on the first", async || watched(&den, "Sintel").then_some(())).await;
    panel.choose("Quit").await;
    assert_eq!(ended(started).await, 0);
}
