//! `cargo xtask pictures`: the pictures of the guide. Those of docs/guide/window.md are of the real window, those
//! that its other pages talk about are of the page on a sample household.

use std::path::Path;

use anyhow::Result;

use crate::command::{cargo, command, run};
use crate::setup::{self, Need};
use crate::{only_known, page};

/// Walks through the window as its test does, and keeps a picture of each view, light and dark; then takes those of
/// the sample household.
pub(crate) fn pictures(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &[])?;
    let needs =
        [Need::Compiler, Need::Window, Need::Page, Need::Display, Need::Keyring, Need::Browser];
    setup::require(root, &needs)?;
    page::build_if_older(root)?;
    run(cargo(&["test", "--locked", "--workspace", "--test", "window"])
        .env("SQLX_OFFLINE", "true")
        .env("WATCHSTATE_PICTURES", root.join("docs/guide/pictures/window")))?;
    let mut guide = command(&["npm", "run", "pictures:guide"]);
    if let Some(chromium) = setup::chromium() {
        guide.env("WATCHSTATE_CHROMIUM", chromium);
    }
    run(guide.current_dir(root.join("ui")))
}
