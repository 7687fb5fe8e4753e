//! A person takes back what was changed, as a window asks for it.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use household::{Servers, Window, assert_failed};
use serde_json::{Value, json};
use watchstate_api::contract::FailureKind;
use watchstate_model::Marks;

async fn run_of(window: &Window, task: &str, name: &str) -> Value {
    let runs = window.ask("runs", json!({ "from": 0, "size": 50 })).await;
    let rows = runs["rows"].as_array().unwrap();
    rows.iter().find(|run| run["task"] == task && run["name"] == name).unwrap().clone()
}

/// Heat was watched on Jellyfin and told to the others.
async fn told() -> (Servers, Window) {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.clock.pass(3600);
    servers.pass(3600);
    servers.jellyfin.watch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);
    (servers, window)
}

#[tokio::test]
async fn what_a_run_wrote_is_shown_taken_back_and_done_once_more() {
    let (servers, window) = told().await;
    let run = run_of(&window, "export", "cellar").await;
    assert_eq!(run["canUndo"], true);
    let writes = servers.writes();
    let preview = window.ask("preview_undo", json!({ "run": run["id"] })).await;
    assert_eq!((&preview["titles"], &preview["leftTotal"]), (&json!(1), &json!(0)), "{preview}");
    assert_eq!(preview["perBackend"].as_array().unwrap().len(), 1, "only where it was written");
    let wish = json!({ "preview": preview["id"], "from": 0, "size": 9 });
    let rows = window.ask("preview_rows", wish).await;
    assert_eq!(rows["rows"][0]["because"]["code"], "undone");
    assert_eq!(rows["rows"][0]["action"], "unwatch");
    assert_eq!(servers.writes(), writes, "seen, and not done");

    window.ran("undo", json!({ "preview": preview["id"] })).await;
    assert_eq!(servers.watched(), 2);
    assert_eq!(servers.emby.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 2, "the next sync does not bring it back");
    assert_eq!(window.truth().await.0, "inSync");
    let run = run_of(&window, "export", "cellar").await;
    assert_eq!(run["canUndo"], false);
    let gone = window.fail("preview_undo", json!({ "run": run["id"] })).await;
    assert_failed(&gone, FailureKind::NotFound, "nothing left to be taken back");

    let undone = run_of(&window, "undo", "cellar").await;
    let preview = window.ask("preview_undo", json!({ "run": undone["id"] })).await;
    window.ran("undo", json!({ "preview": preview["id"] })).await;
    assert_eq!(servers.watched(), 3);
}

#[tokio::test]
async fn a_line_and_a_title_are_taken_back() {
    let (servers, window) = told().await;
    let film = window.title("Heat").await;
    let title = window.ask("title", json!({ "title": film["id"] })).await;
    let lines = title["journal"].as_array().unwrap();
    let line = lines.iter().find(|line| line["backend"]["name"] == "den").unwrap();
    assert_eq!(line["canUndo"], true);
    let preview = window.ask("preview_undo", json!({ "line": line["id"] })).await;
    window.ran("undo", json!({ "preview": preview["id"] })).await;
    assert!(!servers.plex.shows("Heat", "ana").unwrap().watch.is_watched());
    assert_eq!(servers.watched(), 2);
    let preview = window.ask("preview_undo", json!({ "title": film["id"] })).await;
    assert_eq!(preview["holds"], 1, "{preview}");
    window.ran("undo", json!({ "preview": preview["id"] })).await;
    assert_eq!(servers.watched(), 0, "where it was watched as well");
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 0);
}

#[tokio::test]
async fn nothing_is_taken_back_that_was_not_shown() {
    let (servers, window) = told().await;
    let run = run_of(&window, "export", "cellar").await;
    let preview = window.ask("preview_undo", json!({ "run": run["id"] })).await;
    let wish = json!({ "preview": preview["id"] });
    let other = window.fail("sync_now", wish.clone()).await;
    assert_failed(&other, FailureKind::Usage, "something else");
    window.clock.pass(600);
    servers.pass(600);
    servers.plex.watch("Alien", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    let late = window.fail("undo", wish).await;
    assert_failed(&late, FailureKind::Changed, "Something changed since");
    assert_eq!(servers.watched(), 3);
    for wish in [json!({}), json!({ "run": 1, "title": 1 })] {
        let failure = window.fail("preview_undo", wish).await;
        assert_failed(&failure, FailureKind::Usage, "not clear");
    }
    let sync = window.ask("preview", json!({ "import": true })).await;
    let failure = window.fail("undo", json!({ "preview": sync["id"] })).await;
    assert_failed(&failure, FailureKind::Usage, "something else");
}

#[tokio::test]
async fn a_backend_is_restored_to_a_snapshot() {
    let (servers, window) = told().await;
    let snapshots = window.ask("snapshots", json!({})).await;
    let of_cellar = |all: &Value| {
        let all = all.as_array().unwrap();
        all.iter().find(|one| one["backend"]["name"] == "cellar").unwrap().clone()
    };
    let latest = of_cellar(&snapshots);
    assert!(latest["items"].as_u64().unwrap() > 100 && latest["bytes"].as_u64().unwrap() > 100);
    let preview = window.ask("preview_undo", json!({ "snapshot": latest["id"] })).await;
    window.ran("undo", json!({ "preview": preview["id"] })).await;
    assert_eq!(servers.emby.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 2);
}
