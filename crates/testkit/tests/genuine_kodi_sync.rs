//! The main job on a server that nobody here wrote: a genuine Kodi beside a fake Jellyfin. Skipped, and said
//! so, where Kodi is not installed.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use household::{Household, assert_ok, of, written};
use watchstate_engine::{Report, Step};
use watchstate_model::{Moment, Position, Provider, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::Task;
use watchstate_testkit::fake::{FakeServer, Holds, NewItem, NewShow};
use watchstate_testkit::genuine_kodi::{GenuineKodi, Options, Start};

/// A Jellyfin with the films that the genuine Kodi's library holds, and each episode in a file of its own.
async fn jellyfin(at: Moment) -> FakeServer {
    FakeServer::jellyfin("10.10.7")
        .with_people(&["ana"])
        .with(|library, now| {
            let movies = library.add_section("Movies", Holds::Movies);
            for (name, year, imdb, tmdb, minutes) in [
                ("The Matrix", 1999, "tt0133093", "603", 136),
                ("Inception", 2010, "tt1375666", "27205", 148),
                ("Sintel", 2010, "tt1727587", "45745", 20),
                ("Big Buck Bunny", 2008, "tt1254207", "10378", 10),
                ("Amélie", 2001, "tt0211915", "194", 122),
            ] {
                let film = NewItem::movie(name, year)
                    .id(Provider::Imdb, imdb)
                    .id(Provider::Tmdb, tmdb)
                    .lasting_ms(minutes * 60_000);
                library.add_movie(&movies, film, now).unwrap();
            }
            let shows = library.add_section("Shows", Holds::Shows);
            let show = NewShow::new("Breaking Bad", 2008)
                .id(Provider::Tvdb, "81189")
                .id(Provider::Imdb, "tt0903747");
            let show = library.add_show(&shows, show, now).unwrap();
            for number in 1..=3 {
                library.add_episode(&show, NewItem::episode(2, number), now).unwrap();
            }
        })
        .at(at)
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn marks_dates_and_a_place_go_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let kodi: Arc<GenuineKodi> =
        match GenuineKodi::start(folder.path(), &Options::default()).await.unwrap() {
            Start::Running(kodi) => Arc::from(kodi),
            Start::Missing(missing) => {
                std::io::stderr().write_all(format!("SKIPPED: {missing}\n").as_bytes()).unwrap();
                return;
            }
        };
    // Kodi's clock is the machine's, and so is this household's.
    let now = watchstate_engine::Clock::now(&watchstate_engine::SystemClock);
    let attic = jellyfin(now).await;
    let mut home = Household::new().await;
    home.clock.pass(now.0 - household::NOW.0);
    home.join_at("kodi", ServerKind::Kodi, kodi.url().clone(), None, &kodi.token()).await;
    home.join("attic", ServerKind::Jellyfin, &attic).await;

    // Jellyfin to Kodi: a mark with its date, and a place.
    let long_ago = Moment(1_588_700_000);
    attic.watch_at("Inception", "ana", long_ago).unwrap();
    attic.watch_until("Sintel", "ana", 600_000).unwrap();
    assert_ok(&home.sync().await);
    let shown = home.shown("Inception", "kodi").await;
    assert_eq!(shown.watch, Watch::WATCHED);
    assert_eq!(
        home.shown("Sintel", "kodi").await.watch,
        Watch::from_flag(false, Position::from_ms(600_000))
    );

    // Kodi to Jellyfin: a mark with its date.
    let matrix = home.key("The Matrix", "kodi").await;
    let id: i64 = matrix.as_str().rsplit('/').next().unwrap().parse().unwrap();
    kodi.call(
        "VideoLibrary.SetMovieDetails",
        serde_json::json!({"movieid": id, "playcount": 1, "lastplayed": "2021-06-01 20:00:00"}),
    )
    .await
    .unwrap();
    assert_ok(&home.sync().await);
    assert!(attic.shows("The Matrix", "ana").unwrap().watch.is_watched());

    let reports = home.sync().await;
    assert_ok(&reports);
    assert_eq!(written(&reports), 0, "the third sync has nothing to write");

    a_file_with_two_episodes(&mut home, &attic, &kodi).await;

    // Killed in the middle of an export, after the first of three writes: the next run completes it.
    attic.unwatch("Inception", "ana").unwrap();
    attic.watch("Big Buck Bunny", "ana").unwrap();
    attic.watch("Amélie", "ana").unwrap();
    assert_ok(&home.import().await);
    home.settings.writes_at_once = 1;
    home.report = Arc::new(KillAfterTheFirst { kodi: kodi.clone(), done: AtomicBool::new(false) });
    let reports = home.export().await;
    assert!(of(&reports, Task::Export, "kodi").run.error.is_some());
    home.report = Arc::new(watchstate_engine::Silent);
    kodi.restart().await.unwrap();
    assert_ok(&home.sync().await);
    for (title, watch) in [
        ("Inception", Watch::Unwatched),
        ("Big Buck Bunny", Watch::WATCHED),
        ("Amélie", Watch::WATCHED),
        ("The Matrix", Watch::WATCHED),
    ] {
        assert_eq!(home.shown(title, "kodi").await.watch, watch, "{title} on kodi");
        assert_eq!(attic.shows(title, "ana").unwrap().watch, watch, "{title} on jellyfin");
    }
    assert_eq!(written(&home.sync().await), 0);
}

/// Kodi keeps one mark for the two episodes of a file. Told of one of them, it would show both as watched, and
/// the other would be taken for a person's doing and told to everybody.
async fn a_file_with_two_episodes(home: &mut Household, attic: &FakeServer, kodi: &GenuineKodi) {
    let [second, third] = ["Breaking Bad S02E02", "Breaking Bad S02E03"];
    let on_kodi = async || -> i64 {
        let params = serde_json::json!({"properties": ["playcount", "file"]});
        let listed = kodi.call("VideoLibrary.GetEpisodes", params).await.unwrap();
        let counts: Vec<i64> = listed["episodes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|episode| episode["file"].as_str().unwrap().contains("S02E02-E03"))
            .map(|episode| episode["playcount"].as_i64().unwrap())
            .collect();
        assert_eq!(counts.len(), 2);
        assert_eq!(counts[0], counts[1], "one file, one mark");
        counts[0]
    };
    attic.watch(second, "ana").unwrap();
    for _ in 0..2 {
        let reports = home.sync().await;
        assert_ok(&reports);
        assert_eq!(written(&reports), 0, "one of two cannot be told");
    }
    assert_eq!(on_kodi().await, 0);
    assert!(!attic.shows(third, "ana").unwrap().watch.is_watched(), "nobody watched it");

    attic.watch(third, "ana").unwrap();
    let reports = home.sync().await;
    assert_ok(&reports);
    assert_eq!(written(&reports), 1, "both are watched: one write says so");
    assert_eq!(on_kodi().await, 1);

    let params = serde_json::json!({"properties": ["file"]});
    let listed = kodi.call("VideoLibrary.GetEpisodes", params).await.unwrap();
    let mut episodes = listed["episodes"].as_array().unwrap().iter();
    let row = episodes
        .rfind(|episode| episode["file"].as_str().unwrap().contains("S02E02-E03"))
        .unwrap()["episodeid"]
        .clone();
    let unwatch = serde_json::json!({"episodeid": row, "playcount": 0, "lastplayed": ""});
    kodi.call("VideoLibrary.SetEpisodeDetails", unwatch).await.unwrap();
    assert_ok(&home.sync().await);
    for title in [second, third] {
        assert_eq!(attic.shows(title, "ana").unwrap().watch, Watch::Unwatched, "{title}");
    }
    assert_eq!(written(&home.sync().await), 0);
}

/// Kills Kodi when the first write was sent.
struct KillAfterTheFirst {
    kodi: Arc<GenuineKodi>,
    done: AtomicBool,
}

impl Report for KillAfterTheFirst {
    fn step(&self, step: Step) {
        if matches!(step, Step::Sent { .. }) && !self.done.swap(true, Ordering::Relaxed) {
            let kodi = self.kodi.clone();
            tokio::spawn(async move { kodi.kill().await.unwrap() });
        }
    }
}
