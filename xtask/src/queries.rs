//! The committed description of every query (`.sqlx`), which lets the project be built without a
//! database at hand.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{command, run};
use crate::only_known;
use crate::setup::{self, Need, SQLX};

const MIGRATIONS: &str = "crates/store/migrations";

/// `cargo xtask queries`: writes the descriptions anew.
pub(crate) fn write(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &[])?;
    prepare(root, &[])
}

/// Fails when a query, a migration or a description changed without the others.
pub(crate) fn check(root: &Path) -> Result<()> {
    prepare(root, &["--check"])
        .context("if only .sqlx is old, `cargo xtask queries` writes it anew")
}

fn prepare(root: &Path, how: &[&str]) -> Result<()> {
    setup::require(root, &[Need::Compiler])?;
    let sqlx = SQLX.path(root)?;
    let url = fresh_database(root, &sqlx)?;
    run(command(&[&sqlx.to_string_lossy(), "sqlx", "prepare", "--workspace"])
        .args(how)
        .args(["--", "-p", "watchstate-store", "--all-targets"])
        .env("DATABASE_URL", url))
}

/// A database with nothing in it but what the migrations make. Its address.
fn fresh_database(root: &Path, sqlx: &Path) -> Result<String> {
    let folder = root.join("target/queries");
    // What an earlier run left may be of other migrations.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let file: PathBuf = folder.join("schema.db");
    let Some(file) = file.to_str() else {
        bail!("the path of the project is not plain text, which a database address has to be");
    };
    let url = format!("sqlite://{file}");
    let sqlx = sqlx.to_string_lossy();
    run(command(&[&sqlx, "sqlx", "database", "create"]).env("DATABASE_URL", &url))?;
    run(command(&[&sqlx, "sqlx", "migrate", "run", "--source", MIGRATIONS])
        .env("DATABASE_URL", &url))?;
    Ok(url)
}
