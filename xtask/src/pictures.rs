//! `cargo xtask pictures`: the pictures of docs/guide/window.md, taken of the real window.

use std::path::Path;

use anyhow::Result;

use crate::command::{cargo, run};
use crate::setup::{self, Need};
use crate::{only_known, page};

/// Walks through the window as its test does, and keeps a picture of each view, light and dark.
pub(crate) fn pictures(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &[])?;
    let needs = [Need::Compiler, Need::Window, Need::Page, Need::Display, Need::Keyring];
    setup::require(root, &needs)?;
    page::build_if_older(root)?;
    run(cargo(&["test", "--locked", "--workspace", "--test", "window"])
        .env("SQLX_OFFLINE", "true")
        .env("WATCHSTATE_PICTURES", root.join("docs/guide/pictures/window")))
}
