//! Whether the packages hold what they should and nothing else, and whether what they install works.
//!
//! The .deb is installed into a folder of its own, started from there, and removed again; nothing of this
//! system is touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{Packages, sbom, start};
use crate::command::{answer, command, run, succeeds};

/// Every file of a package, and how `ls -l` shows its mode.
const FILES: &[(&str, &str)] = &[
    ("/usr/bin/watchstate", "-rwxr-xr-x"),
    (ENTRY, "-rw-r--r--"),
    ("/usr/share/doc/watchstate/copyright", "-rw-r--r--"),
    (NOTICES, "-rw-r--r--"),
    ("/usr/share/icons/hicolor/128x128/apps/watchstate.png", "-rw-r--r--"),
    ("/usr/share/icons/hicolor/256x256/apps/watchstate.png", "-rw-r--r--"),
    ("/usr/share/icons/hicolor/32x32/apps/watchstate.png", "-rw-r--r--"),
    ("/usr/share/icons/hicolor/512x512/apps/watchstate.png", "-rw-r--r--"),
    ("/usr/share/icons/hicolor/64x64/apps/watchstate.png", "-rw-r--r--"),
    ("/usr/share/icons/hicolor/scalable/apps/watchstate.svg", "-rw-r--r--"),
    (ABOUT, "-rw-r--r--"),
];

/// The licence texts of what others wrote.
const NOTICES: &str = "/usr/share/doc/watchstate/third-party.txt";
/// What the menu of the desktop reads.
const ENTRY: &str = "/usr/share/applications/watchstate.desktop";
/// What software centres read.
const ABOUT: &str = "/usr/share/metainfo/io.github.watchstate.desktop.metainfo.xml";

/// How many checks went how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

/// How a check ended that did not fail.
enum Ending {
    Fine,
    /// A program that it wants is not here.
    Skipped(&'static str),
}

impl Tally {
    /// Counts a check and says how it ended.
    fn count(&mut self, name: &str, ending: &Result<Ending>) {
        match ending {
            Ok(Ending::Fine) => {
                self.passed += 1;
                println!("  ok       {name}");
            }
            Ok(Ending::Skipped(why)) => {
                self.skipped += 1;
                println!("  SKIPPED  {name}: {why}");
            }
            Err(error) => {
                self.failed += 1;
                println!("  FAILED   {name}: {error:#}");
            }
        }
    }
}

/// Looks at all packages of this system. An error only where nothing could be looked at.
pub(super) fn check(packages: &Packages) -> Result<Tally> {
    println!("\nThe packages:");
    let mut tally = Tally::default();
    tally.count("the list of what is in the program", &list(packages));
    if !cfg!(target_os = "linux") {
        tally.count("the installer", &Ok(Ending::Skipped("only those of Linux are looked at")));
        return Ok(tally);
    }
    let (deb, rpm) = (packages.of(".deb")?, packages.of(".rpm")?);
    tally.count(".deb: its files, and nothing else", &files_of_deb(deb));
    tally.count(".deb: what it says of itself", &control(deb));
    tally.count(".rpm: its files, and nothing else", &files_of_rpm(rpm));
    tally.count(".rpm: what it says of itself", &header(rpm));

    let folder = packages.folder.join("check");
    let _ = fs::remove_dir_all(&folder);
    if succeeds(&["dpkg-deb", "--version"]) {
        installed(deb, &folder, &mut tally);
    } else {
        let without = Ok(Ending::Skipped("dpkg is not here"));
        tally.count("installed", &without);
    }
    // What a check complained of is worth a look, so it stays.
    if tally.failed == 0 {
        let _ = fs::remove_dir_all(&folder);
    }
    Ok(tally)
}

/// Checks what lies there once the .deb is installed, and that it goes away again.
fn installed(deb: &Path, folder: &Path, tally: &mut Tally) {
    let root = folder.join("root");
    let install = install(deb, &root);
    let is_there = install.is_ok();
    tally.count("installed into an empty system", &install);
    if !is_there {
        return;
    }
    tally.count("the entry of the menu", &entry(&root));
    tally.count("the page for software centres", &about(&root));
    tally.count("the texts of other people's licences", &notices(&root));
    tally.count("icons of the size that their folders say", &icons(&root));
    tally.count("starts in the tray, on login too, and ends when asked", &starts(&root, folder));
    tally.count("removed without a trace", &remove(&root));
}

fn list(packages: &Packages) -> Result<Ending> {
    let list: Value = serde_json::from_str(&fs::read_to_string(packages.of(".cdx.json")?)?)?;
    let flaws = sbom::flaws(&list);
    ensure!(flaws.is_empty(), "{}", flaws.join("; "));
    let names: Vec<_> = list["components"]
        .as_array()
        .context("it lists nothing")?
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    for inside in ["tauri", "tokio", "sqlx", "watchstate-engine", "svelte", "@tauri-apps/api"] {
        ensure!(names.contains(&inside), "{inside} is in the program and not listed");
    }
    for outside in ["xtask", "proptest", "insta", "vite", "@playwright/test"] {
        ensure!(!names.contains(&outside), "{outside} is listed and not in the program");
    }
    Ok(Ending::Fine)
}

fn files_of_deb(deb: &Path) -> Result<Ending> {
    let Some(text) = answer(&["dpkg-deb", "--contents", &deb.to_string_lossy()]) else {
        return absent("dpkg-deb");
    };
    // "-rw-r--r-- 0/0   1082 2026-11-23 20:14 usr/share/doc/watchstate/copyright"
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mode, owner, _, _, _, path] = words[..] else {
            bail!("a line that is not understood: {line}");
        };
        ensure!(matches!(owner, "0/0" | "root/root"), "{path} belongs to {owner}");
        if mode.starts_with('d') {
            ensure!(mode == "drwxr-xr-x", "the folder {path} is {mode}");
        } else {
            let path = format!("/{}", path.trim_start_matches("./").trim_start_matches('/'));
            files.insert(path, mode.to_owned());
        }
    }
    as_expected(&files)
}

fn files_of_rpm(rpm: &Path) -> Result<Ending> {
    let form = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\\n]";
    let Some(text) = answer(&["rpm", "-qp", "--qf", form, &rpm.to_string_lossy()]) else {
        return absent("rpm");
    };
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mode, owner, path] = words[..] else {
            bail!("a line that is not understood: {line}");
        };
        ensure!(owner == "root", "{path} belongs to {owner}");
        files.insert(path.to_owned(), mode.to_owned());
    }
    as_expected(&files)
}

fn as_expected(files: &BTreeMap<String, String>) -> Result<Ending> {
    let wanted: BTreeMap<String, String> =
        FILES.iter().map(|(path, mode)| ((*path).to_owned(), (*mode).to_owned())).collect();
    let missing: Vec<_> = wanted.keys().filter(|path| !files.contains_key(*path)).collect();
    let strange: Vec<_> = files.keys().filter(|path| !wanted.contains_key(*path)).collect();
    ensure!(missing.is_empty(), "missing: {missing:?}");
    ensure!(strange.is_empty(), "does not belong there: {strange:?}");
    for (path, mode) in files {
        ensure!(wanted.get(path) == Some(mode), "{path} is {mode}");
    }
    Ok(Ending::Fine)
}

/// A program did not answer: it is not here, or it refused the package.
fn absent(program: &str) -> Result<Ending> {
    match program {
        _ if succeeds(&[program, "--version"]) => bail!("{program} cannot read it"),
        "rpm" => Ok(Ending::Skipped("rpm is not here")),
        _ => Ok(Ending::Skipped("dpkg is not here")),
    }
}

fn control(deb: &Path) -> Result<Ending> {
    let Some(text) = answer(&["dpkg-deb", "--field", &deb.to_string_lossy()]) else {
        return absent("dpkg-deb");
    };
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .with_context(|| format!("it has no {name}"))
    };
    for (name, wanted) in [
        ("Package", "watchstate"),
        ("Version", env!("CARGO_PKG_VERSION")),
        ("Section", "video"),
        ("Priority", "optional"),
    ] {
        let told = field(name)?;
        ensure!(told == wanted, "{name} is {told}");
    }
    let needed: Vec<_> = field("Depends")?.split(", ").collect();
    for wanted in ["libwebkit2gtk-4.1-0", "libgtk-3-0", "libayatana-appindicator3-1"] {
        let times = needed.iter().filter(|one| **one == wanted).count();
        ensure!(times == 1, "{wanted} is needed, and is named {times} times");
    }
    ensure!(field("Recommends")?.starts_with("gnome-keyring"), "no keyring is recommended");
    ensure!(field("Homepage")?.starts_with("https://"), "its page is not one");
    for script in ["preinst", "postinst", "prerm", "postrm"] {
        let is_there = succeeds(&["dpkg-deb", "--info", &deb.to_string_lossy(), script]);
        ensure!(!is_there, "it runs a program of its own: {script}");
    }
    Ok(Ending::Fine)
}

fn header(rpm: &Path) -> Result<Ending> {
    let ask = |how: &[&str]| answer(&[&["rpm", "-qp"], how, &[&rpm.to_string_lossy()]].concat());
    let Some(told) = ask(&["--qf", "%{NAME} %{VERSION} %{LICENSE}"]) else {
        return absent("rpm");
    };
    let wanted = concat!("watchstate ", env!("CARGO_PKG_VERSION"), " MIT");
    ensure!(told == wanted, "it says of itself: {told}");
    let needed = ask(&["--requires"]).unwrap_or_default();
    for library in ["libwebkit2gtk-4.1.so.0", "libgtk-3.so.0", "libayatana-appindicator3.so.1"] {
        let times = needed.lines().filter(|line| line.starts_with(library)).count();
        ensure!(times == 1, "{library} is needed, and is named {times} times");
    }
    let recommended = ask(&["--recommends"]).unwrap_or_default();
    ensure!(recommended.contains("gnome-keyring"), "no keyring is recommended");
    ensure!(ask(&["--scripts"]).unwrap_or_default().is_empty(), "it runs programs of its own");
    Ok(Ending::Fine)
}

/// Installs as `dpkg -i` does, into a folder. Whoever is not root only unpacks.
fn install(deb: &Path, root: &Path) -> Result<Ending> {
    for folder in ["info", "parts", "triggers", "updates"] {
        fs::create_dir_all(root.join("var/lib/dpkg").join(folder))?;
    }
    fs::write(root.join("var/lib/dpkg/status"), "")?;
    if is_root() {
        // What the package depends on is not in that folder, and is not needed for looking at it. Small
        // images of Linux leave out documentation; here it counts.
        run(dpkg(root).args(["--force-depends", "--path-include=*", "--install"]).arg(deb))?;
    } else {
        run(command(&["dpkg-deb", "--extract"]).arg(deb).arg(root))?;
    }
    for (path, _) in FILES {
        ensure!(below(root, path).is_file(), "{path} is not there");
    }
    Ok(Ending::Fine)
}

fn remove(root: &Path) -> Result<Ending> {
    if !is_root() {
        return Ok(Ending::Skipped("only root can remove a package"));
    }
    run(dpkg(root).args(["--remove", "watchstate"]))?;
    let mut left = Vec::new();
    for entry in fs::read_dir(root)?.flatten() {
        // dpkg's own notes.
        if entry.file_name() != "var" {
            left.push(entry.path());
        }
    }
    ensure!(left.is_empty(), "this stayed: {left:?}");
    Ok(Ending::Fine)
}

fn dpkg(root: &Path) -> std::process::Command {
    let mut dpkg = command(&["dpkg"]);
    dpkg.arg(format!("--root={}", root.display()));
    dpkg.args(["--log=/dev/null", "--no-triggers"]);
    dpkg
}

fn is_root() -> bool {
    answer(&["id", "-u"]).as_deref() == Some("0")
}

/// Where a path of the installed system lies in the folder.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn entry(root: &Path) -> Result<Ending> {
    let file = below(root, ENTRY);
    let text = fs::read_to_string(&file)?;
    for line in [
        "Name=WatchState",
        "Exec=watchstate",
        "Icon=watchstate",
        "StartupWMClass=watchstate",
        "Categories=AudioVideo;Utility;",
        "Comment=Keeps watched marks the same on all your media servers",
    ] {
        ensure!(text.lines().any(|own| own == line), "`{line}` is not in it");
    }
    let file = file.to_string_lossy();
    if !succeeds(&["sh", "-c", "command -v desktop-file-validate"]) {
        return Ok(Ending::Skipped("desktop-file-validate is not here"));
    }
    ensure!(succeeds(&["desktop-file-validate", &file]), "desktop-file-validate refuses it");
    Ok(Ending::Fine)
}

fn about(root: &Path) -> Result<Ending> {
    let file = below(root, ABOUT);
    let text = fs::read_to_string(&file)?;
    let entry = Path::new(ENTRY).file_name().unwrap_or_default().to_string_lossy();
    let launches = format!("<launchable type=\"desktop-id\">{entry}</launchable>");
    ensure!(text.contains(&launches), "it does not name {entry}");
    if !succeeds(&["appstreamcli", "--version"]) {
        return Ok(Ending::Skipped("appstreamcli is not here"));
    }
    let file = file.to_string_lossy();
    ensure!(succeeds(&["appstreamcli", "validate", "--no-net", &file]), "appstreamcli refuses it");
    Ok(Ending::Fine)
}

fn notices(root: &Path) -> Result<Ending> {
    let text = fs::read_to_string(below(root, NOTICES))?;
    for inside in ["\ntauri 2.", "\nsqlx 0.", "\nsvelte 5.", "Permission is hereby granted"] {
        ensure!(text.contains(inside), "{:?} is not in it", inside.trim());
    }
    Ok(Ending::Fine)
}

fn icons(root: &Path) -> Result<Ending> {
    for (path, _) in FILES.iter().filter(|(path, _)| path.ends_with(".png")) {
        let bytes = fs::read(below(root, path))?;
        // A PNG begins with eight bytes of its own, then length and name of its first block, then two sizes.
        let number = |at: usize| -> Result<u32> {
            let four = bytes.get(at..at + 4).context("too short for a picture")?;
            Ok(u32::from_be_bytes(four.try_into()?))
        };
        ensure!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{path} is no PNG");
        let size = format!("/{}x{}/", number(16)?, number(20)?);
        ensure!(path.contains(&size), "{path} is of the size {size}");
    }
    Ok(Ending::Fine)
}

fn starts(root: &Path, folder: &Path) -> Result<Ending> {
    for (program, without) in [("Xvfb", "Xvfb is not here"), ("dbus-daemon", "D-Bus is not here")] {
        if !succeeds(&["sh", "-c", &format!("command -v {program}")]) {
            return Ok(Ending::Skipped(without));
        }
    }
    start::in_the_tray(&below(root, "/usr/bin/watchstate"), folder)?;
    Ok(Ending::Fine)
}
