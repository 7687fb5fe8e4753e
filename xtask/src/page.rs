//! The page of the window: Svelte in `ui/`, built to `ui/dist`, which the app embeds.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::command::{command, run};

/// The first line of the stand-in that `src-tauri/build.rs` writes where no page was built.
const NOT_BUILT: &str = "<!-- watchstate: page not built -->";

/// What the built page is made from. A folder counts with everything in it.
const SOURCES: &[&str] = &[
    "src",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// Installs the page's packages, unless they are those of the lock file already.
pub(crate) fn install(root: &Path) -> Result<()> {
    let ui = root.join("ui");
    let installed = modified(&ui.join("node_modules/.package-lock.json"));
    let wanted = modified(&ui.join("package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    npm(root, &["ci", "--no-audit", "--no-fund"])
}

/// Builds the page.
pub(crate) fn build(root: &Path) -> Result<()> {
    npm(root, &["run", "build"])
}

/// Builds the page if one of its sources is newer than it.
pub(crate) fn build_if_older(root: &Path) -> Result<()> {
    if is_current(&root.join("ui")) {
        return Ok(());
    }
    install(root)?;
    build(root)
}

/// Runs npm in the page's folder.
pub(crate) fn npm(root: &Path, arguments: &[&str]) -> Result<()> {
    run(command(&["npm"]).args(arguments).current_dir(root.join("ui")))
        .context("the page of the window could not be built")
}

fn is_current(ui: &Path) -> bool {
    let page = ui.join("dist/index.html");
    let (Some(built), Ok(text)) = (modified(&page), fs::read_to_string(&page)) else {
        return false;
    };
    !text.starts_with(NOT_BUILT)
        && SOURCES
            .iter()
            .filter_map(|source| newest(&ui.join(source)))
            .all(|source| source <= built)
}

/// The time of the newest file at or under a path.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = modified(path)?;
    let Ok(entries) = fs::read_dir(path) else {
        return Some(own);
    };
    // A folder's own time tells of files that were removed from it.
    entries.flatten().filter_map(|entry| newest(&entry.path())).chain([own]).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    /// A folder below the build's own that is gone when the test ends.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("src/views")).unwrap();
            fs::create_dir_all(path.join("dist")).unwrap();
            Self(path)
        }

        /// Writes a file as if it had been written at a time, in seconds after 1970.
        fn put(&self, name: &str, text: &str, at: u64) {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            self.date(name, at);
        }

        fn date(&self, name: &str, at: u64) {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
            File::open(self.0.join(name)).unwrap().set_modified(at).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_page_is_built_again_only_when_a_source_is_newer() {
        let ui = Folder::new("page");
        assert!(!is_current(&ui.0), "there is none yet");
        ui.put("src/views/a.svelte", "", 100);
        ui.put("index.html", "", 100);
        for folder in ["src/views", "src"] {
            ui.date(folder, 100);
        }
        ui.put("dist/index.html", "<!doctype html>", 200);
        assert!(is_current(&ui.0), "newer than all its sources");
        ui.put("src/views/a.svelte", "", 300);
        assert!(!is_current(&ui.0), "a source deep below was changed after it");
        ui.put("src/views/a.svelte", "", 100);
        ui.date("src/views", 300);
        assert!(!is_current(&ui.0), "a source was removed after it");
        ui.date("src/views", 100);
        ui.put("dist/index.html", &format!("{NOT_BUILT}\n"), 400);
        assert!(!is_current(&ui.0), "the stand-in is no page");
    }

    #[test]
    fn the_stand_in_is_known_by_its_first_line() {
        let stand_in = include_str!("../../src-tauri/not-built.html");
        assert!(stand_in.starts_with(NOT_BUILT));
    }
}
