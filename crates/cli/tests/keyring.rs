//! Tokens in a genuine Secret Service: GNOME's, on a session bus of its own. Where it is not installed this
//! says so and counts as skipped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

mod terminal;

use terminal::Terminal;
use watchstate_testkit::desktop::{self, Desktop};
use watchstate_testkit::fake::FakeServer;

#[tokio::test(flavor = "multi_thread")]
async fn tokens_live_in_the_keyring() {
    let needed = ["dbus-send", "gnome-keyring-daemon"].map(desktop::find);
    if let Some(missing) = needed.into_iter().find_map(Result::err) {
        eprintln!("SKIPPED: {missing}");
        return;
    }
    let mut desk = match Desktop::start().await {
        Ok(desk) => desk,
        Err(missing) => return eprintln!("SKIPPED: {missing}"),
    };
    let den = FakeServer::jellyfin("10.10.7").with_sample().in_real_time().start().await.unwrap();
    let mut at = Terminal::new();
    at.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
    at.secret("GOOD", "ana-password");
    let url = den.url();
    let add =
        format!("backend add den --kind jellyfin --url {url} --username ana --password-env GOOD");

    // Absent: nothing is kept in a place that nobody chose, and the way out is named.
    let told = at.run_plainly(&add).await;
    assert!(told.error(1).contains("--secrets file"), "{}", told.err);
    assert!(!at.data().join("secrets.json").exists(), "no file of secrets is made silently");
    assert!(at.run_plainly("backend list").await.out.contains("no backend yet"));

    // Set, and read by another process.
    at.set("DBUS_SESSION_BUS_ADDRESS", desk.bus());
    desk.unlock_keyring().await.unwrap();
    let added = at.run_plainly(&add).await;
    assert_eq!(added.code, 0, "{}", added.err);
    at.secret("TOKEN", &den.token_of("ana").unwrap());
    assert!(!at.data().join("secrets.json").exists(), "no file of secrets is made silently");
    let told = at.run_plainly("import").await;
    assert_eq!(told.code, 0, "{}", told.err);
    at.assert_no_secret_is_kept();

    // Locked is not "no token": the user is told to unlock, not to sign in again.
    desk.lock_keyring().await.unwrap();
    for line in ["import", "sync", "backend test den"] {
        let told = at.run_plainly(line).await;
        assert!(told.error(1).contains("the keyring is locked; unlock it"), "{}", told.err);
    }

    // Started anew and unlocked, as after a login.
    desk.end_keyring().await.unwrap();
    desk.unlock_keyring().await.unwrap();
    let told = at.run_plainly("backend test den").await;
    assert_eq!(told.code, 0, "unlocked, the same token is there again: {}", told.err);

    assert_eq!(at.run_plainly("backend remove den").await.code, 0);
    let told = at.run_plainly("backend list").await;
    assert!(told.out.contains("no backend yet"));
}
