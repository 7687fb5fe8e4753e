//! How SQLite goes about a page of a list: by its titles' numbers, never through a whole table.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use serde::Deserialize;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use watchstate_store::Store;

#[derive(Deserialize)]
struct Prepared {
    query: String,
}

#[tokio::test]
async fn a_page_costs_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("store.sqlite");
    Store::open(&file).await.unwrap().close().await;
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let all: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .map(|text| serde_json::from_str::<Prepared>(&text).unwrap().query)
        .collect();
    for (part, why) in [
        (
            "t.year, s.watched AS \"watched?: i64\", s.position AS \"position?: i64\"",
            "a page of titles",
        ),
        ("v.title_id AS \"title_id!: i64\", i.backend_id", "what their copies show"),
        ("i.id AS \"id!: i64\", i.backend_id AS \"backend_id!: i64\", i.key", "the copies of one"),
        (
            "WHERE j.title_id = ?1 AND j.person_id = ?2\n               ORDER BY j.id DESC",
            "its journal",
        ),
        ("i.title_id AS \"title_id!: i64\", i.duration_ms AS \"ms?", "what is being played"),
        ("FROM title_names\n               WHERE title_names MATCH ?1", "a search"),
    ] {
        let query =
            all.iter().find(|query| query.contains(part)).unwrap_or_else(|| panic!("{why}"));
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let plan = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        for step in &steps {
            let small = ["VIRTUAL TABLE", "SCAN v", "SCAN these", "SCAN b", "(subquery"];
            let whole = step.starts_with("SCAN") && !small.iter().any(|part| step.contains(part));
            assert!(!whole, "{why} goes through a whole table\n{query}\n{steps:#?}");
        }
    }
}
