//! Signs of life, silence, and waiting that is broken off.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio_tungstenite::tungstenite::protocol::Message;
use watchstate_servers::{Fault, Heard, ServerKind};

use crate::peer::{Door, Hands, Peer, USER, fault, soon, told};

const KEEP_ALIVE: &str = r#"{"MessageType":"KeepAlive"}"#;

/// How long a socket may be silent, and after how long a ping is sent, in seconds.
const SILENCE: u64 = 90;
const BEAT: u64 = 25;

fn marked(item: &str) -> String {
    format!(
        r#"{{"MessageType":"UserDataChanged","Data":{{"UserId":"{USER}","UserDataList":[
        {{"ItemId":"{item}","Played":true}}]}}}}"#
    )
}

fn items(key: &str) -> Heard {
    Heard::Items(vec![key.into()])
}

#[tokio::test]
async fn plex_and_emby_are_pinged() {
    for kind in [ServerKind::Plex, ServerKind::Emby] {
        let hands = Arc::<Hands>::default();
        let mut peer = match kind {
            ServerKind::Plex => Peer::plex(Door::Opens).await,
            _ => Peer::emby(true).await,
        };
        let (mut ours, mut theirs) = peer.pair(kind, &hands).await;
        let listening = tokio::spawn(async move { told(&mut ours).await });
        if kind == ServerKind::Emby {
            assert!(theirs.hears().await.to_text().unwrap().contains("SessionsStart"));
        }
        for _ in 0..3 {
            // One wait, and after each ping a new one.
            while hands.pass(BEAT) == 0 {
                tokio::task::yield_now().await;
            }
            assert!(theirs.hears().await.is_ping(), "{kind:?}");
        }
        theirs.says("{}").await;
        assert_eq!(soon(listening).await.unwrap(), Heard::Nothing, "nothing but pings went by");
    }
}

#[tokio::test]
async fn jellyfin_gets_the_sign_of_life_that_it_asks_for() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::jellyfin(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Jellyfin, &hands).await;
    theirs.says(r#"{"MessageType":"ForceKeepAlive","Data":60}"#).await;
    assert_eq!(told(&mut ours).await, Heard::Nothing);
    let listening = tokio::spawn(async move { told(&mut ours).await });
    assert!(theirs.hears().await.to_text().unwrap().contains("SessionsStart"));
    assert_eq!(theirs.hears().await, Message::text(KEEP_ALIVE), "at once");
    assert_eq!(hands.pass(BEAT), 0, "no ping any more");
    for _ in 0..3 {
        while hands.pass(30) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(theirs.hears().await, Message::text(KEEP_ALIVE), "and in half the time");
    }
    theirs.says(&marked("28")).await;
    assert_eq!(soon(listening).await.unwrap(), items("28"));
}

#[tokio::test]
async fn silence_is_the_end_and_an_answer_to_a_ping_is_none() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::plex(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Plex, &hands).await;
    // Reading the answer begins a new wait: the one that was running is nobody's any more.
    theirs.sends(Message::Pong(Vec::new().into())).await;
    theirs.says("{}").await;
    assert_eq!(told(&mut ours).await, Heard::Nothing);
    assert!(ours.next().now_or_never().is_none());
    assert_eq!(hands.pass(SILENCE), 1, "one wait, for all that came before");
    assert_eq!(fault(soon(ours.next()).await), Fault::Timeout);
}

#[tokio::test]
async fn one_may_stop_waiting_at_any_time() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::jellyfin(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Jellyfin, &hands).await;
    // A frame of text without a mask (RFC 6455 section 5.2), which comes byte by byte.
    let text = marked("28");
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    let frame = [&[0x81, 126], length.as_slice(), text.as_bytes()].concat();
    let mut heard = None;
    for byte in &frame {
        assert_eq!(heard, None, "not before all of it is there");
        theirs.writes(&[*byte]).await;
        tokio::task::yield_now().await;
        heard = ours.next().now_or_never().map(Result::unwrap);
    }
    let heard = match heard {
        Some(heard) => heard,
        None => told(&mut ours).await,
    };
    assert_eq!(heard, items("28"));

    // The wait for the next sign of life goes on while nobody waits for what is told.
    assert!(ours.next().now_or_never().is_none());
    assert_eq!(hands.pass(BEAT), 1);
    let listening = tokio::spawn(async move { told(&mut ours).await });
    assert!(theirs.hears().await.to_text().unwrap().contains("SessionsStart"));
    assert!(theirs.hears().await.is_ping());
    theirs.says(&marked("29")).await;
    assert_eq!(soon(listening).await.unwrap(), items("29"));
}

#[tokio::test]
async fn no_limit_of_a_request_cuts_a_socket() {
    let hands = Arc::<Hands>::default();
    let mut peer = Peer::plex(Door::Opens).await;
    let (mut ours, mut theirs) = peer.pair(ServerKind::Plex, &hands).await;
    tokio::time::pause();
    assert!(ours.next().now_or_never().is_none());
    tokio::time::advance(Duration::from_secs(86_400)).await;
    assert!(ours.next().now_or_never().is_none());
    tokio::time::resume();
    theirs.says("{}").await;
    assert_eq!(told(&mut ours).await, Heard::Nothing);
}
