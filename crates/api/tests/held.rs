//! What the brake holds, looked through and answered in the window.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use household::{Servers, Window, assert_failed};
use serde_json::{Value, json};
use watchstate_api::contract::FailureKind;
use watchstate_api::table::TABLE;

/// More than pass by themselves.
const MANY: u64 = 40;

/// A household in sync of which the attic then loses marks.
async fn lost(servers: &Servers) -> (Window, Vec<String>) {
    let window = Window::agreed(servers).await;
    let films: Vec<String> = {
        let library = servers.jellyfin.library();
        let ana = library.user("ana").unwrap();
        let watched = |entry: &&watchstate_testkit::fake::titles::Entry| {
            entry.what == watchstate_testkit::fake::titles::What::Movie
                && library.shown(ana, entry).played
        };
        library.entries().iter().filter(watched).map(|entry| entry.name.clone()).collect()
    };
    let films: Vec<String> = films.into_iter().take(MANY as usize).collect();
    assert_eq!(films.len() as u64, MANY);
    window.clock.pass(60);
    servers.pass(60);
    for film in &films {
        servers.jellyfin.unwatch(film, "ana").unwrap();
    }
    window.ran("sync_now", json!({})).await;
    (window, films)
}

fn watched(server: &watchstate_testkit::fake::FakeServer, films: &[String]) -> u64 {
    let is_watched = |film: &&String| server.shows(film, "ana").unwrap().watch.is_watched();
    films.iter().filter(is_watched).count() as u64
}

async fn held(window: &Window) -> u64 {
    let page = window.ask("held", json!({ "from": 0, "size": 1 })).await;
    page["total"].as_u64().unwrap()
}

#[tokio::test]
async fn what_waits_is_told_with_counts_reasons_and_a_sample() {
    let servers = Servers::start().await;
    let (window, films) = lost(&servers).await;
    let (truth, says) = window.truth().await;
    assert_eq!((truth.as_str(), says.split(' ').next()), ("needsYou", Some("40")), "{says}");
    let counts = window.ask("held_counts", json!({})).await;
    assert_eq!(counts.as_array().unwrap().len(), 1, "{counts}");
    assert_eq!((&counts[0]["name"], &counts[0]["count"]), (&json!("attic"), &json!(MANY)));
    assert_eq!(counts[0]["reasons"][0]["count"], json!(MANY));
    assert!(
        counts[0]["reasons"][0]["because"]["says"].as_str().unwrap().contains("until you decide")
    );
    assert_eq!(counts[0]["sample"].as_array().unwrap().len(), 3);
    let word = films[0].split(' ').next().unwrap().to_lowercase();
    let found = window.ask("held", json!({ "text": word, "from": 0, "size": 100 })).await;
    let names = found["rows"].as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap());
    assert!(names.clone().any(|name| name.starts_with(&films[0])), "{found}");
    assert!(names.count() < MANY as usize, "and not all: {found}");
    assert_eq!(found["rows"][0]["was"]["watched"], true);
    assert_eq!(found["rows"][0]["now"]["watched"], false);
    // A yes to what is to be written is none to that.
    window.sync_with_a_yes().await;
    assert_eq!(held(&window).await, MANY);
    assert_eq!(watched(&servers.plex, &films), MANY);
}

#[tokio::test]
async fn an_answer_is_shown_first_and_then_done() {
    let servers = Servers::start().await;
    let (window, films) = lost(&servers).await;
    let rows = window.ask("held", json!({ "from": 0, "size": 5 })).await;
    let items: Vec<&Value> =
        rows["rows"].as_array().unwrap().iter().map(|row| &row["item"]).collect();
    let some = json!({ "say": "approve", "items": items });
    let preview = window.ask("preview_answer", some.clone()).await;
    let unwatch = |preview: &Value| {
        let counts = preview["perBackend"].as_array().unwrap();
        counts.iter().map(|count| count["unwatch"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(unwatch(&preview), 10, "five on each of the other two: {preview}");
    assert_eq!(held(&window).await, MANY, "nothing is decided by looking");

    // A yes is for the answer that was shown, and not for another one.
    let other = json!({ "say": "approve", "preview": preview["id"] });
    assert_failed(&window.fail("answer_held", other).await, FailureKind::Usage, "something else");
    let mut agreed = some;
    agreed["preview"] = preview["id"].clone();
    window.ran("answer_held", agreed).await;
    assert_eq!(
        (watched(&servers.plex, &films), watched(&servers.emby, &films)),
        (MANY - 5, MANY - 5)
    );
    assert_eq!(held(&window).await, MANY - 5);

    let reject = json!({ "say": "reject", "backend": 2 });
    let preview = window.ask("preview_answer", reject).await;
    assert_eq!(preview["perBackend"][1]["watch"], json!(MANY - 5), "{preview}");
    let agreed = json!({ "say": "reject", "backend": 2, "preview": preview["id"] });
    window.ran("answer_held", agreed).await;
    assert_eq!(watched(&servers.jellyfin, &films), MANY - 5, "they are back");
    assert_eq!(held(&window).await, 0);
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "inSync");
    let none = window.fail("answer_held", json!({ "say": "reject", "items": [] })).await;
    assert_failed(&none, FailureKind::Usage, "No title is chosen");
}

#[tokio::test]
async fn what_changed_since_a_look_is_marked() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.clock.pass(60);
    servers.pass(60);
    servers.jellyfin.watch("Alien", "ana").unwrap();
    servers.plex.unwatch("Alien", "ana").unwrap();
    servers.jellyfin.watch("Heat", "ana").unwrap();
    let first = window.ask("preview", json!({ "import": true })).await;
    assert_eq!(first["since"], Value::Null);
    servers.jellyfin.watch("Jaws", "ana").unwrap();
    servers.plex.unwatch("Jaws", "ana").unwrap();
    servers.jellyfin.unwatch("Heat", "ana").unwrap();
    // It is found out before anything is written, and which look it was about is told.
    let writes = servers.writes();
    window.ran("sync_now", json!({ "preview": first["id"] })).await;
    assert_eq!(servers.writes(), writes);
    let overview = window.ask("overview", json!({})).await;
    assert_eq!(overview["lookAnew"], first["id"]);
    let again = window.ask("preview", json!({ "import": true, "since": first["id"] })).await;
    assert!(again["since"]["anew"].as_u64().unwrap() >= 1, "{again}");
    assert_eq!(again["since"]["gone"], json!(2), "Heat on the two others: {again}");
    let rows =
        window.ask("preview_rows", json!({ "preview": again["id"], "from": 0, "size": 100 })).await;
    for row in rows["rows"].as_array().unwrap() {
        let is_new = row["title"].as_str().unwrap().starts_with("Jaws");
        assert_eq!(row["anew"], json!(is_new), "{row}");
    }
    assert_eq!(window.ask("overview", json!({})).await["lookAnew"], Value::Null);
}

#[tokio::test]
async fn a_brake_that_lets_all_pass_is_told_wherever_one_looks() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let off = async || {
        let overview = window.ask("overview", json!({})).await;
        let brakes = window.ask("brakes", json!({})).await;
        assert_eq!(overview["brakesOff"], brakes["off"]);
        brakes["off"].as_array().unwrap().len()
    };
    let rule = |off: bool, percent: u32| json!({ "off": off, "atLeast": 20, "percent": percent, "latest": 10 });
    assert_eq!(off().await, 0);
    for (wish, told, why) in [
        (json!({ "rule": rule(true, 5) }), 1, "off for all"),
        (json!({ "backend": 2, "rule": rule(false, 100) }), 2, "and as good as off for one"),
        (json!({ "rule": null }), 1, "on again for the others"),
        (json!({ "backend": 2, "rule": rule(false, 1) }), 0, "and a rule of its own"),
    ] {
        window.ask("set_brake", wish).await;
        assert_eq!(off().await, told, "{why}");
    }
    let brakes = window.ask("brakes", json!({})).await;
    assert_eq!(brakes["backends"][0]["rule"]["percent"], 1);
    let wrong = window.fail("set_brake", json!({ "rule": rule(false, 101) })).await;
    assert_failed(&wrong, FailureKind::Usage, "cannot be used");
    let gone = window.fail("set_brake", json!({ "backend": 99, "rule": null })).await;
    assert_failed(&gone, FailureKind::NotFound, "not there");
}

#[test]
fn a_brake_that_is_changed_is_shown_at_once() {
    let of = |name: &str| TABLE.iter().find(|command| command.name == name).unwrap();
    for name in ["overview", "brakes"] {
        let is_stale = of("set_brake").changes.iter().any(|tag| of(name).reads.contains(tag));
        assert!(is_stale, "{name} is read again");
    }
}

#[tokio::test]
async fn export_switched_on_again_waits_for_a_look() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.ask("set_backend", json!({ "backend": 2, "export": false })).await;
    window.clock.pass(60);
    servers.pass(60);
    servers.plex.watch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    window.ask("set_backend", json!({ "backend": 2, "export": true })).await;
    window.ran("sync_now", json!({})).await;
    assert!(!servers.jellyfin.shows("Heat", "ana").unwrap().watch.is_watched());
    let (truth, says) = window.truth().await;
    assert_eq!(
        (truth.as_str(), says.as_str()),
        ("needsYou", "The first export to attic waits for your yes")
    );
    window.sync_with_a_yes().await;
    assert!(servers.jellyfin.shows("Heat", "ana").unwrap().watch.is_watched());
    assert_eq!(window.truth().await.0, "inSync");
}

#[tokio::test]
async fn to_compare_and_write_everything_is_looked_at_first() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let wish = json!({ "backends": [2], "import": false, "full": true });
    let preview = window.ask("preview", wish).await;
    let push = json!({ "backend": 2, "full": false, "preview": preview["id"] });
    assert_failed(&window.fail("export_now", push).await, FailureKind::Usage, "something else");
    window.ran("export_now", json!({ "backend": 2, "full": true, "preview": preview["id"] })).await;
    assert_eq!(window.truth().await.0, "inSync");
}
