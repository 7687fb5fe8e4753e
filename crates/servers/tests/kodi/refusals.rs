//! What Kodi refuses, and answers that no Kodi gives.

use serde_json::{Value, json};
use watchstate_model::{ItemKey, Watch};
use watchstate_servers::{Detail, Fault, MediaServer};

use crate::scripted::*;

#[tokio::test]
async fn what_kodi_refuses() {
    let refusal =
        |code: i64| ok(&json!({"id": 0, "error": {"code": code, "message": PASSWORD}}).to_string());
    for (answer, fault, why) in [
        (recorded("17-bad-property"), Fault::Unsupported, "a property that this version has not"),
        (recorded("18-bad-method"), Fault::Unsupported, "a method that it has not"),
        (recorded("16-movie-details-missing"), Fault::NotFound, "an id that is not there"),
        (recorded_http("54-http-badjson.txt"), Fault::BadAnswer, "the request was garbled"),
        (refusal(-32099), Fault::Forbidden, "no permission"),
        (refusal(-32100), Fault::ServerTrouble, "it failed"),
        (refusal(-32603), Fault::ServerTrouble, "it failed within"),
        (refusal(-1), Fault::BadAnswer, "whatever that is"),
        (recorded_http("50-http-noauth.txt"), Fault::Unauthorized, "the password was changed"),
        (ok("<html>"), Fault::BadAnswer, "a proxy's page in the middle of a run"),
        (ok("{}"), Fault::BadAnswer, "neither a result nor an error"),
        (ok("[[[[[["), Fault::BadAnswer, "cut"),
    ] {
        let (kodi, _server) = checked(vec![answer]).await;
        let error = kodi.items(&movies(), ALL, Detail::Lean).await.unwrap_err();
        assert_eq!(error.fault, fault, "{why}: {error}");
        assert_no_secret(&error);
    }
}

#[tokio::test]
async fn one_refusal_in_a_batch_is_not_gone() {
    for (body, why) in [
        (json!([{"id": 0, "error": {"code": -32100}}]), "it failed, which is not: gone"),
        (json!([]), "no answer at all is not: gone"),
        (json!([{"id": 7, "result": {}}]), "an answer to another question"),
        (json!([{"id": 0, "result": {}}]), "details without an entry"),
        (json!({"id": null, "error": {"code": -32600}}), "the batch as a whole was refused"),
    ] {
        let (kodi, _server) = checked(vec![ok(&body.to_string())]).await;
        let error = kodi.read(&[ItemKey::from("movie/1")]).await.unwrap_err();
        assert!(matches!(error.fault, Fault::ServerTrouble | Fault::BadAnswer), "{why}: {error}");
    }
}

#[tokio::test]
async fn answers_that_no_kodi_gives() {
    let limits = json!({"start": 0, "end": 1, "total": 1});
    let list = |entry: Value| {
        json!({"id": 0, "result": {"limits": limits, "episodes": [entry]}}).to_string()
    };
    let good = json!({
        "episodeid": 7, "playcount": 1, "lastplayed": "", "resume": {"position": 0.0},
        "season": 1, "episode": 2, "uniqueid": {"unknown": "5", "tvdb": 349232, "imdb": null},
    });
    let with = |name: &str, value: Value| {
        let mut entry = good.clone();
        entry[name] = value;
        entry
    };
    let without = |name: &str| {
        let mut entry = good.clone();
        entry.as_object_mut().unwrap().remove(name);
        entry
    };
    for (body, outcome, why) in [
        (list(good.clone()), Ok(Some((Watch::WATCHED, 1))), "good"),
        (list(without("playcount")), Err(Fault::BadAnswer), "unknown is not unwatched"),
        (list(without("resume")), Err(Fault::BadAnswer), "nor is it: no position"),
        (list(without("episodeid")), Err(Fault::BadAnswer), "an entry of nothing"),
        (list(with("playcount", json!("1"))), Err(Fault::BadAnswer), "a text for a number"),
        (list(with("playcount", json!(-1))), Ok(Some((Watch::Unwatched, 0))), "less than never"),
        (
            list(with("playcount", json!(5_000_000_000_u64))),
            Ok(Some((Watch::WATCHED, u32::MAX))),
            "too often",
        ),
        (
            list(with("resume", json!({"position": -5.0}))),
            Ok(Some((Watch::WATCHED, 1))),
            "before the start",
        ),
        (
            list(with("resume", json!({"position": 1e300}))),
            Ok(Some((Watch::Watched { rewatch: Some(position(u64::MAX)) }, 1))),
            "after the end of days",
        ),
        (list(with("season", json!(-1))), Ok(None), "an episode of nowhere is left out"),
        (list(with("episode", json!(70_000))), Ok(None), "so is one with such a number"),
        (
            list(with("lastplayed", json!("0000-00-00 00:00:00"))),
            Ok(Some((Watch::WATCHED, 1))),
            "no date",
        ),
        (
            json!({"id": 0, "result": {"limits": {"start": 0, "end": 5, "total": 5}}}).to_string(),
            Err(Fault::BadAnswer),
            "five entries that are not there",
        ),
        (
            json!({"id": 0, "result": {"limits": {"start": 0, "end": 0, "total": -1}}}).to_string(),
            Err(Fault::BadAnswer),
            "less than none",
        ),
        (
            json!({"id": 0, "result": {"episodes": []}}).to_string(),
            Err(Fault::BadAnswer),
            "of how many?",
        ),
    ] {
        let (kodi, _server) = checked(vec![recorded("14-episodes"), ok(&body)]).await;
        let page = kodi.items(&episodes(), ALL, Detail::Full).await;
        let got = page
            .map_err(|e| e.fault)
            .map(|page| page.entries.first().map(|item| (item.marks.watch, item.marks.plays)));
        assert_eq!(got, outcome, "{why}");
    }
    let (kodi, _server) = checked(vec![recorded("14-episodes"), ok(&list(good))]).await;
    let page = kodi.items(&episodes(), ALL, Detail::Full).await.unwrap();
    let ids = &page.entries[0].facts.as_ref().unwrap().ids;
    assert_eq!(ids.to_text(), "tvdb:349232", "unknown providers and values are passed over");
}
