//! A person at the window, from the first server to a mark that travels.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::sync::Arc;

use async_trait::async_trait;
use household::{Servers, Window, assert_failed};
use serde_json::{Value, json};
use tempfile::TempDir;
use watchstate_api::contract::{FailureKind, Tag};
use watchstate_api::settings::Book;
use watchstate_api::{Credentials, Demo, DemoServers, NewAccount, SecretsPlace, Surroundings};
use watchstate_engine::CancellationToken;
use watchstate_servers::{Sensitive, ServerKind};
use watchstate_store::Import;
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};
use watchstate_testkit::simulator::direct::SimClock;

#[tokio::test]
async fn from_the_first_server_to_a_mark_that_travels() {
    let servers = Servers::start().await;
    let window = Window::open().await;
    assert_eq!(window.truth().await.0, "empty");
    let den = window.add("den", &servers.plex, "plex").await;
    window.add("attic", &servers.jellyfin, "jellyfin").await;
    window.add("cellar", &servers.emby, "emby").await;
    assert_eq!(window.truth().await.0, "needsYou", "nothing is written without a yes");

    window.ran("import_now", json!({ "backend": den, "full": false })).await;
    let page = window.ask("titles", json!({ "filter": {}, "from": 0, "size": 3 })).await;
    assert_eq!(page["rows"].as_array().unwrap().len(), 3);
    assert!(page["total"].as_u64().unwrap() > 50, "{}", page["total"]);

    let preview = window.ask("preview", json!({ "import": true })).await;
    let counts = preview["perBackend"].as_array().unwrap();
    assert_eq!(counts.len(), 3);
    let total: u64 = counts.iter().map(|count| count["total"].as_u64().unwrap()).sum();
    assert!(total > 0 && servers.writes() == 0, "seen, and not done");
    let rows = |extra: Value| {
        let mut wish = json!({ "preview": preview["id"], "from": 0, "size": 1000 });
        for (name, value) in extra.as_object().unwrap() {
            wish[name] = value.clone();
        }
        wish
    };
    let all = window.ask("preview_rows", rows(json!({}))).await;
    assert_eq!(all["total"].as_u64().unwrap(), total);
    let of_den = window.ask("preview_rows", rows(json!({ "backend": den }))).await;
    assert_eq!(of_den["total"], counts[0]["total"]);
    let some = all["rows"][0]["title"].as_str().unwrap().to_uppercase();
    let found = window.ask("preview_rows", rows(json!({ "text": some }))).await;
    assert!(found["total"].as_u64().unwrap() >= 1, "in any case: {some}");
    assert!(all["rows"][0]["because"]["says"].as_str().unwrap().len() > 5);

    window.ran("sync_now", json!({ "preview": preview["id"] })).await;
    assert_eq!(window.truth().await, ("inSync".to_owned(), "In sync".to_owned()));
    assert!(servers.writes() > 0);
    let again = window.ask("preview", json!({ "import": true })).await;
    let left = again["perBackend"].as_array().unwrap().iter().map(|c| c["total"].as_u64().unwrap());
    assert_eq!(left.sum::<u64>(), 0, "{again}");

    window.clock.pass(3600);
    servers.pass(3600);
    let film = window.title("Heat").await;
    assert_eq!(film["marks"]["watched"], false);
    servers.jellyfin.watch("Heat", "ana").unwrap();
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);
    let title = window.ask("title", json!({ "title": film["id"] })).await;
    assert_eq!(title["marks"]["watched"], true);
    assert_eq!(title["copies"].as_array().unwrap().len(), 3);
    let lines = title["journal"].as_array().unwrap();
    let took = lines.iter().find(|line| line["what"] == "took").unwrap();
    assert_eq!(took["backend"]["name"], "attic", "who changed it");
    assert_eq!(took["because"]["code"], "watched");
    let told = lines.iter().filter(|line| line["what"] == "told").count();
    assert_eq!(told, 2, "and who was told: {lines:?}");
    let filter = json!({ "differs": true });
    let differ = window.ask("titles", json!({ "filter": filter, "from": 0, "size": 9 })).await;
    assert!(
        differ["rows"].as_array().unwrap().iter().all(|row| row["name"] != "Heat"),
        "all show the same: {differ}"
    );
    let runs = window.ask("runs", json!({ "from": 0, "size": 2 })).await;
    assert_eq!(runs["rows"].as_array().unwrap().len(), 2);
    assert!(runs["rows"][0]["id"].as_i64() > runs["rows"][1]["id"].as_i64(), "the latest first");
    let journal = window
        .ask("journal", json!({ "text": "heat", "what": "took", "from": 0, "size": 5 }))
        .await;
    assert_eq!(journal["rows"][0]["title"]["name"].as_str().unwrap().get(..4), Some("Heat"));
    let today = window.ask("overview", json!({})).await["today"].clone();
    assert!(today["marks"].as_u64().unwrap() > 0 && today["written"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_mark_by_hand_reaches_every_server() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let film = window.title("Heat").await;
    window.clock.pass(60);
    servers.pass(60);
    window.ran("mark_title", json!({ "title": film["id"], "watched": true })).await;
    assert_eq!(servers.watched(), 3);
    let title = window.ask("title", json!({ "title": film["id"] })).await;
    let asked = title["journal"].as_array().unwrap().iter().find(|l| l["what"] == "asked").unwrap();
    assert_eq!((&asked["backend"], &asked["run"]), (&Value::Null, &json!(0)), "it was a person");
    assert_eq!(asked["because"]["code"], "marked_by_hand");
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "inSync");
    let title = window.ask("title", json!({ "title": film["id"] })).await;
    assert_eq!(title["marks"]["watched"], true, "the next import does not turn it back");

    // A title that is to be left alone is written nowhere.
    window.ask("ignore_title", json!({ "title": film["id"], "ignored": true })).await;
    window.ask("mark_title", json!({ "title": film["id"], "watched": false })).await;
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);
    window.ask("ignore_title", json!({ "title": film["id"], "ignored": false })).await;
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 0);
    let gone = window.fail("mark_title", json!({ "title": 999_999, "watched": true })).await;
    assert_failed(&gone, FailureKind::NotFound, "not there");
}

#[tokio::test]
async fn a_title_is_read_again() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let film = window.title("Heat").await;
    window.clock.pass(60);
    servers.pass(60);
    servers.emby.watch("Heat", "ana").unwrap();
    let asked = servers.emby.asked();
    window.ran("reread_title", json!({ "title": film["id"] })).await;
    assert!(servers.emby.asked() - asked < 8, "one title, not the library");
    let title = window.ask("title", json!({ "title": film["id"] })).await;
    assert_eq!(title["marks"]["watched"], true);
    assert_eq!(window.truth().await.0, "working", "the others are still to be told");
}

#[tokio::test]
async fn a_yes_is_for_what_was_shown() {
    let servers = Servers::start().await;
    let window = Window::open().await;
    window.add("den", &servers.plex, "plex").await;
    window.add("attic", &servers.jellyfin, "jellyfin").await;
    let unknown = window.fail("sync_now", json!({ "preview": "guessed" })).await;
    assert_failed(&unknown, FailureKind::NotFound, "preview");

    // Something was done here since.
    let preview = window.ask("preview", json!({ "import": true })).await;
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.writes(), 0, "no yes was given");
    let stale = window.fail("sync_now", json!({ "preview": preview["id"] })).await;
    assert_failed(&stale, FailureKind::Changed, "changed since");

    // Something was done on a server since: it is found out before anything is written.
    let preview = window.ask("preview", json!({ "import": true })).await;
    window.clock.pass(60);
    servers.pass(60);
    servers.jellyfin.watch("Heat", "ana").unwrap();
    let other =
        window.fail("export_now", json!({ "backend": 1, "full": false, "preview": preview["id"] }));
    assert_failed(&other.await, FailureKind::Usage, "something else");
    window.ran("sync_now", json!({ "preview": preview["id"] })).await;
    assert_eq!(servers.writes(), 0);
    let (truth, says) = window.truth().await;
    assert_eq!(truth, "needsYou");
    assert!(says.contains("look at it again"), "{says}");

    window.sync_with_a_yes().await;
    assert_eq!(window.truth().await.0, "inSync");
}

#[tokio::test]
async fn one_thing_at_a_time_and_stopped_when_asked() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    servers.plex.fail(Fault::new(Trouble::Hang));
    let mut events = window.app.events();
    window.ask("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "working");
    let busy = window.fail("sync_now", json!({})).await;
    assert_failed(&busy, FailureKind::Busy, "goes on already");
    let busy = window.fail("set_backend", json!({ "backend": 1, "export": false })).await;
    assert_failed(&busy, FailureKind::Busy, "goes on already");
    window.ask("stop_run", json!({})).await;
    window.ended(&mut events).await;
    servers.plex.heal().await;
    assert_eq!(window.ask("live", json!({})).await, json!([]), "nothing goes on any more");
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "inSync", "and it goes on from there");
}

#[tokio::test]
async fn a_pause_rests_what_goes_by_itself() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let until = |overview: &Value| overview["pausedUntil"].as_i64();
    window.ask("pause_sync", json!({ "until": "30min" })).await;
    let overview = window.ask("overview", json!({})).await;
    assert_eq!(until(&overview), Some(household::NOW.0 + 1800));
    assert_eq!(overview["truth"], "paused");
    window.clock.pass(1800);
    assert_eq!(window.truth().await.0, "inSync", "it is over");
    window.ask("pause_sync", json!({ "until": "morning" })).await;
    let overview = window.ask("overview", json!({})).await;
    assert_eq!(until(&overview).map(|at| at % 86_400), Some(7 * 3600), "seven in the morning");
    assert!(until(&overview).unwrap() - household::NOW.0 < 25 * 3600);
    window.ask("pause_sync", json!({ "until": null })).await;
    assert_eq!(window.truth().await.0, "inSync");
}

#[tokio::test]
async fn trouble_is_told_with_what_to_do_and_heals() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    servers.emby.fail(Fault::new(Trouble::ExpiredToken));
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await, ("trouble".to_owned(), "Trouble with cellar".to_owned()));
    let cards = window.ask("backends", json!({})).await;
    let trouble = &cards[2]["trouble"];
    assert!(trouble["what"].as_str().unwrap().contains("refused the credentials"), "{trouble}");
    assert!(trouble["todo"].as_str().unwrap().contains("ign in again"), "{trouble}");
    servers.emby.heal().await;
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "inSync");
}

#[tokio::test]
async fn tickets_hold_the_secret() {
    let servers = Servers::start().await;
    let window = Window::open().await;
    let token = servers.plex.token_of("ana").unwrap();
    let credentials = json!({ "by": "token", "token": token });
    let wish =
        json!({ "kind": "plex", "url": servers.plex.url().as_str(), "credentials": credentials });
    let signed_in = window.ask("sign_in", wish.clone()).await;
    assert_eq!(signed_in["state"], "done");
    assert!(!signed_in.to_string().contains(&token), "the window never sees it again");
    let ticket = json!({ "ticket": signed_in["ticket"] });
    assert_eq!(window.ask("sign_in_state", ticket.clone()).await, signed_in);
    window.ask("cancel_sign_in", ticket.clone()).await;
    assert_failed(&window.fail("sign_in_state", ticket).await, FailureKind::NotFound, "sign-in");

    let signed_in = window.ask("sign_in", wish).await;
    window.clock.pass(31 * 60);
    let add = json!({
        "ticket": signed_in["ticket"], "name": "den", "user": signed_in["user"], "import": "on",
        "export": true,
    });
    assert_failed(&window.fail("add_backend", add).await, FailureKind::NotFound, "too old");

    let wrong = json!({ "by": "password", "username": "ana", "password": "wrong-secret" });
    let wish = json!({ "kind": "emby", "url": servers.emby.url().as_str(), "credentials": wrong });
    let refused = window.ask("sign_in", wish).await;
    assert_eq!(refused["state"], "refused");
    assert!(!refused.to_string().contains("wrong-secret"));
    let nonsense =
        json!({ "kind": "plex", "url": "den", "credentials": { "by": "token", "token": "x" } });
    assert_failed(&window.fail("sign_in", nonsense).await, FailureKind::Usage, "address");
    let unknown = window.fail("make_coffee", json!({})).await;
    assert_failed(&unknown, FailureKind::NotFound, "make_coffee");
    let shapeless = window.fail("title", json!({ "title": "secret" })).await;
    assert_failed(&shapeless, FailureKind::Usage, "title");
    assert!(!format!("{shapeless:?}").contains("secret"));
}

#[tokio::test]
async fn a_backend_is_renamed_and_removed() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let same = window.fail("set_backend", json!({ "backend": 1, "name": "Attic" })).await;
    assert_failed(&same, FailureKind::Usage, "attic");
    window.ask("set_backend", json!({ "backend": 1, "name": "study", "import": "metadata" })).await;
    let card = window.ask("backends", json!({})).await[0].clone();
    assert_eq!((&card["name"], &card["import"]), (&json!("study"), &json!("metadata")));
    let tested = window.ask("test_backend", json!({ "backend": 1 })).await;
    assert_eq!(tested["user"], "ana");
    assert!(!tested["libraries"].as_array().unwrap().is_empty());
    let all = json!({ "filter": {}, "from": 0, "size": 1 });
    let before = window.ask("titles", all.clone()).await["total"].clone();
    window.ask("remove_backend", json!({ "backend": 1, "keepHistory": true })).await;
    assert_eq!(window.ask("titles", all.clone()).await["total"], before, "history stays");
    for backend in [2, 3] {
        window.ask("remove_backend", json!({ "backend": backend, "keepHistory": false })).await;
    }
    let left = window.ask("titles", all).await["total"].as_u64().unwrap();
    assert!(left < before.as_u64().unwrap(), "what only those two had is forgotten: {left}");
    assert_eq!(window.truth().await.0, "empty");
}

#[tokio::test]
async fn the_support_file_tells_no_secret() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let written = window.ask("support_bundle", json!({})).await;
    let text = std::fs::read_to_string(written["path"].as_str().unwrap()).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["backends"].as_array().unwrap().len(), 3);
    assert!(!told["runs"].as_array().unwrap().is_empty());
    for server in [&servers.plex, &servers.jellyfin, &servers.emby] {
        let port = server.url().port().unwrap().to_string();
        for secret in [server.token_of("ana").unwrap(), format!("127.0.0.1:{port}")] {
            assert!(!text.contains(&secret));
        }
    }
    assert!(!text.contains("Heat") && !text.contains("ana-password"));
}

struct OnFakes;

#[async_trait]
impl Demo for OnFakes {
    async fn start(&self) -> Result<DemoServers, String> {
        let fake = FakeServer::of(ServerKind::Emby, "4.8.11.0").at(household::NOW).with_sample();
        let fake = fake.start().await.map_err(|error| error.to_string())?;
        let token = fake.token_of("ana").map_err(|_| "no ana".to_owned())?;
        let account = NewAccount {
            name: "sample".to_owned(),
            kind: ServerKind::Emby,
            url: fake.url().to_string(),
            user: Some(fake.id_of("ana").map_err(|_| "no ana".to_owned())?),
            credentials: Credentials::Token(Sensitive::new(token)),
            import: Import::On,
            export: true,
        };
        Ok(DemoServers { accounts: vec![account], keep: Box::new(fake) })
    }
}

/// Jellyfin has one token for each device and user: whoever signs in again ends the one before.
#[tokio::test]
async fn signing_in_again_does_not_sign_out_the_backend_that_is_there() {
    let servers = Servers::start().await;
    let window = Window::open().await;
    let attic = window.add("attic", &servers.jellyfin, "jellyfin").await;
    let url = servers.jellyfin.url().to_string();
    let credentials = json!({ "by": "password", "username": "ana", "password": "ana-password" });
    let wish = json!({ "kind": "jellyfin", "url": url, "credentials": credentials });
    let again = window.ask("sign_in", wish).await;
    window.ask("cancel_sign_in", json!({ "ticket": again["ticket"] })).await;
    let tested = window.ask("test_backend", json!({ "backend": attic })).await;
    assert!(tested["libraries"].as_array().unwrap().len() > 1, "{tested}");
}

#[tokio::test]
async fn the_demo_leaves_ones_own_household_alone() {
    let window = Window::open_with(Some(Arc::new(OnFakes))).await;
    let own = window.app.household();
    let mut events = window.app.events();
    window.ask("start_demo", json!({})).await;
    let told = events.recv().await.unwrap();
    assert!(
        format!("{told:?}").contains(&format!("{:?}", Tag::Settings)),
        "all is another: {told:?}"
    );
    assert_eq!(window.ask("about", json!({})).await["demo"], true);
    assert_eq!(window.ask("backends", json!({})).await.as_array().unwrap().len(), 1);
    window.ran("import_now", json!({ "backend": 1, "full": false })).await;
    let all = json!({ "filter": {}, "from": 0, "size": 1 });
    assert!(window.ask("titles", all).await["total"].as_u64().unwrap() > 50);
    assert!(own.backends().await.unwrap().is_empty(), "one's own is as it was");
    window.app.close().await;
    let without = Window::open().await;
    assert_failed(&without.fail("start_demo", json!({})).await, FailureKind::Usage, "no demo");
}

#[tokio::test]
async fn the_demo_backs_up_into_a_folder_of_its_own() {
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("backups of ana");
    std::fs::create_dir(&own).unwrap();
    // One's own backups of a backend that is called as the demo's is: of both only one is to be kept.
    for made_at in [0, 86_400] {
        let day = 1 + made_at / 86_400;
        let name = format!("main.sample.1970010{day}-000000.json");
        let text = format!(
            "{{\"format\":\"watchstate-backup\",\"version\":1,\"madeAt\":{made_at},\"app\":\"1\",\
             \"person\":\"main\",\"backend\":{{\"name\":\"sample\",\"kind\":\"emby\"}},\
             \"titles\":[\n\n],\"count\":0,\"notIdentified\":0}}\n"
        );
        std::fs::write(own.join(name), text).unwrap();
    }
    let said = own.display().to_string();
    let book = Arc::new(Book::open(&folder.path().join("data"), |name| match name {
        "WS_BACKUP_PATH" => Some(said.clone()),
        "WS_BACKUP_KEEP" => Some("1".to_owned()),
        _ => None,
    }));
    let around = Surroundings::by_the_book(&book);
    let clock = SimClock::at(household::NOW);
    let window =
        Window::open_around(folder, Some(Arc::new(OnFakes)), around, clock, SecretsPlace::File)
            .await;
    let names = || {
        let names = std::fs::read_dir(&own).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    window.ask("start_demo", json!({})).await;
    window.ran("import_now", json!({ "backend": 1, "full": false })).await;
    window.app.household().back_up(&CancellationToken::new()).await.unwrap();
    let table = window.ask("export_history", json!({})).await;
    assert_eq!(names(), before, "nothing is written there, and nothing removed");
    let listed = window.ask("backups", json!({})).await;
    assert_eq!(listed["files"].as_array().unwrap().len(), 1, "{listed}");
    let place = std::path::PathBuf::from(listed["folder"].as_str().unwrap());
    assert!(std::path::Path::new(table["path"].as_str().unwrap()).starts_with(&place), "{table}");
    window.app.close().await;
    drop(window);
    assert!(!place.exists(), "and it goes with the demo");
}
