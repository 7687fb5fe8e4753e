//! The numbers, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::measure::Spent;
use crate::scenario::Scenario;

/// One run of the engine, and its floor.
pub(crate) struct Round {
    pub(crate) engine: Spent,
    pub(crate) floor: Spent,
}

/// A scenario at a size: medians.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Line {
    name: String,
    titles: u32,
    wall_ms: f64,
    cpu_ms: u64,
    peak_rss_mib: f64,
    requests: u64,
    bytes: u64,
    floor_wall_ms: f64,
    ratio: f64,
    /// Beyond what was agreed on: what the floor cost in processor time and memory, and the peak of our
    /// memory when SQLite may keep next to nothing.
    floor_cpu_ms: u64,
    floor_peak_rss_mib: f64,
    peak_without_cache_mib: f64,
    #[serde(skip)]
    scenario: Scenario,
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> u64) -> u64 {
    let mut all: Vec<u64> = rounds.iter().map(of).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

/// To a hundredth, which is more than the machine can repeat.
fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "times and sizes that a double holds exactly")]
fn thousandth(number: u64) -> f64 {
    hundredths(number as f64 / 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "times and sizes that a double holds exactly")]
fn mib(kib: u64) -> f64 {
    hundredths(kib as f64 / 1024.0)
}

impl Line {
    pub(crate) fn of(
        scenario: Scenario,
        titles: u32,
        rounds: &[Round],
        without_cache: Spent,
    ) -> Self {
        let wall_ms = thousandth(median(rounds, |r| r.engine.wall_us));
        let floor_wall_ms = thousandth(median(rounds, |r| r.floor.wall_us));
        Self {
            name: scenario.name(titles),
            titles,
            wall_ms,
            cpu_ms: median(rounds, |r| r.engine.cpu_ms),
            peak_rss_mib: mib(median(rounds, |r| r.engine.peak_rss_kib)),
            requests: median(rounds, |r| r.engine.requests),
            bytes: median(rounds, |r| r.engine.bytes),
            floor_wall_ms,
            ratio: hundredths(wall_ms / floor_wall_ms.max(0.001)),
            floor_cpu_ms: median(rounds, |r| r.floor.cpu_ms),
            floor_peak_rss_mib: mib(median(rounds, |r| r.floor.peak_rss_kib)),
            peak_without_cache_mib: mib(without_cache.peak_rss_kib),
            scenario,
        }
    }
}

/// The first lines of the table.
pub(crate) fn head() -> String {
    let line = "-".repeat(8);
    format!(
        "| {:<18} | {:>8} | {:>8} | {:>8} | {:>8} | {:>8} | {:>9} | {:>8} | {:>8} | {:>6} |\n\
         | {:<18} | {line}:| {line}:| {line}:| {line}:| {line}:| {line}-:| {line}:| {line}:| ------:|",
        "scenario",
        "titles",
        "wall ms",
        "CPU ms",
        "peak MiB",
        "requests",
        "KiB",
        "floor ms",
        "its CPU",
        "ratio",
        "-".repeat(18),
    )
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| {:<18} | {:>9} | {:>8.0} | {:>8} | {:>8.1} | {:>8} | {:>9} | {:>8.0} | {:>8} | {:>6.2} |",
            self.name,
            self.titles,
            self.wall_ms,
            self.cpu_ms,
            self.peak_rss_mib,
            self.requests,
            self.bytes / 1024,
            self.floor_wall_ms,
            self.floor_cpu_ms,
            self.ratio,
        )
    }
}

/// Each goal that these lines can tell of, and whether it is met.
pub(crate) fn goals(lines: &[Line]) -> Vec<String> {
    const LARGE: u32 = 100_000;
    let large = || lines.iter().filter(|line| line.titles == LARGE);
    let mut said = Vec::new();
    let mut say = |is_met: bool, what: String| {
        said.push(format!("{} {what}", if is_met { "met:    " } else { "not met:" }));
    };
    for line in large() {
        let most = match line.scenario {
            Scenario::FirstImport => 2.0,
            Scenario::ImportUnchanged => 1.3,
            _ => continue,
        };
        say(line.ratio <= most, format!("{} {:.2} x floor, at most {most}", line.name, line.ratio));
    }
    if let Some(peak) = large().map(|line| line.peak_rss_mib).max_by(f64::total_cmp) {
        say(peak <= 150.0, format!("peak memory {peak:.0} MiB, at most 150"));
    }
    for line in large() {
        let small = lines
            .iter()
            .find(|small| small.titles == LARGE / 10 && small.scenario == line.scenario);
        if let Some(small) = small {
            let more = (line.peak_without_cache_mib / small.peak_without_cache_mib - 1.0) * 100.0;
            let what = format!("{} {more:+.0} % memory from 10,000 to 100,000", line.name);
            say(more <= 10.0, format!("{what} without SQLite's cache, at most 10"));
        }
    }
    for line in lines.iter().filter(|line| line.scenario == Scenario::ExportFew) {
        let each = hundredths(thousandth(line.requests * 1000) / 100.0);
        let what = format!("{} at {}: {each} requests a change", line.name, line.titles);
        say(each <= 3.0, format!("{what}, at most 3"));
    }
    said
}
