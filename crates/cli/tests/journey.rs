//! The main job from a terminal, against servers that speak the real protocols.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use serde_json::Value;
use terminal::{Terminal, bytes_of};
use watchstate_model::Watch;
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::titles::What;
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

const IMPORT: [&str; 12] = [
    "task",
    "backend",
    "ok",
    "seen",
    "added",
    "changed",
    "unchanged",
    "unmatched",
    "requests",
    "bytes",
    "ms",
    "error",
];
const EXPORT: [&str; 13] = [
    "task", "backend", "ok", "mode", "planned", "written", "already", "held", "failed", "requests",
    "bytes", "ms", "error",
];

async fn sample(kind: ServerKind, version: &str) -> FakeServer {
    FakeServer::of(kind, version).with_sample().in_real_time().start().await.unwrap()
}

/// The runs of an answer, after a look at the form of each.
fn runs(answer: &Value) -> Vec<&Value> {
    let answer = answer.as_object().unwrap();
    assert_eq!(answer.keys().collect::<Vec<_>>(), ["runs"], "nothing beside the runs");
    let runs: Vec<&Value> = answer["runs"].as_array().unwrap().iter().collect();
    for run in &runs {
        let mut fields: Vec<&str> = run.as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted: Vec<&str> =
            if run["task"] == "import" { IMPORT.to_vec() } else { EXPORT.to_vec() };
        fields.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(fields, wanted);
    }
    runs
}

/// A counter, summed over the runs of a task.
fn sum(answer: &Value, task: &str, field: &str) -> u64 {
    let of_task = runs(answer).into_iter().filter(|run| run["task"] == task);
    of_task.map(|run| run[field].as_u64().unwrap()).sum()
}

/// What a user is shown for every film and every whole file; files of two episodes are left out, because
/// one mark cannot tell two.
fn shown(fake: &FakeServer, user: &str) -> Vec<(String, Watch)> {
    let library = fake.library();
    let user = library.user(user).unwrap();
    let mut all: Vec<(String, Watch)> = library
        .entries()
        .iter()
        .filter_map(|entry| {
            let name = match &entry.what {
                What::Movie => format!("{} ({:?})", entry.name, entry.year),
                What::Episode { season: 2, number: 9.., .. } => return None,
                What::Episode { show, season, number, .. } => {
                    let series = library.series(show.as_str())?;
                    format!("{} {season} {number}", series.name)
                }
            };
            Some((name, library.shown(user, entry).shown().watch))
        })
        .collect();
    all.sort();
    all
}

fn is_fresh_film((name, watch): &(String, Watch)) -> bool {
    name.contains(" (") && *watch == Watch::Unwatched
}

/// The servers themselves show the same.
#[track_caller]
fn agree(servers: &[(&FakeServer, &str)]) {
    let (first, first_user) = servers[0];
    let wanted = shown(first, first_user);
    for (fake, user) in &servers[1..] {
        let shown = shown(fake, user);
        let differ: Vec<_> =
            wanted.iter().zip(&shown).filter(|(one, other)| one != other).collect();
        assert_eq!((wanted.len(), &differ[..]), (shown.len(), &[][..]), "{}", fake.url());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_servers_come_to_agree() {
    let new = sample(ServerKind::Jellyfin, "10.10.7").await;
    let old = sample(ServerKind::Jellyfin, "10.8.6").await;
    let emby = sample(ServerKind::Emby, "4.8.11.0").await;
    let plex = sample(ServerKind::Plex, "1.40.2").await;
    let mut at = Terminal::new();
    at.add_by_password("new", "jellyfin", &new, "ana").await;
    at.add_by_password("old", "jellyfin", &old, "ben").await;
    at.add_by_password("emby", "emby", &emby, "kim").await;
    at.add_by_token("plex", "plex", &plex, "ana").await;
    let servers = [(&new, "ana"), (&old, "ben"), (&emby, "kim"), (&plex, "ana")];

    let import = at.good("import").await;
    assert_eq!(runs(&import).len(), 4);
    assert!(sum(&import, "import", "added") > 1400, "{import}");
    assert_eq!(servers.map(|(fake, _)| fake.writes().len()), [0; 4]);

    let first = at.run("--json export").await;
    assert_eq!(first.code, 3, "the first export waits: {}", first.err);
    let first = first.json();
    assert!(runs(&first).iter().all(|run| run["ok"] == true && run["held"] == run["planned"]));
    assert!(sum(&first, "export", "held") > 400);
    assert_eq!(servers.map(|(fake, _)| fake.writes().len()), [0; 4], "and writes nothing");
    let told = at.run("export").await;
    assert_eq!(told.code, 3);
    assert!(told.out.contains("WOULD SHOW") && told.out.contains("--yes"), "its preview");

    let export = at.good("export --yes").await;
    assert_eq!(sum(&export, "export", "written"), sum(&export, "export", "planned"), "{export}");
    assert_eq!(sum(&export, "export", "failed"), 0);
    agree(&servers);

    let mut writes = servers.map(|(fake, _)| fake.writes().len());
    for time in ["at once", "and again"] {
        let sync = at.good("sync").await;
        assert_eq!(sum(&sync, "import", "changed"), 0, "{time}: {sync}");
        assert_eq!(sum(&sync, "export", "written"), 0, "{time}: {sync}");
        assert_eq!(servers.map(|(fake, _)| fake.writes().len()), writes, "{time}");
    }

    new.watch("Sintel", "ana").unwrap();
    old.unwatch("Alien", "ben").unwrap();
    // One that nobody has seen: 10.8 cannot be told where a rewatch was left.
    let (fresh, _) = shown(&plex, "ana").into_iter().find(is_fresh_film).unwrap();
    let fresh = fresh.split(" (").next().unwrap();
    plex.watch_until(fresh, "ana", 40 * 60_000).unwrap();
    let sync = at.good("sync").await;
    assert!(sum(&sync, "export", "written") >= 3, "{sync}");
    agree(&servers);
    assert!(!new.shows("Alien", "ana").unwrap().watch.is_watched());
    writes = servers.map(|(fake, _)| fake.writes().len());
    assert_eq!(sum(&at.good("sync").await, "export", "written"), 0);
    assert_eq!(servers.map(|(fake, _)| fake.writes().len()), writes);
    at.assert_no_secret_is_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_anywhere() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Emby, "4.8.11.0").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ben").await;
    for (line, taken, changes) in [
        ("import --dry-run", true, false),
        ("export --dry-run", true, true),
        ("sync --dry-run", true, true),
        ("sync --dry-run --yes", true, true),
    ] {
        let before = bytes_of(&at.data());
        let told = at.good(line).await;
        assert_eq!(told["taken"].as_array().unwrap().is_empty(), !taken, "{line}");
        assert_eq!(told["changes"].as_array().unwrap().is_empty(), !changes, "{line}");
        let reasons = told["changes"].as_array().unwrap();
        assert!(reasons.iter().all(|c| !c["reason"].as_str().unwrap().is_empty()), "{line}");
        assert!(reasons.iter().all(|c| c["held"] == "first_export"), "{line}");
        assert_eq!(bytes_of(&at.data()), before, "{line}: the database is as it was");
        assert_eq!((den.writes().len(), attic.writes().len()), (0, 0), "{line}");
    }
    let told = at.run("sync --dry-run").await;
    assert_eq!(told.code, 0);
    assert!(told.out.contains("WOULD SHOW") && told.out.contains("nothing was written"));

    // What is previewed is what is done then.
    at.good("import").await;
    let previewed = at.good("export --dry-run").await["changes"].as_array().unwrap().len();
    let done = at.good("export --yes").await;
    assert_eq!(sum(&done, "export", "written"), previewed as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_off_is_shown_and_not_made() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Emby, "4.8.11.0").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ben").await;
    at.good("backend set attic --export off").await;
    at.good("import").await;
    let told = at.good("export --dry-run").await;
    let of_attic: Vec<&Value> = told["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["backend"] == "attic")
        .collect();
    assert!(!of_attic.is_empty() && of_attic.iter().all(|c| c["held"] == "export_off"));
    let export = at.good("export --yes").await;
    assert_eq!(runs(&export).len(), 1, "only den: {export}");
    assert_eq!(attic.writes().len(), 0);
    let refused = at.run("export attic").await;
    assert!(refused.error(2).contains("backend set attic --export on"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_down_does_not_stop_the_others() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Emby, "4.8.11.0").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ben").await;
    at.good("import").await;
    attic.refuse().await;
    let export = at.run("--json export --yes").await;
    assert_eq!(export.code, 1);
    let export = export.json();
    let of = |name: &str| *runs(&export).iter().find(|run| run["backend"] == name).unwrap();
    assert_eq!(of("den")["ok"], true);
    assert!(of("den")["written"].as_u64().unwrap() > 0);
    assert_eq!(of("den")["written"], of("den")["planned"]);
    let error = of("attic")["error"].as_str().unwrap();
    assert!(error.starts_with("attic: it cannot be reached") && error.contains("check"), "{error}");
    let told = at.run("import").await;
    assert!(told.error(1).contains("attic: it cannot be reached"), "{}", told.err);
    let status = at.good("status").await;
    assert!(status["backends"][1]["trouble"].as_str().unwrap().contains("cannot be reached"));
    attic.heal().await;
    let export = at.good("export --yes").await;
    assert!(sum(&export, "export", "written") > 0, "the next run completes it: {export}");
    agree(&[(&den, "ana"), (&attic, "ben")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_unwatches_wait_for_a_yes() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Emby, "4.8.11.0").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    at.good("sync --yes").await;
    let watched: Vec<String> = {
        let library = den.library();
        let ana = library.user("ana").unwrap();
        let films = library.entries().iter().filter(|e| library.shown(ana, e).played);
        films.map(|entry| entry.key.as_str().to_owned()).take(40).collect()
    };
    for key in &watched {
        den.unwatch(key, "ana").unwrap();
    }
    let before = attic.writes().len();
    let sync = at.run("sync").await;
    assert_eq!(sync.code, 3, "{}{}", sync.out, sync.err);
    assert!(sync.out.contains("sync --yes"), "{}", sync.out);
    assert_eq!(attic.writes().len(), before);
    let held = at.good("sync --dry-run").await;
    let brake = held["changes"].as_array().unwrap().iter().filter(|c| c["held"] == "brake");
    assert_eq!(brake.count(), 40, "each of them is shown");
    let sync = at.good("sync --yes").await;
    assert_eq!(sum(&sync, "export", "written"), 40, "{sync}");
    agree(&[(&den, "ana"), (&attic, "ana")]);
}

/// A place in a file of two episodes is a place in the file, and in neither of them: it stays where it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_two_episodes_that_was_begun() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Plex, "1.40.2").await;
    let (file, halves) =
        ("The Ledger Crooked S02E09", ["The Ledger Crooked S02E09", "The Ledger Crooked S02E10"]);
    den.unwatch(file, "ana").unwrap();
    den.watch_until(file, "ana", 15 * 60_000).unwrap();
    for half in halves {
        attic.unwatch(half, "ana").unwrap();
    }
    let begun = den.shows(file, "ana").unwrap().watch;
    assert!(begun.position().is_some());
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_token("attic", "plex", &attic, "ana").await;
    at.good("sync --yes").await;
    at.good("sync").await;
    assert_eq!(den.shows(file, "ana").unwrap().watch, begun, "nobody cleared it");
    for half in halves {
        let shown = attic.shows(half, "ana").unwrap().watch;
        assert_eq!(shown, Watch::Unwatched, "{half} was not begun");
    }
    // Watched to the end it is both of them.
    den.watch(file, "ana").unwrap();
    at.good("sync").await;
    for half in halves {
        assert!(attic.shows(half, "ana").unwrap().watch.is_watched(), "{half}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_explained() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Plex, "1.40.2").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_token("attic", "plex", &attic, "ana").await;
    den.watch("Casablanca", "ana").unwrap();
    at.good("sync --yes").await;
    let found = at.good("history casabl").await;
    assert_eq!(found["titles"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["titles"][0]["name"], "Casablanca (1942)");
    let id = found["titles"][0]["id"].as_i64().unwrap();
    let told = at.run(&format!("explain {id}")).await;
    assert_eq!(told.code, 0);
    for part in
        ["Casablanca (1942)", "den has it as item", "attic has it", "imdb:tt0034583", "watched"]
    {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    let told = at.good(&format!("explain {id}")).await;
    assert_eq!(told["copies"].as_array().unwrap().len(), 2);
    assert_eq!(told["title"]["state"]["watch"], "watched");
    assert!(!told["journal"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_needs_a_user_and_a_backend_can_be_changed() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let mut at = Terminal::new();
    at.secret("KEY", &den.api_key());
    let url = den.url();
    let add = format!("backend add den --kind jellyfin --url {url} --token-env KEY");
    assert!(at.run(&add).await.error(1).contains("say whose marks are meant"));
    let added = at.good(&format!("{add} --user Ben --import metadata --export off")).await;
    assert_eq!(added["backend"]["user"], "ben");
    assert_eq!(
        (&added["backend"]["import"], &added["backend"]["export"]),
        (&Value::from("metadata"), &Value::from("off"))
    );
    let tested = at.good("backend test DEN").await;
    assert_eq!(tested["test"]["version"], "10.10.7");
    assert_eq!(tested["test"]["libraries"].as_array().unwrap().len(), 2, "no music");
    at.good("backend set den --import on").await;
    assert_eq!(at.good("backend show den").await["backend"]["import"], "on");
    // What does not open the door is not kept: the key stays.
    at.secret("BAD", "0123456789abcdef0123456789abcdef");
    at.run("backend set den --token-env BAD").await.error(1);
    at.good("backend test den").await;
    assert_eq!(at.good("backend remove den").await["removed"], "den");
    assert_eq!(at.good("backend list").await["backends"].as_array().unwrap().len(), 0);
    let kept = std::fs::read_to_string(at.data().join("secrets.json")).unwrap();
    assert_eq!(kept, "{}", "its token went with it");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_stopped_by_ctrl_c() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    den.fail(Fault::new(Trouble::Hang).on("items"));
    let before = den.asked();
    let child = at.begin("import");
    let asked = || den.requests().iter().skip(before as usize).any(|r| r.contains("Items"));
    while !asked() {
        tokio::task::yield_now().await;
    }
    let id = child.id().unwrap().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.starts_with("error: stopped; what was done is kept"), "{told}");
    den.heal().await;
    at.good("import").await;
}
