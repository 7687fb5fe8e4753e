//! Odd values among good ones, and answers in the shapes of others who speak as Jellyfin does. Emby has the
//! same code.

use watchstate_model::{ItemKey, Marks, Moment, Watch};
use watchstate_servers::jellyfin::sign_in;
use watchstate_servers::{
    Detail, Fault, LibraryKind, MediaServer, NowPlaying, Playing, Sensitive, Stretch, User, Wanted,
};

use super::mediabrowser::{NOW, Reply, Stage, Waits, is_discreet, limits};
use super::{BOTH, NEW, checked, library, position, stage};

const STRETCH: Stretch = Stretch { from: 0, size: 50 };

fn movie(id: &str, more: &str) -> String {
    format!(r#"{{"Name":"A","Id":{id},"Type":"Movie","UserData":{{"Played":true{more}}}}}"#)
}

fn keys<'a>(keys: impl Iterator<Item = &'a ItemKey>) -> String {
    keys.map(ItemKey::as_str).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn pages() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let good = movie(r#""a""#, "");
    for (items, total, read, why) in [
        (good.clone(), "1", Ok(("a", 1, 1)), "good"),
        (movie("2019", ""), "\"1\"", Ok(("2019", 1, 1)), "numbers for text, text for numbers"),
        (
            format!(
                r#"{good},{},null,[],{{}},{},{{"Id":"s","Type":"Series","UserData":{{"Played":true}}}}"#,
                movie("null", ""),
                movie(r#""b""#, r#","PlaybackPositionTicks":"far""#)
            ),
            "7",
            Ok(("a", 7, 7)),
            "what is odd costs itself",
        ),
        (
            r#"{"Id":"a","Type":"Movie","ProviderIds":[],"Path":{},"RunTimeTicks":"long",
            "ProductionYear":1931.0,"DateCreated":7,"UserData":{"Played":"true","PlayCount":"1"}}"#
                .into(),
            "1",
            Ok(("a", 1, 1)),
            "odd facts",
        ),
        (
            r#"{"Id":"a","Type":"Movie","UserData":null},{"Id":"b","Type":"Movie"}"#.into(),
            "2",
            Ok(("", 2, 2)),
            "marks that are not told",
        ),
        (
            movie(r#""b""#, r#","PlaybackPositionTicks":[]"#),
            "9",
            Err(Fault::BadAnswer),
            "nothing can be read",
        ),
        ("7,null".into(), "2", Err(Fault::BadAnswer), "no entries at all"),
        (good.clone(), "null", Err(Fault::BadAnswer), "no total: the end could not be told"),
        (good, "\"all\"", Err(Fault::BadAnswer), "a total that is none"),
    ] {
        let body = format!(r#"{{"Items":[{items}],"TotalRecordCount":{total},"StartIndex":0}}"#);
        stage.on("GET /Items", Reply::json(&body));
        for detail in [Detail::Lean, Detail::Full] {
            let page = client.items(&library(LibraryKind::Movies), STRETCH, detail).await;
            let page = page.map_err(|error| error.fault);
            let told = page.map(|p| (keys(p.entries.iter().map(|i| &i.key)), p.sent, p.total));
            let read = read.map(|(keys, sent, total)| (keys.to_owned(), sent, total));
            assert_eq!(told, read, "{why}");
        }
    }
}

/// An independent server: dates with six digits and a zone, no numbers where there are none, and no
/// position without one.
#[tokio::test]
async fn the_items_of_another_server_that_speaks_alike() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let items = r#"{"Items":[
        {"Name":"Élan","ServerId":"s","Id":"51c0","Type":"Movie","Etag":"3",
         "DateCreated":"2025-11-23T11:14:24.821168+00:00","SortName":"Elan","Path":"/f/Élan (2001).mkv",
         "MediaType":"Video","IsFolder":false,"IsVirtualItem":false,"ProductionYear":2001,
         "PremiereDate":"2001-01-01T00:00:00+00:00","RunTimeTicks":600000000,"ProviderIds":{},
         "UserData":{"PlaybackPositionTicks":0,"PlayCount":1,"IsFavorite":false,
         "LastPlayedDate":"2024-03-05T21:14:07Z","Played":true,"Key":"/f/Élan (2001).mkv","ItemId":"51c0"}},
        {"Name":"Two","Id":"51c1","Type":"Episode","SeriesName":"Pier","SeasonName":"Season 1",
         "ParentIndexNumber":1,"IndexNumber":2,"DateCreated":"2020-01-02T00:00:00Z",
         "ProviderIds":{"Imdb":"tt234","Tvdb":"234"},
         "UserData":{"Played":true,"PlaybackPositionTicks":0,"PlayCount":1}},
        {"Name":"Three","Id":"51c2","Type":"Movie","UserData":{"Played":false,
         "PlaybackPositionTicks":900000000}}],"TotalRecordCount":3,"StartIndex":0}"#;
    stage.on("GET /Items", Reply::json(items));
    let page = client.items(&library(LibraryKind::Mixed), STRETCH, Detail::Full).await.unwrap();
    let told: Vec<_> =
        page.entries.iter().map(|i| (i.key.as_str(), i.marks, i.added_at.map(|at| at.0))).collect();
    let watched =
        |at: Option<i64>| Marks { watch: Watch::WATCHED, plays: 1, last_played: at.map(Moment) };
    let begun = Marks { watch: Watch::Started(position(90_000)), ..Marks::UNTOUCHED };
    assert_eq!(
        told,
        [
            ("51c0", watched(Some(1_709_673_247)), Some(1_763_896_464)),
            ("51c1", watched(None), Some(1_577_923_200)),
            ("51c2", begun, None),
        ]
    );
    let ids = |n: usize| page.entries[n].facts.as_ref().unwrap().ids.to_text();
    assert_eq!((ids(0).as_str(), ids(1).as_str()), ("", "imdb:tt234 tvdb:234"));
}

#[tokio::test]
async fn lists_that_need_no_total() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let film = r#"{"Id":"a","Name":"M","Type":"Movie","ProviderIds":{"Tmdb":"832"},
        "UserData":{"Played":false}}"#;
    let wanted = Wanted::Movie {
        name: "M".into(),
        ids: watchstate_model::ExternalIds::from_text("tmdb:832"),
    };
    let odd = r#"{"Id":"a","Type":"Movie","UserData":{"Played":7}}"#;
    for (items, read, why) in [
        (film.to_owned(), Ok(1), "without a total"),
        (format!("{odd},null,{film}"), Ok(1), "odd ones cost themselves"),
        (String::new(), Ok(0), "nothing"),
        (odd.to_owned(), Err(Fault::BadAnswer), "an item that cannot be read is not gone"),
    ] {
        stage.on("GET /Items", Reply::json(&format!(r#"{{"Items":[{items}]}}"#)));
        let found = client.find(&wanted).await.map(|found| found.len());
        assert_eq!(found.map_err(|error| error.fault), read, "{why}: looked for");
        let found = client.read(&["a".into()]).await.map(|found| found.len());
        assert_eq!(found.map_err(|error| error.fault), read, "{why}: read");
        let glance = client.glance(&library(LibraryKind::Movies), None, 5).await;
        assert_eq!(glance.unwrap_err().fault, Fault::BadAnswer, "{why}: how many are watched?");
    }
}

#[tokio::test]
async fn libraries_and_users() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        for (items, names, why) in [
            (
                r#"{"Id":"1","Name":"Films","CollectionType":"movies","Type":"CollectionFolder"},
                {"Id":"2","Name":"Series","CollectionType":"tvshows"}"#,
                Ok(vec!["Films", "Series"]),
                "two, in a list without a total",
            ),
            ("", Ok(vec![]), "none"),
            (
                r#"null,{"Id":"1","Name":"Films","CollectionType":"movies"},{"CollectionType":"movies"},
                {"Id":{},"CollectionType":"tvshows"},{"Id":"3","Name":7,"CollectionType":"tvshows"}"#,
                Ok(vec!["Films", "7"]),
                "odd ones cost themselves",
            ),
        ] {
            let views = format!("GET /Users/{id}/Views");
            stage.on(&views, Reply::json(&format!(r#"{{"Items":[{items}]}}"#)));
            let read = client.libraries().await.map_err(|error| error.fault);
            let read = read.map(|all| all.into_iter().map(|l| l.name).collect::<Vec<_>>());
            assert_eq!(read, names.map(|n| n.into_iter().map(String::from).collect()), "{why}");
            stage.on(&views, Reply::json(r#"{"Items":null}"#));
            assert_eq!(client.libraries().await.unwrap_err().fault, Fault::BadAnswer);
        }
        let user = |id: &str, name: &str| User { id: id.into(), name: name.into() };
        for (users, read, why) in [
            (
                r#"[{"Id":"u1","Name":"Ana","Policy":{"IsAdministrator":true,"IsDisabled":false},
                "LastActivityDate":"2024-01-01T00:00:00Z"},{"Id":7,"Name":null}]"#,
                Ok(vec![user("u1", "Ana"), user("7", "")]),
                "good ones",
            ),
            (
                r#"[null,{"Name":"nobody"},{"Id":["u2"]},{"Id":"u3","Name":{}},"u4"]"#,
                Ok(vec![user("u3", "")]),
                "odd ones cost themselves",
            ),
            (r#"{"Id":"u1"}"#, Err(Fault::BadAnswer), "an object for the list"),
        ] {
            stage.on("GET /Users", Reply::json(users));
            assert_eq!(client.users().await.map_err(|error| error.fault), read, "{why}");
        }
        for me in [r#"{"Name":"root"}"#, r#"{"Id":{},"Name":"root"}"#, "[]", "null"] {
            stage.on("GET /Users/Me", Reply::json(me));
            let checked = super::client(&stage, None).check().await;
            assert_eq!(checked.unwrap_err().fault, Fault::BadAnswer, "{me}: whose token is it?");
        }
    }
}

#[tokio::test]
async fn sessions() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let root = client.user().await.unwrap().id;
    let plays = |key: &str, ms: Option<u64>, paused, device: Option<&str>| NowPlaying {
        key: key.into(),
        position: ms.map(position),
        paused,
        device: device.map(str::to_owned),
    };
    for (session, playing, why) in [
        (
            r#"{"Id":"s1","UserId":"ROOT","UserName":"root","NowPlayingItem":{"Id":"k","Name":"M",
            "Type":"Movie"},"PlayState":{"PositionTicks":900000000,"IsPaused":false},
            "LastActivityDate":"2024-01-01T00:00:00Z"}"#,
            vec![plays("k", Some(90_000), false, None)],
            "it runs",
        ),
        (r#"{"Id":"s1","UserId":"ROOT","NowPlayingItem":null}"#, vec![], "idle"),
        (
            r#"{"UserId":"ROOT","NowPlayingItem":{"Id":12},"PlayState":{"PositionTicks":"600000000",
            "IsPaused":"True"},"DeviceName":7}"#,
            vec![plays("12", Some(60_000), true, Some("7"))],
            "text for numbers, numbers for text",
        ),
        (
            r#"{"UserId":"ROOT","NowPlayingItem":{"Id":"k"},"PlayState":[],"AdditionalUsers":7,
            "DeviceName":{},"Client":"Web"}"#,
            vec![plays("k", None, false, Some("Web"))],
            "odd: it plays, and more is not known",
        ),
        (r#"{"UserId":"ROOT","NowPlayingItem":{"Name":"a stream"}}"#, vec![], "what has no id"),
        (r#"{"UserId":"ROOT","NowPlayingItem":{"Id":"k","Type":"Audio"}}"#, vec![], "music"),
        (r#"{"UserId":["ROOT"],"NowPlayingItem":{"Id":"k"}}"#, vec![], "nobody's"),
        ("null", vec![], "no session"),
    ] {
        let beside = r#"{"UserId":"ROOT","NowPlayingItem":{"Id":"z","Type":"Episode"}}"#;
        let body = format!("[{session},{beside}]").replace("ROOT", &root);
        stage.on("GET /Sessions", Reply::json(&body));
        let Playing::Items(read) = client.playing().await.unwrap() else { panic!("{why}") };
        assert_eq!(read, [playing, vec![plays("z", None, false, None)]].concat(), "{why}");
    }
    for body in ["", "{}", "null", "\"none\"", "[{]"] {
        stage.on("GET /Sessions", Reply::json(body));
        assert_eq!(
            client.playing().await.unwrap_err().fault,
            Fault::BadAnswer,
            "{body}: not nobody"
        );
    }
}

#[tokio::test]
async fn sign_ins_that_say_too_little() {
    let password = Sensitive::new("s3cret pw".to_owned());
    let stage = Stage::open().await;
    for (body, read, why) in [
        (
            r#"{"User":{"Name":"Ana","Id":"u1"},"SessionInfo":null,"AccessToken":"t0k","ServerId":"s"}"#,
            Ok(("u1", "Ana", "t0k")),
            "as it should be",
        ),
        (r#"{"User":{"Id":7},"AccessToken":"t0k"}"#, Ok(("7", "", "t0k")), "without a name"),
        (r#"{"User":{"Name":"Ana"},"AccessToken":"t0k"}"#, Err(Fault::BadAnswer), "no id"),
        (r#"{"User":null,"AccessToken":"t0k"}"#, Err(Fault::BadAnswer), "no user"),
        (r#"{"User":{"Id":"u1"},"AccessToken":null}"#, Err(Fault::BadAnswer), "no token"),
        (r#"{"User":{"Id":"u1"}}"#, Err(Fault::BadAnswer), "not even null"),
        (r#"[]"#, Err(Fault::BadAnswer), "a list"),
    ] {
        stage.on("POST /Users/AuthenticateByName", Reply::json(body));
        let signed_in =
            sign_in(&stage.url, "our-device", "Ana", &password, limits(), Waits::at(NOW)).await;
        if let Err(error) = &signed_in {
            is_discreet(error, &["s3cret", "t0k"]);
        }
        let told = signed_in.map_err(|error| error.fault).map(|signed_in| {
            (signed_in.user.id, signed_in.user.name, signed_in.token.expose().clone())
        });
        let read = read.map(|(id, name, token)| (id.into(), name.into(), token.into()));
        assert_eq!(told, read, "{why}");
    }
}
