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
