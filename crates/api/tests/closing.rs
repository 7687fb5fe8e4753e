//! The end of an app.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use household::{Servers, Window};
use jiff::tz::TimeZone;
use serde_json::json;
use tempfile::TempDir;
use watchstate_api::contract::Host;
use watchstate_api::settings::Book;
use watchstate_api::{App, Household, LogRing, SecretsPlace, Shell, Surroundings};
use watchstate_engine::{Settings, SystemClock};
use watchstate_model::Moment;
use watchstate_servers::Pause;

/// A wait that never ends.
struct ForEver;

impl Pause for ForEver {
    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }

    fn now(&self) -> Moment {
        Moment(1_800_000_000)
    }
}

#[tokio::test]
async fn closing_waits_for_nothing_when_nothing_is_on_its_way() {
    let folder = TempDir::new().unwrap();
    let around =
        Surroundings { pause: Arc::new(ForEver), ..Surroundings::real(Settings::default()) };
    let household = Household::open(folder.path(), Some(SecretsPlace::File), around).await.unwrap();
    let log = LogRing::new(Arc::new(SystemClock));
    let app =
        App::new(household, Shell { host: Host::Desktop, log, zone: TimeZone::UTC, demo: None });
    app.start_schedule(Arc::new(Book::open(folder.path(), |_| None))).await.unwrap();
    // What counts as on its way and never arrives would be waited for without an end.
    let closed = tokio::time::timeout(Duration::from_secs(60), app.close()).await;
    assert!(closed.is_ok(), "something counts as on its way");
}

/// Whoever quits in the middle of what the clock began finds no write half done: the one that is on its way arrives,
/// is read back and kept, and no other is begun.
#[tokio::test]
async fn a_write_on_its_way_arrives_before_the_app_is_closed() {
    let servers = Servers::slow().await;
    let window = Window::in_real_time().await.agree(&servers).await;
    let data = window.folder.path().join("data");
    window.app.start_schedule(Arc::new(Book::open(&data, |_| None))).await.unwrap();
    servers.plex.watch("Heat", "ana").unwrap();
    window.ran("run_task", json!({ "name": "import" })).await;
    let is_mark = |asked: &&String| asked.starts_with("POST /UserItems/");
    let marks = || servers.jellyfin.requests().iter().filter(is_mark).count();
    let before = marks();
    window.ask("run_task", json!({ "name": "export" })).await;
    let mut again = tokio::time::interval(Duration::from_millis(5));
    let writing = async {
        while marks() == before {
            again.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), writing).await.unwrap();
    let attic = window.app.household().backends().await.unwrap()[1].id;
    window.app.close().await;
    assert!(servers.jellyfin.shows("Heat", "ana").unwrap().watch.is_watched(), "it arrived");
    assert_eq!(servers.jellyfin.writes_to("Heat").unwrap(), 1);
    let Window { app, folder, .. } = window;
    drop(app);
    let around = Surroundings::real(Settings::default());
    let data = folder.path().join("data");
    let again = Household::open(&data, Some(SecretsPlace::File), around).await.unwrap();
    assert_eq!(again.store().waiting(attic).await.unwrap().owed, 0, "and that is known");
}
