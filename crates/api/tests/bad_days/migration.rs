//! In the middle of a migration: some of its steps are made, each whole, and the next is not. What was there before
//! is in a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use watchstate_api::contract::{Failure, FailureKind};
use watchstate_api::{Household, Surroundings};
use watchstate_engine::Settings;

use crate::fault::{Bad, Fault, NO_ROOM, Told, other_program};
use crate::middle::go_on_until;
use crate::story::{Story, assert_whole, half_written};
use crate::{apart, bad_days};

bad_days!("migration", migration_through);

/// Titles of the old household, each watched.
const TITLES: i64 = 2_000;
/// The token of its one account.
const TOKEN: &str = "a token that is told nobody";
/// The step that makes the runs anew, of which the old household has many: all of them are written once more.
const RUNS_MADE_ANEW: i64 = 20_261_126_140_000;
/// What is told of a folder in which nothing can be begun.
const FOLDER_IS_READ_ONLY: Told = Told {
    kind: FailureKind::Store,
    what: "cannot be written (permission denied)",
    todo: "Make it writable, or choose another with --data-dir",
};
/// How many steps are made before what strikes between two of them strikes.
const MADE: usize = 3;

/// A household as the first version had it.
async fn of_the_first_version(data: &Path) {
    fs::create_dir(data).unwrap();
    let all = sqlx::migrate!("../store/migrations");
    let first = sqlx::migrate::Migrator {
        migrations: all.iter().take(1).cloned().collect::<Vec<_>>().into(),
        ..sqlx::migrate::Migrator::DEFAULT
    };
    let mut old = SqliteConnectOptions::new()
        .filename(data.join("watchstate.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .connect()
        .await
        .unwrap();
    first.run(&mut old).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO backends (id, person_id, name, kind, url, server_id, user_id, added_at)
         VALUES (1, 1, 'den', 'jellyfin', 'http://127.0.0.1:9/', 'server', 'ana', 1);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
         INSERT INTO titles (id, name, appeared_at) SELECT n, 'title ' || n, 1 FROM n;
         INSERT INTO title_names (rowid, name, show) SELECT id, name, '' FROM titles;
         INSERT INTO states SELECT 1, id, 1, NULL, 1, id, id, 1, 'watched' FROM titles;
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000)
         INSERT INTO runs (id, task, backend_id, started_at, ended_at, ok)
         SELECT n, 'import', 1, n, n, 1 FROM n;",
    )
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
    fs::write(data.join("secrets.json"), format!("{{\"backend-1\": \"{TOKEN}\"}}")).unwrap();
    apart::set_writable(&data.join("secrets.json"), true);
}

/// All that the old household had.
async fn assert_nothing_is_lost(database: &mut SqliteConnection) {
    for (query, is) in [
        ("SELECT count(*) FROM states WHERE watched = 1", TITLES),
        ("SELECT sum(played_at) FROM states", TITLES * (TITLES + 1) / 2),
        ("SELECT count(*) FROM runs", 60_000),
        ("SELECT count(*) FROM backends", 1),
    ] {
        let found: i64 = sqlx::query_scalar(query).fetch_one(&mut *database).await.unwrap();
        assert_eq!(found, is, "{query}");
    }
}

/// How many steps of how many were made.
async fn steps(database: &mut SqliteConnection) -> (usize, usize) {
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success = 1")
        .fetch_one(database)
        .await
        .unwrap();
    (usize::try_from(made).unwrap(), sqlx::migrate!("../store/migrations").iter().count())
}

/// The copy that was made beforehand: whole, with everything in it.
async fn assert_there_is_a_copy(data: &Path) {
    let mut copies = 0;
    for entry in fs::read_dir(data.join("copies")).unwrap() {
        let file = entry.unwrap().path();
        let mut copy =
            SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
        assert_whole(&mut copy).await;
        assert_nothing_is_lost(&mut copy).await;
        copy.close().await.unwrap();
        copies += 1;
    }
    assert!(copies > 0);
}

/// There is no room for the note that a step was made.
async fn make_no_room_for_step(database: &mut SqliteConnection, version: i64) {
    let statements = format!(
        "{NO_ROOM} CREATE TRIGGER no_room_there AFTER INSERT ON _sqlx_migrations
         WHEN NEW.version = {version} BEGIN INSERT INTO no_room (id) VALUES (NULL); END;"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(database).await.unwrap();
}

/// Whether nobody writes after the first steps: it is between two of them, and stays there until this program ends
/// what it began.
async fn is_between_steps(database: &mut SqliteConnection) -> bool {
    steps(database).await.0 >= MADE
        && sqlx::query("BEGIN EXCLUSIVE").execute(&mut *database).await.is_ok()
}

async fn open(data: &Path, fault: &Fault) -> watchstate_api::Result<Household> {
    let around = Surroundings::real(Settings::default());
    Household::open(data, Some(fault.secrets()), around).await
}

/// Opens the old household, and in the middle of its migration it goes wrong.
async fn open_on_a_bad_day(data: &Path, fault: &Fault) -> (watchstate_api::Result<Household>, Bad) {
    let bytes = fs::metadata(data.join("watchstate.sqlite")).unwrap().len();
    let bad = match fault {
        // These strike where they strike: at one of the steps, and when there is no room for more of them.
        Fault::DiskFull => {
            let mut other = other_program(data).await;
            make_no_room_for_step(&mut other, RUNS_MADE_ANEW).await;
            Bad::Full(other)
        }
        // Room for a copy and for the first steps.
        Fault::SmallDiskFull(disk) => Bad::SmallDisk(apart::fill(disk, bytes * 2)),
        _ => {
            let mut opening = pin!(open(data, fault));
            let mut other = other_program(data).await;
            sqlx::query("PRAGMA busy_timeout = 0").execute(&mut other).await.unwrap();
            go_on_until(opening.as_mut(), async || is_between_steps(&mut other).await).await;
            let bad = if *fault == Fault::DatabaseLocked {
                Bad::Locked(other)
            } else {
                sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
                other.close().await.unwrap();
                fault.begins(data).await
            };
            return (opening.await, bad);
        }
    };
    (open(data, fault).await, bad)
}

async fn migration_through(fault: Fault) {
    let folder = fault.folder();
    let data = folder.path().join("data");
    of_the_first_version(&data).await;
    let (opened, bad) = open_on_a_bad_day(&data, &fault).await;
    if fault.is_of_the_database() {
        Story::failed_so(&Failure::from(opened.err().unwrap()), fault.told());
        // Begun again on the same bad day, it ends just so. Nobody waits for the other program once more.
        if fault != Fault::DatabaseLocked {
            let again = Failure::from(open(&data, &fault).await.err().unwrap());
            match fault {
                // Its folder is not even entered then.
                Fault::DiskReadOnly(_) => Story::failed_so(&again, FOLDER_IS_READ_ONLY),
                _ => Story::failed_so(&again, fault.told()),
            }
        }
    } else {
        // Whoever only looks needs no token.
        let household = opened.unwrap();
        let failure = Failure::from(household.accounts().await.err().unwrap());
        Story::failed_so(&failure, fault.told());
        assert!(!format!("{failure:?}").contains(TOKEN), "{failure:?}");
        household.close().await;
    }
    bad.ends().await;

    let mut database = other_program(&data).await;
    let (made, all) = steps(&mut database).await;
    match fault {
        Fault::DiskFull => assert_eq!(made, 5, "each step that was made is whole"),
        _ if fault.is_of_the_database() => assert!(1 < made && made < all, "{made} of {all}"),
        _ => assert_eq!(made, all),
    }
    assert_whole(&mut database).await;
    assert_nothing_is_lost(&mut database).await;
    database.close().await.unwrap();
    assert_there_is_a_copy(&data).await;
    assert_eq!(half_written(&data), Vec::<PathBuf>::new());

    let household = open(&data, &fault).await.unwrap();
    assert_eq!(household.store().mended().await.unwrap(), None, "it never was damaged");
    assert_eq!(household.accounts().await.unwrap().len(), 1);
    household.close().await;
    let mut database = other_program(&data).await;
    assert_eq!(steps(&mut database).await, (all, all));
    assert_whole(&mut database).await;
    assert_nothing_is_lost(&mut database).await;
    database.close().await.unwrap();
}
