//! Which requests a change becomes, and what a refusal means.

use watchstate_model::{Marks, Moment, Target, Watch};
use watchstate_servers::{Fault, MediaServer, Write};

use super::mediabrowser::{Reply, listed, recorded};
use super::{OLD, ROOT, SINTEL, checked, stage, started};

fn write(from: Watch, to: Watch) -> Write {
    Write {
        key: SINTEL.into(),
        from: Marks { watch: from, ..Marks::UNTOUCHED },
        to: Target { watch: to, plays: 1, played_at: Some(Moment(1_709_673_247)) },
        duration_ms: Some(1_200_128),
    }
}

#[tokio::test]
async fn writes_on_3_2() {
    let stage = stage(OLD).await;
    let client = checked(&stage).await;
    let played = format!("/Users/{ROOT}/PlayedItems/{SINTEL}");
    stage
        .on(&format!("POST {played}"), recorded(OLD, "33-played"))
        .on(&format!("DELETE {played}"), recorded(OLD, "38-unplayed"))
        .on("POST /Sessions/Playing", recorded(OLD, "60-playing-start"))
        .on("POST /Sessions/Playing/Stopped", recorded(OLD, "65-playing-stop"));
    client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap();
    assert_eq!(stage.seen()[0].query["datePlayed"], "20240305211407", "ISO is answered with 500");
    client.write(&write(Watch::WATCHED, Watch::Unwatched)).await.unwrap();
    assert_eq!(stage.asked(), [format!("DELETE {played}")]);
    client.write(&write(Watch::Unwatched, started(600_000))).await.unwrap();
    assert_eq!(stage.asked(), ["POST /Sessions/Playing", "POST /Sessions/Playing/Stopped"]);
}

#[tokio::test]
async fn writes_on_4_8_keep_what_is_not_ours() {
    let stage = stage("4.8.11.0").await;
    let client = checked(&stage).await;
    let played = format!("POST /Users/{ROOT}/PlayedItems/{SINTEL}");
    stage.on(&played, recorded(OLD, "33-played"));
    client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap();
    assert_eq!(stage.asked(), [played], "a plain mark is one request");

    let items = format!("GET /Users/{ROOT}/Items");
    let data = format!("POST /Users/{ROOT}/Items/{SINTEL}/UserData");
    let shown = r#"{"Items":[{"Id":"KEY","Type":"Movie","UserData":{"Played":false,"PlayCount":0,
        "PlaybackPositionTicks":0,"IsFavorite":true,"Rating":8}}],"TotalRecordCount":1}"#;
    stage.on(&items, Reply::json(&shown.replace("KEY", SINTEL))).on(&data, Reply::status(200, ""));
    client.write(&write(Watch::Unwatched, started(600_000))).await.unwrap();
    let seen = stage.seen();
    assert_eq!((&seen[0].what, &seen[1].what), (&items, &data));
    assert_eq!(
        seen[1].body,
        r#"{"Played":false,"PlaybackPositionTicks":6000000000,"PlayCount":1,"LastPlayedDate":"2024-03-05T21:14:07.0000000Z","IsFavorite":true,"Rating":8.0}"#
    );

    stage.on(
        &items,
        Reply::json(
            r#"{"Items":[{"Id":"KEY"}],"TotalRecordCount":1}"#.replace("KEY", SINTEL).as_str(),
        ),
    );
    stage.seen();
    let error = client.write(&write(Watch::Unwatched, started(600_000))).await.unwrap_err();
    assert_eq!(error.fault, Fault::BadAnswer, "what it shows is unknown, so nothing is written");
    assert!(stage.asked().iter().all(|what| what.starts_with("GET")));

    stage.on(&items, Reply::json(r#"{"Items":[],"TotalRecordCount":0}"#));
    let error = client.write(&write(Watch::Unwatched, started(600_000))).await.unwrap_err();
    assert_eq!(error.fault, Fault::NotFound);
    assert!(client.abilities().rewatch_positions);
}

#[tokio::test]
async fn a_4_without_user_data_is_found_out() {
    let stage = stage("4.1.0.0").await;
    let client = checked(&stage).await;
    stage
        .on(&format!("GET /Users/{ROOT}/Items"), listed(OLD, "66-after-stop-half"))
        .on("POST /Sessions/Playing", Reply::status(204, ""))
        .on("POST /Sessions/Playing/Stopped", Reply::status(204, ""));
    client.write(&write(Watch::Unwatched, started(600_000))).await.unwrap();
    assert_eq!(stage.asked()[3..], ["POST /Sessions/Playing", "POST /Sessions/Playing/Stopped"]);
    assert!(!client.abilities().rewatch_positions);
}

#[tokio::test]
async fn an_item_that_is_gone() {
    let stage = stage(OLD).await;
    let client = checked(&stage).await;
    let played = format!("POST /Users/{ROOT}/PlayedItems/{SINTEL}");
    stage.on(&played, recorded(OLD, "75-played-missing"));
    let items = format!("GET /Users/{ROOT}/Items");
    stage.on(&items, Reply::json(r#"{"Items":[],"TotalRecordCount":0}"#));
    let error = client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap_err();
    assert_eq!(error.fault, Fault::NotFound, "3.2 says 500");
    stage.on(&items, Reply::status(503, ""));
    let error = client.write(&write(Watch::Unwatched, Watch::WATCHED)).await.unwrap_err();
    assert_eq!(error.fault, Fault::ServerTrouble, "that it is gone is not known");
}
