//! `cargo xtask bench`: the measurements of docs/performance.md.

use std::path::Path;

use anyhow::Result;

use crate::command::{cargo, run};
use crate::setup::{self, Need};

/// Runs the measurements in a release build; the arguments go to the measuring program.
pub(crate) fn bench(root: &Path, arguments: &[String]) -> Result<()> {
    setup::require(root, &[Need::Compiler])?;
    run(cargo(&[
        "run",
        "--release",
        "--locked",
        "-p",
        "watchstate-testkit",
        "--bin",
        "bench",
        "--",
    ])
    .args(arguments))
}
