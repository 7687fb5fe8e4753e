//! What it costs to listen to three servers on which nothing happens.
//!
//! The servers are in a process of their own, so that this one spends what the engine does and nothing else.
//! They count what they are asked by path.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Notify;
use watchstate_engine::attend::Connection;
use watchstate_engine::live::{Handle, Live, News};
use watchstate_engine::{CancellationToken, Consent, Engine, Settings, Silent, SystemClock};
use watchstate_store::Store;
use watchstate_testkit::fake::FakeServer;

use crate::account::{Door, KINDS, PERSON};
use crate::measure::cpu_ms;

/// The word by which this program is the servers.
pub(crate) const SERVE: &str = "idle-servers";
/// How long it is measured, if nobody says: seconds.
const SECONDS: u64 = 600;
/// What is done once after the start is over by then.
const SETTLES: Duration = Duration::from_secs(5);
/// A processor may be busy with it for so much of the time: percent.
const MOST_CPU: f64 = 0.1;
/// Processor time is told in hundredths of a second: for a shorter time than this it says nothing. Seconds.
const TELLS_CPU_FROM: u64 = 60;
/// A look asks so many questions about a library.
const ASKED_OF_A_LIBRARY: u64 = 2;
/// How many libraries each fake has.
const LIBRARIES: u64 = 2;
/// The list of libraries is asked for so often: seconds.
const LIBRARIES_EACH_S: u64 = 3600;
/// Nothing takes longer: what has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server was asked since the last time, by method and path, and what it heard on its sockets.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Asked {
    requests: BTreeMap<String, u64>,
    sockets: usize,
    kept_alive: u64,
}

/// What was measured of one server.
#[derive(Serialize)]
struct OfServer {
    name: String,
    /// After how many seconds it is asked again.
    each_s: i64,
    requests: u64,
    at_most: u64,
    kept_alive: u64,
    bytes: u64,
    by_path: BTreeMap<String, u64>,
}

/// What was measured.
#[derive(Serialize)]
struct Figures {
    seconds: u64,
    release: bool,
    cpu_ms: u64,
    cpu_percent: f64,
    most_cpu_percent: f64,
    servers: Vec<OfServer>,
}

/// Serves one server of each kind until the process that asked is gone. Answers each line with what they
/// were asked since the one before.
pub(crate) async fn serve() -> Result<()> {
    let (mut servers, mut doors) = (Vec::new(), Vec::new());
    for (name, kind, version) in KINDS {
        let setup = FakeServer::of(kind, version).with_people(&[PERSON]).with_sample();
        let server = setup.in_real_time().start().await?;
        doors.push(Door::of(name, kind, &server)?);
        servers.push((server, 0));
    }
    println!("{}", serde_json::to_string(&doors)?);
    let answering = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines() {
            line?;
            let mut all = Vec::new();
            for (server, told) in &mut servers {
                let paths = server.requests();
                let mut requests = BTreeMap::new();
                for path in paths.iter().skip(*told) {
                    *requests.entry(path.clone()).or_insert(0) += 1;
                }
                *told = paths.len();
                let sockets = server.sockets();
                let (sockets, kept_alive) = (sockets.open, sockets.kept_alive);
                all.push(Asked { requests, sockets, kept_alive });
            }
            println!("{}", serde_json::to_string(&all)?);
        }
        anyhow::Ok(())
    });
    answering.await?
}

/// The servers, in a process of their own.
struct Servers {
    /// Ends with its standard input, which is closed with this.
    _process: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    doors: Vec<Door>,
}

impl Servers {
    async fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let to = process.stdin.take().context("the servers hear nothing")?;
        let out = process.stdout.take().context("the servers tell nothing")?;
        let mut from = BufReader::new(out).lines();
        let line = from.next_line().await?.context("they did not start")?;
        let doors = serde_json::from_str(&line)?;
        Ok(Self { _process: process, to, from, doors })
    }

    async fn asked(&mut self) -> Result<Vec<Asked>> {
        self.to.write_all(b"\n").await?;
        let line = self.from.next_line().await?.context("the servers are gone")?;
        Ok(serde_json::from_str(&line)?)
    }
}

/// Rings when a connection came.
#[derive(Default)]
struct Connections(Notify);

impl News for Connections {
    fn marks(&self) {}
    fn playing(&self) {}
    fn connections(&self) {
        self.0.notify_one();
    }
}

/// Measures, and fails beyond a limit.
pub(crate) async fn bench(mut words: impl Iterator<Item = String>) -> Result<()> {
    let seconds = match (words.next().as_deref(), words.next()) {
        (None, _) => SECONDS,
        (Some("--seconds"), Some(number)) => number.parse().context("--seconds wants a number")?,
        _ => bail!("known is --seconds N"),
    };
    ensure!(seconds > 0, "in no time nothing is spent");
    let figures = measure(seconds).await?;
    println!(
        "{seconds} s with three sockets and nobody watching: CPU {} ms, {:.3} %",
        figures.cpu_ms, figures.cpu_percent
    );
    for server in &figures.servers {
        println!(
            "  {:<6} {} requests, at most {} (asked every {} s), {} bytes, {} times kept alive",
            server.name,
            server.requests,
            server.at_most,
            server.each_s,
            server.bytes,
            server.kept_alive
        );
        for (path, times) in &server.by_path {
            println!("         {times:>4} {path}");
        }
    }
    let out = Path::new("target/bench");
    std::fs::create_dir_all(out)?;
    let file = out.join("idle.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&figures)?)?;
    println!("written to {}", file.display());
    for server in &figures.servers {
        let OfServer { name, requests, at_most, .. } = server;
        ensure!(requests <= at_most, "{name} is to be asked at most {at_most} times");
        if let Some(path) = server.by_path.keys().find(|path| !is_a_look(path)) {
            bail!("{name} was asked {path}, which is no look for changes");
        }
    }
    if figures.release && seconds >= TELLS_CPU_FROM {
        ensure!(figures.cpu_percent < MOST_CPU, "CPU is to be under {MOST_CPU} %");
    } else {
        println!("CPU is held to {MOST_CPU} % in a release build, from {TELLS_CPU_FROM} s on");
    }
    Ok(())
}

/// Whether a request is one by which changes are looked for: the list of libraries, or a list of items.
fn is_a_look(request: &str) -> bool {
    let Some(path) = request.strip_prefix("GET ") else { return false };
    let ends = ["/library/sections", "/all", "/Items", "/Views", "/UserViews", "/MediaFolders"];
    ends.iter().any(|end| path.ends_with(end))
}

#[expect(clippy::disallowed_methods, reason = "nothing is done but to let time pass")]
async fn measure(seconds: u64) -> Result<Figures> {
    let scratch = tempfile::tempdir().context("no place for the database")?;
    let store = Store::open(&scratch.path().join("bench.sqlite")).await?;
    let mut servers = Servers::start().await?;
    let mut accounts = Vec::new();
    for door in &servers.doors {
        accounts.push(door.join(&store).await?);
    }
    let backends: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
    let engine = Engine::new(
        store,
        Arc::new(SystemClock),
        Settings::default(),
        Arc::new(Silent),
        CancellationToken::new(),
    );
    // The second one finds nothing to do.
    for _ in 0..2 {
        let reports = engine.sync(&mut accounts, Consent { yes: true, full: false }).await?;
        ensure!(reports.iter().all(|report| report.ok), "the first sync went wrong");
    }
    let news = Arc::new(Connections::default());
    let told = Arc::clone(&news) as Arc<dyn News>;
    let live = Live::start(engine, accounts, Arc::new(SystemClock), told);
    let handle = live.handle();
    tokio::time::timeout(PATIENCE, all_live(&handle, &news))
        .await
        .context("no server told anything")?;
    tokio::time::sleep(SETTLES).await;

    let before = servers.asked().await?;
    ensure!(before.iter().all(|asked| asked.sockets == 1), "not every server has a socket");
    let (spent, cpu, begun) = (handle.spent(), cpu_ms()?, Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (cpu_ms, took) = (cpu_ms()? - cpu, begun.elapsed());
    let (asked, spent_now) = (servers.asked().await?, handle.spent());
    ensure!(asked.iter().all(|asked| asked.sockets == 1), "a socket broke");
    let standing = handle.standing();
    live.stop().await;

    let mut of_servers = Vec::new();
    for (((backend, door), asked), before) in
        backends.iter().zip(&servers.doors).zip(asked).zip(&before)
    {
        let standing = standing.get(backend).context("one is not attended to")?;
        ensure!(standing.connection == Connection::Live, "{} is not live", door.name);
        let each = u64::try_from(standing.each_s)?.max(1);
        let looks = took.as_secs() / each + 1;
        let bytes = |spent: &BTreeMap<_, watchstate_engine::live::Spent>| {
            spent.get(backend).map_or(0, |spent| spent.bytes)
        };
        of_servers.push(OfServer {
            name: door.name.clone(),
            each_s: standing.each_s,
            requests: asked.requests.values().sum(),
            at_most: looks * ASKED_OF_A_LIBRARY * LIBRARIES + took.as_secs() / LIBRARIES_EACH_S + 1,
            kept_alive: asked.kept_alive - before.kept_alive,
            bytes: bytes(&spent_now) - bytes(&spent),
            by_path: asked.requests,
        });
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of some minutes")]
    let cpu_percent = cpu_ms as f64 / (took.as_secs_f64() * 1000.0) * 100.0;
    Ok(Figures {
        seconds,
        release: !cfg!(debug_assertions),
        cpu_ms,
        cpu_percent,
        most_cpu_percent: MOST_CPU,
        servers: of_servers,
    })
}

async fn all_live(handle: &Handle, news: &Connections) {
    let is_live = || {
        let standing = handle.standing();
        standing.len() == KINDS.len()
            && standing.values().all(|it| it.connection == Connection::Live)
    };
    while !is_live() {
        news.0.notified().await;
    }
}
