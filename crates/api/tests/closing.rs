//! The end of an app.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
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
