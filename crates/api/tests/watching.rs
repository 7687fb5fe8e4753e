//! What a window sees of what is being played, and of how backends are listened to.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::collections::BTreeMap;

use household::{NOW, Servers, Window};
use serde_json::{Value, json};
use watchstate_api::contract::{Asking, Connection, ConnectionState, Event, Tag};
use watchstate_api::{Heeded, Plays, Realtime};
use watchstate_model::{BackendId, ItemKey, Moment, Position};
use watchstate_servers::NowPlaying;

/// Ten minutes into something, in the living room.
fn plays(key: ItemKey) -> Plays {
    let now = NowPlaying {
        key,
        position: Position::from_ms(600_000),
        paused: false,
        device: Some("Living room TV".to_owned()),
    };
    Plays { now, since: NOW }
}

/// What is being played on each of these backends.
fn heard(playing: impl IntoIterator<Item = (i64, Vec<Plays>)>) -> Realtime {
    let backends = playing.into_iter().map(|(backend, playing)| {
        (BackendId(backend), Heeded { playing, connection: Connection::default() })
    });
    Realtime { backends: backends.collect() }
}

/// How the other backends stand: names and states.
fn goes(one: &Value) -> BTreeMap<&str, &str> {
    let to = one["goesTo"].as_array().unwrap();
    to.iter().map(|to| (to["name"].as_str().unwrap(), to["state"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn what_is_played_is_named_with_where_it_goes() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let watching = async || window.ask("watching", json!({})).await;
    assert_eq!(watching().await, json!([]), "nobody watches");

    let mut events = window.app.events();
    let heat = servers.plex.key_of("Heat").unwrap();
    window.app.set_realtime(heard([(1, vec![plays(heat.clone())])]));
    assert_eq!(events.recv().await.unwrap(), Event::Changed { tags: vec![Tag::Watching] });
    let all = watching().await;
    let one = &all[0];
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(one["backend"], json!({ "id": 1, "name": "den" }));
    assert_eq!((&one["title"]["name"], &one["title"]["season"]), (&json!("Heat"), &Value::Null));
    assert_eq!((&one["person"], &one["device"]), (&json!("ana"), &json!("Living room TV")));
    assert_eq!((&one["positionMs"], &one["sinceAt"]), (&json!(600_000), &json!(NOW.0)));
    assert!(one["durationMs"].as_u64().unwrap() > 600_000, "{one}");
    assert_eq!(
        goes(one),
        BTreeMap::from([("attic", "waits"), ("cellar", "waits")]),
        "that all show no place is no place told"
    );

    // The place is known everywhere once it was synced.
    window.clock.pass(60);
    servers.pass(60);
    servers.plex.watch_until("Heat", "ana", 600_000).unwrap();
    window.ran("sync_now", json!({})).await;
    assert_eq!(goes(&watching().await[0]), BTreeMap::from([("attic", "told"), ("cellar", "told")]));

    // One of them plays it as well, the other is never written to.
    let there = servers.jellyfin.key_of("Heat").unwrap();
    let both = heard([(1, vec![plays(heat.clone())]), (2, vec![plays(there)])]);
    window.app.set_realtime(both);
    window.ask("set_backend", json!({ "backend": 3, "export": false })).await;
    let all = watching().await;
    assert_eq!(
        goes(&all[0]),
        BTreeMap::from([("attic", "playsThere"), ("cellar", "exportOff")]),
        "{all}"
    );
    assert_eq!(goes(&all[1])["den"], "playsThere");
}

#[tokio::test]
async fn what_goes_nowhere_says_why() {
    let servers = Servers::start().await;
    let window = Window::agreed(&servers).await;
    let watching = async || window.ask("watching", json!({})).await;
    let heat = servers.plex.key_of("Heat").unwrap();
    let unseen = Plays { since: Moment(NOW.0 - 9), ..plays(ItemKey::from("never-seen")) };
    window.app.set_realtime(heard([(1, vec![plays(heat), unseen])]));
    let all = watching().await;
    assert_eq!(all[0]["title"], Value::Null, "what began first comes first: {all}");
    assert_eq!(all[0]["stays"], "No import has seen this title yet");
    assert_eq!((&all[0]["goesTo"], &all[1]["stays"]), (&json!([]), &Value::Null));

    let title = all[1]["title"]["id"].clone();
    window.ask("ignore_title", json!({ "title": title, "ignored": true })).await;
    assert_eq!(watching().await[1]["stays"], "You ignore this title");
    window.ask("set_backend", json!({ "backend": 1, "import": "metadata" })).await;
    let one = watching().await[1].clone();
    assert_eq!(one["stays"], "Marks of this server are not taken");
    assert_eq!(one["goesTo"], json!([]));

    // A backend that is gone plays nothing any more.
    window.ask("remove_backend", json!({ "backend": 1, "keepHistory": true })).await;
    assert_eq!(watching().await, json!([]));
}

#[tokio::test]
async fn each_backend_says_how_it_is_listened_to() {
    let servers = Servers::start().await;
    let window = Window::open().await;
    window.add("den", &servers.plex, "plex").await;
    window.add("attic", &servers.jellyfin, "jellyfin").await;
    window.ask("set_backend", json!({ "backend": 2, "import": "off" })).await;
    let connections = async || {
        let cards = window.ask("backends", json!({})).await;
        cards.as_array().unwrap().iter().map(|card| card["connection"].clone()).collect::<Vec<_>>()
    };
    let before = connections().await;
    assert_eq!((&before[0]["state"], &before[1]["state"]), (&json!("off"), &json!("off")));
    let whys: Vec<&str> = before.iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert!(whys[0].contains("next import") && whys[1].contains("import is off"), "{whys:?}");

    let live = Connection {
        state: ConnectionState::Live,
        since_at: Some(NOW.into()),
        why: None,
        asked_every_s: Some(30),
        last_hour: Asking { requests: 120, bytes: 48_000 },
        dropped: 12,
    };
    let mut events = window.app.events();
    let heeded = Heeded { connection: live, playing: Vec::new() };
    window.app.set_realtime(Realtime { backends: BTreeMap::from([(BackendId(1), heeded)]) });
    assert_eq!(events.recv().await.unwrap(), Event::Changed { tags: vec![Tag::Connections] });
    assert_eq!(
        connections().await[0],
        json!({
            "state": "live", "sinceAt": NOW.0, "why": null, "askedEveryS": 30,
            "lastHour": { "requests": 120, "bytes": 48_000 }, "dropped": 12,
        })
    );
}
