//! What waits for a person, looked through and answered from a terminal; and how much is let pass.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use serde_json::Value;
use terminal::Terminal;
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::FakeServer;
use watchstate_testkit::fake::titles::What;

/// More than pass by themselves.
const MANY: usize = 40;

/// A Jellyfin as `den` and an Emby as `attic` in agreement, of which `den` then loses marks. With the films.
async fn lost() -> (Terminal, FakeServer, FakeServer, Vec<String>) {
    let start = async |kind, version| {
        FakeServer::of(kind, version).with_sample().in_real_time().start().await.unwrap()
    };
    let den = start(ServerKind::Jellyfin, "10.10.7").await;
    let attic = start(ServerKind::Emby, "4.8.11.0").await;
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    at.good("sync --yes").await;
    let films: Vec<String> = {
        let library = den.library();
        let ana = library.user("ana").unwrap();
        let films = library.entries().iter().filter(|e| matches!(e.what, What::Movie));
        let watched = films.filter(|entry| library.shown(ana, entry).played);
        watched.map(|entry| entry.name.clone()).take(MANY).collect()
    };
    assert_eq!(films.len(), MANY);
    for film in &films {
        den.unwatch(film, "ana").unwrap();
    }
    assert_eq!(at.run("sync").await.code, 3);
    (at, den, attic, films)
}

fn watched(server: &FakeServer, films: &[String]) -> usize {
    let is_watched = |film: &&String| server.shows(film, "ana").unwrap().watch.is_watched();
    films.iter().filter(is_watched).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_listed_and_answered_in_part_and_in_whole() {
    let (at, den, attic, films) = lost().await;
    let told = at.good("review").await;
    let held = &told["held"][0];
    assert_eq!((&held["backend"], &held["count"]), (&"den".into(), &MANY.into()), "{told}");
    assert_eq!(held["reasons"][0]["count"], MANY);
    assert_eq!((&told["held"][1], &told["first_exports"][0]), (&Value::Null, &Value::Null));
    let text = at.run("review").await;
    for words in ["den: 40 titles lost their mark", "until you decide", "such as", "review list"] {
        assert!(text.out.contains(words), "{words}: {}", text.out);
    }
    let listed = at.good("review list --most 3").await;
    assert_eq!((&listed["total"], listed["titles"].as_array().unwrap().len()), (&MANY.into(), 3));
    let word = films[0].split(' ').next().unwrap();
    let found = at.good(&format!("review list {word} --backend den")).await;
    let names: Vec<&str> =
        found["titles"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with(&films[0])), "{found}");
    assert!(names.len() < MANY, "and not all: {found}");
    assert_eq!(at.good("review list --backend attic").await["total"], 0);

    // Two of them.
    let item = |place: usize| listed["titles"][place]["item"].as_i64().unwrap();
    let two = format!("{} {}", item(0), item(1));
    let shown = at.run(&format!("review approve {two}")).await;
    assert_eq!(shown.code, 3, "{}{}", shown.out, shown.err);
    for words in ["2 titles would become unwatched", "(2 changes)", "38 more wait on", "--yes"] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    assert_eq!(watched(&attic, &films), MANY, "shown, and not done");
    let done = at.good(&format!("review approve {two} --yes")).await;
    assert_eq!((&done["answered"], &done["say"]), (&2.into(), &"approve".into()), "{done}");
    assert_eq!((watched(&attic, &films), watched(&den, &films)), (MANY - 2, 0));
    let answered = at.run(&format!("review approve {two}")).await;
    assert!(answered.error(2).contains("does not wait"), "{}", answered.err);

    // And the rest.
    let refused = at.run("review refuse --all --yes").await;
    assert_eq!(refused.code, 0, "{}", refused.err);
    assert!(refused.out.contains("Refused: 38 titles still watched."), "{}", refused.out);
    assert_eq!((watched(&attic, &films), watched(&den, &films)), (MANY - 2, MANY - 2));
    assert!(at.run("review").await.out.contains("Nothing waits for you."));
    assert!(at.run("review list").await.out.contains("Nothing waits for you."));
    let nothing = at.good("review refuse --backend den --yes").await;
    assert_eq!((&nothing["titles"], &nothing["answered"]), (&0.into(), &0.into()));
    at.good("sync").await;
    assert_eq!((watched(&attic, &films), watched(&den, &films)), (MANY - 2, MANY - 2));
    at.assert_no_secret_is_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_backend_are_approved() {
    let (at, den, attic, films) = lost().await;
    assert!(at.run("review approve --backend cellar").await.error(2).contains("no backend cellar"));
    let done = at.good("review approve --backend den --yes").await;
    assert_eq!(done["answered"], MANY);
    assert_eq!((watched(&attic, &films), watched(&den, &films)), (0, 0));
    at.good("sync").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_export_is_named() {
    let den = FakeServer::jellyfin("10.10.7").with_sample().in_real_time().start().await.unwrap();
    let attic = FakeServer::emby("4.8.11.0").with_sample().in_real_time().start().await.unwrap();
    den.watch("Heat", "ana").unwrap();
    attic.unwatch("Heat", "ana").unwrap();
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    assert_eq!(at.run("sync").await.code, 3);
    let told = at.run("review").await;
    assert!(told.out.contains("attic: the first export waits for your yes"), "{}", told.out);
    assert!(at.good("review").await["first_exports"][0]["owed"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brake_is_changed_and_one_that_is_off_is_told_wherever_one_looks() {
    let den = FakeServer::jellyfin("10.10.7").with_sample().in_real_time().start().await.unwrap();
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.good("import").await;
    let usual = at.good("review brake").await;
    assert_eq!(
        (&usual["brakes"][0]["at_least"], &usual["brakes"][0]["own"]),
        (&20.into(), &false.into())
    );
    assert_eq!(usual["brakes_off"], Value::Array(vec![]));
    let silent = async |at: &Terminal| {
        for line in ["status", "doctor", "review", "review brake"] {
            let told = at.run(line).await;
            assert!(!told.out.contains("Nothing asks you"), "{line}: {}", told.out);
        }
    };
    silent(&at).await;

    at.good("review brake --off").await;
    for line in ["status", "doctor", "review", "review brake"] {
        let told = at.run(line).await;
        let words = "Nothing asks you before many titles become unwatched at once";
        assert!(told.out.contains(words), "{line}: {}", told.out);
    }
    let doctor = at.good("doctor").await;
    assert_eq!(doctor["doctor"]["brakes_off"].as_array().unwrap().len(), 1);
    assert_eq!(doctor["doctor"]["ok"], true, "a person chose it");
    let on = at.good("review brake --on --percent 7").await;
    assert_eq!((&on["brakes"][0]["off"], &on["brakes"][0]["percent"]), (&false.into(), &7.into()));
    assert_eq!(on["brakes"][0]["at_least"], 20, "the rest is as it was");
    silent(&at).await;

    let of_den = at.good("review brake --backend den --off").await;
    assert_eq!(of_den["brakes"][1]["backend"], "den");
    assert_eq!(
        (&of_den["brakes"][1]["off"], &of_den["brakes"][1]["percent"]),
        (&true.into(), &7.into())
    );
    for line in ["status", "doctor", "review"] {
        let told = at.run(line).await;
        assert!(told.out.contains("lose their marks on den"), "{line}: {}", told.out);
    }
    at.good("review brake --backend den --usual").await;
    let back = at.good("review brake --usual").await;
    assert_eq!(back, usual);
    silent(&at).await;
}
