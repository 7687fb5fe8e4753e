//! The database cannot be written: the disk is full, or another program holds the file. The window says what is
//! wrong and what to do, nothing is half done, and it heals when that passes.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use household::{Servers, Window, assert_failed};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use watchstate_api::contract::FailureKind;
use watchstate_api::settings::Book;

/// Names, in the process that sees it, the folder on which the small disk is.
const DISK: &str = "WATCHSTATE_TEST_DISK";
/// As root of a private set of mounts, which any user may be on most Linux systems: a small disk at `$1`, and
/// then whatever follows.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o size=24m watchstate "$1" && shift && exec "$@""#;

#[tokio::test]
async fn a_full_disk() {
    match std::env::var_os(DISK) {
        Some(disk) => on_a_full_disk(Path::new(&disk)).await,
        None => on_a_disk_of_its_own("a_full_disk"),
    }
}

/// Runs a test of this file again, in a process that sees a small disk. Says so where there can be none.
fn on_a_disk_of_its_own(test: &str) {
    let mount_point = TempDir::new().unwrap();
    let with_a_disk = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", ON_A_SMALL_DISK]);
        command.arg("sh").arg(mount_point.path()).arg(program).args(arguments);
        command.env(DISK, mount_point.path());
        command
    };
    let none = match with_a_disk(Path::new("true"), &[]).output() {
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => Some(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    };
    if let Some(why) = none {
        // Not eprintln: what a passing test prints is not shown.
        let line = format!("SKIPPED: no small disk can be made to be filled: {why}\n");
        return std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    let this = std::env::current_exe().unwrap();
    let ended = with_a_disk(&this, &["--exact", test, "--nocapture"]).output().unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ended.status.success(), "{}{}", told(&ended.stdout), told(&ended.stderr));
    assert!(told(&ended.stdout).contains("1 passed"), "it was run: {}", told(&ended.stdout));
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

    let filler = fill(disk);
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
    fill(disk);
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

/// Fills a disk to its last byte. Answers with the file that does.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = File::create(&path).unwrap();
    let mut piece = vec![0; 1024 * 1024];
    while !piece.is_empty() {
        match file.write(&piece) {
            Ok(written) => assert!(written > 0),
            Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
            Err(error) => panic!("{error}"),
        }
    }
    path
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
