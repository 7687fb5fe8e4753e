//! The real program is killed, at random moments of everything it does to its database and to servers. After
//! each kill the database is whole; in the end no mark is lost, all agree, and no write was made twice.
//!
//! What is random comes from a seed and can be played again:
//!
//! ```text
//! WATCHSTATE_KILLS=500 WATCHSTATE_KILL_SEED=7 cargo nextest run -p watchstate-cli --test kill
//! ```
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use terminal::Terminal;
use watchstate_model::{Provider, Watch};
use watchstate_servers::ServerKind;
use watchstate_testkit::fake::{FakeServer, Holds, NewItem};

/// How many kills there are when nobody says.
const KILLS: u64 = 48;
/// How many films each server has.
const FILMS: u64 = 40;
/// How many titles change between two times at which all agree.
const CHANGES: usize = 6;
/// A title that changed is left alone for so long.
const REST: Duration = Duration::from_secs(3);
/// After so many kills the program may end what it does, and everything is counted.
const ROUND: u64 = 4;

/// What the program is killed in. Each is a line of the terminal; what is added here is killed as well.
const SYNCING: [&str; 3] = ["import", "export", "sync"];

/// A number from the environment.
fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let sides = u64::try_from(all.len()).unwrap();
        all[usize::try_from(self.roll(sides)).unwrap()]
    }
}

fn film(number: u64) -> String {
    format!("Film {number:02}")
}

async fn server(kind: ServerKind, version: &str) -> FakeServer {
    FakeServer::of(kind, version)
        .with_people(&["ana"])
        .with(|library, now| {
            let movies = library.add_section("Movies", Holds::Movies);
            for number in 0..FILMS {
                let film = NewItem::movie(&film(number), 2000)
                    .id(Provider::Imdb, &format!("tt77{number:05}"))
                    .lasting_ms(5_400_000);
                library.add_movie(&movies, film, now).unwrap();
            }
        })
        // Long enough to be killed between two answers.
        .taking(Duration::from_millis(2))
        .in_real_time()
        .start()
        .await
        .unwrap()
}

/// Three servers, and what a person who looks over their shoulders knows.
struct House {
    servers: [FakeServer; 3],
    /// What each film should show: the last thing that a person did.
    watched: BTreeMap<u64, bool>,
    /// The films that changed since all agreed, and on which server.
    changed: BTreeMap<u64, usize>,
    /// When each was changed last.
    changed_at: BTreeMap<u64, Instant>,
}

impl House {
    async fn start() -> Self {
        Self {
            servers: [
                server(ServerKind::Plex, "1.40.2").await,
                server(ServerKind::Jellyfin, "10.10.7").await,
                server(ServerKind::Emby, "4.8.11.0").await,
            ],
            watched: (0..FILMS).map(|number| (number, false)).collect(),
            changed: BTreeMap::new(),
            changed_at: BTreeMap::new(),
        }
    }

    /// A person marks some films, each on one server.
    fn live(&mut self, dice: &mut Dice) {
        for server in &self.servers {
            server.library().forget_writes();
        }
        let before = std::mem::take(&mut self.changed);
        // Servers and we know a time by its second: the order of two changes in one is nobody's to know.
        let at_rest = |number: &u64| {
            let at = self.changed_at.get(number);
            !before.contains_key(number) && at.is_none_or(|at| at.elapsed() > REST)
        };
        let rested: Vec<u64> = (0..FILMS).filter(at_rest).collect();
        // Where rounds are quick, fewer have rested by now.
        let most = CHANGES.min(rested.len());
        while self.changed.len() < most {
            let number = dice.of(&rested);
            if self.changed.contains_key(&number) {
                continue;
            }
            let place = usize::try_from(dice.roll(3)).unwrap();
            let watched = !self.watched[&number];
            let (server, title) = (&self.servers[place], film(number));
            if watched {
                server.watch(&title, "ana").unwrap();
            } else {
                server.unwatch(&title, "ana").unwrap();
            }
            self.watched.insert(number, watched);
            self.changed.insert(number, place);
            self.changed_at.insert(number, Instant::now());
        }
    }

    /// All show what the person did last, and each was told once where it had to be, and nothing else.
    fn assert_agreed(&self, why: &str) {
        for (place, server) in self.servers.iter().enumerate() {
            for (number, watched) in &self.watched {
                let title = film(*number);
                let shows = server.shows(&title, "ana").unwrap().watch;
                let should = if *watched { Watch::WATCHED } else { Watch::Unwatched };
                assert_eq!(shows, should, "{why}: {title} on server {place}");
                let owed = self.changed.get(number).is_some_and(|made| *made != place);
                let written = server.writes_to(&title).unwrap();
                assert_eq!(
                    written,
                    usize::from(owed),
                    "{why}: writes of {title} to server {place}"
                );
            }
        }
    }
}

/// Begins a command and kills it within `longest`. Whether it was still at work.
#[expect(clippy::disallowed_methods, reason = "the moment of the kill is what is random")]
async fn kill_in(at: &Terminal, line: &str, dice: &mut Dice, longest: Duration) -> bool {
    let mut child = at.begin(line);
    let micros = u64::try_from(longest.as_micros()).unwrap();
    tokio::time::sleep(Duration::from_micros(dice.roll(micros))).await;
    let was_at_work = child.try_wait().unwrap().is_none();
    child.kill().await.unwrap();
    was_at_work
}

/// How long a command takes when nobody kills it.
async fn time_of(at: &Terminal, line: &str) -> Duration {
    let begun = Instant::now();
    at.good(line).await;
    begun.elapsed()
}

/// Opens the database as it lies there, without changing it: on a copy.
async fn as_it_lies(data: &Path) -> (tempfile::TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let name = |suffix: &str| format!("watchstate.sqlite{suffix}");
    for suffix in ["", "-wal"] {
        let _ = fs::copy(data.join(name(suffix)), folder.path().join(name(suffix)));
    }
    let options = SqliteConnectOptions::new().filename(folder.path().join(name("")));
    (folder, options.connect().await.unwrap())
}

/// The pages of a database fit together, and its rows belong to each other.
async fn assert_whole(database: &mut SqliteConnection, why: &str) {
    let said: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *database).await.unwrap();
    assert_eq!(said, "ok", "{why}");
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(database).await.unwrap();
    assert_eq!(orphans.len(), 0, "{why}: rows without those that they belong to");
}

/// Copies are complete or not there.
async fn assert_copies_are_whole(data: &Path, why: &str) {
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

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_imports_exports_and_syncs() {
    let kills = asked("WATCHSTATE_KILLS", KILLS) * 3 / 4;
    let seed = asked("WATCHSTATE_KILL_SEED", 1);
    let mut dice = Dice(seed);
    let mut house = House::start().await;
    let mut at = Terminal::new();
    at.add_by_token("den", "plex", &house.servers[0], "ana").await;
    at.add_by_password("attic", "jellyfin", &house.servers[1], "ana").await;
    at.add_by_password("cellar", "emby", &house.servers[2], "ana").await;
    house.live(&mut dice);
    at.good("sync --yes").await;
    house.assert_agreed("without a kill");

    house.live(&mut dice);
    let longest = time_of(&at, "sync").await * 5 / 4;
    house.assert_agreed("without a kill, once more");
    let (mut killed, mut in_this_round) = (0, 0);
    house.live(&mut dice);
    while killed < kills {
        let line = dice.of(&SYNCING);
        let why = format!("seed {seed}, kill {killed}, in {line}");
        if kill_in(&at, line, &mut dice, longest).await {
            killed += 1;
            in_this_round += 1;
            let (_folder, mut database) = as_it_lies(&at.data()).await;
            assert_whole(&mut database, &why).await;
        }
        if in_this_round == ROUND {
            in_this_round = 0;
            at.good("sync").await;
            house.assert_agreed(&why);
            house.live(&mut dice);
        }
    }
    at.good("sync").await;
    house.assert_agreed("in the end");
    assert_eq!(at.good("doctor").await["doctor"]["ok"], true);
    assert_copies_are_whole(&at.data(), "in the end").await;
}

/// A database as the first version made it, with so much in it that a migration takes its time.
async fn of_the_first_version(file: &Path) {
    let all = sqlx::migrate!("../store/migrations");
    let first = sqlx::migrate::Migrator {
        migrations: all.iter().take(1).cloned().collect::<Vec<_>>().into(),
        ..sqlx::migrate::Migrator::DEFAULT
    };
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut old = options.connect().await.unwrap();
    first.run(&mut old).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO backends (id, person_id, name, kind, url, server_id, user_id, added_at)
         VALUES (1, 1, 'den', 'jellyfin', 'http://127.0.0.1:9/', 'server', 'ana', 1);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
         INSERT INTO titles (id, name, appeared_at) SELECT n, 'title ' || n, 1 FROM n;
         INSERT INTO title_names (rowid, name, show) SELECT id, name, '' FROM titles;
         INSERT INTO states SELECT 1, id, 1, NULL, 1, id, id, 1, 'watched' FROM titles;",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
}

/// Every mark of [`of_the_first_version`].
async fn assert_nothing_is_lost(database: &mut SqliteConnection, why: &str) {
    let (count, sum): (i64, i64) =
        sqlx::query_as("SELECT count(*), sum(played_at) FROM states WHERE watched = 1")
            .fetch_one(database)
            .await
            .unwrap();
    assert_eq!((count, sum), (20_000, 20_000 * 20_001 / 2), "{why}");
}

/// What is done to the data folder of an old database, in which the program is then started and killed.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// Nothing: it is migrated.
    Migrating,
    /// It is damaged, with a good copy beside it: it is made anew.
    Mending,
}

fn prepare(start: Start, data: &Path, old: &Path) {
    let _ = fs::remove_dir_all(data);
    fs::create_dir(data).unwrap();
    let database = data.join("watchstate.sqlite");
    match start {
        Start::Migrating => drop(fs::copy(old, database).unwrap()),
        Start::Mending => {
            fs::write(database, "torn").unwrap();
            fs::create_dir(data.join("copies")).unwrap();
            fs::copy(old, data.join("copies/watchstate-20261101T120000Z.sqlite")).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_database_is_migrated_or_made_anew() {
    let kills = asked("WATCHSTATE_KILLS", KILLS) / 4;
    let seed = asked("WATCHSTATE_KILL_SEED", 1);
    let mut dice = Dice(seed ^ 0x6d69_6772);
    let at = Terminal::new();
    let old: PathBuf = at.beside("old.sqlite");
    of_the_first_version(&old).await;
    prepare(Start::Mending, &at.data(), &old);
    let longest = time_of(&at, "status").await;
    let mut killed = 0;
    while killed < kills {
        let start = dice.of(&[Start::Migrating, Start::Mending]);
        prepare(start, &at.data(), &old);
        // A start that was killed is begun again, and may be killed again.
        for _ in 0..=dice.roll(2) {
            if kill_in(&at, "status", &mut dice, longest).await {
                killed += 1;
            }
        }
        let why = format!("seed {seed}, kill {killed}, {start:?}");
        assert_copies_are_whole(&at.data(), &why).await;
        let status = at.good("status").await;
        assert_eq!(status["watched"], 20_000, "{why}");
        let (_folder, mut database) = as_it_lies(&at.data()).await;
        assert_whole(&mut database, &why).await;
        assert_nothing_is_lost(&mut database, &why).await;
        let mended: i64 = sqlx::query_scalar("SELECT count(*) FROM mended")
            .fetch_one(&mut database)
            .await
            .unwrap();
        assert_eq!(mended, i64::from(matches!(start, Start::Mending)), "{why}: told once");
        let leavings: Vec<String> = fs::read_dir(at.data())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(".new-") || name.contains(".making"))
            .collect();
        assert_eq!(leavings, Vec::<String>::new(), "{why}");
    }
}
