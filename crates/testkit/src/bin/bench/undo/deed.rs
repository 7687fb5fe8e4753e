//! One thing that the engine does, in a process of its own, so that memory and processor time are its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use watchstate_engine::{
    Account, CancellationToken, Consent, Engine, Left, Settings, Silent, SystemClock, Undo,
};
use watchstate_model::{BackendId, PersonId, RunId, TitleId};
use watchstate_store::{KeptRun, Store};

use crate::account::Door;
use crate::measure::{Spent, cpu_ms, peak_rss_kib};

/// The word by which this program does it.
pub(crate) const DO: &str = "undo-deed";
/// So many titles are asked for at once.
const AT_ONCE: usize = 500;

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Deed {
    /// Reads everything.
    Import,
    /// Tells one backend what it does not show.
    Export(String),
    /// Reads everything and tells everybody.
    Sync,
    /// Takes back the latest run of a task on a backend.
    Undo { task: String, backend: String },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) doors: Vec<Door>,
    pub(crate) database: PathBuf,
    pub(crate) deed: Deed,
}

/// A copy that an undo says it has left as it is, or cannot bring back in whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct LeftCopy {
    /// The backend's name, and the copy's key there.
    pub(crate) copy: Option<(String, String)>,
    pub(crate) because: String,
    pub(crate) partly: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) spent: Spent,
    /// Writes that were made and read back.
    pub(crate) written: u64,
    pub(crate) left: Vec<LeftCopy>,
    /// How large the database is afterwards: bytes.
    pub(crate) database: u64,
}

/// Does it in another process.
pub(crate) async fn elsewhere(order: &Order) -> Result<Done> {
    let out = Command::new(std::env::current_exe()?)
        .args([DO, &serde_json::to_string(order)?])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?
        .wait_with_output()
        .await?;
    ensure!(out.status.success(), "{:?} failed", order.deed);
    serde_json::from_slice(&out.stdout).context("it answered nonsense")
}

/// Does it here.
pub(crate) async fn here(order: &Order) -> Result<Done> {
    let store = Store::open(&order.database).await?;
    let mut accounts = Vec::new();
    for door in &order.doors {
        accounts.push(door.join_or_return(&store).await?);
    }
    let cancel = CancellationToken::new();
    let (clock, report) = (Arc::new(SystemClock), Arc::new(Silent));
    let engine = Engine::new(store.clone(), clock, Settings::default(), report, cancel);
    let consent = Consent { yes: true, full: false };
    let undo = match &order.deed {
        Deed::Undo { task, backend } => Some(Undo::Run(run_of(&store, task, backend).await?)),
        Deed::Import | Deed::Export(_) | Deed::Sync => None,
    };

    let asked = asked_of(&accounts);
    let (begun, cpu) = (Instant::now(), cpu_ms()?);
    let mut left = Vec::new();
    let reports = match (&order.deed, undo) {
        (_, Some(undo)) => {
            let undone = engine.undo(&mut accounts, PersonId(1), undo).await?;
            let undone = undone.context("there is nothing to undo")?;
            left = undone.left;
            vec![undone.report]
        }
        (Deed::Export(name), None) => {
            let wanted = [backend_called(&store, name).await?];
            engine.export(&mut accounts, &wanted, consent).await?
        }
        (Deed::Sync, None) => engine.sync(&mut accounts, consent).await?,
        (_, None) => engine.import(&mut accounts, consent).await?,
    };
    let wall_us = u64::try_from(begun.elapsed().as_micros())?;
    let cpu_ms = cpu_ms()? - cpu;
    let now = asked_of(&accounts);
    // What follows is for the judge, and needs memory of its own.
    let peak_rss_kib = peak_rss_kib()?;

    if let Some(report) = reports.iter().find(|report| !report.ok) {
        bail!("a run failed: {}", report.run.error.as_deref().unwrap_or("nobody says why"));
    }
    let written = reports.iter().map(|report| report.run.written).sum();
    let left = copies_of(&store, &left).await?;
    store.close().await;
    let database = std::fs::metadata(&order.database)?.len();
    let (requests, bytes) = (now.0 - asked.0, now.1 - asked.1);
    let spent = Spent { wall_us, cpu_ms, peak_rss_kib, requests, bytes };
    Ok(Done { spent, written, left, database })
}

fn asked_of(accounts: &[Account]) -> (u64, u64) {
    let meters = || accounts.iter().map(|account| account.server.meter());
    (meters().map(|meter| meter.requests()).sum(), meters().map(|meter| meter.bytes()).sum())
}

async fn backend_called(store: &Store, name: &str) -> Result<BackendId> {
    let backends = store.backends().await?;
    let found = backends.iter().find(|backend| backend.name == name);
    Ok(found.context("no such backend")?.id)
}

async fn run_of(store: &Store, task: &str, backend: &str) -> Result<RunId> {
    let (runs, _) = store.kept_runs(0, 100).await?;
    let is_it = |run: &&KeptRun| run.task == task && run.name.as_deref() == Some(backend);
    Ok(runs.iter().find(is_it).context("there was no such run")?.id)
}

/// Which copies what was left is about.
async fn copies_of(store: &Store, left: &[Left]) -> Result<Vec<LeftCopy>> {
    let backends = store.backends().await?;
    let mut all = Vec::new();
    for some in left.chunks(AT_ONCE) {
        let titles: Vec<TitleId> = some.iter().map(|left| left.title).collect();
        let mut tx = store.begin().await?;
        let items = tx.items_of_titles(&titles).await?;
        for left in some {
            let copy = items
                .iter()
                .find(|(backend, item)| {
                    left.backend == Some(*backend) && item.titles().any(|title| title == left.title)
                })
                .and_then(|(backend, item)| {
                    let backend = backends.iter().find(|known| known.id == *backend)?;
                    Some((backend.name.clone(), item.row.key.0.clone()))
                });
            let (because, partly) = (left.because.code().to_owned(), left.partly);
            all.push(LeftCopy { copy, because, partly });
        }
    }
    Ok(all)
}
