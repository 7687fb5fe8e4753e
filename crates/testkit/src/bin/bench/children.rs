//! The processes that a measurement is made of.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use watchstate_store::CACHE_KIB;
use watchstate_testkit::prepared::{self, Asked, Stock, USER};

use crate::measure::Spent;
use crate::scenario::Scenario;
use crate::table::{Line, Round};
use crate::{floor, measure};

/// Next to nothing: less than the smallest database that is measured.
const LITTLE_KIB: u32 = 512;

/// Prints what was measured, for the process that asked.
pub(crate) fn tell(spent: &Spent) -> Result<()> {
    println!("{}", serde_json::to_string(spent)?);
    Ok(())
}

/// Serves both stocks until the process that asked is gone.
pub(crate) async fn serve(stocks: &[Stock; 2]) -> Result<()> {
    let mut urls = Vec::new();
    for stock in stocks {
        urls.push(format!("http://{}/", prepared::serve(*stock).await?));
    }
    println!("{}", serde_json::to_string(&urls)?);
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// The servers, in a process of their own.
struct Servers {
    /// Ends with its standard input, which is closed with this.
    _process: Child,
    urls: [String; 2],
}

impl Servers {
    async fn start(stocks: &[Stock; 2]) -> Result<Self> {
        let mut process = child("serve", stocks)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().context("the servers tell nothing")?;
        let line = BufReader::new(out).lines().next_line().await?.context("they did not start")?;
        Ok(Self { _process: process, urls: serde_json::from_str(&line)? })
    }

    /// Lets a person mark titles as watched.
    async fn watch(&self, stocks: &[Stock; 2], changes: &[Vec<u32>; 2]) -> Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        for ((url, stock), titles) in self.urls.iter().zip(stocks).zip(changes) {
            for title in titles {
                let key = prepared::key(stock, *title);
                client
                    .post(format!("{url}UserItems/{key}/UserData?userId={USER}"))
                    .body(
                        r#"{"Played":true,"PlayCount":1,"LastPlayedDate":"2025-03-05T21:14:07Z"}"#,
                    )
                    .send()
                    .await?
                    .error_for_status()?;
            }
        }
        self.asked().await?;
        Ok(())
    }

    /// What they were asked since they were asked this.
    async fn asked(&self) -> Result<Vec<Vec<Asked>>> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut all = Vec::new();
        for url in &self.urls {
            let answer = client.get(format!("{url}Bench/Asked")).send().await?.bytes().await?;
            all.push(serde_json::from_slice(&answer)?);
        }
        Ok(all)
    }
}

fn child(part: &str, order: &impl Serialize) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(part).arg(serde_json::to_string(order)?);
    Ok(command)
}

async fn answer_of<T: DeserializeOwned>(part: &str, order: &impl Serialize) -> Result<T> {
    let out = child(part, order)?
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?
        .wait_with_output()
        .await?;
    if !out.status.success() {
        bail!("a run of {part} failed");
    }
    serde_json::from_slice(&out.stdout).with_context(|| format!("{part} answered nonsense"))
}

/// Measures a scenario: each round the engine, then the floor of what it just did.
pub(crate) async fn rounds(
    scenario: Scenario,
    titles: u32,
    runs: usize,
    scratch: &Path,
) -> Result<Line> {
    let stocks = scenario.stock(titles);
    let changes = scenario.changes(titles);
    let prepared = scratch.join("prepared.sqlite");
    if scenario != Scenario::FirstImport {
        prepare(scenario, &stocks, &changes, &prepared).await?;
    }
    let mut rounds = Vec::new();
    // The last round is for the memory of all but SQLite's cache, which is as large at either size.
    for run in 0..=runs {
        let cache_kib = if run == runs { LITTLE_KIB } else { CACHE_KIB };
        let database = scratch.join(format!("run-{run}.sqlite"));
        if scenario != Scenario::FirstImport {
            std::fs::copy(&prepared, &database)?;
        }
        let servers = Servers::start(&stocks).await?;
        servers.watch(&stocks, &changes).await?;
        let order = measure::Order {
            servers: servers.urls.clone(),
            database: database.clone(),
            export: scenario.is_export(),
            cache_kib,
        };
        let engine: Spent = answer_of("measure", &order).await?;
        let files = keep(&servers.asked().await?, scratch)?;
        drop(servers);
        std::fs::remove_file(&database)?;
        if run == runs {
            return Ok(Line::of(scenario, titles, &rounds, engine));
        }
        let servers = Servers::start(&stocks).await?;
        servers.watch(&stocks, &changes).await?;
        let [first, second] = files;
        let [one, two] = servers.urls.clone();
        let order = floor::Order { servers: [(one, first), (two, second)] };
        let floor: Spent = answer_of("floor", &order).await?;
        rounds.push(Round { engine, floor });
    }
    bail!("no round was measured")
}

/// A database as it is before the scenario: everything imported once, and for the export of people's
/// changes these as well.
async fn prepare(
    scenario: Scenario,
    stocks: &[Stock; 2],
    changes: &[Vec<u32>; 2],
    database: &Path,
) -> Result<()> {
    let servers = Servers::start(stocks).await?;
    let order = measure::Order {
        servers: servers.urls.clone(),
        database: database.to_owned(),
        export: false,
        cache_kib: CACHE_KIB,
    };
    let _: Spent = answer_of("measure", &order).await?;
    if scenario == Scenario::ExportFew {
        // What the first import brought up is exported before: the few changes are all that is owed.
        let first = measure::Order { export: true, ..order.clone() };
        let _: Spent = answer_of("measure", &first).await?;
        servers.watch(stocks, changes).await?;
        let _: Spent = answer_of("measure", &order).await?;
    }
    Ok(())
}

fn keep(asked: &[Vec<Asked>], scratch: &Path) -> Result<[PathBuf; 2]> {
    let files = [scratch.join("asked-0.json"), scratch.join("asked-1.json")];
    for (asked, file) in asked.iter().zip(&files) {
        std::fs::write(file, serde_json::to_vec(asked)?)?;
    }
    Ok(files)
}
