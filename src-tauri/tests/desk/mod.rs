//! A desktop with the app on it: what a person there would see and press.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

pub(crate) mod household;
pub(crate) mod person;
pub(crate) mod screen;
pub(crate) mod tray;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::{Child, Command};
use watchstate_testkit::desktop::Desktop;

/// How long anything may take: a machine that is busy building may be ten times slower than an idle one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The program as people start it.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_watchstate");

/// Waits until something is there, and fails with what it waited for when it does not come.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    in_time(look).await.unwrap_or_else(|| panic!("waited in vain for: {what}"))
}

/// What was waited for, if it came.
pub(crate) async fn in_time<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let mut again = tokio::time::interval(Duration::from_millis(50));
    let waiting = async {
        loop {
            again.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.ok()
}

/// A desktop with a display; `None`, and a line that says so, where a program for it is missing.
pub(crate) async fn desktop() -> Option<Desktop> {
    let started = match Desktop::start().await {
        Ok(desktop) => desktop.with_display().await,
        Err(missing) => Err(missing),
    };
    match started {
        Ok(desktop) => Some(desktop),
        Err(missing) => {
            eprintln!("SKIPPED: {missing}");
            None
        }
    }
}

/// Where the app keeps everything on this desktop.
pub(crate) fn data(desktop: &Desktop) -> PathBuf {
    desktop.home().join("data")
}

/// The app, as it is started there.
pub(crate) fn app(desktop: &Desktop) -> Command {
    let mut app = desktop.command(PROGRAM);
    app.envs(settings(desktop));
    app
}

/// What the app finds in its environment: a data folder of its own, and no look at the network.
pub(crate) fn settings(desktop: &Desktop) -> [(&'static str, String); 2] {
    let data = data(desktop).to_string_lossy().into_owned();
    [("WS_DATA_PATH", data), ("WS_FIND_SERVERS", "computer".to_owned())]
}

/// The processes below a process, itself included: those of the web view are among them.
pub(crate) fn family(of: u32) -> Vec<u32> {
    let mut all: Vec<(u32, u32)> = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let (Some(pid), Some(rest)) = (
            entry.file_name().to_str().and_then(|name| name.parse().ok()),
            stat.rsplit(')').next(),
        ) else {
            continue;
        };
        // proc_pid_stat(5): after the name in parentheses come the state and the parent.
        if let Some(parent) = rest.split_whitespace().nth(1).and_then(|id| id.parse().ok()) {
            all.push((pid, parent));
        }
    }
    let mut family = vec![of];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        family.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    family
}

/// Whether a page is loaded below a process: WebKitGTK gives each a process of its own, by this name.
pub(crate) fn has_page(of: u32) -> bool {
    family(of).iter().any(|pid| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.starts_with("WebKitWebProces")
    })
}

/// The memory of processes in KiB, with what they share divided among them (PSS, proc_pid_smaps(5)).
pub(crate) fn pss_kib(family: &[u32]) -> u64 {
    let of = |pid: &u32| -> Option<u64> {
        let text =
            std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("smaps_rollup"));
        let text = text.ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_whitespace().next()?.parse().ok()
    };
    family.iter().filter_map(of).sum()
}

/// The processor time that processes have had so far. Not from `stat`, which counts whole ticks of 10 ms to whoever
/// happens to run when one ends: what wakes for some microseconds is counted by luck. The first number of `schedstat`
/// is exact (sched-stats.rst of the kernel: nanoseconds).
pub(crate) fn cpu_time(family: &[u32]) -> Duration {
    let threads =
        family.iter().filter_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).ok());
    let of = |thread: std::fs::DirEntry| -> Option<u64> {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let all = threads.flatten().flatten().filter_map(of).sum();
    assert!(all > 0, "this kernel counts no time, and nothing is not little");
    Duration::from_nanos(all)
}

/// Waits for a program to end by itself, and answers its code.
pub(crate) async fn ended(mut child: Child) -> i32 {
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
    status.code().expect("it ends by itself")
}
