//! `cargo xtask fuzz`: inputs without end for what reads bytes of strangers.
//!
//! Each program in `fuzz/targets` is built with a counter at every branch (a pass of LLVM that stable Rust has),
//! by which libFuzzer sees which of its inputs led somewhere new, and goes on from those. Its sanitizers want a
//! nightly compiler; in a program without `unsafe` of its own, what can go wrong is a panic, an overflow, no
//! end and no end of memory, and all of these are found without.
//!
//! It begins with `fuzz/corpus`, keeps what it finds on the way in the target folder, and there puts what
//! ended the program.

use std::env::consts::EXE_EXTENSION;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::WrongUsage;
use crate::command::{answer, cargo, run, words};
use crate::setup::{self, Need};

/// How long each target is fed where nobody says, in seconds.
const LONG: u64 = 600;

/// What has the compiler put in the counters, a table of what they count, and reports of what is compared:
/// what cargo-fuzz sets as well.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Feeds the targets that are named, or all: `[SECONDS] [TARGET…]`, one after the other.
pub(crate) fn fuzz(root: &Path, arguments: &[String]) -> Result<()> {
    let targets = targets(root)?;
    let mut seconds = LONG;
    let mut chosen = Vec::new();
    for argument in arguments {
        match argument.parse() {
            Ok(number @ 1..) => seconds = number,
            _ if targets.contains(argument) => chosen.push(argument.clone()),
            _ => {
                let names = targets.join(", ");
                let what =
                    format!("`{argument}` is neither a number of seconds nor one of {names}");
                return Err(WrongUsage(what).into());
            }
        }
    }
    let chosen = if chosen.is_empty() { targets } else { chosen };
    let (_, failed) = feed(root, &chosen, seconds)?;
    if failed > 0 {
        bail!("{failed} of {} targets ended badly", chosen.len());
    }
    Ok(())
}

/// All targets, some seconds in all: how many did well, and how many did not.
pub(crate) fn shortly(root: &Path, seconds: u64) -> Result<(u32, u32)> {
    let targets = targets(root)?;
    let each = (seconds / targets.len().max(1) as u64).max(2);
    feed(root, &targets, each)
}

/// Builds and feeds targets: how many of them did well, and how many did not.
fn feed(root: &Path, targets: &[String], seconds: u64) -> Result<(u32, u32)> {
    setup::require(root, &[Need::Compiler, Need::Fuzzer])?;
    let work = work(root);
    let programs = build(root, &work)?;
    let mut lines = Vec::new();
    let (mut well, mut failed) = (0, 0);
    for target in targets {
        eprintln!("{target}: {seconds} s");
        let program = programs.join(target).with_extension(EXE_EXTENSION);
        match feed_one(root, &work, target, &program, seconds) {
            Ok(run) => {
                well += 1;
                lines.push(format!(
                    "{target:<20} {:>10} inputs, {:>6} of {} branches, {:>5} inputs kept, no crash",
                    run.inputs, run.reached, run.counters, run.kept
                ));
            }
            Err(error) => {
                failed += 1;
                lines.push(format!("{target:<20} FAILED: {error:#}"));
            }
        }
    }
    println!("\n{}", lines.join("\n"));
    Ok((well, failed))
}

/// Where everything is built and kept.
fn work(root: &Path) -> PathBuf {
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root.join(folder).join("fuzz")
}

/// The names of all targets.
fn targets(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("fuzz/targets");
    let mut names = Vec::new();
    for file in std::fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = file?.path();
        if let (Some(stem), Some("rs")) =
            (path.file_stem(), path.extension().and_then(|e| e.to_str()))
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds all targets; gives the folder they are in.
fn build(root: &Path, work: &Path) -> Result<PathBuf> {
    let told = answer(&["rustc", "-vV"]).context("cannot ask rustc for its version")?;
    let host = told
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say for which system it builds")?;
    // With a system named, cargo leaves build scripts and macros without the flags, which are for the
    // program alone.
    run(cargo(&["build", "--release", "--locked", "--bins", "--target", host, "--manifest-path"])
        .arg(root.join("fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(work)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")))
    .context("after a change of dependencies: cargo fetch --manifest-path fuzz/Cargo.toml")?;
    Ok(work.join(host).join("release"))
}

/// What a run of a target came to.
#[derive(PartialEq, Eq, Debug)]
struct Run {
    /// How many inputs it was fed.
    inputs: u64,
    /// How many counters there are.
    counters: u64,
    /// How many of them were reached.
    reached: u64,
    /// How many inputs it keeps because each led somewhere new.
    kept: u64,
}

fn feed_one(root: &Path, work: &Path, target: &str, program: &Path, seconds: u64) -> Result<Run> {
    let kept = work.join("corpus").join(target);
    let found = work.join("found");
    std::fs::create_dir_all(&kept)?;
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(program);
    command
        .arg(&kept)
        .arg(root.join("fuzz/corpus").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-dict={}", root.join("fuzz/words.dict").display()))
        .arg(format!("-artifact_prefix={}/{target}-", found.display()))
        .args(["-max_len=8192", "-timeout=10", "-rss_limit_mb=512", "-print_final_stats=1"])
        .stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot start {}", words(&command)))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let lines: Vec<_> = text.lines().collect();
        eprintln!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        bail!("an input in {} ends {}", found.display(), program.display());
    }
    Run::read(&text).context("it does not say which branches it has seen")
}

impl Run {
    /// From what libFuzzer writes. Nothing where it had no counters: it would be guessing blindly.
    fn read(text: &str) -> Option<Self> {
        let after = |line: &str, word: &str| {
            let digits = line.split_once(word)?.1.trim_start();
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse::<u64>().ok()
        };
        let counters = text.lines().find(|line| line.contains("inline 8-bit counters"))?;
        let last = text.lines().rfind(|line| line.contains(" cov: "))?;
        Some(Self {
            inputs: text.lines().find_map(|line| after(line, "stat::number_of_executed_units:"))?,
            counters: after(counters, "(").filter(|counters| *counters > 0)?,
            reached: after(last, " cov:")?,
            kept: after(last, " corp:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = concat!(
        "INFO: Seed: 3141592653\n",
        "INFO: Loaded 1 modules   (48213 inline 8-bit counters): 48213 [0x5580, 0x5590), \n",
        "INFO: Loaded 1 PC tables (48213 PCs): 48213 [0x5590,0x55a0), \n",
        "#15\tINITED cov: 912 ft: 1500 corp: 14/5000b exec/s: 0 rss: 40Mb\n",
        "#90210\tDONE   cov: 1204 ft: 3391 corp: 377/61Kb lim: 8192 exec/s: 9021 rss: 83Mb\n",
        "Done 90210 runs in 11 second(s)\n",
        "stat::number_of_executed_units: 90210\n",
        "stat::average_exec_per_sec:     8200\n",
    );

    #[test]
    fn a_run_is_read() {
        let run = Run { inputs: 90210, counters: 48213, reached: 1204, kept: 377 };
        assert_eq!(Run::read(WRITTEN), Some(run));
    }

    #[test]
    fn a_run_without_counters_is_none() {
        let blind = WRITTEN.replace("inline 8-bit counters", "");
        assert_eq!(Run::read(&blind), None);
        assert_eq!(Run::read(&WRITTEN.replace("48213", "0")), None);
        assert_eq!(Run::read(""), None);
    }

    #[test]
    fn each_target_has_a_program_and_a_corpus_and_is_fed_by_the_tests() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let targets = targets(&root).unwrap();
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
        let (manifest, tests) = (read("fuzz/Cargo.toml"), read("fuzz/src/lib.rs"));
        assert!(!targets.is_empty());
        for target in &targets {
            assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target}");
            assert!(tests.contains(&format!("(\"{target}\", {target})")), "{target}");
            assert!(root.join("fuzz/corpus").join(target).is_dir(), "{target} has no corpus");
        }
        let corpora = std::fs::read_dir(root.join("fuzz/corpus")).unwrap().count();
        assert_eq!(corpora, targets.len(), "a corpus without a target");
    }
}
