//! Pages, single items, series, what is played, and looking up.

use serde_json::{Value, json};
use watchstate_model::{Episode, ExternalIds, ItemKey, Kind, Marks, Provider, Watch};
use watchstate_servers::{Detail, Fault, LibraryKind, MediaServer, Stretch, Wanted};

use crate::scripted::*;

#[tokio::test]
async fn a_page_of_movies() {
    let (kodi, server) =
        checked(vec![recorded("10-movies"), recorded("11-movies-paged"), recorded("10-movies")])
            .await;
    let page = kodi.items(&movies(), ALL, Detail::Full).await.unwrap();
    assert_eq!((page.sent, page.total), (5, 5));
    let matrix = &page.entries[3];
    assert_eq!(matrix.key.as_str(), "movie/4");
    assert_eq!(matrix.marks, Marks::UNTOUCHED);
    assert_eq!(matrix.added_at, Some(at("2026-11-23T09:42:03Z")), "from Berlin's local time");
    let facts = matrix.facts.as_ref().unwrap();
    assert_eq!(facts.kind, Kind::Movie);
    assert_eq!(facts.name, "The Matrix");
    assert_eq!(facts.year, Some(1999));
    assert_eq!(facts.ids.to_text(), "imdb:tt0133093 tmdb:603");
    assert_eq!(
        facts.path.as_deref(),
        Some("/media/movies/The Matrix (1999)/The Matrix (1999).mkv")
    );
    assert_eq!(facts.duration_ms, Some(60_000));

    let page = kodi.items(&movies(), Stretch { from: 1, size: 2 }, Detail::Lean).await.unwrap();
    assert_eq!((page.sent, page.total), (2, 5));
    assert!(page.entries.iter().all(|item| item.facts.is_none()));

    let far = Stretch { from: u32::MAX, size: u32::MAX };
    kodi.items(&movies(), far, Detail::Lean).await.unwrap();
    let asked = server.bodies();
    assert_eq!(asked[0]["method"], "VideoLibrary.GetMovies");
    assert_eq!(asked[0]["params"]["limits"], json!({"start": 0, "end": 100}));
    assert_eq!(asked[1]["params"]["limits"], json!({"start": 1, "end": 3}));
    assert_eq!(
        asked[1]["params"]["properties"],
        json!(["playcount", "lastplayed", "resume", "dateadded"]),
        "a lean page asks for nothing else"
    );
    assert_eq!(
        asked[2]["params"]["limits"],
        json!({"start": 2_147_483_647, "end": 2_147_483_647}),
        "Kodi's numbers have 31 bits"
    );
}

#[tokio::test]
async fn a_page_of_episodes() {
    let (kodi, server) = checked(vec![
        recorded("14-episodes"),
        recorded("14-episodes"),
        recorded("14-episodes"),
        recorded("33-after-multiep-both"),
    ])
    .await;
    let page = kodi.items(&episodes(), ALL, Detail::Full).await.unwrap();
    assert_eq!((page.sent, page.total), (6, 6));
    assert_eq!(page.entries.len(), 5, "two entries share a file and are one item");
    let asked = server.bodies();
    assert_eq!(asked[0]["params"]["properties"], json!(["file", "tvshowid", "season", "episode"]));
    assert_eq!(asked[1]["method"], "VideoLibrary.GetEpisodes");
    let facts: Vec<_> = page.entries.iter().map(|item| item.facts.as_ref().unwrap()).collect();
    let special = page.entries.iter().find(|item| item.key.as_str() == "episode/1").unwrap();
    let expected = Kind::Episode(Episode {
        show_key: Some(ItemKey::from("tvshow/1")),
        show_name: "Breaking Bad".to_owned(),
        season: 0,
        number: 1,
        last: 1,
    });
    assert_eq!(special.facts.as_ref().unwrap().kind, expected, "specials are season 0");
    let pilot = facts.iter().find(|facts| facts.name == "Pilot").unwrap();
    assert_eq!(pilot.ids.to_text(), "imdb:tt0959621 tmdb:62085 tvdb:349232");

    assert_eq!(pilot.duration_ms, None, "0 is not known");

    let page = kodi.items(&episodes(), ALL, Detail::Full).await.unwrap();
    let both = page.entries.iter().find(|item| item.key.as_str() == "episode/5+6").unwrap();
    let facts = both.facts.as_ref().unwrap();
    assert!(
        matches!(&facts.kind, Kind::Episode(e) if (e.season, e.number, e.last) == (2, 2, 3)),
        "a file with two episodes covers both: {:?}",
        facts.kind
    );
    assert!(!page.entries.iter().any(|item| item.key.as_str() == "episode/6"));
    let marks = both.marks;
    assert_eq!((marks.watch, marks.plays), (Watch::WATCHED, 1));
    assert_eq!(marks.last_played, Some(at("2026-11-23T09:45:31Z")));
}

#[tokio::test]
async fn series() {
    let (kodi, server) = checked(vec![
        recorded("12-tvshows"),
        ok(&json!([
            {"id": 0, "result": {"tvshowdetails": {
                "tvshowid": 1, "label": "Breaking Bad", "imdbnumber": "tt0903747",
            }}},
            {"id": 1, "error": {"code": -32602, "message": "Invalid params."}},
        ])
        .to_string()),
    ])
    .await;
    let page = kodi.shows(&episodes(), ALL).await.unwrap();
    assert_eq!((page.sent, page.total), (1, 1));
    let show = &page.entries[0];
    assert_eq!((show.key.as_str(), show.name.as_str()), ("tvshow/1", "Breaking Bad"));
    assert_eq!(show.year, Some(2008));
    assert_eq!(
        show.ids.to_text(),
        "imdb:tt0903747 tmdb:1396 tvdb:81189",
        "and imdbnumber, which holds the tvdb id here, is not taken for an imdb id"
    );
    let keys = [
        ItemKey::from("tvshow/1"),
        ItemKey::from("tvshow/2"),
        ItemKey::from("movie/1"),
        ItemKey::from("nonsense"),
    ];
    let shows = kodi.read_shows(&keys).await.unwrap();
    assert_eq!(shows.len(), 1);
    assert_eq!(shows[0].ids.to_text(), "imdb:tt0903747", "an old Kodi has only imdbnumber");
    assert_eq!(server.bodies()[1].as_array().unwrap().len(), 2, "only series are asked for");

    assert_eq!(kodi.shows(&movies(), ALL).await.unwrap().entries, []);
    let unknown = library("music", LibraryKind::Mixed);
    assert_eq!(kodi.shows(&unknown, ALL).await.unwrap_err().fault, Fault::NotFound);
}

#[tokio::test]
async fn what_marks_look_like() {
    let names = [
        "15-movie-details",
        "21-after-played",
        "23-after-resume",
        "25-after-played-only",
        "27-after-unplayed",
        "29-after-played-with-resume",
        "31-after-episode-played",
        "40-after-clear-resume",
        "84-after-unplayed-undated",
    ];
    let (kodi, _server) = checked(vec![recorded_batch(&names)]).await;
    let keys = names.map(|name| {
        let told: Value =
            serde_json::from_str(&recording(&format!("{name}.response.json"))).unwrap();
        let told = &told["result"];
        ItemKey(match told["moviedetails"]["movieid"].as_u64() {
            Some(id) => format!("movie/{id}"),
            None => format!("episode/{}", told["episodedetails"]["episodeid"]),
        })
    });
    // The last has no season or runtime: facts are told with what there is.
    let read = kodi.read(&keys).await.unwrap();
    let noon = Some(at("2026-11-23T09:45:28Z"));
    for ((item, (watch, plays, last_played)), name) in read
        .iter()
        .zip([
            (Watch::Unwatched, 0, None),
            (Watch::WATCHED, 1, Some(at("2024-03-05T20:14:07Z"))),
            (Watch::Started(position(2_000)), 0, None),
            (Watch::WATCHED, 1, noon),
            (Watch::Unwatched, 0, noon),
            (
                Watch::Watched { rewatch: Some(position(2_000)) },
                1,
                Some(at("2026-11-23T09:45:30Z")),
            ),
            (Watch::WATCHED, 2, Some(at("2024-03-06T19:00:00Z"))),
            (Watch::WATCHED, 1, Some(at("2026-11-23T09:45:30Z"))),
            (Watch::Unwatched, 0, None),
        ])
        .zip(names)
    {
        assert_eq!(item.marks, Marks { watch, plays, last_played }, "{name}");
    }
    assert_eq!(read.len(), names.len());
}

#[tokio::test]
async fn what_is_gone_is_left_out() {
    let (kodi, server) = checked(vec![recorded("87-batch-one-missing")]).await;
    let keys =
        ["movie/1", "movie/99999", "episode/6", "tvshow/1", "movie/0", "movie/-1", "movie/x", ""]
            .map(ItemKey::from);
    let items = kodi.read(&keys).await.unwrap();
    let found: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    assert_eq!(found, ["movie/1", "episode/6"]);
    let asked = server.bodies();
    let methods: Vec<_> =
        asked[0].as_array().unwrap().iter().map(|call| call["method"].clone()).collect();
    assert_eq!(
        methods,
        [
            "VideoLibrary.GetMovieDetails",
            "VideoLibrary.GetMovieDetails",
            "VideoLibrary.GetEpisodeDetails"
        ],
        "one request, without what cannot be"
    );
    assert_eq!(kodi.read(&[]).await.unwrap(), [], "and none for nothing");
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn what_is_played() {
    for (answers, played, why) in [
        (vec![recorded("86-no-players")], vec![], "nothing"),
        (
            vec![recorded("60-active-players"), recorded_batch(&["61-player-getitem"])],
            vec!["movie/6"],
            "a movie",
        ),
        (
            vec![recorded("60-active-players"), recorded_batch(&["85-nothing-played"])],
            vec![],
            "stopped between the two questions",
        ),
        (
            vec![
                recorded("60-active-players"),
                recorded("89-two-episode-file-played"),
                recorded("14-episodes"),
            ],
            vec!["episode/5+6"],
            "a file with two episodes plays both, though Kodi names the first",
        ),
        (
            vec![ok(
                r#"{"id":0,"result":[{"playerid":0,"type":"audio"},{"playerid":2,"type":"picture"}]}"#,
            )],
            vec![],
            "music and pictures are not asked about",
        ),
    ] {
        let (kodi, _server) = checked(answers).await;
        let keys: Vec<ItemKey> = played.into_iter().map(ItemKey::from).collect();
        assert!(kodi.playing().await.unwrap().is_just(&keys), "{why}");
    }
}

#[tokio::test]
async fn a_movie_is_found_by_its_ids() {
    let (kodi, server) = checked(vec![recorded("10-movies")]).await;
    let ids = ExternalIds::from_text("tmdb:603 tvdb:1");
    let wanted = Wanted::Movie { name: "The Matrix".to_owned(), ids };
    let keys: Vec<_> =
        kodi.find(&wanted).await.unwrap().into_iter().map(|item| item.key.0).collect();
    assert_eq!(keys, ["movie/4", "movie/5"], "both copies, and nothing else that bears the name");
    assert_eq!(
        server.bodies()[0]["params"]["filter"],
        json!({"or": [
            {"field": "title", "operator": "is", "value": "The Matrix"},
            {"field": "originaltitle", "operator": "is", "value": "The Matrix"},
        ]})
    );
}

#[tokio::test]
async fn a_name_that_differs_is_looked_for_as_a_part() {
    let nothing = r#"{"id":0,"result":{"limits":{"start":0,"end":0,"total":0}}}"#;
    let (kodi, server) = checked(vec![ok(nothing), recorded("10-movies")]).await;
    let ids = ExternalIds::from_text("imdb:tt0211915");
    let wanted = Wanted::Movie { name: "Am".to_owned(), ids };
    assert_eq!(kodi.find(&wanted).await.unwrap()[0].key.as_str(), "movie/1");
    assert_eq!(server.bodies()[1]["params"]["filter"]["or"][0]["operator"], "contains");

    let (kodi, _server) = checked(vec![recorded("10-movies"), ok(nothing)]).await;
    let ids = ExternalIds::from_text("imdb:tt7654321");
    let wanted = Wanted::Movie { name: "The Matrix".to_owned(), ids };
    assert_eq!(kodi.find(&wanted).await.unwrap(), [], "the name alone is nothing");
}

#[tokio::test]
async fn an_episode_is_found_by_its_series_and_place() {
    let (kodi, server) = checked(vec![
        recorded("12-tvshows"),
        recorded("14-episodes"),
        recorded_batch(&["33-after-multiep-both"]),
    ])
    .await;
    let wanted = Wanted::Episode {
        show_name: "Breaking Bad".to_owned(),
        show_ids: ExternalIds::from_text("tvdb:81189"),
        season: 2,
        number: 3,
    };
    let found = kodi.find(&wanted).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key.as_str(), "episode/5+6", "in the file of another");
    assert_eq!(found[0].facts.as_ref().unwrap().ids.of(Provider::Tvdb).unwrap().value(), "349236");
    assert_eq!(server.bodies()[2][0]["params"]["tvshowid"], 1);
    assert_eq!(server.bodies()[2][0]["params"]["season"], 2);
}

#[tokio::test]
async fn its_zone_is_found_without_a_check() {
    let server = scripted(vec![check(), recorded("10-movies")]).await;
    let kodi = client(&server);
    let page = kodi.items(&movies(), ALL, Detail::Lean).await.unwrap();
    assert_eq!(page.entries[0].added_at, Some(at("2026-11-23T09:42:04Z")));
}
