//! Three servers that have the same titles, and what is asked of them after each story.

#![allow(unreachable_pub, reason = "a part of one test file")]

use std::collections::BTreeMap;

use watchstate_engine::RunReport;
use watchstate_model::{Because, PersonId, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::FeedFilter;
use watchstate_testkit::fake::titles::What;
use watchstate_testkit::fake::{FakeServer, Setup};

use crate::household::{Household, NOW, assert_ok, written};

pub const ANA: PersonId = PersonId(1);
pub const DAY_S: i64 = 86_400;
/// How often everything is synced before a story counts as over.
pub const ROUNDS: usize = 3;

/// What an account shows, by the names of its titles.
pub type Shown = BTreeMap<String, Watch>;

/// Three servers that have the same titles, and Ana's account on each.
pub struct House {
    pub home: Household,
    pub den: FakeServer,
    pub attic: FakeServer,
    pub cellar: FakeServer,
}

pub fn den() -> Setup {
    FakeServer::of(ServerKind::Plex, "1.40.2").at(NOW)
}

pub fn attic() -> Setup {
    FakeServer::of(ServerKind::Jellyfin, "10.10.7").at(NOW)
}

pub fn cellar() -> Setup {
    FakeServer::of(ServerKind::Emby, "4.8.11.0").at(NOW)
}

/// What a user of a server sees.
pub fn shown_to(user: &str, server: &FakeServer) -> Shown {
    let library = server.library();
    let who = library.user(user).unwrap();
    let name = |what: &What, name: &str| match what {
        What::Movie => name.to_owned(),
        What::Episode { show, season, number, .. } => {
            let show = &library.series(show.as_str()).unwrap().name;
            format!("{show} S{season:02}E{number:02}")
        }
    };
    library
        .entries()
        .iter()
        .map(|entry| (name(&entry.what, &entry.name), library.shown(who, entry).shown().watch))
        .collect()
}

/// What Ana sees.
pub fn shown(server: &FakeServer) -> Shown {
    shown_to("ana", server)
}

pub fn watched(shown: &Shown) -> Vec<&str> {
    let watched = shown.iter().filter(|(_, watch)| watch.is_watched());
    watched.map(|(name, _)| name.as_str()).collect()
}

/// The keys of all that a server has.
pub fn keys(server: &FakeServer) -> Vec<String> {
    server.library().entries().iter().map(|entry| entry.key.0.clone()).collect()
}

/// The first titles that Ana has neither watched nor begun.
pub fn unwatched(server: &FakeServer, most: usize) -> Vec<String> {
    let shown = shown(server);
    let unwatched = shown.iter().filter(|(_, watch)| **watch == Watch::Unwatched);
    unwatched.map(|(name, _)| name.clone()).take(most).collect()
}

impl House {
    /// All three joined, were approved, and agree.
    pub async fn in_sync() -> Self {
        let den = den().with_sample().start().await.unwrap();
        let attic = attic().with_sample().start().await.unwrap();
        let cellar = cellar().with_sample().start().await.unwrap();
        let mut home = Household::new().await;
        home.join("den", ServerKind::Plex, &den).await;
        home.join("attic", ServerKind::Jellyfin, &attic).await;
        home.join("cellar", ServerKind::Emby, &cellar).await;
        let house = Self { home, den, attic, cellar };
        house.rounds().await;
        assert!(watched(&shown(&house.den)).len() > 90, "there is something to lose");
        house
    }

    pub fn servers(&self) -> [(&'static str, &FakeServer); 3] {
        [("den", &self.den), ("attic", &self.attic), ("cellar", &self.cellar)]
    }

    pub fn shown(&self) -> [Shown; 3] {
        self.servers().map(|(_, server)| shown(server))
    }

    /// Time passes everywhere alike.
    pub fn pass(&self, seconds: i64) {
        self.home.clock.pass(seconds);
        for (_, server) in self.servers() {
            server.at(self.home.clock.now());
        }
    }

    pub async fn sync(&self) -> Vec<RunReport> {
        self.pass(3600);
        self.home.sync().await
    }

    /// Several rounds, all of which go well; the last writes nothing.
    pub async fn rounds(&self) {
        for _ in 0..ROUNDS {
            assert_ok(&self.sync().await);
        }
        assert_eq!(written(&self.sync().await), 0, "everything is said, nothing is said twice");
    }

    /// That each server shows exactly this.
    pub fn assert_shown(&self, expected: &[Shown; 3], why: &str) {
        for ((name, server), expected) in self.servers().iter().zip(expected) {
            assert_eq!(differing(&shown(server), expected), Vec::<String>::new(), "{name}: {why}");
        }
    }

    /// How many lines of the journal say this, and for this reason.
    pub async fn lines(&self, what: &str, because: Because) -> usize {
        lines(&self.home, what, because).await
    }
}

/// What differs, each in a few words.
pub fn differing(shown: &Shown, expected: &Shown) -> Vec<String> {
    let all: std::collections::BTreeSet<&String> = shown.keys().chain(expected.keys()).collect();
    all.into_iter()
        .filter(|name| shown.get(*name) != expected.get(*name))
        .map(|name| format!("{name}: {:?}, not {:?}", shown.get(name), expected.get(name)))
        .collect()
}

pub async fn lines(home: &Household, what: &str, because: Because) -> usize {
    let filter = FeedFilter { what: Some(what.to_owned()), ..FeedFilter::default() };
    let lines = home.store.feed(ANA, &filter, 0, 10_000).await.unwrap().0;
    lines.iter().filter(|line| line.because == Some(because)).count()
}

/// What *Review* says of a backend: how many changes wait there, and for which reasons.
pub async fn waits(home: &Household, name: &str) -> BTreeMap<&'static str, usize> {
    let backends = home.store.backends().await.unwrap();
    let backend = backends.iter().find(|backend| backend.name == name).unwrap();
    let mut reasons = BTreeMap::new();
    for pending in home.store.preview(backend.id).await.unwrap() {
        let held = pending.held.or(backend.approved_at.is_none().then_some(Because::FirstExport));
        if let Some(why) = held {
            *reasons.entry(why.code()).or_default() += 1;
        }
    }
    reasons
}
