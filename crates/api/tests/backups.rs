//! Backups: made, restored, refused.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::path::PathBuf;
use std::sync::Arc;

use household::{Servers, Window, assert_failed};
use serde_json::{Value, json};
use watchstate_api::Code;
use watchstate_api::contract::FailureKind;
use watchstate_api::settings::Book;
use watchstate_engine::{CancellationToken, Silent};
use watchstate_model::Moment;
use watchstate_testkit::fake::titles::What;

impl Window {
    fn shelf(&self) -> PathBuf {
        self.app.household().backups_folder()
    }

    /// Backs up, and answers the files by the names of their backends.
    async fn back_up(&self) -> impl Fn(&str) -> String + use<> {
        let made = self.app.household().back_up(&CancellationToken::new()).await.unwrap();
        assert_eq!(made.trouble, None);
        move |backend: &str| made.files.iter().find(|one| one.name == backend).unwrap().file.clone()
    }

    /// Begins the task that backs up, and answers with how it ended.
    async fn backs_up_by_the_clock(&self) -> Value {
        let mut events = self.app.events();
        self.ask("run_task", json!({ "name": "backup" })).await;
        let ended = async {
            loop {
                let tasks = self.ask("tasks", json!({})).await;
                let mut all = tasks.as_array().unwrap().iter();
                let task = all.find(|task| task["name"] == "backup").unwrap().clone();
                if task["running"] == false && !task["last"].is_null() {
                    return task;
                }
                events.recv().await.unwrap();
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), ended).await.unwrap()
    }

    async fn by_the_clock(&self) {
        let book = Book::open(self.app.household().path(), |_| None);
        self.app.start_schedule(Arc::new(book)).await.unwrap();
    }

    /// Puts a file onto the shelf by hand.
    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.shelf()).unwrap();
        std::fs::write(self.shelf().join(name), text).unwrap();
    }

    async fn number_of(&self, name: &str) -> i64 {
        let all = self.ask("backends", json!({})).await;
        let card = all.as_array().unwrap().iter().find(|card| card["name"] == name).unwrap();
        card["id"].as_i64().unwrap()
    }

    async fn look(&self, backup: &str, to: &str, way: &str) -> Value {
        let backend = self.number_of(to).await;
        let wish = json!({ "backup": backup, "backends": [backend], "way": way });
        self.ask("preview_restore", wish).await
    }

    async fn refused(&self, backup: &str) -> watchstate_api::contract::Failure {
        let backend = self.number_of("den").await;
        let wish = json!({ "backup": backup, "backends": [backend], "way": "exact" });
        self.fail("preview_restore", wish).await
    }

    async fn restore(&self, seen: &Value) {
        self.ran("restore_now", json!({ "preview": seen["preview"]["id"] })).await;
    }

    async fn last_line(&self) -> i64 {
        self.app.household().store().last_line().await.unwrap()
    }

    fn pass(&self, servers: &Servers, seconds: i64) {
        self.clock.pass(seconds);
        servers.pass(seconds);
    }
}

/// What a preview counts, summed over backends.
fn sum(seen: &Value, field: &str) -> u64 {
    let parts = seen["preview"]["perBackend"].as_array().unwrap();
    parts.iter().map(|part| part[field].as_u64().unwrap()).sum()
}

fn ours(titles: &[Value]) -> String {
    json!({
        "format": "watchstate-backup", "version": 1, "madeAt": 1, "titles": titles,
        "count": titles.len(),
    })
    .to_string()
}

/// As our files have it: the version before the titles, which an object of `serde_json` does not keep.
fn file(titles: &[Value]) -> String {
    let titles: Vec<String> = titles.iter().map(Value::to_string).collect();
    format!(
        "{{\"format\":\"watchstate-backup\",\"version\":1,\"madeAt\":1,\"titles\":[{}],\"count\":{}}}",
        titles.join(","),
        titles.len()
    )
}

fn film(ids: &Value, watched: bool) -> Value {
    json!({ "type": "movie", "title": "a film", "ids": ids, "watched": watched, "plays": 0 })
}

#[tokio::test]
async fn what_was_lost_comes_back() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.pass(&servers, 3600);
    servers.jellyfin.watch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    let played = window.title("Heat").await["marks"]["playedAt"].as_i64().unwrap();
    window.pass(&servers, 3600);
    let made = window.back_up().await;

    window.pass(&servers, 3600);
    servers.plex.unwatch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 0);

    window.pass(&servers, 3600);
    let before = servers.writes();
    let seen = window.look(&made("attic"), "den", "union").await;
    assert_eq!((sum(&seen, "watch"), sum(&seen, "unwatch")), (3, 0), "{seen}");
    let wish = json!({ "preview": seen["preview"]["id"], "text": "heat", "from": 0, "size": 9 });
    assert_eq!(window.ask("preview_rows", wish).await["total"], 3);
    assert_eq!((servers.writes(), servers.watched()), (before, 0), "seen, and not done");

    window.restore(&seen).await;
    assert!(servers.plex.shows("Heat", "ana").unwrap().watch.is_watched(), "told at once");
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3, "the others follow");
    window.pass(&servers, 3600);
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3, "and it stays");
    let film = window.title("Heat").await;
    assert_eq!(film["marks"]["playedAt"], played, "with the date of the play");
    let title = window.ask("title", json!({ "title": film["id"] })).await;
    let lines = title["journal"].as_array().unwrap();
    assert!(
        lines.iter().any(
            |line| line["because"]["code"] == "restored_from_backup" && line["what"] == "asked"
        ),
        "it was a person: {lines:?}"
    );

    // It is a run like any other, and is taken back like one, wherever it was told.
    let runs = window.ask("runs", json!({ "from": 0, "size": 50 })).await;
    let is_it = |run: &&Value| run["task"] == "restore";
    let run = runs["rows"].as_array().unwrap().iter().find(is_it).unwrap();
    assert_eq!(
        (&run["name"], &run["canUndo"], &run["changed"]),
        (&json!("den"), &json!(true), &json!(1))
    );
    let preview = window.ask("preview_undo", json!({ "run": run["id"] })).await;
    window.ran("undo", json!({ "preview": preview["id"] })).await;
    assert_eq!(servers.watched(), 0);
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 0);
}

#[tokio::test]
async fn a_backup_holds_what_we_know_and_no_secret() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let films: Vec<String> = {
        let library = servers.emby.library();
        let films = library.entries().iter().filter(|entry| matches!(entry.what, What::Movie));
        films.map(|entry| entry.name.clone()).take(60).collect()
    };
    for name in &films {
        servers.emby.mark_watched(name, "ana").unwrap();
    }
    window.pass(&servers, 3600);
    window.ran("sync_now", json!({})).await;
    // A server that loses its marks all at once is held, and does not spoil a backup that is made then.
    window.pass(&servers, 3600);
    for name in &films {
        servers.emby.unwatch(name, "ana").unwrap();
    }
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "needsYou");
    let made = window.back_up().await;
    let list = window.ask("backups", json!({})).await;
    let files = list["files"].as_array().unwrap();
    assert_eq!(files.len(), 3, "one for each backend: {list}");
    for one in files {
        assert_eq!((one["form"].as_str(), one["person"].as_str()), (Some("ours"), Some("main")));
        assert!(one["titles"].as_u64().unwrap() > 50, "{one}");
    }
    let mut secrets: Vec<String> = vec!["ana-password".to_owned()];
    for server in servers.all() {
        secrets.push(server.token_of("ana").unwrap());
        secrets.push(server.url().as_str().to_owned());
    }
    for backend in ["den", "attic", "cellar"] {
        let text = std::fs::read_to_string(window.shelf().join(made(backend))).unwrap();
        let all: Value = serde_json::from_str(&text).unwrap();
        let titles = all["titles"].as_array().unwrap();
        assert_eq!(all["count"].as_u64().unwrap(), titles.len() as u64);
        let film = titles.iter().find(|title| title["title"] == "Inception").unwrap();
        assert_eq!(film["ids"]["imdb"], "tt1375666", "{film}");
        assert_eq!((&film["watched"], &film["type"]), (&json!(true), &json!("movie")));
        assert!(film["lastPlayed"].is_i64() || film["lastPlayed"].is_null(), "{film}");
        let episode = titles
            .iter()
            .find(|title| title["show"] == "Severance" && title["episode"] == 2)
            .unwrap_or_else(|| panic!("{text}"));
        assert_eq!(episode["showIds"]["tvdb"], "371980", "{episode}");
        for secret in &secrets {
            assert!(!text.contains(secret), "{backend}: a secret or an address");
        }
    }
}

#[tokio::test]
async fn exactly_as_in_the_backup() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.pass(&servers, 3600);
    let made = window.back_up().await;
    window.pass(&servers, 3600);
    servers.jellyfin.watch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);

    let union = window.look(&made("den"), "den", "union").await;
    assert_eq!(sum(&union, "total"), 0, "a union takes nothing away: {union}");
    let exact = window.look(&made("den"), "den", "exact").await;
    assert_eq!((sum(&exact, "watch"), sum(&exact, "unwatch")), (0, 3), "{exact}");
    window.pass(&servers, 60);
    window.restore(&exact).await;
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 0);
    let again = window.look(&made("den"), "den", "exact").await;
    assert_eq!(sum(&again, "total"), 0, "it is so now: {again}");
}

#[tokio::test]
async fn a_person_s_yes_is_not_stopped_by_the_brake_and_unlisted_titles_go_only_when_exact() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let matrix = json!({ "imdb": "tt0133093" });
    window.put("small.json", file(&[film(&matrix, true)]));
    window.pass(&servers, 60);
    let union = window.look("small.json", "den", "union").await;
    assert_eq!(sum(&union, "unwatch"), 0, "{union}");
    let exact = window.look("small.json", "den", "exact").await;
    let gone = exact["preview"]["perBackend"][0]["unwatch"].as_u64().unwrap();
    assert!(gone > 20, "more than the brake lets pass: {exact}");
    window.restore(&exact).await;
    let filter = json!({ "state": "watched" });
    let watched = window.ask("titles", json!({ "filter": filter, "from": 0, "size": 9 })).await;
    assert_eq!(watched["total"], 1, "{watched}");
    assert_eq!(watched["rows"][0]["name"], "The Matrix");
    window.pass(&servers, 60);
    window.ran("sync_now", json!({})).await;
    window.pass(&servers, 60);
    window.ran("sync_now", json!({})).await;
    let watched = window.ask("titles", json!({ "filter": filter, "from": 0, "size": 9 })).await;
    assert_eq!(watched["total"], 1, "no server brings the others back: {watched}");
}

#[tokio::test]
async fn the_reference_s_backup_gives_the_state_it_holds() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    for server in servers.all() {
        server.unwatch("Jaws", "ana").unwrap();
        server.unwatch("Casablanca", "ana").unwrap();
    }
    window.pass(&servers, 3600);
    window.ran("sync_now", json!({})).await;
    // Made up after the description of the format: a list, ids with a prefix, numbers as texts.
    let theirs = json!([
        {
            "type": "movie", "watched": 1, "updated": 1_700_000_000, "title": "Heat",
            "year": "1995", "guids": { "guid_imdb": "tt0113277", "guid_tmdb": "949" }, "parent": [],
        },
        {
            "type": "movie", "watched": 0, "updated": 1_700_000_001, "title": "Jaws", "year": 1975,
            "guids": { "guid_tmdb": 578 }, "progress": "1800000",
        },
        {
            "type": "episode", "watched": true, "updated": 1_700_000_002, "show": "Severance",
            "title": "Half Loop", "season": 1, "episode": "2", "guids": [],
            "parent": { "guid_tvdb": "371980" },
        },
        { "type": "movie", "watched": 1, "updated": 5, "title": "Nobody has it",
          "guids": { "guid_imdb": "tt9999999" } },
        { "type": "movie", "watched": 1, "updated": 5, "title": "No ids", "guids": [] },
    ]);
    window.put("main.plex.20231115.json", theirs.to_string());
    window.pass(&servers, 60);
    let seen = window.look("main.plex.20231115.json", "cellar", "union").await;
    assert_eq!(seen["entries"], 5);
    assert_eq!((&seen["matched"], &seen["notMatched"]), (&json!(3), &json!(2)));
    let wish = json!({ "preview": seen["preview"]["id"], "from": 0, "size": 9 });
    let lost = window.ask("not_matched", wish).await;
    let why = |at: usize| lost["rows"][at]["because"]["code"].as_str().unwrap().to_owned();
    assert_eq!((why(0), why(1)), ("nobody_has_it".to_owned(), "no_ids".to_owned()));
    let wish = json!({ "preview": seen["preview"]["id"], "text": "NOBODY", "from": 0, "size": 9 });
    assert_eq!(window.ask("not_matched", wish).await["total"], 1);

    window.restore(&seen).await;
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);
    let heat = servers.jellyfin.shows("Heat", "ana").unwrap();
    assert_eq!(heat.last_played, Some(Moment(1_700_000_000)), "where a date can be written");
    for server in servers.all() {
        let jaws = server.shows("Jaws", "ana").unwrap().watch;
        assert_eq!(jaws.position().map(|place| place.ms()), Some(1_800_000));
        assert!(!jaws.is_watched());
    }
    let filter = json!({ "text": "severance", "state": "watched" });
    let rows = window.ask("titles", json!({ "filter": filter, "from": 0, "size": 99 })).await;
    let of_two = |row: &&Value| row["season"] == 1 && row["episode"] == 2;
    assert_eq!(rows["rows"].as_array().unwrap().iter().filter(of_two).count(), 1, "{rows}");
}

#[tokio::test]
async fn ids_that_contradict_each_other_are_not_guessed_at() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.pass(&servers, 60);
    servers.jellyfin.watch("Heat", "ana").unwrap();
    servers.jellyfin.watch("Jaws", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    // The imdb id of one film with the tmdb id of another; the same film twice, once watched.
    let both = json!({ "imdb": "tt0113277", "tmdb": "578" });
    let matrix = json!({ "imdb": "tt0133093" });
    let titles = [film(&both, false), film(&matrix, false), film(&matrix, true)];
    window.put("odd.json", file(&titles));
    let seen = window.look("odd.json", "attic", "exact").await;
    assert_eq!((&seen["entries"], &seen["notMatched"]), (&json!(3), &json!(1)));
    window.restore(&seen).await;
    assert!(servers.jellyfin.shows("Heat", "ana").unwrap().watch.is_watched(), "may be meant");
    assert!(servers.jellyfin.shows("Jaws", "ana").unwrap().watch.is_watched(), "may be meant");
    assert!(servers.jellyfin.shows("The Matrix", "ana").unwrap().watch.is_watched(), "of two");
}

#[tokio::test]
async fn hostile_files_are_refused_and_nothing_is_half_restored() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let before = (window.last_line().await, servers.writes());
    let good = film(&json!({ "imdb": "tt0113277" }), true).to_string();
    // Most of each is a good backup: what is wrong comes last.
    let begin = "{\"format\":\"watchstate-backup\",\"version\":1,\"titles\":[";
    let many = vec![good.as_str(); 3000].join(",");
    let cut = format!("{begin}{many}");
    let wrong =
        format!("{begin}{many},{{\"type\":\"movie\",\"watched\":\"often\"}}],\"count\":3001}}");
    let newer = file(&[]).replace("\"version\":1", "\"version\":9");
    for (name, text, words) in [
        ("cut.json", cut.as_bytes(), "ends in the middle"),
        ("wrong.json", wrong.as_bytes(), "true or false"),
        ("newer.json", newer.as_bytes(), "newer WatchState"),
        ("zeros.json", &[0; 100_000][..], "cannot be read"),
        ("empty.json", b"", "ends in the middle"),
        ("order.json", ours(&[]).as_bytes(), "not of WatchState"),
        ("page.json.zip", b"PK\x03\x04 and no archive", "archive"),
    ] {
        window.put(name, text);
        assert_failed(&window.refused(name).await, FailureKind::Usage, words);
    }
    let deep = format!("{begin}{}", "[".repeat(1_000_000));
    window.put("deep.json", deep);
    assert_failed(&window.refused("deep.json").await, FailureKind::Usage, "line 1");
    let outside = window.folder.path().join("outside.json");
    std::fs::write(&outside, file(&[])).unwrap();
    let outside = outside.display().to_string();
    for name in
        ["../outside.json", "../../outside.json", outside.as_str(), "nothing.json", ".offer-1"]
    {
        let failure = window.refused(name).await;
        assert!(failure.what.contains("not there any more"), "{name}: {failure:?}");
    }
    assert_eq!((window.last_line().await, servers.writes()), before);
}

#[tokio::test]
async fn nothing_is_restored_without_its_own_preview() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let made = window.back_up().await;
    window.pass(&servers, 3600);
    servers.plex.watch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    let none = window.fail("restore_now", json!({ "preview": "x" })).await;
    assert_eq!(none.kind, FailureKind::NotFound);
    let other = window.ask("preview", json!({ "import": true })).await;
    let refused = window.fail("restore_now", json!({ "preview": other["id"] })).await;
    assert_failed(&refused, FailureKind::Usage, "not of a backup");
    let seen = window.look(&made("den"), "den", "exact").await;
    let den = window.number_of("den").await;
    let id = &seen["preview"]["id"];
    let wish = json!({ "backend": den, "full": false, "preview": id });
    assert_failed(&window.fail("export_now", wish).await, FailureKind::Usage, "something else");

    // The world moves on between the look and the yes.
    let heat = window.title("Heat").await;
    window.ran("mark_title", json!({ "title": heat["id"], "watched": false })).await;
    let late = window.fail("restore_now", json!({ "preview": id })).await;
    assert_failed(&late, FailureKind::Changed, "Something changed");

    // And after the yes: what was not shown is not written.
    window.pass(&servers, 60);
    let seen = window.look(&made("den"), "den", "exact").await;
    assert_eq!(sum(&seen, "total"), 0, "{seen}");
    servers.plex.watch("Heat", "ana").unwrap();
    let writes = servers.writes();
    window.restore(&seen).await;
    assert_eq!(servers.writes(), writes);
    assert!(servers.plex.shows("Heat", "ana").unwrap().watch.is_watched());

    let cellar = window.number_of("cellar").await;
    window.ask("set_backend", json!({ "backend": cellar, "export": false })).await;
    let wish = json!({ "backup": made("den"), "backends": [cellar], "way": "union" });
    assert_failed(&window.fail("preview_restore", wish).await, FailureKind::Usage, "Export is off");
    let wish = json!({ "backup": made("den"), "backends": [], "way": "union" });
    assert_failed(&window.fail("preview_restore", wish).await, FailureKind::Usage, "No backend");
}

#[tokio::test]
async fn a_file_that_is_dropped_is_taken_part_by_part() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let text = file(&[film(&json!({ "imdb": "tt0113277" }), true)]);
    let (first, second) = text.as_bytes().split_at(33);
    let told = window.ask("offer_backup", json!({ "part": STANDARD.encode(first) })).await;
    let offer = &told["offer"];
    let wish = json!({ "offer": offer, "part": STANDARD.encode(second) });
    assert_eq!(window.ask("offer_backup", wish).await["bytes"], text.len());
    window.pass(&servers, 60);
    let seen = window.look(offer.as_str().unwrap(), "den", "union").await;
    assert_eq!(seen["matched"], 1);
    window.restore(&seen).await;
    assert!(servers.plex.shows("Heat", "ana").unwrap().watch.is_watched());
    let wish = json!({ "offer": "../x", "part": "" });
    assert_eq!(window.fail("offer_backup", wish).await.kind, FailureKind::NotFound);
    assert_eq!(window.fail("offer_backup", json!({ "part": "?" })).await.kind, FailureKind::Usage);
    let listed = window.ask("backups", json!({})).await;
    assert_eq!(listed["files"], json!([]), "it is not one of those that are kept");
    let gone = window.refused(offer.as_str().unwrap()).await;
    assert_failed(&gone, FailureKind::NotFound, "not there any more");
    let wish = json!({ "offer": offer, "part": "" });
    assert_eq!(window.fail("offer_backup", wish).await.kind, FailureKind::NotFound, "restored");

    let told = window.ask("offer_backup", json!({ "part": STANDARD.encode(&text) })).await;
    let offer = told["offer"].as_str().unwrap();
    window.pass(&servers, 3599);
    assert_eq!(window.look(offer, "den", "union").await["matched"], 1, "for an hour");
    window.pass(&servers, 1);
    assert_failed(&window.refused(offer).await, FailureKind::NotFound, "not there any more");
}

#[tokio::test]
async fn the_task_backs_up_and_the_table_holds_the_whole_history() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let heat = window.title("Heat").await;
    window.ran("mark_title", json!({ "title": heat["id"], "watched": true })).await;
    let folder = window.folder.path().join("elsewhere");
    let said = folder.display().to_string();
    let book = Book::open(&window.folder.path().join("data"), |name| {
        (name == "WS_BACKUP_PATH").then(|| said.clone())
    });
    window.app.start_schedule(Arc::new(book)).await.unwrap();
    let task = window.backs_up_by_the_clock().await;
    assert_eq!(task["last"]["ok"], true, "{task}");
    assert!(task["last"]["says"].as_str().unwrap().starts_with("3 files, "), "{task}");
    assert_eq!(task["line"], "0 6 */3 * *");
    let listed = window.ask("backups", json!({})).await;
    assert_eq!(listed["files"].as_array().unwrap().len(), 3);

    let table = window.ask("export_history", json!({})).await;
    let text = std::fs::read_to_string(table["path"].as_str().unwrap()).unwrap();
    assert!(text.starts_with("type,title,show,season,episode,year,imdb,"), "{text}");
    assert!(text.contains("\r\nmovie,Heat,,,,1995,tt0113277,949,"), "{text}");
    assert_eq!(text.lines().count() as u64, table["titles"].as_u64().unwrap() + 1);
    window.app.close().await;
}

#[tokio::test]
async fn a_backup_that_fails_is_told_until_one_goes_well_or_it_is_switched_off() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    window.by_the_clock().await;
    let well = window.truth().await;
    assert_ne!(well.0, "trouble");
    // A file in the place of the folder.
    std::fs::write(window.shelf(), "").unwrap();
    let fails = async |window: &Window| {
        let task = window.backs_up_by_the_clock().await;
        assert_eq!(task["last"]["ok"], false, "{task}");
    };
    let told = async |window: &Window| {
        let overview = window.ask("overview", json!({})).await;
        assert_eq!((&overview["truth"], &overview["says"]), (&json!("trouble"), &json!(FAILED)));
        let todo = overview["todo"].as_str().unwrap();
        assert!(todo.contains("cannot be written to") && todo.contains("another folder"), "{todo}");
    };
    fails(&window).await;
    told(&window).await;
    window.ask("set_task", json!({ "name": "backup", "on": false })).await;
    assert_eq!(window.truth().await, well, "nobody wants one");
    window.ask("set_task", json!({ "name": "backup", "on": true })).await;
    told(&window).await;
    window.app.close().await;
    let data = window.app.household().path().to_owned();
    assert!(!data.join("watchstate.sqlite.closed").exists(), "the next start looks through it");
    let Window { app, folder, .. } = window;
    drop(app);

    let window = Window::open_in(folder, None).await;
    window.by_the_clock().await;
    told(&window).await;
    std::fs::remove_file(window.shelf()).unwrap();
    let task = window.backs_up_by_the_clock().await;
    assert_eq!(task["last"]["ok"], true, "{task}");
    assert_eq!(window.truth().await, well, "and it is told no more");
    assert_eq!(window.ask("overview", json!({})).await["todo"], Value::Null);
    window.app.close().await;
}

const FAILED: &str = "The last backup failed";

#[tokio::test]
async fn reading_a_backup_can_be_stopped_and_waits_for_nobody_who_writes() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let good = film(&json!({ "imdb": "tt0113277" }), true);
    window.put("many.json", file(&vec![good; 3000]));
    let household = window.app.household();
    let (go_on, stop) = (CancellationToken::new(), CancellationToken::new());
    let engine = household.engine(Arc::new(Silent), go_on.clone());
    let writes = household.store().begin().await.unwrap();
    let remembered = household.remember(&engine, "many.json", &go_on).await.unwrap();
    assert_eq!((remembered.entries, remembered.titles.len()), (3000, 1));
    drop(writes);
    stop.cancel();
    let stopped = household.remember(&engine, "many.json", &stop).await.unwrap_err();
    assert_eq!(stopped.code, Code::Stopped, "{stopped}");
}
