//! A household that is attended to by hand: what its servers tell is heard, and what they are owed is passed on,
//! when a test says so.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use watchstate_engine::attend::{Attending, Outcome};
use watchstate_engine::follow::PassedOn;
use watchstate_engine::{Account, Engine};
use watchstate_model::{Marks, Moment, Position};
use watchstate_servers::{
    Heard, Listening, Pause, Playback, Sensitive, ServerKind, SignedIn, sign_in,
};
use watchstate_testkit::fake::FakeServer;
use watchstate_testkit::simulator::direct::SimClock;

use crate::household::{CLIENT, Household, NOW, assert_ok};

/// Which of the three.
pub const PLEX: usize = 0;
pub const JELLYFIN: usize = 1;
pub const EMBY: usize = 2;
pub const ALL: [usize; 3] = [PLEX, JELLYFIN, EMBY];

/// The film of these stories: 170 minutes.
pub const HEAT: &str = "Heat";
/// Films that are new to everybody.
const NEW: [&str; 4] = [HEAT, "Alien", "Jaws", "Dune"];

/// A pause between two tries takes no time, and one that a socket goes by never ends.
struct Listens(SimClock);

impl Pause for Listens {
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if how_long < Duration::from_secs(20) {
            Box::pin(std::future::ready(()))
        } else {
            Box::pin(std::future::pending())
        }
    }

    fn now(&self) -> Moment {
        self.0.now()
    }
}

/// Three servers that agree, and who attends to each.
pub struct Attended {
    pub home: Household,
    pub engine: Engine,
    pub servers: [FakeServer; 3],
    pub attending: Vec<Attending>,
    sockets: Vec<Option<Box<dyn Listening>>>,
}

impl Attended {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of one's own.
    pub async fn with(set: impl FnOnce(&mut Household)) -> Self {
        Self::of(["1.40.2", "10.10.7", "4.8.11.0"], set).await
    }

    /// With servers of these versions.
    pub async fn of(versions: [&'static str; 3], set: impl FnOnce(&mut Household)) -> Self {
        let start = |kind, version: &'static str| async move {
            let server = FakeServer::of(kind, version).at(NOW).with_sample().start().await.unwrap();
            for film in NEW {
                server.unwatch(film, "ana").unwrap();
            }
            server
        };
        let servers = [
            start(ServerKind::Plex, versions[PLEX]).await,
            start(ServerKind::Jellyfin, versions[JELLYFIN]).await,
            start(ServerKind::Emby, versions[EMBY]).await,
        ];
        let mut home = Household::new().await;
        home.pause = Arc::new(Listens(home.clock.clone()));
        set(&mut home);
        let kinds = [ServerKind::Plex, ServerKind::Jellyfin, ServerKind::Emby];
        for ((name, kind), server) in
            ["den", "attic", "cellar"].into_iter().zip(kinds).zip(&servers)
        {
            if kind == ServerKind::Plex {
                home.join(name, kind, server).await;
                continue;
            }
            // Signed in as a person does it, so that the token is known to be hers.
            let password = Sensitive::new("ana-password".to_owned());
            let (url, pause) = (server.url(), home.pause.clone());
            let signed_in = sign_in(kind, &url, CLIENT, "ana", &password, home.limits, pause);
            let SignedIn { token, user } = signed_in.await.unwrap();
            home.join_at(name, kind, url, Some(user.id), token.expose()).await;
        }
        assert_ok(&home.sync().await);
        for server in &servers {
            server.at(home.clock.now());
            server.library().forget_writes();
        }
        let engine = home.engine();
        let mut attending = Vec::new();
        for account in home.accounts().await {
            let mut one = Attending::new(account);
            one.reach(&engine).await.unwrap();
            attending.push(one);
        }
        let mut story = Self { home, engine, servers, attending, sockets: vec![None, None, None] };
        for which in ALL {
            story.connect(which, true).await;
        }
        story
    }

    pub async fn accounts(&self) -> Vec<Account> {
        let backends = self.home.store.backends().await.unwrap();
        let mut accounts: Vec<Account> =
            self.attending.iter().map(|one| one.account().clone()).collect();
        for (account, backend) in accounts.iter_mut().zip(backends) {
            account.backend = backend;
        }
        accounts
    }

    /// The connection stands, with a socket of which nobody reads, or without.
    pub async fn connect(&mut self, which: usize, live: bool) -> Outcome {
        let accounts = self.accounts().await;
        let one = &mut self.attending[which];
        one.is_now(accounts[which].backend.clone());
        one.connected(&self.engine, &accounts, live).await.unwrap()
    }

    /// Time passes, for everybody.
    pub fn pass(&self, seconds: i64) {
        self.home.clock.pass(seconds);
        for server in &self.servers {
            server.pass(seconds);
        }
    }

    /// This is heard of one of them, and what follows from it is passed on to all.
    pub async fn heard(&mut self, which: usize, heard: Vec<Heard>) -> Outcome {
        let accounts = self.accounts().await;
        let outcome = self.attending[which].heard(&self.engine, &accounts, heard).await.unwrap();
        if outcome.stopped {
            self.pass_on(which, true).await;
        }
        for other in ALL {
            if outcome.followed.owed.contains(&accounts[other].backend.id) {
                self.pass_on(other, false).await;
            }
        }
        outcome
    }

    /// It is heard how the film goes on, on one of them.
    pub async fn heard_of_heat(&mut self, which: usize, how: Playback) -> Outcome {
        let key = self.servers[which].key_of(HEAT).unwrap();
        self.heard(which, vec![Heard::Playback { key, how }]).await
    }

    /// It is looked whether it is time for something, everywhere, and what is owed is passed on.
    pub async fn tick(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for which in ALL {
            let accounts = self.accounts().await;
            outcomes.push(self.attending[which].tick(&self.engine, &accounts).await.unwrap());
        }
        for (which, outcome) in outcomes.iter().enumerate() {
            self.pass_on(which, outcome.stopped).await;
        }
        outcomes
    }

    pub async fn pass_on(&mut self, which: usize, at_once: bool) -> PassedOn {
        let accounts = self.accounts().await;
        self.attending[which].pass_on(&self.engine, &accounts, at_once).await.unwrap()
    }

    /// From now on the genuine client listens on the socket of one of them.
    pub async fn listen(&mut self, which: usize) {
        let server = &self.attending[which].account().server;
        self.sockets[which] = Some(server.listen().await.unwrap());
    }

    /// All that the socket told up to what concerns this title, that included.
    pub async fn told_up_to(&mut self, which: usize, title: &str) -> Vec<Heard> {
        let last = self.servers[which].key_of(title).unwrap();
        let socket = self.sockets[which].as_mut().expect("nobody listens there");
        let mut all = Vec::new();
        loop {
            let heard = socket.next().await.unwrap();
            let is_last = match &heard {
                Heard::Items(keys) => keys.contains(&last),
                Heard::Playback { key, how } => *key == last && *how == Playback::Stopped,
                _ => false,
            };
            all.push(heard);
            if is_last {
                return all;
            }
        }
    }

    pub fn shows(&self, which: usize) -> Marks {
        self.servers[which].shows(HEAT, "ana").unwrap()
    }

    /// Where each goes on: minutes, none for none.
    pub fn minutes(&self) -> [Option<u32>; 3] {
        ALL.map(|which| self.shows(which).watch.position().map(|place| place.ms() / 60_000))
    }

    /// On which of them it is watched.
    pub fn watched(&self) -> [bool; 3] {
        ALL.map(|which| self.shows(which).watch.is_watched())
    }

    /// How many writes each got since all agreed.
    pub fn writes(&self) -> [usize; 3] {
        ALL.map(|which| self.servers[which].writes().len())
    }

    pub fn forget_writes(&self) {
        for server in &self.servers {
            server.library().forget_writes();
        }
    }
}

/// Minutes as servers are told them: milliseconds.
pub fn minutes(minutes: u64) -> u64 {
    minutes * 60_000
}

pub fn place(ms: u64) -> Option<Position> {
    Position::from_ms(ms)
}
