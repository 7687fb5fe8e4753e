//! Tautulli, for a Plex server.

use watchstate_servers::ServerKind::Plex;

use super::{FORM, JSON, form, read};

/// In the shape of Plex's own webhooks: what other programs have their users type.
fn nested(action: &str, kind: &str, user: &str) -> String {
    format!(
        r#"{{"event":"tautulli.{action}","Account":{{"id":"{user}","title":"ana"}},
            "Server":{{"title":"Attic","uuid":"abc123","version":"1.41.3"}},
            "Player":{{"local":"1","publicAddress":"192.0.2.4"}},
            "Metadata":{{"type":"{kind}","ratingKey":"815","title":"Metropolis","addedAt":"2025-05-01",
                "viewOffset":"61000","Guids":{{"imdb":"tt0017136","tmdb":"19"}}}}}}"#
    )
}

fn fields<'a>(action: &'a str, kind: &'a str, user: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("action", action),
        ("server_id", "abc123"),
        ("user_id", user),
        ("username", "ana"),
        ("media_type", kind),
        ("rating_key", "815"),
    ]
}

#[test]
fn triggers_in_every_shape() {
    for (action, kind, heard) in [
        ("play", "movie", "77 / runs 815"),
        ("start", "episode", "77 / runs 815"),
        ("resume", "movie", "77 / runs 815"),
        ("buffer", "movie", "77 / runs 815"),
        ("pause", "movie", "77 / paused 815"),
        ("stop", "episode", "77 / stopped 815"),
        ("error", "movie", "77 / stopped 815"),
        ("watched", "episode", "77 / items 815"),
        ("watched", "track", "77 / nothing"),
        ("created", "movie", "- / items 815"),
        ("created", "season", "- / something"),
        ("created", "show", "- / something"),
        ("created", "album", "- / nothing"),
        ("concurrent", "movie", "77 / nothing"),
        ("", "movie", "77 / nothing"),
    ] {
        let heard = format!("abc123 / {heard}");
        assert_eq!(read(Plex, JSON, nested(action, kind, "77")), heard, "{action}: levels");
        if action.is_empty() {
            continue;
        }
        let fields = fields(action, kind, "77");
        assert_eq!(read(Plex, FORM, form(&fields)), heard, "{action}: a form");
        let lines: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name:?}: {value:?}")).collect();
        let flat = format!("{{{}}}", lines.join(", "));
        assert_eq!(read(Plex, JSON, flat), heard, "{action}: one level");
    }
}

#[test]
fn without_an_id_the_name_has_to_do() {
    assert_eq!(read(Plex, JSON, nested("stop", "movie", "")), "abc123 / called ana / stopped 815");
    assert_eq!(
        read(Plex, FORM, form(&fields("stop", "movie", ""))),
        "abc123 / called ana / stopped 815"
    );
}

#[test]
fn numbers_without_quotes() {
    let body = r#"{"action":"stop","user_id":77,"media_type":"movie","rating_key":815}"#;
    assert_eq!(read(Plex, JSON, body), "- / 77 / stopped 815");
}

/// What users have typed for other programs: everything as text, lists that are empty, and ids beside them.
#[test]
fn what_is_typed_for_other_programs() {
    for (event, account, metadata, said) in [
        (
            "tautulli.watched",
            r#"{"id":"1","title":"Ana"}"#,
            r#"{"ratingKey":"1","type":"movie","addedAt":"2024-02-03 04:05:06","updatedAt":"","Guid":[],
            "Guids":{"imdb":"tt0022100","tmdb":"","tvdb":null}}"#,
            "a1 / 1 / items 1",
        ),
        (
            "tautulli.created",
            r#"{"id":"","title":""}"#,
            r#"{"ratingKey":"2","type":"show","Guid":[],"grandparentTitle":""}"#,
            "a1 / - / something",
        ),
        (
            "tautulli.stop",
            r#"{"id":77,"title":"Ana"}"#,
            r#"{"ratingKey":3,"type":"episode","parentIndex":"1","index":"02","viewOffset":"61000"}"#,
            "a1 / 77 / stopped 3",
        ),
        ("tautulli.intdown", "null", "null", "a1 / - / nothing"),
        (
            "tautulli.play",
            r#"{"id":"{user_id}","title":"{username}"}"#,
            r#"{"ratingKey":"{rating_key}","type":"{media_type}"}"#,
            "a1 / {user_id} / nothing",
        ),
        (
            "tautulli.play",
            r#"{"id":"77"}"#,
            r#"{"ratingKey":"","type":"movie"}"#,
            "it does not say which item it is about",
        ),
    ] {
        let body = format!(
            r#"{{"event":"{event}","Account":{account},"Player":{{"local":"1","uuid":""}},
            "Server":{{"uuid":"a1","title":"Attic","version":"1.0.0"}},"Metadata":{metadata}}}"#
        );
        assert_eq!(read(Plex, JSON, body), said, "{event} {metadata}");
    }
    for (body, said) in [
        (
            r#"{"action":"stop","media_type":"movie","rating_key":["815"]}"#,
            "it does not say which item it is about",
        ),
        (
            r#"{"action":"stop","media_type":"","rating_key":"815"}"#,
            "it does not say what kind of item it is about",
        ),
        (
            r#"{"action":"stop","user_id":{},"media_type":"movie","rating_key":"815"}"#,
            "- / - / stopped 815",
        ),
        (
            r#"{"action":["stop"],"media_type":"movie","rating_key":"815"}"#,
            "it does not say what happened",
        ),
        (r#"{"action":"stop","media_type":"movie","rating_key":}"#, "its JSON cannot be read"),
    ] {
        assert_eq!(read(Plex, JSON, body), said, "{body}");
    }
}
