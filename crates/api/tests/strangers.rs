//! Another server answers at a backend's address, or the database was made anew: asked and told in the window.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use household::{NOW, Servers, Window, assert_failed};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use watchstate_api::contract::FailureKind;
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::FakeServer;

async fn card(window: &Window, name: &str) -> Value {
    let cards = window.ask("backends", json!({})).await;
    let cards = cards.as_array().unwrap();
    cards.iter().find(|card| card["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn a_new_server_in_the_place_of_an_old_one_is_asked_about() {
    let mut servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    servers.plex.watch("Heat", "ana").unwrap();
    window.clock.pass(60);
    servers.pass(60);
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);

    let port = servers.jellyfin.url().port().unwrap();
    servers.jellyfin.refuse().await;
    let new = FakeServer::of(ServerKind::Jellyfin, "10.10.7").with_sample().seeded(7);
    servers.jellyfin = new.at(NOW).on_port(port).start().await.unwrap();
    servers.jellyfin.unwatch("Heat", "ana").unwrap();
    window.clock.pass(60);
    window.ran("sync_now", json!({})).await;
    let attic = card(&window, "attic").await;
    assert_eq!(attic["stranger"]["otherServer"], true, "{attic}");
    assert!(attic["trouble"]["what"].as_str().unwrap().contains("Another server"), "{attic}");
    assert_eq!(window.truth().await.0, "trouble");
    assert_eq!(servers.jellyfin.writes().len(), 0);

    // Another server is never taken silently, not even by whoever signs in at it.
    let id = attic["id"].clone();
    let anew = json!({ "by": "password", "username": "ana", "password": "ana-password" });
    let wish = json!({ "backend": id, "credentials": anew });
    let failure = window.fail("set_backend", wish).await;
    assert!(!failure.todo.is_empty());
    assert_eq!(servers.jellyfin.writes().len(), 0);

    // With the old credentials it cannot be entered; that is said, and nothing is forgotten for it.
    let failure = window.fail("set_backend", json!({ "backend": id, "newServer": true })).await;
    assert_failed(&failure, FailureKind::Server, "refused the credentials");
    assert_eq!(card(&window, "attic").await["items"], attic["items"]);

    let wish = json!({ "backend": id, "newServer": true, "credentials": anew });
    window.ask("set_backend", wish).await;
    let attic = card(&window, "attic").await;
    assert_eq!(attic["stranger"], Value::Null);
    assert_eq!(attic["trouble"], Value::Null);
    assert_eq!((&attic["approved"], &attic["items"]), (&json!(false), &json!(0)));
    window.clock.pass(60);
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await.0, "needsYou", "a first export is shown before it is made");
    assert_eq!(servers.watched(), 2, "nothing was taken away");
    window.sync_with_a_yes().await;
    assert_eq!(servers.watched(), 3);
    assert_eq!(window.truth().await, ("inSync".to_owned(), "In sync".to_owned()));
}

#[tokio::test]
async fn what_was_kept_and_agreed_to_of_an_old_server_is_not_for_the_new_one() {
    let mut servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    servers.plex.watch("Heat", "ana").unwrap();
    window.clock.pass(60);
    servers.pass(60);
    window.ran("sync_now", json!({})).await;
    let runs = async || {
        let runs = window.ask("runs", json!({ "from": 0, "size": 50 })).await;
        let rows = runs["rows"].as_array().unwrap().iter();
        rows.filter(|run| run["task"] == "export" && run["name"] == "attic")
            .map(|run| (run["id"].clone(), run["canUndo"] == true))
            .collect::<Vec<_>>()
    };
    let before = runs().await;
    assert!(before[0].1, "{before:?}");
    let preview = window.ask("preview", json!({ "import": true })).await;

    let port = servers.jellyfin.url().port().unwrap();
    servers.jellyfin.refuse().await;
    let new = FakeServer::of(ServerKind::Jellyfin, "10.10.7").with_sample().seeded(7);
    servers.jellyfin = new.at(NOW).on_port(port).start().await.unwrap();
    let attic = card(&window, "attic").await;
    let anew = json!({ "by": "password", "username": "ana", "password": "ana-password" });
    let wish = json!({ "backend": attic["id"], "newServer": true, "credentials": anew });
    window.ask("set_backend", wish).await;

    let failure = window.fail("sync_now", json!({ "preview": preview["id"] })).await;
    assert_failed(&failure, FailureKind::Changed, "Something changed since");
    let snapshots = window.ask("snapshots", json!({})).await;
    let names: Vec<_> =
        snapshots.as_array().unwrap().iter().map(|one| one["backend"]["name"].clone()).collect();
    assert!(!names.is_empty() && !names.contains(&json!("attic")), "{names:?}");
    let after = runs().await;
    assert!(
        after.len() == before.len() && after.iter().all(|(_, can_undo)| !can_undo),
        "{after:?}"
    );
    let gone = window.fail("preview_undo", json!({ "run": before[0].0 })).await;
    assert_failed(&gone, FailureKind::NotFound, "nothing left to be taken back");
    assert_eq!(servers.jellyfin.writes().len(), 0);
}

/// The disk is full at the last step, say. The token of one server must not go to another.
#[tokio::test]
async fn a_backend_that_cannot_be_moved_keeps_its_address_and_its_token() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let other = FakeServer::of(ServerKind::Jellyfin, "10.10.7").with_sample().seeded(7);
    let other = other.at(NOW).start().await.unwrap();
    let data = window.app.household().path().to_owned();
    let before = (std::fs::read(data.join("secrets.json")).unwrap(), card(&window, "attic").await);
    let options = SqliteConnectOptions::new().filename(data.join("watchstate.sqlite"));
    let mut raw = options.connect().await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE nobody (id INTEGER REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER no_commit AFTER UPDATE OF url ON backends
         BEGIN INSERT INTO nobody VALUES (-1); END;",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    let wish = json!({
        "backend": before.1["id"],
        "url": other.url().as_str(),
        "newServer": true,
        "credentials": { "by": "password", "username": "ana", "password": "ana-password" },
    });
    let failure = window.fail("set_backend", wish.clone()).await;
    assert_eq!(failure.kind, FailureKind::Store, "{failure:?}");
    let after = (std::fs::read(data.join("secrets.json")).unwrap(), card(&window, "attic").await);
    assert_eq!(after, before);
    window.clock.pass(60);
    window.ran("sync_now", json!({})).await;
    assert_eq!(window.truth().await, ("inSync".to_owned(), "In sync".to_owned()));

    sqlx::raw_sql("DROP TRIGGER no_commit").execute(&mut raw).await.unwrap();
    window.ask("set_backend", wish).await;
    assert_ne!(std::fs::read(data.join("secrets.json")).unwrap(), before.0);
    assert_eq!(card(&window, "attic").await["url"], other.url().as_str());
}

#[tokio::test]
async fn a_backend_cannot_become_another_that_is_there() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let other = FakeServer::of(ServerKind::Jellyfin, "10.10.7").with_sample().seeded(7);
    let other = other.at(NOW).start().await.unwrap();
    let loft = window.add("loft", &other, "jellyfin").await;
    let wish = json!({
        "backend": loft,
        "url": servers.jellyfin.url().as_str(),
        "newServer": true,
        "credentials": { "by": "password", "username": "ana", "password": "ana-password" },
    });
    let failure = window.fail("set_backend", wish).await;
    assert_failed(&failure, FailureKind::Usage, "is that account already");
    assert_eq!(card(&window, "loft").await["url"], other.url().as_str(), "nothing has changed");
}

#[tokio::test]
async fn a_database_that_was_made_anew_is_told_until_it_is_put_away() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let data = window.app.household().path().to_owned();
    servers.jellyfin.watch("Heat", "ana").unwrap();
    window.clock.pass(60);
    servers.pass(60);
    window.ran("sync_now", json!({})).await;
    assert_eq!(servers.watched(), 3);
    window.clock.pass(86_400);
    servers.pass(86_400);
    window.ran("sync_now", json!({})).await;
    window.app.close().await;
    let Window { folder, app, .. } = window;
    drop(app);
    std::fs::write(data.join("watchstate.sqlite"), "torn").unwrap();

    let window = Window::open_in(folder, None).await;
    window.clock.pass(2 * 86_400);
    let overview = window.ask("overview", json!({})).await;
    assert_eq!(overview["truth"], "needsYou", "{overview}");
    assert!(overview["says"].as_str().unwrap().contains("was damaged and is made anew"));
    let mended = &overview["mended"];
    assert!(mended["copyAt"].is_number(), "{mended}");
    assert_eq!(std::fs::read(mended["aside"].as_str().unwrap()).unwrap(), b"torn");
    assert_eq!(overview["backends"].as_array().unwrap().len(), 3);

    let writes = servers.writes();
    window.ran("sync_now", json!({})).await;
    assert_eq!((servers.watched(), servers.writes()), (3, writes), "nothing is taken away");
    window.ask("put_mended_away", json!({})).await;
    let overview = window.ask("overview", json!({})).await;
    assert_eq!(overview["mended"], Value::Null);
    window.sync_with_a_yes().await;
    assert_eq!(servers.watched(), 3);
    assert_eq!(window.truth().await, ("inSync".to_owned(), "In sync".to_owned()));
}
