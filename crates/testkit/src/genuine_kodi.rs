//! A genuine Kodi for tests: the program itself, headless, with a library of tiny films of our own.
//!
//! It is not installed by us. Tests ask for it and say loudly that they were skipped where it is not there:
//!
//! ```no_run
//! # use watchstate_testkit::genuine_kodi::{GenuineKodi, Options, Start};
//! # async fn test(dir: &std::path::Path) -> anyhow::Result<()> {
//! let kodi = match GenuineKodi::start(dir, &Options::default()).await? {
//!     Start::Running(kodi) => kodi,
//!     Start::Missing(missing) => {
//!         eprintln!("SKIPPED: {missing}");
//!         return Ok(());
//!     }
//! };
//! # Ok(())
//! # }
//! ```
//!
//! What it needs is Debian's `kodi`, `kodi-bin`, `xvfb` and `ffmpeg`. A start takes a quarter of a minute, most
//! of it the making of the films and Kodi's own start. Each has its own home, its own display and its own
//! ports, so several can run at once. Everything it starts ends with it.
//!
//! Kodi 20 cannot be told to listen on loopback alone: while a test runs, its web server can be reached from
//! the network. Its password is therefore another one each time.

mod home;
mod media;
mod missing;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use self::home::Ports;
pub use self::media::{EPISODES, MOVIES};
pub use self::missing::Missing;
use self::missing::Programs;

/// How long anything may take: a machine that is busy building may be ten times slower than an idle one.
const PATIENCE: Duration = Duration::from_secs(180);

/// How the Kodi is to be set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The IANA name of the zone its machine is said to be in.
    pub timezone: String,
    /// Whether its clock is read in twice twelve hours, as in `02:14 PM`.
    pub twelve_hours: bool,
}

impl Default for Options {
    /// Europe/Berlin, 24 hours.
    fn default() -> Self {
        Self { timezone: "Europe/Berlin".to_owned(), twelve_hours: false }
    }
}

/// What became of a start.
pub enum Start {
    /// It runs, and its library is complete.
    Running(Box<GenuineKodi>),
    /// It cannot run on this machine.
    Missing(Missing),
}

/// A Kodi that runs until it is dropped.
pub struct GenuineKodi {
    programs: Programs,
    home: PathBuf,
    media: PathBuf,
    password: String,
    url: url::Url,
    ports: Ports,
    display: String,
    http: reqwest::Client,
    /// Ends after Kodi: fields are dropped in their order.
    kodi: Mutex<Option<Child>>,
    _screen: Child,
}

impl GenuineKodi {
    /// Starts a Kodi with all its files below `dir`, and waits until its library is complete: [`MOVIES`]
    /// movies and [`EPISODES`] episodes.
    pub async fn start(dir: &Path, options: &Options) -> anyhow::Result<Start> {
        let programs = match Programs::find() {
            Ok(programs) => programs,
            Err(missing) => return Ok(Start::Missing(missing)),
        };
        let (home, media) = (dir.join("home"), dir.join("media"));
        media::make(&programs.ffmpeg, &media).await.context("making films")?;
        let password = format!("{:016x}", rand::random::<u64>());
        let ports = Ports::free()?;
        home::make(&home, &media, options, &password, &ports).context("making its home")?;
        let (screen, display) = start_screen(&programs.xvfb).await.context("starting a display")?;
        let kodi = Self {
            programs,
            home,
            media,
            password,
            url: format!("http://127.0.0.1:{}", ports.http).parse()?,
            ports,
            display,
            http: reqwest::Client::builder().no_proxy().build()?,
            kodi: Mutex::new(None),
            _screen: screen,
        };
        kodi.restart().await?;
        home::add_sources(&kodi.home, &kodi.media).await.context("adding its sources")?;
        kodi.scan().await?;
        let total = async |kodi: &Self, method| -> anyhow::Result<u64> {
            let limits = json!({ "limits": { "start": 0, "end": 1 } });
            let answer = kodi.call(method, limits).await?;
            answer["limits"]["total"].as_u64().context("no total")
        };
        let movies = total(&kodi, "VideoLibrary.GetMovies").await?;
        let episodes = total(&kodi, "VideoLibrary.GetEpisodes").await?;
        ensure!(
            (movies, episodes) == (u64::from(MOVIES), u64::from(EPISODES)),
            "its library has {movies} movies and {episodes} episodes"
        );
        Ok(Start::Running(Box::new(kodi)))
    }

    /// The address of its web server.
    pub fn url(&self) -> &url::Url {
        &self.url
    }

    /// The port of its notifications: JSON-RPC over plain TCP.
    pub fn notifications_port(&self) -> u16 {
        self.ports.tcp
    }

    /// Name and password, as the client's token.
    pub fn token(&self) -> String {
        format!("{}:{}", home::USER, self.password)
    }

    /// The folder with its films, where more can be put before a [`GenuineKodi::scan`].
    pub fn media(&self) -> &Path {
        &self.media
    }

    /// One call of its JSON-RPC.
    pub async fn call(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self
            .http
            .post(self.url.join("jsonrpc")?)
            .basic_auth(home::USER, Some(&self.password))
            .json(&body)
            .send()
            .await?;
        let mut answer: Value = answer.error_for_status()?.json().await?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }

    /// Has its sources read, and waits until it says that this is done.
    pub async fn scan(&self) -> anyhow::Result<()> {
        let address = ("127.0.0.1", self.ports.tcp);
        self.until("opening its port for notifications", async |_| {
            Ok(TcpStream::connect(address).await.is_ok())
        })
        .await?;
        let mut notifications = TcpStream::connect(address).await?;
        self.call("VideoLibrary.Scan", json!({})).await?;
        let scanned = async {
            let mut told = Vec::new();
            while !String::from_utf8_lossy(&told).contains("VideoLibrary.OnScanFinished") {
                ensure!(notifications.read_buf(&mut told).await? > 0, "Kodi ended while scanning");
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, scanned).await.context("scanning")?
    }

    /// Ends it at once, as a power cut would. Does nothing if it has ended.
    pub async fn kill(&self) -> anyhow::Result<()> {
        let kodi = self.process().take();
        if let Some(mut kodi) = kodi {
            kodi.kill().await?;
        }
        Ok(())
    }

    /// Starts it again with the same home and the same ports, after killing it if it runs.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.kill().await?;
        let log = std::fs::File::create(self.home.join("kodi.out"))?;
        let child = Command::new(&self.programs.kodi)
            .args(["--lircdev=", "--windowing=x11", "--standalone"])
            .env("HOME", &self.home)
            .env("KODI_TEMP", self.home.join("tmp"))
            .env("XDG_RUNTIME_DIR", self.home.join("run"))
            .env("DISPLAY", &self.display)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("GALLIUM_DRIVER", "llvmpipe")
            // The zone is the setting's, not the machine's.
            .env_remove("TZ")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Not a process group of its own: an interrupt at the keyboard is to reach it too.
            .kill_on_drop(true)
            .spawn()?;
        *self.process() = Some(child);
        self.until("starting", async |kodi| {
            Ok(kodi.call("JSONRPC.Ping", json!({})).await.is_ok_and(|pong| pong == json!("pong")))
        })
        .await
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.kodi.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks again and again until it is so, or patience or Kodi has ended.
    pub async fn until(
        &self,
        what: &str,
        is_so: impl AsyncFn(&Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            if is_so(self).await.with_context(|| format!("Kodi, {what}"))? {
                return Ok(());
            }
            let status = self.process().as_mut().map(Child::try_wait).transpose()?.flatten();
            if let Some(status) = status {
                bail!("Kodi ended while it was {what}: {status}; see {}", self.home.display());
            }
            ensure!(Instant::now() < end, "Kodi was {what} for {} s", PATIENCE.as_secs());
            a_moment().await;
        }
    }
}

/// The wait between two looks at a program that does not tell when it is ready.
#[expect(clippy::disallowed_methods, reason = "a program of its own lives in real time")]
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// A display that nobody sees; it finds a free number itself and tells it.
async fn start_screen(xvfb: &Path) -> anyhow::Result<(Child, String)> {
    let mut screen = Command::new(xvfb)
        .args(["-displayfd", "1", "-screen", "0", "640x360x24", "+extension", "GLX"])
        .args(["-nolisten", "tcp"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let out = screen.stdout.take().context("Xvfb without an output")?;
    let mut number = String::new();
    tokio::time::timeout(PATIENCE, BufReader::new(out).read_line(&mut number)).await??;
    ensure!(!number.trim().is_empty(), "Xvfb ended at once");
    Ok((screen, format!(":{}", number.trim())))
}
