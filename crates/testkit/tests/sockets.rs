//! What the fakes tell on their sockets, to whom, and what goes wrong with it on demand.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use futures::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use watchstate_model::{Moment, Provider};
use watchstate_testkit::fake::{FakeServer, Fault, Holds, NewItem, Setup, Trouble};

const NOW: Moment = Moment(1_800_000_000);

/// One who listens.
struct Ear(WebSocketStream<TcpStream>);

impl Ear {
    /// Opens a socket, or says with which status that was refused.
    async fn open(
        server: &FakeServer,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let url = server.url();
        let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let mut request = format!("ws://{address}/{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// Opens one on a Jellyfin by the header that all versions take.
    async fn on_jellyfin(server: &FakeServer, token: &str) -> Self {
        let header = format!("MediaBrowser Client=\"t\", DeviceId=\"t\", Token=\"{token}\"");
        let mut ear = Self::open(server, "socket", &[("authorization", &header)]).await.unwrap();
        let first = ear.next().await;
        assert_eq!((kind(&first), &first["Data"]), ("ForceKeepAlive", &json!(60)));
        ear
    }

    async fn on_plex(server: &FakeServer, user: &str) -> Self {
        let token = server.token_of(user).unwrap();
        let path = format!(":/websockets/notifications?X-Plex-Token={token}");
        Self::open(server, &path, &[]).await.unwrap()
    }

    /// The next message.
    async fn next(&mut self) -> Value {
        match self.0.next().await.expect("the socket stands").expect("the socket works") {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Nothing more comes: it was cut off.
    async fn is_cut(&mut self) -> bool {
        matches!(self.0.next().await, None | Some(Err(_)))
    }
}

fn kind(message: &Value) -> &str {
    message["MessageType"].as_str().unwrap()
}

/// The ids of a list of user data.
fn ids(message: &Value) -> Vec<&str> {
    assert_eq!(kind(message), "UserDataChanged", "{message}");
    let list = message["Data"]["UserDataList"].as_array().unwrap();
    list.iter().map(|data| data["ItemId"].as_str().unwrap()).collect()
}

async fn started(setup: Setup) -> FakeServer {
    setup.at(NOW).with_sample().start().await.unwrap()
}

#[tokio::test]
async fn jellyfin_tells_a_mark_to_the_sockets_of_its_user_alone() {
    for version in ["10.8.6", "10.10.7", "12.0"] {
        let server = started(FakeServer::jellyfin(version)).await;
        let mut ana = Ear::on_jellyfin(&server, &server.token_of("ana").unwrap()).await;
        let mut ben = Ear::on_jellyfin(&server, &server.token_of("ben").unwrap()).await;
        let _nobody = Ear::on_jellyfin(&server, &server.api_key()).await;
        assert_eq!(server.sockets().open, 3);

        let dune = server.key_of("Dune").unwrap();
        server.unwatch("Dune", "ana").unwrap();
        let told = ana.next().await;
        assert_eq!(told["Data"]["UserId"], server.id_of("ana").unwrap().as_str());
        let folder = server.library().entry(dune.as_str()).unwrap().section.clone();
        assert_eq!(ids(&told), [dune.as_str(), folder.as_str()], "and the folder it is in");
        let (film, above) = (&told["Data"]["UserDataList"][0], &told["Data"]["UserDataList"][1]);
        assert_eq!((&film["Played"], &film["Key"]), (&json!(false), &json!("438631")));
        assert!(film.get("LastPlayedDate").is_none() && film.get("UnplayedItemCount").is_none());
        assert!(above["UnplayedItemCount"].as_u64().unwrap() > 0);
        assert!(told["MessageId"].as_str().is_some_and(|id| id.len() == 32));

        server.mark_watched("Dune", "ben").unwrap();
        assert_eq!(ids(&ben.next().await)[0], dune.as_str());
        assert_eq!(server.sockets().sent, 2, "nobody else heard of either");
    }
}

#[tokio::test]
async fn what_is_written_over_the_protocol_is_told_too_and_together() {
    let server = started(FakeServer::jellyfin("10.10.7")).await;
    let token = server.token_of("ana").unwrap();
    let mut ana = Ear::on_jellyfin(&server, &token).await;
    let series = server.library().all_series()[0].clone();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!(
        "{}Users/{}/PlayedItems/{}",
        server.url(),
        server.id_of("ana").unwrap(),
        series.key
    );
    let answer = client.post(url).header("X-Emby-Token", &token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let told = ana.next().await;
    let library = server.library();
    let mut expected: Vec<_> = library
        .episodes_of(series.key.as_str(), None)
        .iter()
        .map(|entry| entry.key.to_string())
        .chain(series.seasons.iter().map(|season| season.key.to_string()))
        .collect();
    let mut heard: Vec<_> = ids(&told).iter().map(|id| (*id).to_owned()).collect();
    expected.sort();
    heard.sort();
    assert_eq!(heard, expected, "all its episodes and seasons once, in one message; not itself");
    let list = told["Data"]["UserDataList"].as_array().unwrap();
    assert!(list.iter().all(|data| data["Played"] == true));
}

#[tokio::test]
async fn progress_is_told_as_a_session_and_its_end_as_a_mark() {
    let server = started(FakeServer::jellyfin("10.10.7")).await;
    let mut ana = Ear::on_jellyfin(&server, &server.token_of("ana").unwrap()).await;
    let mut ben = Ear::on_jellyfin(&server, &server.token_of("ben").unwrap()).await;
    for ear in [&mut ana, &mut ben] {
        ear.say(json!({ "MessageType": "SessionsStart", "Data": "0,1500" })).await;
    }
    server.sockets_are(|counts| counts.heard == 2).await;
    assert_eq!(server.sockets().sent, 0, "nothing comes before something changes");

    server.play("Alien", "ben").unwrap();
    let sessions = ana.next().await;
    assert_eq!(kind(&sessions), "Sessions");
    let session = &sessions["Data"][0];
    assert_eq!(session["UserName"], "ben");
    assert_eq!(session["NowPlayingItem"]["Name"], "Alien");
    assert_eq!(kind(&ben.next().await), "UserDataChanged", "the start alone is one");
    server.seek("ben", 1_800_000).unwrap();
    let sessions = ana.next().await;
    assert_eq!(sessions["Data"][0]["PlayState"]["PositionTicks"], 18_000_000_000_u64);
    server.pause("ben", true).unwrap();
    assert_eq!(ana.next().await["Data"][0]["PlayState"]["IsPaused"], true);
    server.pause("ben", true).unwrap();
    server.stop_at("ben", 3_600_000).unwrap();
    let sessions = ana.next().await;
    let playing = sessions["Data"].as_array().unwrap().iter();
    assert_eq!(playing.filter(|s| s.get("NowPlayingItem").is_some()).count(), 0);
    let told = ben.next().await;
    assert_eq!(told["Data"]["UserDataList"][0]["PlaybackPositionTicks"], 36_000_000_000_u64);
    assert_eq!(server.sockets().sent, 6, "no progress was told to ben, who may not see sessions");

    ana.say(json!({ "MessageType": "SessionsStop" })).await;
    ana.say(json!({ "MessageType": "KeepAlive" })).await;
    assert_eq!(kind(&ana.next().await), "KeepAlive");
    server.play("Alien", "ben").unwrap();
    assert_eq!(server.sockets().sent, 7, "what ben hears of the start");
    assert_eq!(server.sockets().kept_alive, 1);
}

#[tokio::test]
async fn from_twelve_on_everyone_is_told_of_the_own_sessions() {
    let server = started(FakeServer::jellyfin("12.0")).await;
    let mut ben = Ear::on_jellyfin(&server, &server.token_of("ben").unwrap()).await;
    ben.say(json!({ "MessageType": "SessionsStart", "Data": "0,1500" })).await;
    server.sockets_are(|counts| counts.heard == 1).await;
    server.play("Alien", "ana").unwrap();
    assert_eq!(server.sockets().sent, 0, "those of ana are hers");
    server.play("Dune", "ben").unwrap();
    let sessions = ben.next().await;
    assert_eq!(sessions["Data"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["Data"][0]["NowPlayingItem"]["Name"], "Dune");
}

#[tokio::test]
async fn who_gets_a_socket() {
    let jellyfin = started(FakeServer::jellyfin("10.10.7")).await;
    let token = jellyfin.token_of("ana").unwrap();
    for (path, headers, expected) in [
        (format!("socket?api_key={token}"), vec![], None),
        (format!("socket?ApiKey={token}&deviceId=d"), vec![], None),
        (format!("any/other?api_key={token}"), vec![], None),
        ("socket".to_owned(), vec![("x-emby-token", token.as_str())], None),
        ("socket".to_owned(), vec![], Some(403)),
        ("socket?api_key=wrong".to_owned(), vec![], Some(403)),
    ] {
        let opened = Ear::open(&jellyfin, &path, &headers).await;
        assert_eq!(opened.err(), expected, "{path}");
    }

    let twelve = started(FakeServer::jellyfin("12.0")).await;
    let token = twelve.token_of("ana").unwrap();
    for (path, expected) in
        [(format!("socket?api_key={token}"), Some(403)), (format!("socket?ApiKey={token}"), None)]
    {
        assert_eq!(Ear::open(&twelve, &path, &[]).await.err(), expected, "{path}");
    }

    let plex = started(FakeServer::plex("1.40.2")).await;
    let token = plex.token_of("ana").unwrap();
    for (path, headers, expected) in [
        (format!(":/websockets/notifications?X-Plex-Token={token}"), vec![], None),
        (":/websockets/notifications".to_owned(), vec![("x-plex-token", token.as_str())], None),
        (":/websockets/notifications".to_owned(), vec![], Some(401)),
        (":/websockets/notifications?X-Plex-Token=wrong".to_owned(), vec![], Some(401)),
        (format!("socket?X-Plex-Token={token}"), vec![], Some(404)),
    ] {
        let opened = Ear::open(&plex, &path, &headers).await;
        assert_eq!(opened.err(), expected, "{path}");
    }
}

#[tokio::test]
async fn emby_lets_everybody_in_and_tells_only_whom_it_knows() {
    let server = started(FakeServer::emby("4.8.11.0")).await;
    let token = server.token_of("ana").unwrap();
    let path = format!("embywebsocket?api_key={token}&deviceId=d");
    let mut ana = Ear::open(&server, &path, &[]).await.unwrap();
    let _stranger =
        Ear::open(&server, "embywebsocket?api_key=wrong&deviceId=e", &[]).await.unwrap();
    ana.say(json!({ "MessageType": "SessionsStart", "Data": "0,1000" })).await;
    server.sockets_are(|counts| counts.heard == 1).await;

    let dune = server.key_of("Dune").unwrap();
    server.mark_watched("Dune", "ana").unwrap();
    let told = ana.next().await;
    assert_eq!(ids(&told), [dune.as_str()], "the first message of all, and the item alone");
    let film = &told["Data"]["UserDataList"][0];
    assert!(film.get("Key").is_none() && film["Played"] == true, "{film}");
    assert!(told["MessageId"].is_string());
    server.play("Dune", "ben").unwrap();
    let sessions = ana.next().await;
    assert_eq!(kind(&sessions), "Sessions");
    assert!(sessions.get("MessageId").is_none());
    assert_eq!(sessions["Data"][0]["NowPlayingItem"]["Id"], dune.as_str());
    assert_eq!(server.sockets().sent, 2, "the stranger heard nothing");
}

#[tokio::test]
async fn emby_3_tells_begin_and_end_of_a_playback() {
    let server = started(FakeServer::emby("3.2.40.0")).await;
    let path = format!("embywebsocket?api_key={}", server.token_of("ana").unwrap());
    let mut ana = Ear::open(&server, &path, &[]).await.unwrap();
    server.watch_until("Dune", "ana", 1_800_000).unwrap();
    let told = [ana.next().await, ana.next().await, ana.next().await];
    assert_eq!(told.each_ref().map(kind), ["PlaybackStart", "PlaybackStopped", "UserDataChanged"]);
    assert!(told.iter().all(|message| message.get("MessageId").is_none()));
    assert_eq!(ids(&told[2]).len(), 2, "with its folder");
}

/// The one entry of a message of Plex.
fn entry<'a>(message: &'a Value, kind: &str, list: &str) -> &'a Value {
    let container = &message["NotificationContainer"];
    assert_eq!((&container["type"], &container["size"]), (&json!(kind), &json!(1)), "{message}");
    &container[list][0]
}

fn playing(message: &Value) -> (&str, u64, &str) {
    let entry = entry(message, "playing", "PlaySessionStateNotification");
    (
        entry["state"].as_str().unwrap(),
        entry["viewOffset"].as_u64().unwrap(),
        entry["sessionKey"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn plex_tells_playback_to_the_owner_and_to_whom_it_is() {
    let server = started(FakeServer::plex("1.40.2")).await;
    let mut owner = Ear::on_plex(&server, "ana").await;
    let mut ben = Ear::on_plex(&server, "ben").await;
    let _kim = Ear::on_plex(&server, "kim").await;
    server.play("Dune", "kim").unwrap();
    server.play("Alien", "ben").unwrap();
    server.seek("ben", 61_000).unwrap();
    server.pause("ben", true).unwrap();
    server.stop_at("ben", 3_600_000).unwrap();
    let first = owner.next().await;
    let number: u64 = playing(&first).2.parse().unwrap();
    let number = (number + 1).to_string();
    let expected =
        [("playing", 0), ("playing", 61_000), ("paused", 61_000), ("stopped", 3_600_000)];
    for ear in [&mut owner, &mut ben] {
        for (state, ms) in expected {
            let message = ear.next().await;
            assert_eq!(playing(&message), (state, ms, number.as_str()));
            let entry = entry(&message, "playing", "PlaySessionStateNotification");
            assert_eq!(entry["ratingKey"], server.key_of("Alien").unwrap().as_str());
            assert!(entry.get("userID").is_none(), "it does not say whose it is");
        }
    }
    assert_eq!(server.sockets().sent, 10, "kim heard of the own session alone");
}

#[tokio::test]
async fn plex_does_not_tell_of_marks_unless_it_does() {
    let server = started(FakeServer::plex("1.40.2")).await;
    let mut owner = Ear::on_plex(&server, "ana").await;
    server.mark_watched("Dune", "ana").unwrap();
    server.unwatch("Dune", "ana").unwrap();
    server.open_page("Dune", "ana").unwrap();
    assert_eq!(server.sockets().sent, 0);

    server.library().habits_mut().tells_refresh = true;
    server.open_page("Alien", "ben").unwrap();
    server.mark_watched("Dune", "ana").unwrap();
    for title in ["Alien", "Dune"] {
        let message = owner.next().await;
        let ended = entry(&message, "activity", "ActivityNotification");
        assert_eq!(
            (&ended["event"], &ended["Activity"]["progress"]),
            (&json!("ended"), &json!(100))
        );
        assert_eq!(ended["Activity"]["type"], "library.refresh.items");
        let key = format!("/library/metadata/{}", server.key_of(title).unwrap());
        assert_eq!(ended["Activity"]["Context"]["key"], key);
    }
}

#[tokio::test]
async fn what_comes_and_goes_is_told() {
    let film = || NewItem::movie("Tomorrow", 2026).id(Provider::Tmdb, "990001");
    let plex = started(FakeServer::plex("1.40.2")).await;
    plex.library().habits_mut().numbers_as_text = true;
    let mut owner = Ear::on_plex(&plex, "ana").await;
    let section =
        plex.library().sections().iter().find(|s| s.holds == Holds::Movies).unwrap().key.clone();
    let key = plex.library().add_movie(&section, film(), NOW).unwrap();
    plex.library().remove(key.as_str()).unwrap();
    for (state, doing) in [("5", "created"), ("9", "deleted")] {
        let message = owner.next().await;
        let entry = entry(&message, "timeline", "TimelineEntry");
        assert_eq!((&entry["itemID"], &entry["type"]), (&json!(key.as_str()), &json!("1")));
        assert_eq!((&entry["state"], &entry["metadataState"]), (&json!(state), &json!(doing)));
        assert_eq!(entry["sectionID"], section.as_str());
    }

    let jellyfin = started(FakeServer::jellyfin("10.10.7")).await;
    let mut ben = Ear::on_jellyfin(&jellyfin, &jellyfin.token_of("ben").unwrap()).await;
    let section = jellyfin.library().sections()[0].key.clone();
    let key = jellyfin.library().add_movie(&section, film(), NOW).unwrap();
    let told = ben.next().await;
    assert_eq!(
        (kind(&told), &told["Data"]["ItemsAdded"]),
        ("LibraryChanged", &json!([key.as_str()]))
    );
    let new = jellyfin.library().rekey(key.as_str(), false, NOW).unwrap();
    let told = ben.next().await;
    assert_eq!(told["Data"]["ItemsAdded"], json!([new.as_str()]));
    assert_eq!(told["Data"]["ItemsRemoved"], json!([key.as_str()]));
}

#[tokio::test]
async fn messages_get_lost_come_twice_and_in_another_order() {
    let server = started(FakeServer::jellyfin("10.10.7")).await;
    let mut ana = Ear::on_jellyfin(&server, &server.token_of("ana").unwrap()).await;
    let key = |title: &str| server.key_of(title).unwrap().to_string();
    let mark = |title: &str| server.mark_watched(title, "ana").unwrap();
    server.lose_messages(1);
    mark("Dune");
    mark("Alien");
    assert_eq!(ids(&ana.next().await)[0], key("Alien"), "the one before is lost");
    server.double_messages(1);
    mark("Dune");
    let (first, second) = (ana.next().await, ana.next().await);
    assert_eq!(first, second, "the same, by its number too");
    server.hold_messages();
    mark("Dune");
    mark("Alien");
    assert_eq!(server.sockets().sent, 3);
    server.let_messages_go_backwards();
    mark("Dune");
    let order = [ana.next().await, ana.next().await, ana.next().await];
    assert_eq!(order.each_ref().map(|m| ids(m)[0]), [key("Alien"), key("Dune"), key("Dune")]);
    server.hold_messages();
    mark("Alien");
    server.lose_messages(9);
    server.heal().await;
    assert_eq!(ids(&ana.next().await)[0], key("Alien"), "what was held back has come");
    mark("Dune");
    assert_eq!(ids(&ana.next().await)[0], key("Dune"), "and nothing is lost any more");
}

#[tokio::test]
async fn marks_may_be_gathered_and_told_together() {
    let server = started(FakeServer::jellyfin("10.10.7")).await;
    let mut ana = Ear::on_jellyfin(&server, &server.token_of("ana").unwrap()).await;
    server.gather_marks();
    for title in ["Alien", "Dune", "Alien"] {
        server.mark_watched(title, "ana").unwrap();
    }
    server.unwatch("Alien", "ana").unwrap();
    assert_eq!(server.sockets().sent, 0);
    server.tell_gathered_marks();
    let told = ana.next().await;
    let key = |title: &str| server.key_of(title).unwrap().to_string();
    let list = told["Data"]["UserDataList"].as_array().unwrap();
    let of = |title: &str| list.iter().find(|data| data["ItemId"] == key(title)).unwrap();
    assert_eq!((list.len(), &of("Alien")["Played"]), (3, &json!(false)), "each once, as it is now");
    server.mark_watched("Dune", "ana").unwrap();
    assert_eq!(ids(&ana.next().await)[0], key("Dune"));
}

#[tokio::test]
async fn sockets_are_cut_and_opened_again() {
    let server = started(FakeServer::jellyfin("10.10.7")).await;
    let token = server.token_of("ana").unwrap();
    let mut ana = Ear::on_jellyfin(&server, &token).await;
    server.cut_sockets();
    assert_eq!(server.sockets().open, 0);
    assert!(ana.is_cut().await);
    server.mark_watched("Dune", "ana").unwrap();
    let mut ana = Ear::on_jellyfin(&server, &token).await;
    assert_eq!(server.sockets().sent, 0, "nothing is told again");

    server.play("Alien", "ben").unwrap();
    server.restart().await;
    assert!(ana.is_cut().await && server.library().sittings().is_empty());
    let mut ana = Ear::on_jellyfin(&server, &token).await;
    server.refuse().await;
    assert!(ana.is_cut().await);
    assert_eq!(server.sockets().open, 0);
    server.heal().await;
    let ana = Ear::on_jellyfin(&server, &token).await;
    assert_eq!((server.sockets().open, server.sockets().opened), (1, 4));
    drop(ana);
    server.sockets_are(|counts| counts.open == 0).await;
}

#[tokio::test]
async fn faults_strike_who_opens_a_socket() {
    let server = started(FakeServer::plex("1.40.2")).await;
    server.fail(Fault::new(Trouble::Status(503)).on("/:/websockets").next(1));
    let path =
        format!(":/websockets/notifications?X-Plex-Token={}", server.token_of("ana").unwrap());
    assert_eq!(Ear::open(&server, &path, &[]).await.err(), Some(503));
    assert!(Ear::open(&server, &path, &[]).await.is_ok());
    assert_eq!(server.requests(), ["GET /:/websockets/notifications"; 2], "without the token");
}
