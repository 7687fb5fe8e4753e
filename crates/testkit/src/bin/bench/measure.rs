//! One run of the engine, and what a process has spent.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use watchstate_engine::{
    Account, CancellationToken, Consent, Engine, RunReport, Settings, Silent, SystemClock,
};
use watchstate_model::{Moment, PersonId};
use watchstate_servers::{Address, Limits, MediaServer, Sensitive, ServerKind, connect};
use watchstate_store::{Import, NewBackend, Store};
use watchstate_testkit::prepared::USER;

/// What the engine is to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Where the servers are.
    pub(crate) servers: [String; 2],
    /// The database; made where there is none.
    pub(crate) database: PathBuf,
    /// Whether to export rather than import.
    pub(crate) export: bool,
    /// How much of the file SQLite may keep in memory.
    pub(crate) cache_kib: u32,
}

/// What was spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) wall_us: u64,
    pub(crate) cpu_ms: u64,
    pub(crate) peak_rss_kib: u64,
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
}

/// The processor time of this process so far: `utime` and `stime` of proc_pid_stat(5), in ticks of a
/// hundredth of a second, as Linux counts for programs.
pub(crate) fn cpu_ms() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses, which may hold anything.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap_or(0))
        .sum();
    Ok(ticks * 10)
}

/// The most memory that this process has had: `VmHWM` of proc_pid_status(5).
pub(crate) fn peak_rss_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).context("the system does not tell the peak of memory")
}

/// Runs the engine once.
pub(crate) async fn measure(order: &Order) -> Result<Spent> {
    let is_new = !order.database.exists();
    let store = Store::open_with_cache(&order.database, order.cache_kib).await?;
    let clock = Arc::new(SystemClock);
    let mut clients: Vec<Arc<dyn MediaServer>> = Vec::new();
    for (url, name) in order.servers.iter().zip(["den", "attic"]) {
        let address = Address {
            kind: ServerKind::Jellyfin,
            url: url.parse()?,
            user: Some(USER.to_owned()),
            token: Sensitive::new("prepared".to_owned()),
            client_id: "watchstate-bench".to_owned(),
        };
        let client = connect(address, Limits::default(), clock.clone())?;
        if is_new {
            add_backend(&store, name, url, &client.check().await?.id).await?;
        }
        clients.push(client);
    }
    let mut accounts: Vec<Account> = store
        .backends()
        .await?
        .into_iter()
        .zip(&clients)
        .map(|(backend, client)| Account::new(backend, Arc::clone(client)))
        .collect();
    let cancel = CancellationToken::new();
    let engine = Engine::new(store.clone(), clock, Settings::default(), Arc::new(Silent), cancel);
    let wanted: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
    let consent = Consent { yes: true, full: false };

    let asked = spent_on(&clients);
    let (begun, cpu) = (Instant::now(), cpu_ms()?);
    let reports = if order.export {
        engine.export(&mut accounts, &wanted, consent).await?
    } else {
        engine.import(&mut accounts, consent).await?
    };
    let wall_us = u64::try_from(begun.elapsed().as_micros())?;
    let cpu_ms = cpu_ms()? - cpu;
    let (requests, bytes) = spent_on(&clients);

    if let Some(RunReport { run, .. }) = reports.iter().find(|report| !report.ok) {
        bail!("a run failed: {}", run.error.as_deref().unwrap_or("nobody says why"));
    }
    store.close().await;
    Ok(Spent {
        wall_us,
        cpu_ms,
        peak_rss_kib: peak_rss_kib()?,
        requests: requests - asked.0,
        bytes: bytes - asked.1,
    })
}

fn spent_on(clients: &[Arc<dyn MediaServer>]) -> (u64, u64) {
    let meters = || clients.iter().map(|client| client.meter());
    (meters().map(|meter| meter.requests()).sum(), meters().map(|meter| meter.bytes()).sum())
}

async fn add_backend(store: &Store, name: &str, url: &str, server_id: &str) -> Result<()> {
    let backend = NewBackend {
        person: PersonId(1),
        name,
        kind: "jellyfin",
        url,
        server_id,
        user_id: USER,
        user_name: "ana",
        import: Import::On,
        export: true,
        added_at: Moment(0),
    };
    let mut tx = store.begin().await?;
    tx.add_backend(&backend).await?;
    tx.commit().await?;
    Ok(())
}
