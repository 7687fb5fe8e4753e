//! In the middle of a backup: the file of the first account is whole, that of the second is not. A backup reads the
//! database and nothing else: who holds that, and where the tokens are, is nothing to it.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use serde_json::{Value, json};
use watchstate_api::settings::Book;
use watchstate_api::{ApiError, Code};
use watchstate_engine::CancellationToken;
use watchstate_model::Provider;
use watchstate_testkit::fake::NewItem;

use crate::apart;
use crate::fault::Fault;
use crate::household::{Servers, Window};
use crate::middle::go_on_until;
use crate::story::{Story, half_written};

/// The accounts in the order of their backups.
const ACCOUNTS: [&str; 3] = ["den", "attic", "cellar"];

/// A household that has a backup of each account, with its backups in a folder of one's choice. That of the second
/// account is the largest.
async fn begin(fault: &Fault, backups: Option<&Path>) -> Story {
    let servers = Servers::start().await;
    let now = servers.jellyfin.now();
    {
        let mut library = servers.jellyfin.library();
        let films = library.entries().first().unwrap().section.clone();
        for number in 0..200 {
            let film = NewItem::movie(&format!("Only there {number}"), 2001)
                .id(Provider::Imdb, &format!("tt88{number:05}"));
            library.add_movie(&films, film, now).unwrap();
        }
    }
    let folder = fault.folder();
    let book = backups.map(|backups| {
        let backups = backups.display().to_string();
        let said = |name: &str| (name == "WS_BACKUP_PATH").then(|| backups.clone());
        Arc::new(Book::open(&folder.path().join("data"), said))
    });
    let window = Window::open_by(folder, None, book, fault.secrets()).await;
    let story = Story::of(servers, window, fault).await;
    story.does_well("backup").await;
    assert_eq!(files(&story).await.len(), 3);
    pass(&story);
    story
}

fn pass(story: &Story) {
    story.window.clock.pass(60);
    story.servers.pass(60);
}

fn folder(story: &Story) -> PathBuf {
    story.window.app.household().backups_folder()
}

/// How many files are there that nobody takes for a half.
fn whole_files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count() - half_written(folder).len()
}

/// The backups that are there, the latest first, each whole.
async fn files(story: &Story) -> Vec<Value> {
    let list = story.window.ask("backups", json!({})).await;
    let files = list["files"].as_array().unwrap().clone();
    for file in &files {
        assert_eq!(file["form"], "ours", "{file}");
    }
    assert_eq!(half_written(&folder(story)), Vec::<PathBuf>::new());
    files
}

/// Of each account what the latest backup says of its titles.
async fn says(story: &Story) -> [Value; 3] {
    let files = files(story).await;
    ACCOUNTS.map(|account| {
        let file = files.iter().find(|file| file["backend"] == account).unwrap();
        let path = folder(story).join(file["id"].as_str().unwrap());
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["titles"].clone()
    })
}

/// How large the latest backup of an account is: bytes.
async fn size(story: &Story, account: &str) -> u64 {
    let files = files(story).await;
    let file = files.iter().find(|file| file["backend"] == account).unwrap();
    file["bytes"].as_u64().unwrap()
}

/// A backup that goes wrong, and a second one on the same bad day. Beside the three good ones of before, the first
/// account's is there each time, and nothing of the others.
async fn is_half_done_twice(story: &Story, first: ApiError, todo: &str) {
    let ended = story.does("backup").await;
    let mut told = vec![first.message.clone()];
    told.extend(ended["says"].as_str().map(str::to_owned));
    assert_eq!((first.code, &ended["ok"]), (Code::Store, &Value::Bool(false)));
    for told in told.iter().map(|told| told.to_lowercase()) {
        assert!(told.starts_with("the backup cannot be written to"), "{told}");
        assert!(told.ends_with(&todo.to_lowercase()), "{told}");
    }
    let of_whom: Vec<Value> =
        files(story).await.into_iter().map(|mut file| file["backend"].take()).collect();
    let count = |account| of_whom.iter().filter(|whose| **whose == account).count();
    assert_eq!(ACCOUNTS.map(count), [3, 1, 1], "{of_whom:?}");
}

/// The next backup is one of all accounts, and says what the one before the bad day said.
async fn is_done(story: &Story, before: &[Value; 3]) {
    pass(story);
    let there = files(story).await.len();
    story.does_well("backup").await;
    assert_eq!(files(story).await.len(), there + 3);
    assert_eq!(says(story).await, *before);
    story.is_whole().await;
}

/// The disk of the backups takes no more from the middle of the second file on. How large the first two are is told
/// to whoever fills it.
async fn full_in_the_second(story: &Story, begins: impl Fn(u64, u64), is_over: impl Fn()) {
    let before = says(story).await;
    let (first, second) = (size(story, ACCOUNTS[0]).await, size(story, ACCOUNTS[1]).await);
    assert!(first + 10_000 < second, "{first} {second}");
    begins(first, second);
    let error = story.window.app.household().back_up(&CancellationToken::new()).await.unwrap_err();
    is_half_done_twice(story, error, "; make room there, or choose another folder in Settings")
        .await;
    is_over();
    is_done(story, &before).await;
}

#[tokio::test]
async fn the_disk_is_full() {
    let Some(place) = apart::as_anybody("backup::the_disk_is_full").await else { return };
    let story = begin(&Fault::DiskReadOnly(place), None).await;
    // No file may be as large as the second: an error in its middle, of a disk that takes no more of it.
    let begins = |_, second: u64| apart::limit(Some(second - 5_000));
    full_in_the_second(&story, begins, || apart::limit(None)).await;
}

#[tokio::test]
async fn a_small_disk_is_full() {
    let Some(disk) = apart::on_a_small_disk("backup::a_small_disk_is_full").await else { return };
    // The database is on another.
    let story = begin(&Fault::DiskFull, Some(&disk.join("backups"))).await;
    let filler = disk.join("filler");
    let begins = |first: u64, _| {
        // Room for two of the first, on pages of their own, and not for it and the second.
        apart::fill(&disk, first * 2 + 9_000);
    };
    full_in_the_second(&story, begins, || std::fs::remove_file(&filler).unwrap()).await;
}

#[tokio::test]
async fn the_disk_is_read_only() {
    let Some(place) = apart::as_anybody("backup::the_disk_is_read_only").await else { return };
    let story = begin(&Fault::DiskReadOnly(place), None).await;
    let before = says(&story).await;
    let there = whole_files(&folder(&story));
    let (household, cancel) = (story.window.app.household(), CancellationToken::new());
    let mut backup = pin!(household.back_up(&cancel));
    go_on_until(backup.as_mut(), async || whole_files(&folder(&story)) > there).await;
    apart::set_writable(&folder(&story), false);
    let error = backup.await.unwrap_err();
    assert_eq!(error.code, Code::Store, "{error}");
    let todo = "; make it writable for you, or choose another folder in Settings";
    assert!(error.message.starts_with("the backup cannot be written to"), "{error}");
    assert!(error.message.ends_with(todo), "{error}");
    assert_eq!(files(&story).await.len(), there + 1, "the first is whole");
    // The same for what begins by the clock; and who syncs needs no backup.
    let ended = story.does("backup").await;
    assert_eq!(ended["ok"], false, "{ended}");
    assert_eq!(files(&story).await.len(), there + 1);
    story.servers.jellyfin.watch("Heat", "ana").unwrap();
    story.syncs().await;
    assert_eq!(story.servers.watched(), 3);
    story.servers.jellyfin.unwatch("Heat", "ana").unwrap();
    story.syncs().await;
    assert_eq!(story.servers.watched(), 0);
    apart::set_writable(&folder(&story), true);
    is_done(&story, &before).await;
}

/// A backup in whose middle begins what is nothing to it.
async fn does_not_care(fault: Fault) {
    let story = begin(&fault, None).await;
    let before = says(&story).await;
    let (household, cancel) = (story.window.app.household(), CancellationToken::new());
    let mut backup = pin!(household.back_up(&cancel));
    go_on_until(backup.as_mut(), async || whole_files(&folder(&story)) > 3).await;
    let bad = fault.begins(&story.data()).await;
    let made = backup.await.unwrap();
    assert_eq!(made.files.len(), 3);
    assert_eq!(made.trouble, None);
    assert_eq!(says(&story).await, before);
    // And one that begins on that day.
    pass(&story);
    story.does_well("backup").await;
    assert_eq!(files(&story).await.len(), 9);
    assert_eq!(says(&story).await, before);
    story.goes_on(&fault).await;
    bad.ends().await;
    is_done(&story, &before).await;
}

#[tokio::test]
async fn another_program_locks_the_database() {
    let test = "backup::another_program_locks_the_database";
    apart::within(test, does_not_care(Fault::DatabaseLocked)).await;
}

#[tokio::test]
async fn the_tokens_are_torn() {
    apart::within("backup::the_tokens_are_torn", does_not_care(Fault::TokensTorn)).await;
}

#[tokio::test]
async fn the_keyring_is_locked() {
    if let Some(place) = apart::beside_a_keyring("backup::the_keyring_is_locked").await {
        does_not_care(Fault::KeyringLocked(place)).await;
    }
}

#[tokio::test]
async fn the_keyring_is_gone() {
    if let Some(place) = apart::beside_a_keyring("backup::the_keyring_is_gone").await {
        does_not_care(Fault::KeyringGone(place)).await;
    }
}
