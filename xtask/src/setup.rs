//! `cargo xtask setup`, and what every other task calls first: finding out what is missing and
//! installing it.
//!
//! Nothing is installed behind anyone's back. What is missing is named; a person is asked; root and CI
//! (`CI=true`) are taken as having said yes. What does not come from the system's packages lands in
//! `target/tools`, never in the home of the user.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::command::{OWN_NODE, agreed, answer, can_ask, cargo, command, run, succeeds, words};
use crate::{bundle, only_known, page};

/// Something that a task cannot do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// A C compiler: SQLite and the cryptography of TLS are built from source.
    Compiler,
    /// The web view and what is around it, to build the window.
    Window,
    /// Node and npm, to build the page.
    Page,
    /// A display that nobody sees, for tests of the window.
    Display,
    /// A genuine Kodi and a display for it.
    Kodi,
    /// Python that can make an environment of its own, for tests with other people's clients.
    Python,
    /// A Secret Service and a bus for it, for tests of the keyring.
    Keyring,
    /// A browser that nobody sees, for tests of the page.
    Browser,
    /// What looks at packages: those who read them, and those who read what is in them.
    Packages,
    /// A C++ compiler: libFuzzer is built from source.
    Fuzzer,
}

impl Need {
    const ALL: [Self; 10] = [
        Self::Compiler,
        Self::Window,
        Self::Page,
        Self::Display,
        Self::Kodi,
        Self::Python,
        Self::Keyring,
        Self::Browser,
        Self::Packages,
        Self::Fuzzer,
    ];

    /// What it is called towards people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Compiler => "a C compiler",
            Self::Window => "the web view of the system (WebKitGTK) with its headers",
            Self::Page => "Node.js 20.19 or newer, with npm",
            Self::Display => "a virtual display (Xvfb) and a driver for the web view",
            Self::Kodi => "Kodi, with a virtual display for it",
            Self::Python => "Python 3 with venv",
            Self::Browser => "the browser Chromium",
            Self::Keyring => "a keyring (gnome-keyring) and a session bus for it",
            Self::Packages => "what looks at packages (rpm, dpkg, desktop-file-utils, appstream)",
            Self::Fuzzer => "a C++ compiler",
        }
    }

    /// Whether it is there already, found out by using it rather than by asking for a package.
    pub(crate) fn is_met(self) -> bool {
        let linux = cfg!(target_os = "linux");
        match self {
            // With Rust for Windows comes the linker that it needs.
            Self::Compiler => cfg!(windows) || succeeds(&["cc", "--version"]),
            Self::Window => {
                let libraries = ["webkit2gtk-4.1", "librsvg-2.0", "ayatana-appindicator3-0.1"];
                let found = |library: &&str| succeeds(&["pkg-config", "--exists", "--", *library]);
                !linux || libraries.iter().all(found)
            }
            Self::Page => {
                succeeds(&["npm", "--version"])
                    && answer(&["node", "--version"]).is_some_and(|version| new_enough(&version))
            }
            Self::Display => {
                !linux
                    || (succeeds(&["xvfb-run", "--help"])
                        && succeeds(&["WebKitWebDriver", "--help"]))
            }
            Self::Kodi => {
                succeeds(&["sh", "-c", "command -v kodi-standalone || command -v kodi"])
                    && (!linux || succeeds(&["sh", "-c", "command -v Xvfb"]))
            }
            Self::Python => succeeds(&["python3", "-c", "import ensurepip, venv"]),
            Self::Browser => chromium().is_some(),
            Self::Keyring => {
                !linux || are_there(&["dbus-daemon", "dbus-send", "gnome-keyring-daemon"])
            }
            Self::Packages => {
                let readers = ["dpkg-deb", "rpm", "desktop-file-validate", "appstreamcli"];
                !linux || (are_there(&readers) && are_there(&["Xvfb", "dbus-daemon"]))
            }
            Self::Fuzzer => succeeds(&["c++", "--version"]),
        }
    }

    /// The packages that bring it.
    fn packages(self, source: Source) -> &'static [&'static str] {
        match (self, source) {
            (Self::Compiler, Source::Apt) => &["build-essential", "pkg-config"],
            (Self::Compiler, Source::Dnf) => &["gcc", "gcc-c++", "make", "pkgconf-pkg-config"],
            (Self::Compiler, Source::Pacman) => &["base-devel"],
            (Self::Window, Source::Apt) => &[
                "libwebkit2gtk-4.1-dev",
                "libayatana-appindicator3-dev",
                "librsvg2-dev",
                "libxdo-dev",
                "pkg-config",
            ],
            (Self::Window, Source::Dnf) => &[
                "webkit2gtk4.1-devel",
                "libayatana-appindicator-gtk3-devel",
                "librsvg2-devel",
                "libxdo-devel",
                "pkgconf-pkg-config",
            ],
            (Self::Window, Source::Pacman) => {
                &["webkit2gtk-4.1", "libayatana-appindicator", "librsvg", "xdotool"]
            }
            (Self::Page, Source::Brew) => &["node"],
            (Self::Page, _) => &["nodejs", "npm"],
            (Self::Display, Source::Apt) => &["xvfb", "xauth", "webkit2gtk-driver", "imagemagick"],
            (Self::Display, Source::Dnf) => {
                &["xorg-x11-server-Xvfb", "xorg-x11-xauth", "webkit2gtk-driver", "ImageMagick"]
            }
            (Self::Display, Source::Pacman) => &["xorg-server-xvfb", "xorg-xauth", "imagemagick"],
            (Self::Kodi, Source::Apt) => &["kodi", "xvfb", "xauth"],
            (Self::Kodi, Source::Dnf) => &["kodi", "xorg-x11-server-Xvfb", "xorg-x11-xauth"],
            (Self::Kodi, Source::Pacman) => &["kodi-x11", "xorg-server-xvfb", "xorg-xauth"],
            (Self::Python, Source::Apt) => &["python3", "python3-venv"],
            (Self::Python, Source::Dnf | Source::Brew) => &["python3"],
            (Self::Python, Source::Pacman) => &["python"],
            (Self::Browser, Source::Brew) => &[],
            (Self::Browser, _) => &["chromium"],
            (Self::Keyring, Source::Apt | Source::Pacman) => &["gnome-keyring", "dbus"],
            (Self::Keyring, Source::Dnf) => &["gnome-keyring", "dbus-daemon", "dbus-tools"],
            (Self::Packages, Source::Apt) => {
                &["rpm", "dpkg", "desktop-file-utils", "appstream", "xvfb", "dbus"]
            }
            (Self::Packages, Source::Dnf) => &[
                "rpm",
                "dpkg",
                "desktop-file-utils",
                "appstream",
                "xorg-x11-server-Xvfb",
                "dbus-daemon",
            ],
            (Self::Packages, Source::Pacman) => &[
                "rpm-tools",
                "dpkg",
                "desktop-file-utils",
                "appstream",
                "xorg-server-xvfb",
                "dbus",
            ],
            (Self::Fuzzer, Source::Apt) => &["g++"],
            (Self::Fuzzer, Source::Dnf) => &["gcc-c++"],
            (Self::Fuzzer, Source::Pacman) => &["gcc"],
            (
                Self::Compiler
                | Self::Window
                | Self::Display
                | Self::Kodi
                | Self::Keyring
                | Self::Packages
                | Self::Fuzzer,
                Source::Brew,
            ) => &[],
        }
    }
}

/// Whether all of these programs are on the search path.
fn are_there(programs: &[&str]) -> bool {
    programs.iter().all(|program| succeeds(&["sh", "-c", &format!("command -v {program}")]))
}

/// The browser Chromium, under whatever name it is installed.
pub(crate) fn chromium() -> Option<String> {
    let names = "command -v chromium || command -v chromium-browser || command -v google-chrome";
    answer(&["sh", "-c", names]).map(|path| path.trim().to_owned()).filter(|path| !path.is_empty())
}

/// Where the packages of a system come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    Apt,
    Dnf,
    Pacman,
    Brew,
}

impl Source {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Apt, "apt-get"),
        (Self::Dnf, "dnf"),
        (Self::Pacman, "pacman"),
        (Self::Brew, "brew"),
    ];

    fn of_this_system() -> Option<Self> {
        Self::ALL.into_iter().find(|(_, tool)| succeeds(&[tool, "--version"])).map(|(own, _)| own)
    }

    /// The commands that install packages, in order.
    fn commands(self, packages: &[&'static str]) -> Vec<Vec<&'static str>> {
        // Another run of apt may hold its lock for minutes: waiting beats failing.
        const WAIT: [&str; 2] = ["-o", "DPkg::Lock::Timeout=500"];
        let with = |words: &[&'static str], packages: &[&'static str]| [words, packages].concat();
        match self {
            Self::Apt => vec![
                with(&["apt-get"], &[WAIT[0], WAIT[1], "update"]),
                with(
                    &["apt-get", WAIT[0], WAIT[1], "install", "-y", "--no-install-recommends"],
                    packages,
                ),
            ],
            Self::Dnf => vec![with(&["dnf", "install", "-y"], packages)],
            Self::Pacman => vec![with(&["pacman", "-Sy", "--needed", "--noconfirm"], packages)],
            Self::Brew => vec![with(&["brew", "install"], packages)],
        }
    }
}

/// `cargo xtask setup`: everything that building needs, and with `--tests` what the tests use as well.
pub(crate) fn setup(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &["--tests"])?;
    let tests = !arguments.is_empty();
    require(root, &[Need::Compiler, Need::Window, Need::Page])?;
    page::build_if_older(root)?;
    if tests {
        require(root, &Need::ALL)?;
        for tool in [&DENY, &SQLX] {
            tool.path(root)?;
        }
        bundle::packer(root)?;
    }
    println!("Everything is there.");
    Ok(())
}

/// Sees to it that what a task needs is there, installing it where that is allowed.
///
/// # Errors
/// When something stays missing: the sentence says what, and what would install it.
pub(crate) fn require(root: &Path, needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    if let Some(source) = Source::of_this_system() {
        let packages = packages(&missing, source);
        if !packages.is_empty() {
            install(&missing, &source.commands(&packages))?;
        }
    }
    let still = self::missing(&missing);
    if still == [Need::Page] && succeeds(&["npm", "--version"]) {
        own_node(root)?;
    }
    let still = self::missing(&still);
    if !still.is_empty() {
        bail!("missing: {}. Install it and run the task again", names(&still));
    }
    Ok(())
}

fn missing(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|need| !need.is_met()).collect()
}

fn names(needs: &[Need]) -> String {
    needs.iter().map(|need| need.name()).collect::<Vec<_>>().join("; ")
}

/// The packages of all needs, each once.
fn packages(needs: &[Need], source: Source) -> Vec<&'static str> {
    let mut all: Vec<&str> = Vec::new();
    for package in needs.iter().flat_map(|need| need.packages(source)) {
        if !all.contains(package) {
            all.push(package);
        }
    }
    all
}

/// Runs the commands that install, with sudo where we are not root, after asking where that is due.
fn install(missing: &[Need], commands: &[Vec<&'static str>]) -> Result<()> {
    let root = answer(&["id", "-u"]).as_deref() == Some("0");
    let brew = commands.iter().any(|words| words.first() == Some(&"brew"));
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let commands: Vec<_> = commands
        .iter()
        .map(|words| {
            let before: &[&str] = match (root || brew, ci) {
                (true, _) => &["env", "DEBIAN_FRONTEND=noninteractive"],
                // CI has nobody who could type a password: sudo either works without or says so.
                (false, true) => &["sudo", "-n", "DEBIAN_FRONTEND=noninteractive"],
                (false, false) => &["sudo"],
            };
            command(&[before, words].concat())
        })
        .collect();
    let plan = commands.iter().map(words).collect::<Vec<_>>().join("\n  ");
    eprintln!("Missing: {}.\nThis installs it:\n  {plan}", names(missing));
    if !root && !ci {
        if !can_ask() {
            bail!(
                "missing: {}. Run the commands above, or set CI=true to allow them",
                names(missing)
            );
        }
        if !agreed("Run this now?")? {
            bail!("nothing was installed");
        }
    }
    for mut command in commands {
        run(&mut command)?;
    }
    Ok(())
}

/// Whether a version as `node --version` tells it is one that the page's tools run on: 20.19 and later
/// of 20, or 22.12 and everything after it (the `engines` of ui/package.json).
fn new_enough(version: &str) -> bool {
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(major)), Some(Some(minor))) = (parts.next(), parts.next()) else {
        return false;
    };
    matches!((major, minor), (20, 19..) | (22, 12..) | (23.., _))
}

/// The release of Node that is taken where the system's own is too old (Debian 12 has 18).
const NODE: &str = "node@22";

/// Puts a current Node into `target/tools`, from the npm registry, beside a system's older one.
fn own_node(root: &Path) -> Result<()> {
    let folder = root.join(OWN_NODE);
    eprintln!("The Node.js of this system is too old; a current one is put into target/tools.");
    std::fs::create_dir_all(&folder)?;
    run(command(&["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
        .arg(&folder)
        .arg(NODE))
}

/// A tool of Cargo's that the tests use, at a fixed version.
pub(crate) struct Tool {
    /// The program.
    program: &'static str,
    /// The package it comes from.
    package: &'static str,
    pub(crate) version: &'static str,
    /// What is given to `cargo install` beside the name.
    with: &'static [&'static str],
    /// How the program is asked for its version.
    ask: &'static [&'static str],
}

/// Checks licences, sources and banned packages.
pub(crate) const DENY: Tool = Tool {
    program: "cargo-deny",
    package: "cargo-deny",
    version: "0.20.2",
    with: &[],
    ask: &["--version"],
};

/// Compares the committed description of every query with the migrations.
pub(crate) const SQLX: Tool = Tool {
    program: "cargo-sqlx",
    package: "sqlx-cli",
    version: "0.9.0",
    with: &["--no-default-features", "--features", "sqlite"],
    ask: &["sqlx", "--version"],
};

/// Puts small faults into `model` and looks whether a test notices.
pub(crate) const MUTANTS: Tool = Tool {
    program: "cargo-mutants",
    package: "cargo-mutants",
    version: "27.1.0",
    with: &[],
    ask: &["mutants", "--version"],
};

/// Packs the app: .deb and .rpm, .app and .dmg, or an installer for Windows. `bundle::packer` takes it from npm
/// where it can; built here it takes many minutes. What compresses is optimised, or packing would take as long.
pub(crate) const TAURI: Tool = Tool {
    program: "cargo-tauri",
    package: "tauri-cli",
    version: "2.12.4",
    with: &[
        "--config=profile.dev.package.miniz_oxide.opt-level=3",
        "--config=profile.dev.package.flate2.opt-level=3",
        "--config=profile.dev.package.crc32fast.opt-level=3",
        "--config=profile.dev.package.md5.opt-level=3",
    ],
    ask: &["--version"],
};

impl Tool {
    /// Where the tool is, after installing it into `target/tools` if need be.
    ///
    /// One on the search path is used when it is of just this version. The build is a debug build: it is
    /// done in a third of the time, and the tools have little to compute.
    pub(crate) fn path(&self, root: &Path) -> Result<PathBuf> {
        if let Some(path) = self.found(root) {
            return Ok(path);
        }
        let folder = root.join("target/tools");
        eprintln!("{} {} is not here; it is built into target/tools.", self.package, self.version);
        run(cargo(&["install", "--quiet", "--debug", "--locked", "--force", "--root"])
            .arg(&folder)
            .arg("--target-dir")
            .arg(folder.join("build"))
            .args([self.package, "--version", self.version])
            .args(self.with))?;
        // Some hundred megabytes that nobody needs again.
        let _ = std::fs::remove_dir_all(folder.join("build"));
        Ok(self.own(root))
    }

    /// Where it is, if it is there in its version.
    pub(crate) fn found(&self, root: &Path) -> Option<PathBuf> {
        [self.own(root), PathBuf::from(self.program)]
            .into_iter()
            .find(|path| self.is_told_by(&[&[path.to_string_lossy().as_ref()], self.ask].concat()))
    }

    /// Whether a command says that it is of just this version.
    pub(crate) fn is_told_by(&self, words: &[&str]) -> bool {
        answer(words).is_some_and(|told| told.split_whitespace().any(|word| word == self.version))
    }

    fn own(&self, root: &Path) -> PathBuf {
        let program = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        root.join("target/tools/bin").join(program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_that_the_page_can_be_built_with_counts() {
        for (version, enough) in [
            ("v18.20.4", false),
            ("v20.18.3", false),
            ("v20.19.0", true),
            ("v20.20.2", true),
            ("v21.7.3", false),
            ("v22.11.0", false),
            ("v22.12.0", true),
            ("v24.0.0", true),
            ("", false),
            ("v", false),
            ("node", false),
        ] {
            assert_eq!(new_enough(version), enough, "{version:?}");
        }
    }

    #[test]
    fn the_versions_of_node_are_those_that_the_page_declares() {
        let package: serde_json::Value =
            serde_json::from_str(include_str!("../../ui/package.json")).unwrap();
        assert_eq!(package["engines"]["node"], "^20.19.0 || >=22.12.0", "new_enough says the same");
    }

    #[test]
    fn packages_are_named_once_and_the_lists_are_fetched_first() {
        let packages = packages(&[Need::Compiler, Need::Window], Source::Apt);
        assert_eq!(packages.iter().filter(|package| **package == "pkg-config").count(), 1);
        let commands = Source::Apt.commands(&packages);
        assert_eq!(commands[0], ["apt-get", "-o", "DPkg::Lock::Timeout=500", "update"]);
        assert!(commands[1].ends_with(&packages));
    }

    #[test]
    fn the_terminal_alone_needs_no_web_view() {
        for source in [Source::Apt, Source::Dnf, Source::Pacman] {
            let packages = packages(&[Need::Compiler], source);
            assert!(!packages.is_empty());
            assert!(!packages.iter().any(|package| package.contains("webkit")), "{packages:?}");
        }
    }
}
