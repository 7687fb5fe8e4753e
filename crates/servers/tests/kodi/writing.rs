//! Marks told to Kodi.

use serde_json::Value;
use watchstate_model::{ItemKey, Marks, Target, Watch};
use watchstate_servers::{Fault, MediaServer, Write};

use crate::scripted::*;

#[tokio::test]
async fn a_write_is_one_call() {
    let (kodi, server) =
        checked(vec![recorded("20-set-movie-played"), recorded("36-set-missing")]).await;
    let write = |key: &str, watch| Write {
        key: ItemKey::from(key),
        from: Marks::UNTOUCHED,
        to: Target { watch, plays: 1, played_at: Some(at("2024-03-05T20:14:07Z")) },
        duration_ms: None,
    };
    kodi.write(&write("movie/4", Watch::WATCHED)).await.unwrap();
    let recorded: Value =
        serde_json::from_str(&recording("20-set-movie-played.request.json")).unwrap();
    assert_eq!(server.bodies()[0]["method"], recorded["method"]);
    assert_eq!(server.bodies()[0]["params"], recorded["params"]);

    let gone = kodi.write(&write("episode/9999", Watch::WATCHED)).await.unwrap_err();
    assert_eq!(gone.fault, Fault::NotFound);
    assert_eq!(server.bodies()[1]["method"], "VideoLibrary.SetEpisodeDetails");
    assert_eq!(server.bodies()[1]["params"]["episodeid"], 9999);

    for (key, why) in [("tvshow/1", "series have no mark of their own"), ("x", "no key of Kodi's")]
    {
        let error = kodi.write(&write(key, Watch::WATCHED)).await.unwrap_err();
        assert_eq!(error.fault, Fault::NotFound, "{why}");
    }
    let nothing = Write {
        to: Target { watch: Watch::Unwatched, plays: 0, played_at: None },
        ..write("movie/4", Watch::Unwatched)
    };
    kodi.write(&nothing).await.unwrap();
    assert_eq!(server.bodies().len(), 2, "nothing was sent where nothing is to be said");
}

#[tokio::test]
async fn a_clock_that_is_ahead() {
    // An hour ahead: the header and the labels alike, so that the zone is found all the same.
    let body = recording("81-check-24hours.txt").replace("14:35:53", "15:35:53");
    let body = body.replace("\r\n", "\n");
    let ahead =
        answer("200 OK", "Mon, 23 Nov 2026 14:35:53 GMT", body.split_once("\n\n").unwrap().1);
    let server = scripted(vec![ahead, recorded("20-set-movie-played")]).await;
    let kodi = client(&server);
    assert_eq!(kodi.check().await.unwrap().clock.0, 3600);
    let write = Write {
        key: ItemKey::from("movie/4"),
        from: Marks::UNTOUCHED,
        to: Target { watch: Watch::WATCHED, plays: 1, played_at: Some(at("2026-11-23T13:00:00Z")) },
        duration_ms: None,
    };
    kodi.write(&write).await.unwrap();
    assert_eq!(
        server.bodies()[1]["params"]["lastplayed"],
        "2026-11-23 15:00:00",
        "14:00 in Berlin is 15:00 on its clock"
    );
}
