//! Doors that stay shut, and peers that do not keep to the rules.

use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::Message;
use watchstate_servers::{Fault, Heard, Limits, ServerKind};

use crate::peer::{Door, Hands, Peer, fault, soon, told};

#[tokio::test]
async fn doors_that_stay_shut() {
    for (door, expected, why) in [
        (Door::WrongKey, Fault::BadAnswer, "it answers somebody else"),
        (Door::NoKey, Fault::BadAnswer, "it does not speak WebSocket"),
        (Door::Page, Fault::BadAnswer, "a web page"),
        (Door::Status(400), Fault::BadAnswer, "a proxy that lets no socket through"),
        (Door::Status(404), Fault::BadAnswer, "another such proxy"),
        (Door::Status(426), Fault::BadAnswer, "a third"),
        (Door::Status(401), Fault::Unauthorized, "a token that is not good"),
        (Door::Status(403), Fault::Forbidden, "a user who may not"),
        (Door::Status(429), Fault::Busy { after: None }, "too many"),
        (Door::Status(503), Fault::ServerTrouble, "a server that is starting"),
        (Door::Shut, Fault::Unreachable, "closed without a word"),
    ] {
        let hands = Arc::<Hands>::default();
        for kind in [ServerKind::Plex, ServerKind::Jellyfin] {
            let peer = match kind {
                ServerKind::Plex => Peer::plex(door).await,
                _ => Peer::jellyfin(door).await,
            };
            let opened = soon(peer.client(kind, &hands).listen()).await;
            assert_eq!(fault(opened.map(|_| ())), expected, "{why}");
            let asked = peer.asked();
            let sockets = asked.iter().filter(|asked| asked.headers.contains_key("upgrade"));
            assert_eq!(sockets.count(), 1, "{why}: asked once");
        }
    }
}

#[tokio::test]
async fn nobody_there() {
    let hands = Arc::<Hands>::default();
    let gone = Peer::plex(Door::Opens).await.client(ServerKind::Plex, &hands);
    assert_eq!(fault(soon(gone.listen()).await.map(|_| ())), Fault::Unreachable);
}

#[tokio::test]
async fn what_cannot_be_read_is_nothing_and_no_reason_to_leave() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::plex(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Plex, &hands).await;
    let odd = [
        Message::text("<html>"),
        Message::text(""),
        Message::text("{\"NotificationContainer\":"),
        Message::binary(vec![0, 159, 146, 150]),
        Message::text("[".repeat(200_000)),
    ];
    for message in odd {
        theirs.sends(message).await;
        assert_eq!(told(&mut ours).await, Heard::Nothing);
    }
    // Its own pings are answered, and are no news.
    theirs.sends(Message::Ping(vec![7].into())).await;
    theirs
        .says(
            r#"{"NotificationContainer":{"type":"timeline","TimelineEntry":[
            {"itemID":"5","type":1,"state":5}]}}"#,
        )
        .await;
    assert_eq!(told(&mut ours).await, Heard::Items(vec!["5".into()]));
    assert_eq!(theirs.hears().await, Message::Pong(vec![7].into()));
}

#[tokio::test]
async fn sockets_that_end() {
    /// A frame that is announced with nine MiB, of which nothing comes.
    const HUGE: [u8; 10] = [0x81, 127, 0, 0, 0, 0, 0, 0x90, 0, 0];
    /// A frame with an operation that does not exist.
    const UNKNOWN: [u8; 2] = [0x8b, 0];
    /// A text that is none.
    const NO_TEXT: [u8; 3] = [0x81, 1, 0xff];
    for (bytes, expected, why) in [
        (&HUGE[..], Fault::BadAnswer, "too large"),
        (&UNKNOWN[..], Fault::BadAnswer, "no frame"),
        (&NO_TEXT[..], Fault::BadAnswer, "no text"),
        (&[0x88, 0][..], Fault::Unreachable, "closed as it should be"),
        (&[0x88, 2, 3, 0xe9][..], Fault::Unreachable, "the server is going down"),
        (&[][..], Fault::Unreachable, "the connection is gone"),
    ] {
        let hands = Arc::<Hands>::default();
        let mut peer = Peer::plex(Door::Opens).await;
        let (mut ours, mut theirs) = peer.pair(ServerKind::Plex, &hands).await;
        theirs.says("{}").await;
        theirs.writes(bytes).await;
        drop(theirs);
        assert_eq!(told(&mut ours).await, Heard::Nothing, "{why}: what came before is told");
        assert_eq!(fault(soon(ours.next()).await), expected, "{why}");
        fault(soon(ours.next()).await);
    }
}

#[tokio::test]
async fn a_door_that_does_not_answer() {
    let hands = Arc::<Hands>::default();
    let peer = Peer::plex(Door::Waits).await;
    let limits = Limits { read_timeout: Duration::from_millis(20), ..Limits::default() };
    let client = peer.client_within(limits, ServerKind::Plex, &hands);
    assert_eq!(fault(soon(client.listen()).await.map(|_| ())), Fault::Timeout);
}
