//! The history of a household that has used this for years: every filter finds what it should, page by page.
//! With `WATCHSTATE_TITLES=200000`, `--release` and `--nocapture` it says how long a window waits.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]
#![allow(clippy::print_stdout, reason = "what was measured is said")]

mod household;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use household::Window;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

/// How many titles there are.
fn titles() -> i64 {
    std::env::var("WATCHSTATE_TITLES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// What a household that has used this for years would have.
async fn fill(connection: &mut SqliteConnection, titles: i64) {
    let words =
        "'the','night','of','river','golden','last','star','house','winter','stone','empire',
                 'garden','silent','machine','island','letter','shadow','train','ocean','mirror'";
    let numbers = format!(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {titles})"
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

struct Watch<'a> {
    window: &'a Window,
    titles: i64,
}

impl Watch<'_> {
    /// The answer, and how long it took.
    async fn ask(&self, name: &str, arguments: Value) -> (Value, Duration) {
        let begun = Instant::now();
        let answer = self.window.ask(name, arguments).await;
        (answer, begun.elapsed())
    }

    /// A page of titles, cold and warm.
    async fn filtered(&self, what: &str, filter: Value, wanted: impl Fn(i64) -> bool) {
        let page = json!({ "filter": filter, "from": 0, "size": 100 });
        let (_, cold) = self.ask("titles", page.clone()).await;
        let (answer, warm) = self.ask("titles", page).await;
        told(&format!("{what}, cold"), cold);
        told(what, warm);
        let total = (1..=self.titles).filter(|title| wanted(*title)).count();
        assert_eq!(answer["total"].as_u64(), Some(total as u64), "{what}");
        for row in answer["rows"].as_array().unwrap() {
            assert!(wanted(row["id"].as_i64().unwrap()), "{what}: {row}");
        }
    }
}

fn told(what: &str, time: Duration) {
    println!("{what:40} {:7.1} ms", time.as_secs_f64() * 1000.0);
}

fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 95 / 100]
}

#[tokio::test]
async fn every_filter_and_every_page() {
    let window = Window::open().await;
    let titles = titles();
    let file = window.folder.path().join("data/watchstate.sqlite");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    fill(&mut connection, titles).await;
    drop(connection);
    let watch = Watch { window: &window, titles };
    told("overview, cold", watch.ask("overview", json!({})).await.1);
    told("overview", watch.ask("overview", json!({})).await.1);

    // Scrolling: each title once, the latest change first.
    let mut seen = HashSet::new();
    let mut times = Vec::new();
    let mut before = i64::MAX;
    for from in (0..titles).step_by(100) {
        let page = json!({ "filter": {}, "from": from, "size": 100 });
        let (page, time) = watch.ask("titles", page).await;
        times.push(time);
        for row in page["rows"].as_array().unwrap() {
            assert!(seen.insert(row["id"].as_i64().unwrap()), "twice: {row}");
            let changed = row["changedAt"].as_i64().unwrap_or(i64::MIN);
            assert!(changed <= before, "out of order: {row}");
            before = changed;
        }
    }
    assert_eq!(i64::try_from(seen.len()).unwrap(), titles, "none is left out");
    told("scrolling, p95", p95(times));

    let has = |title: i64, backend: i64| (title + backend) % 20 != 0;
    let watched = |title: i64| title % 10 < 6;
    let movie = |title: i64| title % 5 == 0;
    let differs =
        |title: i64| (1..=3).any(|b| has(title, b) && watched(title) && title % 1009 == b);
    watch.filtered("all", json!({}), |_| true).await;
    watch.filtered("movies", json!({ "kind": "movie" }), movie).await;
    watch.filtered("watched", json!({ "state": "watched" }), watched).await;
    let begun = |title: i64| title % 10 == 6 && title % 97 == 0;
    watch.filtered("begun", json!({ "state": "started" }), begun).await;
    let unwatched = json!({ "state": "unwatched", "kind": "movie" });
    watch.filtered("unwatched movies", unwatched, |t| movie(t) && !watched(t) && !begun(t)).await;
    watch.filtered("on den", json!({ "backend": 1 }), |t| has(t, 1)).await;
    watch.filtered("missing on attic", json!({ "missingOn": 2 }), |t| !has(t, 2)).await;
    watch.filtered("differs", json!({ "differs": true }), differs).await;
    let both = json!({ "differs": true, "missingOn": 2 });
    watch.filtered("differs, missing on attic", both, |t| differs(t) && !has(t, 2)).await;
    let numbered = json!({ "text": "1234" });
    let is_1234 = |t: i64| t.to_string().starts_with("1234");
    // The numbers of the series are searched too.
    let of_show = |t: i64| !movie(t) && is_1234(1 + t / 50);
    watch.filtered("1234", numbered, |t| is_1234(t) || of_show(t)).await;

    let mut times = Vec::new();
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
        let page = json!({ "filter": { "text": text }, "from": 0, "size": 100 });
        times.push(watch.ask("titles", page).await.1);
    }
    told("searching as one types, p95", p95(times));
    let mut times = Vec::new();
    for title in (1..=titles).step_by(37).take(50) {
        let (answer, time) = watch.ask("title", json!({ "title": title })).await;
        let here = (1..=3).filter(|backend| has(title, *backend)).count();
        assert_eq!(answer["copies"].as_array().unwrap().len(), here);
        times.push(time);
    }
    told("one title, p95", p95(times));
    for text in ["", "river"] {
        let page = json!({ "text": text, "from": 0, "size": 100 });
        told(&format!("journal {text:?}"), watch.ask("journal", page).await.1);
    }
}
