//! The real window, from the first start to a mark that travels: through the wizard against servers of three
//! kinds, with the preview and the yes, to the reason in History. With `WATCHSTATE_PICTURES=FOLDER` it keeps
//! a picture of each view, light and dark (`cargo xtask pictures`).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

mod desk;

use desk::person::Person;
use desk::{data, desktop, until};
use watchstate_demo::watch_whole_files;
use watchstate_servers::ServerKind;
use watchstate_testkit::desktop as programs;
use watchstate_testkit::fake::FakeServer;

async fn server(kind: ServerKind, version: &str) -> FakeServer {
    let fake = FakeServer::of(kind, version).with_sample().in_real_time().start().await.unwrap();
    watch_whole_files(&fake, "ana").unwrap();
    fake
}

fn watched(fake: &FakeServer, title: &str) -> bool {
    fake.shows(title, "ana").unwrap().watch.is_watched()
}

/// From "Add backend" to the end of reading.
async fn adds(ana: &Person, kind: &str, name: &str, fake: &FakeServer) {
    ana.presses("Type its address").await;
    ana.chooses(kind).await;
    ana.writes("Its address", fake.url().as_str()).await;
    ana.presses("Next").await;
    if kind == "Plex" {
        ana.chooses("Token").await;
        ana.writes("Token", &fake.token_of("ana").unwrap()).await;
    } else {
        ana.chooses("Name and password").await;
        ana.writes("User name", "ana").await;
        ana.writes("Password", "ana-password").await;
    }
    ana.takes_a_picture("add-sign-in").await;
    ana.presses("Sign in").await;
    ana.sees("Which way do marks travel?").await;
    ana.writes("What to call it here", name).await;
    ana.takes_a_picture("add-direction").await;
    ana.presses("Next").await;
    ana.sees("It was read.").await;
    ana.takes_a_picture("add-read").await;
    ana.presses("Next").await;
}

/// No file of the data folder holds one of these.
fn assert_kept_nowhere(folder: &std::path::Path, secrets: &[String]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_kept_nowhere(&path, secrets);
            continue;
        }
        let held = std::fs::read(&path).unwrap();
        for secret in secrets {
            let found = held.windows(secret.len()).any(|some| some == secret.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_start_to_a_mark_that_travels() {
    let Some(mut desktop) = desktop().await else { return };
    if let Err(missing) = programs::find("gnome-keyring-daemon").and(programs::find("dbus-send")) {
        eprintln!("SKIPPED: {missing}");
        return;
    }
    desktop.unlock_keyring().await.unwrap();
    let plex = server(ServerKind::Plex, "1.40.2").await;
    let jellyfin = server(ServerKind::Jellyfin, "10.10.7").await;
    let emby = server(ServerKind::Emby, "4.8.11.0").await;
    let all = [&plex, &jellyfin, &emby];
    // Other marks on each, before they know of each other.
    plex.mark_watched("Arrival", "ana").unwrap();
    jellyfin.mark_watched("Heat", "ana").unwrap();
    emby.mark_watched("Jaws", "ana").unwrap();
    let before: Vec<usize> = all.iter().map(|fake| fake.writes().len()).collect();

    let Some(ana) = Person::starts(&desktop).await else { return };
    ana.sees("Watched once is watched everywhere").await;
    ana.takes_a_picture("welcome").await;
    ana.presses("Add your first server").await;
    ana.sees("Type its address").await;
    ana.takes_a_picture("add-find").await;
    adds(&ana, "Plex", "Living room", &plex).await;
    ana.sees("Nothing has to be written now.").await;
    ana.presses("Not now").await;
    ana.presses("Add another server").await;
    adds(&ana, "Jellyfin", "Den", &jellyfin).await;
    ana.presses("Not now").await;
    ana.presses("Add another server").await;
    adds(&ana, "Emby", "Attic", &emby).await;

    // The preview: what would be written, and why. Nothing is before "Start".
    ana.sees("Nothing is written before you press Start.").await;
    ana.sees("It shows something else than the other servers.").await;
    ana.takes_a_picture("add-preview").await;
    let now: Vec<usize> = all.iter().map(|fake| fake.writes().len()).collect();
    assert_eq!(now, before, "nothing is written before the yes");
    assert!(!watched(&emby, "Heat"));
    ana.goes_to("review").await;
    ana.sees("As things stood").await;
    ana.takes_a_picture("review").await;
    ana.presses("Write").await;
    ana.goes_to("overview").await;
    ana.sees("In sync last sync").await;
    for fake in all {
        for title in ["Arrival", "Heat", "Jaws"] {
            assert!(watched(fake, title), "{title} is watched on all of them");
        }
    }

    // A mark on one server reaches the others, by itself.
    jellyfin.watch("Sintel", "ana").unwrap();
    for (fake, name) in [(&plex, "Plex"), (&emby, "Emby")] {
        until(name, async || watched(fake, "Sintel").then_some(())).await;
    }
    ana.sees("In sync last sync").await;
    ana.takes_a_picture("overview").await;

    // History shows it with its reason.
    ana.goes_to("history").await;
    ana.sees("366 titles").await;
    ana.takes_a_picture("history").await;
    ana.writes("Search titles", "sintel").await;
    ana.sees("1 title").await;
    ana.presses("Sintel").await;
    ana.sees("Learnt Watched Watched there. Den").await;
    ana.takes_a_picture("history-title").await;

    for (place, says, name) in [
        ("backends", "Living room", "backends"),
        ("tasks", "Import", "tasks"),
        ("activity", "Sintel", "activity"),
        ("activity/runs", "Export", "activity-runs"),
        ("activity/snapshots", "Restore", "activity-snapshots"),
        ("activity/log", "Log", "activity-log"),
        ("settings", "Start on login", "settings"),
    ] {
        ana.goes_to(place).await;
        ana.sees(says).await;
        ana.takes_a_picture(name).await;
    }

    ana.goes_to("backups").await;
    ana.sees("No backup yet").await;
    ana.presses("Back up now").await;
    ana.sees("3 in").await;
    ana.takes_a_picture("backups").await;

    // A server that is gone is named, with what to do; it heals by itself when it is there again.
    emby.refuse().await;
    ana.presses("Sync now").await;
    ana.sees("Trouble with Attic").await;
    ana.goes_to("overview").await;
    ana.sees("It cannot be reached").await;
    ana.takes_a_picture("overview-trouble").await;
    emby.heal().await;
    ana.presses("Sync now").await;
    ana.sees("In sync last sync").await;

    let tokens = all.iter().map(|fake| fake.token_of("ana").unwrap());
    let secrets: Vec<String> = tokens.chain(["ana-password".to_owned()]).collect();
    assert_kept_nowhere(&data(&desktop), &secrets);
    ana.leaves().await;
}
