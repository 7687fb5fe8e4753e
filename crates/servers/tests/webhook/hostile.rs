//! What no server sends.

use watchstate_servers::ServerKind::{self, Emby, Jellyfin, Kodi, Plex};

use super::{FORM, JSON, form, parts, read};

const SERVERS: [ServerKind; 3] = [Plex, Jellyfin, Emby];

/// As much as a webhook may have.
const LARGEST: usize = 1024 * 1024;

/// A good webhook of each, with room for more at its end.
fn good(kind: ServerKind) -> &'static str {
    match kind {
        Plex => r#"{"event":"media.stop","Metadata":{"ratingKey":"7","type":"movie"}"#,
        Jellyfin => r#"{"NotificationType":"PlaybackStop","ItemId":"7","ItemType":"Movie""#,
        Emby => r#"{"Event":"playback.stop","Item":{"Id":"7","Type":"Movie"}"#,
        Kodi => "{",
    }
}

fn field(kind: ServerKind) -> &'static str {
    if kind == Plex { "payload" } else { "data" }
}

#[test]
fn bytes_that_are_no_webhook() {
    for kind in SERVERS {
        for (content_type, body) in [
            (JSON, &b""[..]),
            (JSON, b"\0\0\0\0"),
            (JSON, b"null"),
            (JSON, b"[]"),
            (JSON, b"\"event\""),
            (JSON, b"{"),
            (JSON, b"{\"event\":\"media.stop\""),
            (JSON, b"{\"\xff\":1}"),
            (JSON, b"\xef\xbb\xbf{}"),
            (FORM, b""),
            (FORM, b"&&&===%%%%zz"),
            (FORM, b"payload=%00%ff&data=%00%ff"),
            ("multipart/form-data", b"--"),
            ("multipart/form-data; boundary=", b"--\r\n\r\n--"),
            ("multipart/form-data; boundary=x", b"--x--"),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
            (
                "multipart/form-data; boundary=x",
                b"--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n",
            ),
            ("\u{0}\u{7f};;;=", b"{}"),
        ] {
            let read = read(kind, content_type, body);
            assert!(!read.contains('/'), "{kind:?} {content_type} {body:?}: {read}");
        }
    }
    assert_eq!(read(Kodi, JSON, r#"{"event":"media.stop"}"#), "Kodi sends none");
}

#[test]
fn values_that_no_server_has() {
    let deep =
        |open: &str, close: &str| format!(",\"x\":{}1{}}}", open.repeat(5000), close.repeat(5000));
    for kind in SERVERS {
        let with = |more: &str| read(kind, JSON, format!("{}{more}", good(kind)));
        let stopped = "- / - / stopped 7";
        assert_eq!(with("}"), stopped, "{kind:?}");
        assert_eq!(with(",\"x\":[[{}],-0.0,1e300,\"\\ud83c\\udfac\"]}"), stopped, "{kind:?}");
        // A broken template of Jellyfin is read for its fields: what is wrong around them costs nothing.
        let broken = if kind == Jellyfin { stopped } else { "its JSON cannot be read" };
        assert_eq!(with(&deep("[", "]")), stopped, "{kind:?}: deep lists");
        assert_eq!(with(&deep("{\"x\":", "}")), stopped, "{kind:?}: deep objects");
        assert_eq!(with(&deep("[", "")), broken, "{kind:?}: lists without end");
        assert_eq!(with(",\"x\":\"\0\"}"), broken, "{kind:?}: a bare NUL");
        assert_eq!(with("} {}"), broken, "{kind:?}: two of them");
        for value in ["1e999", "\"\\ud800\"", "\"\\x\"", "-"] {
            let server = match kind {
                Plex => format!(",\"Server\":{{\"uuid\":{value}}}}}"),
                Emby => format!(",\"Server\":{{\"Id\":{value}}}}}"),
                Jellyfin | Kodi => format!(",\"SaveReason\":{value}}}"),
            };
            assert_eq!(with(&server), broken, "{kind:?}: {value}");
        }
        let list = match kind {
            Plex => format!(",\"Server\":{}{}}}", "[".repeat(5000), "]".repeat(5000)),
            Emby => format!(",\"Server\":{}{}}}", "[".repeat(5000), "]".repeat(5000)),
            Jellyfin | Kodi => {
                format!(",\"SaveReason\":{}{}}}", "[".repeat(5000), "]".repeat(5000))
            }
        };
        let deep = with(&list);
        assert!(deep == stopped || deep == broken, "{kind:?}: a deep list for a field: {deep}");
        let twice = with(&format!(",{}", &good(kind)[1..]));
        assert!(!twice.contains('/'), "{kind:?}: each field twice: {twice}");
        let mut bytes = format!("{},\"x\":\"?\"}}", good(kind)).into_bytes();
        let at = bytes.len() - 3;
        bytes[at] = 0xff;
        assert!(!read(kind, JSON, bytes).contains('/'), "{kind:?}: not UTF-8");
    }
}

#[test]
fn ids_that_no_server_has() {
    let long = "9".repeat(4096);
    for id in ["", " ", "a/b", "../../x", "a\\u0000b", "7?x=1", "ünï", "7 8", "7\\n8", &long] {
        for (kind, body) in [
            (
                Plex,
                format!(
                    r#"{{"event":"media.stop","Metadata":{{"ratingKey":"{id}","type":"movie"}}}}"#
                ),
            ),
            (
                Jellyfin,
                format!(
                    r#"{{"NotificationType":"PlaybackStop","ItemId":"{id}","ItemType":"Movie"}}"#
                ),
            ),
            (Emby, format!(r#"{{"Event":"playback.stop","Item":{{"Id":"{id}","Type":"Movie"}}}}"#)),
        ] {
            let read = read(kind, JSON, &body);
            assert!(!read.contains("stopped"), "{kind:?} {id:?}: {read}");
        }
    }
    for user in ["", "\\u0007", &long] {
        let body = format!(
            r#"{{"Event":"playback.stop","User":{{"Id":"{user}"}},"Server":{{"Id":"{user}"}},"Item":{{"Id":"7","Type":"Movie"}}}}"#
        );
        assert_eq!(read(Emby, JSON, body), "- / - / stopped 7", "{user:?}");
    }
}

#[test]
fn too_much() {
    for kind in SERVERS {
        let start = good(kind);
        let filled = |size: usize| {
            let room = size - start.len() - r#","x":""}"#.len();
            format!(r#"{start},"x":"{}"}}"#, "a".repeat(room))
        };
        let (most, over) = (filled(LARGEST), filled(LARGEST + 1));
        assert_eq!((most.len(), over.len()), (LARGEST, LARGEST + 1));
        assert_eq!(read(kind, JSON, &most), "- / - / stopped 7", "{kind:?}");
        assert_eq!(read(kind, JSON, &over), "it is too large", "{kind:?}");
        // Jellyfin's plugin has forms whose fields are its own, and none of several parts.
        if kind == Jellyfin {
            continue;
        }
        assert_eq!(read(kind, FORM, form(&[(field(kind), &over)])), "it is too large", "{kind:?}");
        let (content_type, body) = parts(field(kind), &most);
        assert_eq!(read(kind, &content_type, body), "- / - / stopped 7", "{kind:?}");
        let (content_type, body) = parts(field(kind), &over);
        assert_eq!(read(kind, &content_type, body), "it is too large", "{kind:?}");
    }
}

#[test]
fn forms_of_many_parts() {
    let part = "--x\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n\r\n";
    for kind in SERVERS {
        let body = format!("{}--x--\r\n", part.repeat(50_000));
        let content_type = "multipart/form-data; boundary=x";
        assert_eq!(
            read(kind, content_type, body),
            "its form lacks the field that holds the event",
            "{kind:?}: fifty thousand parts"
        );
        let body = format!("--x\r\n{}", "A: b\r\n".repeat(100_000));
        assert_eq!(
            read(kind, content_type, body),
            "its form cannot be taken apart",
            "{kind:?}: headers without end"
        );
        let body = "--x\r\n".repeat(100_000);
        assert_eq!(
            read(kind, content_type, body),
            "its form cannot be taken apart",
            "{kind:?}: boundaries without parts"
        );
    }
}
