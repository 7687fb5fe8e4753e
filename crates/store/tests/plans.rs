//! How SQLite goes about the statements that take a page apart.
//!
//! A page must be gone through once, each entry leading to its rows by an index. The other way round, where
//! the page is read anew for every row of a table, gives the same answers and is quadratic: nothing but a
//! large library shows it.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use serde::Deserialize;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use watchstate_store::Store;

#[derive(Deserialize)]
struct Prepared {
    query: String,
}

/// The statements of this project, as they are prepared.
fn statements() -> impl Iterator<Item = String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");
    std::fs::read_dir(folder).unwrap().map(|entry| {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let Prepared { query } = serde_json::from_str(&text).unwrap();
        query
    })
}

/// What happened outside of runs has one number of a run, 0: found by that alone, it is all that live changes
/// did in three months.
#[tokio::test]
async fn a_line_of_the_journal_finds_its_change_by_title_or_by_item() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("store.sqlite");
    Store::open(&file).await.unwrap().close().await;
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let mut seen = 0;
    for query in statements() {
        if !query.contains("journal j") || !query.contains("changes c") {
            continue;
        }
        seen += 1;
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let plan = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
        for step in plan.iter().map(|step| step.get::<String, _>("detail")) {
            assert!(!step.contains("changes_by_run (run_id=?)"), "{query}\n{step}");
        }
    }
    assert!(seen > 0, "this statement is prepared in .sqlx");
}

/// Whether a step of a plan may find more than one row.
fn is_loop(step: &str) -> bool {
    step.starts_with("SCAN")
        || step.starts_with("SEARCH") && !step.contains("USING INTEGER PRIMARY KEY (rowid=?)")
}

#[tokio::test]
async fn pages_are_gone_through_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("store.sqlite");
    Store::open(&file).await.unwrap().close().await;
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let mut seen = 0;
    for query in statements() {
        if !query.contains("json_each") && !query.contains("jsonb_each") {
            continue;
        }
        seen += 1;
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let plan = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
        let steps: Vec<(i64, String)> =
            plan.iter().map(|step| (step.get("parent"), step.get("detail"))).collect();
        for (place, (parent, step)) in steps.iter().enumerate() {
            let is_inner = step.contains("VIRTUAL TABLE")
                && steps[..place].iter().any(|(other, before)| other == parent && is_loop(before));
            assert!(!is_inner, "the page is read anew for every row in\n{query}\n{steps:#?}");
        }
    }
    assert!(seen > 20, "these statements are prepared in .sqlx");
}
