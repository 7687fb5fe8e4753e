//! `cargo xtask run`: the app with its page.

use std::path::Path;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::page;
use crate::setup::{self, Need};

/// Builds the page if it is older than its sources, then builds and starts the app.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    setup::require(root, &[Need::Compiler, Need::Window, Need::Page])?;
    page::build_if_older(root)?;
    command::run(cargo(&["run", "-p", "watchstate"]).args(arguments))
}
