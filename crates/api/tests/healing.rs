//! The database cannot be written: the disk is full, or another program holds the file. The window says what is
//! wrong and what to do, nothing is half done, and it heals when that passes.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod apart;
mod household;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use household::{Servers, Window, assert_failed};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use watchstate_api::contract::FailureKind;
use watchstate_api::settings::Book;
use watchstate_api::{Code, Household, SecretsPlace, Surroundings};
use watchstate_engine::Settings;

#[tokio::test]
async fn a_full_disk() {
    if let Some(disk) = apart::on_a_small_disk("a_full_disk").await {
        on_a_full_disk(&disk).await;
    }
}

async fn on_a_full_disk(disk: &Path) {
    let servers = Servers::start().await;
    let window = Window::open_in(TempDir::new_in(disk).unwrap(), None).await.agree(&servers).await;
    by_the_clock(&window).await;
    let writes = servers.writes();
    let film = window.title("Heat").await;
    window.clock.pass(60);
    servers.pass(60);
    servers.jellyfin.watch("Heat", "ana").unwrap();

    let filler = apart::fill(disk, 0);
    window.ran("sync_now", json!({})).await;
    full(&window).await;
    let by_hand = window.fail("mark_title", json!({ "title": film["id"], "watched": true })).await;
    assert_failed(&by_hand, FailureKind::Store, "The disk is full");
    assert_eq!(by_hand.todo, "Make room on the disk");
    assert_eq!(
        window.title("Heat").await["marks"]["watched"],
        false,
        "taken in whole or not at all"
    );
    assert_eq!(servers.writes(), writes, "nobody is told what cannot be kept");
    assert_eq!(servers.watched(), 1);

    std::fs::remove_file(&filler).unwrap();
    window.ran("sync_now", json!({})).await;
    healed(&window).await;
    assert_eq!(servers.watched(), 3, "what happened meanwhile reaches everybody");

    // It is the same for what begins by the clock, which nobody looks at.
    window.clock.pass(60);
    servers.pass(60);
    servers.emby.unwatch("Heat", "ana").unwrap();
    apart::fill(disk, 0);
    window.ran("run_task", json!({ "name": "import" })).await;
    full(&window).await;
    assert_eq!(servers.watched(), 2);
    std::fs::remove_file(&filler).unwrap();
    window.ran("run_task", json!({ "name": "import" })).await;
    assert_eq!(trouble(&window).await, Value::Null);
    window.ran("run_task", json!({ "name": "export" })).await;
    healed(&window).await;
    assert_eq!(servers.watched(), 0);
    assert_eq!(intact(&window).await, "ok");
}

#[tokio::test]
async fn a_full_disk_migrates_nothing() {
    if let Some(disk) = apart::on_a_small_disk("a_full_disk_migrates_nothing").await {
        no_migration_on_a_full_disk(&disk).await;
    }
}

async fn no_migration_on_a_full_disk(disk: &Path) {
    let data = disk.join("data");
    std::fs::create_dir(&data).unwrap();
    let file = data.join("watchstate.sqlite");
    let all = sqlx::migrate!("../store/migrations");
    let first = sqlx::migrate::Migrator {
        migrations: all.iter().take(1).cloned().collect::<Vec<_>>().into(),
        ..sqlx::migrate::Migrator::DEFAULT
    };
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut old = options.connect().await.unwrap();
    first.run(&mut old).await.unwrap();
    sqlx::raw_sql(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000)
         INSERT INTO titles (id, name, appeared_at) SELECT n, 'title ' || n, 1 FROM n;
         INSERT INTO states SELECT 1, id, 1, NULL, 1, id, id, NULL, 'watched' FROM titles;",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    let open = || {
        let around = Surroundings::real(Settings::default());
        Household::open(&data, Some(SecretsPlace::File), around)
    };
    // The small files of a first start are there; no room is left for a copy.
    std::fs::write(data.join("client-id"), "6f1c2f0e-0000-4000-8000-000000000001").unwrap();
    std::fs::write(data.join("watchstate.lock"), "").unwrap();
    let filler = apart::fill(disk, 0);
    let error = open().await.err().unwrap();
    assert_eq!(error.code, Code::Store);
    assert!(error.message.contains("the disk is full"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before, "nothing is migrated without a copy");
    assert_eq!(std::fs::read_dir(data.join("copies")).map_or(0, Iterator::count), 0);
    std::fs::remove_file(filler).unwrap();
    let household = open().await.unwrap();
    let totals = household.store().totals(household.person()).await.unwrap();
    assert_eq!(totals.watched, 30_000);
    household.close().await;
}

#[tokio::test]
async fn a_read_only_disk() {
    if let Some(disk) = apart::on_a_small_disk("a_read_only_disk").await {
        on_a_read_only_disk(&disk).await;
    }
}

async fn on_a_read_only_disk(disk: &Path) {
    let servers = Servers::start().await;
    let window = Window::open_in(TempDir::new_in(disk).unwrap(), None).await.agree(&servers).await;
    let data = window.app.household().path().to_owned();
    let writes = servers.writes();
    window.app.close().await;
    let Window { app, folder: _folder, .. } = window;
    drop(app);
    let remount = |how: &str| {
        let done = Command::new("mount").args(["-o", how]).arg(disk).status().unwrap();
        assert!(done.success(), "{how}");
    };
    let around = || Surroundings::real(Settings::default());
    let before = std::fs::read(data.join("watchstate.sqlite")).unwrap();
    remount("remount,ro");
    let error = Household::open(&data, Some(SecretsPlace::File), around()).await.err().unwrap();
    assert_eq!(error.code, Code::Store);
    assert!(error.message.contains("cannot be written"), "{error}");
    let looking = Household::look(&data, Some(SecretsPlace::File), around()).await.unwrap();
    assert_eq!(looking.backends().await.unwrap().len(), 3, "a look is possible all the same");
    looking.close().await;
    remount("remount,rw");
    assert_eq!(std::fs::read(data.join("watchstate.sqlite")).unwrap(), before);
    let household = Household::open(&data, Some(SecretsPlace::File), around()).await.unwrap();
    assert_eq!(household.backends().await.unwrap().len(), 3);
    assert_eq!(household.store().mended().await.unwrap(), None);
    assert_eq!(servers.writes(), writes);
    household.close().await;
}

#[tokio::test]
async fn another_program_holds_the_database() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    by_the_clock(&window).await;
    let writes = servers.writes();
    window.clock.pass(60);
    servers.pass(60);
    servers.jellyfin.watch("Heat", "ana").unwrap();

    let mut other = other_program(&window).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    window.ran("sync_now", json!({})).await;
    held(&window).await;
    let renamed = window.fail("set_backend", json!({ "backend": 1, "name": "study" })).await;
    assert_failed(&renamed, FailureKind::Store, "in use by another program");
    assert_eq!(window.title("Heat").await["marks"]["watched"], false, "what is known is shown");
    assert_eq!(servers.writes(), writes);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    window.ran("sync_now", json!({})).await;
    healed(&window).await;
    assert_eq!(servers.watched(), 3);

    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    window.ran("run_task", json!({ "name": "import" })).await;
    held(&window).await;
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    window.ran("run_task", json!({ "name": "import" })).await;
    healed(&window).await;
}

async fn by_the_clock(window: &Window) {
    let book = Book::open(window.app.household().path(), |_| None);
    window.app.start_schedule(Arc::new(book)).await.unwrap();
}

/// What the tray says, with what to do.
async fn trouble(window: &Window) -> Value {
    window.ask("overview", json!({})).await["todo"].clone()
}

async fn full(window: &Window) {
    assert_eq!(window.truth().await, ("trouble".to_owned(), "The disk is full".to_owned()));
    assert_eq!(trouble(window).await, "Make room on the disk");
}

async fn held(window: &Window) {
    let says = "The database is in use by another program";
    assert_eq!(window.truth().await, ("trouble".to_owned(), says.to_owned()));
    assert_eq!(trouble(window).await, "Close the other program that uses it");
}

/// All is well again, and nothing of the trouble is left: no sentence, and no run that never ended.
async fn healed(window: &Window) {
    assert_eq!(window.truth().await, ("inSync".to_owned(), "In sync".to_owned()));
    assert_eq!(trouble(window).await, Value::Null);
    let runs = window.ask("runs", json!({ "from": 0, "size": 100 })).await;
    let open = runs["rows"].as_array().unwrap().iter().find(|run| run["endedAt"].is_null());
    assert_eq!(open, None);
}

async fn other_program(window: &Window) -> SqliteConnection {
    let file = window.app.household().path().join("watchstate.sqlite");
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

/// What SQLite says of every page and index of the file.
async fn intact(window: &Window) -> String {
    let mut other = other_program(window).await;
    let said = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut other).await.unwrap();
    other.close().await.unwrap();
    said
}
