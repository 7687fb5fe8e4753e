//! Plex Media Server.

use watchstate_servers::ServerKind::Plex;

use super::{FORM, JSON, form, parts, read};

const SERVER: &str = "3f0c9be1a7d24c56b8e01f92d4a6c7b35e8190fa";

/// A webhook as Plex sends it, with what nobody reads around it.
fn payload(event: &str, account: &str, metadata: &str) -> String {
    format!(
        r#"{{"event":"{event}","user":true,"owner":true,
            "Account":{{"id":{account},"thumb":"https://plex.tv/users/x/avatar","title":"Ana"}},
            "Server":{{"title":"Attic","uuid":"{SERVER}"}},
            "Player":{{"local":true,"publicAddress":"192.0.2.4","title":"Living room","uuid":"q7"}},
            "Metadata":{{"librarySectionType":"movie","guid":"plex://movie/5d77","librarySectionID":3,
                "title":"Nosferatu","Guid":[{{"id":"imdb://tt0013442"}}],"Rating":[{{"value":8.1}}],
                "viewCount":2,"addedAt":1600000000,{metadata}}}}}"#
    )
}

const FILM: &str = r#""ratingKey":"4711","type":"movie""#;

#[test]
fn events() {
    for (event, heard) in [
        ("media.play", "1 / runs 4711"),
        ("media.resume", "1 / runs 4711"),
        ("media.pause", "1 / paused 4711"),
        ("media.stop", "1 / stopped 4711"),
        ("media.scrobble", "1 / items 4711"),
        ("playback.started", "1 / runs 4711"),
        ("library.on.deck", "1 / items 4711"),
        ("library.new", "- / items 4711"),
        ("media.rate", "1 / nothing"),
        ("admin.database.backup", "1 / nothing"),
        ("device.new", "1 / nothing"),
        ("media.PLAY", "1 / nothing"),
    ] {
        let sent = payload(event, "1", FILM);
        let heard = format!("{SERVER} / {heard}");
        let (content_type, body) = parts("payload", &sent);
        assert_eq!(read(Plex, &content_type, body), heard, "{event}, with pictures");
        assert_eq!(read(Plex, JSON, &sent), heard, "{event}, as JSON alone");
        assert_eq!(read(Plex, FORM, form(&[("payload", &sent)])), heard, "{event}, as a form");
    }
}

#[test]
fn kinds_of_items() {
    for (metadata, event, heard) in [
        (r#""ratingKey":4712,"type":"episode""#, "media.stop", "stopped 4712"),
        (r#""ratingKey":"4713","type":"season""#, "library.new", "something"),
        (r#""ratingKey":"4714","type":"show""#, "media.scrobble", "something"),
        (r#""ratingKey":"4714","type":"show""#, "media.play", "nothing"),
        (r#""ratingKey":"4715","type":"track""#, "media.scrobble", "nothing"),
        (r#""ratingKey":"4716","type":"photo""#, "library.new", "nothing"),
        (r#""ratingKey":"4717","type":"clip","subtype":"trailer""#, "media.play", "nothing"),
        // What is streamed from Plex itself has no key of the library.
        (r#""ratingKey":"5d77709a6afb3d","type":"movie""#, "media.play", "nothing"),
        (r#""ratingKey":"../accounts","type":"movie""#, "media.stop", "nothing"),
    ] {
        let whole = read(Plex, JSON, payload(event, "1", metadata));
        assert_eq!(whole.rsplit(" / ").next().unwrap(), heard, "{event} of {metadata}");
    }
}

#[test]
fn people() {
    for (account, user) in [
        ("1", "1"),
        ("20412345", "20412345"),
        ("\"20412345\"", "20412345"),
        ("null", "called Ana"),
        ("\"\"", "called Ana"),
        ("[1]", "called Ana"),
    ] {
        let whole = read(Plex, JSON, payload("media.stop", account, FILM));
        assert_eq!(whole, format!("{SERVER} / {user} / stopped 4711"), "{account}");
    }
}

#[test]
fn little_is_said() {
    for (body, said) in [
        (
            r#"{"event":"media.stop","Metadata":{"ratingKey":"7","type":"movie"}}"#,
            "- / - / stopped 7",
        ),
        (r#"{"event":"admin.database.corrupted"}"#, "- / - / nothing"),
        (
            r#"{"event":"media.stop","Metadata":null,"Server":null}"#,
            "it does not say what kind of item it is about",
        ),
        (
            r#"{"event":"media.stop","Metadata":{"ratingKey":"7"}}"#,
            "it does not say what kind of item it is about",
        ),
        (
            r#"{"event":"media.stop","Metadata":{"type":"movie"}}"#,
            "it does not say which item it is about",
        ),
        (r#"{"Event":"media.stop"}"#, "it does not say what happened"),
        ("{}", "it does not say what happened"),
    ] {
        assert_eq!(read(Plex, JSON, body), said, "{body}");
    }
}

#[test]
fn forms() {
    let sent = payload("media.stop", "1", FILM);
    let (content_type, body) = parts("payload", &sent);
    let stopped = format!("{SERVER} / 1 / stopped 4711");
    assert_eq!(
        read(Plex, &content_type.to_uppercase().replace("BOUNDARY", "boundary"), &body),
        "its form cannot be taken apart",
        "another boundary"
    );
    assert_eq!(read(Plex, &content_type.replace("multipart", "Multipart"), &body), stopped);
    assert_eq!(read(Plex, "multipart/form-data", &body), "its form cannot be taken apart");
    assert_eq!(read(Plex, "", &body), "it is neither an object of JSON nor a form");

    let (content_type, body) = parts("Payload", &sent);
    assert_eq!(
        read(Plex, &content_type, body),
        "its form lacks the field that holds the event",
        "a part of another name"
    );
    assert_eq!(read(Plex, FORM, &sent), stopped, "JSON that is called a form");
    assert_eq!(read(Plex, FORM, "a=b"), "its form lacks the field that holds the event");

    // What follows the payload is not needed.
    let (content_type, body) = parts("payload", &sent);
    let end = body.len() - 30_000;
    assert_eq!(read(Plex, &content_type, &body[..end]), stopped, "the last picture is cut off");
    assert_eq!(read(Plex, &content_type, &body[..20_000]), "its form cannot be taken apart");
}

/// Which version sends makes no difference: what is known of an event is read from any.
#[test]
fn versions() {
    for version in ["\"1.0.0\"", "\"1.43.0.10162-b67a664ab\"", "\"0.9.16\"", "\"99\"", "7", "null"]
    {
        let body = format!(
            r#"{{"event":"media.scrobble","Server":{{"uuid":"a1","title":"Attic","version":{version}}},
            "Account":{{"id":1,"title":"Ana"}},"Metadata":{{"ratingKey":"7","type":"movie"}}}}"#
        );
        assert_eq!(read(Plex, JSON, body), "a1 / 1 / items 7", "{version}");
    }
}

#[test]
fn values_of_other_types() {
    let item = r#""Metadata":{"ratingKey":"7","type":"movie"}"#;
    for (fields, said, why) in [
        (format!(r#""Server":"a1",{item}"#), "- / - / stopped 7", "a text for the server"),
        (format!(r#""Server":["a1"],{item}"#), "- / - / stopped 7", "a list for it"),
        (format!(r#""Server":{{"uuid":{{}}}},{item}"#), "- / - / stopped 7", "an odd id of it"),
        (format!(r#""Server":{{"uuid":41}},{item}"#), "41 / - / stopped 7", "a number"),
        (format!(r#""Account":7,{item}"#), "- / - / stopped 7", "a number for the account"),
        (format!(r#""Account":[7,"Ana"],{item}"#), "- / - / stopped 7", "a list for it"),
        (
            format!(r#""Account":{{"id":{{}},"title":"Ana"}},{item}"#),
            "- / called Ana / stopped 7",
            "an odd id of it",
        ),
        (
            r#""Metadata":[{"ratingKey":"7","type":"movie"}]"#.into(),
            "it does not say what kind of item it is about",
            "a list of items",
        ),
        (
            r#""Metadata":["7","movie"]"#.into(),
            "it does not say what kind of item it is about",
            "a list of values",
        ),
        (
            r#""Metadata":{"ratingKey":["7"],"type":"movie"}"#.into(),
            "it does not say which item it is about",
            "an odd key",
        ),
        (
            r#""Metadata":{"ratingKey":"7","type":{"a":1}}"#.into(),
            "it does not say what kind of item it is about",
            "an odd type",
        ),
        (
            r#""Metadata":{"ratingKey":7.0,"type":"movie"}"#.into(),
            "it does not say which item it is about",
            "a fraction is no key",
        ),
        (
            r#""Metadata":{"ratingKey":"7","type":"movie","Guid":[],"Media":{},"viewCount":"?",
            "librarySectionID":"99","addedAt":"2024-01-01 00:00:00"}"#
                .into(),
            "- / - / stopped 7",
            "what nobody looks at may be anything",
        ),
    ] {
        let body = format!(r#"{{"event":"media.stop",{fields}}}"#);
        assert_eq!(read(Plex, JSON, body), said, "{why}");
    }
    for (body, said) in [
        (r#"{"event":["media.stop"]}"#, "it does not say what happened"),
        (r#"{"event":null}"#, "it does not say what happened"),
        (r#"{"event":7,"Metadata":{}}"#, "- / - / nothing"),
        (r#"["media.stop"]"#, "it is neither an object of JSON nor a form"),
    ] {
        assert_eq!(read(Plex, JSON, body), said, "{body}");
    }
}
