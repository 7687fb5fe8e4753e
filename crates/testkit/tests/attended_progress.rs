//! How the place in a title follows from server to server as somebody watches, over real HTTP and by hand.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod attended;
mod household;

use attended::{ALL, Attended, EMBY, HEAT, JELLYFIN, PLEX, minutes, place};
use household::{assert_ok, of};
use watchstate_engine::Consent;
use watchstate_servers::Heard;
use watchstate_servers::Playback::{Paused, Runs, Stopped};
use watchstate_store::Task;
use watchstate_testkit::fake::{Fault, Trouble};

impl Attended {
    /// Ana begins at a minute, and it is heard.
    async fn plays(&mut self, which: usize, minute: u64) {
        self.servers[which].play(HEAT, "ana").unwrap();
        self.servers[which].seek("ana", minutes(minute)).unwrap();
        self.heard_of_heat(which, Runs).await;
    }

    /// Ana stops at a minute, and it is heard.
    async fn stops(&mut self, which: usize, minute: u64) {
        self.servers[which].stop_at("ana", minutes(minute)).unwrap();
        self.heard_of_heat(which, Stopped).await;
    }
}

#[tokio::test]
async fn a_stop_and_a_pause_go_to_the_others_at_once() {
    for from in ALL {
        let mut story = Attended::new().await;
        story.plays(from, 30).await;
        story.pass(20);
        story.servers[from].seek("ana", minutes(31)).unwrap();
        story.servers[from].pause("ana", true).unwrap();
        story.heard_of_heat(from, Paused).await;
        assert_eq!(story.minutes(), [Some(31); 3], "paused on {from}");
        story.pass(20);
        story.heard_of_heat(from, Paused).await;
        story.servers[from].pause("ana", false).unwrap();
        story.heard_of_heat(from, Runs).await;
        story.pass(20);
        story.stops(from, 32).await;
        assert_eq!(story.minutes(), [Some(32); 3], "stopped on {from}");
        let others = ALL.map(|which| if which == from { 0 } else { 2 });
        assert_eq!(story.writes(), others, "one for the pause, one for the stop");
    }
}

#[tokio::test]
async fn while_it_runs_the_place_is_written_once_a_minute_and_not_more() {
    let mut story = Attended::new().await;
    story.plays(PLEX, 30).await;
    let mut written_at = Vec::new();
    for tens in 1..=31_u64 {
        story.pass(10);
        story.servers[PLEX].seek("ana", minutes(30) + tens * 10_000).unwrap();
        let before = story.writes();
        story.heard_of_heat(PLEX, Runs).await;
        if story.writes() != before {
            assert_eq!(story.shows(EMBY).watch.position(), place(minutes(30) + tens * 10_000));
            written_at.push(tens * 10);
        }
    }
    assert_eq!(written_at, [60, 120, 180, 240, 300]);
    assert_eq!(story.writes(), [0, 5, 5]);
}

#[tokio::test]
async fn it_follows_forward_and_backward() {
    let mut story = Attended::new().await;
    for (turn, (which, minute)) in
        [(PLEX, 50), (PLEX, 20), (JELLYFIN, 90), (EMBY, 15), (PLEX, 16)].into_iter().enumerate()
    {
        story.pass(600);
        story.plays(which, minute).await;
        story.stops(which, minute).await;
        let minute = u32::try_from(minute).unwrap();
        assert_eq!(story.minutes(), [Some(minute); 3], "to minute {minute}");
        assert_eq!(story.writes().iter().sum::<usize>(), 2 * (turn + 1), "two each");
    }
}

#[tokio::test]
async fn whoever_plays_it_too_is_left_alone_until_they_stop() {
    let mut story = Attended::new().await;
    // It was opened there and stands at its beginning.
    story.servers[JELLYFIN].play(HEAT, "ana").unwrap();
    story.heard_of_heat(JELLYFIN, Runs).await;
    story.plays(PLEX, 40).await;
    story.stops(PLEX, 40).await;
    assert_eq!(story.minutes(), [Some(40), None, Some(40)], "the player does not jump");
    assert_eq!(story.writes(), [0, 0, 1]);
    // Nor does it after a while, nor by a run of the schedule.
    for _ in 0..30 {
        story.pass(10);
        story.heard_of_heat(JELLYFIN, Runs).await;
        story.tick().await;
    }
    let accounts = &mut story.accounts().await;
    let reports = story.engine.sync(accounts, Consent::default()).await.unwrap();
    assert_eq!(of(&reports, Task::Export, "attic").run.held, 1);
    assert_eq!((story.minutes()[JELLYFIN], story.writes()[JELLYFIN]), (None, 0));
    // It is closed after a look inside: that moves nothing, and now the place is told there.
    story.servers[JELLYFIN].stop_at("ana", 30_000).unwrap();
    story.heard_of_heat(JELLYFIN, Stopped).await;
    assert_eq!(story.minutes(), [Some(40); 3]);
    assert_eq!(story.writes(), [0, 1, 1]);
}

#[tokio::test]
async fn whoever_watched_on_meanwhile_takes_the_others_along() {
    let mut story = Attended::new().await;
    story.plays(JELLYFIN, 10).await;
    story.plays(PLEX, 40).await;
    story.stops(PLEX, 40).await;
    story.pass(300);
    story.stops(JELLYFIN, 55).await;
    assert_eq!(story.minutes(), [Some(55); 3], "later wins");
    assert_eq!(story.writes()[JELLYFIN], 0, "it was never moved");
}

#[tokio::test]
async fn where_it_is_not_known_who_plays_it_waits() {
    let mut story = Attended::new().await;
    story.servers[JELLYFIN].fail(Fault::new(Trouble::Status(500)).on("/sessions"));
    story.plays(PLEX, 40).await;
    story.stops(PLEX, 40).await;
    assert_eq!(story.minutes(), [Some(40), None, Some(40)]);
    story.pass(600);
    let waits = story.pass_on(JELLYFIN, true).await;
    assert_eq!((waits.held, waits.written), (1, 0), "unknown is not nobody");
    story.servers[JELLYFIN].heal().await;
    story.pass(59);
    assert_eq!(story.pass_on(JELLYFIN, false).await.written, 0, "it rests");
    story.pass(1);
    assert_eq!(story.pass_on(JELLYFIN, false).await.written, 1);
    assert_eq!(story.minutes(), [Some(40); 3]);
}

/// An account that does not own its Plex may not ask who plays; the socket tells what it plays itself.
#[tokio::test]
async fn whoever_may_not_ask_goes_by_what_the_server_told() {
    let mut story = Attended::new().await;
    story.servers[PLEX].fail(Fault::new(Trouble::Status(403)).on("/status/sessions"));
    story.plays(PLEX, 10).await;
    story.pass(60);
    story.plays(JELLYFIN, 40).await;
    story.stops(JELLYFIN, 40).await;
    assert_eq!(story.minutes(), [Some(10), Some(40), Some(40)], "it plays there");
    // A connection that breaks takes nothing back, and a run of the schedule knows of it too.
    story.attending[PLEX].lost();
    story.connect(PLEX, true).await;
    assert_eq!(story.pass_on(PLEX, true).await.held, 1);
    let accounts = &mut story.accounts().await;
    let den = [accounts[PLEX].backend.id];
    let reports = story.engine.export(accounts, &den, Consent::default()).await.unwrap();
    assert_eq!(reports[0].run.held, 1);
    assert_eq!(story.writes()[PLEX], 0);
    // It stops without having moved on.
    story.pass(60);
    story.stops(PLEX, 10).await;
    assert_eq!(story.minutes(), [Some(40); 3], "told afterwards");
}

#[tokio::test]
async fn a_stop_that_was_never_told_is_an_end_after_five_minutes() {
    let mut story = Attended::new().await;
    story.servers[PLEX].fail(Fault::new(Trouble::Status(403)).on("/status/sessions"));
    story.plays(PLEX, 10).await;
    story.pass(60);
    story.plays(JELLYFIN, 40).await;
    story.stops(JELLYFIN, 40).await;
    story.pass(240);
    story.tick().await;
    assert_eq!(story.writes()[PLEX], 0, "it may be paused");
    story.pass(61);
    story.tick().await;
    assert_eq!(story.minutes(), [Some(40); 3]);
}

#[tokio::test]
async fn a_title_that_was_only_opened_again_stays_watched() {
    let mut story = Attended::new().await;
    story.servers[PLEX].watch(HEAT, "ana").unwrap();
    story.heard_of_heat(PLEX, Stopped).await;
    assert_eq!(story.watched(), [true; 3]);
    story.forget_writes();
    story.pass(3600);
    // Jellyfin takes the mark away as soon as somebody opens it.
    story.servers[JELLYFIN].play(HEAT, "ana").unwrap();
    assert_eq!(story.watched(), [true, false, true]);
    let key = story.servers[JELLYFIN].key_of(HEAT).unwrap();
    let told = vec![Heard::Playback { key: key.clone(), how: Runs }, Heard::Items(vec![key])];
    let outcome = story.heard(JELLYFIN, told).await;
    assert_eq!(outcome.followed.held, 0, "nobody has to be asked: it is no un-watch");
    assert_eq!(story.writes(), [0; 3], "not while it is open");
    story.servers[JELLYFIN].stop_at("ana", 60_000).unwrap();
    story.heard_of_heat(JELLYFIN, Stopped).await;
    assert_eq!(story.watched(), [true; 3], "the mark is put back");
    assert_eq!(story.writes()[PLEX] + story.writes()[EMBY], 0, "the others hear nothing of it");
    // A mark that is taken away by hand is an un-watch all the same.
    story.pass(3600);
    story.servers[JELLYFIN].unwatch(HEAT, "ana").unwrap();
    let key = story.servers[JELLYFIN].key_of(HEAT).unwrap();
    story.heard(JELLYFIN, vec![Heard::Items(vec![key])]).await;
    assert_eq!(story.watched(), [false; 3]);
}

#[tokio::test]
async fn the_last_tenth_is_watched_and_goes_to_the_others_as_a_mark() {
    let mut story = Attended::new().await;
    story.plays(PLEX, 150).await;
    story.stops(PLEX, 160).await;
    assert_eq!((story.watched(), story.minutes()), ([true; 3], [None; 3]));
    assert_eq!(story.writes(), [0, 1, 1]);
}

#[tokio::test]
async fn how_little_is_no_progress_is_a_setting() {
    for (minimum_s, told, why) in [
        (60, true, "more than a minute, and than a twentieth"),
        (1800, true, "the least that counts"),
        (1801, false, "a second less than counts"),
    ] {
        let set = |home: &mut household::Household| {
            home.settings.progress.minimum_ms = minimum_s * 1000;
        };
        let mut story = Attended::with(set).await;
        story.plays(JELLYFIN, 30).await;
        story.stops(JELLYFIN, 30).await;
        let others = told.then_some(30);
        assert_eq!(story.minutes(), [others, Some(30), others], "{why}");
    }
}

#[tokio::test]
async fn when_a_rewatch_begins_is_a_setting() {
    let set = |home: &mut household::Household| home.settings.progress.rewatch_after_s = 600;
    let mut story = Attended::with(set).await;
    story.servers[PLEX].watch(HEAT, "ana").unwrap();
    story.heard_of_heat(PLEX, Stopped).await;
    assert_eq!(story.watched(), [true; 3]);
    story.forget_writes();
    // Somebody goes back from the credits to see a scene again.
    story.pass(120);
    story.plays(JELLYFIN, 100).await;
    assert_eq!(story.writes(), [0; 3], "nor is anything written while it plays");
    story.stops(JELLYFIN, 100).await;
    assert_eq!((story.watched(), story.minutes()), ([true; 3], [None; 3]), "as if it had not been");
    assert_eq!(story.writes()[PLEX] + story.writes()[EMBY], 0);
    // Much later it is a rewatch: the place travels, and it stays watched.
    story.pass(600);
    story.plays(JELLYFIN, 30).await;
    story.stops(JELLYFIN, 30).await;
    assert_eq!(story.watched(), [true; 3]);
    assert_eq!(story.minutes(), [Some(30); 3]);
}

#[tokio::test]
async fn who_else_plays_is_counted_and_read_by_nobody() {
    let mut story = Attended::new().await;
    story.servers[PLEX].play(HEAT, "ben").unwrap();
    let asked = story.servers[PLEX].asked();
    for how in [Runs, Runs, Runs, Paused, Runs] {
        story.pass(70);
        story.heard_of_heat(PLEX, how).await;
    }
    assert_eq!(story.attending[PLEX].foreign(), 5, "each word is counted, once");
    let read = |paths: &[String]| paths.iter().filter(|path| path.contains("/library/")).count();
    let paths = story.servers[PLEX].requests();
    let since = &paths[usize::try_from(asked).unwrap()..];
    assert_eq!(read(since), 0, "the item is left alone: {since:?}");
    story.heard(PLEX, vec![Heard::Foreign, Heard::Foreign]).await;
    assert_eq!(story.attending[PLEX].foreign(), 7, "and what names somebody else");
    assert_eq!((story.writes(), story.minutes()), ([0; 3], [None; 3]));
    // What ana does beside it is heard as ever.
    story.servers[JELLYFIN].watch_until(HEAT, "ana", minutes(30)).unwrap();
    story.heard_of_heat(JELLYFIN, Stopped).await;
    assert_eq!(story.minutes(), [Some(30); 3]);
    assert_eq!(story.attending[JELLYFIN].foreign(), 0, "an end may be all that was heard in time");
}

#[tokio::test]
async fn whoever_stops_while_the_connection_is_made_is_not_seen_playing_for_ever() {
    let mut story = Attended::new().await;
    story.servers[JELLYFIN].play(HEAT, "ana").unwrap();
    story.connect(JELLYFIN, true).await;
    assert_eq!(story.attending[JELLYFIN].playing().len(), 1, "it was asked");
    // Before the socket tells of sessions.
    story.servers[JELLYFIN].stop_at("ana", minutes(30)).unwrap();
    story.tick().await;
    assert_eq!(story.attending[JELLYFIN].playing(), []);
    assert_eq!(story.minutes(), [Some(30); 3], "and the place is on all of them");
}

#[tokio::test]
async fn a_mark_is_read_though_somebody_else_plays_the_title() {
    let mut story = Attended::new().await;
    story.servers[JELLYFIN].play(HEAT, "ben").unwrap();
    story.servers[JELLYFIN].watch(HEAT, "ana").unwrap();
    let key = story.servers[JELLYFIN].key_of(HEAT).unwrap();
    let runs = Heard::Playback { key: key.clone(), how: Runs };
    story.heard(JELLYFIN, vec![Heard::Items(vec![key]), runs]).await;
    assert_eq!(story.watched(), [true; 3]);
}

#[tokio::test]
async fn nothing_of_one_person_reaches_another() {
    let mut story = Attended::new().await;
    story.servers[PLEX].watch_until(HEAT, "ben", minutes(90)).unwrap();
    story.heard_of_heat(PLEX, Stopped).await;
    story.servers[JELLYFIN].mark_watched(HEAT, "ben").unwrap();
    let key = story.servers[JELLYFIN].key_of(HEAT).unwrap();
    story.heard(JELLYFIN, vec![Heard::Items(vec![key])]).await;
    assert_eq!((story.watched(), story.minutes(), story.writes()), ([false; 3], [None; 3], [0; 3]));
    assert_ok(&story.home.sync().await);
    assert_eq!(story.writes(), [0; 3]);
}
