//! The sockets of all clients against a peer on this machine that says what it is told to, or behaves badly.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alive;
mod peer;
mod trouble;

use std::sync::Arc;

use peer::{DEVICE, Door, Hands, OTHER, Peer, TOKEN, USER, told};
use tokio_tungstenite::tungstenite::protocol::Message;
use watchstate_servers::{Fault, Heard, Playback, ServerKind, Tells};

#[tokio::test]
async fn plex_tells_of_playback() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::plex(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Plex, &hands).await;
    let asked = peer.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].line, "GET /:/websockets/notifications HTTP/1.1",
        "no token in the address"
    );
    assert_eq!(asked[0].headers["x-plex-token"], TOKEN);
    assert_eq!(asked[0].headers["x-plex-client-identifier"], DEVICE);
    theirs
        .says(
            r#"{"NotificationContainer":{"type":"playing","size":2,"PlaySessionStateNotification":[
            {"sessionKey":"3","ratingKey":"41","viewOffset":1000,"state":"stopped"},
            {"sessionKey":"3","ratingKey":42,"viewOffset":"0","state":"playing"}]}}"#,
        )
        .await;
    let plays = |key: &str, how| Heard::Playback { key: key.into(), how };
    assert_eq!(told(&mut ours).await, plays("41", Playback::Stopped));
    assert_eq!(told(&mut ours).await, plays("42", Playback::Runs));
}

#[tokio::test]
async fn jellyfin_tells_of_marks() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::jellyfin(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Jellyfin, &hands).await;
    let asked = peer.asked();
    let socket = asked.last().unwrap();
    assert_eq!(socket.line, "GET /socket HTTP/1.1", "no token in the address");
    let sent = &socket.headers["authorization"];
    assert!(sent.contains(TOKEN) && sent.contains(DEVICE));
    theirs
        .says(&format!(
            r#"{{"MessageType":"UserDataChanged","Data":{{"UserId":"{USER}","UserDataList":[
            {{"ItemId":"28","Played":true}},{{"ItemId":"29","UnplayedItemCount":1}}]}}}}"#
        ))
        .await;
    assert_eq!(told(&mut ours).await, Heard::Items(vec!["28".into()]));
    theirs
        .says(&format!(
            r#"{{"MessageType":"UserDataChanged","Data":{{"UserId":"{OTHER}","UserDataList":[
            {{"ItemId":"28","Played":true}}]}}}}"#
        ))
        .await;
    assert_eq!(told(&mut ours).await, Heard::Foreign);
    let first = theirs.hears().await;
    assert_eq!(first, Message::text(r#"{"MessageType":"SessionsStart","Data":"0,1500"}"#));
}

#[tokio::test]
async fn emby_is_asked_first_and_has_the_token_in_the_address() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::emby(true).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Emby, &hands).await;
    let asked = peer.asked();
    assert_eq!(asked[0].line, "GET /System/Info/Public HTTP/1.1");
    assert_eq!(asked[1].line, format!("GET /Sessions?deviceId={DEVICE} HTTP/1.1"));
    let line = format!("GET /embywebsocket?api_key={TOKEN}&deviceId={DEVICE} HTTP/1.1");
    assert_eq!(asked[2].line, line);
    theirs
        .says(&format!(
            r#"{{"MessageType":"Sessions","Data":[{{"Id":"s","UserId":"{USER}","DeviceId":"tv",
            "NowPlayingItem":{{"Id":"28","Type":"Movie"}},"PlayState":{{"IsPaused":true}}}}]}}"#
        ))
        .await;
    let paused = Heard::Playback { key: "28".into(), how: Playback::Paused };
    assert_eq!(told(&mut ours).await, paused);

    let refusing = Peer::emby(false).await;
    let client = refusing.client(ServerKind::Emby, &hands);
    assert_eq!(peer::fault(client.listen().await.map(|_| ())), Fault::Unauthorized);
    let asked: Vec<String> = refusing.asked().into_iter().map(|asked| asked.line).collect();
    assert!(asked.iter().all(|line| !line.contains("websocket")), "{asked:?}");
}

#[tokio::test]
async fn what_each_tells() {
    let hands = Arc::<Hands>::default();
    let peer = Peer::plex(Door::Opens).await;
    for (kind, tells) in [
        (ServerKind::Plex, Tells::Playback),
        (ServerKind::Jellyfin, Tells::Everything),
        (ServerKind::Emby, Tells::Everything),
        (ServerKind::Kodi, Tells::Nothing),
    ] {
        assert_eq!(peer.client(kind, &hands).tells(), tells, "{kind:?}");
    }
}
