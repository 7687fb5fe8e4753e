//! Tauri's own command line, which packs.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command::{command, run};
use crate::setup::TAURI;

/// From the npm registry, below the project.
const FOLDER: &str = "target/tools/tauri";
const SCRIPT: &str = "target/tools/tauri/node_modules/@tauri-apps/cli/tauri.js";

/// The command without its arguments.
///
/// npm has it built for most systems, which takes seconds. Where it is not to be had there, or not for this
/// system, Cargo builds the same version, which takes many minutes.
pub(crate) fn packer(root: &Path) -> Result<Command> {
    if let Some(own) = TAURI.found(root) {
        return Ok(command(&[&own.to_string_lossy()]));
    }
    let runs = || TAURI.is_told_by(&["node", SCRIPT, "--version"]);
    if !runs() {
        let package = format!("@tauri-apps/cli@{}", TAURI.version);
        let install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix"];
        std::fs::create_dir_all(root.join(FOLDER))?;
        if let Err(error) = run(command(&install).args([FOLDER, &package])) {
            eprintln!("{error:#}");
        }
    }
    if runs() {
        return Ok(command(&["node", SCRIPT]));
    }
    Ok(command(&[&TAURI.path(root)?.to_string_lossy()]))
}
