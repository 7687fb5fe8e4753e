//! Taking back what a run changed: what it costs beside the run, and whether everything is as it was.
//!
//! Three servers of three kinds, with the same titles and histories of their own. What each of them lacks is
//! told to it and taken back, one server after the other; then a person marks many titles on the first, which
//! all are told, and that is taken back everywhere. After each undo every copy on every server is held against
//! what it showed before the run.

mod deed;
mod servers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

pub(crate) use self::deed::DO;
use self::deed::{Deed, Done, Order};
use self::servers::{Question, Servers};
pub(crate) use self::servers::{SERVE, serve};
use crate::account::KINDS;
use crate::measure::Spent;

/// How many titles each server has, if nobody says.
const TITLES: u32 = 100_000;
/// An undo may take so many times as long as its run.
const MOST: f64 = 1.5;

/// A run, and what taking it back came to.
#[derive(Serialize)]
struct Pair {
    name: String,
    run: Spent,
    undo: Spent,
    /// How many times as long as the run the undo took.
    ratio: f64,
    changes: u64,
    written_back: u64,
    /// Copies that do not show exactly what they showed, by server: of all of them the undo said so.
    inexact: BTreeMap<String, u64>,
    /// What the undo said it cannot bring back in whole, by reason.
    listed: BTreeMap<String, u64>,
    /// How large the database was after the run, and after the undo: bytes.
    database: [u64; 2],
}

/// What was measured.
#[derive(Serialize)]
struct Figures {
    titles: u32,
    release: bool,
    most_ratio: f64,
    /// The first import of all three.
    import: Spent,
    /// How large the database was then: bytes.
    database: u64,
    pairs: Vec<Pair>,
}

/// Does one thing in this process, and tells.
pub(crate) async fn run_here(order: &str) -> Result<()> {
    let done = deed::here(&serde_json::from_str(order)?).await?;
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}

/// Measures, and fails beyond the limit and where anything is not as it was.
pub(crate) async fn bench(mut words: impl Iterator<Item = String>) -> Result<()> {
    let titles = match (words.next().as_deref(), words.next()) {
        (None, _) => TITLES,
        (Some("--titles"), Some(number)) => number.parse().context("--titles wants a number")?,
        _ => bail!("known is --titles N"),
    };
    ensure!(titles >= 60, "the history is made of 60 titles each");
    let figures = measure(titles).await?;
    let out = Path::new("target/bench");
    std::fs::create_dir_all(out)?;
    let file = out.join("undo.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&figures)?)?;
    println!("written to {}", file.display());
    for pair in &figures.pairs {
        ensure!(pair.ratio <= MOST, "{}: an undo is to take at most {MOST} x its run", pair.name);
    }
    Ok(())
}

async fn measure(titles: u32) -> Result<Figures> {
    let scratch = tempfile::tempdir().context("no place for the database")?;
    let mut servers = Servers::start(titles).await?;
    let mut order = Order {
        doors: servers.doors.clone(),
        database: scratch.path().join("bench.sqlite"),
        deed: Deed::Import,
    };
    let imported = deed::elsewhere(&order).await?;
    println!("first import of three: {}", said(&imported.spent));
    let mut pairs = Vec::new();
    for (name, ..) in KINDS {
        servers.ask(Question::Remember).await?;
        order.deed = Deed::Export(name.to_owned());
        let run = deed::elsewhere(&order).await?;
        let expected = u64::from(titles / 20 * 6);
        ensure!(run.written >= expected, "{} changes are too few for {name}", run.written);
        let undo = Deed::Undo { task: "export".to_owned(), backend: name.to_owned() };
        let what = format!("export to {name}");
        pairs.push(take_back(&mut servers, &mut order, &what, &run, undo).await?);
    }
    servers.ask(Question::Remember).await?;
    let marked = servers.ask(Question::Watch).await?.titles;
    order.deed = Deed::Sync;
    let run = deed::elsewhere(&order).await?;
    let others = KINDS.len() as u64 - 1;
    ensure!(run.written == marked * others, "{} were told of {marked}", run.written);
    let undo = Deed::Undo { task: "import".to_owned(), backend: KINDS[0].0.to_owned() };
    pairs.push(take_back(&mut servers, &mut order, "marks told to all", &run, undo).await?);
    Ok(Figures {
        titles,
        release: !cfg!(debug_assertions),
        most_ratio: MOST,
        import: imported.spent,
        database: imported.database,
        pairs,
    })
}

/// Takes a run back, and holds every copy against what it showed before.
async fn take_back(
    servers: &mut Servers,
    order: &mut Order,
    name: &str,
    run: &Done,
    undo: Deed,
) -> Result<Pair> {
    order.deed = undo;
    let undone = deed::elsewhere(order).await?;
    let differences = servers.ask(Question::Differences).await?.differences;
    let listed: BTreeSet<&(String, String)> =
        undone.left.iter().filter_map(|left| left.copy.as_ref()).collect();
    let mut inexact = BTreeMap::new();
    for difference in differences {
        let copy = (difference.server, difference.key);
        ensure!(!difference.watch, "{name}: {copy:?} has another mark or place than before");
        ensure!(listed.contains(&copy), "{name}: {copy:?} is not as before, and nobody is told");
        *inexact.entry(copy.0).or_insert(0) += 1;
    }
    let mut by_reason = BTreeMap::new();
    for left in &undone.left {
        ensure!(left.partly, "{name}: {:?} was left: {}", left.copy, left.because);
        *by_reason.entry(left.because.clone()).or_insert(0) += 1;
    }
    let ratio = ratio(undone.spent.wall_us, run.spent.wall_us);
    println!("{name}: {} changes, {}", run.written, said(&run.spent));
    println!("  taken back in {ratio:.2} x the time, {}", said(&undone.spent));
    println!(
        "  {} writes; not exactly as before {inexact:?}, listed {by_reason:?}",
        undone.written
    );
    Ok(Pair {
        name: name.to_owned(),
        run: run.spent,
        undo: undone.spent,
        ratio,
        changes: run.written,
        written_back: undone.written,
        inexact,
        listed: by_reason,
        database: [run.database, undone.database],
    })
}

fn said(spent: &Spent) -> String {
    let Spent { wall_us, cpu_ms, peak_rss_kib, requests, .. } = spent;
    let (ms, mib) = (wall_us / 1000, peak_rss_kib / 1024);
    format!("{ms} ms, CPU {cpu_ms} ms, {requests} requests, peak {mib} MiB")
}

#[expect(clippy::cast_precision_loss, reason = "times that a double holds exactly")]
fn ratio(one: u64, other: u64) -> f64 {
    (one as f64 / other.max(1) as f64 * 100.0).round() / 100.0
}
