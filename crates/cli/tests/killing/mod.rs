//! What tests need that kill the real program: chance that can be played again, a house whose every mark and
//! write is known, and a look at what a kill left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use watchstate_model::{Provider, Watch};
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::{FakeServer, Holds, NewItem};

use crate::terminal::Terminal;

/// How many kills there are in all when nobody says.
const KILLS: u64 = 48;
/// How many films each server has.
const FILMS: u64 = 40;
/// How many titles change between two times at which all agree.
const CHANGES: usize = 6;
/// A title that changed is left alone for so long.
const REST: Duration = Duration::from_secs(3);

/// The names of the backends, in the order of the servers.
pub(crate) const NAMES: [&str; 3] = ["den", "attic", "cellar"];

/// A number from the environment.
fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What the program does while it is killed: each has a test, and its part of all kills.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Syncing,
    Starting,
    BackingUp,
    TakingBack,
    Restoring,
}

/// How many kills are meant for a part, with the seed and the dice of its test.
pub(crate) fn kills_of(part: Part) -> (u64, u64, Dice) {
    let (all, seed) = (asked("WATCHSTATE_KILLS", KILLS), asked("WATCHSTATE_KILL_SEED", 1));
    let of_each = all / 6;
    let (kills, name) = match part {
        Part::Syncing => (all - 4 * of_each, 0),
        Part::Starting => (of_each, 0x6d69_6772),
        Part::BackingUp => (of_each, 0x6261_636b),
        Part::TakingBack => (of_each, 0x756e_646f),
        Part::Restoring => (of_each, 0x7265_7374),
    };
    (kills, seed, Dice(seed ^ name))
}

/// Counts kills, by what the program did.
#[derive(Default)]
pub(crate) struct Count(BTreeMap<String, u64>);

impl Count {
    pub(crate) fn one(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn all(&self) -> u64 {
        self.0.values().sum()
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let parts: Vec<String> =
            self.0.iter().map(|(what, count)| format!("{count} in {what}")).collect();
        eprintln!("{} kills: {}", self.all(), parts.join(", "));
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    pub(crate) fn place(&mut self, all: usize) -> usize {
        usize::try_from(self.roll(u64::try_from(all).unwrap())).unwrap()
    }

    pub(crate) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.place(all.len())].clone()
    }
}

pub(crate) fn film(number: u64) -> String {
    format!("Film {number:02}")
}

/// A server with so many films, which takes long enough to be killed between two answers.
pub(crate) async fn server(kind: ServerKind, version: &str, films: u64) -> FakeServer {
    FakeServer::of(kind, version)
        .with_people(&["ana"])
        .with(|library, now| {
            let movies = library.add_section("Movies", Holds::Movies);
            for number in 0..films {
                let film = NewItem::movie(&film(number), 2000)
                    .id(Provider::Imdb, &format!("tt77{number:05}"))
                    .lasting_ms(5_400_000);
                library.add_movie(&movies, film, now).unwrap();
            }
        })
        .taking(Duration::from_millis(2))
        .in_real_time()
        .start()
        .await
        .unwrap()
}

/// A copy of a film: on which server, and which film.
pub(crate) type Place = (usize, u64);

/// Three servers, and what a person who looks over their shoulders knows.
pub(crate) struct House {
    servers: [FakeServer; 3],
    /// Whether each copy should show a mark.
    shows: BTreeMap<Place, bool>,
    /// The same before the last changes of a person.
    before: BTreeMap<Place, bool>,
    /// The copies that should have been written, once, since writes were forgotten.
    owed: BTreeSet<Place>,
    /// The films that a person changed last, and on which server.
    changed: BTreeMap<u64, usize>,
    /// When each was changed last.
    changed_at: BTreeMap<u64, Instant>,
}

impl House {
    /// The house, and a terminal that knows it, both in agreement.
    pub(crate) async fn start(dice: &mut Dice) -> (Self, Terminal) {
        let servers = [
            server(ServerKind::Plex, "1.40.2", FILMS).await,
            server(ServerKind::Jellyfin, "10.10.7", FILMS).await,
            server(ServerKind::Emby, "4.8.11.0", FILMS).await,
        ];
        let places = (0..3).flat_map(|place| (0..FILMS).map(move |film| (place, film)));
        let shows: BTreeMap<Place, bool> = places.map(|place| (place, false)).collect();
        let mut house = Self {
            servers,
            before: shows.clone(),
            shows,
            owed: BTreeSet::new(),
            changed: BTreeMap::new(),
            changed_at: BTreeMap::new(),
        };
        let mut at = Terminal::new();
        at.add_by_token(NAMES[0], "plex", &house.servers[0], "ana").await;
        at.add_by_password(NAMES[1], "jellyfin", &house.servers[1], "ana").await;
        at.add_by_password(NAMES[2], "emby", &house.servers[2], "ana").await;
        house.live(dice);
        at.good("sync --yes").await;
        house.assert_agreed("without a kill");
        (house, at)
    }

    /// From now on writes are counted anew.
    pub(crate) fn forget_writes(&mut self) {
        for server in &self.servers {
            server.library().forget_writes();
        }
        self.owed.clear();
    }

    fn is_apart(&self, number: u64) -> bool {
        (1..3).any(|place| self.shows[&(place, number)] != self.shows[&(0, number)])
    }

    /// Films that rested. Servers and we know a time by its second: the order of two changes in one is
    /// nobody's to know.
    fn rested(&self, apart: bool) -> Vec<u64> {
        let at_rest = |number: &u64| {
            let at = self.changed_at.get(number);
            at.is_none_or(|at| at.elapsed() > REST) && self.is_apart(*number) == apart
        };
        (0..FILMS).filter(at_rest).collect()
    }

    /// A person marks some films of which all servers show the same, each on one server.
    pub(crate) fn live(&mut self, dice: &mut Dice) {
        let rested = self.rested(false);
        let mut chosen = BTreeSet::new();
        // Where rounds are quick, fewer have rested by now.
        while chosen.len() < CHANGES.min(rested.len()) {
            chosen.insert(dice.of(&rested));
        }
        self.act(&chosen, dice);
    }

    /// A person marks films of which one server was to show something else than the others. Whether there are
    /// any.
    pub(crate) fn end_what_is_apart(&mut self, dice: &mut Dice) -> bool {
        let chosen = self.rested(true).into_iter().collect();
        self.act(&chosen, dice);
        !chosen.is_empty()
    }

    fn act(&mut self, films: &BTreeSet<u64>, dice: &mut Dice) {
        self.forget_writes();
        self.changed.clear();
        self.before.clone_from(&self.shows);
        for number in films {
            let place = dice.place(3);
            let watched = !self.shows[&(place, *number)];
            let (server, title) = (&self.servers[place], film(*number));
            if watched {
                server.watch(&title, "ana").unwrap();
            } else {
                server.unwatch(&title, "ana").unwrap();
            }
            self.changed.insert(*number, place);
            let all = [0, 1, 2].map(|place| (place, *number, watched));
            self.should_show(all.iter().filter(|(there, ..)| *there != place));
            self.shows.insert((place, *number), watched);
        }
    }

    /// These copies are to show this, each told once where it does not.
    pub(crate) fn should_show<'a>(
        &mut self,
        all: impl IntoIterator<Item = &'a (usize, u64, bool)>,
    ) {
        for (place, number, watched) in all {
            if self.shows.insert((*place, *number), *watched) != Some(*watched) {
                self.owed.insert((*place, *number));
            }
            self.changed_at.insert(*number, Instant::now());
        }
    }

    /// The films that a person changed last; on one server, or on any.
    pub(crate) fn changed_on(&self, on: Option<usize>) -> Vec<u64> {
        let these = self.changed.iter().filter(|(_, place)| on.is_none_or(|on| on == **place));
        these.map(|(number, _)| *number).collect()
    }

    /// The films of which a server was told because of that.
    pub(crate) fn told_on(&self, place: usize) -> Vec<u64> {
        let differs =
            |number: &u64| self.before[&(place, *number)] != self.shows[&(place, *number)];
        let told = self.changed.iter().filter(|(_, made)| **made != place);
        told.map(|(number, _)| *number).filter(differs).collect()
    }

    /// What copies showed before a person changed them last.
    pub(crate) fn before(&self, these: &[Place]) -> Vec<(usize, u64, bool)> {
        these.iter().map(|at| (at.0, at.1, self.before[at])).collect()
    }

    /// What copies should show now.
    pub(crate) fn now(&self, these: &[Place]) -> Vec<(usize, u64, bool)> {
        these.iter().map(|at| (at.0, at.1, self.shows[at])).collect()
    }

    /// All show what they should, and each was told once where it had to be, and nothing else.
    pub(crate) fn assert_agreed(&self, why: &str) {
        for ((place, number), watched) in &self.shows {
            let (server, title) = (&self.servers[*place], film(*number));
            let shows = server.shows(&title, "ana").unwrap().watch;
            let should = if *watched { Watch::WATCHED } else { Watch::Unwatched };
            assert_eq!(shows, should, "{why}: {title} on server {place}");
            let owed = usize::from(self.owed.contains(&(*place, *number)));
            let written = server.writes_to(&title).unwrap();
            assert_eq!(written, owed, "{why}: writes of {title} to server {place}");
        }
    }
}

/// Begins a command and kills it within `longest`. Whether it was still at work; one that ended by itself has
/// ended well.
#[expect(clippy::disallowed_methods, reason = "the moment of the kill is what is random")]
pub(crate) async fn kill_in(at: &Terminal, line: &str, dice: &mut Dice, longest: Duration) -> bool {
    let mut child = at.begin(line);
    let micros = u64::try_from(longest.as_micros()).unwrap();
    tokio::time::sleep(Duration::from_micros(dice.roll(micros))).await;
    match child.try_wait().unwrap() {
        Some(ended) => {
            assert!(ended.success(), "{line}: {ended}");
            false
        }
        None => {
            child.kill().await.unwrap();
            true
        }
    }
}

/// How long a command takes when nobody kills it.
pub(crate) async fn time_of(at: &Terminal, line: &str) -> Duration {
    let begun = Instant::now();
    at.good(line).await;
    begun.elapsed()
}

/// Opens the database as it lies there, without changing it: on a copy.
pub(crate) async fn as_it_lies(data: &Path) -> (tempfile::TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let name = |suffix: &str| format!("watchstate.sqlite{suffix}");
    for suffix in ["", "-wal"] {
        let _ = fs::copy(data.join(name(suffix)), folder.path().join(name(suffix)));
    }
    let options = SqliteConnectOptions::new().filename(folder.path().join(name("")));
    (folder, options.connect().await.unwrap())
}

/// A number that a query on the database finds, as the database lies there, which is whole.
pub(crate) async fn number(at: &Terminal, query: &str, why: &str) -> i64 {
    let (_folder, mut database) = as_it_lies(&at.data()).await;
    assert_whole(&mut database, why).await;
    sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
        .fetch_one(&mut database)
        .await
        .unwrap()
}

/// The pages of a database fit together, and its rows belong to each other.
pub(crate) async fn assert_whole(database: &mut SqliteConnection, why: &str) {
    let said: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *database).await.unwrap();
    assert_eq!(said, "ok", "{why}");
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(database).await.unwrap();
    assert_eq!(orphans.len(), 0, "{why}: rows without those that they belong to");
}

/// Copies are complete or not there.
pub(crate) async fn assert_copies_are_whole(data: &Path, why: &str) {
    let Ok(entries) = fs::read_dir(data.join("copies")) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sqlite") {
            let options = SqliteConnectOptions::new().filename(&path).read_only(true);
            let mut copy = options.connect().await.unwrap();
            assert_whole(&mut copy, &format!("{why}: {}", path.display())).await;
        }
    }
}
