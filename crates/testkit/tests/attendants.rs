//! The tasks that attend to accounts: how they come back when a connection breaks, and when they themselves
//! fall over.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod attended;
mod household;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use attended::{Attended, HEAT, JELLYFIN, PLEX, minutes};
use household::NOW;
use tokio::sync::Notify;
use tokio::time::timeout;
use watchstate_engine::Account;
use watchstate_engine::attend::Connection;
use watchstate_engine::live::{Handle, Live, News};
use watchstate_model::{Abilities, Item, ItemKey, Moment, Show};
use watchstate_servers::{
    Detail, Glance, Library, Listening, MediaServer, Meter, Page, Pause, Playing, ServerError,
    ServerInfo, Stretch, Tells, User, Wanted, Write,
};

/// What never happens is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a task looks at the clock, busy and at rest: here it never strikes.
const TICKS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

/// Rests take no time and are remembered.
#[derive(Default)]
struct Rests(Mutex<Vec<Duration>>);

impl Pause for Rests {
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if TICKS.contains(&how_long) {
            return Box::pin(std::future::pending());
        }
        self.0.lock().unwrap().push(how_long);
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Moment {
        NOW
    }
}

impl Rests {
    fn so_far(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

/// Rings whenever anything is told.
#[derive(Default)]
struct Bell(Notify);

impl News for Bell {
    fn marks(&self) {
        self.0.notify_one();
    }

    fn playing(&self) {
        self.0.notify_one();
    }

    fn connections(&self) {
        self.0.notify_one();
    }
}

impl Bell {
    async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let waiting = async {
            while !is_so() {
                self.0.notified().await;
            }
        };
        assert!(timeout(PATIENCE, waiting).await.is_ok(), "waited in vain until {what}");
    }
}

/// The accounts of a story, attended to by tasks.
struct Attendants {
    story: Attended,
    live: Live,
    handle: Handle,
    rests: Arc<Rests>,
    bell: Arc<Bell>,
}

impl Attendants {
    async fn start(story: Attended, accounts: Vec<Account>) -> Self {
        let (rests, bell) = (Arc::new(Rests::default()), Arc::new(Bell::default()));
        let news = Arc::clone(&bell) as Arc<dyn News>;
        let live = Live::start(story.engine.clone(), accounts, rests.clone(), news);
        let handle = live.handle();
        Self { story, live, handle, rests, bell }
    }

    fn all_are(&self, connection: Connection) -> bool {
        let standing = self.handle.standing();
        standing.len() == 3 && standing.values().all(|it| it.connection == connection)
    }

    async fn until_all_live(&self) {
        self.bell.until("all are live", || self.all_are(Connection::Live)).await;
    }
}

/// That these are the waits of a backoff: each about twice the one before, and none exactly so.
fn assert_backs_off(rests: &[Duration]) {
    let mut wait = 1.0;
    for (turn, rest) in rests.iter().enumerate() {
        let rest = rest.as_secs_f64();
        assert!((wait * 0.8..wait * 1.2).contains(&rest), "wait {turn} is {rest} s of {wait} s");
        wait = f64::min(wait * 2.0, 120.0);
    }
    assert!(rests.iter().any(|rest| rest.subsec_nanos() != 0), "chance has no part in {rests:?}");
}

#[tokio::test]
async fn a_socket_that_is_cut_as_soon_as_it_stands_is_made_anew_less_and_less_often() {
    let story = Attended::new().await;
    let accounts = story.accounts().await;
    let attendants = Attendants::start(story, accounts).await;
    attendants.until_all_live().await;
    let jellyfin = &attendants.story.servers[JELLYFIN];
    for turn in 1..=9 {
        jellyfin.sockets_are(|counts| counts.opened == turn && counts.open == 1).await;
        jellyfin.cut_sockets();
    }
    jellyfin.sockets_are(|counts| counts.opened == 10).await;
    let rests = attendants.rests.so_far();
    assert_eq!(rests.len(), 9, "a rest after each");
    assert_backs_off(&rests);
    // One that stood for a while was a good one.
    attendants.until_all_live().await;
    attendants.story.pass(60);
    jellyfin.cut_sockets();
    jellyfin.sockets_are(|counts| counts.opened == 11).await;
    assert_backs_off(&attendants.rests.so_far()[9..]);
    attendants.live.stop().await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_tried_less_and_less_often_and_the_others_go_on() {
    let story = Attended::new().await;
    let accounts = story.accounts().await;
    let attendants = Attendants::start(story, accounts).await;
    attendants.until_all_live().await;
    let story = &attendants.story;
    story.servers[JELLYFIN].refuse().await;
    let gone = || attendants.rests.so_far().len() > 8;
    attendants
        .bell
        .until("it is given up", || {
            let standing = attendants.handle.standing();
            standing.values().any(|it| it.connection == Connection::Offline && it.why.is_some())
        })
        .await;
    story.servers[PLEX].watch_until(HEAT, "ana", minutes(30)).unwrap();
    attendants.bell.until("the others know", || story.minutes()[2] == Some(30)).await;
    while !gone() {
        tokio::task::yield_now().await;
    }
    assert_backs_off(&attendants.rests.so_far()[..8]);
    story.servers[JELLYFIN].heal().await;
    attendants.until_all_live().await;
    attendants.bell.until("it was told", || story.minutes() == [Some(30); 3]).await;
    attendants.live.stop().await;
}

/// A client that falls over a mistake of ours, so many times.
struct Falls {
    server: Arc<dyn MediaServer>,
    times: AtomicU64,
}

#[async_trait]
impl MediaServer for Falls {
    async fn playing(&self) -> Result<Playing, ServerError> {
        let left =
            self.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        assert!(left.is_err(), "a mistake that this test makes on purpose");
        self.server.playing().await
    }

    fn abilities(&self) -> Abilities {
        self.server.abilities()
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        self.server.check().await
    }

    async fn user(&self) -> Result<User, ServerError> {
        self.server.user().await
    }

    async fn users(&self) -> Result<Vec<User>, ServerError> {
        self.server.users().await
    }

    async fn libraries(&self) -> Result<Vec<Library>, ServerError> {
        self.server.libraries().await
    }

    async fn shows(&self, library: &Library, part: Stretch) -> Result<Page<Show>, ServerError> {
        self.server.shows(library, part).await
    }

    async fn items(
        &self,
        library: &Library,
        part: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError> {
        self.server.items(library, part, detail).await
    }

    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        self.server.read(keys).await
    }

    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        self.server.read_shows(keys).await
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        self.server.find(wanted).await
    }

    async fn write(&self, write: &Write) -> Result<(), ServerError> {
        self.server.write(write).await
    }

    fn tells(&self) -> Tells {
        self.server.tells()
    }

    async fn listen(&self) -> Result<Box<dyn Listening>, ServerError> {
        self.server.listen().await
    }

    async fn glance(
        &self,
        library: &Library,
        since: Option<Moment>,
        most: u32,
    ) -> Result<Glance, ServerError> {
        self.server.glance(library, since, most).await
    }

    async fn watched(
        &self,
        library: &Library,
        part: Stretch,
    ) -> Result<Page<ItemKey>, ServerError> {
        self.server.watched(library, part).await
    }

    fn meter(&self) -> &Meter {
        self.server.meter()
    }
}

#[tokio::test]
async fn a_task_that_falls_over_begins_anew_and_takes_no_other_along() {
    let story = Attended::new().await;
    let mut accounts = story.accounts().await;
    let falls = Falls { server: accounts[PLEX].server.clone(), times: AtomicU64::new(3) };
    accounts[PLEX] = Account::new(accounts[PLEX].backend.clone(), Arc::new(falls));
    let attendants = Attendants::start(story, accounts).await;
    attendants.until_all_live().await;
    assert_backs_off(&attendants.rests.so_far());
    assert_eq!(attendants.rests.so_far().len(), 3, "it fell three times");
    // And it is as attentive as if nothing had been.
    let story = &attendants.story;
    story.servers[PLEX].watch_until(HEAT, "ana", minutes(30)).unwrap();
    attendants.bell.until("all know", || story.minutes() == [Some(30); 3]).await;
    attendants.live.stop().await;
}
