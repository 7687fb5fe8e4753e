//! Answers that no server should give.

use std::sync::Arc;
use std::time::Duration;

use watchstate_servers::jellyfin::Jellyfin;
use watchstate_servers::{
    Detail, Fault, LibraryKind, MediaServer, ServerError, ServerKind, Stretch,
};

use super::mediabrowser::{
    NOW, Reply, TOKEN, Waits, address, cut_short, is_discreet, limits, recorded,
};
use super::{NEW, checked, library, stage};

#[tokio::test]
async fn answers_that_break_off() {
    let url = cut_short().await;
    let waits = Waits::at(NOW);
    let address = address(ServerKind::Jellyfin, &url, None);
    let client = Jellyfin::new(address, limits(), waits.clone()).unwrap();
    let error = client.check().await.unwrap_err();
    assert_eq!(error.fault, Fault::BadAnswer, "{error}");
    is_discreet(&error, &[TOKEN, "127.0.0.1"]);
    assert_eq!(waits.waits.lock().unwrap().len(), 3, "it may pass, so it was tried again");
}

#[tokio::test]
async fn pages_that_cannot_be_read() {
    let stage = stage(NEW).await;
    let client = checked(&stage).await;
    let stretch = Stretch { from: 0, size: 10 };
    for (body, why) in [
        ("<html>", "a web page"),
        ("", "nothing"),
        (r#"{"Items":[{"Id":"a"},"#, "cut"),
        (r#"{"Items":[]}"#, "no total: the end could not be told"),
        (r#"{"TotalRecordCount":1}"#, "no items"),
        (r#"{"Items":[{"Name":"a"}],"TotalRecordCount":1}"#, "an item without an id"),
        (r#"{"Items":[],"TotalRecordCount":-1}"#, "a negative total"),
    ] {
        stage.on("GET /Items", Reply::json(body));
        for detail in [Detail::Lean, Detail::Full] {
            let page = client.items(&library(LibraryKind::Mixed), stretch, detail).await;
            let error: ServerError = page.unwrap_err();
            assert_eq!(error.fault, Fault::BadAnswer, "{why}: {error}");
            is_discreet(&error, &[TOKEN, "html"]);
        }
    }
}

#[tokio::test]
async fn a_busy_server_is_waited_for() {
    let stage = stage(NEW).await;
    let busy = Reply::status(429, "").with("Retry-After", "7");
    let public = recorded(NEW, "01-public-info");
    stage.on("GET /System/Info/Public", vec![busy.clone(), busy.clone(), public]);
    let waits = Waits::at(NOW);
    let client = |waits: &Arc<Waits>| {
        let address = address(ServerKind::Jellyfin, &stage.url, None);
        Jellyfin::new(address, limits(), Arc::clone(waits) as _).unwrap()
    };
    client(&waits).check().await.unwrap();
    assert_eq!(*waits.waits.lock().unwrap(), [Duration::from_secs(7); 2]);

    let long = Reply::status(429, "").with("Retry-After", "3600");
    stage.on("GET /System/Info/Public", long);
    let waits = Waits::at(NOW);
    let client = client(&waits);
    let error = client.check().await.unwrap_err();
    assert_eq!(error.fault, Fault::Busy { after: Some(Duration::from_secs(3600)) });
    assert!(waits.waits.lock().unwrap().is_empty(), "an hour is not waited within a run");
    assert_eq!(client.meter().requests(), 1);
}
