//! `cargo xtask bundle`: the packages that people install, and beside them the list of what is in them.
//!
//! Linux: .deb and .rpm; macOS: .app and .dmg; Windows: an installer. The packing is Tauri's own, and what goes
//! into a package is said in `tauri.conf.json` and, for Linux, in `tauri.linux.conf.json`.

mod check;
mod notices;
mod packer;
mod sbom;
mod start;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

pub(crate) use check::Tally;
pub(crate) use packer::packer;

use crate::command::{answer, cargo, command, run, succeeds};
use crate::setup::{self, Need};
use crate::{only_known, page};

/// How the program inside is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Profile {
    /// As it is given to people.
    Release,
    /// As the tests have built it already: to look at the packages, not to give away.
    Debug,
}

impl Profile {
    /// The folder below `target`.
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }
}

/// What was made.
struct Packages {
    /// Where all of it lies.
    folder: PathBuf,
    /// The packages, and the list of what is in them.
    files: Vec<PathBuf>,
}

impl Packages {
    /// The one file with an ending.
    fn of(&self, ending: &str) -> Result<&Path> {
        let mut found =
            self.files.iter().filter(|file| file.to_string_lossy().ends_with(ending)).peekable();
        let one = found.next().with_context(|| format!("no {ending} was made"))?;
        if found.peek().is_some() {
            bail!("more than one {ending} was made");
        }
        Ok(one)
    }
}

/// Builds page and app, packs them, and says what was made; with `--check` looks at it too.
pub(crate) fn bundle(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &["--debug", "--no-build", "--check"])?;
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let profile = if has("--debug") { Profile::Debug } else { Profile::Release };

    setup::require(root, &[Need::Compiler, Need::Window, Need::Page])?;
    let packages = make(root, profile, !has("--no-build"))?;
    println!();
    for file in &packages.files {
        println!("{:>9.1} MiB  {}", size(file)? as f64 / 1024.0 / 1024.0, file.display());
    }
    if has("--check") {
        let tally = check::check(&packages)?;
        if tally.failed > 0 {
            bail!("the packages are not as they should be");
        }
    }
    Ok(())
}

/// What `cargo xtask test` looks at: packages of the program which the tests have built.
pub(crate) fn check_debug_packages(root: &Path) -> Result<Tally> {
    check::check(&make(root, Profile::Debug, true)?)
}

fn make(root: &Path, profile: Profile, build: bool) -> Result<Packages> {
    let metadata = metadata()?;
    let target = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    let target = PathBuf::from(target);
    if build {
        page::build_if_older(root)?;
        let mut cargo = match profile {
            Profile::Release => {
                cargo(&["build", "--locked", "--workspace", "--release", "--bin", "watchstate"])
            }
            Profile::Debug => cargo(crate::test::AS_THE_TESTS),
        };
        run(cargo.env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL"))?;
    }
    let folder = target.join("bundle").join(profile.folder());
    // What an earlier version left would be taken for one of this.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;

    let staging = target.join("bundle/staging");
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(&staging)?;
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("no Cargo.lock")?;
    let page = fs::read_to_string(root.join("ui/package-lock.json")).context("no package-lock")?;
    let page = serde_json::from_str(&page)?;
    let list = sbom::sbom(&metadata, &lock, &page)?;
    let others = staging.join(notices::FILE);
    fs::write(&others, notices::notices(&list, &metadata, &page, &root.join("ui"))?)?;

    let mut files = pack(root, profile, &others, &staging, &target, &folder)?;
    // Some hundred megabytes that nobody needs again.
    let _ = fs::remove_dir_all(&staging);

    let version = list["metadata"]["component"]["version"].as_str().unwrap_or_default();
    let file = folder.join(format!("watchstate-{version}.cdx.json"));
    fs::write(&file, format!("{list:#}\n"))?;
    files.push(file);
    Ok(Packages { folder, files })
}

/// Lets Tauri pack the program, and moves what came out of it into one folder.
///
/// It packs a copy: Tauri writes into the program that it packs. The copy has no debug information, which
/// would make packages of a debug build ten times as large.
fn pack(
    root: &Path,
    profile: Profile,
    others: &Path,
    staging: &Path,
    target: &Path,
    into: &Path,
) -> Result<Vec<PathBuf>> {
    let program = format!("watchstate{}", std::env::consts::EXE_SUFFIX);
    let built = target.join(profile.folder()).join(&program);
    let staged = staging.join(profile.folder());
    fs::create_dir_all(&staged)?;
    fs::copy(&built, staged.join(&program))
        .with_context(|| format!("{} is not built", built.display()))?;
    if cfg!(target_os = "linux") && succeeds(&["strip", "--version"]) {
        run(command(&["strip", "--strip-debug"]).arg(staged.join(&program)))?;
    }
    let formats = if cfg!(target_os = "macos") {
        "app,dmg"
    } else if cfg!(windows) {
        "nsis"
    } else {
        "deb,rpm"
    };
    let mut tauri = packer(root)?;
    tauri.args(["bundle", "--ci", "--bundles", formats]);
    // Without the updater nobody reads which kind of package a program came in.
    tauri.arg("--no-binary-patching");
    if profile == Profile::Debug {
        tauri.arg("--debug");
    }
    tauri.args(["--config", &with_notices(others).to_string()]);
    run(tauri.env("CARGO_TARGET_DIR", staging))?;

    let mut files = Vec::new();
    for format in fs::read_dir(staged.join("bundle")).context("nothing was packed")?.flatten() {
        for entry in fs::read_dir(format.path())?.flatten() {
            let name = entry.file_name();
            let is = |ending: &&str| Path::new(&name).extension().is_some_and(|own| own == *ending);
            if ["deb", "rpm", "app", "dmg", "exe"].iter().any(is) {
                let file = into.join(&name);
                fs::rename(entry.path(), &file)?;
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What is added to `tauri.conf.json`: the texts of [`notices`], which are made anew for each package.
fn with_notices(file: &Path) -> Value {
    let file = file.to_string_lossy();
    if !cfg!(target_os = "linux") {
        return json!({"bundle": {"resources": {&*file: notices::FILE}}});
    }
    let place = format!("/usr/share/doc/watchstate/{}", notices::FILE);
    let files = json!({"files": {place: file}});
    json!({"bundle": {"linux": {"deb": &files, "rpm": &files}}})
}

/// What Cargo knows of the project and of everything that it is built from on this system.
fn metadata() -> Result<Value> {
    let about = answer(&["rustc", "-vV"]).context("rustc does not say what it is")?;
    let host = about
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say for which system it builds")?;
    let output =
        cargo(&["metadata", "--locked", "--format-version", "1", "--filter-platform", host])
            .output()
            .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The bytes of a file, or of everything in a folder.
fn size(path: &Path) -> Result<u64> {
    let about = fs::symlink_metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        sum += size(&entry?.path())?;
    }
    Ok(sum)
}
