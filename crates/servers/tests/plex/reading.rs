//! What the recordings mean in the words of the model, and how they are asked for.

use watchstate_model::{
    Episode, ExternalIds, Facts, Item, ItemKey, Kind, Marks, Moment, Show, Watch,
};
use watchstate_servers::{Detail, Fault, Page, Playing, Stretch, Wanted};

use crate::fake::{FIRST, Fake, Reply, at, fault, films, marks, recording, series};

fn ids(text: &str) -> ExternalIds {
    let ids = ExternalIds::from_text(text);
    assert_eq!(ids.to_text(), text);
    ids
}

#[tokio::test]
async fn libraries_of_movies_and_series() {
    let fake = Fake::whole().await;
    assert_eq!(fake.client().libraries().await.unwrap(), [films(), series()]);
}

#[tokio::test]
async fn a_full_page_of_movies() {
    let fake = Fake::whole().await;
    let page = fake.client().items(&films(), FIRST, Detail::Full).await.unwrap();
    let movie = |key: &str, marks, added, name: &str, year, own: &str, file: &str, ms| Item {
        key: ItemKey::from(key),
        marks,
        added_at: Some(Moment(added)),
        facts: Some(Facts {
            kind: Kind::Movie,
            name: name.into(),
            year,
            ids: ids(own),
            path: Some(format!("/media/films/{file}")),
            duration_ms: Some(ms),
        }),
    };
    let rewatch = Watch::Watched { rewatch: Some(at(300_000)) };
    let entries = vec![
        movie(
            "182",
            marks(rewatch, 2, Some(1_700_000_000)),
            1_683_716_782,
            "The Glass Harbour",
            Some(1989),
            "imdb:tt9100182 tmdb:910182 tvdb:9182",
            "The Glass Harbour (1989)/The Glass Harbour (1989).mkv",
            7_203_000,
        ),
        movie(
            "190",
            marks(Watch::Started(at(1_234_000)), 0, Some(1_700_000_500)),
            1_579_514_268,
            "Copper Rain",
            Some(2002),
            "imdb:tt9100190",
            "Copper Rain (2002).mkv",
            5_062_000,
        ),
        movie(
            "201",
            Marks::UNTOUCHED,
            1_690_000_000,
            "A Quiet Ladder",
            Some(2011),
            "tmdb:910201",
            "A Quiet Ladder (2011).mkv",
            6_000_000,
        ),
        movie(
            "202",
            Marks::UNTOUCHED,
            1_690_000_001,
            "Holiday in the Attic",
            None,
            "",
            "Holiday.mkv",
            600_000,
        ),
    ];
    assert_eq!(page, Page { entries, sent: 5, total: 12 }, "the clip is sent, and is no entry");
}

#[tokio::test]
async fn a_lean_page_asks_for_little_and_never_leaves_marks_out() {
    let fake = Fake::whole().await;
    let page = fake.client().items(&films(), FIRST, Detail::Lean).await.unwrap();
    assert_eq!((page.entries.len(), page.sent, page.total), (2, 2, 12));
    assert!(page.entries.iter().all(|item| item.facts.is_none() && item.added_at.is_some()));
    assert_eq!(page.entries[0].marks.plays, 2);
    let asked = fake.uris().remove(0);
    let query = asked.split_once('?').unwrap().1;
    let value = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("type").as_deref(), Some("1"));
    assert_eq!(value("sort").as_deref(), Some("id"));
    assert_eq!(value("includeGuids").as_deref(), Some("0"));
    let left_out = value("excludeElements").unwrap() + &value("excludeFields").unwrap();
    assert!(left_out.contains("Media") && left_out.contains("Guid"));
    for needed in ["view", "View", "ratingKey", "addedAt", "ndex"] {
        assert!(!left_out.contains(needed), "{needed} must never be left out");
    }
    assert!(!query.contains("includeFields") && !query.contains("includeElements"));
}

#[tokio::test]
async fn a_page_of_series() {
    let fake = Fake::whole().await;
    let client = fake.client();
    let page = client.shows(&series(), FIRST).await.unwrap();
    let show = |key: &str, name: &str, year, own: &str| Show {
        key: ItemKey::from(key),
        name: name.into(),
        year: Some(year),
        ids: ids(own),
    };
    let entries = vec![
        show("22", "Lantern Street", 2014, "imdb:tt9200022 tmdb:920022 tvdb:92022"),
        show("40", "Tide Tables", 2008, "tvdb:92040"),
        show("60", "Kumo no Eki", 1999, "anidb:9260"),
    ];
    assert_eq!(page, Page { entries, sent: 3, total: 3 });
    assert!(fake.uris()[0].contains("type=2") && fake.uris()[0].contains("includeGuids=1"));
    let none = client.shows(&films(), FIRST).await.unwrap();
    assert_eq!(none, Page { entries: vec![], sent: 0, total: 0 });
    assert_eq!(fake.uris().len(), 1, "a library of movies is not asked for series");
}

#[tokio::test]
async fn a_page_of_episodes() {
    let fake = Fake::whole().await;
    let page = fake.client().items(&series(), FIRST, Detail::Full).await.unwrap();
    assert!(fake.uris()[0].contains("type=4") && fake.uris()[0].contains("sort=episode.id"));
    assert_eq!((page.sent, page.total), (5, 5), "the one without a number is sent");
    let told: Vec<_> = page
        .entries
        .iter()
        .map(|item| {
            let facts = item.facts.as_ref().unwrap();
            let Kind::Episode(episode) = &facts.kind else { panic!("a movie among episodes") };
            (item.key.as_str(), episode.clone(), facts.ids.to_text(), item.marks)
        })
        .collect();
    let episode = |show: &str, name: &str, season, number, last| Episode {
        show_key: Some(ItemKey::from(show)),
        show_name: name.into(),
        season,
        number,
        last,
    };
    let lantern = |season, number, last| episode("22", "Lantern Street", season, number, last);
    let own = "imdb:tt9200024 tmdb:920024 tvdb:92024".to_owned();
    let watched = marks(Watch::WATCHED, 1, Some(1_700_001_000));
    let started = marks(Watch::Started(at(600_000)), 0, Some(1_700_002_000));
    let tide = episode("40", "Tide Tables", 1, 2, 2);
    assert_eq!(
        told,
        [
            // The first of the file's two episodes stands for both.
            ("24", lantern(1, 1, 2), own, watched),
            ("25", lantern(1, 2, 2), "tvdb:92025".into(), Marks::UNTOUCHED),
            ("26", lantern(0, 1, 1), String::new(), Marks::UNTOUCHED),
            // A legacy guid holds the series' id: none of its own. Its series' key came as a number.
            ("42", tide, String::new(), started),
        ]
    );
}

#[tokio::test]
async fn stretches_are_asked_for_by_headers() {
    let fake = Fake::new(|_, before| {
        let json = r#"{"MediaContainer":{"size":1,"totalSize":"3","offset":N,"Metadata":[
            {"ratingKey":"7","type":"movie"}]}}"#;
        Reply::Json(json.replace('N', &(before * 2).to_string()))
    })
    .await;
    let client = fake.client();
    for from in [0, 2] {
        let stretch = Stretch { from, size: 2 };
        let page = client.items(&films(), stretch, Detail::Lean).await.unwrap();
        assert_eq!((page.entries.len(), page.sent, page.total), (1, 1, 3));
    }
    let other = Stretch { from: 1, size: 2 };
    let result = client.items(&films(), other, Detail::Lean).await;
    assert_eq!(fault(result), Fault::BadAnswer, "another stretch than the one asked for");
    let asked = fake.asked.lock().unwrap();
    let header = |n: usize, name: &str| asked[n].headers[name].to_str().unwrap().to_owned();
    let sent = |n| (header(n, "x-plex-container-start"), header(n, "x-plex-container-size"));
    assert_eq!([sent(0), sent(1)], [("0".into(), "2".into()), ("2".into(), "2".into())]);
}

#[tokio::test]
async fn single_items_and_series() {
    let fake = Fake::whole().await;
    let client = fake.client();
    let keys = ["999", "24", "182", "22", "1/../../accounts", "movie/7", "", "24"];
    let keys = keys.map(ItemKey::from);
    let items = client.read(&keys).await.unwrap();
    let found: Vec<_> = items.iter().map(|item| item.key.as_str()).collect();
    assert_eq!(found, ["182", "24"], "those that are there; nothing that was not asked for");
    assert!(items.iter().all(|item| item.facts.is_some()));
    let shows = client.read_shows(&keys).await.unwrap();
    assert_eq!(shows.iter().map(|show| show.key.as_str()).collect::<Vec<_>>(), ["22"]);
    for uri in fake.uris() {
        assert!(uri.starts_with("/library/metadata/182,22,24,999?"), "{uri}");
    }
    assert_eq!(fake.uris().len(), 2);
    assert_eq!(client.read(&["998".into()]).await.unwrap(), [], "404: none of them exists");
    assert_eq!(client.read(&["x".into()]).await.unwrap(), []);
    assert_eq!(fake.uris().len(), 3, "what cannot be a key is not asked for");
}

#[tokio::test]
async fn titles_are_found_by_name_and_recognised_by_ids() {
    let fake = Fake::whole().await;
    let client = fake.client();
    let movie = |own: &str| Wanted::Movie { name: "Glass & Harbour".into(), ids: ids(own) };
    let episode = |own: &str, number| Wanted::Episode {
        show_name: "Lantern Street".into(),
        show_ids: ids(own),
        season: 1,
        number,
    };
    for (wanted, keys, why) in [
        (movie("tmdb:910182"), vec!["182"], "one id in common"),
        (movie("tmdb:1"), vec![], "the name alone is nothing"),
        (movie(""), vec![], "without ids nothing can be recognised"),
        (episode("tvdb:92022", 1), vec!["24"], "by the series' id and the place"),
        (episode("tvdb:92022", 2), vec!["24", "25"], "both copies of the second episode"),
        (episode("tvdb:92022", 9), vec![], "no such episode"),
        (episode("tvdb:1", 1), vec![], "another series of that name"),
    ] {
        let found = client.find(&wanted).await.unwrap();
        let found: Vec<_> = found.iter().map(|item| item.key.as_str()).collect();
        assert_eq!(found, keys, "{why}");
    }
    let uris = fake.uris();
    assert!(uris[1].starts_with("/library/sections/1/all?type=1&title=Glass+%26+Harbour&"));
    assert_eq!(uris.iter().filter(|uri| uri.contains("allLeaves")).count(), 3);
}

#[tokio::test]
async fn who_is_playing() {
    let fake = Fake::whole().await;
    let playing = fake.client().playing().await.unwrap();
    assert!(
        playing.is_just(&["190".into(), "42".into()]),
        "one's own: paused included, id text or number"
    );
    let nobody = Fake::new(|_, _| recording("sessions_none")).await;
    assert!(nobody.client().playing().await.unwrap().is_just(&[]));
    for status in [401, 403] {
        let hidden = Fake::new(move |_, _| Reply::Status(status)).await;
        assert_eq!(hidden.client().playing().await.unwrap(), Playing::NotVisible);
    }
    let broken = Fake::new(|_, _| Reply::Status(500)).await;
    assert_eq!(
        fault(broken.client().playing().await),
        Fault::ServerTrouble,
        "unknown is not nobody"
    );
}
