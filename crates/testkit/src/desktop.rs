//! A desktop for tests, with nothing of the person's own in it: a session bus, a home, and if it is wanted a
//! display and a keyring.
//!
//! It uses what a genuine desktop uses: `dbus-daemon`, Xvfb, gnome-keyring. They are not installed by us; tests
//! say loudly that they were skipped where one is not there:
//!
//! ```no_run
//! # use watchstate_testkit::desktop::Desktop;
//! # async fn test() -> anyhow::Result<()> {
//! let desktop = match Desktop::start().await {
//!     Ok(desktop) => desktop,
//!     Err(missing) => {
//!         eprintln!("SKIPPED: {missing}");
//!         return Ok(());
//!     }
//! };
//! # Ok(())
//! # }
//! ```
//!
//! Everything it starts ends with it.

mod keyring;
mod missing;

use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

pub use self::missing::{Missing, find};

/// A session bus and a home, and what was started beside them.
pub struct Desktop {
    home: TempDir,
    /// Where the session bus listens.
    address: String,
    /// Its number, as in `:7`.
    display: Option<String>,
    keyring: Option<Child>,
    /// What ends with the desktop.
    running: Vec<Child>,
}

impl Desktop {
    /// Starts a session bus. No display and no keyring are there yet.
    ///
    /// # Errors
    /// When there is no program for it on this machine.
    pub async fn start() -> Result<Self, Missing> {
        let daemon = find("dbus-daemon")?;
        let home = TempDir::new().map_err(|_| Missing::program("a folder for temporary files"))?;
        // Within the home, so that it goes with it: a bus that is killed leaves its socket behind.
        let address = format!("--address=unix:path={}", home.path().join("bus").display());
        let mut bus = Command::new(daemon)
            .args(["--session", "--nofork", "--nopidfile", "--print-address", &address])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|_| Missing::program("dbus-daemon"))?;
        let address = first_line(bus.stdout.take()).await;
        let address = address.ok_or(Missing::program("dbus-daemon"))?;
        Ok(Self { home, address, display: None, keyring: None, running: vec![bus] })
    }

    /// Adds a display of its own, large enough for a window of 1100 by 760 with room around it.
    ///
    /// # Errors
    /// When there is no Xvfb on this machine.
    pub async fn with_display(mut self) -> Result<Self, Missing> {
        let mut server = Command::new(find("Xvfb")?)
            // It chooses a number that is free, and tells it.
            .args([
                "-displayfd",
                "1",
                // What GTK keeps on the display stays there from one program to the next.
                "-noreset",
                "-screen",
                "0",
                "1280x900x24",
                "-nolisten",
                "tcp",
                "-noreset",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|_| Missing::program("Xvfb"))?;
        let number = first_line(server.stdout.take()).await.ok_or(Missing::program("Xvfb"))?;
        self.display = Some(format!(":{number}"));
        self.running.push(server);
        Ok(self)
    }

    /// The home folder of whoever sits here.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the session bus listens.
    pub fn bus(&self) -> &str {
        &self.address
    }

    /// The variables by which programs find this desktop and nothing of another.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.home().join(name).to_string_lossy().into_owned();
        let mut variables = vec![
            ("HOME", self.home().to_string_lossy().into_owned()),
            ("XDG_DATA_HOME", below("share")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_CACHE_HOME", below("cache")),
            ("XDG_RUNTIME_DIR", below("run")),
            ("DBUS_SESSION_BUS_ADDRESS", self.address.clone()),
            ("TZ", "UTC".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            // Nobody listens for screen readers on this bus, and GTK would wait for them.
            ("NO_AT_BRIDGE", "1".to_owned()),
        ];
        if let Some(path) = std::env::var_os("PATH") {
            variables.push(("PATH", path.to_string_lossy().into_owned()));
        }
        if let Some(display) = &self.display {
            variables.push(("DISPLAY", display.clone()));
            variables.push(("GDK_BACKEND", "x11".to_owned()));
        }
        variables
    }

    /// A program of this desktop: it sees nothing of the machine's own environment.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let runtime = self.home().join("run");
        // Where it cannot be made, what needs it says so.
        let _ = std::fs::create_dir_all(&runtime);
        let mut command = Command::new(program);
        command.env_clear().envs(self.variables()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// The first line that a program says, when it says one.
async fn first_line(out: Option<impl AsyncRead + Unpin>) -> Option<String> {
    let mut line = String::new();
    BufReader::new(out?).read_line(&mut line).await.ok()?;
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
