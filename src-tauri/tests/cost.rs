//! What the app costs while nothing happens, and how quickly it is there. `cargo xtask bench window` runs it
//! on a release build, where the limits are those of docs/performance.md. A debug build, on a machine that does
//! other things meanwhile, is held to looser ones.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(
    clippy::print_stderr,
    reason = "figures are what this is for, and what is skipped is said"
)]

mod desk;

use std::time::{Duration, Instant};

use desk::household::den_and_attic;
use desk::person::Person;
use desk::tray::Panel;
use desk::{PROGRAM, app, cpu_time, desktop, ended, family, has_page, pss_kib, until};
use watchstate_testkit::fake::FakeServer;

/// A limit for release builds, and one for debug builds.
fn limit(release: f64, debug: f64) -> f64 {
    if cfg!(debug_assertions) { debug } else { release }
}

fn assert_within(what: &str, figure: f64, most: f64) {
    eprintln!("{what:<40} {figure:>8.2}  at most {most}");
    assert!(figure <= most, "{what}: {figure}, at most {most}");
}

/// The process of the app among those below us: the driver starts it, not we.
fn app_process() -> Option<u32> {
    let name = std::path::Path::new(PROGRAM);
    let is_app =
        |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == name);
    family(std::process::id()).into_iter().find(is_app)
}

/// How long ago a process was started, in milliseconds (proc_pid_stat(5): in ticks since the system's start).
fn age_ms(pid: u32) -> f64 {
    let read = |file: String| std::fs::read_to_string(file).unwrap();
    let stat = read(format!("/proc/{pid}/stat"));
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks: f64 = after_name.split_whitespace().nth(19).unwrap().parse().unwrap();
    let uptime = read("/proc/uptime".to_owned());
    let up: f64 = uptime.split_whitespace().next().unwrap().parse().unwrap();
    up * 1000.0 - ticks * 10.0
}

/// Waits until servers are listened to, and what is asked at the beginning was asked.
async fn at_rest(servers: &[&FakeServer]) {
    for server in servers {
        server.sockets_are(|counts| counts.open == 1).await;
    }
    let asked = || servers.iter().map(|server| server.asked()).sum::<u64>();
    let mut again = tokio::time::interval(Duration::from_secs(2));
    let mut before = 0;
    while before != asked() {
        before = asked();
        again.tick().await;
        again.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_alone_costs_little() {
    let Some(desktop) = desktop().await else { return };
    let (den, attic) = den_and_attic(&desktop, |_| {}).await;
    let panel = Panel::on(&desktop).await;
    // The first program with GTK on a display asks it in detail how it can draw, and keeps the answer there for
    // all others. On a desktop that was some panel, long ago.
    let first = app(&desktop).arg("--minimized").spawn().unwrap();
    panel.since().await;
    panel.choose("Quit").await;
    assert_eq!(ended(first).await, 0);
    panel.forgets();
    let begun = Instant::now();
    let started = app(&desktop).arg("--minimized").spawn().unwrap();
    let took = panel.since().await - begun;
    assert_within("start to tray, ms", took.as_secs_f64() * 1000.0, limit(500.0, 60_000.0));
    panel.shows("in-sync", "In sync").await;
    at_rest(&[&den, &attic]).await;

    let own = family(started.id().unwrap());
    let whole = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 60 });
    let (before, asked) = (cpu_time(&own), den.asked() + attic.asked());
    let mut rest = tokio::time::interval_at(tokio::time::Instant::now() + whole, whole);
    rest.tick().await;
    let percent = (cpu_time(&own) - before).as_secs_f64() * 100.0 / whole.as_secs_f64();
    assert_within("processor while idle, %", percent, limit(0.05, 1.0));
    assert_eq!(den.asked() + attic.asked(), asked, "and no server is asked anything");
    assert!([&den, &attic].iter().all(|server| server.sockets().open == 1), "but both are heard");
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let mib = pss_kib(&own) as f64 / 1024.0;
    assert_within("memory with the tray alone, MiB", mib, limit(80.0, 160.0));
    panel.choose("Quit").await;
    assert_eq!(ended(started).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_there_at_once() {
    let Some(desktop) = desktop().await else { return };
    let _both = den_and_attic(&desktop, |_| {}).await;
    let Some(ana) = Person::starts(&desktop).await else { return };
    let pid = until("the app's process", async || app_process()).await;
    let painted_ago = ana.first_paint_ago().await;
    let took = age_ms(pid) - painted_ago;
    assert_within("start to first paint, ms", took, limit(900.0, 60_000.0));
    ana.sees("In sync last sync").await;
    assert!(has_page(pid));
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let mib = pss_kib(&family(pid)) as f64 / 1024.0;
    assert_within("memory with the window, MiB", mib, limit(280.0, 400.0));
    ana.leaves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_in_sync_at_once() {
    let Some(desktop) = desktop().await else { return };
    // As above: the first program with GTK on a display is not what is measured.
    let panel = Panel::on(&desktop).await;
    let first = app(&desktop).arg("--minimized").spawn().unwrap();
    panel.since().await;
    panel.choose("Quit").await;
    assert_eq!(ended(first).await, 0);
    let Some(ana) = Person::starts_with(&desktop, &["--demo"]).await else { return };
    let pid = until("the app's process", async || app_process()).await;
    ana.sees("In sync last sync").await;
    let took = age_ms(pid);
    let window = ana.reads().await;
    assert!(["plex", "jellyfin", "emby"].iter().all(|name| window.contains(name)), "{window}");
    assert_within("start to three demo servers in sync, ms", took, limit(2000.0, 120_000.0));
    ana.leaves().await;
}
