//! What changed lately, and what is watched. Emby has the same code.

use watchstate_model::Moment;
use watchstate_servers::{Fault, LibraryKind, MediaServer, Playing, Stretch};

use super::mediabrowser::{Reply, TOKEN, is_discreet, recorded};
use super::{BOTH, MATRIX, NEW, OLD, SINTEL, checked, library, position, stage};

/// How many were watched when a server was recorded.
fn watched(server: &str) -> u32 {
    if server == NEW { 6 } else { 5 }
}

#[tokio::test]
async fn a_glance_is_two_requests() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", recorded(server, "86-isplayed"));
        let since = Moment(1_795_434_884 - 3_600);
        let glance = client.glance(&library(LibraryKind::Mixed), Some(since), 20).await.unwrap();
        assert_eq!(glance.watched, watched(server));
        assert!(glance.recent.iter().all(|item| item.marks.last_played.unwrap() >= since));
        // One has no date. On 10.10.7 one was watched long ago; on 10.8.6 a second mark moved its date.
        assert_eq!(glance.recent.len(), 4);
        let matrix = glance.recent.iter().any(|item| item.key.as_str() == MATRIX);
        assert_eq!(matrix, server == OLD);
        let seen = stage.seen();
        assert_eq!(seen.len(), 2);
        for (query, name, value) in [
            (&seen[0].query, "sortBy", "DatePlayed"),
            (&seen[0].query, "sortOrder", "Descending"),
            (&seen[0].query, "limit", "20"),
            (&seen[0].query, "fields", "DateCreated"),
            (&seen[0].query, "parentId", "lib"),
            (&seen[0].query, "userId", id),
            (&seen[0].query, "recursive", "true"),
            (&seen[0].query, "includeItemTypes", "Movie,Episode"),
            (&seen[1].query, "filters", "IsPlayed"),
            (&seen[1].query, "limit", "1"),
            (&seen[1].query, "parentId", "lib"),
            (&seen[1].query, "recursive", "true"),
            (&seen[1].query, "includeItemTypes", "Movie,Episode"),
        ] {
            assert_eq!(query[name], value, "{name}");
        }
    }
}

#[tokio::test]
async fn a_glance_takes_no_more_than_was_asked_for() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let films = library(LibraryKind::Movies);
    let movie = |id: &str, played: &str| {
        format!(
            r#"{{"Id":"{id}","Type":"Movie","UserData":{{"Played":false{played},
            "PlaybackPositionTicks":600000000}}}}"#
        )
    };
    let at = r#","LastPlayedDate":"2024-03-05T21:14:07.0000000Z""#;
    // A list that was not to be counted may come without a number.
    let latest = format!(r#"{{"Items":[{},{}]}}"#, movie("a", at), movie("b", ""));
    let counted = r#"{"Items":[],"TotalRecordCount":3}"#;
    for (since, most, keys, why) in [
        (Some(1_709_673_247), 9, &["a"][..], "the second itself"),
        (Some(1_709_673_248), 9, &[], "later"),
        (None, 9, &["a", "b"], "since ever"),
        (None, 1, &["a"], "a server that sends more"),
    ] {
        stage.on("GET /Items", vec![Reply::json(&latest), Reply::json(counted)]);
        let glance = client.glance(&films, since.map(Moment), most).await.unwrap();
        let recent: Vec<&str> = glance.recent.iter().map(|item| item.key.as_str()).collect();
        assert_eq!((glance.watched, &recent[..]), (3, keys), "{why}");
    }
    stage.on("GET /Items", vec![Reply::json(&latest), Reply::json(r#"{"Items":[]}"#)]);
    let error = client.glance(&films, None, 9).await.unwrap_err();
    assert_eq!(error.fault, Fault::BadAnswer, "an unknown number is not none");
    is_discreet(&error, &[TOKEN]);
}

#[tokio::test]
async fn the_keys_of_what_is_watched() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", recorded(server, "86-isplayed"));
        let stretch = Stretch { from: 0, size: 100 };
        let page = client.watched(&library(LibraryKind::Mixed), stretch).await.unwrap();
        let all = watched(server);
        assert_eq!((page.sent, page.total, page.entries.len()), (all, all, all as usize));
        assert!(page.entries.contains(&MATRIX.into()));
        let seen = stage.seen();
        for (name, value) in [
            ("filters", "IsPlayed"),
            ("enableUserData", "false"),
            ("startIndex", "0"),
            ("limit", "100"),
            ("userId", id),
            ("parentId", "lib"),
        ] {
            assert_eq!(seen[0].query[name], value, "{name}");
        }
        assert!(!seen[0].query.contains_key("fields"), "as little as it sends");
    }
}

#[tokio::test]
async fn what_is_played_where() {
    for (server, _) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Sessions", recorded(server, "64-sessions-playing"));
        let Playing::Items(playing) = client.playing().await.unwrap() else { panic!("visible") };
        assert_eq!(playing.len(), 1);
        assert_eq!(playing[0].key.as_str(), SINTEL);
        assert_eq!(playing[0].position, Some(position(301_000)));
        assert_eq!((playing[0].paused, playing[0].device.as_deref()), (false, Some("test")));
    }
}
