//! `cargo xtask demo`: three sample servers are brought to agree before one's eyes.

use std::path::Path;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::setup::{self, Need};
use crate::{only_known, page};

/// Runs the demo in the window; with `--headless`, and where there is no display, in the terminal.
///
/// A debug build: it is made in a third of the time of a release build, shares its parts with the tests,
/// and some hundred titles are no work.
pub(crate) fn demo(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &["--headless", "--with-kodi"])?;
    let has = |name: &str| arguments.iter().any(|argument| argument == name);

    if !has("--headless") && !has("--with-kodi") && has_display() {
        return window(root);
    }
    let mut words = vec!["run", "-p", "watchstate-cli", "--", "demo"];
    let mut needs = vec![Need::Compiler];
    if has("--with-kodi") {
        needs.push(Need::Kodi);
        words.push("--with-kodi");
    }
    setup::require(root, &needs)?;
    command::run(&mut cargo(&words))?;

    if !has("--headless") && !has_display() {
        println!(
            "\nThere is no display, so that was the demo in the terminal, without the window."
        );
    }
    Ok(())
}

/// The demo in the window, on a data folder of its own.
fn window(root: &Path) -> Result<()> {
    println!("The demo in the window. Quit in the tray's menu, or Ctrl-C here, ends it.");
    setup::require(root, &[Need::Compiler, Need::Window, Need::Page])?;
    page::build_if_older(root)?;
    let data = root.join("target/demo/window");
    let mut app = cargo(&["run", "-p", "watchstate", "--", "--demo"]);
    command::run(app.env("WS_DATA_PATH", data))
}

/// Whether a window can be shown.
fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
