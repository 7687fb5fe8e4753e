//! `cargo xtask demo`: three sample servers are brought to agree before one's eyes.

use std::path::Path;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::setup::{self, Need};
use crate::{only_known, run};

/// Runs the demo of `watchstate-cli`, and shows the window as well where there is a display.
///
/// A debug build: it is made in a third of the time of a release build, shares its parts with the tests,
/// and some hundred titles are no work.
pub(crate) fn demo(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &["--headless", "--with-kodi"])?;
    let has = |name: &str| arguments.iter().any(|argument| argument == name);

    let mut words = vec!["run", "-p", "watchstate-cli", "--", "demo"];
    let mut needs = vec![Need::Compiler];
    if has("--with-kodi") {
        needs.push(Need::Kodi);
        words.push("--with-kodi");
    }
    setup::require(root, &needs)?;
    command::run(&mut cargo(&words))?;

    if has("--headless") {
        return Ok(());
    }
    if !has_display() {
        println!(
            "\nThere is no display, so that was the demo in the terminal, without the window."
        );
        return Ok(());
    }
    println!("\nThe window follows; it has only its first page so far. Closing it ends the demo.");
    run::run(root, &[])
}

/// Whether a window can be shown.
fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
