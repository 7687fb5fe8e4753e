//! What no socket tells is found by looking, and what that costs.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod attended;
mod household;

use attended::{ALL, Attended, EMBY, HEAT, JELLYFIN, PLEX, minutes};
use watchstate_engine::attend::Connection;
use watchstate_servers::Playback::{Runs, Stopped};

/// Two libraries, and two questions about each.
const A_LOOK: u64 = 4;

impl Attended {
    fn asked(&self) -> [u64; 3] {
        ALL.map(|which| self.servers[which].asked())
    }

    fn bytes(&self, which: usize) -> u64 {
        self.attending[which].account().server.meter().bytes()
    }

    fn pace(&self) -> [i64; 3] {
        ALL.map(|which| self.attending[which].pace(self.home.clock.now()))
    }
}

#[tokio::test]
async fn a_mark_by_hand_on_plex_is_found_and_so_is_its_end() {
    let mut story = Attended::new().await;
    story.servers[PLEX].mark_watched(HEAT, "ana").unwrap();
    story.pass(300);
    story.tick().await;
    assert_eq!((story.watched(), story.writes()), ([true; 3], [0, 1, 1]));
    story.pass(300);
    story.servers[PLEX].unwatch(HEAT, "ana").unwrap();
    story.tick().await;
    assert_eq!((story.watched(), story.writes()), ([false; 3], [0, 2, 2]));
}

#[tokio::test]
async fn what_was_missed_while_a_connection_was_gone_is_found_before_it_is_live() {
    for which in ALL {
        let mut story = Attended::new().await;
        story.servers[which].watch(HEAT, "ana").unwrap();
        let other = (which + 1) % 3;
        story.servers[other].watch_until("Alien", "ana", minutes(30)).unwrap();
        story.attending[which].lost();
        assert_eq!(story.attending[which].connection(), Connection::Polling);
        story.pass(60);
        let outcome = story.connect(which, true).await;
        assert_eq!(outcome.followed.changed, 1, "the mark, and nothing of the other server");
        assert_eq!(outcome.followed.owed.len(), 2);
        for on in ALL {
            story.pass_on(on, false).await;
        }
        assert_eq!(story.watched(), [true; 3]);
    }
}

#[tokio::test]
async fn a_look_costs_the_same_small_number_of_requests_whatever_is_there() {
    let mut story = Attended::new().await;
    for which in ALL {
        story.connect(which, false).await;
    }
    story.pass(300);
    let before = story.asked();
    let bytes = ALL.map(|which| story.bytes(which));
    story.tick().await;
    for which in ALL {
        let asked = story.asked()[which] - before[which];
        assert_eq!(asked, A_LOOK + 1, "and who plays, on {which}");
        let read = story.bytes(which) - bytes[which];
        // Fifty titles of each library where a server cannot tell which are newer.
        assert!(read < 100 * 1024, "{read} bytes on {which}");
    }
    // It is not time yet.
    story.pass(10);
    let before = story.asked();
    story.tick().await;
    assert_eq!(story.asked(), before);
}

/// Sockets that stand, and nobody watches: what the servers are asked in two hours.
#[tokio::test]
async fn a_quiet_house_is_left_alone() {
    let mut story = Attended::new().await;
    let before = story.asked();
    for _ in 0..120 {
        story.pass(60);
        story.tick().await;
    }
    let asked = ALL.map(|which| story.asked()[which] - before[which]);
    // Every five minutes, and every quarter of an hour; the list of libraries once an hour.
    assert_eq!(asked, [24 * A_LOOK + 2, 8 * A_LOOK + 2, 8 * A_LOOK + 2]);
    assert_eq!(story.writes(), [0; 3]);
}

#[tokio::test]
async fn it_is_looked_often_while_somebody_watches_and_rarely_at_night() {
    let mut story = Attended::new().await;
    assert_eq!(story.pace(), [300, 900, 900]);
    story.servers[PLEX].play(HEAT, "ana").unwrap();
    story.heard_of_heat(PLEX, Runs).await;
    assert_eq!(story.pace(), [20, 900, 900], "somebody watches");
    story.servers[PLEX].stop_at("ana", minutes(30)).unwrap();
    story.heard_of_heat(PLEX, Stopped).await;
    assert_eq!(story.pace()[PLEX], 20);
    story.pass(15 * 60);
    assert_eq!(story.pace()[PLEX], 60, "a while ago");
    story.pass(2 * 3600);
    assert_eq!(story.pace()[PLEX], 300, "they sleep");
    story.attending[JELLYFIN].lost();
    story.attending[EMBY].lost();
    assert_eq!(story.pace(), [300, 300, 300], "nobody tells anything");
}
