//! Jellyfin's webhook plugin.

use watchstate_servers::ServerKind::Jellyfin;

use super::{FORM, JSON, form, read};

const ITEM: &str = "9d4e1b7c02aa4f3f8c61e5d0b7a39f12";

/// All properties, as the plugin sends them. `more` begins with a comma, or is empty.
fn told(notification: &str, kind: &str, more: &str) -> String {
    format!(
        r#"{{"ServerId":"77aa0f3e52b74d948e0b93d1c5f7a201","ServerName":"Loft","ServerVersion":"10.10.7",
            "ServerUrl":"http://192.0.2.9:8096","NotificationType":"{notification}",
            "Timestamp":"2026-02-03T04:05:06.7+01:00","Name":"M","Overview":"a \"killer\"","ItemId":"{ITEM}",
            "ItemType":"{kind}","RunTimeTicks":66000000000,"Provider_imdb":"tt0022100",
            "Video_0_Title":"1080p","Likes":null,"Rating":null,"PlaybackPositionTicks":123,"PlayCount":1,
            "Favorite":false,"Played":true,
            "NotificationUsername":"ana","UserId":"6c1a0f3e52b74d948e0b93d1c5f7a286"{more}}}"#
    )
}

/// What is heard of what [`told`] makes.
fn heard(said: &str) -> String {
    format!("77aa0f3e52b74d948e0b93d1c5f7a201 / {said}")
}

const ANA: &str = "6c1a0f3e52b74d948e0b93d1c5f7a286";

#[test]
fn notifications() {
    for (notification, more, said) in [
        ("PlaybackStart", "", format!("{ANA} / runs {ITEM}")),
        ("PlaybackProgress", r#","IsPaused":false"#, format!("{ANA} / runs {ITEM}")),
        ("PlaybackProgress", r#","IsPaused":true"#, format!("{ANA} / paused {ITEM}")),
        ("PlaybackProgress", r#","IsPaused":"True""#, format!("{ANA} / paused {ITEM}")),
        ("PlaybackStop", r#","PlayedToCompletion":false"#, format!("{ANA} / stopped {ITEM}")),
        ("UserDataSaved", "", format!("{ANA} / items {ITEM}")),
        ("UserDataSaved", r#","SaveReason":"TogglePlayed""#, format!("{ANA} / items {ITEM}")),
        ("UserDataSaved", r#","SaveReason":"Import""#, format!("{ANA} / items {ITEM}")),
        ("UserDataSaved", r#","SaveReason":"PlaybackFinished""#, format!("{ANA} / items {ITEM}")),
        ("UserDataSaved", r#","SaveReason":"PlaybackProgress""#, format!("{ANA} / runs {ITEM}")),
        ("UserDataSaved", r#","SaveReason":"PlaybackStart""#, format!("{ANA} / runs {ITEM}")),
        ("ItemAdded", "", format!("- / items {ITEM}")),
        ("ItemDeleted", "", format!("{ANA} / nothing")),
        ("Generic", "", format!("{ANA} / nothing")),
        ("AuthenticationSuccess", "", format!("{ANA} / nothing")),
    ] {
        let sent = told(notification, "Movie", more);
        for content_type in ["text/plain; charset=utf-8", JSON, ""] {
            assert_eq!(read(Jellyfin, content_type, &sent), heard(&said), "{notification}{more}");
        }
    }
}

#[test]
fn kinds_of_items() {
    for (kind, notification, said) in [
        ("Episode", "PlaybackStop", format!("{ANA} / stopped {ITEM}")),
        ("Season", "UserDataSaved", format!("{ANA} / something")),
        ("Series", "UserDataSaved", format!("{ANA} / something")),
        ("BoxSet", "UserDataSaved", format!("{ANA} / something")),
        ("Series", "ItemAdded", "- / something".into()),
        ("Series", "PlaybackStart", format!("{ANA} / nothing")),
        ("Audio", "UserDataSaved", format!("{ANA} / nothing")),
        ("MusicAlbum", "ItemAdded", "- / nothing".into()),
        ("Trailer", "PlaybackStart", format!("{ANA} / nothing")),
        ("LiveTvChannel", "PlaybackStop", format!("{ANA} / nothing")),
    ] {
        let read = read(Jellyfin, JSON, told(notification, kind, ""));
        assert_eq!(read, heard(&said), "{notification} of {kind}");
    }
}

/// A template with what it names filled in: ids with dashes, flags in capitals, numbers between quotes.
const TEMPLATE: &str = r#"{
    "Name": "NAME", "Path": "PATH", "Year": "1931", "Played": "True", "Position": "00:01:01",
    "NotificationType": "PlaybackStop", "ServerId": "77aa0f3e52b74d948e0b93d1c5f7a201",
    "ItemId": "9D4E1B7C-02AA-4F3F-8C61-E5D0B7A39F12", "ItemType": "Movie",
    "UserId": "6c1a0f3e-52b7-4d94-8e0b-93d1c5f7a286", "NotificationUsername": "USER",
}"#;

#[test]
fn templates() {
    let stopped = heard(&format!("{ANA} / stopped {ITEM}"));
    let whole = TEMPLATE.replace("\",\n}", "\"\n}");
    for (template, why) in [
        (whole.clone(), "a good one"),
        (TEMPLATE.to_owned(), "a comma after the last field"),
        (whole.replace("NAME", "say \"M\" twice"), "quotes in a name"),
        (whole.replace("PATH", r"D:\media\u\M.mkv"), "a path of Windows"),
        (whole.replace("NAME", "two\nlines"), "a line break"),
        (whole.replace("USER", "an\"a"), "quotes in the name of a user"),
        (whole.replace("\"1931\"", ""), "a number that there is none of"),
        (whole.replace("\"Movie\"", "Movie"), "quotes left away"),
    ] {
        assert_eq!(read(Jellyfin, "text/plain", template), stopped, "{why}");
    }
    for (template, said, why) in [
        (
            whole.replace("6c1a0f3e-52b7-4d94-8e0b-93d1c5f7a286", ""),
            heard(&format!("called USER / stopped {ITEM}")),
            "a name alone",
        ),
        (
            TEMPLATE.replace("6c1a0f3e-52b7-4d94-8e0b-93d1c5f7a286", ""),
            heard(&format!("- / stopped {ITEM}")),
            "a name in broken JSON is not believed",
        ),
        (
            whole.replace(
                "6c1a0f3e-52b7-4d94-8e0b-93d1c5f7a286",
                "00000000-0000-0000-0000-000000000000",
            ),
            heard(&format!("called USER / stopped {ITEM}")),
            "the id of nobody",
        ),
        (
            whole.replace("\"ItemType\": \"Movie\",", ""),
            "it does not say what kind of item it is about".into(),
            "no kind",
        ),
        (
            TEMPLATE.replace("9D4E1B7C-02AA-4F3F-8C61-E5D0B7A39F12", ""),
            "it does not say which item it is about".into(),
            "no item",
        ),
        (
            whole.replace("NotificationType", "Type"),
            "it does not say what happened".into(),
            "no event",
        ),
        (
            TEMPLATE.replace("NotificationType", "Type"),
            "its JSON cannot be read".into(),
            "no event in broken JSON",
        ),
        (
            format!("M was played: {whole}"),
            "it is neither an object of JSON nor a form".into(),
            "a template for people",
        ),
    ] {
        assert_eq!(read(Jellyfin, "text/plain", template), said, "{why}");
    }
}

#[test]
fn the_form_destination() {
    let fields = [
        ("NotificationType", "UserDataSaved"),
        ("ItemId", "9d4e1b7c-02aa-4f3f-8c61-e5d0b7a39f12"),
        ("ItemType", "Episode"),
        ("UserId", ANA),
        ("Name", "A & B = \"C\""),
    ];
    assert_eq!(read(Jellyfin, FORM, form(&fields)), format!("- / {ANA} / items {ITEM}"));
    assert_eq!(read(Jellyfin, FORM, "a=b"), "it does not say what happened");
}

/// Which version sends makes no difference, nor do the ids of providers beside the item's own.
#[test]
fn versions_and_other_spellings() {
    for version in ["\"10.6.0\"", "\"10.9.0\"", "\"12.0.0\"", "\"\"", "7", "null"] {
        let body = format!(
            r#"{{"ServerId":"server-1","ServerName":"Loft","ServerVersion":{version},"UserId":"user-1",
            "NotificationUsername":"Ana","ItemId":"item-1","ItemType":"Movie",
            "NotificationType":"PlaybackStop","Played":true,"PlaybackPositionTicks":800000000,
            "provider_imdb":"tt0022100","provider_tmdb":"832"}}"#
        );
        let said = "server-1 / user-1 / stopped item-1";
        assert_eq!(read(Jellyfin, JSON, body), said, "{version}");
    }
}

#[test]
fn values_of_other_types() {
    for (fields, said, why) in [
        (r#""ItemId":2019,"ItemType":"Movie""#, "- / - / stopped 2019", "a number"),
        (
            r#""ItemId":["7"],"ItemType":"Movie""#,
            "it does not say which item it is about",
            "a list for the item",
        ),
        (
            r#""ItemId":null,"ItemType":"Movie""#,
            "it does not say which item it is about",
            "null for it",
        ),
        (
            r#""ItemId":"00000000-0000-0000-0000-000000000000","ItemType":"Movie""#,
            "it does not say which item it is about",
            "the id of nothing",
        ),
        (
            r#""ItemId":"7","ItemType":{"Name":"Movie"}"#,
            "it does not say what kind of item it is about",
            "an object for the kind",
        ),
        (
            r#""ItemId":"7","ItemType":"Movie","UserId":{},"NotificationUsername":"ana""#,
            "- / called ana / stopped 7",
            "an odd user",
        ),
        (
            r#""ItemId":"7","ItemType":"Movie","UserId":[],"NotificationUsername":[],"ServerId":{}"#,
            "- / - / stopped 7",
            "odd all around",
        ),
    ] {
        let body = format!(r#"{{"NotificationType":"PlaybackStop",{fields}}}"#);
        assert_eq!(read(Jellyfin, JSON, body), said, "{why}");
    }
    for (body, said) in [
        ("{}", "it does not say what happened"),
        (r#"{"NotificationType":["PlaybackStop"]}"#, "it does not say what happened"),
        (
            r#"{"NotificationType":"UnknownEvent","ItemType":"Movie","ItemId":"7"}"#,
            "- / - / nothing",
        ),
        (
            r#"{"NotificationType":"PlaybackProgress","IsPaused":1,"ItemType":"Movie","ItemId":"7"}"#,
            "- / - / runs 7",
        ),
        (
            r#"{"NotificationType":"UserDataSaved","SaveReason":{},"ItemType":"Movie","ItemId":"7"}"#,
            "- / - / items 7",
        ),
    ] {
        assert_eq!(read(Jellyfin, JSON, body), said, "{body}");
    }
}
