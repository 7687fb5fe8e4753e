//! Libraries, items, marks and sessions, from recordings.

use watchstate_model::{ExternalIds, ItemKey, Kind, Marks, Moment, Watch};

use watchstate_servers::{Detail, LibraryKind, MediaServer, Playing, Stretch, Wanted};

use super::mediabrowser::{Reply, listed, recorded, recording};
use super::{BOTH, MATRIX, NEW, OLD, SHOW, SINTEL, checked, library, position, stage};

#[tokio::test]
async fn libraries_of_movies_and_series() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        let views = format!("GET /Users/{id}/Views");
        stage.on(&views, recorded(server, "25-views"));
        let all = client.libraries().await.unwrap();
        let told: Vec<_> = all.iter().map(|l| (l.name.as_str(), l.kind)).collect();
        assert_eq!(told, [("Movies", LibraryKind::Movies), ("Shows", LibraryKind::Shows)]);
        assert_eq!(all[0].key.as_str(), "f137a2dd21bbc1b99aa5c0f6bf02a805");
        // A version that has the newer path alone.
        stage.on(&views, Reply::status(404, "")).on("GET /UserViews", recorded(server, "25-views"));
        stage.seen();
        assert_eq!(client.libraries().await.unwrap(), all);
        assert_eq!(stage.seen()[1].query["userId"], id);
    }
}

#[tokio::test]
async fn a_full_page() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", recorded(server, "26-items-all"));
        let stretch = Stretch { from: 0, size: 500 };
        let page = client.items(&library(LibraryKind::Mixed), stretch, Detail::Full).await.unwrap();
        assert_eq!(
            (page.sent, page.total, page.entries.len()),
            (15, 15, 11),
            "no seasons, no series"
        );
        let of = |key: &str| page.entries.iter().find(|i| i.key.as_str() == key).unwrap();

        let sintel = of(SINTEL);
        assert_eq!(sintel.marks, Marks::UNTOUCHED);
        assert_eq!(sintel.added_at, Some(Moment(1_795_433_062)));
        let facts = sintel.facts.as_ref().unwrap();
        assert_eq!((facts.kind.clone(), facts.name.as_str()), (Kind::Movie, "Sintel"));
        assert_eq!((facts.year, facts.duration_ms), (Some(2010), Some(1_200_128)));
        assert_eq!(facts.ids.to_text(), "imdb:tt1727587 tmdb:45745");
        assert_eq!(facts.path.as_deref(), Some("/media/movies/Sintel (2010)/Sintel (2010).mkv"));

        let two = of("fb1a3bf5ed141a660ec20335db029ab9").facts.as_ref().unwrap();
        let Kind::Episode(episode) = &two.kind else { panic!("an episode") };
        assert_eq!((episode.season, episode.number, episode.last), (2, 2, 3));
        assert_eq!(episode.show_name, "Breaking Bad");
        assert_eq!(episode.show_key.as_ref().map(ItemKey::as_str), Some(SHOW));
        assert_eq!((two.ids.to_text().as_str(), two.year), ("tvdb:349236", None));

        let special = of("9314ef4db1a92a44e1766103abfa4b49").facts.as_ref().unwrap();
        assert!(matches!(&special.kind, Kind::Episode(e) if e.season == 0 && e.last == 1));

        let query = stage.seen().remove(0).query;
        for (name, value) in [
            ("userId", id),
            ("parentId", "lib"),
            ("recursive", "true"),
            ("includeItemTypes", "Movie,Episode"),
            ("excludeLocationTypes", "Virtual"),
            ("sortBy", "DateCreated,SortName"),
            ("sortOrder", "Ascending"),
            ("startIndex", "0"),
            ("limit", "500"),
            ("enableImages", "false"),
            ("enableUserData", "true"),
            ("enableTotalRecordCount", "true"),
            ("collapseBoxSetItems", "false"),
            ("fields", "DateCreated,ProviderIds,Path"),
        ] {
            assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn a_lean_page() {
    for (server, _) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", recorded(server, "28-items-page"));
        let stretch = Stretch { from: 2, size: 3 };
        let page = client.items(&library(LibraryKind::Shows), stretch, Detail::Lean).await.unwrap();
        assert_eq!((page.sent, page.total, page.entries.len()), (3, 11, 3));
        assert!(page.entries.iter().all(|item| item.facts.is_none() && item.added_at.is_some()));
        let query = stage.seen().remove(0).query;
        assert_eq!((query["startIndex"].as_str(), query["limit"].as_str()), ("2", "3"));
        assert_eq!(query["fields"], "DateCreated");
    }
}

#[tokio::test]
async fn items_without_user_data_are_not_unwatched() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    stage.on("GET /Items", recorded(NEW, "31-items-apikey-nouser"));
    let stretch = Stretch { from: 0, size: 1 };
    let page = client.items(&library(LibraryKind::Movies), stretch, Detail::Full).await.unwrap();
    assert_eq!((page.sent, page.total, page.entries.len()), (1, 6, 0));
}

#[tokio::test]
async fn series_of_a_library() {
    for (server, _) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", recorded(server, "26-items-all"));
        let stretch = Stretch { from: 0, size: 500 };
        let page = client.shows(&library(LibraryKind::Shows), stretch).await.unwrap();
        assert_eq!((page.sent, page.entries.len()), (15, 1));
        let show = &page.entries[0];
        assert_eq!((show.key.as_str(), show.name.as_str()), (SHOW, "Breaking Bad"));
        assert_eq!(
            (show.ids.to_text().as_str(), show.year),
            ("imdb:tt0903747 tmdb:1396 tvdb:81189", Some(2008))
        );
        assert_eq!(stage.seen()[0].query["includeItemTypes"], "Series");
        let none = client.shows(&library(LibraryKind::Movies), stretch).await.unwrap();
        assert_eq!((none.sent, none.total), (0, 0));
        assert!(stage.asked().is_empty(), "a library of movies is not asked for series");
    }
}

#[tokio::test]
async fn marks_as_recorded() {
    let started = |ms| Watch::Started(position(ms));
    for (server, step, watch, plays, at, why) in [
        (NEW, "34-after-played", Watch::WATCHED, 1, Some(1_709_673_247), "marked with a date"),
        (OLD, "34-after-played", Watch::WATCHED, 1, Some(1_709_673_247), "on 10.8 as well"),
        (
            NEW,
            "42-after-userdata-post",
            started(1200),
            0,
            Some(1_711_965_600),
            "a position was set",
        ),
        (OLD, "42-after-userdata-post", Watch::Unwatched, 0, None, "which 10.8 refused"),
        (NEW, "63-after-progress", started(300_000), 1, Some(1_795_434_884), "six digits"),
        (NEW, "66-after-stop-half", started(600_000), 1, Some(1_795_434_884), "left in the middle"),
        (OLD, "66-after-stop-half", started(600_000), 1, Some(1_795_434_921), "on 10.8 as well"),
        (NEW, "69-after-stop-97", Watch::WATCHED, 2, Some(1_795_434_886), "watched to the end"),
        (NEW, "72-after-stop-1pct", Watch::Unwatched, 3, Some(1_795_434_887), "opened again"),
        (OLD, "72-after-stop-1pct", Watch::Unwatched, 3, Some(1_795_434_924), "on 10.8 as well"),
    ] {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", listed(server, step));
        let item = recording(server, step)["response"]["body"]["Id"].as_str().unwrap().to_owned();
        let read = client.read(&[ItemKey(item)]).await.unwrap();
        let last_played = at.map(Moment);
        assert_eq!(read[0].marks, Marks { watch, plays, last_played }, "{server} {step}: {why}");
        assert!(read[0].facts.is_some(), "{why}");
    }
}

#[tokio::test]
async fn single_items_and_series() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    stage.on("GET /Items", recorded(NEW, "26-items-all"));
    let dashed = "6073316a-a82c-33af-b89a-02d3619a2480";
    let keys =
        [dashed.into(), MATRIX.into(), SHOW.into(), "ffffffffffffffffffffffffffffffff".into()];
    let read = client.read(&keys).await.unwrap();
    let names: Vec<_> = read.iter().map(|i| i.facts.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(
        names,
        ["The Matrix", "Sintel"],
        "only what was asked for, and only movies and episodes"
    );
    let query = stage.seen().remove(0).query;
    assert_eq!(query["ids"], keys.each_ref().map(ItemKey::as_str).join(","));
    assert_eq!((query["limit"].as_str(), query["enableUserData"].as_str()), ("4", "true"));
    assert_eq!(client.read_shows(&keys).await.unwrap()[0].name, "Breaking Bad");
    stage.seen();
    assert!(client.read(&[]).await.unwrap().is_empty());
    assert!(client.read(&["".into(), "a,b".into()]).await.unwrap().is_empty());
    assert!(stage.asked().is_empty(), "no keys: without them the whole library would come");
}

#[tokio::test]
async fn titles_are_found_by_name_and_recognised_by_ids() {
    let ids = ExternalIds::from_text;
    for (server, _) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", recorded(server, "26-items-all"));
        stage.on(
            "GET /Shows/7cdc384c3fb7da40bc2114dd6a801ffe/Episodes",
            recorded(server, "81-episodes"),
        );
        let movie = |name: &str, of: &str| Wanted::Movie { name: name.into(), ids: ids(of) };
        let episode = |of: &str, season, number| Wanted::Episode {
            show_name: "Breaking Bad".into(),
            show_ids: ids(of),
            season,
            number,
        };
        for (wanted, found, why) in [
            (movie("The Matrix", "tmdb:603"), 2, "both copies"),
            (movie("The Matrix", "tmdb:604"), 0, "the same name is not the same film"),
            (movie("The Matrix", ""), 0, "nor is a film without ids"),
            (movie(" ", "tmdb:603"), 0, "a search for nothing is none"),
            (episode("tvdb:81189", 1, 2), 1, "an episode"),
            (episode("tvdb:81189", 0, 1), 1, "a special"),
            (episode("tvdb:81189", 2, 3), 1, "the second of two in a file"),
            (episode("tvdb:81189", 2, 4), 0, "not there"),
            (episode("tvdb:1", 1, 2), 0, "another series of that name"),
        ] {
            assert_eq!(client.find(&wanted).await.unwrap().len(), found, "{why}");
        }
        let seen = stage.seen();
        assert_eq!(seen[0].query["searchTerm"], "The Matrix");
        let episodes = seen.iter().find(|seen| seen.what.contains("Episodes")).unwrap();
        assert_eq!(episodes.query["season"], "1");
        stage.on("GET /Shows/7cdc384c3fb7da40bc2114dd6a801ffe/Episodes", Reply::status(404, ""));
        assert!(client.find(&episode("tvdb:81189", 1, 2)).await.unwrap().is_empty(), "it went");
    }
}

#[tokio::test]
async fn who_plays_what() {
    for (server, _) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        for (step, why) in [("61-sessions", "begun"), ("64-sessions-playing", "going on")] {
            stage.on("GET /Sessions", recorded(server, step));
            assert!(client.playing().await.unwrap().is_just(&[SINTEL.into()]), "{why}");
        }
        for (json, items, why) in [
            (r#"{"UserId":"ROOT","NowPlayingItem":{"Id":"k"}}"#, 1, "ours"),
            (r#"{"UserId":"ROOT"}"#, 0, "idle"),
            (r#"{"UserId":"else","NowPlayingItem":{"Id":"k"}}"#, 0, "another user"),
            (r#"{"NowPlayingItem":{"Id":"k"}}"#, 0, "nobody"),
            (
                r#"{"UserId":"else","AdditionalUsers":[{"UserId":"ROOT"}],"NowPlayingItem":{"Id":"k"}}"#,
                1,
                "watching along",
            ),
            (
                r#"{"UserId":"ROOT","DeviceId":"our-device","NowPlayingItem":{"Id":"k"}}"#,
                0,
                "our own session only writes a position",
            ),
        ] {
            let root = client.user().await.unwrap().id;
            stage.on("GET /Sessions", Reply::json(&format!("[{}]", json.replace("ROOT", &root))));
            let Playing::Items(playing) = client.playing().await.unwrap() else { panic!("{why}") };
            assert_eq!(playing.len(), items, "{why}");
        }
        for status in [401, 403] {
            stage.on("GET /Sessions", Reply::status(status, ""));
            assert_eq!(client.playing().await.unwrap(), Playing::NotVisible);
        }
        stage.on("GET /Sessions", Reply::status(404, ""));
        assert!(client.playing().await.is_err(), "anything else is unknown, not nobody");
    }
}
