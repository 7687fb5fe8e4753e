//! Is all well? Asked of the real program, in plain words and for programs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use std::fs;

use serde_json::Value;
use terminal::Terminal;
use watchstate_testkit::fake::FakeServer;

async fn jellyfin() -> FakeServer {
    FakeServer::jellyfin("10.10.7").with_sample().in_real_time().start().await.unwrap()
}

async fn emby() -> FakeServer {
    FakeServer::emby("4.8.11.0").with_sample().in_real_time().start().await.unwrap()
}

/// What is complained of, by what it is about.
fn complaints(answer: &Value) -> Vec<(String, String)> {
    let all = answer["doctor"]["complaints"].as_array().unwrap();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    all.iter()
        .map(|line| {
            assert!(!text(line, "todo").is_empty(), "{line}: says what to do");
            (text(line, "about"), text(line, "what"))
        })
        .collect()
}

async fn asked(at: &Terminal, code: i32) -> Value {
    let answer = at.run("--json doctor").await;
    assert_eq!(answer.code, code, "{}{}", answer.out, answer.err);
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let (den, attic) = (jellyfin().await, emby().await);
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    at.good("sync --yes").await;
    let answer = asked(&at, 0).await;
    assert_eq!(complaints(&answer), []);
    let doctor = &answer["doctor"];
    assert_eq!(doctor["ok"], true);
    assert_eq!(doctor["database"]["condition"], "whole");
    assert!(doctor["database"]["bytes"].as_u64().unwrap() > 4096);
    assert_eq!(doctor["database"]["copies"].as_array().unwrap().len(), 1, "before the first run");
    assert_eq!(doctor["secrets"]["place"], "file");
    assert_eq!(doctor["secrets"]["answers"], true);
    let backends = doctor["backends"].as_array().unwrap();
    for (backend, name) in backends.iter().zip(["den", "attic"]) {
        assert_eq!(backend["name"], name);
        assert_eq!(backend["answers"], true);
        assert_eq!(backend["user"], "ana");
        assert_eq!(backend["export"], "on");
        assert_eq!(backend["clock_offset_s"], 0);
        assert_eq!((&backend["owed"], &backend["held"]), (&0.into(), &0.into()));
    }
    let tasks = doctor["tasks"].as_array().unwrap();
    assert_eq!(tasks[0]["task"], "import");
    assert!(tasks.iter().all(|task| task["next"].is_string()), "{tasks:?}");
    #[cfg(unix)]
    assert!(doctor["free_bytes"].as_u64().unwrap() > 0);

    let told = at.run("doctor").await;
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    for words in ["All is well.", "whole", "tokens    file, which answers", "den", "attic", "next "]
    {
        assert!(told.out.contains(words), "{words:?}: {}", told.out);
    }
    at.assert_no_secret_is_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_is_told_with_what_to_do() {
    let (den, attic, cellar) = (jellyfin().await, emby().await, jellyfin().await);
    let mut at = Terminal::new();
    let answer = asked(&at, 1).await;
    assert_eq!(complaints(&answer)[0].0, "backends", "there is none yet");

    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    at.add_by_password("cellar", "jellyfin", &cellar, "ben").await;
    at.good("import").await;
    let planned = at.run("export").await;
    assert_eq!(planned.code, 3, "{}", planned.err);
    let answer = asked(&at, 1).await;
    let told = complaints(&answer);
    assert!(
        told.iter().any(|(who, what)| who == "den" && what.contains("waits for your yes")),
        "{told:?}"
    );

    den.refuse().await;
    attic.skew(400 * 86_400);
    let answer = asked(&at, 1).await;
    let told = complaints(&answer);
    let says = |who: &str, words: &str| {
        assert!(told.iter().any(|(about, what)| about == who && what.contains(words)), "{told:?}");
    };
    says("den", "cannot be reached");
    says("attic", "clock is 9600 hours off");
    let backends = answer["doctor"]["backends"].as_array().unwrap();
    assert_eq!(backends[0]["answers"], false);
    assert_eq!(backends[1]["answers"], true, "one in trouble does not hide the others");

    let told = at.run("doctor").await;
    assert_eq!(told.code, 1);
    assert!(told.out.contains("den: ") && told.out.contains("  -> "), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_mended_and_a_file_of_secrets_that_others_can_read() {
    let den = jellyfin().await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.good("import").await;
    fs::write(at.data().join("watchstate.sqlite"), "a letter to a friend").unwrap();
    let answer = asked(&at, 1).await;
    let told = complaints(&answer);
    assert!(
        told.iter().any(|(about, what)| about == "database" && what.contains("from a copy")),
        "{told:?}"
    );
    let damaged = answer["doctor"]["database"]["damaged"].as_array().unwrap();
    let aside = at.data().join(damaged[0].as_str().unwrap());
    assert_eq!(fs::read_to_string(aside).unwrap(), "a letter to a friend");
    assert_eq!(answer["doctor"]["backends"].as_array().unwrap().len(), 1, "the copy has it");
    assert_eq!(answer["doctor"]["database"]["condition"], "whole");
    assert!(at.run("doctor").await.out.contains("doctor --seen"), "how it is put away");
    // Whatever else is wrong, it is not this any more.
    at.good("sync --yes").await;
    assert_eq!(complaints(&asked(&at, 1).await).len(), 1, "neither a run nor a look puts it away");
    let answer = at.run("--json doctor --seen").await;
    assert_eq!((answer.code, complaints(&answer.json())), (0, vec![]));
    assert_eq!(complaints(&asked(&at, 0).await), [], "for good");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = at.data().join("secrets.json");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let answer = asked(&at, 1).await;
        let told = complaints(&answer);
        assert!(told.iter().any(|(about, _)| about == "secrets"), "{told:?}");
        assert_eq!(answer["doctor"]["secrets"]["answers"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_told_as_everywhere() {
    let at = Terminal::new();
    at.good("status").await;
    let held = watchstate_api::DataFolder::open(&at.data()).unwrap();
    let told = at.run("doctor").await;
    let error = told.error(1);
    assert!(error.contains("another WatchState is at work"), "{error}");
    assert!(error.contains("Overview") && error.contains("support bundle"), "{error}");
    assert!(!at.run("status").await.error(1).contains("support bundle"), "of the doctor alone");
    drop(held);
}
