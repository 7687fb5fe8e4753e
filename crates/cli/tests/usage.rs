//! Whatever is done wrong: one line that says what to do, never a panic, never a secret.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use std::fs;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use terminal::Terminal;
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

async fn jellyfin() -> FakeServer {
    FakeServer::jellyfin("10.10.7").with_sample().in_real_time().start().await.unwrap()
}

/// Says what is wrong and what to do: each of the words is in the line.
#[track_caller]
fn says(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is missing: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_backends() {
    let den = jellyfin().await;
    let mut at = Terminal::new();
    let told = at.run("import").await;
    says(told.error(2), &["no backend yet", "backend add"]);
    says(at.run("backend show den").await.error(2), &["no backend den", "backend add"]);
    at.add_by_password("Den", "jellyfin", &den, "ana").await;
    for line in [
        "import attic",
        "export den attic",
        "import attic --dry-run",
        "backend show attic",
        "backend test attic",
        "backend remove attic",
        "backend set attic --import off",
    ] {
        says(at.run(line).await.error(2), &["no backend attic", "known ones are: Den"]);
    }
    let json = at.run("--json import attic").await;
    assert_eq!((json.code, json.err.as_str()), (2, ""));
    let json = json.json();
    assert_eq!(json["error"]["code"], "usage");
    says(json["error"]["message"].as_str().unwrap(), &["no backend attic"]);
    at.good("import dEN").await;
    for line in [
        "review list --backend attic",
        "review approve --backend attic",
        "review brake --backend attic",
    ] {
        says(at.run(line).await.error(2), &["no backend attic", "known ones are: Den"]);
    }
    says(at.run("explain 99999").await.error(2), &["no title 99999", "history"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_wrong_with_a_new_backend() {
    let den = jellyfin().await;
    let emby = FakeServer::emby("4.8.11.0").with_sample().in_real_time().start().await.unwrap();
    let plex = FakeServer::plex("1.40.2").with_sample().in_real_time().start().await.unwrap();
    let page = jellyfin().await;
    page.fail(Fault::new(Trouble::Html));
    let off = jellyfin().await;
    off.refuse().await;
    let mut at = Terminal::new();
    at.secret("GOOD", "ana-password");
    at.secret("WRONG", "swordfish-17");
    at.secret("NO_TOKEN", "0123456789abcdef0123456789abcdef");
    at.secret("OWNER", &plex.token_of("ana").unwrap());
    at.secret("KEY", &den.api_key());
    let (good, wrong) =
        ("--username ana --password-env GOOD", "--username ana --password-env WRONG");
    let [den, emby, plex, page, off] = [&den, &emby, &plex, &page, &off].map(FakeServer::url);
    let long = "x".repeat(41);
    for (add, code, words, why) in [
        (
            format!("den --kind jellyfin --url {off} {good}"),
            1,
            &["den: it cannot be reached", "check that the server is on"][..],
            "a refused connection",
        ),
        (
            format!("den --kind jellyfin --url {den} {wrong}"),
            1,
            &["den: it refused the credentials", "wrong user name or password", "sign in again"],
            "a wrong password",
        ),
        (
            format!("den --kind jellyfin --url {den} --token-env NO_TOKEN"),
            1,
            &["den: it refused the credentials", "enter a new token"],
            "a token that nobody has",
        ),
        (
            format!("den --kind jellyfin --url {page} --token-env NO_TOKEN"),
            1,
            &["den: it is not a media server of this kind", "check the address"],
            "a web page",
        ),
        (
            format!("den --kind plex --url {page} --token-env NO_TOKEN"),
            1,
            &["den: it is not a media server of this kind"],
            "a web page, where a Plex should be",
        ),
        (
            format!("den --kind jellyfin --url {emby} --token-env NO_TOKEN"),
            1,
            &["this is Emby, not Jellyfin", "check the address and the kind"],
            "a server of another kind",
        ),
        (
            format!("den --kind jellyfin --url den:8096 {good}"),
            2,
            &["http:// or https://"],
            "an address without a scheme",
        ),
        (
            format!("den --kind jellyfin --url http://ana:swordfish-17@den {good}"),
            2,
            &["must not hold a user name or a password"],
            "a password in the address",
        ),
        (
            format!("den --kind plex --url {plex} --token-env OWNER --user ben"),
            1,
            &["den: it does not allow this account", "use an account that may"],
            "a token without rights: Plex lets nobody write for others",
        ),
        (
            format!("den --kind jellyfin --url {den} --token-env KEY --user zoe"),
            1,
            &["den: it has no such user", "zoe", "choose another user"],
            "a user that does not exist",
        ),
        (
            format!("den --kind jellyfin --url {den} --token-env NEVER_SET"),
            2,
            &["not set", "give its name"],
            "a variable that is not set",
        ),
        (
            format!("den --kind jellyfin --url {den}"),
            2,
            &["--token-env VAR", "--password-env VAR"],
            "no credentials",
        ),
        (format!("den --kind plex --url {den} {good}"), 2, &["--token-env"], "a password for Plex"),
        (
            format!("{long} --kind jellyfin --url {den} {good}"),
            2,
            &["1 to 40 letters"],
            "a name too long",
        ),
    ] {
        let told = at.run(&format!("backend add {add}")).await;
        eprintln!("{why}: {}", told.err.trim_end());
        says(told.error(code), words);
        let listed = at.good("backend list").await;
        assert_eq!(listed["backends"].as_array().unwrap().len(), 0, "{why}: nothing is kept");
        assert!(!at.data().join("secrets.json").exists(), "{why}: no token either");
    }
    // The secret given in the place of the variable's name is not repeated.
    let told =
        at.run(&format!("backend add den --kind emby --url {emby} --token-env swordfish-17")).await;
    says(told.error(2), &["not the token itself"]);
    at.assert_no_secret_is_kept();
}

/// Jellyfin lets a user see another's marks and refuses to change them: told at the first write.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_look_and_not_write() {
    let den = jellyfin().await;
    let attic = FakeServer::emby("4.8.11.0").with_sample().in_real_time().start().await.unwrap();
    let mut at = Terminal::new();
    at.secret("BEN", &den.token_of("ben").unwrap());
    let url = den.url();
    at.good(&format!("backend add den --kind jellyfin --url {url} --token-env BEN --user ana"))
        .await;
    at.add_by_password("attic", "emby", &attic, "kim").await;
    at.good("import").await;
    let told = at.run("export --yes").await;
    eprintln!("{}{}", told.err, told.out);
    says(told.error(1), &["export failed: den: ", "use an account that may"]);
    assert_eq!(den.writes().len(), 0);
    assert!(!attic.writes().is_empty(), "the other one is told all the same");
    at.assert_no_secret_is_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_name_or_account_twice() {
    let den = jellyfin().await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    let add = format!("--kind jellyfin --url {} --username", den.url());
    at.secret("BEN", "ben-password");
    let told = at.run(&format!("backend add DEN {add} ben --password-env BEN")).await;
    says(told.error(2), &["a backend DEN already", "another name"]);
    let told = at.run(&format!("backend add hut {add} ana --password-env DEN_PASSWORD")).await;
    says(told.error(2), &["den is this account already"]);
    says(at.run("backend set den").await.error(2), &["nothing to change"]);
    let told = at.run("backend set den --username ben --password-env BEN").await;
    says(told.error(2), &["not of ana", "another backend"]);
    let other = FakeServer::jellyfin("10.10.7").seeded(7).with_sample().start().await.unwrap();
    let url = other.url();
    let told = at.run(&format!("backend set den --url {url}")).await;
    assert_eq!(told.code, 1, "a token of one server is none of another: {}", told.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_and_wrong_settings() {
    let mut at = Terminal::new();
    for line in [
        "",
        "imprt",
        "import --yes",
        "backend add den",
        "explain dune",
        "sync den",
        "undo run",
        "undo title dune",
        "review approve",
        "review refuse 4 --all",
        "review brake --on --off",
    ] {
        let told = at.run(line).await;
        assert_eq!(told.code, 2, "{line}");
        assert!(told.out.is_empty() && !told.err.is_empty(), "{line}: on stderr");
    }
    let told = at.run("--json import --yes").await;
    assert_eq!(told.code, 2);
    assert_eq!(told.json()["error"]["code"], "usage");
    let help = at.run("help").await;
    assert_eq!(help.code, 0);
    says(&help.out, &["import", "undo", "review", "3 something waits for your yes"]);
    says(&at.run("help undo").await.out, &["run", "redo", "title", "change", "snapshot"]);
    says(&at.run("help review").await.out, &["list", "approve", "refuse", "brake"]);
    at.set("WS_LIBRARY_SEGMENT", "lots");
    says(at.run("status").await.error(2), &["WS_LIBRARY_SEGMENT", "lots", "50 to 10000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_folders_that_cannot_be_used() {
    let mut at = Terminal::new();
    fs::write(at.beside("data"), "a file").unwrap();
    says(at.run("status").await.error(1), &["is not a folder", "--data-dir"]);
    says(at.run("backend list").await.error(1), &["is not a folder"]);

    at = Terminal::new();
    fs::create_dir_all(at.data().join("watchstate.sqlite")).unwrap();
    says(at.run("status").await.error(1), &["cannot be opened", "--data-dir"]);
    says(at.run("import --dry-run").await.error(1), &["cannot be used"]);

    at = Terminal::new();
    at.good("status").await;
    let held = watchstate_api::DataFolder::open(&at.data()).unwrap();
    for line in ["status", "import", "sync --dry-run"] {
        says(at.run(line).await.error(1), &["another WatchState is at work", "close it"]);
    }
    drop(held);
    at.good("status").await;
}

/// A folder that may only be read. Root may write everywhere, so for root another user does it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_data_folder() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let den = jellyfin().await;
    let attic = FakeServer::of(ServerKind::Emby, "4.8.11.0").with_sample().start().await.unwrap();
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ben").await;
    at.good("import").await;
    let nobody = 65_534;
    let is_root = fs::metadata(at.data()).unwrap().uid() == 0;
    let mut paths: Vec<_> =
        fs::read_dir(at.data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in &paths {
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
    }
    paths.push(at.data());
    fs::set_permissions(at.data(), fs::Permissions::from_mode(0o500)).unwrap();
    if is_root {
        for path in &paths {
            chown(path, Some(nobody), Some(nobody)).unwrap();
        }
        at.become_user(nobody);
    }
    for line in ["import", "export --yes", "status", "backend remove den"] {
        says(at.run(line).await.error(1), &["cannot be written", "make it writable", "--data-dir"]);
    }
    assert_eq!((den.writes().len(), attic.writes().len()), (0, 0));
    let told = at.good("export --dry-run").await;
    assert!(told["changes"].as_array().unwrap().len() > 100, "a look is possible all the same");
    fs::set_permissions(at.data(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_cannot_be_used() {
    let den = jellyfin().await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.good("import").await;
    let file = at.data().join("watchstate.sqlite");
    let good = fs::read(&file).unwrap();

    let options = SqliteConnectOptions::new().filename(&file);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (29991231235959, 'of tomorrow', 1, x'00', 1)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();
    let newer = fs::read(&file).unwrap();
    for line in ["import", "status", "sync --dry-run"] {
        let told = at.run(line).await;
        says(told.error(1), &["belongs to a newer version", "install the newest version"]);
    }
    assert_eq!(fs::read(&file).unwrap(), newer, "it is left as it is");

    let mut torn = good.clone();
    for byte in torn.iter_mut().skip(100) {
        *byte = 0xaa;
    }
    for (bytes, why) in [
        (b"this is not a database, but a letter to a friend".repeat(100), "no database"),
        (torn, "a damaged one"),
    ] {
        fs::write(&file, &bytes).unwrap();
        says(
            at.run("sync --dry-run").await.error(1),
            &["the database is damaged", "start WatchState"],
        );
        assert_eq!(fs::read(&file).unwrap(), bytes, "{why}: a look leaves it as it is");
        let told = at.run("status").await;
        assert_eq!(told.code, 0, "{why}: {}", told.err);
        says(&told.out, &["was damaged", "watchstate-damaged-", "a copy of"]);
        assert_eq!(at.good("backend list").await["backends"].as_array().unwrap().len(), 1, "{why}");
        at.good("import").await;
    }
    fs::write(&file, good).unwrap();
    at.good("status").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_cannot_be_had() {
    let den = jellyfin().await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    let file = at.data().join("secrets.json");

    // Chosen once, the file needs not be named again; the keyring does not answer here.
    assert_eq!(at.run_plainly("import").await.code, 0);
    let told = at.run_plainly("--secrets keyring import").await;
    says(told.error(1), &["keyring cannot be reached", "--secrets file"]);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        says(at.run("import").await.error(1), &["secrets.json", "chmod 600"]);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() / 2]).unwrap();
    says(at.run("import").await.error(1), &["is damaged", "backend set"]);
    fs::write(&file, "{}").unwrap();
    let told = at.run("import").await;
    says(told.error(1), &["den: ", "backend set", "enter a new token"]);
    assert_eq!(at.good("status").await["titles"].as_u64(), Some(366), "nothing else is lost");

    at = Terminal::new();
    at.secret("GOOD", "ana-password");
    let url = den.url();
    let add =
        format!("backend add den --kind jellyfin --url {url} --username ana --password-env GOOD");
    let told = at.run_plainly(&add).await;
    says(told.error(1), &["keyring cannot be reached"]);
    assert_eq!(at.good("backend list").await["backends"].as_array().unwrap().len(), 0);
}
