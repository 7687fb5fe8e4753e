//! The real program is killed, at random moments of everything it does to its database, to its files and to
//! servers. After each kill the database is whole; in the end no mark is lost, all agree, and no write was made
//! twice. What a person began is known as a whole or not at all, and a file is there as a whole or not at all.
//!
//! What is random comes from a seed and can be played again:
//!
//! ```text
//! WATCHSTATE_KILLS=500 WATCHSTATE_KILL_SEED=7 cargo nextest run -p watchstate-cli --test kill
//! ```
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(clippy::print_stderr, reason = "how many kills there were is said")]

mod killing;
mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use killing::{
    Count, Dice, House, NAMES, Part, Place, as_it_lies, assert_copies_are_whole, assert_whole,
    film, kill_in, kills_of, number, server, time_of,
};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use terminal::Terminal;
use watchstate_servers::ServerKind;

/// After so many kills the program may end what it does, and everything is counted.
const ROUND: u64 = 4;

/// What the program is killed in while it brings servers to agree. Each is a line of the terminal; what is
/// added here is killed as well.
const SYNCING: [&str; 3] = ["import", "export", "sync"];

async fn assert_all_is_well(at: &Terminal, why: &str) {
    assert_eq!(at.good("doctor").await["doctor"]["ok"], true, "{why}");
    assert_copies_are_whole(&at.data(), why).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_imports_exports_and_syncs() {
    let (kills, seed, mut dice) = kills_of(Part::Syncing);
    let (mut house, at) = House::start(&mut dice).await;
    house.live(&mut dice);
    let longest = time_of(&at, "sync").await * 5 / 4;
    house.assert_agreed("without a kill, once more");
    let (mut killed, mut in_this_round) = (Count::default(), 0);
    house.live(&mut dice);
    while killed.all() < kills {
        let line = dice.of(&SYNCING);
        let why = format!("seed {seed}, kill {}, in {line}", killed.all());
        if kill_in(&at, line, &mut dice, longest).await {
            killed.one(line);
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
    assert_all_is_well(&at, "in the end").await;
}

/// Something that a person begins and that is killed until it is known to the database.
struct Begun<'a> {
    /// What it is, for the count.
    what: &'a str,
    /// Its line in the terminal.
    line: String,
    /// Finds how much of it is known.
    query: String,
    /// How much there is to know.
    whole: usize,
}

impl Begun<'_> {
    /// Kills it at random moments until all of it is known. Killed before, nothing of it is: nothing is known,
    /// nothing was written, and every server shows what it showed. Then it may end with the next sync.
    async fn kill(
        &self,
        at: &Terminal,
        house: &mut House,
        dice: &mut Dice,
        killed: &mut Count,
        (longest, why): (Duration, &str),
    ) {
        let why = format!("{why}, kill {}, in {}", killed.all(), self.line);
        house.forget_writes();
        loop {
            let was_killed = kill_in(at, &self.line, dice, longest).await;
            if was_killed {
                killed.one(self.what);
            }
            let known = usize::try_from(number(at, &self.query, &why).await).unwrap();
            if known == self.whole {
                return;
            }
            assert_eq!(known, 0, "{why}: of {} a part is known", self.whole);
            assert!(was_killed, "{why}: it ended, and nothing came of it");
            house.assert_agreed(&format!("{why}: nothing was begun"));
        }
    }
}

/// Something that was done in a round and can be taken back.
struct Done {
    what: &'static str,
    /// What takes it back, without the yes.
    line: String,
    /// Finds how much of it is taken back; and how much there is.
    query: String,
    whole: usize,
    /// The copies that go back.
    copies: Vec<Place>,
}

/// What was done after a run of this number, as runs and as snapshots. A title goes back as a whole, further than a
/// round.
async fn done_after(at: &Terminal, house: &House, last: i64) -> Vec<Done> {
    let mut all = Vec::new();
    let everywhere =
        |films: &[u64]| films.iter().flat_map(|n| [0, 1, 2].map(|place| (place, *n))).collect();
    let listed = at.good("undo list").await;
    for run in listed["runs"].as_array().unwrap() {
        let id = run["run"].as_i64().unwrap();
        if id <= last {
            continue;
        }
        let place = NAMES.iter().position(|name| run["backend"] == *name).unwrap();
        let (films, copies): (Vec<u64>, Vec<Place>) = if run["task"] == "import" {
            let films = house.changed_on(Some(place));
            (films.clone(), everywhere(&films))
        } else {
            let films = house.told_on(place);
            (films.clone(), films.iter().map(|n| (place, *n)).collect())
        };
        all.push(Done {
            what: if run["task"] == "import" { "undo of an import" } else { "undo of an export" },
            line: format!("undo run {id}"),
            query: format!("SELECT count(undone_by) FROM changes WHERE run_id = {id}"),
            whole: films.len(),
            copies,
        });
        let kept = at.good("undo snapshots").await;
        let kept = kept["snapshots"].as_array().unwrap();
        if let Some(kept) = kept.iter().find(|kept| kept["before_run"] == id) {
            let names: Vec<String> =
                house.told_on(place).iter().map(|n| format!("'{}'", film(*n))).collect();
            all.push(Done {
                what: "undo to a snapshot",
                line: format!("undo snapshot {}", kept["snapshot"]),
                query: format!(
                    "SELECT count(*) FROM kept_apart k JOIN items i ON i.id = k.item_id
                     JOIN titles t ON t.id = i.title_id JOIN backends b ON b.id = i.backend_id
                     WHERE b.name = '{}' AND k.because = 'restored' AND t.name IN ({})",
                    NAMES[place],
                    names.join(", ")
                ),
                whole: names.len(),
                copies: house.told_on(place).iter().map(|n| (place, *n)).collect(),
            });
        }
    }
    all
}

/// The number of the last run.
async fn last_run(at: &Terminal) -> i64 {
    number(at, "SELECT coalesce(max(id), 0) FROM runs", "before").await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_something_is_taken_back_and_done_once_more() {
    let (kills, seed, mut dice) = kills_of(Part::TakingBack);
    let (mut house, at) = House::start(&mut dice).await;
    let mut killed = Count::default();
    let mut longest = None;
    while killed.all() < kills {
        let why = format!("seed {seed}, kill {}", killed.all());
        // What stays undone stays so until something new happens to it.
        if house.end_what_is_apart(&mut dice) {
            at.good("sync").await;
            house.assert_agreed(&format!("{why}: something new happened"));
        }
        house.live(&mut dice);
        let last = last_run(&at).await;
        at.good("sync").await;
        house.assert_agreed(&format!("{why}: before anything is taken back"));
        let all = done_after(&at, &house, last).await;
        // Where nothing has rested yet, nothing was done that could be taken back.
        if all.is_empty() {
            continue;
        }
        let done = dice.of(&all.iter().collect::<Vec<_>>());
        let (after, before) = (house.now(&done.copies), house.before(&done.copies));
        let line = format!("{} --yes", done.line);
        let Some(longest) = longest else {
            house.forget_writes();
            longest = Some(time_of(&at, &line).await * 5 / 4);
            house.should_show(&before);
            house.assert_agreed(&format!("{why}: {line}, without a kill"));
            continue;
        };
        let first = last_run(&at).await;
        let begun = Begun { what: done.what, line, query: done.query.clone(), whole: done.whole };
        begun.kill(&at, &mut house, &mut dice, &mut killed, (longest, &why)).await;
        house.should_show(&before);
        at.good("sync").await;
        house.assert_agreed(&format!("{why}: {}", begun.line));

        // What the undo did not come to write itself was written by the sync, and is that one's to take back.
        let mine = "because IN ('undone', 'restored')";
        let undo = format!("SELECT max(id) FROM runs WHERE task = 'undo' AND id > {first}");
        let told = format!(
            "SELECT count(*) FROM changes WHERE run_id = ({undo}) AND what = 'told' AND {mine}"
        );
        let told = usize::try_from(number(&at, &told, &why).await).unwrap();
        if told < done.copies.len() || dice.roll(2) == 0 {
            continue;
        }
        let undo = number(&at, &undo, &why).await;
        let of_it = format!("FROM changes WHERE run_id = {undo} AND (what = 'took' OR {mine})");
        let whole = number(&at, &format!("SELECT count(*) {of_it}"), &why).await;
        let begun = Begun {
            what: "redo",
            line: format!("undo redo {undo} --yes"),
            query: format!("SELECT count(undone_by) {of_it}"),
            whole: usize::try_from(whole).unwrap(),
        };
        begun.kill(&at, &mut house, &mut dice, &mut killed, (longest, &why)).await;
        house.should_show(&after);
        at.good("sync").await;
        house.assert_agreed(&format!("{why}: {}", begun.line));
    }
    assert_all_is_well(&at, "in the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_backup_is_restored_and_that_is_taken_back() {
    let (kills, seed, mut dice) = kills_of(Part::Restoring);
    let (mut house, at) = House::start(&mut dice).await;
    let mut killed = Count::default();
    let (mut to_restore, mut to_undo) = (None, None);
    while killed.all() < kills {
        let why = format!("seed {seed}, kill {}", killed.all());
        let made = at.good("backup").await;
        let made = made["backups"].as_array().unwrap();
        let file = made[dice.place(made.len())]["file"].as_str().unwrap().to_owned();
        house.live(&mut dice);
        at.good("sync").await;
        house.assert_agreed(&format!("{why}: before a restore"));
        let films = house.changed_on(None);
        if films.is_empty() {
            continue;
        }
        let copies: Vec<Place> = films.iter().flat_map(|n| [0, 1, 2].map(|on| (on, *n))).collect();
        let (after, before) = (house.now(&copies), house.before(&copies));
        let last = last_run(&at).await;
        let to = dice.of(&NAMES);
        let line = format!("restore {file} --to {to} --exact --yes");
        let of_it = format!(
            "FROM changes c JOIN runs r ON r.id = c.run_id WHERE r.task = 'restore' AND r.id > {last}"
        );
        let begun = Begun {
            what: "restore",
            line,
            query: format!("SELECT count(*) {of_it}"),
            whole: films.len(),
        };
        match to_restore {
            Some(longest) => {
                begun.kill(&at, &mut house, &mut dice, &mut killed, (longest, &why)).await;
            }
            None => {
                house.forget_writes();
                to_restore = Some(time_of(&at, &begun.line).await * 5 / 4);
            }
        }
        house.should_show(&before);
        at.good("sync").await;
        house.assert_agreed(&format!("{why}: {}", begun.line));

        let run = number(&at, &format!("SELECT max(c.run_id) {of_it}"), &why).await;
        let begun = Begun {
            what: "undo of a restore",
            line: format!("undo run {run} --yes"),
            query: format!("SELECT count(undone_by) FROM changes WHERE run_id = {run}"),
            whole: films.len(),
        };
        match to_undo {
            Some(longest) => {
                begun.kill(&at, &mut house, &mut dice, &mut killed, (longest, &why)).await;
            }
            None => {
                house.forget_writes();
                to_undo = Some(time_of(&at, &begun.line).await * 5 / 4);
            }
        }
        house.should_show(&after);
        at.good("sync").await;
        house.assert_agreed(&format!("{why}: {}", begun.line));
    }
    assert_all_is_well(&at, "in the end").await;
}

/// So many films make a backup take a while.
const LIBRARY: u64 = 3000;

/// The backups that are there under a name of a backup, each looked through once: all of them are whole.
fn assert_backups_are_whole(data: &Path, known: &mut BTreeMap<String, u64>, why: &str) {
    let Ok(entries) = fs::read_dir(data.join("backups")) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(".watchstate-unfinished-") {
            continue;
        }
        let bytes = entry.metadata().unwrap().len();
        if let Some(before) = known.insert(name.clone(), bytes) {
            assert_eq!(bytes, before, "{why}: {name} was whole before");
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let all: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{why}: {name}: {e}"));
        let titles = all["titles"].as_array().unwrap();
        let watched = titles.iter().filter(|title| title["watched"] == true).count();
        let count = usize::try_from(LIBRARY).unwrap();
        assert_eq!((titles.len(), &all["count"]), (count, &LIBRARY.into()), "{why}: {name}");
        assert_eq!(watched, count / 3, "{why}: {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_backups_are_written() {
    let (kills, seed, mut dice) = kills_of(Part::BackingUp);
    let den = server(ServerKind::Jellyfin, "10.10.7", LIBRARY).await;
    let attic = server(ServerKind::Emby, "4.8.11.0", LIBRARY).await;
    for n in (0..LIBRARY).step_by(3) {
        den.mark_watched(&film(n), "ana").unwrap();
        attic.mark_watched(&film(n), "ana").unwrap();
    }
    let mut at = Terminal::new();
    at.add_by_password("den", "jellyfin", &den, "ana").await;
    at.add_by_password("attic", "emby", &attic, "ana").await;
    at.good("sync --yes").await;
    let longest = time_of(&at, "backup").await * 5 / 4;
    let (mut killed, mut known) = (Count::default(), BTreeMap::new());
    assert_backups_are_whole(&at.data(), &mut known, "without a kill");
    assert_eq!(known.len(), 2);
    let mut unfinished = 0;
    while killed.all() < kills {
        let why = format!("seed {seed}, kill {}", killed.all());
        if kill_in(&at, "backup", &mut dice, longest).await {
            killed.one("backup");
            let (_folder, mut database) = as_it_lies(&at.data()).await;
            assert_whole(&mut database, &why).await;
        }
        assert_backups_are_whole(&at.data(), &mut known, &why);
        let names = fs::read_dir(at.data().join("backups")).unwrap();
        let names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let (left, whole): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|name| name.starts_with('.'));
        unfinished = left.len();
        if killed.all() % ROUND == 0 {
            let listed = at.good("backup list").await;
            let listed = listed["backups"].as_array().unwrap();
            assert_eq!(listed.len(), whole.len(), "{why}: what is not whole is not listed");
            assert!(listed.iter().all(|one| one["whole"] == true), "{why}: {listed:?}");
            let made = at.good("backup").await;
            assert_eq!(made["backups"].as_array().unwrap().len(), 2, "{why}");
            assert_backups_are_whole(&at.data(), &mut known, &why);
        }
    }
    eprintln!("{unfinished} were killed in the middle of a file");
    let made = at.good("backup").await;
    let file = made["backups"][0]["file"].as_str().unwrap();
    let seen = at.run(&format!("--json restore {file} --to den --exact")).await;
    assert_eq!(seen.json()["changes"], Value::Array(vec![]), "it holds what there is");
    assert_all_is_well(&at, "in the end").await;
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
    let (kills, seed, mut dice) = kills_of(Part::Starting);
    let at = Terminal::new();
    let old: PathBuf = at.beside("old.sqlite");
    of_the_first_version(&old).await;
    prepare(Start::Mending, &at.data(), &old);
    let longest = time_of(&at, "status").await;
    let mut killed = Count::default();
    while killed.all() < kills {
        let start = dice.of(&[Start::Migrating, Start::Mending]);
        prepare(start, &at.data(), &old);
        // A start that was killed is begun again, and may be killed again.
        for _ in 0..=dice.roll(2) {
            if kill_in(&at, "status", &mut dice, longest).await {
                killed.one(&format!("{start:?}"));
            }
        }
        let why = format!("seed {seed}, kill {}, {start:?}", killed.all());
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
