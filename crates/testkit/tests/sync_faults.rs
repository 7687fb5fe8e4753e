//! Each fault, during import and during export: a clear message that names the backend and what to do, the
//! other backends finish, and the next run completes the work with nothing lost or doubled.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use household::{Household, assert_ok, of, written};
use watchstate_model::Watch;
use watchstate_servers::ServerKind;
use watchstate_store::Task;
use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

/// One test for each fault, in an import and in an export.
macro_rules! faults {
    ($($name:ident: $trouble:expr;)*) => {
        mod during_import {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                import_through($trouble).await;
            })*
        }
        mod during_export {
            use super::*;
            $(#[tokio::test]
            async fn $name() {
                export_through($trouble).await;
            })*
        }
    };
}

faults! {
    the_connection_is_dropped: Trouble::Dropped;
    the_answer_gets_lost: Trouble::LostAnswer;
    no_answer_comes: Trouble::Hang;
    the_answer_stops_coming_in_the_middle: Trouble::Drip(16);
    a_server_error: Trouble::Status(500);
    unavailable: Trouble::Status(503);
    too_many_requests_come_back_in_a_second: Trouble::TooMany(Some(1));
    too_many_requests_come_back_in_an_hour: Trouble::TooMany(Some(3_600));
    the_body_is_cut: Trouble::CutBody;
    a_page_of_html: Trouble::Html;
    other_json: Trouble::OtherJson;
    broken_json: Trouble::BrokenJson;
    the_token_has_expired: Trouble::ExpiredToken;
    a_forbidden_request: Trouble::Status(403);
}

struct Three {
    home: Household,
    plex: FakeServer,
    jellyfin: FakeServer,
    emby: FakeServer,
}

async fn three() -> Three {
    let start = |kind, version: &'static str| async move {
        FakeServer::of(kind, version).at(household::NOW).with_sample().start().await.unwrap()
    };
    let plex = start(ServerKind::Plex, "1.40.2").await;
    let jellyfin = start(ServerKind::Jellyfin, "10.10.7").await;
    let emby = start(ServerKind::Emby, "4.8.11.0").await;
    let mut home = Household::new().await;
    home.limits = household::impatient();
    home.join("den", ServerKind::Plex, &plex).await;
    home.join("attic", ServerKind::Jellyfin, &jellyfin).await;
    home.join("cellar", ServerKind::Emby, &emby).await;
    Three { home, plex, jellyfin, emby }
}

impl Three {
    fn everywhere(&self, title: &str) -> [Watch; 3] {
        [&self.plex, &self.jellyfin, &self.emby].map(|s| s.shows(title, "ana").unwrap().watch)
    }

    /// Time passes on all clocks alike.
    fn pass(&self) {
        for server in [&self.plex, &self.jellyfin, &self.emby] {
            server.at(self.home.clock.now());
        }
    }
}

fn names_the_backend_and_what_to_do(error: &str) {
    assert!(error.starts_with("attic: "), "{error}");
    assert!(error.contains("; "), "no advice in: {error}");
    assert!(!error.contains('\n') && !error.contains("http://"), "{error}");
}

async fn import_through(trouble: Trouble) {
    let three = three().await;
    assert_ok(&three.home.sync().await);
    three.pass();
    // A person acts on the troubled server and on a sound one.
    let (here, there) = ("Heat", "Alien");
    three.jellyfin.watch(here, "ana").unwrap();
    three.plex.watch(there, "ana").unwrap();
    three.jellyfin.fail(Fault::new(trouble).on("/items"));
    let reports = three.home.sync().await;
    let report = of(&reports, Task::Import, "attic");
    assert!(!report.ok, "the import cannot have gone well");
    names_the_backend_and_what_to_do(report.run.error.as_ref().unwrap());
    for sound in ["den", "cellar"] {
        assert!(of(&reports, Task::Import, sound).ok, "{sound} has to finish");
    }
    assert!(three.emby.shows(there, "ana").unwrap().watch.is_watched(), "emby is told");
    three.jellyfin.heal().await;
    three.pass();
    assert_ok(&three.home.sync().await);
    for title in [here, there] {
        assert_eq!(three.everywhere(title), [Watch::WATCHED; 3], "{title}");
    }
    assert_eq!(written(&three.home.sync().await), 0, "something was doubled");
}

async fn export_through(trouble: Trouble) {
    let three = three().await;
    assert_ok(&three.home.sync().await);
    three.pass();
    three.plex.watch("Heat", "ana").unwrap();
    assert_ok(&three.home.import().await);
    // The write itself is struck, and all that follows.
    three.jellyfin.fail(Fault::new(trouble).of_method("post"));
    let reports = three.home.export().await;
    let report = of(&reports, Task::Export, "attic");
    if let Some(error) = &report.run.error {
        names_the_backend_and_what_to_do(error);
    } else {
        let shown = three.jellyfin.shows("Heat", "ana").unwrap().watch;
        assert!(shown.is_watched(), "it says it was written");
    }
    assert!(of(&reports, Task::Export, "cellar").ok, "the other has to finish");
    three.jellyfin.heal().await;
    let full = watchstate_engine::Consent { full: true, yes: false };
    assert_ok(&three.home.sync_with(full).await);
    assert_eq!(three.everywhere("Heat"), [Watch::WATCHED; 3]);
    // However often it was sent: it was played once.
    assert_eq!(three.jellyfin.shows("Heat", "ana").unwrap().plays, 1);
    assert_eq!(written(&three.home.sync().await), 0, "something was doubled");
}

#[tokio::test]
async fn a_server_that_is_off_while_it_should_be_read_and_written() {
    let three = three().await;
    assert_ok(&three.home.sync().await);
    three.jellyfin.refuse().await;
    three.pass();
    three.plex.watch("Heat", "ana").unwrap();
    let reports = three.home.sync().await;
    for task in [Task::Import, Task::Export] {
        let report = of(&reports, task, "attic");
        names_the_backend_and_what_to_do(report.run.error.as_ref().unwrap());
    }
    assert!(three.emby.shows("Heat", "ana").unwrap().watch.is_watched());
    three.jellyfin.heal().await;
    assert_ok(&three.home.sync().await);
    assert_eq!(three.everywhere("Heat"), [Watch::WATCHED; 3]);
}

#[tokio::test]
async fn a_list_that_repeats_or_lacks_something_concludes_nothing() {
    let mut three = three().await;
    three.home.settings.page_first = 50;
    three.home.settings.page_most = 50;
    assert_ok(&three.home.sync().await);
    for trouble in [Trouble::RepeatedPage, Trouble::MissingEntry] {
        three.jellyfin.fail(Fault::new(trouble).on("/items"));
        let reports = three.home.sync().await;
        assert_eq!(written(&reports), 0, "{trouble:?}: nothing may follow from it");
        if let Some(error) = &of(&reports, Task::Import, "attic").run.error {
            names_the_backend_and_what_to_do(error);
        }
        three.jellyfin.heal().await;
        let reports = three.home.sync().await;
        assert_ok(&reports);
        assert_eq!(written(&reports), 0, "{trouble:?}: nothing was taken for gone");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_year_ahead_or_in_1970() {
    for skew in [31_536_000, -1_700_000_000] {
        let three = three().await;
        three.jellyfin.skew(skew);
        assert_ok(&three.home.sync().await);
        three.pass();
        three.jellyfin.skew(skew);
        three.jellyfin.watch("Heat", "ana").unwrap();
        assert_ok(&three.home.sync().await);
        assert_eq!(three.everywhere("Heat"), [Watch::WATCHED; 3], "watched there is watched");
        three.pass();
        three.plex.unwatch("Heat", "ana").unwrap();
        assert_ok(&three.home.sync().await);
        assert_eq!(
            three.everywhere("Heat"),
            [Watch::Unwatched; 3],
            "and un-watched elsewhere is not undone"
        );
    }
}
