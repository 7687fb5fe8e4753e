//! Prepares what Tauri embeds: the permissions of the window, the icons, and the built page.

use std::path::Path;
use std::{fs, io};

/// The page that is embedded when nobody has built the real one. `xtask` knows it by its first line.
const NOT_BUILT: &str = include_str!("not-built.html");

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/not-built.html");
    // The page is read by a macro, which Cargo does not see: without this line a new page would not be
    // embedded until some Rust file changes.
    println!("cargo:rerun-if-changed=ui/dist");

    let page = Path::new("ui/dist/index.html");
    if !page.exists() {
        // Checks and tests of the workspace need no page, but the macro needs the folder.
        match put(page) {
            Ok(()) => println!(
                "cargo:warning=The page of the window is not built yet, so a stand-in is embedded. \
                 `cargo xtask run` builds it and starts the app."
            ),
            Err(error) => fail(&format!("cannot write {}: {error}", page.display())),
        }
    }

    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*.json");
    if let Err(error) = tauri_build::try_build(attributes) {
        fail(&format!("{error:#}"));
    }
}

fn put(page: &Path) -> io::Result<()> {
    if let Some(folder) = page.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(page, NOT_BUILT)
}

/// Ends the build with a sentence instead of the trace of a panic.
fn fail(why: &str) -> ! {
    println!("cargo:error={why}");
    std::process::exit(1);
}
