use super::*;
use crate::heard::Playback::{Paused, Runs, Stopped};

const USER: &str = "9f3c2b1a00000000000000000000aaaa";
const OTHER: &str = "9f3c2b1a00000000000000000000bbbb";

fn ear() -> Ear {
    Ear::new(USER, "our-device")
}

fn items(keys: &[&str]) -> Vec<Heard> {
    vec![Heard::Items(keys.iter().map(|key| ItemKey::from(*key)).collect())]
}

fn plays(key: &str, how: Playback) -> Heard {
    Heard::Playback { key: key.into(), how }
}

fn heard(ear: &mut Ear, text: &str) -> Option<Vec<Heard>> {
    ear.hear(text).map(|said| said.heard)
}

fn marks(user: &str, list: &str) -> String {
    format!(
        r#"{{"MessageType":"UserDataChanged","MessageId":"77","Data":{{"UserId":"{user}",
        "UserDataList":[{list}]}}}}"#
    )
}

/// What a genuine server told while a film was marked, played to the middle, to the end, and opened briefly.
fn recorded(server: &str, user: &str) -> Vec<String> {
    let path = format!("{}/tests/recordings/{server}/websocket.jsonl", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut ear = Ear::new(user, "our-device");
    let mut told = Vec::new();
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        // The last line is how the connection ended.
        let Some(message) = line.get("msg") else { continue };
        let said = ear.hear(&message.to_string()).expect("every message can be read");
        told.extend(said.wants.map(|wants| format!("wants {}", wants.each.as_secs())));
        told.extend(said.heard.into_iter().map(|heard| match heard {
            Heard::Items(keys) => {
                let keys: Vec<&str> = keys.iter().map(|key| &key.as_str()[..4]).collect();
                format!("items {}", keys.join(" "))
            }
            Heard::Playback { key, how } => format!("{how:?} {}", &key.as_str()[..4]),
            other => format!("{other:?}"),
        }));
    }
    told
}

#[test]
fn recordings() {
    // A position that stays is told once; the sessions of the other user, and of nobody, are not. The list
    // of what was marked before the film began has series and seasons in it, which are left out.
    let whole = |first: &'static str| {
        let rest = [
            "Stopped 6073",
            "items 6073",
            "Runs 6073",
            "Stopped 6073",
            "items 6073",
            "Runs 6073",
            "Stopped 6073",
            "items 6073",
        ];
        [&["Runs 6073", "Runs 6073", first][..], &rest].concat()
    };
    let new = recorded("jellyfin-10.10.7", "A1B2004C-4B58-489F-BF88-2C16E30FFFCD");
    assert_eq!(new[0], "wants 30");
    assert_eq!(
        new[1..],
        whole("items 1bbb 23a6 2f02 9314 0760 5e27 fb1a 6073"),
        "the id of the user with dashes and in capitals"
    );
    let older = "items 1bbb 23a6 9314 2f02 0760 5e27 fb1a 6073";
    let old = recorded("jellyfin-10.8.6", "5ff5dec47b84424fae73796cd2e7b98e");
    assert_eq!(old[0], "wants 30");
    assert_eq!(old[1..], whole(older));
    // It wants no sign of life, and tells of playback a second time by messages of its own, which are not
    // taken twice.
    assert_eq!(recorded("emby-3.2.40", "0e187b65883c45d39406d42d73d8d30c"), whole(older));
    let foreign = ["Foreign"; 4];
    let alice = recorded("emby-3.2.40", "f79f9da2986f452f896166b6cfa3997f");
    assert_eq!(alice, foreign, "to whom none of it belongs");
    let alice = recorded("jellyfin-10.10.7", "d739a69987404792acee00dae392ec20");
    assert_eq!(alice[1..], foreign);
}

#[test]
fn changed_marks() {
    let many = |n: usize| {
        let list: Vec<String> = (0..n).map(|n| format!(r#"{{"ItemId":"{n}"}}"#)).collect();
        list.join(",")
    };
    for (user, list, told, why) in [
        (
            USER,
            r#"{"PlaybackPositionTicks":0,"PlayCount":1,"IsFavorite":true,"Played":true,
            "LastPlayedDate":"2025-02-01T10:00:00.0000000Z","Key":"12","ItemId":"28"},
            {"UnplayedItemCount":0,"PlayCount":0,"Played":true,"ItemId":"29"}"#
                .to_owned(),
            items(&["28"]),
            "an episode, without its season",
        ),
        (
            USER,
            r#"{"PlayedPercentage":50.1,"ItemId":"28"},{"ItemId":"28"},{"ItemId":"30"}"#.to_owned(),
            items(&["28", "30"]),
            "each once",
        ),
        (
            USER,
            r#"{"UnplayedItemCount":3,"ItemId":"29"}"#.to_owned(),
            vec![Heard::Nothing],
            "a series",
        ),
        (USER, r#"{"ItemId":""},{"ItemId":null},{}"#.to_owned(), vec![Heard::Nothing], "no ids"),
        (OTHER, r#"{"ItemId":"28"}"#.to_owned(), vec![Heard::Foreign], "another's"),
        ("", r#"{"ItemId":"28"}"#.to_owned(), vec![Heard::Foreign], "nobody's"),
        (USER, many(501), vec![Heard::Something], "more than one would read singly"),
    ] {
        assert_eq!(heard(&mut ear(), &marks(user, &list)), Some(told), "{why}");
    }
    let most = heard(&mut ear(), &marks(USER, &many(500))).unwrap();
    assert!(matches!(&most[..], [Heard::Items(keys)] if keys.len() == 500));
    let no_user = r#"{"MessageType":"UserDataChanged","Data":{"UserDataList":[{"ItemId":"1"}]}}"#;
    assert_eq!(heard(&mut ear(), no_user), Some(vec![Heard::Foreign]));
}

/// A session: its id, its user, its device, what it plays, where, and whether it stands still.
fn session(id: &str, user: &str, device: &str, item: &str, ticks: i64, paused: bool) -> String {
    let item = match item.split_once(' ') {
        Some((item, kind)) => format!(r#""NowPlayingItem":{{"Id":"{item}","Type":"{kind}"}},"#),
        None => String::new(),
    };
    format!(
        r#"{{"Id":"{id}","UserId":"{user}","UserName":"x","Client":"Web","DeviceId":"{device}",
        "DeviceName":"Sofa","AdditionalUsers":[],{item}
        "PlayState":{{"PositionTicks":{ticks},"CanSeek":true,"IsPaused":{paused}}}}}"#
    )
}

fn sessions(list: &[String]) -> String {
    format!(r#"{{"MessageType":"Sessions","Data":[{}]}}"#, list.join(","))
}

#[test]
fn playback_is_what_differs_between_two_lists() {
    const S: i64 = 10_000_000;
    let at = |item: &str, s: i64, paused| session("s1", USER, "tv", item, s * S, paused);
    let on = |id: &str, item: &str| session(id, USER, "tv", item, S, false);
    let mut ear = ear();
    for (list, told, why) in [
        (vec![at("", 0, false)], vec![], "connected"),
        (vec![at("f1 Movie", 0, false)], vec![plays("f1", Runs)], "begun"),
        (vec![at("f1 Movie", 0, false)], vec![], "the same again"),
        (vec![at("f1 Movie", 10, false)], vec![plays("f1", Runs)], "on"),
        (vec![at("f1 Movie", 10, true)], vec![plays("f1", Paused)], "paused"),
        (vec![at("f1 Movie", 10, true)], vec![], "still"),
        (vec![at("f1 Movie", 5, true)], vec![plays("f1", Paused)], "moved while it stands"),
        (vec![at("f1 Movie", 5, false)], vec![plays("f1", Runs)], "taken up"),
        (
            vec![at("e2 Episode", 0, false)],
            vec![plays("f1", Stopped), plays("e2", Runs)],
            "something else",
        ),
        (vec![at("a3 Audio", 0, false)], vec![plays("e2", Stopped)], "music"),
        (vec![at("a3 Audio", 9, false)], vec![], "is no concern of ours"),
        (
            vec![on("s1", "e2 Episode"), on("s2", "f1 Movie")],
            vec![plays("e2", Runs), plays("f1", Runs)],
            "two devices",
        ),
        (vec![on("s2", "f1 Movie")], vec![plays("e2", Stopped)], "one is gone"),
        (vec![], vec![plays("f1", Stopped)], "both"),
    ] {
        assert_eq!(heard(&mut ear, &sessions(&list)), Some(told), "{why}");
    }
}

#[test]
fn sessions_that_are_not_ours() {
    let of = |user: &str, device: &str| session("s1", user, device, "f1 Movie", 0, false);
    let guest = of(OTHER, "tv").replace(
        r#""AdditionalUsers":[]"#,
        &format!(r#""AdditionalUsers":[{{"UserId":"{USER}","UserName":"x"}}]"#),
    );
    for (session, told, why) in [
        (of(USER, "our-device"), vec![], "our own device"),
        (of(OTHER, "tv"), vec![], "another user's"),
        (of("", "tv"), vec![], "of nobody"),
        (guest, vec![plays("f1", Runs)], "watched along"),
        (of(USER, "tv"), vec![plays("f1", Runs)], "the user's"),
    ] {
        assert_eq!(heard(&mut ear(), &sessions(&[session])), Some(told), "{why}");
    }
}

#[test]
fn what_is_being_played_is_told_with_its_place() {
    let read = |json: &str| serde_json::from_str::<Session<'_>>(json).unwrap().now_playing();
    let whole = read(&session("s1", USER, "tv", "f1 Movie", 600_000_000, true)).unwrap();
    assert_eq!(whole.position.map(|at| at.ms()), Some(60_000));
    assert_eq!((whole.paused, whole.device.as_deref()), (true, Some("Sofa")));
    for (json, device, why) in [
        (r#"{"NowPlayingItem":{"Id":"f1"}}"#, None, "as little as there can be"),
        (
            r#"{"NowPlayingItem":{"Id":"f1"},"DeviceName":"","Client":"Web"}"#,
            Some("Web"),
            "a program",
        ),
        (r#"{"NowPlayingItem":{"Id":"f1"},"PlayState":{"PositionTicks":-1}}"#, None, "absurd"),
    ] {
        let playing = read(json).unwrap();
        assert_eq!((playing.device.as_deref(), playing.position), (device, None), "{why}");
        assert!(!playing.paused, "{why}");
    }
    assert_eq!(read(r#"{"NowPlayingItem":{"Id":""}}"#), None);
}

#[test]
fn libraries_that_changed() {
    for (data, told, why) in [
        (r#"{"ItemsAdded":["5"],"ItemsUpdated":[],"ItemsRemoved":[]}"#, Heard::Something, "added"),
        (r#"{"ItemsUpdated":["5"],"FoldersAddedTo":["1"]}"#, Heard::Something, "renewed"),
        (r#"{"ItemsAdded":[],"ItemsRemoved":["5"]}"#, Heard::Nothing, "said to be removed"),
        (r#"{"ItemsAdded":null}"#, Heard::Nothing, "nothing"),
    ] {
        let text = format!(r#"{{"MessageType":"LibraryChanged","Data":{data}}}"#);
        assert_eq!(heard(&mut ear(), &text), Some(vec![told]), "{why}");
    }
}

#[test]
fn signs_of_life() {
    for (data, each, why) in [
        ("60", Some(30), "as Jellyfin says"),
        ("20", Some(10), "shorter"),
        ("0", Some(5), "no time at all"),
        ("86400", Some(50), "longer than proxies wait"),
        ("18446744073709551615", Some(50), "for ever"),
        ("-1", None, "before it began"),
        (r#""60""#, None, "a text"),
        ("null", None, "nothing"),
    ] {
        let said = ear().hear(&format!(r#"{{"MessageType":"ForceKeepAlive","Data":{data}}}"#));
        let wants = said.and_then(|said| said.wants);
        assert_eq!(wants.map(|wants| wants.each.as_secs()), each, "{why}");
        assert!(wants.is_none_or(|wants| wants.text == KEEP_ALIVE), "{why}");
    }
}

#[test]
fn what_does_not_concern_marks_and_what_cannot_be_read() {
    for (text, told, why) in [
        (r#"{"MessageType":"KeepAlive"}"#, Some(vec![]), "the answer to a sign of life"),
        (r#"{"MessageType":"PlaybackStart","Data":{"UserId":"a"}}"#, Some(vec![]), "only old Emby"),
        (r#"{"MessageType":"ServerRestarting","MessageId":"1"}"#, Some(vec![]), "a restart"),
        (r#"{"MessageType":"GeneralCommand","Data":"x"}"#, Some(vec![]), "a command"),
        (r#"{"MessageType":"Playstate","Data":{"Command":"Stop"}}"#, Some(vec![]), "another"),
        (
            r#"{"MessageType":"RefreshProgress","Data":{"ItemId":"5","Progress":"12.5"}}"#,
            Some(vec![]),
            "a refresh at work",
        ),
        (
            r#"{"MessageType":"ScheduledTasksInfo","Data":[{"State":"Running"}]}"#,
            Some(vec![]),
            "tasks",
        ),
        (r#"{"MessageType":"ActivityLogEntry","Data":null}"#, Some(vec![]), "the log"),
        (r#"{"MessageType":"UserUpdated","Data":{"Id":"a"}}"#, Some(vec![]), "an account"),
        (
            r#"{"MessageType":"PlaybackStopped","Data":{"Id":"s1","UserId":"a","PlayState":{}}}"#,
            Some(vec![]),
            "only old Emby, beside the list of sessions",
        ),
        (r#"{"MessageType":7}"#, None, "a number for a type"),
        (r#"{"MessageType":"UserDataChanged","Data":[]}"#, None, "a list for an object"),
        (r#"{"MessageType":"Sessions","Data":{}}"#, None, "an object for a list"),
        (
            r#"{"MessageType":"UserDataChanged","Data":["a",[]]}"#,
            None,
            "nor one with something in it",
        ),
        (r#"{"MessageType":"LibraryChanged","Data":[["5"]]}"#, None, "nor this one"),
        (r#"["UserDataChanged"]"#, None, "a list for a message"),
        (r#"{"MessageType":"Sessions"}"#, None, "no data"),
        (r#"{"Data":60}"#, None, "no type"),
        (r#"{"MessageType":null}"#, None, "no type either"),
        ("[]", None, "a list"),
        ("pong", None, "not JSON"),
        ("", None, "nothing"),
    ] {
        assert_eq!(heard(&mut ear(), text), told, "{why}");
    }
    let mut ear = ear();
    let film = sessions(&[session("s1", USER, "tv", "f1 Movie", 0, false)]);
    assert_eq!(heard(&mut ear, &film), Some(vec![plays("f1", Runs)]));
    assert_eq!(heard(&mut ear, r#"{"MessageType":"Sessions","Data":{}}"#), None);
    assert_eq!(heard(&mut ear, &film), Some(vec![]), "what cannot be read changes nothing");
}

#[test]
fn one_change_that_is_no_list() {
    let single = |user: &str, more: &str| {
        format!(
            r#"{{"MessageType":"UserDataChanged","MessageId":"6e","Data":{{"UserId":"{user}",{more}}}}}"#
        )
    };
    for (user, more, told, why) in [
        (
            USER,
            r#""ItemId":"28","UserData":{"PlaybackPositionTicks":0,"Played":true,"Key":"x","ItemId":"28"}"#,
            items(&["28"]),
            "beside its user data",
        ),
        (USER, r#""ItemId":"28""#, items(&["28"]), "alone"),
        (USER, r#""UserData":{"Played":true,"ItemId":"29"}"#, items(&["29"]), "within them"),
        (USER, r#""ItemId":28,"UserData":null"#, items(&["28"]), "a number"),
        (
            USER,
            r#""ItemId":"7","UserData":{"UnplayedItemCount":2,"Played":false}"#,
            vec![Heard::Nothing],
            "a series",
        ),
        (
            USER,
            r#""UserDataList":[{"ItemId":"30"}],"ItemId":"28""#,
            items(&["30", "28"]),
            "both forms",
        ),
        (OTHER, r#""ItemId":"28""#, vec![Heard::Foreign], "another's"),
        (USER, r#""UserData":[]"#, vec![Heard::Nothing], "of nothing"),
    ] {
        assert_eq!(heard(&mut ear(), &single(user, more)), Some(told), "{why}");
    }
}

#[test]
fn odd_entries_cost_themselves() {
    for (list, told, why) in [
        (r#"null,{"ItemId":"28"},"29",[{"ItemId":"30"}]"#, items(&["28"]), "no objects"),
        (r#"{"ItemId":["1"]},{"ItemId":31,"Key":{}}"#, items(&["31"]), "odd ids"),
        (
            r#"{"ItemId":"32","UnplayedItemCount":null}"#,
            items(&["32"]),
            "a server that writes what is not there",
        ),
    ] {
        assert_eq!(heard(&mut ear(), &marks(USER, list)), Some(told), "{why}");
    }
    let film = session("s1", USER, "tv", "f1 Movie", 0, false);
    for (odd, why) in [
        ("null".to_owned(), "no session"),
        ("[\"s2\"]".to_owned(), "a list"),
        (r#"{"Id":"s2"}"#.to_owned(), "nobody's"),
        (format!(r#"{{"Id":"s2","UserId":"{USER}","NowPlayingItem":null}}"#), "nothing"),
        (
            format!(r#"{{"Id":"s2","UserId":"{USER}","NowPlayingItem":{{"Name":"a stream"}}}}"#),
            "what has no id",
        ),
        (format!(r#"{{"Id":"s2","UserId":"{USER}","NowPlayingItem":"f2"}}"#), "a text"),
        (
            format!(r#"{{"UserId":"{USER}","NowPlayingItem":{{"Id":"f2","Type":"Movie"}}}}"#),
            "no id of its own, by which it would be known again",
        ),
    ] {
        let told = heard(&mut ear(), &sessions(&[odd, film.clone()]));
        assert_eq!(told, Some(vec![plays("f1", Runs)]), "{why}");
    }
    for (odd, how, why) in [
        (r#""PlayState":{"PositionTicks":"600","IsPaused":"true"}"#, Paused, "as text"),
        (r#""PlayState":{"PositionTicks":{},"IsPaused":[]}"#, Runs, "unknown: it runs"),
        (r#""PlayState":null,"AdditionalUsers":null,"DeviceName":{}"#, Runs, "null"),
        (r#""PlayState":[],"AdditionalUsers":"x","Client":7"#, Runs, "of other types"),
    ] {
        let one = format!(
            r#"{{"Id":7,"UserId":"{USER}","NowPlayingItem":{{"Id":12,"Type":"Movie"}},{odd}}}"#
        );
        assert_eq!(heard(&mut ear(), &sessions(&[one])), Some(vec![plays("12", how)]), "{why}");
    }
}
