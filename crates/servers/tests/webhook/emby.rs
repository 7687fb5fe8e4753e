//! Emby.

use watchstate_servers::ServerKind::Emby;

use super::{FORM, JSON, form, parts, read};

fn told(event: &str, kind: &str) -> String {
    format!(
        r#"{{"Title":"Ana did something","Description":"with \"quotes\"","Date":"2026-02-03T04:05:06.0000000Z",
            "Event":"{event}","Severity":"Info",
            "User":{{"Name":"Ana","Id":"0b5e"}},
            "Server":{{"Name":"Cellar","Id":"c0ffee11","Version":"4.9.1.2"}},
            "Session":{{"RemoteEndPoint":"192.0.2.7","Client":"TV","Id":"5a"}},
            "PlaybackInfo":{{"PlayedToCompletion":false,"PositionTicks":610000000}},
            "Item":{{"Name":"Nosferatu","Id":"2019","Type":"{kind}","ProviderIds":{{"Imdb":"tt0013442"}},
                "RunTimeTicks":56000000000}}}}"#
    )
}

#[test]
fn events() {
    for (event, heard) in [
        ("playback.start", "0b5e / runs 2019"),
        ("playback.unpause", "0b5e / runs 2019"),
        ("playback.progress", "0b5e / runs 2019"),
        ("playback.pause", "0b5e / paused 2019"),
        ("playback.stop", "0b5e / stopped 2019"),
        ("playback.scrobble", "0b5e / items 2019"),
        ("item.markplayed", "0b5e / items 2019"),
        ("item.markunplayed", "0b5e / items 2019"),
        ("item.rate", "0b5e / nothing"),
        ("library.new", "- / items 2019"),
        ("library.deleted", "0b5e / nothing"),
        ("system.notificationtest", "0b5e / nothing"),
    ] {
        let sent = told(event, "Movie");
        let heard = format!("c0ffee11 / {heard}");
        assert_eq!(read(Emby, JSON, &sent), heard, "{event}: JSON");
        assert_eq!(read(Emby, "text/plain; charset=utf-8", &sent), heard, "{event}: plain");
        assert_eq!(read(Emby, FORM, form(&[("data", &sent)])), heard, "{event}: a form");
        let (content_type, body) = parts("data", &sent);
        assert_eq!(read(Emby, &content_type, body), heard, "{event}: several parts");
        let wrapped = format!(r#"{{"data":{sent}}}"#);
        assert_eq!(read(Emby, JSON, &wrapped), heard, "{event}: wrapped");
        let as_text = serde_json::to_string(&sent).unwrap();
        assert_eq!(read(Emby, JSON, format!(r#"{{"data":{as_text}}}"#)), heard, "{event}: as text");
        let (content_type, body) = parts("data", &wrapped);
        assert_eq!(read(Emby, &content_type, body), heard, "{event}: wrapped, in a form");
    }
}

#[test]
fn kinds_of_items() {
    for (kind, event, heard) in [
        ("Episode", "playback.stop", "stopped 2019"),
        ("Series", "item.markplayed", "something"),
        ("Season", "item.markunplayed", "something"),
        ("BoxSet", "item.markplayed", "something"),
        ("Series", "library.new", "something"),
        ("Audio", "playback.start", "nothing"),
        ("Trailer", "playback.start", "nothing"),
        ("Photo", "library.new", "nothing"),
        ("TvChannel", "playback.stop", "nothing"),
    ] {
        let whole = read(Emby, JSON, told(event, kind));
        assert_eq!(whole.rsplit(" / ").next().unwrap(), heard, "{event} of {kind}");
    }
}

#[test]
fn little_is_said() {
    for (body, said) in [
        (r#"{"Event":"system.notificationtest","Server":{"Id":"c0"}}"#, "c0 / - / nothing"),
        (r#"{"Event":"playback.stop","Item":{"Id":2019,"Type":"Movie"}}"#, "- / - / stopped 2019"),
        (
            r#"{"Event":"playback.stop","User":{"Name":"Ana"},"Item":{"Id":"2019","Type":"Movie"}}"#,
            "- / called Ana / stopped 2019",
        ),
        (
            r#"{"Event":"item.markplayed","Item":{"Id":"0760e2feb38e89e4cc55370f130207b6","Type":"Movie"}}"#,
            "- / - / items 0760e2feb38e89e4cc55370f130207b6",
        ),
        (r#"{"Event":"playback.stop","Item":{"Id":"../1","Type":"Movie"}}"#, "- / - / nothing"),
        (
            r#"{"Event":"playback.stop","Item":{"Type":"Movie"}}"#,
            "it does not say which item it is about",
        ),
        (r#"{"Event":"playback.stop"}"#, "it does not say what kind of item it is about"),
        (r#"{"data":"{"}"#, "its JSON cannot be read"),
        (r#"{"data":"{\"data\":\"{}\"}"}"#, "it does not say what happened"),
        (r#"{"data":7}"#, "it does not say what happened"),
        (r#"{"data":[{"Event":"playback.stop"}]}"#, "it does not say what happened"),
        (r#"{"Item":[]}"#, "it does not say what happened"),
        ("{}", "it does not say what happened"),
    ] {
        assert_eq!(read(Emby, JSON, body), said, "{body}");
    }
    assert_eq!(read(Emby, FORM, "payload=1"), "its form lacks the field that holds the event");
}

/// Which version sends makes no difference: what is known of an event is read from any.
#[test]
fn versions() {
    for version in
        ["\"4.8.1.0\"", "\"4.9.2.6\"", "\"3.2.40.0\"", "\"5.0.0.0\"", "\"\"", "5", "null"]
    {
        let body = format!(
            r#"{{"Server":{{"Id":"c0","Name":"Cellar","Version":{version}}},
            "User":{{"Id":"0b5e","Name":"Ana"}},"Item":{{"Id":"item-1","Type":"Movie"}},
            "Event":"playback.start"}}"#
        );
        assert_eq!(read(Emby, JSON, &body), "c0 / 0b5e / runs item-1", "{version}");
        let as_text = serde_json::to_string(&body).unwrap();
        let wrapped = format!(r#"{{"data":{as_text}}}"#);
        assert_eq!(read(Emby, JSON, wrapped), "c0 / 0b5e / runs item-1", "{version}, wrapped");
    }
}

#[test]
fn values_of_other_types() {
    let item = r#""Item":{"Id":"7","Type":"Movie"}"#;
    for (fields, said, why) in [
        (format!(r#""Server":"c0",{item}"#), "- / - / stopped 7", "a text for the server"),
        (format!(r#""Server":["c0"],{item}"#), "- / - / stopped 7", "a list for it"),
        (format!(r#""Server":{{"Id":{{}}}},{item}"#), "- / - / stopped 7", "an odd id of it"),
        (format!(r#""User":["0b5e","Ana"],{item}"#), "- / - / stopped 7", "a list for the user"),
        (
            format!(r#""User":{{"Id":[],"Name":"Ana"}},{item}"#),
            "- / called Ana / stopped 7",
            "an odd id of it",
        ),
        (format!(r#""User":{{"Id":8}},{item}"#), "- / 8 / stopped 7", "a number"),
        (
            r#""Item":["7","Movie"]"#.into(),
            "it does not say what kind of item it is about",
            "a list of values",
        ),
        (
            r#""Item":[{"Id":"7","Type":"Movie"}]"#.into(),
            "it does not say what kind of item it is about",
            "a list of items",
        ),
        (
            r#""Item":{"Id":{},"Type":"Movie"}"#.into(),
            "it does not say which item it is about",
            "an odd id",
        ),
        (
            r#""Item":{"Id":"7","Type":["Movie"]}"#.into(),
            "it does not say what kind of item it is about",
            "an odd type",
        ),
        (
            r#""Item":{"Id":"7","Type":"Movie","ProviderIds":[],"Played":"?","DateCreated":0}"#
                .into(),
            "- / - / stopped 7",
            "what nobody looks at may be anything",
        ),
    ] {
        let body = format!(r#"{{"Event":"playback.stop",{fields}}}"#);
        assert_eq!(read(Emby, JSON, &body), said, "{why}");
        assert_eq!(read(Emby, JSON, format!(r#"{{"data":{body}}}"#)), said, "{why}, wrapped");
    }
    for (body, said) in [
        (r#"{"Event":["playback.stop"]}"#, "it does not say what happened"),
        (
            r#"{"data":"[\"playback.stop\",null,null,[\"7\",\"Movie\"]]"}"#,
            "it does not say what happened",
        ),
        (r#"{"data":"null"}"#, "it does not say what happened"),
        (r#"{"data":["playback.stop"]}"#, "it does not say what happened"),
        (r#"{"data":null}"#, "it does not say what happened"),
        (r#"{"Event":"unknown.event","Item":{"Id":"7","Type":"Movie"}}"#, "- / - / nothing"),
    ] {
        assert_eq!(read(Emby, JSON, body), said, "{body}");
    }
}
