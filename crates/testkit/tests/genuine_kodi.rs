//! The Kodi client against the genuine program. Skipped, and said so, where Kodi is not installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has to fail")]

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use watchstate_model::{
    Episode, ExternalIds, Item, ItemKey, Kind, Marks, Moment, Position, Target, Watch,
};
use watchstate_servers::{
    Address, Detail, Fault, Library, Limits, MediaServer, Pause, Sensitive, ServerKind, Stretch,
    Wanted, Write, connect, sign_in,
};
use watchstate_testkit::genuine_kodi::{EPISODES, GenuineKodi, MOVIES, Options, Start};

/// Kodi lives in real time, and so does this test.
struct RealTime;

impl Pause for RealTime {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::task::yield_now())
    }

    #[expect(clippy::disallowed_methods, reason = "Kodi's clock is the machine's")]
    fn now(&self) -> Moment {
        Moment(jiff::Timestamp::now().as_second())
    }
}

fn at(utc: &str) -> Moment {
    Moment(utc.parse::<jiff::Timestamp>().unwrap().as_second())
}

fn position(ms: u64) -> Position {
    Position::from_ms(ms).unwrap()
}

const LIMITS: fn() -> Limits = || Limits { retries: 0, ..Limits::default() };

/// A running Kodi, unless there is none on this machine.
async fn start(dir: &tempfile::TempDir, options: Options) -> Option<Box<GenuineKodi>> {
    match GenuineKodi::start(dir.path(), &options).await.unwrap() {
        Start::Running(kodi) => Some(kodi),
        Start::Missing(missing) => {
            // Not eprintln: what a passing test prints is not shown.
            let line = format!("SKIPPED: {missing}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            None
        }
    }
}

fn client(kodi: &GenuineKodi, token: &str) -> Arc<dyn MediaServer> {
    let address = Address {
        kind: ServerKind::Kodi,
        url: kodi.url().clone(),
        user: None,
        token: Sensitive::new(token.to_owned()),
        client_id: "test".to_owned(),
    };
    connect(address, LIMITS(), Arc::new(RealTime)).unwrap()
}

const ALL: Stretch = Stretch { from: 0, size: 1000 };

async fn library(client: &dyn MediaServer, key: &str) -> Library {
    let all = client.libraries().await.unwrap();
    all.into_iter().find(|library| library.key.as_str() == key).unwrap()
}

/// All of a library, in its order.
async fn all(client: &dyn MediaServer, key: &str) -> Vec<Item> {
    let library = library(client, key).await;
    client.items(&library, ALL, Detail::Full).await.unwrap().entries
}

/// The item with this name.
async fn named(client: &dyn MediaServer, key: &str, name: &str) -> Item {
    let all = all(client, key).await;
    all.into_iter().find(|item| item.facts.as_ref().unwrap().name == name).unwrap()
}

/// Makes an item show something, and reads back what it shows.
async fn write(client: &dyn MediaServer, item: &Item, watch: Watch, on: Option<&str>) -> Marks {
    let from = marks(client, &item.key).await;
    let plays = u32::from(watch.is_watched());
    let to = Target { watch, plays, played_at: on.map(at) };
    let duration_ms = item.facts.as_ref().and_then(|facts| facts.duration_ms);
    client.write(&Write { key: item.key.clone(), from, to, duration_ms }).await.unwrap();
    marks(client, &item.key).await
}

async fn marks(client: &dyn MediaServer, key: &ItemKey) -> Marks {
    client.read(std::slice::from_ref(key)).await.unwrap().remove(0).marks
}

#[tokio::test]
async fn a_kodi_in_berlin() {
    let dir = tempfile::tempdir().unwrap();
    let Some(kodi) = start(&dir, Options::default()).await else { return };
    let client = client(&kodi, &kodi.token());

    who_it_is(&kodi, &*client).await;
    its_library(&*client).await;
    marks_with_dates(&kodi, &*client).await;
    positions(&*client).await;
    a_file_with_two_episodes(&*client).await;
    what_is_found(&*client).await;
    what_is_gone(&*client).await;
    what_is_played(&kodi, &*client).await;
    a_sudden_end(&kodi, &*client).await;
}

async fn who_it_is(kodi: &GenuineKodi, client: &dyn MediaServer) {
    let info = client.check().await.unwrap();
    assert!(info.name.starts_with("Kodi ("), "{}", info.name);
    assert_eq!(info.id, info.name);
    assert!(info.version.starts_with(|c: char| c.is_ascii_digit()), "{}", info.version);
    assert_eq!(info.clock.0, 0, "it runs on this machine");

    for token in ["kodi:wrong", "somebody:else", ""] {
        let error = self::client(kodi, token).check().await.unwrap_err();
        assert_eq!(error.fault, Fault::Unauthorized, "{token:?}");
    }
    let token = kodi.token();
    let (name, password) = token.split_once(':').unwrap();
    for (password, good) in [(password, true), ("wrong", false)] {
        let signed = sign_in(
            ServerKind::Kodi,
            kodi.url(),
            "test",
            name,
            &Sensitive::new(password.to_owned()),
            LIMITS(),
            Arc::new(RealTime),
        )
        .await;
        match signed {
            Ok(signed) => assert!(good && *signed.token.expose() == token),
            Err(error) => assert_eq!((good, error.fault), (false, Fault::Unauthorized)),
        }
    }
}

async fn its_library(client: &dyn MediaServer) {
    for (key, total) in [("movies", MOVIES), ("episodes", EPISODES)] {
        let library = library(client, key).await;
        let full = client.items(&library, ALL, Detail::Full).await.unwrap();
        assert_eq!((full.sent, full.total), (total, total), "{key}");
        let lean = client.items(&library, ALL, Detail::Lean).await.unwrap();
        assert!(lean.entries.iter().all(|item| item.facts.is_none()), "{key}");
        let mut pages = Vec::new();
        for from in (0..=total).step_by(2) {
            let page =
                client.items(&library, Stretch { from, size: 2 }, Detail::Full).await.unwrap();
            assert_eq!((page.sent, page.total), (2.min(total - from), total), "{key} from {from}");
            pages.extend(page.entries);
        }
        assert_eq!(pages, full.entries, "{key}: stretches and the whole are in one order");
        let keys: Vec<ItemKey> = full.entries.iter().map(|item| item.key.clone()).collect();
        assert_eq!(client.read(&keys).await.unwrap(), full.entries, "{key}: read one by one");
    }
    let sintel = named(client, "movies", "Sintel").await.facts.unwrap();
    assert_eq!(sintel.kind, Kind::Movie);
    assert_eq!(sintel.year, Some(2010));
    assert_eq!(sintel.ids.to_text(), "imdb:tt1727587 tmdb:45745");
    assert!(sintel.path.unwrap().ends_with("/movies/Sintel (2010)/Sintel (2010).mkv"));

    let shows = client.shows(&library(client, "episodes").await, ALL).await.unwrap();
    assert_eq!((shows.sent, shows.total), (1, 1));
    let show = &shows.entries[0];
    assert_eq!((show.name.as_str(), show.year), ("Breaking Bad", Some(2008)));
    assert_eq!(show.ids.to_text(), "imdb:tt0903747 tmdb:1396 tvdb:81189");
    let keys = [show.key.clone(), ItemKey::from("tvshow/99999")];
    assert_eq!(client.read_shows(&keys).await.unwrap(), shows.entries);

    let pilot = named(client, "episodes", "Pilot").await.facts.unwrap();
    let place = Episode {
        show_key: Some(show.key.clone()),
        show_name: "Breaking Bad".to_owned(),
        season: 1,
        number: 1,
        last: 1,
    };
    assert_eq!(pilot.kind, Kind::Episode(place));
    assert_eq!(pilot.ids.to_text(), "imdb:tt0959621 tmdb:62085 tvdb:349232");
}

async fn marks_with_dates(kodi: &GenuineKodi, client: &dyn MediaServer) {
    let before: Vec<ItemKey> =
        all(client, "movies").await.into_iter().map(|item| item.key).collect();
    for (library, name, method) in [
        ("movies", "Inception", "VideoLibrary.GetMovieDetails"),
        ("episodes", "Pilot", "VideoLibrary.GetEpisodeDetails"),
    ] {
        let item = named(client, library, name).await;
        assert_eq!(item.marks, Marks::UNTOUCHED, "{name}");
        for (utc, local, why) in [
            ("2020-05-05T18:30:00Z", "2020-05-05 20:30:00", "in summer"),
            ("2020-12-05T18:30:00Z", "2020-12-05 19:30:00", "in winter"),
            ("2020-03-29T00:59:59Z", "2020-03-29 01:59:59", "the last second of winter"),
            ("2020-03-29T01:00:00Z", "2020-03-29 03:00:00", "and the next"),
            ("2020-10-25T00:30:00Z", "2020-10-25 02:30:00", "the hour that comes twice"),
        ] {
            let shown = write(client, &item, Watch::WATCHED, Some(utc)).await;
            let marks = Marks { watch: Watch::WATCHED, plays: 1, last_played: Some(at(utc)) };
            assert_eq!(shown, marks, "{name}, {why}");
            let (kind, id) = item.key.as_str().split_once('/').unwrap();
            let id: u32 = id.parse().unwrap();
            let params = json!({ format!("{kind}id"): id, "properties": ["lastplayed"] });
            let raw = kodi.call(method, params).await.unwrap();
            assert_eq!(raw[format!("{kind}details")]["lastplayed"], local, "{name}, {why}");
        }
        let shown = write(client, &item, Watch::WATCHED, None).await;
        assert_eq!(shown.last_played, Some(at("2020-10-25T00:30:00Z")), "{name}: no other date");
        let shown = write(client, &item, Watch::Unwatched, None).await;
        assert_eq!(shown, Marks::UNTOUCHED, "{name}: an un-watch clears the date as well");
    }
    let after: Vec<ItemKey> =
        all(client, "movies").await.into_iter().map(|item| item.key).collect();
    assert_eq!(before, after, "writes do not change the order of pages");
}

async fn positions(client: &dyn MediaServer) {
    let sintel = named(client, "movies", "Sintel").await;
    let may = "2020-05-05T10:00:00Z";
    let rewatch = |ms| Watch::Watched { rewatch: Some(position(ms)) };
    for (watch, on, shown, last_played, why) in [
        (Watch::Started(position(600_999)), None, Watch::Started(position(600_000)), None, "cut"),
        (
            Watch::Started(position(60_000)),
            Some(may),
            Watch::Started(position(60_000)),
            Some(may),
            "back",
        ),
        (Watch::WATCHED, Some(may), Watch::WATCHED, Some(may), "watched: the position is cleared"),
        (rewatch(300_000), Some(may), rewatch(300_000), Some(may), "a rewatch beside the mark"),
        (Watch::WATCHED, Some(may), Watch::WATCHED, Some(may), "given up"),
        (rewatch(300_000), None, rewatch(300_000), Some(may), "and begun again"),
        (
            Watch::Started(position(300_000)),
            None,
            Watch::Started(position(300_000)),
            Some(may),
            "the mark goes, position and date stay",
        ),
        (Watch::Unwatched, None, Watch::Unwatched, Some(may), "the position goes"),
    ] {
        let marks = write(client, &sintel, watch, on).await;
        assert_eq!((marks.watch, marks.last_played), (shown, last_played.map(at)), "{why}");
    }
}

async fn a_file_with_two_episodes(client: &dyn MediaServer) {
    let both = named(client, "episodes", "Grilled").await;
    let facts = both.facts.clone().unwrap();
    let Kind::Episode(place) = facts.kind else { panic!("{:?}", facts.kind) };
    assert_eq!((place.season, place.number, place.last), (2, 2, 3));
    let titles: Vec<String> =
        all(client, "episodes").await.into_iter().map(|item| item.facts.unwrap().name).collect();
    assert!(!titles.contains(&"Bit by a Dead Bee".to_owned()), "one item for one mark: {titles:?}");
    let may = "2020-05-05T10:00:00Z";
    for watch in [Watch::WATCHED, Watch::Unwatched] {
        let shown = write(client, &both, watch, Some(may)).await;
        for row in both.key.as_str().trim_start_matches("episode/").split('+') {
            let alone = ItemKey(format!("episode/{row}"));
            assert_eq!(marks(client, &alone).await, shown, "setting one sets both");
        }
    }
}

async fn what_is_found(client: &dyn MediaServer) {
    let movie = |name: &str, ids: &str| Wanted::Movie {
        name: name.to_owned(),
        ids: ExternalIds::from_text(ids),
    };
    let episode = |show: &str, ids: &str, season, number| Wanted::Episode {
        show_name: show.to_owned(),
        show_ids: ExternalIds::from_text(ids),
        season,
        number,
    };
    for (wanted, names, why) in [
        (movie("The Matrix", "imdb:tt0133093"), vec!["The Matrix"; 2], "both copies"),
        (movie("matrix", "tmdb:603"), vec!["The Matrix"; 2], "by a part of the name"),
        (movie("The Matrix", "tmdb:604"), vec![], "another film of that name"),
        (movie("Amélie", "tmdb:194"), vec!["Amélie"], "not only ASCII"),
        (movie("100 % \"of\" _ 'x'", "tmdb:194"), vec![], "all that SQL might stumble over"),
        (
            episode("Breaking Bad", "tvdb:81189", 2, 3),
            vec!["Grilled"],
            "an episode, in the file of another",
        ),
        (episode("Breaking Bad", "tvdb:81189", 0, 1), vec!["Good Cop Bad Cop"], "a special"),
        (episode("Breaking Bad", "tvdb:81189", 9, 1), vec![], "a season that is not there"),
        (episode("Breaking Bad", "tvdb:81190", 1, 1), vec![], "another series of that name"),
    ] {
        let found = client.find(&wanted).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|item| item.facts.unwrap().name).collect();
        assert_eq!(found, names, "{why}");
    }
}

async fn what_is_gone(client: &dyn MediaServer) {
    let keys = ["movie/99999", "movie/1", "episode/99999", "movie/99999999999"].map(ItemKey::from);
    let there = client.read(&keys).await.unwrap();
    assert_eq!(there.into_iter().map(|item| item.key.0).collect::<Vec<_>>(), ["movie/1"]);
    for key in ["movie/99999", "episode/99999"] {
        let write = Write {
            key: ItemKey::from(key),
            from: Marks::UNTOUCHED,
            to: Target { watch: Watch::WATCHED, plays: 1, played_at: None },
            duration_ms: None,
        };
        assert_eq!(client.write(&write).await.unwrap_err().fault, Fault::NotFound, "{key}");
    }
}

async fn what_is_played(kodi: &GenuineKodi, client: &dyn MediaServer) {
    assert!(client.playing().await.unwrap().is_just(&[]));
    let sintel = named(client, "movies", "Sintel").await;
    let id: u32 = sintel.key.as_str().split_once('/').unwrap().1.parse().unwrap();
    kodi.call("Player.Open", json!({ "item": { "movieid": id } })).await.unwrap();
    kodi.until("beginning to play", async |_| {
        Ok(client.playing().await?.is_just(std::slice::from_ref(&sintel.key)))
    })
    .await
    .unwrap();
    kodi.call("Player.Stop", json!({ "playerid": 1 })).await.unwrap();
    kodi.until("stopping", async |_| Ok(client.playing().await?.is_just(&[]))).await.unwrap();
}

async fn a_sudden_end(kodi: &GenuineKodi, client: &dyn MediaServer) {
    let bunny = named(client, "movies", "Big Buck Bunny").await;
    let shown = write(client, &bunny, Watch::WATCHED, Some("2020-05-05T10:00:00Z")).await;
    kodi.kill().await.unwrap();
    assert_eq!(client.check().await.unwrap_err().fault, Fault::Unreachable);
    kodi.restart().await.unwrap();
    client.check().await.unwrap();
    assert_eq!(marks(client, &bunny.key).await, shown, "what it has taken, it keeps");
}

#[tokio::test]
async fn a_kodi_in_new_york_that_counts_to_twelve() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { timezone: "America/New_York".to_owned(), twelve_hours: true };
    let Some(kodi) = start(&dir, options).await else { return };
    let client = client(&kodi, &kodi.token());
    assert_eq!(client.check().await.unwrap().clock.0, 0);
    let label = "System.Time(hh:mm:ss xx)";
    let shown = kodi.call("XBMC.GetInfoLabels", json!({ "labels": [label] })).await.unwrap();
    let shown = shown[label].as_str().unwrap();
    assert!(shown.ends_with("AM") || shown.ends_with("PM"), "{shown}");

    let item = named(&*client, "movies", "Inception").await;
    for (utc, local) in [
        ("2020-07-02T00:30:00Z", "2020-07-01 20:30:00"),
        ("2020-01-02T00:30:00Z", "2020-01-01 19:30:00"),
        ("2020-03-08T07:00:00Z", "2020-03-08 03:00:00"),
        ("2020-11-01T05:30:00Z", "2020-11-01 01:30:00"),
    ] {
        let shown = write(&*client, &item, Watch::WATCHED, Some(utc)).await;
        assert_eq!(shown.last_played, Some(at(utc)), "{local}");
        let raw = kodi.call("VideoLibrary.GetMovies", json!({ "properties": ["lastplayed"] }));
        let raw = raw.await.unwrap();
        let movies = raw["movies"].as_array().unwrap();
        assert!(movies.iter().any(|movie| movie["lastplayed"] == local), "{local}");
    }
}
