//! What changed lately, what is watched, and what is being played where.

use watchstate_model::Moment;
use watchstate_servers::{Fault, NowPlaying, Playing, Stretch};

use crate::fake::{FIRST, Fake, Reply, at, fault, films, library, recording, series};

fn count(total: u32) -> Reply {
    Reply::Json(format!(r#"{{"MediaContainer":{{"size":0,"totalSize":{total},"offset":0}}}}"#))
}

/// A library whose latest page is that of a recording, of which seven are watched.
async fn fake(page: &'static str) -> Fake {
    Fake::new(move |uri, _| match uri.contains("unwatched=0") && !uri.contains("sort=") {
        true => count(7),
        false => recording(page),
    })
    .await
}

#[tokio::test]
async fn a_glance_is_two_requests() {
    let fake = fake("movies_lean").await;
    let since = Some(Moment(1_700_000_000));
    let glance = fake.client().glance(&films(), since, 50).await.unwrap();
    let keys: Vec<&str> = glance.recent.iter().map(|item| item.key.as_str()).collect();
    assert_eq!((glance.watched, keys), (7, vec!["182", "190"]), "the moment itself is within");
    assert!(glance.recent.iter().all(|item| item.facts.is_none()));
    let asked = fake.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    let uri = &asked[0].uri;
    assert!(uri.starts_with("/library/sections/1/all?type=1&sort=lastViewedAt%3Adesc&"), "{uri}");
    assert!(uri.ends_with("&lastViewedAt%3E%3E=1699999999"), "after the second before: {uri}");
    let size = |n: usize| asked[n].headers["x-plex-container-size"].to_str().unwrap();
    assert_eq!((size(0), size(1)), ("50", "0"));
    assert_eq!(asked[1].uri, "/library/sections/1/all?type=1&unwatched=0");
}

#[tokio::test]
async fn a_glance_takes_no_more_than_was_asked_for() {
    let fake = fake("movies_lean").await;
    let client = fake.client();
    for (since, most, keys, why) in [
        (Some(1_700_000_001), 50, &["190"][..], "a server that does not filter"),
        (Some(1_700_000_501), 50, &[], "nothing since"),
        (None, 50, &["182", "190"], "since ever"),
        (None, 1, &["182"], "a server that sends more"),
        (Some(i64::MIN), 50, &["182", "190"], "before all time"),
    ] {
        let glance = client.glance(&films(), since.map(Moment), most).await.unwrap();
        let recent: Vec<&str> = glance.recent.iter().map(|item| item.key.as_str()).collect();
        assert_eq!(recent, keys, "{why}");
    }
    let uris = fake.uris();
    assert!(!uris[4].contains("%3E"), "{}", uris[4]);
    let of_series = client.glance(&series(), None, 5).await.unwrap();
    assert_eq!(of_series.watched, 7);
    assert!(fake.uris()[10].starts_with("/library/sections/2/all?type=4&sort=lastViewedAt"));
    let odd = library("1/../2", "?", watchstate_servers::LibraryKind::Movies);
    assert_eq!(fault(client.glance(&odd, None, 5).await), Fault::NotFound);
    assert_eq!(fault(client.watched(&odd, FIRST).await), Fault::NotFound);
}

#[tokio::test]
async fn the_keys_of_what_is_watched() {
    let fake = Fake::new(|_, _| recording("movies")).await;
    let page = fake.client().watched(&films(), Stretch { from: 0, size: 5 }).await.unwrap();
    assert_eq!((page.sent, page.total), (5, 12));
    assert_eq!(page.entries, ["182".into()], "of a server that does not filter, too");
    let asked = fake.asked.lock().unwrap().clone();
    let uri = &asked[0].uri;
    assert!(uri.contains("type=1&unwatched=0&sort=id&"), "{uri}");
    assert_eq!(asked[0].headers["x-plex-container-size"], "5");
    let cut = Fake::new(|_, _| Reply::Cut).await;
    assert_eq!(fault(cut.client().watched(&films(), FIRST).await), Fault::BadAnswer);
    let refused = Fake::new(|_, _| Reply::Status(401)).await;
    assert_eq!(fault(refused.client().glance(&films(), None, 5).await), Fault::Unauthorized);
}

#[tokio::test]
async fn what_is_played_where() {
    let fake = Fake::whole().await;
    let Playing::Items(playing) = fake.client().playing().await.unwrap() else { panic!("visible") };
    let paused = NowPlaying {
        key: "190".into(),
        position: Some(at(61_000)),
        paused: true,
        device: Some("Chrome".into()),
    };
    assert_eq!(playing[0], paused);
    assert_eq!((playing[1].key.as_str(), playing[1].paused), ("42", false));
}

#[tokio::test]
async fn one_item_on_two_devices_runs_if_it_runs_on_either() {
    let session = |state: &str, title: &str| {
        format!(
            r#"{{"ratingKey":"9","type":"movie","viewOffset":5,"User":{{"id":"1"}},
            "Player":{{"state":"{state}","title":"{title}","product":"Plex"}}}}"#
        )
    };
    let both = format!("{},{}", session("paused", "Sofa"), session("buffering", ""));
    let sessions = format!(r#"{{"MediaContainer":{{"size":2,"Metadata":[{both}]}}}}"#);
    let fake = Fake::new(move |uri, _| match uri {
        "/status/sessions" => Reply::Json(sessions.clone()),
        uri => crate::fake::whole(uri),
    })
    .await;
    let Playing::Items(playing) = fake.client().playing().await.unwrap() else { panic!("visible") };
    let one = NowPlaying {
        key: "9".into(),
        position: Some(at(5)),
        paused: false,
        device: Some("Plex".into()),
    };
    assert_eq!(playing, [one]);
}
