//! The listener for webhooks, from outside, over real connections.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;
mod listening;

use std::net::{Ipv4Addr, SocketAddr};

use household::{Servers, Window};
use listening::{
    Asked, Attentive, JSON, Listening, PATIENCE, Time, answer, free_port, marked, path_of, request,
    send,
};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use watchstate_model::{BackendId, ItemKey};
use watchstate_servers::{Heard, Playback};
use watchstate_store::HintHow;
use watchstate_testkit::fake::FakeServer;

#[tokio::test]
async fn what_is_told_is_in_the_inbox_before_the_answer() {
    let app = Listening::start().await;
    let path = app.path(app.jellyfin).await;
    let heat = "0f6b1c3a5d7e4b2f8a9c0d1e2f3a4b5c";
    for _ in 0..2 {
        let told = send(app.port, &request("POST", &path, JSON, &app.marked(heat).await)).await;
        let told = told.unwrap();
        assert_eq!((told.status, told.body.as_str()), (200, ""));
        let hints = app.hints(app.jellyfin).await;
        assert_eq!(hints.len(), 1, "a repeat does not grow it: {hints:?}");
        assert_eq!(hints[0].key, Some(ItemKey::from(heat)));
        assert_eq!(hints[0].how, HintHow::Changed);
    }
    let counts = app.counts().await;
    assert_eq!((&counts["received"], &counts["taken"]), (&json!(2), &json!(2)));
    let of = &counts["backends"];
    assert_eq!((&of[0]["backend"], &of[0]["taken"]), (&json!(app.jellyfin), &json!(2)));
    assert_eq!(of.as_array().unwrap().len(), 1);
    assert_eq!(counts["at"], format!("127.0.0.1:{}", app.port));
}

/// A form of one part.
fn part(name: &str, text: &str) -> (String, Vec<u8>) {
    let body = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n--cut--\r\n"
    );
    ("multipart/form-data; boundary=cut".to_owned(), body.into_bytes())
}

/// A form of lines.
fn form(fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    ("application/x-www-form-urlencoded".to_owned(), form.finish().into_bytes())
}

/// Waits until something is to be looked after.
async fn asked(ears: &mut UnboundedReceiver<Asked>) -> Asked {
    timeout(PATIENCE, ears.recv()).await.expect("nobody is told").unwrap()
}

#[tokio::test]
async fn every_shape_goes_through_the_door_and_arrives() {
    let app = Listening::start().await;
    let (ears, mut heard) = Attentive::new();
    app.window.app.set_ears(Some(ears));
    let json = |body: Value| (JSON.to_owned(), body.to_string().into_bytes());
    let plays = |how| Heard::Playback { key: ItemKey::from("4711"), how };
    let read = Heard::Items(vec![ItemKey::from("4711")]);

    let jellyfin = app.backend(app.jellyfin).await;
    let (server, user) = (jellyfin.server_id.unwrap(), jellyfin.user_id.unwrap());
    let of_jellyfin = |event: &str| {
        json(json!({
            "NotificationType": event, "ServerId": server, "UserId": user, "ItemId": "4711",
            "ItemType": "Episode", "SaveReason": "TogglePlayed",
        }))
    };
    let emby = app.backend(app.emby).await;
    let of_emby = |event: &str| {
        json!({
            "Event": event, "Server": { "Id": emby.server_id },
            "User": { "Id": emby.user_id, "Name": emby.user_name },
            "Item": { "Id": "4711", "Type": "Movie" },
        })
    };
    let plex = app.backend(app.plex).await;
    let of_plex = |event: &str| {
        let account = plex.user_id.as_ref().and_then(|id| id.parse::<u64>().ok());
        json!({
            "event": event, "Server": { "uuid": plex.server_id },
            "Account": { "id": account, "title": plex.user_name },
            "Metadata": { "ratingKey": "4711", "type": "movie" },
        })
    };
    let of_tautulli = |action: &'static str| {
        [
            ("action", action.to_owned()),
            ("server_id", plex.server_id.clone().unwrap()),
            ("username", plex.user_name.clone().unwrap()),
            ("media_type", "movie".to_owned()),
            ("rating_key", "4711".to_owned()),
        ]
    };
    let flat = |action| {
        let fields = of_tautulli(action);
        json(fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect())
    };
    let lines = |action| {
        let fields = of_tautulli(action);
        form(&fields.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    for (backend, (kind, body), says, why) in [
        (app.jellyfin, of_jellyfin("PlaybackStart"), plays(Playback::Runs), "Jellyfin: playback"),
        (app.jellyfin, of_jellyfin("UserDataSaved"), read.clone(), "Jellyfin: a mark"),
        (
            app.plex,
            part("payload", &of_plex("media.pause").to_string()),
            plays(Playback::Paused),
            "Plex: several parts",
        ),
        (app.plex, flat("stop"), plays(Playback::Stopped), "Tautulli: JSON"),
        (app.plex, lines("watched"), read.clone(), "Tautulli: a form"),
        (app.emby, json(of_emby("item.markplayed")), read.clone(), "Emby: JSON"),
        (
            app.emby,
            form(&[("data", &of_emby("playback.stop").to_string())]),
            plays(Playback::Stopped),
            "Emby: a form",
        ),
        (
            app.emby,
            part("data", &of_emby("playback.start").to_string()),
            plays(Playback::Runs),
            "Emby: several parts",
        ),
    ] {
        let path = app.path(backend).await;
        let told = send(app.port, &request("POST", &path, &kind, &body)).await.unwrap();
        assert_eq!(told.status, 200, "{why}");
        let asked = asked(&mut heard).await;
        assert_eq!((asked.backend, asked.told), (backend, vec![says]), "{why}");
        assert_eq!(app.hints(backend).await.len(), 1, "{why}: until it was looked after");
        asked.answer.send(true).unwrap();
        app.until_empty(backend).await;
    }
    let counts = app.counts().await;
    assert_eq!((&counts["received"], &counts["taken"]), (&json!(8), &json!(8)), "{counts}");
}

#[tokio::test]
async fn a_mark_that_only_a_webhook_tells_is_everywhere() {
    let servers = Servers::in_real_time().await;
    for server in servers.all() {
        server.unwatch("Alien", "ana").unwrap();
    }
    let window = Window::in_real_time().await.agree(&servers).await;
    let writes = servers.writes();
    let port = free_port().await;
    for (name, value) in [("WS_WEBHOOK_PORT", port.to_string()), ("WS_WEBHOOK", "true".into())] {
        window.ask("set_setting", json!({ "name": name, "value": value })).await;
    }
    let address = window.ask("webhook_address", json!({ "backend": 1 })).await;
    let path = path_of(&address, port);
    let mut events = window.app.events();
    window.app.start_listening();
    window.app.start_webhooks();
    let mut until = async |what: &str, is_so: &dyn Fn(&Value, &Value) -> bool| {
        let waiting = timeout(PATIENCE, async {
            loop {
                let cards = window.ask("backends", json!({})).await;
                if is_so(&cards, &window.ask("webhook_counts", json!({})).await) {
                    break;
                }
                // Who missed something looks again like any other.
                let _ = events.recv().await;
            }
        });
        assert!(waiting.await.is_ok(), "waited in vain until {what}");
    };
    until("all listen", &|cards, counts| {
        let mut cards = cards.as_array().unwrap().iter();
        counts["state"] == "listening" && cards.all(|card| card["connection"]["state"] == "live")
    })
    .await;
    // Plex tells nobody when a mark is set by hand, and is asked after minutes.
    servers.plex.mark_watched("Heat", "ana").unwrap();
    let plex = window.app.household().backends().await.unwrap().remove(0);
    let body = json!({
        "event": "media.scrobble", "Server": { "uuid": plex.server_id },
        "Account": { "title": plex.user_name },
        "Metadata": { "ratingKey": servers.plex.key_of("Heat").unwrap().as_str(), "type": "movie" },
    });
    let (kind, body) = part("payload", &body.to_string());
    let told = send(port, &request("POST", &path, &kind, &body)).await.unwrap();
    assert_eq!(told.status, 200);
    until("the others show it", &|_, _| servers.watched() == 3).await;
    let household = window.app.household();
    let looked_after = async |backend: BackendId| {
        let looked_after = timeout(PATIENCE, async {
            while !household.store().hints(backend, 10).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        });
        looked_after.await.expect("it stays in the inbox");
    };
    looked_after(plex.id).await;

    // What was written there is told by its plugin, and goes no further. Whatever is heard of that server after
    // this is looked after later.
    let address = window.ask("webhook_address", json!({ "backend": 2 })).await;
    let attic = household.backends().await.unwrap().remove(1);
    let heat = servers.jellyfin.key_of("Heat").unwrap();
    let body = marked(&attic.server_id.unwrap(), &attic.user_id.unwrap(), heat.as_str());
    let told = send(port, &request("POST", &path_of(&address, port), JSON, &body)).await.unwrap();
    assert_eq!(told.status, 200);
    looked_after(attic.id).await;
    servers.jellyfin.mark_watched("Alien", "ana").unwrap();
    let is_watched =
        |server: &&FakeServer| server.shows("Alien", "ana").unwrap().watch.is_watched();
    let everywhere = || servers.all().into_iter().filter(is_watched).count() == 3;
    until("the next one is everywhere as well", &|_, _| everywhere()).await;
    assert_eq!(servers.writes() - writes, 4, "each mark once on each of the others");
}

#[tokio::test]
async fn what_was_not_looked_after_is_told_again() {
    let app = Listening::start().await;
    let path = app.path(app.jellyfin).await;
    for item in ["7", "8"] {
        let told = send(app.port, &request("POST", &path, JSON, &app.marked(item).await)).await;
        assert_eq!(told.unwrap().status, 200, "nobody has ears");
    }
    let both = vec![Heard::Items(vec![ItemKey::from("7")]), Heard::Items(vec![ItemKey::from("8")])];

    let app = app.restart().await;
    assert_eq!(app.path(app.jellyfin).await, path, "the address outlives the app");
    let (ears, mut heard) = Attentive::new();
    app.window.app.set_ears(Some(ears));
    let first = asked(&mut heard).await;
    assert_eq!((first.backend, &first.told), (app.jellyfin, &both), "what was left");
    first.answer.send(false).unwrap();
    app.pauses.add_permits(1);
    let second = asked(&mut heard).await;
    assert_eq!(second.told, both, "after a while");

    // The app ends while somebody is at it.
    let app = app.restart().await;
    assert!(second.answer.is_closed(), "they need not go on");
    let (ears, mut heard) = Attentive::new();
    app.window.app.set_ears(Some(ears));
    let third = asked(&mut heard).await;
    assert_eq!(third.told, both, "by whoever comes next");

    // What comes meanwhile waits for its turn; another server does not.
    let told = send(app.port, &request("POST", &path, JSON, &app.marked("7").await)).await;
    assert_eq!(told.unwrap().status, 200);
    let body = json!({ "Event": "item.markplayed", "Item": { "Id": "9", "Type": "Movie" } });
    let cellar = app.path(app.emby).await;
    let told = send(app.port, &request("POST", &cellar, JSON, body.to_string().as_bytes())).await;
    assert_eq!(told.unwrap().status, 200);
    let other = asked(&mut heard).await;
    assert_eq!(other.backend, app.emby, "it waits for nobody");
    third.answer.send(true).unwrap();
    let fourth = asked(&mut heard).await;
    assert_eq!((fourth.backend, &fourth.told[..]), (app.jellyfin, &both[..1]), "it came meanwhile");
    fourth.answer.send(true).unwrap();
    app.until_empty(app.jellyfin).await;
    assert_eq!(app.hints(app.emby).await.len(), 1, "nobody answered for this one");

    // Other ears are told what those before did not answer for.
    let (ears, mut heard) = Attentive::new();
    app.window.app.set_ears(Some(ears));
    assert_eq!(asked(&mut heard).await.backend, app.emby);
    assert!(other.answer.is_closed());
}

#[tokio::test]
async fn what_is_not_for_us_is_dropped_and_counted() {
    let app = Listening::start().await;
    let path = app.path(app.jellyfin).await;
    let backend = app.backend(app.jellyfin).await;
    let (server, user) = (backend.server_id.unwrap(), backend.user_id.unwrap());
    let item = "0f6b1c3a5d7e4b2f8a9c0d1e2f3a4b5c";
    let good = marked(&server, &user, item);
    let nobody = "ffffffffffffffffffffffffffffffff";
    let wrong = format!("/hook/{nobody}");
    let (shorter, longer) = (path[..path.len() - 1].to_owned(), format!("{path}0"));
    for (method, path, body, status, count, why) in [
        ("POST", wrong.as_str(), good.clone(), 404, "wrongSecret", "a guessed secret"),
        ("POST", &shorter, good.clone(), 404, "wrongSecret", "a part of it"),
        ("POST", &longer, good.clone(), 404, "wrongSecret", "more than it"),
        ("POST", "/", good.clone(), 404, "wrongSecret", "no secret"),
        ("POST", "/hook/", good.clone(), 404, "wrongSecret", "an empty one"),
        ("GET", &wrong, Vec::new(), 404, "wrongSecret", "a look around"),
        ("GET", &path, Vec::new(), 405, "unreadable", "a browser"),
        ("PUT", &path, good.clone(), 405, "unreadable", "another verb"),
        ("POST", &path, b"{".to_vec(), 400, "unreadable", "broken JSON"),
        ("POST", &path, Vec::new(), 400, "unreadable", "nothing at all"),
        ("POST", &path, marked(nobody, &user, item), 200, "otherServer", "another server"),
        ("POST", &path, marked(&server, nobody, item), 200, "otherUser", "another user"),
    ] {
        let before = app.count(count).await;
        let told = send(app.port, &request(method, path, JSON, &body)).await.unwrap();
        assert_eq!((told.status, told.body.as_str()), (status, ""), "{why}");
        assert!(told.head.contains("content-length: 0"), "{why}: {}", told.head);
        assert_eq!(app.count(count).await, before + 1, "{why}");
    }
    assert!(app.hints(app.jellyfin).await.is_empty(), "nothing of it was kept");
    assert_eq!((app.count("taken").await, app.count("received").await), (0, 12));
    let told = send(app.port, &request("POST", &path, JSON, &good)).await.unwrap();
    assert_eq!(told.status, 200);
    assert_eq!(app.hints(app.jellyfin).await.len(), 1, "the good one is not held up");
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let app = Listening::start().await;
    let path = app.path(app.jellyfin).await;
    // By its length: not a byte of it has to come.
    let head = format!("POST {path} HTTP/1.1\r\nHost: w\r\nContent-Length: 10485760\r\n\r\n");
    let told = send(app.port, head.as_bytes()).await.unwrap();
    assert_eq!((told.status, app.count("tooLarge").await), (413, 1));
    // Without a length it is cut when it is too much. The answer may be lost with the connection.
    let head = format!("POST {path} HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, app.port)).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    let mut sent = 0;
    while sent < 10 * 1024 * 1024 && stream.write_all(&chunk).await.is_ok() {
        sent += 0x10000;
    }
    assert!(sent < 10 * 1024 * 1024, "all of it was read");
    drop(stream);
    assert_eq!(app.count("tooLarge").await, 2);
    // Headers have a bound of their own.
    let long = format!("GET {path} HTTP/1.1\r\nHost: w\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let told = send(app.port, long.as_bytes()).await;
    assert!(told.is_none_or(|told| told.status == 431), "a head that is too long");
    // As much as is allowed is read.
    let mut body = app.marked("7").await;
    body.resize(2 * 1024 * 1024, b' ');
    let told = send(app.port, &request("POST", &path, JSON, &body)).await.unwrap();
    assert!(matches!(told.status, 200 | 400), "it was read: {told:?}");
}

#[tokio::test]
async fn who_dawdles_is_cut() {
    let app = Listening::start().await;
    let path = app.path(app.jellyfin).await;
    let head = format!("POST {path} HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\n{{");
    let mut slow = TcpStream::connect((Ipv4Addr::LOCALHOST, app.port)).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut silent = TcpStream::connect((Ipv4Addr::LOCALHOST, app.port)).await.unwrap();
    app.pauses.add_permits(2);
    assert!(answer(&mut slow).await.is_none(), "half a body");
    assert!(answer(&mut silent).await.is_none(), "not a word");
    assert_eq!(app.count("tooSlow").await, 2);
}

#[tokio::test]
async fn who_dawdles_makes_room_for_others() {
    let app = Listening::start().await;
    let path = app.path(app.jellyfin).await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(TcpStream::connect((Ipv4Addr::LOCALHOST, app.port)).await.unwrap());
    }
    let told = send(app.port, &request("POST", &path, JSON, &app.marked("7").await)).await;
    assert_eq!(told.unwrap().status, 200, "there is room for a webhook");
    let mut first = silent.remove(0);
    assert!(answer(&mut first).await.is_none(), "the oldest has gone");
    assert_eq!(app.count("tooSlow").await, 1, "and no other");
}

#[tokio::test]
async fn an_address_is_kept_until_it_is_renewed() {
    let app = Listening::start().await;
    let first = app.path(app.jellyfin).await;
    assert_eq!(app.path(app.jellyfin).await, first, "it stays");
    assert_ne!(app.path(app.plex).await, first, "each backend has its own");
    let body = app.marked("7").await;
    let renewed = app.window.ask("renew_webhook", json!({ "backend": app.jellyfin })).await;
    let second = path_of(&renewed, app.port);
    assert_ne!(second, first);
    let status = |path: String| {
        let (port, body) = (app.port, body.clone());
        async move { send(port, &request("POST", &path, JSON, &body)).await.unwrap().status }
    };
    assert_eq!(status(first.clone()).await, 404, "the one before is nobody's");
    assert_eq!(status(second.clone()).await, 200);
    // The secret is with the tokens, and nowhere else.
    let secret = second.strip_prefix("/hook/").unwrap();
    assert_eq!(secret.len(), 32);
    let data = app.window.folder.path().join("data");
    for file in std::fs::read_dir(&data).unwrap().flatten() {
        let text = std::fs::read(file.path()).unwrap_or_default();
        let holds = text.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert_eq!(holds, file.file_name() == "secrets.json", "{:?}", file.file_name());
    }
    // A backend takes its address along.
    let wish = json!({ "backend": app.jellyfin, "keepHistory": true });
    app.window.ask("remove_backend", wish).await;
    let secrets = std::fs::read_to_string(data.join("secrets.json")).unwrap();
    assert!(!secrets.contains(secret));
}

#[tokio::test]
async fn it_listens_while_the_settings_say_so() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let app = Listening::start_with(port, "false", Time::WhenTold).await;
    assert_eq!(app.counts().await["state"], "off");
    let address = app.window.ask("webhook_address", json!({ "backend": app.jellyfin })).await;
    assert!(
        address["advice"]["todo"].as_str().unwrap().contains("WS_WEBHOOK"),
        "{}",
        address["advice"]
    );

    app.set("WS_WEBHOOK", "true").await;
    let counts = app.until(|counts| counts["state"] == "trouble").await;
    let what = counts["trouble"]["what"].as_str().unwrap();
    assert!(what.contains(&port.to_string()) && what.contains("another program"), "{what}");
    drop(taken);
    app.pauses.add_permits(1);
    let counts = app.until(|counts| counts["state"] == "listening").await;
    assert_eq!(counts["trouble"], Value::Null);
    let path = app.path(app.jellyfin).await;
    let told = request("POST", &path, JSON, &app.marked("7").await);
    assert_eq!(send(port, &told).await.unwrap().status, 200);

    let other = free_port().await;
    app.set("WS_WEBHOOK_PORT", &other.to_string()).await;
    let at = format!("127.0.0.1:{other}");
    app.until(|counts| counts["at"] == at && counts["state"] == "listening").await;
    assert_eq!(send(other, &told).await.unwrap().status, 200, "the address has another port");
    assert!(refuses(port).await, "nothing is left at the old one");

    app.set("WS_WEBHOOK", "false").await;
    app.until(|counts| counts["state"] == "off").await;
    assert!(refuses(other).await);

    app.set("WS_WEBHOOK", "true").await;
    app.until(|counts| counts["state"] == "listening").await;
    timeout(PATIENCE, app.window.app.close()).await.expect("the end waits for nothing");
    assert!(refuses(other).await, "nothing listens when the app has ended");
}

async fn refuses(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.is_err()
}

#[tokio::test]
async fn too_many_from_one_hold_up_no_other() {
    let app = Listening::start().await;
    let (attic, den) = (app.path(app.jellyfin).await, app.path(app.plex).await);
    // More than its burst and what comes back in the seconds that this may take.
    let mut statuses = Vec::new();
    while !statuses.contains(&429) {
        assert!(statuses.len() < 100_000, "nothing holds it up");
        statuses.push(send(app.port, &request("POST", &den, JSON, b"{")).await.unwrap().status);
    }
    assert!(statuses.len() > 200, "a burst is taken: {}", statuses.len());
    assert!(statuses[..statuses.len() - 1].iter().all(|status| *status == 400));
    assert_eq!(app.count("tooMany").await, 1);
    for _ in 0..500 {
        send(app.port, &request("POST", "/hook/wrong", JSON, b"{}")).await.unwrap();
    }
    assert_eq!(app.count("wrongSecret").await, 500);
    let told = send(app.port, &request("POST", &attic, JSON, &app.marked("7").await)).await;
    assert_eq!(told.unwrap().status, 200);
}
