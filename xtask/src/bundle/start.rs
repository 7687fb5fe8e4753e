//! Starting what was installed, on a display and a bus that nobody else has, as a login would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::command::command;

/// How long a start or an end may take on a slow and busy computer.
const LONG: Duration = Duration::from_secs(60);
/// How often it is looked whether something came about.
const LOOK: Duration = Duration::from_millis(50);

/// A bus on which nothing is started by asking for it: no keyring, no notifications of this computer.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=TMPDIR</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Starts the program with the tray alone, twice: once it is to start on login, once not. Both times it must
/// end of its own accord when the system asks it to.
pub(super) fn in_the_tray(program: &Path, folder: &Path) -> Result<()> {
    let home = Home::new(folder)?;
    let mut display = Running::start(
        command(&["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-noreset"])
            .stderr(fs::File::create(folder.join("display.txt"))?),
    )?;
    let display_name = format!(":{}", display.first_line().context("no display")?);
    let config = folder.join("bus.conf");
    let sockets = std::env::temp_dir();
    fs::write(&config, BUS.replace("TMPDIR", &sockets.to_string_lossy()))?;
    let mut bus = Running::start(
        command(&["dbus-daemon", "--nofork", "--nopidfile", "--print-address=1", "--config-file"])
            .arg(&config)
            .stderr(fs::File::create(folder.join("bus.txt"))?),
    )?;
    let bus_address = bus.first_line().context("no bus")?;

    let entry = home.config().join("autostart/io.github.watchstate.desktop.desktop");
    let database = home.data().join("watchstate.sqlite");
    for on_login in [true, false] {
        let log = folder.join(format!("log-{on_login}.txt"));
        let mut app = home.program(program, &log)?;
        app.env("DISPLAY", &display_name).env("DBUS_SESSION_BUS_ADDRESS", &bus_address);
        app.env("WS_AUTOSTART", on_login.to_string());
        let mut app = Running::start(&mut app)?;
        app.wait_for("opened no data folder", || database.is_file())
            .and_then(|()| {
                app.wait_for("did not follow WS_AUTOSTART", || entry.is_file() == on_login)
            })
            .and_then(|()| if on_login { names(&entry, program) } else { Ok(()) })
            .and_then(|()| app.end())
            .with_context(|| format!("its log: {}", log.display()))?;
        // A database that was closed has no log of writes beside it.
        let open = home.data().join("watchstate.sqlite-wal");
        ensure!(!open.exists(), "the database was not closed");
    }
    Ok(())
}

/// Whether the entry for logging in starts the installed program, with the tray alone.
fn names(entry: &Path, program: &Path) -> Result<()> {
    let text = fs::read_to_string(entry)?;
    let program = program.canonicalize()?;
    let exec = format!("Exec=\"{}\" --minimized", program.display());
    ensure!(text.lines().any(|line| line == exec), "`{exec}` is not in {}", entry.display());
    Ok(())
}

/// The folders of somebody who has never used the program.
struct Home(PathBuf);

impl Home {
    fn new(folder: &Path) -> Result<Self> {
        let home = Self(folder.join("home"));
        for folder in [home.config(), home.data(), home.0.join("run"), home.0.join("cache")] {
            fs::create_dir_all(folder)?;
        }
        Ok(home)
    }

    fn config(&self) -> PathBuf {
        self.0.join("config")
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// The program with nothing of our own surroundings but the search path.
    fn program(&self, program: &Path, log: &Path) -> Result<Command> {
        let mut command = Command::new(program);
        command.arg("--minimized").env_clear().envs(std::env::var_os("PATH").map(|p| ("PATH", p)));
        command.env("HOME", &self.0).env("LANG", "C.UTF-8").env("NO_AT_BRIDGE", "1");
        command.env("XDG_CONFIG_HOME", self.config()).env("XDG_CACHE_HOME", self.0.join("cache"));
        command.env("XDG_DATA_HOME", self.0.join("share"));
        command.env("XDG_RUNTIME_DIR", self.0.join("run")).env("WS_DATA_PATH", self.data());
        command.stderr(fs::File::create(log)?);
        Ok(command)
    }
}

/// A program that runs; it is ended when this is dropped.
struct Running {
    id: u32,
    name: String,
    lines: Receiver<String>,
    ended: Receiver<ExitStatus>,
    is_over: bool,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child: Child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let id = child.id();
        let (line, lines) = channel();
        let out = child.stdout.take().context("a child without output")?;
        thread::spawn(move || {
            for text in BufReader::new(out).lines().map_while(Result::ok) {
                // Nobody has to listen; the pipe is read all the same, lest it fill up.
                let _ = line.send(text);
            }
        });
        let (tell, ended) = channel();
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = tell.send(status);
            }
        });
        Ok(Self { id, name, lines, ended, is_over: false })
    }

    /// What it says first, which it does once it is ready.
    fn first_line(&mut self) -> Result<String> {
        self.lines.recv_timeout(LONG).with_context(|| format!("{} says nothing", self.name))
    }

    /// Waits until something is so, for as long as the program runs.
    fn wait_for(&mut self, or: &str, is_so: impl Fn() -> bool) -> Result<()> {
        let begun = Instant::now();
        while !is_so() {
            match self.ended.recv_timeout(LOOK) {
                Ok(status) => {
                    self.is_over = true;
                    bail!("it ended too early, with {status}");
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() < LONG => {}
                Err(_) => bail!("it {or}"),
            }
        }
        Ok(())
    }

    /// Asks it to end, as a logout does, and waits until it has.
    fn end(&mut self) -> Result<()> {
        self.signal("-TERM")?;
        let status = self.ended.recv_timeout(LONG).context("it did not end when asked")?;
        self.is_over = true;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }

    fn signal(&self, which: &str) -> Result<()> {
        let status = command(&["kill", which, &self.id.to_string()]).status()?;
        ensure!(status.success(), "{} is not there any more", self.name);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its number is only its own until it was waited for.
        if !self.is_over && self.ended.try_recv().is_err() && self.signal("-KILL").is_ok() {
            let _ = self.ended.recv_timeout(LONG);
        }
    }
}
