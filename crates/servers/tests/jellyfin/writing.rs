//! Which requests a change becomes, and what a refusal means.

use watchstate_model::{Marks, Moment, Target, Watch};
use watchstate_servers::jellyfin::Jellyfin;
use watchstate_servers::{Fault, MediaServer, ServerKind, Write};

use super::mediabrowser::{NOW, Reply, Waits, address, limits, listed, recorded};
use super::{BOTH, NEW, OLD, SINTEL, checked, position, stage};

fn write(from: Watch, to: Watch) -> Write {
    Write {
        key: SINTEL.into(),
        from: Marks { watch: from, ..Marks::UNTOUCHED },
        to: Target { watch: to, plays: 1, played_at: Some(Moment(1_709_673_247)) },
        duration_ms: Some(1_200_128),
    }
}

#[tokio::test]
async fn writes_from_10_9() {
    let stage = stage(NEW).await;
    let root = BOTH[1].1;
    let path = format!("POST /UserItems/{SINTEL}/UserData");
    stage.on(&path, recorded(NEW, "43-userdata-post-modern"));
    stage.on(&format!("DELETE /UserPlayedItems/{SINTEL}"), recorded(NEW, "38-unplayed"));
    // Our clock is an hour behind the server's.
    let address = address(ServerKind::Jellyfin, &stage.url, None);
    let client = Jellyfin::new(address, limits(), Waits::at(Moment(NOW.0 - 3600))).unwrap();
    client.check().await.unwrap();
    stage.seen();
    client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap();
    let seen = stage.seen().remove(0);
    assert_eq!((seen.what, seen.query["userId"].as_str()), (path, root));
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(
        seen.body,
        r#"{"Played":true,"PlaybackPositionTicks":0,"PlayCount":1,"LastPlayedDate":"2024-03-05T22:14:07.0000000Z"}"#
    );
    client.write(&write(Watch::WATCHED, Watch::Unwatched)).await.unwrap();
    let seen = stage.seen().remove(0);
    assert_eq!(seen.what, format!("DELETE /UserPlayedItems/{SINTEL}"));
    assert_eq!(seen.query["userId"], root);
}

#[tokio::test]
async fn writes_on_10_8() {
    let stage = stage(OLD).await;
    let played = format!("/Users/{}/PlayedItems/{SINTEL}", BOTH[0].1);
    stage
        .on(&format!("POST {played}"), recorded(OLD, "33-played"))
        .on(&format!("DELETE {played}"), recorded(OLD, "38-unplayed"))
        .on("POST /Sessions/Playing", recorded(OLD, "60-playing-start"))
        .on("POST /Sessions/Playing/Stopped", recorded(OLD, "65-playing-stop"));
    let client = checked(&stage).await;
    client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap();
    let seen = stage.seen().remove(0);
    assert_eq!(seen.query["datePlayed"], "20240305211407");
    let left = Watch::Started(position(600_000));
    client.write(&write(Watch::WATCHED, left)).await.unwrap();
    let seen = stage.seen();
    let asked: Vec<_> = seen.iter().map(|seen| seen.what.as_str()).collect();
    assert_eq!(
        asked,
        [&format!("DELETE {played}"), "POST /Sessions/Playing", "POST /Sessions/Playing/Stopped"]
    );
    assert!(seen[2].body.contains(r#""PositionTicks":6000000000"#), "{}", seen[2].body);
}

#[tokio::test]
async fn a_server_without_user_data_is_found_out_once() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let played = format!("POST /Users/{}/PlayedItems/{SINTEL}", BOTH[1].1);
    stage.on("GET /Items", listed(NEW, "66-after-stop-half"));
    stage.on(&played, recorded(NEW, "33-played"));
    client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap();
    assert_eq!(
        stage.asked(),
        [&format!("POST /UserItems/{SINTEL}/UserData"), "GET /Items", &played],
        "the item is there, so it was the request that is not"
    );
    assert!(!client.abilities().rewatch_positions);
    client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap();
    assert_eq!(stage.asked(), [played]);
}

#[tokio::test]
async fn an_item_that_is_gone() {
    for (server, id) in BOTH {
        let stage = stage(server).await;
        let client = checked(&stage).await;
        stage.on("GET /Items", Reply::json(r#"{"Items":[],"TotalRecordCount":0}"#));
        let missing = recorded(server, "75-played-missing");
        stage.on(&format!("POST /Users/{id}/PlayedItems/{SINTEL}"), missing.clone());
        stage.on(&format!("POST /UserItems/{SINTEL}/UserData"), missing);
        let error = client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap_err();
        assert_eq!(error.fault, Fault::NotFound, "{server}");
        assert_eq!(
            client.abilities().rewatch_positions,
            server == NEW,
            "nothing else is concluded"
        );
    }
}

#[tokio::test]
async fn trouble_while_writing_stays_trouble() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    stage.on("GET /Items", listed(NEW, "66-after-stop-half"));
    stage.on(&format!("POST /UserItems/{SINTEL}/UserData"), Reply::status(500, ""));
    let error = client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap_err();
    assert_eq!(error.fault, Fault::ServerTrouble, "the item is there");
    stage.on(&format!("POST /UserItems/{SINTEL}/UserData"), Reply::status(403, ""));
    stage.seen();
    let error = client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap_err();
    assert_eq!(error.fault, Fault::Forbidden);
    assert_eq!(stage.asked().len(), 1, "a refusal is not looked into");
}
