//! `cargo xtask bench`: the measurements of docs/performance.md.
//!
//! `bench window` measures the app itself, `bench realtime` how soon a mark is everywhere, `bench idle` what it
//! costs to listen while nothing happens, `bench undo` what taking a run back costs; all else is for imports and
//! exports.

use std::path::Path;

use anyhow::Result;

use crate::command::{cargo, run};
use crate::page;
use crate::setup::{self, Need};

/// Takes a debug build, to try a measurement: its figures say nothing.
const DEBUG: &str = "--debug";

/// Runs the measurements in a release build, unless `--debug` is among the arguments; the others go to the
/// measuring program.
pub(crate) fn bench(root: &Path, arguments: &[String]) -> Result<()> {
    if arguments == ["window"] {
        return window(root);
    }
    setup::require(root, &[Need::Compiler])?;
    let (debug, arguments): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| *argument == DEBUG);
    let mut words = vec!["run", "--locked", "-p", "watchstate-testkit", "--bin", "bench"];
    if debug.is_empty() {
        words.push("--release");
    }
    words.push("--");
    run(cargo(&words).args(arguments))
}

/// What the app costs while nothing happens, and how quickly it is there: a release build on a display of its
/// own, held to the limits of docs/performance.md.
fn window(root: &Path) -> Result<()> {
    setup::require(root, &[Need::Compiler, Need::Window, Need::Page, Need::Display])?;
    page::build_if_older(root)?;
    let words = ["test", "--release", "--locked", "-p", "watchstate", "--test", "cost"];
    run(cargo(&words).args(["--", "--nocapture", "--test-threads=1"]).env("SQLX_OFFLINE", "true"))
}
