//! The measurements of docs/performance.md: what imports and exports cost beside the bare reading of the
//! same answers.
//!
//! `bench [--quick] [--only NAME] [--titles N]`, for marks as they happen `bench realtime [--marks N]`, for
//! what listening costs while nothing happens `bench idle [--seconds N]`, and for taking back what a run changed
//! `bench undo [--titles N]`. The program starts itself again for each part: `serve` is the two servers, so that
//! what they cost is not counted; `measure` is one run of the engine, `floor` the same requests without it, each
//! in a fresh process, so that memory and CPU time are its own.
#![expect(clippy::print_stdout, reason = "a table for people is what this program makes")]

mod account;
mod children;
mod floor;
mod idle;
mod measure;
mod realtime;
mod scenario;
mod table;
mod undo;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::scenario::{Ask, SCENARIOS, Scenario};
use crate::table::Line;

/// How many titles each server has.
const TITLES: [u32; 2] = [10_000, 100_000];
/// Each number is the median of so many runs.
const RUNS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    match first.as_deref() {
        Some("serve") => children::serve(&asked(arguments)?).await,
        Some("measure") => children::tell(&measure::measure(&asked(arguments)?).await?),
        Some("realtime") => realtime::bench(arguments).await,
        Some("idle") => idle::bench(arguments).await,
        Some(idle::SERVE) => idle::serve().await,
        Some("undo") => undo::bench(arguments).await,
        Some(undo::SERVE) => undo::serve(arguments).await,
        Some(undo::DO) => undo::run_here(&arguments.next().context("an order is missing")?).await,
        Some("floor") => children::tell(&floor::floor(&asked(arguments)?).await?),
        first => {
            let (mut ask, mut rest) =
                (Ask::default(), first.map(str::to_owned).into_iter().chain(arguments));
            while let Some(word) = rest.next() {
                match word.as_str() {
                    "--quick" => ask.quick = true,
                    "--only" => ask.only = Some(rest.next().context("--only wants a name")?),
                    "--titles" => {
                        let titles = rest.next().context("--titles wants a number")?;
                        ask.titles = Some(titles.parse().context("--titles wants a number")?);
                    }
                    _ => bail!("unknown: {word}; known are --quick, --only NAME, --titles N"),
                }
            }
            bench(&ask).await
        }
    }
}

fn asked<T: serde::de::DeserializeOwned>(mut arguments: impl Iterator<Item = String>) -> Result<T> {
    let text = arguments.next().context("an order is missing")?;
    serde_json::from_str(&text).context("the order cannot be read")
}

async fn bench(ask: &Ask) -> Result<()> {
    let out = Path::new("target/bench");
    std::fs::create_dir_all(out)?;
    let runs = if ask.quick { 1 } else { RUNS };
    let sizes = ask.titles.map_or(TITLES.to_vec(), |titles| vec![titles]);
    let scenarios: Vec<Scenario> = SCENARIOS
        .into_iter()
        .filter(|s| ask.only.as_deref().is_none_or(|only| s.is_called(only)))
        .collect();
    if scenarios.is_empty() {
        bail!("no such scenario; known are {}", SCENARIOS.map(|s| s.name(100_000)).join(", "));
    }
    let mut lines = Vec::new();
    println!("{}", table::head());
    for scenario in scenarios {
        for titles in &sizes {
            let scratch = tempfile::tempdir().context("no place for the database")?;
            let line: Line = children::rounds(scenario, *titles, runs, scratch.path()).await?;
            println!("{line}");
            lines.push(line);
        }
    }
    for verdict in table::goals(&lines) {
        println!("{verdict}");
    }
    let summary = out.join("summary.json");
    std::fs::write(&summary, serde_json::to_vec_pretty(&lines)?)?;
    println!("written to {}", summary.display());
    Ok(())
}
