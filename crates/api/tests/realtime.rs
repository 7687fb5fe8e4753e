//! Servers that are listened to: what happens on one is on the others without any run.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::time::Duration;

use household::{Servers, Window};
use serde_json::{Value, json};

/// How long anything may take on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A household of three that agrees, and is listened to from now on.
async fn listening(servers: &Servers) -> Window {
    let window = Window::in_real_time().await.agree(servers).await;
    window.app.start_listening();
    window.all_are(&["live", "live", "live"]).await;
    window
}

impl Window {
    /// Waits until something is so; looks again whenever anything changed.
    async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let mut events = self.app.events();
        let waiting = async {
            while !is_so().await {
                // A listener that missed something looks again like any other.
                let _ = events.recv().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "waited in vain until {what}");
    }

    async fn connections(&self) -> Vec<String> {
        let cards = self.ask("backends", json!({})).await;
        let state = |card: &Value| card["connection"]["state"].as_str().unwrap().to_owned();
        cards.as_array().unwrap().iter().map(state).collect()
    }

    async fn all_are(&self, states: &[&str]) {
        let what = format!("connections are {states:?}");
        self.until(&what, async || self.connections().await == states).await;
    }

    async fn runs(&self) -> usize {
        let page = self.ask("runs", json!({ "from": 0, "size": 100 })).await;
        page["rows"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn a_mark_is_everywhere_without_a_run() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    let (runs, writes) = (window.runs().await, servers.writes());
    servers.jellyfin.mark_watched("Heat", "ana").unwrap();
    window.until("all show it", async || servers.watched() == 3).await;
    window.until("nothing is owed", async || window.truth().await.0 == "inSync").await;
    assert_eq!(servers.writes() - writes, 2, "one on each of the others");
    assert_eq!(window.runs().await, runs);

    // Who did it, and why, is told like that of any run.
    let title = window.title("Heat").await;
    assert_eq!(title["marks"]["watched"], true, "{title}");
    let opened = window.ask("title", json!({ "title": title["id"] })).await;
    let journal = opened["journal"].as_array().unwrap();
    assert!(journal.iter().any(|line| line["backend"]["name"] == "attic"), "{opened}");
}

#[tokio::test]
async fn who_plays_is_shown_and_a_stop_goes_to_the_others() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    servers.plex.play("Heat", "ana").unwrap();
    let watching = async || window.ask("watching", json!({})).await;
    window.until("it is shown", async || watching().await.as_array().unwrap().len() == 1).await;
    let one = watching().await[0].clone();
    assert_eq!((&one["title"]["name"], &one["backend"]["name"]), (&json!("Heat"), &json!("den")));
    servers.plex.seek("ana", 1_800_000).unwrap();
    servers.plex.stop_at("ana", 1_800_000).unwrap();
    window.until("nobody plays", async || watching().await == json!([])).await;
    let place = |server: &watchstate_testkit::fake::FakeServer| {
        server.shows("Heat", "ana").unwrap().watch.position().map(|position| position.ms())
    };
    window
        .until("the others go on there", async || {
            [&servers.jellyfin, &servers.emby].map(place) == [Some(1_800_000); 2]
        })
        .await;
}

/// Plex tells its owner of everybody's playing.
#[tokio::test]
async fn what_others_play_is_dropped_and_counted_on_the_card() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    let writes = servers.writes();
    servers.plex.play("Heat", "ben").unwrap();
    servers.plex.pause("ben", true).unwrap();
    let dropped = async || {
        let cards = window.ask("backends", json!({})).await;
        let of = |card: &Value| card["connection"]["dropped"].as_u64().unwrap();
        cards.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    // That it was counted is no news to a window: it is there with the next answer.
    let counted = tokio::time::timeout(PATIENCE, async {
        while dropped().await != [2, 0, 0] {
            tokio::task::yield_now().await;
        }
    });
    assert!(counted.await.is_ok(), "{:?}", dropped().await);
    assert_eq!(
        window.ask("watching", json!({})).await,
        json!([]),
        "it is nobody of this household"
    );
    assert_eq!(servers.writes(), writes);
}

#[tokio::test]
async fn nothing_is_heard_in_a_pause_and_nothing_is_lost() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    window.ask("pause_sync", json!({ "until": "30min" })).await;
    window.all_are(&["off", "off", "off"]).await;
    for server in servers.all() {
        server.sockets_are(|counts| counts.open == 0).await;
    }
    servers.emby.mark_watched("Heat", "ana").unwrap();
    window.ask("pause_sync", json!({ "until": null })).await;
    window.until("all show it", async || servers.watched() == 3).await;
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    let switch = async |on: &str| {
        window.ask("set_setting", json!({ "name": "WS_REALTIME", "value": on })).await;
    };
    switch("false").await;
    window.all_are(&["off", "off", "off"]).await;
    switch("true").await;
    window.all_are(&["live", "live", "live"]).await;
}

#[tokio::test]
async fn what_was_there_before_the_first_import_waits_for_it() {
    let servers = Servers::in_real_time().await;
    let window = Window::in_real_time().await;
    window.app.start_listening();
    window.add("den", &servers.plex, "plex").await;
    window.add("attic", &servers.jellyfin, "jellyfin").await;
    window.all_are(&["live", "live"]).await;
    let count = async || window.ask("titles", json!({ "filter": {}, "from": 0, "size": 1 })).await;
    assert_eq!(count().await["total"], 0, "nothing was taken in");
    window.sync_with_a_yes().await;
    servers.jellyfin.mark_watched("Heat", "ana").unwrap();
    window.until("it goes on by itself", async || servers.watched() == 2).await;

    // A backend that is gone is not listened to, and one that comes is.
    window.ask("remove_backend", json!({ "backend": 2, "keepHistory": true })).await;
    servers.jellyfin.sockets_are(|counts| counts.open == 0).await;
    window.all_are(&["live"]).await;
    window.add("cellar", &servers.emby, "emby").await;
    window.all_are(&["live", "live"]).await;
}

#[tokio::test]
async fn a_server_that_goes_is_said_to_be_gone_and_is_found_again() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    servers.jellyfin.refuse().await;
    window.all_are(&["live", "offline", "live"]).await;
    let cards = window.ask("backends", json!({})).await;
    let why = cards[1]["connection"]["why"].as_str().unwrap();
    assert!(why.contains("cannot be reached"), "{why}");
    servers.emby.mark_watched("Heat", "ana").unwrap();
    window
        .until("Plex shows it", async || {
            servers.plex.shows("Heat", "ana").unwrap().watch.is_watched()
        })
        .await;
    servers.jellyfin.heal().await;
    window.until("all show it", async || servers.watched() == 3).await;
    window.all_are(&["live", "live", "live"]).await;
}

#[tokio::test]
async fn closing_ends_it() {
    let servers = Servers::in_real_time().await;
    let window = listening(&servers).await;
    window.app.close().await;
    for server in servers.all() {
        server.sockets_are(|counts| counts.open == 0).await;
    }
}
