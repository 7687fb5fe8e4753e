//! Undo from a terminal: listed, shown, done, done once more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use std::time::Duration;

use serde_json::Value;
use terminal::Terminal;
use watchstate_engine::{Clock, SystemClock};
use watchstate_model::Marks;
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::FakeServer;

/// A Jellyfin as `den` and an Emby as `attic`, on both of which Heat is new, and then watched on `den`.
async fn told() -> (Terminal, FakeServer, FakeServer) {
    let start = async |kind, version| {
        FakeServer::of(kind, version).with_sample().in_real_time().start().await.unwrap()
    };
    let den = start(ServerKind::Jellyfin, "10.10.7").await;
    let attic = start(ServerKind::Emby, "4.8.11.0").await;
    for server in [&den, &attic] {
        server.unwatch("Heat", "ana").unwrap();
    }
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    at.good("sync --yes").await;
    a_second_later().await;
    den.watch("Heat", "ana").unwrap();
    at.good("sync").await;
    assert!(is_watched(&attic));
    (at, den, attic)
}

/// Servers and we know a time by its second. What happens in the one in which all was last seen to agree counts as the
/// next second's, and what is undone in that one is not known to be later. Waits for the next.
async fn a_second_later() {
    let before = SystemClock.now();
    let mut again = tokio::time::interval(Duration::from_millis(20));
    while SystemClock.now() == before {
        again.tick().await;
    }
}

fn is_watched(server: &FakeServer) -> bool {
    server.shows("Heat", "ana").unwrap().watch.is_watched()
}

/// The number of the latest run of a task on a backend, of those that can be taken back.
async fn run_of(at: &Terminal, task: &str, backend: &str) -> i64 {
    let listed = at.good("undo list").await;
    let runs = listed["runs"].as_array().unwrap();
    let is_it = |run: &&Value| run["task"] == task && run["backend"] == backend;
    runs.iter().find(is_it).unwrap_or_else(|| panic!("{listed}"))["run"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_listed_shown_taken_back_and_done_once_more() {
    let (at, den, attic) = told().await;
    let run = run_of(&at, "export", "attic").await;
    let listed = at.run("undo").await;
    let line = listed.out.lines().find(|line| line.starts_with(&format!("{run} "))).unwrap();
    for word in ["export", "attic", "1 written"] {
        assert!(line.contains(word), "{word}: {line}");
    }
    let writes = attic.writes().len();
    let shown = at.run(&format!("undo run {run}")).await;
    assert_eq!(shown.code, 3, "it waits for a yes: {}{}", shown.out, shown.err);
    for words in ["It is about 1 title.", "Heat", "undone by you", "--yes"] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    let seen = at.run(&format!("--json undo run {run}")).await;
    assert_eq!(seen.code, 3);
    let seen = seen.json();
    assert_eq!(
        (&seen["undone"], &seen["run"], &seen["titles"]),
        (&false.into(), &Value::Null, &1.into())
    );
    assert_eq!(seen["changes"][0]["because"], "undone", "{seen}");
    assert_eq!((attic.writes().len(), is_watched(&attic)), (writes, true), "shown, and not done");

    let done = at.good(&format!("undo run {run} --yes")).await;
    assert_eq!((&done["undone"], &done["runs"][0]["written"]), (&true.into(), &1.into()), "{done}");
    assert_eq!((&done["new"], &done["left"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert_eq!(attic.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    at.good("sync").await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (true, false), "and it stays so");
    let gone = at.run(&format!("undo run {run} --yes")).await;
    assert!(gone.error(2).contains("nothing left to be taken back"), "{}", gone.err);

    let undo = done["run"].as_i64().unwrap();
    assert_eq!(run_of(&at, "undo", "attic").await, undo);
    let other = run_of(&at, "import", "den").await;
    let told = at.run(&format!("undo redo {other}")).await;
    assert!(told.error(2).contains("was no undo (import)"), "{}", told.err);
    let again = at.run(&format!("undo redo {undo} --yes")).await;
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.out.contains("Done for 1 title"), "{}", again.out);
    assert!(is_watched(&attic));
    at.assert_no_secret_is_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_explain_and_a_title_are_taken_back() {
    let (at, den, attic) = told().await;
    let title = at.good("history heat").await["titles"][0]["id"].as_i64().unwrap();
    let explained = at.good(&format!("explain {title}")).await;
    let lines = explained["journal"].as_array().unwrap();
    let told =
        lines.iter().find(|line| line["what"] == "told" && line["backend"] == "attic").unwrap();
    assert_eq!(told["can_undo"], true);
    let line = told["line"].as_i64().unwrap();
    let shown = at.run(&format!("explain {title}")).await;
    assert!(shown.out.lines().any(|text| text.starts_with(&format!("{line} "))), "{}", shown.out);
    at.good(&format!("undo change {line} --yes")).await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (true, false));
    // The latest of the title is what was taken over from den.
    at.good(&format!("undo title {title} --yes")).await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (false, false));
    at.good("sync").await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_is_brought_back_to_a_snapshot() {
    let (at, den, attic) = told().await;
    let listed = at.good("undo snapshots").await;
    let all = listed["snapshots"].as_array().unwrap();
    let latest = all.iter().find(|one| one["backend"] == "attic").unwrap();
    assert!(latest["items"].as_u64().unwrap() > 100, "{latest}");
    let number = latest["snapshot"].as_i64().unwrap();
    let text = at.run("undo snapshots --most 1").await;
    assert_eq!(text.out.lines().filter(|line| line.contains("run ")).count(), 1, "{}", text.out);
    at.good(&format!("undo snapshot {number} --yes")).await;
    assert_eq!(attic.shows("Heat", "ana").unwrap(), Marks::UNTOUCHED);
    at.good("sync").await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_from_a_backup_is_a_run_and_is_taken_back_everywhere() {
    let (at, den, attic) = told().await;
    let made = at.good("backup").await;
    let files = made["backups"].as_array().unwrap();
    let file = files.iter().find(|one| one["backend"] == "den").unwrap()["file"].as_str().unwrap();
    den.unwatch("Heat", "ana").unwrap();
    at.good("sync").await;
    let before = attic.shows("Heat", "ana").unwrap();
    assert!(!before.watch.is_watched());
    let restored = at.good(&format!("restore {file} --to den --yes")).await;
    assert_eq!(
        restored["runs"].as_array().unwrap().iter().filter(|r| r["task"] == "restore").count(),
        1
    );
    at.good("sync").await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (true, true));
    let run = run_of(&at, "restore", "den").await;
    let undone = at.good(&format!("undo run {run} --yes")).await;
    assert_eq!(undone["runs"][0]["written"], 2, "also where a later run told it: {undone}");
    assert_eq!(
        (den.shows("Heat", "ana").unwrap(), attic.shows("Heat", "ana").unwrap()),
        (before, before)
    );
    at.good("sync").await;
    assert_eq!((is_watched(&den), is_watched(&attic)), (false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_taken_back() {
    let at = Terminal::new();
    let listed = at.run("undo list").await;
    assert_eq!((listed.code, listed.out.contains("There is no run")), (0, true), "{}", listed.out);
    let listed = at.run("undo snapshots").await;
    assert_eq!((listed.code, listed.out.contains("There is no snapshot")), (0, true));
    for (line, words) in [
        ("undo run 99", "nothing left to be taken back"),
        ("undo redo 99 --yes", "nothing left to be taken back"),
        ("undo title 99", "nothing left to be taken back"),
        ("undo snapshot 99 --yes", "nothing left to be taken back"),
        ("undo change 99", "no line 99"),
    ] {
        assert!(at.run(line).await.error(2).contains(words), "{line}");
        let json = at.run(&format!("--json {line}")).await;
        assert_eq!(
            (json.code, json.json()["error"]["code"].as_str()),
            (2, Some("usage")),
            "{line}"
        );
    }
}
