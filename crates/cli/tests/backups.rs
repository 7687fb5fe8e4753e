//! Backups from a terminal.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use terminal::Terminal;
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::FakeServer;

async fn sample(kind: ServerKind, version: &str) -> FakeServer {
    FakeServer::of(kind, version).with_sample().in_real_time().start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn made_listed_and_restored() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let attic = sample(ServerKind::Emby, "4.8.11.0").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    let nothing = at.run("backup").await;
    assert_eq!((nothing.code, nothing.out.contains("nothing to back up")), (0, true));
    den.mark_watched("The Matrix", "ana").unwrap();
    at.good("sync --yes").await;
    let made = at.good("backup").await;
    let all = made["backups"].as_array().unwrap();
    assert_eq!(all.len(), 2, "{made}");
    let of_den = all.iter().find(|one| one["backend"] == "den").unwrap();
    let file = of_den["file"].as_str().unwrap();
    let folder = at.data().join("backups");
    assert!(folder.join(file).is_file());
    let listed = at.run("backup list").await;
    assert!(listed.out.contains(file) && listed.out.contains("main"), "{}", listed.out);

    den.unwatch("The Matrix", "ana").unwrap();
    attic.unwatch("The Matrix", "ana").unwrap();
    at.good("sync").await;
    let seen = at.run(&format!("restore {file} --to den")).await;
    assert_eq!(seen.code, 3, "it waits for a yes: {}{}", seen.out, seen.err);
    assert!(seen.out.contains("The Matrix") && seen.out.contains("--yes"), "{}", seen.out);
    assert!(!den.shows("The Matrix", "ana").unwrap().watch.is_watched());
    let copies = at.data().join("copies");
    std::fs::remove_dir_all(&copies).unwrap();
    at.run(&format!("restore {file} --to den")).await;
    assert!(!copies.exists(), "a look needs none");
    let done = at.good(&format!("restore {file} --to den --yes")).await;
    assert_eq!(done["restored"], true, "{done}");
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 1, "the database as it was before");
    assert!(den.shows("The Matrix", "ana").unwrap().watch.is_watched());
    at.good("sync").await;
    assert!(attic.shows("The Matrix", "ana").unwrap().watch.is_watched());

    let elsewhere = at.beside("theirs.json");
    std::fs::write(&elsewhere, "[{]").unwrap();
    let line = format!("restore {} --to den", elsewhere.display());
    assert!(at.run(&line).await.error(2).contains("this is no backup: line 1"));
    assert!(at.run("restore ../secrets.json --to den").await.error(2).contains("not there"));
    assert!(at.run(&format!("restore {file} --to cellar")).await.error(2).contains("no backend"));
    let table = at.good("backup csv").await;
    assert!(
        std::fs::read_to_string(table["path"].as_str().unwrap()).unwrap().contains("tt0133093")
    );
    at.assert_no_secret_is_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_by_a_default_for_what_cannot_be_taken() {
    let den = sample(ServerKind::Jellyfin, "10.10.7").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.good("import").await;
    at.set("WS_BACKUP_PATH", "backups/of/ana");
    for line in ["backup", "backup list", "backup csv", "restore some.json --to den --yes"] {
        let answer = at.run(line).await;
        let error = answer.error(2);
        assert!(error.contains("WS_BACKUP_PATH") && error.contains("whole path"), "{error}");
    }
    assert!(!at.data().join("backups").exists(), "and not into another folder");
    let whole = at.beside("backups");
    at.set("WS_BACKUP_PATH", whole.to_str().unwrap());
    at.good("backup").await;
    assert_eq!(std::fs::read_dir(whole).unwrap().count(), 1);
}
