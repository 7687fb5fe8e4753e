use std::borrow::Cow;
use std::fs;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use watchstate_model::{BackendId, PersonId};

use super::*;

const NOW: Moment = Moment(1_795_700_000);
const TOMORROW: Moment = Moment(NOW.0 + A_DAY_S);

/// A data folder.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("watchstate.sqlite")
    }

    async fn open(&self, now: Moment) -> Store {
        Store::open_kept(&self.database(), now).await.unwrap()
    }

    /// A household with one film that is watched, agreed on with one account that was told of it.
    async fn with_a_film(at: Moment) -> Self {
        let folder = Self::new();
        let store = folder.open(at).await;
        run(&store, A_FILM).await;
        store.close().await;
        folder
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| name_of(&entry.unwrap().path())).collect();
        names.sort();
        names
    }
}

const A_FILM: &str = "
    INSERT INTO backends (id, person_id, name, kind, url, server_id, user_id, added_at, approved_at)
    VALUES (1, 1, 'den', 'jellyfin', 'http://den/', 'server', 'ana', 1, 2);
    INSERT INTO titles (id, name, year, appeared_at) VALUES (1, 'Heat', 1995, 3);
    INSERT INTO title_names (rowid, name, show) VALUES (1, 'Heat', '');
    INSERT INTO title_ids VALUES (0, 1, 'tt0113277', 1);
    INSERT INTO items (id, backend_id, key, title_id, ids, facts_print, seen_watched, seen_plays,
                       agreed_at, agreed_watched, agreed_plays, print, because)
    VALUES (1, 1, 'a', 1, 'imdb:tt0113277', 7, 1, 1, 3, 1, 1, 9, 'same_as_baseline');
    INSERT INTO states VALUES (1, 1, 1, NULL, 1, 3, 3, 1, 'watched');
    INSERT INTO outbox (item_id, backend_id, watched, plays, because, planned_at)
    VALUES (1, 1, 1, 1, 'watched', 3);
    INSERT INTO journal (at, run_id, person_id, title_id, backend_id, what, was, became, because)
    VALUES (3, 1, 1, 1, 1, 'took', 'unwatched', 'watched', 'watched');";

/// More than can be looked through in no time.
const MANY_TITLES: &str = "
    WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
    INSERT INTO titles (id, name, appeared_at) SELECT n, 'title ' || n, 3 FROM n";

async fn run(store: &Store, statements: &'static str) {
    sqlx::raw_sql(statements).execute(&store.write).await.unwrap();
}

async fn number(store: &Store, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&store.read).await.unwrap()
}

async fn raw(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap()
}

/// What a copy made yesterday has, after something was kept today.
async fn copied_and_changed() -> Folder {
    let folder = Folder::with_a_film(NOW).await;
    let store = folder.open(NOW).await;
    assert!(store.keep_copy(NOW).await.unwrap().is_some());
    run(&store, "INSERT INTO titles (id, name, appeared_at) VALUES (2, 'Ran', 4)").await;
    store.close().await;
    folder
}

#[tokio::test]
async fn closed_in_peace_leaves_a_mark_that_only_an_open_database_lacks() {
    let folder = Folder::with_a_film(NOW).await;
    let mark = folder.0.path().join("watchstate.sqlite.closed");
    assert!(mark.exists());
    let store = folder.open(NOW).await;
    assert!(!mark.exists(), "whoever dies now leaves none");
    store.close().await;
    assert!(mark.exists());
    let store = folder.open(NOW).await;
    store.doubt();
    store.close().await;
    assert!(!mark.exists(), "the next start looks");
    folder.open(NOW).await.close().await;
    assert_eq!(folder.names(), ["watchstate.sqlite", "watchstate.sqlite.closed"]);
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_made_anew_from_the_newest_good_copy() {
    type Damage = fn(&Path);
    let zero: Damage = |file| fs::write(file, "").unwrap();
    let letter: Damage = |file| fs::write(file, "a letter to a friend ".repeat(400)).unwrap();
    let cut: Damage = |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    };
    let torn: Damage = |file| {
        let mut bytes = fs::read(file).unwrap();
        // Every page but the first, which has the head and the names of the tables.
        for byte in bytes.iter_mut().skip(4096) {
            *byte = 0xaa;
        }
        fs::write(file, bytes).unwrap();
    };
    for (damage, peaceful, why) in [
        (zero, true, "empty"),
        (letter, true, "no database"),
        (cut, true, "cut short"),
        (torn, true, "torn pages"),
        (zero, false, "empty after a crash"),
        (letter, false, "no database after a crash"),
        (cut, false, "cut short in a crash"),
        (torn, false, "torn in a crash"),
    ] {
        let folder = copied_and_changed().await;
        damage(&folder.database());
        if !peaceful {
            fs::remove_file(folder.0.path().join("watchstate.sqlite.closed")).unwrap();
        }
        let damaged = fs::read(folder.database()).unwrap();
        let store = folder.open(TOMORROW).await;
        let told = store.mended().await.unwrap().expect(why);
        assert_eq!((told.at, told.copy_at), (TOMORROW, Some(NOW)), "{why}");
        let aside = folder.0.path().join(&told.aside);
        assert_eq!(fs::read(&aside).unwrap(), damaged, "{why}: nothing of it is lost");
        assert_eq!(damaged_files(&folder.database()), [aside], "{why}");
        assert_eq!(
            number(&store, "SELECT watched FROM states").await,
            1,
            "{why}: the mark is there"
        );
        assert_eq!(number(&store, "SELECT count(*) FROM titles").await, 1, "{why}: as of the copy");
        assert_eq!(
            number(&store, "SELECT count(*) FROM items WHERE agreed_at IS NOT NULL").await,
            0,
            "{why}: all is seen for the first time, so that nothing is taken away"
        );
        assert_eq!(number(&store, "SELECT count(*) FROM outbox").await, 0, "{why}");
        assert_eq!(
            number(&store, "SELECT count(*) FROM backends WHERE approved_at IS NULL").await,
            1,
            "{why}: nothing is written before a person has seen it"
        );
        let mut tx = store.begin().await.unwrap();
        tx.mended_is_seen().await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        let store = folder.open(TOMORROW).await;
        assert_eq!(store.mended().await.unwrap(), None, "{why}: told once");
        store.close().await;
    }
}

#[tokio::test]
async fn another_database_in_its_place_is_put_aside() {
    let folder = copied_and_changed().await;
    let file = folder.database();
    fs::remove_file(&file).unwrap();
    let mut other = raw(&file).await;
    sqlx::raw_sql("CREATE TABLE letters (text)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let store = folder.open(TOMORROW).await;
    let told = store.mended().await.unwrap().unwrap();
    assert_eq!(told.why, "it is not a database of WatchState");
    let mut other = raw(&folder.0.path().join(told.aside)).await;
    sqlx::query("SELECT text FROM letters").fetch_all(&mut other).await.unwrap();
}

#[tokio::test]
async fn a_log_of_another_database_is_not_taken_for_the_truth() {
    let folder = copied_and_changed().await;
    let other = Folder::with_a_film(NOW).await;
    let theirs = other.open(NOW).await;
    run(&theirs, "DELETE FROM states; UPDATE titles SET name = 'not ours'").await;
    let log = fs::read(with_suffix(&other.database(), "-wal")).unwrap();
    assert!(!log.is_empty());
    let ours = with_suffix(&folder.database(), "-wal");
    fs::write(&ours, &log).unwrap();
    let store = folder.open(TOMORROW).await;
    assert_eq!(number(&store, "SELECT count(*) FROM states").await, 1);
    assert_eq!(number(&store, "SELECT count(*) FROM titles WHERE name = 'Heat'").await, 1);
    assert_eq!(number(&store, "SELECT count(*) FROM titles").await, 2, "nothing is lost");
    assert_eq!(store.mended().await.unwrap(), None);
    let aside = folder.names().into_iter().find(|name| name.ends_with(".sqlite-wal"));
    let aside = aside.into_iter().find(|name| name.starts_with("watchstate-damaged-")).unwrap();
    assert_eq!(fs::read(folder.0.path().join(aside)).unwrap(), log);
}

#[tokio::test]
async fn a_crash_leaves_a_log_that_belongs_to_the_database() {
    let folder = copied_and_changed().await;
    let store = folder.open(NOW).await;
    run(&store, "INSERT INTO titles (id, name, appeared_at) VALUES (3, 'Ikiru', 5)").await;
    // As the files lie there when the power goes.
    let dead = Folder::new();
    for suffix in ["", "-wal"] {
        let from = with_suffix(&folder.database(), suffix);
        fs::copy(from, with_suffix(&dead.database(), suffix)).unwrap();
    }
    let store = dead.open(NOW).await;
    assert_eq!(
        number(&store, "SELECT count(*) FROM titles").await,
        3,
        "what was committed is there"
    );
    assert_eq!(store.mended().await.unwrap(), None);
}

#[tokio::test]
async fn a_damaged_copy_is_passed_over() {
    let folder = copied_and_changed().await;
    let store = folder.open(TOMORROW).await;
    let newer = store.keep_copy(TOMORROW).await;
    assert_eq!(newer.unwrap(), None, "nothing was run since");
    run(&store, "UPDATE backends SET added_at = 1795780000").await;
    let newer = store.keep_copy(TOMORROW).await.unwrap().unwrap();
    store.close().await;
    let bytes = fs::read(&newer.file).unwrap();
    fs::write(&newer.file, &bytes[..bytes.len() / 2]).unwrap();
    fs::write(folder.database(), "").unwrap();
    let store = folder.open(TOMORROW).await;
    assert_eq!(store.mended().await.unwrap().unwrap().copy_at, Some(NOW));
    assert_eq!(number(&store, "SELECT watched FROM states").await, 1);
}

/// A large household on a slow disk: no copy can be looked through in the time that the database is given.
#[tokio::test]
async fn a_copy_is_looked_at_to_its_end() {
    let folder = Folder::with_a_film(NOW).await;
    let store = folder.open(NOW).await;
    run(&store, MANY_TITLES).await;
    store.keep_copy(NOW).await.unwrap().unwrap();
    store.close().await;
    fs::write(folder.database(), "torn").unwrap();
    let store = Store::open_looking(&folder.database(), TOMORROW, Duration::ZERO).await.unwrap();
    assert_eq!(store.mended().await.unwrap().unwrap().copy_at, Some(NOW));
    assert_eq!(number(&store, "SELECT watched FROM states").await, 1);
}

/// Whether a wish has ended since the copy was made, nobody knows.
#[tokio::test]
async fn wishes_of_a_copy_are_not_wished_any_more() {
    let folder = Folder::with_a_film(NOW).await;
    let store = folder.open(NOW).await;
    run(
        &store,
        "INSERT INTO kept_apart (item_id, shows, held, told, because, made_at)
         VALUES (1, 'unwatched 0 -', 'watched 1 3 3 1', 1, 'undone', 4)",
    )
    .await;
    store.keep_copy(NOW).await.unwrap().unwrap();
    run(&store, "DELETE FROM kept_apart").await;
    store.close().await;
    fs::write(folder.database(), "torn").unwrap();
    let store = folder.open(TOMORROW).await;
    assert_eq!(store.mended().await.unwrap().unwrap().copy_at, Some(NOW));
    assert_eq!(number(&store, "SELECT count(*) FROM kept_apart").await, 0);
    assert_eq!(number(&store, "SELECT watched FROM states").await, 1);
}

#[tokio::test]
async fn without_a_good_copy_it_begins_empty_and_says_so() {
    let folder = Folder::with_a_film(NOW).await;
    fs::write(folder.database(), "").unwrap();
    let store = folder.open(TOMORROW).await;
    let told = store.mended().await.unwrap().unwrap();
    assert_eq!((told.copy_at, told.why.as_str()), (None, "it is empty"));
    assert_eq!(number(&store, "SELECT count(*) FROM backends").await, 0);
    // And nothing of that is said of a folder that is new.
    let folder = Folder::new();
    fs::write(folder.database(), "").unwrap();
    assert_eq!(folder.open(NOW).await.mended().await.unwrap(), None);
}

#[tokio::test]
async fn a_mending_that_was_broken_off_is_finished() {
    for steps in 0..3 {
        let folder = copied_and_changed().await;
        fs::write(folder.database(), "torn").unwrap();
        fs::write(with_suffix(&folder.database(), "-wal"), "torn as well").unwrap();
        // Done by another, whose result is carried here, to the step at which the power went.
        let other = copied_and_changed().await;
        fs::write(other.database(), "torn").unwrap();
        let store = other.open(TOMORROW).await;
        let aside = store.mended().await.unwrap().unwrap().aside;
        store.close().await;
        let new = with_suffix(&folder.database(), &format!(".new-{}", stamp(TOMORROW)));
        fs::copy(other.database(), &new).unwrap();
        let put = folder.0.path().join(&aside);
        if steps > 0 {
            fs::rename(with_suffix(&folder.database(), "-wal"), with_suffix(&put, "-wal")).unwrap();
        }
        if steps > 1 {
            fs::rename(folder.database(), &put).unwrap();
        }
        let later = Moment(TOMORROW.0 + 60);
        let store = folder.open(later).await;
        assert_eq!(store.mended().await.unwrap().unwrap().aside, aside, "{steps}");
        assert_eq!(number(&store, "SELECT watched FROM states").await, 1, "{steps}");
        assert_eq!(fs::read(&put).unwrap(), b"torn", "{steps}");
        assert_eq!(fs::read(with_suffix(&put, "-wal")).unwrap(), b"torn as well", "{steps}");
        assert!(!new.exists(), "{steps}");
    }
    // What is not complete is begun anew.
    let folder = copied_and_changed().await;
    fs::write(with_suffix(&folder.database(), ".making"), "half of it").unwrap();
    fs::write(folder.database(), "torn").unwrap();
    let store = folder.open(TOMORROW).await;
    assert_eq!(store.mended().await.unwrap().unwrap().copy_at, Some(NOW));
    assert!(!with_suffix(&folder.database(), ".making").exists());
}

#[tokio::test]
async fn a_copy_a_day_for_as_long_as_something_changes() {
    let folder = Folder::new();
    let store = folder.open(NOW).await;
    assert_eq!(store.keep_copy(NOW).await.unwrap(), None, "there is nothing to copy");
    run(&store, A_FILM).await;
    let made = store.keep_copy(NOW).await.unwrap().unwrap();
    assert_eq!(copies(&folder.database()), std::slice::from_ref(&made));
    let whole = Store::open(&made.file).await.unwrap();
    assert_eq!(number(&whole, "SELECT watched FROM states").await, 1);
    assert_eq!(store.keep_copy(Moment(TOMORROW.0 - 1)).await.unwrap(), None, "not twice a day");
    assert_eq!(store.keep_copy(TOMORROW).await.unwrap(), None, "nothing changed");
    for day in 1..=20 {
        let at = Moment(NOW.0 + day * A_DAY_S);
        let mut tx = store.begin().await.unwrap();
        tx.begin_run(crate::Task::Import, BackendId(1), at).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.keep_copy(at).await.unwrap().is_some(), "day {day}");
    }
    let kept: Vec<i64> =
        copies(&folder.database()).iter().map(|copy| (copy.at.0 - NOW.0) / A_DAY_S).collect();
    assert_eq!(kept, [20, 19, 18, 17, 16, 15, 14]);
    // A clock that was a year ahead must not be the end of copies.
    let long_ago = Moment(NOW.0 - 300 * A_DAY_S);
    assert_eq!(store.keep_copy(long_ago).await.unwrap().unwrap().at, long_ago);
    let kept = copies(&folder.database());
    assert!(kept.iter().any(|copy| copy.at == long_ago), "{kept:?}");
    store.close().await;
}

#[tokio::test]
async fn a_copy_that_is_stopped_leaves_nothing_and_the_end_is_as_peaceful_as_ever() {
    let folder = Folder::with_a_film(NOW).await;
    let store = folder.open(NOW).await;
    let many = "WITH RECURSIVE n (x) AS (SELECT 100 UNION ALL SELECT x + 1 FROM n WHERE x < 100000)
                INSERT INTO titles (id, name, appeared_at) SELECT x, 'Film ' || x, 5 FROM n";
    run(&store, many).await;
    store.stop_copying();
    assert_eq!(store.keep_copy(NOW).await.unwrap(), None);
    assert_eq!(fs::read_dir(copies_folder(&folder.database())).unwrap().count(), 0);
    store.close().await;
    let store = folder.open(NOW).await;
    let copying = store.keep_copy(NOW);
    // Whoever closes waits for whoever copies, or the database would be left as by a crash.
    let (made, ()) = tokio::join!(copying, store.close());
    assert_eq!(made.unwrap(), None);
    assert!(folder.names().iter().any(|name| name.ends_with(".closed")), "{:?}", folder.names());
}

#[tokio::test]
async fn what_a_dead_program_left_of_a_copy_is_no_copy() {
    let folder = Folder::with_a_film(NOW).await;
    let half = copies_folder(&folder.database()).join("watchstate-20261126T142000Z.sqlite.part");
    fs::create_dir(copies_folder(&folder.database())).unwrap();
    fs::write(&half, "half of it").unwrap();
    assert_eq!(copies(&folder.database()), []);
    let store = folder.open(NOW).await;
    store.keep_copy(NOW).await.unwrap().unwrap();
    assert!(!half.exists());
    store.close().await;
}

/// A database as an earlier version made it: with the first migrations only.
async fn as_it_was(file: &Path, migrations: usize) {
    let first = Migrator {
        migrations: Cow::Owned(MIGRATIONS.iter().take(migrations).cloned().collect()),
        ..Migrator::DEFAULT
    };
    let mut old = raw(file).await;
    first.run(&mut old).await.unwrap();
    sqlx::raw_sql(A_FILM).execute(&mut old).await.unwrap();
    old.close().await.unwrap();
}

#[tokio::test]
async fn databases_of_all_earlier_versions_are_migrated_and_keep_everything() {
    let all = MIGRATIONS.iter().count();
    for migrations in 1..all {
        let folder = Folder::new();
        as_it_was(&folder.database(), migrations).await;
        let before = fs::read(folder.database()).unwrap();
        let store = folder.open(NOW).await;
        let copies = copies(&folder.database());
        let next = MIGRATIONS.iter().nth(migrations).unwrap().version;
        assert_eq!(copies.len(), 1, "{migrations}");
        assert_eq!((copies[0].before, copies[0].at), (Some(next), NOW), "{migrations}");
        for (query, is, why) in [
            ("SELECT watched FROM states WHERE title_id = 1", 1, "what is held to be true"),
            ("SELECT count(*) FROM items WHERE agreed_watched = 1", 1, "what was agreed on"),
            ("SELECT count(*) FROM outbox WHERE watched = 1", 1, "what is owed"),
            ("SELECT count(*) FROM journal WHERE what = 'took'", 1, "the journal"),
            ("SELECT count(*) FROM backends WHERE approved_at = 2", 1, "the yes of a person"),
            ("SELECT rowid FROM title_names WHERE title_names MATCH 'he*'", 1, "the search"),
            ("SELECT max(version) FROM _sqlx_migrations", Store::version(), "the version"),
        ] {
            assert_eq!(number(&store, query).await, is, "{migrations}: {why}");
        }
        let states = store.begin().await.unwrap().states(PersonId(1), &[]).await.unwrap();
        assert!(states.is_empty(), "it answers");
        store.close().await;
        // The copy is what there was before: put in its place, it is migrated just so.
        fs::copy(&copies[0].file, folder.database()).unwrap();
        let old = raw(&folder.database()).await;
        old.close().await.unwrap();
        assert!(!before.is_empty());
        let store = folder.open(TOMORROW).await;
        assert_eq!(number(&store, "SELECT watched FROM states").await, 1, "{migrations}");
        store.close().await;
    }
}

/// What is gone in a database of the version before is known by what names it.
#[tokio::test]
async fn numbers_that_an_earlier_version_gave_are_not_given_again() {
    let folder = Folder::new();
    as_it_was(&folder.database(), 8).await;
    let mut old = raw(&folder.database()).await;
    sqlx::raw_sql(
        "INSERT INTO changes (at, run_id, person_id, title_id, what, backend_id, item_id, showed, shows, meant,
                              because, undone_by)
         VALUES (4, 70, 1, 40, 'told', 9, 500, 'unwatched 0 -', 'watched 1 -', 'watched 1 -', 'differs', 71);
         INSERT INTO journal (at, run_id, person_id, title_id, backend_id, what, was, became, because)
         VALUES (3, 1, 1, 41, 10, 'told', 'unwatched', 'watched', 'differs');
         INSERT INTO snapshots (id, backend_id, run_id, taken_at, items, bytes) VALUES (1, 1, 72, 4, 1, 1);
         INSERT INTO snapshot_pieces (id, print, marks) VALUES (1, 1, x'00');
         INSERT INTO snapshot_parts VALUES (1, 2, 1);
         INSERT INTO runs (id, task, backend_id, started_at) VALUES (60, 'undo', 11, 4);",
    )
    .execute(&mut old)
    .await
    .unwrap();
    let mut before = Vec::new();
    for table in ["backends", "items", "titles", "runs", "changes", "journal", "snapshots"] {
        let all = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(all).fetch_one(&mut old).await.unwrap();
        before.push((table, rows));
    }
    old.close().await.unwrap();

    let store = folder.open(NOW).await;
    for (table, rows) in before {
        let all = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let now: i64 = sqlx::query_scalar(all).fetch_one(&store.read).await.unwrap();
        assert_eq!(now, rows, "{table}");
    }
    let mut tx = store.begin().await.unwrap();
    let next = tx.next_ids().await.unwrap();
    // The snapshot may name any of 2048 to 3071.
    assert_eq!((next.title, next.item), (42, 3_072));
    let run = tx.begin_run(crate::Task::Import, BackendId(1), NOW).await.unwrap();
    assert_eq!(run.0, 73);
    let new = crate::NewBackend {
        person: PersonId(1),
        name: "attic",
        kind: "plex",
        url: "http://attic/",
        server_id: "another",
        user_id: "1",
        user_name: "ana",
        import: crate::Import::On,
        export: true,
        added_at: NOW,
    };
    assert_eq!(tx.add_backend(&new).await.unwrap(), BackendId(12));
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn without_a_copy_nothing_is_migrated() {
    let folder = Folder::new();
    as_it_was(&folder.database(), 1).await;
    fs::write(copies_folder(&folder.database()), "no folder").unwrap();
    let before = fs::read(folder.database()).unwrap();
    let error = Store::open_kept(&folder.database(), NOW).await.err().unwrap();
    assert_eq!(error.fault, StoreFault::Unreadable);
    assert_eq!(fs::read(folder.database()).unwrap(), before);
    fs::remove_file(copies_folder(&folder.database())).unwrap();
    folder.open(NOW).await.close().await;
}

#[tokio::test]
async fn of_copies_from_before_migrations_three_are_kept() {
    let folder = Folder::new();
    for day in 0..5 {
        let _ = fs::remove_file(folder.database());
        as_it_was(&folder.database(), 1).await;
        folder.open(Moment(NOW.0 + day * A_DAY_S)).await.close().await;
    }
    assert_eq!(copies(&folder.database()).len(), 3);
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let folder = Folder::with_a_film(NOW).await;
    let mut later = raw(&folder.database()).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (29991231235959, 'of tomorrow', 1, x'00', 1)",
    )
    .execute(&mut later)
    .await
    .unwrap();
    later.close().await.unwrap();
    let before = fs::read(folder.database()).unwrap();
    let error = Store::open_kept(&folder.database(), NOW).await.err().unwrap();
    assert_eq!(error.fault, StoreFault::Newer);
    assert_eq!(fs::read(folder.database()).unwrap(), before);
    assert_eq!(copies(&folder.database()), []);
}

#[tokio::test]
async fn a_look_takes_no_longer_than_it_may() {
    let folder = Folder::with_a_film(NOW).await;
    let store = folder.open(NOW).await;
    run(&store, MANY_TITLES).await;
    let found = store.condition(Duration::ZERO).await.unwrap();
    assert_eq!(found, Condition::Unfinished);
    let found = store.condition(LONGEST_LOOK).await.unwrap();
    assert_eq!(found, Condition::Whole, "with its log, while it is open");
    store.close().await;
}
