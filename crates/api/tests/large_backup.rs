//! What keeps a large household safe stands in nobody's way: backups, the daily copy, the look after a crash.
//! With `WATCHSTATE_TITLES=500000`, `--release` and `--nocapture` it says what they cost.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]
#![allow(clippy::print_stdout, reason = "what was measured is said")]

mod household;

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use household::Window;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use watchstate_engine::CancellationToken;
use watchstate_model::{Moment, PersonId, TitleId};
use watchstate_store::{Condition, Store, Touched, copies};

/// So many titles are a large household: from here on times and memory are judged.
const LARGE: i64 = 100_000;
/// A backup may need so much memory beside what was there, however many titles there are: MiB.
const MOST_MEMORY: u64 = 48;
/// Whoever reads or writes while the database is copied waits no longer than this.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// A day and a bit: seconds.
const A_DAY_S: i64 = 90_000;

/// How many titles there are.
fn titles() -> i64 {
    std::env::var("WATCHSTATE_TITLES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// Two backends that have all of them, two of three watched.
async fn fill(connection: &mut SqliteConnection, titles: i64) {
    let numbers = format!(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {titles})"
    );
    for statement in [
        "INSERT INTO backends (id, person_id, name, kind, url, added_at, approved_at, swept_at, imported_at)
         VALUES (1, 1, 'den', 'plex', 'http://a', 0, 1, 1, 1), (2, 1, 'attic', 'jellyfin', 'http://b', 0, 1, 1, 1)"
            .to_owned(),
        format!("{numbers} INSERT INTO shows (id, name) SELECT x, 'Series ' || x FROM n WHERE x <= 1 + {titles} / 50"),
        format!(
            "{numbers} INSERT INTO backend_shows (backend_id, key, name, ids, show_id)
             SELECT b.id, 's' || x, 'Series ' || x, 'imdb:tt' || (9000000 + x) || ' tvdb:' || x, x
             FROM n CROSS JOIN backends b WHERE x <= 1 + {titles} / 50"
        ),
        format!(
            "{numbers} INSERT INTO titles (id, show_id, season, episode, name, year, appeared_at)
             SELECT x, iif(x % 5 = 0, NULL, 1 + x / 50), iif(x % 5 = 0, NULL, 1 + x % 50 / 10),
                    iif(x % 5 = 0, NULL, 1 + x % 10), 'The Title of Number ' || x, 1950 + x % 75, 1 FROM n"
        ),
        "INSERT INTO title_names (rowid, name, show)
         SELECT t.id, t.name, coalesce(w.name, '') FROM titles t LEFT JOIN shows w ON w.id = t.show_id"
            .to_owned(),
        format!(
            "{numbers} INSERT INTO states (person_id, title_id, watched, plays, played_at, decided_at, because)
             SELECT 1, x, 1, 1 + x % 3, 1600000000 + x, 1700000000 + x, 'watched' FROM n WHERE x % 3 > 0"
        ),
        format!(
            "{numbers} INSERT INTO items (backend_id, key, title_id, ids, path, facts_print, seen_watched,
                                          seen_plays, seen_played_at, print, because, duration_ms)
             SELECT b.id, hex(randomblob(16)), x, 'imdb:tt' || (1000000 + x) || ' tmdb:' || x,
                    '/media/of/the/household/The Title of Number ' || x || '.mkv', 1, x % 3 > 0, x % 3,
                    iif(x % 3 > 0, 1600000000 + x, NULL), 1, 'watched', 6000000
             FROM n CROSS JOIN backends b"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
    }
}

/// What the system tells of the memory of this process, by the name of the line: MiB. None elsewhere.
fn memory(line: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|text| text.strip_prefix(line))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

/// Forgets the peak of memory so far (proc_pid_clear_refs(5)). Answers what is used now.
fn forget_peak() -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    memory("VmRSS:")
}

fn told(what: &str, time: Duration) {
    println!("{what:44} {:8.1} ms", time.as_secs_f64() * 1000.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_whole_and_needs_no_more_memory_than_a_small_one() {
    let window = Window::open().await;
    let titles = titles();
    let file = window.folder.path().join("data/watchstate.sqlite");
    let mut connection = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
    fill(&mut connection, titles).await;
    drop(connection);
    println!("database {} MiB", std::fs::metadata(&file).unwrap().len() >> 20);
    let before = forget_peak();
    let begun = Instant::now();
    let household = window.app.household();
    let made = household.back_up(&CancellationToken::new()).await.unwrap();
    told("backup of two backends", begun.elapsed());
    let more = memory("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    println!(
        "files {:?} MiB, {more:?} MiB more memory",
        made.files.iter().map(|one| one.bytes >> 20).collect::<Vec<_>>()
    );
    for one in &made.files {
        assert_eq!(i64::try_from(one.titles).unwrap(), titles);
        let file = std::fs::File::open(household.backups_folder().join(&one.file)).unwrap();
        let lines = BufReader::new(file).lines().map(Result::unwrap);
        let watched = lines.filter(|line| line.contains("\"watched\":true")).count();
        assert_eq!(i64::try_from(watched).unwrap(), titles - titles / 3);
    }
    assert_eq!(made.files.len(), 2);
    if titles >= LARGE
        && let Some(more) = more
    {
        assert!(more <= MOST_MEMORY, "{more} MiB more for {titles} titles");
    }
}

/// What a window and a run do all the time, until a copy is made. Answers the longest that either had to wait.
async fn go_on(window: &Window, store: &Store, is_done: impl Fn() -> bool) -> [Duration; 2] {
    let (mut reading, mut writing) = (Duration::ZERO, Duration::ZERO);
    let mut title = 0;
    loop {
        let begun = Instant::now();
        let page: Value =
            window.ask("titles", json!({ "filter": {}, "from": title, "size": 100 })).await;
        assert!(page["total"].as_i64() > Some(0));
        reading = reading.max(begun.elapsed());
        title += 1;
        let begun = Instant::now();
        let mut tx = store.begin().await.unwrap();
        tx.touch(PersonId(1), &[Touched { title: TitleId(title), again: false }]).await.unwrap();
        tx.commit().await.unwrap();
        writing = writing.max(begun.elapsed());
        if is_done() {
            return [reading, writing];
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daily_copy_and_the_look_after_a_crash_stand_in_nobodys_way() {
    let window = Window::open().await;
    let titles = titles();
    let file = window.folder.path().join("data/watchstate.sqlite");
    let mut connection = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
    fill(&mut connection, titles).await;
    drop(connection);
    let household = window.app.household();
    let store = household.store().clone();
    window.ask("titles", json!({ "filter": {}, "from": 0, "size": 100 })).await;

    let before = forget_peak();
    let copied = tokio::spawn({
        let (store, now) = (store.clone(), Moment(household.now().0 + A_DAY_S));
        async move {
            let begun = Instant::now();
            (store.keep_copy(now).await.unwrap().unwrap(), begun.elapsed())
        }
    });
    let [reading, writing] = go_on(&window, &store, || copied.is_finished()).await;
    let (copy, took) = copied.await.unwrap();
    told("daily copy", took);
    told("longest wait for a page meanwhile", reading);
    told("longest wait for a write meanwhile", writing);
    let more = memory("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    println!("{more:?} MiB more memory");
    assert_eq!(copies(&file)[0], copy);
    if titles >= LARGE {
        assert!(reading < LONGEST_WAIT && writing < LONGEST_WAIT);
    }

    let begun = Instant::now();
    assert_eq!(store.condition(Duration::from_secs(600)).await.unwrap(), Condition::Whole);
    told("a look through all of it", begun.elapsed());
}
