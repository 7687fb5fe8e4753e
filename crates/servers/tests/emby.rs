//! The Emby client against recordings of a genuine server (3.2.40), and against answers after the document
//! of 4.8.11.0 where versions differ. What it shares with Jellyfin is tried there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod mediabrowser;
#[path = "emby/writing.rs"]
mod writing;

use std::time::Duration;

use mediabrowser::{
    NOW, Reply, Stage, TOKEN, Waits, address, cut_short, is_discreet, limits, listed, recorded,
    recording,
};
use watchstate_model::{ExternalIds, ItemKey, Kind, LibraryKey, Marks, Moment, Position, Watch};
use watchstate_servers::emby::{Emby, sign_in};
use watchstate_servers::{
    Detail, Fault, Library, LibraryKind, MediaServer, Playing, Sensitive, ServerKind, Stretch,
    User, Wanted,
};

const OLD: &str = "emby-3.2.40";
const ROOT: &str = "0e187b65883c45d39406d42d73d8d30c";
const ALICE: &str = "f79f9da2986f452f896166b6cfa3997f";
const SINTEL: &str = "6073316aa82c33afb89a02d3619a2480";
const SHOW: &str = "7cdc384c3fb7da40bc2114dd6a801ffe";

/// Our own session, as the server makes one for whoever asks: with the token's user.
fn own_session() -> Reply {
    let json = r#"[{"DeviceId":"316bac623f1d48bf9bab085222e69dc5"},
        {"DeviceId":"our-device","UserId":"ROOT","UserName":"root"}]"#;
    Reply::json(&json.replace("ROOT", ROOT))
}

/// Sessions as an API key sees them: none of a user is ours.
fn foreign_sessions() -> Reply {
    recorded(OLD, "61-sessions")
}

async fn stage(version: &str) -> Stage {
    let stage = Stage::open().await;
    let public =
        r#"{"ServerName":"vm","Version":"VERSION","Id":"316bac623f1d48bf9bab085222e69dc5"}"#;
    let public = match version {
        OLD => recorded(OLD, "01-public-info"),
        _ => Reply::json(&public.replace("VERSION", version)),
    };
    stage
        .on("GET /System/Info/Public", public)
        .on("GET /Sessions", own_session())
        .on("GET /Users", recorded(OLD, "13-users"))
        .on("GET /Users/Me", recorded(OLD, "12-users-me"));
    stage
}

fn client(stage: &Stage, user: Option<&str>) -> Emby {
    Emby::new(address(ServerKind::Emby, &stage.url, user), limits(), Waits::at(NOW)).unwrap()
}

async fn checked(stage: &Stage) -> Emby {
    let client = client(stage, None);
    client.check().await.unwrap();
    stage.seen();
    client
}

fn library() -> Library {
    Library { key: LibraryKey::from("lib"), name: String::new(), kind: LibraryKind::Mixed }
}

fn started(ms: u64) -> Watch {
    Watch::Started(Position::from_ms(ms).unwrap())
}

#[tokio::test]
async fn a_check_tells_who_the_server_is() {
    for (version, shown) in [(OLD, "3.2.40.0"), ("4.8.11.0", "4.8.11.0")] {
        let stage = stage(version).await;
        let client = client(&stage, None);
        let info = client.check().await.unwrap();
        assert_eq!(info.id, "316bac623f1d48bf9bab085222e69dc5");
        assert_eq!((info.name.as_str(), info.version.as_str()), ("vm", shown));
        let root = User { id: ROOT.into(), name: "root".into() };
        assert_eq!(client.user().await.unwrap(), root, "by our own session");
        let seen = stage.seen();
        assert_eq!(seen[1].what, "GET /Sessions");
        assert_eq!(seen[1].query["deviceId"], "our-device");
        assert_eq!(seen[1].headers["x-emby-token"], TOKEN);
        let sent = seen[1].headers["x-emby-authorization"].to_str().unwrap();
        assert!(sent.starts_with("MediaBrowser Client=\"WatchState\"") && sent.contains(TOKEN));
        let abilities = client.abilities();
        assert_eq!(abilities.rewatch_positions, version != OLD);
        assert!(abilities.dates && abilities.positions && !abilities.plays);
    }
}

#[tokio::test]
async fn users_are_named_by_id_or_by_name() {
    for (named, sessions, found, why) in [
        (Some("Root"), own_session(), Ok(true), "the token's own user, by name"),
        (Some(ROOT), own_session(), Ok(true), "by id"),
        (Some("root"), foreign_sessions(), Ok(false), "with an API key, by name"),
        (Some("root"), Reply::status(403, ""), Ok(false), "where sessions may not be seen"),
        (None, foreign_sessions(), Err(Fault::NoSuchUser), "an API key has no user"),
        (Some("bob"), own_session(), Err(Fault::NoSuchUser), "a name that nobody has"),
        (None, recorded(OLD, "16-bad-token"), Err(Fault::Unauthorized), "a bad token"),
        (Some(ROOT), recorded(OLD, "16-bad-token"), Err(Fault::Unauthorized), "a bad token"),
    ] {
        let stage = stage(OLD).await;
        stage.on("GET /Sessions", sessions);
        let client = client(&stage, named);
        let checked = client.check().await;
        if let Err(error) = &checked {
            is_discreet(error, &[TOKEN]);
        }
        let own = checked.map(|_| client.abilities().positions).map_err(|error| error.fault);
        assert_eq!(own, found, "{why}: positions only where the token is the user's own");
    }
}

#[tokio::test]
async fn two_users_from_our_device_are_not_told_apart() {
    let stage = stage(OLD).await;
    let both = r#"[{"DeviceId":"our-device","UserId":"ROOT","UserName":"root"},
        {"DeviceId":"our-device","UserId":"ALICE","UserName":"alice"}]"#;
    stage.on("GET /Sessions", Reply::json(&both.replace("ROOT", ROOT).replace("ALICE", ALICE)));
    assert_eq!(client(&stage, None).check().await.unwrap_err().fault, Fault::NoSuchUser);
    let named = client(&stage, Some("root"));
    named.check().await.unwrap();
    assert!(!named.abilities().positions, "it may be the other's token");
}

#[tokio::test]
async fn users_are_listed_where_the_version_lists_them() {
    let stage = stage("4.8.11.0").await;
    stage.on("GET /Users", Reply::status(404, ""));
    let users =
        r#"{"Items":[{"Id":"7","Name":"root"},{"Id":"8","Name":"alice"}],"TotalRecordCount":2}"#;
    stage.on("GET /Users/Query", Reply::json(users));
    let client = client(&stage, Some("Alice"));
    assert_eq!(client.users().await.unwrap().len(), 2);
    client.check().await.unwrap();
    assert_eq!(client.user().await.unwrap().id, "8");
}

#[tokio::test]
async fn what_is_no_emby_is_told_so() {
    let stage = stage(OLD).await;
    for (reply, part) in [
        (recorded("jellyfin-10.10.7", "01-public-info"), "this is Jellyfin, not Emby"),
        (recorded("jellyfin-10.8.6", "01-public-info"), "this is Jellyfin, not Emby"),
        (Reply::json("<html>"), "web page"),
        (Reply::json(r#"{"version":"2"}"#), "nothing there speaks as Emby does"),
        (Reply::status(404, ""), "nothing there speaks as Emby does"),
    ] {
        stage.on("GET /System/Info/Public", reply);
        let error = client(&stage, None).check().await.unwrap_err();
        assert_eq!(error.fault, Fault::NotThisServer);
        assert!(error.to_string().contains(part), "{error}");
        is_discreet(&error, &[TOKEN]);
    }
    let error = {
        let address = address(ServerKind::Emby, &cut_short().await, None);
        Emby::new(address, limits(), Waits::at(NOW)).unwrap().check().await.unwrap_err()
    };
    assert_eq!(error.fault, Fault::BadAnswer);
}

#[tokio::test]
async fn a_busy_server_is_waited_for() {
    let stage = stage(OLD).await;
    let busy = Reply::status(429, "").with("Retry-After", "7");
    stage.on("GET /System/Info/Public", vec![busy, recorded(OLD, "01-public-info")]);
    let waits = Waits::at(NOW);
    let address = address(ServerKind::Emby, &stage.url, None);
    Emby::new(address, limits(), waits.clone()).unwrap().check().await.unwrap();
    assert_eq!(*waits.waits.lock().unwrap(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn libraries_and_pages() {
    let stage = stage(OLD).await;
    let client = checked(&stage).await;
    stage.on(&format!("GET /Users/{ROOT}/Views"), recorded(OLD, "25-views"));
    let kinds: Vec<_> = client.libraries().await.unwrap().iter().map(|l| l.kind).collect();
    assert_eq!(kinds, [LibraryKind::Movies, LibraryKind::Shows]);

    let items = format!("GET /Users/{ROOT}/Items");
    stage.on(&items, recorded(OLD, "26-items-all"));
    stage.seen();
    let stretch = Stretch { from: 0, size: 500 };
    let page = client.items(&library(), stretch, Detail::Full).await.unwrap();
    assert_eq!((page.sent, page.total, page.entries.len()), (15, 15, 11));
    let query = stage.seen().remove(0).query;
    assert_eq!(query["fields"], "DateCreated,ProviderIds,Path,ProductionYear");
    let of = |key: &str| page.entries.iter().find(|i| i.key.as_str() == key).unwrap();
    let sintel = of(SINTEL).facts.as_ref().unwrap();
    assert_eq!((sintel.kind.clone(), sintel.year), (Kind::Movie, Some(2010)));
    assert_eq!(sintel.ids.to_text(), "imdb:tt1727587 tmdb:45745");
    assert_eq!(sintel.duration_ms, Some(1_200_128));
    let two = of("fb1a3bf5ed141a660ec20335db029ab9").facts.as_ref().unwrap();
    assert!(two.ids.is_empty(), "3.2 knows no ids of it");
    let Kind::Episode(episode) = &two.kind else { panic!("an episode") };
    assert_eq!((episode.number, episode.last), (2, 2), "nor that the file holds two");
    assert_eq!(episode.show_key.as_ref().map(ItemKey::as_str), Some(SHOW));

    let shows = client.shows(&library(), stretch).await.unwrap();
    assert_eq!((shows.sent, shows.entries[0].key.as_str()), (15, SHOW));

    stage.on(&items, recorded(OLD, "28-items-page"));
    let page = client.items(&library(), Stretch { from: 2, size: 3 }, Detail::Lean).await.unwrap();
    assert_eq!((page.sent, page.total, page.entries.len()), (3, 11, 3));
    assert!(page.entries.iter().all(|item| item.facts.is_none()));

    stage.on(&items, recorded(OLD, "31-items-apikey-nouser"));
    let page = client.items(&library(), stretch, Detail::Lean).await.unwrap();
    assert_eq!((page.sent, page.entries.len()), (1, 0), "no user data is not unwatched");
}

#[tokio::test]
async fn marks_as_recorded() {
    for (step, watch, plays, at, why) in [
        ("34-after-played", Watch::WATCHED, 1, Some(1_709_673_247), "marked with a date"),
        ("42-after-userdata-post", Watch::Unwatched, 0, None, "3.2 refused the position"),
        ("63-after-progress", started(301_000), 1, Some(1_795_433_089), "going on"),
        ("66-after-stop-half", started(600_000), 1, Some(1_795_433_089), "left in the middle"),
        ("69-after-stop-97", Watch::WATCHED, 2, Some(1_795_433_091), "watched to the end"),
        ("72-after-stop-1pct", Watch::WATCHED, 3, Some(1_795_433_092), "opened again: it stays"),
    ] {
        let stage = stage(OLD).await;
        let client = checked(&stage).await;
        stage.on(&format!("GET /Users/{ROOT}/Items"), listed(OLD, step));
        let item = recording(OLD, step)["response"]["body"]["Id"].as_str().unwrap().to_owned();
        let read = client.read(&[ItemKey(item)]).await.unwrap();
        let last_played = at.map(Moment);
        assert_eq!(read[0].marks, Marks { watch, plays, last_played }, "{step}: {why}");
    }
}

#[tokio::test]
async fn titles_are_found_by_name_and_recognised_by_ids() {
    let stage = stage(OLD).await;
    let client = checked(&stage).await;
    stage.on(&format!("GET /Users/{ROOT}/Items"), recorded(OLD, "32-items-byprovider"));
    stage.on(&format!("GET /Shows/{SHOW}/Episodes"), recorded(OLD, "81-episodes"));
    let ids = ExternalIds::from_text;
    let movie = Wanted::Movie { name: "The Matrix".into(), ids: ids("imdb:tt0133093") };
    assert_eq!(client.find(&movie).await.unwrap().len(), 2, "both copies of eleven results");
    let episode = Wanted::Episode {
        show_name: "Breaking Bad".into(),
        show_ids: ids("imdb:tt0903747"),
        season: 1,
        number: 1,
    };
    stage.on(&format!("GET /Users/{ROOT}/Items"), recorded(OLD, "26-items-all"));
    assert_eq!(client.find(&episode).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_plays_what() {
    let stage = stage(OLD).await;
    let client = checked(&stage).await;
    for step in ["61-sessions", "64-sessions-playing"] {
        stage.on("GET /Sessions", recorded(OLD, step));
        assert!(client.playing().await.unwrap().is_just(&[SINTEL.into()]));
    }
    stage.on("GET /Sessions", Reply::status(403, ""));
    assert_eq!(client.playing().await.unwrap(), Playing::NotVisible);
}

#[tokio::test]
async fn signing_in() {
    let password = Sensitive::new("s3cret".to_owned());
    let stage = Stage::open().await;
    let sign = async || {
        sign_in(&stage.url, "our-device", "root", &password, limits(), Waits::at(NOW)).await
    };
    stage.on("POST /Users/AuthenticateByName", recorded(OLD, "11-auth-ok"));
    let Ok(signed_in) = sign().await else { panic!("signed in") };
    assert_eq!(signed_in.user, User { id: ROOT.into(), name: "root".into() });
    let body = &recording(OLD, "11-auth-ok")["response"]["body"];
    assert_eq!(signed_in.token.expose(), body["AccessToken"].as_str().unwrap());
    let seen = stage.seen().remove(0);
    assert_eq!(seen.body, r#"{"Username":"root","Pw":"s3cret"}"#);
    assert!(!seen.headers.contains_key("x-emby-token"));
    assert!(seen.headers.contains_key("x-emby-authorization"), "without it 3.2 answers 500");

    stage.on("POST /Users/AuthenticateByName", recorded(OLD, "09-auth-bad"));
    let Err(error) = sign().await else { panic!("refused") };
    assert_eq!(error.fault, Fault::Unauthorized);
    assert!(error.to_string().contains("wrong user name or password"), "{error}");
    is_discreet(&error, &["s3cret"]);
}
