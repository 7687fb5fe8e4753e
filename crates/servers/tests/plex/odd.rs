//! Answers in the shapes that servers and those who record them know, and answers with odd values among good
//! ones: one film that cannot be read is no reason to read no film.

use watchstate_model::{ExternalIds, Kind, Moment, Watch};
use watchstate_servers::{Detail, Fault, LibraryKind, NowPlaying, Playing, Stretch, User};

use crate::fake::{FIRST, Fake, Reply, at, fault, films, library, marks, series, whole};

async fn answering(path: &'static str, body: &str) -> Fake {
    let body = body.to_owned();
    Fake::new(move |uri, _| match uri.split('?').next() == Some(path) {
        true => Reply::Json(body.clone()),
        false => whole(uri),
    })
    .await
}

fn container(fields: &str) -> String {
    format!(r#"{{"MediaContainer":{{{fields}}}}}"#)
}

/// A page of a library in one line: the keys that were taken, how many were sent, and how many there are.
async fn page(fields: &str) -> Result<(String, u32, u32), Fault> {
    let fake = answering("/library/sections/1/all", &container(fields)).await;
    let page = fake.client().items(&films(), FIRST, Detail::Full).await;
    let page = page.map_err(|error| error.fault)?;
    let keys: Vec<_> = page.entries.iter().map(|item| item.key.as_str()).collect();
    Ok((keys.join(" "), page.sent, page.total))
}

#[tokio::test]
async fn pages() {
    let film = |key: &str, more: &str| format!(r#"{{"ratingKey":"{key}","type":"movie"{more}}}"#);
    let one = film("11", "");
    let bad = film("12", r#","viewCount":"often""#);
    let odd_facts = film(
        "13",
        r#","title":["A"],"year":{},"originallyAvailableAt":19,"guid":false,"Guid":"imdb://tt1",
        "Media":[null,{"duration":[],"Part":"/a"}],"addedAt":"yesterday","duration":"long""#,
    );
    for (fields, read, why) in [
        (format!(r#""size":1,"Metadata":[{one}]"#), Ok(("11", 1, 1)), "without a total"),
        (
            format!(r#""size":"1","totalSize":"40","offset":"0","Metadata":[{one}]"#),
            Ok(("11", 1, 40)),
            "numbers as text",
        ),
        (
            format!(r#""size":4,"totalSize":4,"offset":0,"Metadata":[{one},{bad},null,{odd_facts}]"#),
            Ok(("11 13", 4, 4)),
            "what is odd costs itself",
        ),
        (
            r#""size":2,"Metadata":[{"ratingKey":"161","key":"/library/collections/161",
            "guid":"collection://4f19","type":"collection","subtype":"movie","title":"Painted","index":161,
            "childCount":"2"},{"ratingKey":"168","key":"/playlists/168/items","type":"playlist",
            "title":"Since 2007","viewCount":3,"lastViewedAt":1700000000,"leafCount":9,"smart":true}]"#
                .into(),
            Ok(("", 2, 2)),
            "a collection and a list of one's own are no films, watched or not",
        ),
        (format!(r#""size":1,"Metadata":[{bad}]"#), Err(Fault::BadAnswer), "nothing can be read"),
        (r#""size":2,"Metadata":[7,"x"]"#.into(), Err(Fault::BadAnswer), "no entries at all"),
        (format!(r#""size":1,"Metadata":{one}"#), Err(Fault::BadAnswer), "an object for the list"),
        (r#""size":1,"Video":[{}]"#.into(), Err(Fault::BadAnswer), "under another name"),
        (r#""size":"none""#.into(), Err(Fault::BadAnswer), "a size that is none"),
        (r#""size":0"#.into(), Ok(("", 0, 0)), "an empty library"),
        (r#""size":0,"Metadata":null"#.into(), Ok(("", 0, 0)), "and said so"),
    ] {
        let read = read.map(|(keys, sent, total)| (keys.to_owned(), sent, total));
        assert_eq!(page(&fields).await, read, "{why}");
    }
}

#[tokio::test]
async fn a_film_of_which_only_odd_is_known_keeps_its_mark() {
    let odd = r#""size":1,"Metadata":[{"ratingKey":13,"type":"movie","viewCount":"2","lastViewedAt":[],
        "year":"1931","originallyAvailableAt":"","guid":"com.plexapp.agents.imdb://tt0022100?lang=de",
        "Guid":{"id":"tmdb://832"},"Media":{"duration":"66000","Part":{"file":"/f/M (1931).mkv"}}}]"#;
    let fake = answering("/library/sections/1/all", &container(odd)).await;
    let page = fake.client().items(&films(), FIRST, Detail::Full).await.unwrap();
    let [film] = &page.entries[..] else { panic!("one film") };
    assert_eq!((film.key.as_str(), film.added_at), ("13", None));
    assert_eq!(film.marks, marks(Watch::WATCHED, 2, None));
    let facts = film.facts.as_ref().unwrap();
    assert_eq!(facts.ids, ExternalIds::from_text("imdb:tt0022100 tmdb:832"));
    assert_eq!((facts.year, facts.duration_ms), (Some(1931), Some(66_000)));
    assert_eq!(facts.path.as_deref(), Some("/f/M (1931).mkv"), "an object where a list should be");
}

/// The list of a series' seasons has an entry for all episodes beside them, and says of the series in the
/// container what each episode says itself.
#[tokio::test]
async fn episodes_under_a_container_of_their_series() {
    let episode = |key: u32, number: u32, more: &str| {
        format!(
            r#"{{"ratingKey":"{key}","key":"/library/metadata/{key}","parentRatingKey":"71",
            "grandparentRatingKey":"70","guid":"com.plexapp.agents.thetvdb://9070/3/{number}?lang=en",
            "type":"episode","title":"Part {number}","grandparentTitle":"The Long Pier","parentIndex":3,
            "index":{number},"viewOffset":0,"addedAt":1700000{key}{more}}}"#
        )
    };
    let fields = format!(
        r#""size":3,"grandparentRatingKey":70,"grandparentTitle":"The Long Pier","key":"71","parentIndex":3,
        "mixedParents":true,"viewGroup":"episode","Metadata":[{},{},
        {{"ratingKey":"71","key":"/library/metadata/71/children","type":"season","index":3,"parentIndex":1,
        "leafCount":2,"viewedLeafCount":1}}],
        "Directory":[{{"key":"/library/metadata/70/allLeaves","title":"All"}}]"#,
        episode(101, 1, r#","viewCount":1,"lastViewedAt":1700005000"#),
        episode(102, 2, ""),
    );
    let fake = answering("/library/sections/2/all", &container(&fields)).await;
    let page = fake.client().items(&series(), FIRST, Detail::Full).await.unwrap();
    assert_eq!((page.sent, page.total), (3, 3), "the season is sent, and is no entry");
    let told: Vec<_> = page
        .entries
        .iter()
        .map(|item| {
            let facts = item.facts.as_ref().unwrap();
            let Kind::Episode(e) = &facts.kind else { panic!("an episode") };
            assert_eq!(e.show_key.as_ref().map(|key| key.as_str()), Some("70"));
            assert!(facts.ids.is_empty(), "the guid holds the series' id");
            (item.key.as_str(), e.season, e.number, item.added_at, item.marks)
        })
        .collect();
    let watched = marks(Watch::WATCHED, 1, Some(1_700_005_000));
    let none = marks(Watch::Unwatched, 0, None);
    assert_eq!(
        told,
        [
            ("101", 3, 1, Some(Moment(1_700_000_101)), watched),
            ("102", 3, 2, Some(Moment(1_700_000_102)), none),
        ]
    );
}

#[tokio::test]
async fn single_items_that_cannot_be_read_are_not_gone() {
    for (fields, read, why) in [
        (r#""size":1,"Metadata":[{"ratingKey":"5","type":"movie"}]"#, Ok(1), "there"),
        (
            r#""size":1,"Metadata":[{"ratingKey":"5","type":"movie","viewOffset":[]}]"#,
            Err(Fault::BadAnswer),
            "odd",
        ),
        (r#""size":1"#, Err(Fault::BadAnswer), "not sent"),
        (r#""size":0"#, Ok(0), "not there"),
        (r#""size":1,"Metadata":[{"ratingKey":"6","type":"movie"}]"#, Ok(0), "another"),
    ] {
        let fake = answering("/library/metadata/5", &container(fields)).await;
        let items = fake.client().read(&["5".into()]).await;
        assert_eq!(items.map(|items| items.len()).map_err(|e| e.fault), read, "{why}");
    }
}

#[tokio::test]
async fn libraries() {
    let films = r#"{"key":"1","type":"movie","title":"Films"}"#;
    for (fields, names, why) in [
        (format!(r#""size":1,"Directory":[{films}]"#), Ok(vec!["Films"]), "one"),
        (
            format!(
                r#""size":6,"Directory":[null,{films},{{"key":4,"type":"show"}},
                {{"key":["5"],"type":"movie"}},{{"key":"6","type":{{}}}},
                {{"key":"../7","type":"movie","title":"Away"}}]"#
            ),
            Ok(vec!["Films", ""]),
            "odd ones cost themselves",
        ),
        (r#""size":0"#.into(), Ok(vec![]), "none"),
        (r#""size":4"#.into(), Err(Fault::BadAnswer), "some that are not sent"),
        (
            format!(r#""size":1,"Directory":{films}"#),
            Err(Fault::BadAnswer),
            "an object for the list",
        ),
    ] {
        let fake = answering("/library/sections", &container(&fields)).await;
        let all = fake.client().libraries().await.map_err(|error| error.fault);
        let read = all.map(|all| all.into_iter().map(|l| l.name).collect::<Vec<_>>());
        assert_eq!(read, names.map(|names| names.into_iter().map(String::from).collect()), "{why}");
    }
}

#[tokio::test]
async fn accounts() {
    let user = |id: &str, name: &str| User { id: id.into(), name: name.into() };
    for (fields, users, why) in [
        (
            r#""size":2,"Account":[{"id":0,"name":""},{"id":"1","name":"anna"}]"#,
            Ok(vec![user("1", "anna")]),
            "a number as text",
        ),
        (
            r#""size":4,"Account":[{"id":1,"name":null},7,{"id":[2],"name":"x"},{"name":"y"}]"#,
            Ok(vec![user("1", "1")]),
            "odd ones cost themselves",
        ),
        (r#""size":0"#, Ok(vec![]), "none so far"),
        (r#""size":2"#, Err(Fault::BadAnswer), "some that are not sent"),
    ] {
        let fake = answering("/accounts", &container(fields)).await;
        let read = fake.client().users().await;
        assert_eq!(read.map_err(|error| error.fault), users, "{why}");
    }
}

#[tokio::test]
async fn sessions() {
    let plays = |key: &str, ms: Option<u64>, paused, device: Option<&str>| NowPlaying {
        key: key.into(),
        position: ms.map(at),
        paused,
        device: device.map(str::to_owned),
    };
    for (session, playing, why) in [
        (
            r#"{"User":{"id":1,"title":"anna","thumb":"/users/aa/avatar"},"ratingKey":31,"title":"M",
            "type":"movie","viewOffset":12000,"Player":{"state":"playing"},"Session":{"id":"s1"}}"#,
            vec![plays("31", Some(12_000), false, None)],
            "numbers as numbers",
        ),
        (
            r#"{"User":{"id":"7001234","title":"ben"},"ratingKey":"31","type":"movie",
            "Player":{"state":"playing"}}"#,
            vec![],
            "another's",
        ),
        (
            r#"{"User":["1"],"ratingKey":"31","type":"movie","viewOffset":"far","Player":"tv"}"#,
            vec![plays("31", None, false, None)],
            "odd: it may be anybody's, and it plays",
        ),
        (
            r#"{"User":{"id":"1"},"ratingKey":"31","viewOffset":"7000",
            "Player":{"state":"paused","title":"","product":"Web"}}"#,
            vec![plays("31", Some(7_000), true, Some("Web"))],
            "text for numbers, and a program for a name",
        ),
        (
            r#"{"User":{"id":"1"},"key":"/livetv/sessions/4","type":"clip","live":1}"#,
            vec![],
            "television has no key",
        ),
        (r#"{"User":{"id":"1"},"ratingKey":{},"type":"movie"}"#, vec![], "an odd key"),
        ("null", vec![], "no session"),
        (r#""31""#, vec![], "nor this"),
    ] {
        // Beside one that is always the same.
        let beside = r#"{"User":{"id":"1"},"ratingKey":"9","type":"episode"}"#;
        let fields = format!(r#""size":2,"Metadata":[{session},{beside}]"#);
        let fake = answering("/status/sessions", &container(&fields)).await;
        let Playing::Items(read) = fake.client().playing().await.unwrap() else { panic!("{why}") };
        let expected = [playing, vec![plays("9", None, false, None)]].concat();
        assert_eq!(read, expected, "{why}");
    }
    for body in ["", r#"{"MediaContainer":{"size":1}}"#, r#"{"MediaContainer":[]}"#] {
        let fake = answering("/status/sessions", body).await;
        assert_eq!(fault(fake.client().playing().await), Fault::BadAnswer, "{body}: not nobody");
    }
}

#[tokio::test]
async fn what_is_watched_is_not_told_by_odd_entries() {
    let fields = r#""size":3,"totalSize":3,"offset":0,"Metadata":[
        {"ratingKey":"1","type":"movie","viewCount":1},{"ratingKey":"2","type":"movie","viewCount":true},
        {"ratingKey":"3","type":"movie"}]"#;
    let fake = answering("/library/sections/1/all", &container(fields)).await;
    let client = fake.client();
    let page = client.watched(&films(), Stretch { from: 0, size: 9 }).await.unwrap();
    assert_eq!((page.entries, page.sent, page.total), (vec!["1".into()], 3, 3));
    let photos = library("1", "Photos", LibraryKind::Mixed);
    assert_eq!(fault(client.watched(&photos, FIRST).await), Fault::Unsupported);
}
