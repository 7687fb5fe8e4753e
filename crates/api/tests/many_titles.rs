//! The history at 200,000 titles on three servers: how long a window waits for a page.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::time::{Duration, Instant};

use household::Window;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

const TITLES: i64 = 200_000;

/// What a household that has used this for years would have.
async fn fill(connection: &mut SqliteConnection) {
    let words =
        "'the','night','of','river','golden','last','star','house','winter','stone','empire',
                 'garden','silent','machine','island','letter','shadow','train','ocean','mirror'";
    let numbers = format!(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {TITLES})"
    );
    let word = |by: &str| {
        format!("(SELECT value FROM json_each(json_array({words})) WHERE key = ({by}) % 20)")
    };
    let name = |x: &str| {
        let (a, b, c) = (word(x), word(&format!("{x} / 7")), word(&format!("{x} / 131")));
        format!("{a} || ' ' || {b} || ' ' || {c} || ' ' || {x}")
    };
    for statement in [
        "INSERT INTO backends (id, person_id, name, kind, url, added_at, approved_at, imported_at, exported_at)
         VALUES (1, 1, 'den', 'plex', 'http://a', 0, 1, 1, 1), (2, 1, 'attic', 'jellyfin', 'http://b', 0, 1, 1, 1),
                (3, 1, 'cellar', 'emby', 'http://c', 0, 1, 1, 1)"
            .to_owned(),
        format!("{numbers} INSERT INTO shows (id, name) SELECT x, {} FROM n WHERE x <= 4000", name("x")),
        format!(
            "{numbers} INSERT INTO titles (id, show_id, season, episode, name, year, appeared_at)
             SELECT x, iif(x % 5 = 0, NULL, 1 + (x / 50)), iif(x % 5 = 0, NULL, 1 + x % 50 / 10),
                    iif(x % 5 = 0, NULL, 1 + x % 10 + 10 * (x % 50 / 10)), {}, 1950 + x % 75, 1 FROM n",
            name("x")
        ),
        "INSERT INTO title_names (rowid, name, show)
         SELECT t.id, t.name, coalesce(w.name, '') FROM titles t LEFT JOIN shows w ON w.id = t.show_id"
            .to_owned(),
        format!(
            "{numbers} INSERT INTO states (person_id, title_id, watched, position, plays, decided_at, because)
             SELECT 1, x, x % 10 < 6, iif(x % 97 = 0, 600000, NULL), 1, 1700000000 + (x * 7919) % 9999991,
                    'watched' FROM n WHERE x % 10 < 7"
        ),
        format!(
            "{numbers} INSERT INTO items (backend_id, key, title_id, ids, facts_print, seen_watched,
                                          seen_position, seen_plays, print, because, duration_ms)
             SELECT b.id, 'k' || x, x, 'imdb:tt' || (1000000 + x), 1, x % 10 < 6 AND x % 1009 <> b.id,
                    iif(x % 97 = 0 AND x % 10 < 7, 600000, NULL), 1, 1, 'watched', 6000000
             FROM n CROSS JOIN backends b WHERE (x + b.id) % 20 <> 0"
        ),
        format!(
            "{numbers} INSERT INTO journal (at, run_id, person_id, title_id, backend_id, what, was, became, because)
             SELECT 1700000000 + x, 1 + x / 1000, 1, x, 1 + x % 3, iif(x % 3 = 0, 'told', 'took'),
                    'unwatched', 'watched', 'watched' FROM n"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
    }
}

async fn timed(window: &Window, name: &str, arguments: Value) -> Duration {
    let begun = Instant::now();
    window.ask(name, arguments).await;
    begun.elapsed()
}

fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 95 / 100]
}

#[tokio::test]
#[ignore = "measures: run it with --release on a quiet machine, and with --nocapture to see the numbers"]
async fn pages_of_two_hundred_thousand_titles() {
    let window = Window::open().await;
    let file = window.folder.path().join("data/watchstate.sqlite");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    fill(&mut connection).await;
    drop(connection);
    let titles = |filter: Value, from: i64| json!({ "filter": filter, "from": from, "size": 100 });
    let told = |what: &str, time: Duration| {
        println!("{what:40} {:7.1} ms", time.as_secs_f64() * 1000.0);
    };
    told("overview, cold", timed(&window, "overview", json!({})).await);
    told("overview", timed(&window, "overview", json!({})).await);
    told("list, cold", timed(&window, "titles", titles(json!({}), 0)).await);
    let mut all = Vec::new();
    for from in (0..TITLES).step_by(2_500) {
        all.push(timed(&window, "titles", titles(json!({}), from)).await);
    }
    told("scrolling, p95", p95(all.clone()));
    let mut typed = Vec::new();
    for text in [
        "t",
        "th",
        "the",
        "the ",
        "the n",
        "the ni",
        "the nig",
        "n",
        "ni",
        "night",
        "r",
        "riv",
        "river go",
        "golden",
        "l",
        "la",
        "last",
        "star",
        "s",
        "st",
        "house 1",
        "winter 19",
        "stone",
        "1",
        "12",
        "123",
        "1234",
        "12345",
        "mirror ocean",
        "zzz",
        "x",
        "ocean train shadow",
        "is",
        "island let",
        "m",
        "ma",
        "machine",
        "machine s",
        "g",
        "ga",
    ] {
        let time = timed(&window, "titles", titles(json!({ "text": text }), 0)).await;
        if time > Duration::from_millis(30) {
            told(&format!("  {text:?}"), time);
        }
        typed.push(time);
    }
    let typed = p95(typed);
    told("searching as one types, p95", typed);
    for (what, filter) in [
        ("movies", json!({ "kind": "movie" })),
        ("watched", json!({ "state": "watched" })),
        ("unwatched movies", json!({ "state": "unwatched", "kind": "movie" })),
        ("on den", json!({ "backend": 1 })),
        ("missing on attic", json!({ "missingOn": 2 })),
        ("differs", json!({ "differs": true })),
        ("differs and missing on attic", json!({ "differs": true, "missingOn": 2 })),
        ("river, watched", json!({ "text": "river", "state": "watched" })),
    ] {
        told(&format!("{what}, cold"), timed(&window, "titles", titles(filter.clone(), 0)).await);
        told(what, timed(&window, "titles", titles(filter, 100)).await);
    }
    let mut opened = Vec::new();
    for title in (1..TITLES).step_by(4_001) {
        opened.push(timed(&window, "title", json!({ "title": title })).await);
    }
    let opened = p95(opened);
    told("one title, p95", opened);
    let feed = |text: &str| json!({ "text": text, "from": 0, "size": 100 });
    told("journal", timed(&window, "journal", feed("")).await);
    told("journal of river", timed(&window, "journal", feed("river")).await);
    for (what, time) in [("scrolling", p95(all)), ("searching", typed), ("opening", opened)] {
        assert!(time <= Duration::from_millis(30), "{what} takes {time:?}");
    }
}
