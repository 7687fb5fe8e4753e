//! `cargo xtask test`: every check and every test, cheap ones first.
//!
//! One line per step at the end, with its time; the last line sums them up as `N passed, N failed, N
//! skipped`. A step counts as one, a step that runs tests as that many.

mod counts;
mod suites;

use std::env::{self, consts::EXE_EXTENSION};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use counts::Counts;
use suites::SUITES;

use crate::command::{cargo, command, run, run_and_read, succeeds};
use crate::setup::{self, DENY, Need};
use crate::{WrongUsage, bundle, fuzz, page, queries, tidy};

/// Builds the programs as the tests have built them, which is nothing to do after those. Asked for by itself, a
/// program would be built with fewer features than beside the tests, and everything below it once more.
pub(crate) const AS_THE_TESTS: &[&str] =
    &["test", "--no-run", "--locked", "--workspace", "--lib", "--bins", "--tests"];

/// How a step ended.
enum Ending {
    /// It did what it should: so many checks or tests.
    Done(Counts),
    /// It could not be done here.
    Skipped(String),
    /// An earlier step failed, so it was not begun.
    NotBegun,
}

/// What a step does in the top folder of the project.
type Does = dyn Fn(&Path) -> Result<Ending>;

/// One step of the run.
struct Step {
    name: String,
    does: Box<Does>,
}

/// What became of a step.
struct Line {
    name: String,
    ending: Ending,
    took: Duration,
}

/// Runs all steps, or the one named by `--only`; stops after the first that fails, unless `--keep-going`.
pub(crate) fn test(root: &Path, arguments: &[String]) -> Result<()> {
    let asked = Asked::read(arguments)?;
    let mut steps = steps();
    if let Some(only) = &asked.only {
        let names = steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(", ");
        steps.retain(|step| step.name == *only);
        if steps.is_empty() {
            return Err(WrongUsage(format!("there is no step `{only}`, only: {names}")).into());
        }
    }
    setup::require(root, &[Need::Compiler, Need::Window, Need::Page])?;

    let mut lines: Vec<Line> = Vec::new();
    let mut failed = false;
    for step in steps {
        let begun = Instant::now();
        let ending = if failed && !asked.keep_going {
            Ending::NotBegun
        } else {
            eprintln!("\n=== {} ===", step.name);
            (step.does)(root).unwrap_or_else(|error| {
                eprintln!("{}: {error:#}", step.name);
                Ending::Done(Counts { failed: 1, ..Counts::default() })
            })
        };
        failed |= matches!(&ending, Ending::Done(counts) if counts.failed > 0);
        lines.push(Line { name: step.name, ending, took: begun.elapsed() });
    }

    println!();
    for line in &lines {
        println!("{line}");
    }
    let sum = sum(&lines);
    println!("\n{sum}");
    if sum.failed > 0 {
        bail!("something failed");
    }
    Ok(())
}

/// What the caller wants.
#[derive(Default)]
struct Asked {
    keep_going: bool,
    only: Option<String>,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--keep-going" => asked.keep_going = true,
                "--only" => match arguments.next() {
                    Some(name) => asked.only = Some(name.clone()),
                    None => return Err(WrongUsage("--only wants the name of a step".into()).into()),
                },
                other => return Err(WrongUsage(format!("`{other}` is not understood")).into()),
            }
        }
        Ok(asked)
    }
}

/// All steps in their order: what needs no compiler first, then what shares its parts with the next.
///
/// Checks and tests use one profile, one set of features (always the whole workspace) and no
/// `RUSTFLAGS`, so that a dependency is built once for checking and once for running, and no third time.
fn steps() -> Vec<Step> {
    let mut steps = vec![
        step("tidy", |root| tidy::tidy(root, &[])),
        step("format", |_| format()),
        step("page: packages", page::install),
        step("page: lint", |root| page::npm(root, &["run", "lint"])),
        step("page: types", |root| page::npm(root, &["run", "check"])),
        step("page: build", page::build_if_older),
        step("clippy", |_| run(&mut lints())),
        step("documentation", |_| run(&mut documentation())),
        counted("page: journeys", journeys),
        there("a genuine Kodi", Need::Kodi),
        there("other people's clients", Need::Python),
        there("a genuine keyring", Need::Keyring),
        there("the real window", Need::Display),
        counted("tests", |_| tests()),
        counted("fuzzing", fuzzing),
        counted("packages", packages),
        counted("page: on the real app", on_the_real_app),
        counted("examples in documentation", |_| {
            Ok(Ending::Done(counted_run(&mut offline(&[
                "test",
                "--locked",
                "--workspace",
                "--doc",
            ]))?))
        }),
        step("licences, sources, bans", |root| {
            run(&mut deny(root, &["bans", "licenses", "sources"])?)
        }),
        counted("advisories", advisories),
        step("queries", queries::check),
    ];
    steps.extend(SUITES.iter().map(|suite| {
        counted(suite.name, move |root| {
            if let Err(error) = setup::require(root, suite.needs) {
                return Ok(Ending::Skipped(format!("{error:#}")));
            }
            Ok(Ending::Done(counted_run(&mut offline(suite.cargo))?))
        })
    }));
    steps
}

/// A step that counts as one check.
fn step(name: &str, does: impl Fn(&Path) -> Result<()> + 'static) -> Step {
    counted(name, move |root| {
        does(root).map(|()| Ending::Done(Counts { passed: 1, ..Counts::default() }))
    })
}

/// The workspace, and the fuzz targets, which are one of their own.
fn format() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

/// The fuzzer for a moment: whether every target can be built and goes on from its corpus. `cargo xtask fuzz` is
/// for looking.
fn fuzzing(root: &Path) -> Result<Ending> {
    const SECONDS: u64 = 20;
    if !cfg!(target_os = "linux") {
        return Ok(Ending::Skipped("the fuzzer is built on Linux alone".into()));
    }
    if let Err(error) = setup::require(root, &[Need::Fuzzer]) {
        return Ok(Ending::Skipped(format!("{error:#}")));
    }
    let (passed, failed) = fuzz::shortly(root, SECONDS)?;
    Ok(Ending::Done(Counts { passed, failed, ..Counts::default() }))
}

/// What people do with the page, in a browser, on a household that is made up in memory.
fn journeys(root: &Path) -> Result<Ending> {
    if let Err(error) = setup::require(root, &[Need::Browser]) {
        return Ok(Ending::Skipped(format!("{error:#}")));
    }
    in_a_browser(root, &mut command(&["npm", "test"]))
}

/// What people do with the page, in a browser, on the app itself and its demo servers.
fn on_the_real_app(root: &Path) -> Result<Ending> {
    if let Err(error) = setup::require(root, &[Need::Browser]) {
        return Ok(Ending::Skipped(format!("{error:#}")));
    }
    page::build_if_older(root)?;
    run(&mut offline(AS_THE_TESTS))?;
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let program = root.join(folder).join("debug/watchstate-cli").with_extension(EXE_EXTENSION);
    let mut command = command(&["npm", "run", "test:serve"]);
    command.env("WATCHSTATE_CLI", program);
    in_a_browser(root, &mut command)
}

/// Runs tests of the page in Chromium.
fn in_a_browser(root: &Path, command: &mut Command) -> Result<Ending> {
    command.current_dir(root.join("ui"));
    if let Some(chromium) = setup::chromium() {
        command.env("WATCHSTATE_CHROMIUM", chromium);
    }
    run(command)?;
    Ok(Ending::Done(Counts { passed: 1, ..Counts::default() }))
}

/// The packages of this system, of the program that the tests have built.
fn packages(root: &Path) -> Result<Ending> {
    if !cfg!(target_os = "linux") {
        return Ok(Ending::Skipped("only the packages of Linux are looked at".into()));
    }
    // Each check says itself what it could not do without.
    if let Err(error) = setup::require(root, &[Need::Packages]) {
        eprintln!("{error:#}");
    }
    let bundle::Tally { passed, failed, skipped } = bundle::check_debug_packages(root)?;
    Ok(Ending::Done(Counts { passed, failed, skipped }))
}

/// Something genuine that tests run against. Where it cannot be had, those tests do nothing, and this line
/// says so.
fn there(name: &str, need: Need) -> Step {
    counted(name, move |root| {
        Ok(match setup::require(root, &[need]) {
            Ok(()) => Ending::Done(Counts { passed: 1, ..Counts::default() }),
            Err(error) => Ending::Skipped(format!("its tests did not run: {error:#}")),
        })
    })
}

/// A step that says itself what it counts.
fn counted(name: &str, does: impl Fn(&Path) -> Result<Ending> + 'static) -> Step {
    Step { name: name.to_owned(), does: Box::new(does) }
}

/// Cargo, with the committed descriptions of the queries instead of a database.
fn offline(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL");
    command
}

fn lints() -> Command {
    offline(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn documentation() -> Command {
    let mut command = offline(&["doc", "--locked", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// The tests of all crates but for those which are a suite of their own.
fn tests() -> Result<Ending> {
    let all = ["--locked", "--workspace"];
    let counts = if succeeds(&["cargo", "nextest", "--version"]) {
        let mut command = offline(&["nextest", "run"]);
        command.args(all).args(["--no-fail-fast", "--no-tests", "pass"]);
        let suites: Vec<_> = SUITES.iter().filter_map(suites::Suite::binary).collect();
        if !suites.is_empty() {
            command.arg("-E").arg(format!("not (binary_id({}))", suites.join(") | binary_id(")));
        }
        counted_run(&mut command)?
    } else {
        // Without nextest the suites run here too, in a debug build: slower, and as right.
        counted_run(offline(&["test"]).args(all).args([
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ]))?
    };
    Ok(Ending::Done(counts))
}

/// Runs a command that runs tests. One that fails without a failed test (it did not compile) is a failure.
fn counted_run(command: &mut Command) -> Result<Counts> {
    let (well, text) = run_and_read(command)?;
    let counts = Counts::read(&text);
    if !well && counts.failed == 0 {
        bail!("it ended badly before all tests were run");
    }
    Ok(counts)
}

fn deny(root: &Path, checks: &[&str]) -> Result<Command> {
    let tool = DENY.path(root)?;
    let mut command = command(&[&tool.to_string_lossy()]);
    command.args(["--locked", "--workspace", "check", "--hide-inclusion-graph"]).args(checks);
    Ok(command)
}

/// Known weaknesses of dependencies, where the network has the list of them.
fn advisories(root: &Path) -> Result<Ending> {
    let list = "https://github.com/rustsec/advisory-db";
    let mut ask = command(&["git", "ls-remote", "--quiet", "--exit-code", list, "HEAD"]);
    ask.env("GIT_TERMINAL_PROMPT", "0").stdin(std::process::Stdio::null());
    // A network that swallows what is sent would hold up the run for minutes.
    ask.env("GIT_HTTP_LOW_SPEED_LIMIT", "1").env("GIT_HTTP_LOW_SPEED_TIME", "15");
    let reached = ask.output().is_ok_and(|output| output.status.success());
    if !reached {
        return Ok(Ending::Skipped("the list of advisories cannot be reached from here".into()));
    }
    run(&mut deny(root, &["advisories"])?)?;
    Ok(Ending::Done(Counts { passed: 1, ..Counts::default() }))
}

/// All steps together. A step that was not begun or could not be done counts as one skipped.
fn sum(lines: &[Line]) -> Counts {
    lines.iter().fold(Counts::default(), |sum, line| {
        sum + match &line.ending {
            Ending::Done(counts) => *counts,
            Ending::Skipped(_) | Ending::NotBegun => Counts { skipped: 1, ..Counts::default() },
        }
    })
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        let (word, more) = match &self.ending {
            Ending::Done(Counts { failed: 1.., .. }) => ("FAILED", String::new()),
            Ending::Done(_) => ("ok", String::new()),
            Ending::Skipped(why) => ("SKIPPED", format!(": {why}")),
            Ending::NotBegun => ("not begun", String::new()),
        };
        let tests = match &self.ending {
            Ending::Done(counts) if counts.passed + counts.failed + counts.skipped > 1 => {
                format!("  ({counts})")
            }
            _ => String::new(),
        };
        write!(f, "{:<26} {seconds:>7.1} s  {word}{more}{tests}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ending: Ending) -> Line {
        Line { name: "a step".into(), ending, took: Duration::from_millis(1500) }
    }

    #[test]
    fn the_last_line_is_the_sum_of_all_steps() {
        let lines = [
            line(Ending::Done(Counts { passed: 1, ..Counts::default() })),
            line(Ending::Done(Counts { passed: 40, failed: 2, skipped: 1 })),
            line(Ending::Skipped("no Kodi".into())),
            line(Ending::NotBegun),
        ];
        assert_eq!(sum(&lines).to_string(), "41 passed, 2 failed, 3 skipped");
    }

    #[test]
    fn each_step_has_a_line_with_its_time_and_what_became_of_it() {
        for (ending, shown) in [
            (Ending::Done(Counts { passed: 1, ..Counts::default() }), "1.5 s  ok"),
            (
                Ending::Done(Counts { passed: 3, failed: 1, skipped: 0 }),
                "1.5 s  FAILED  (3 passed, 1 failed, 0 skipped)",
            ),
            (Ending::Skipped("no Kodi here".into()), "1.5 s  SKIPPED: no Kodi here"),
            (Ending::NotBegun, "1.5 s  not begun"),
        ] {
            assert!(line(ending).to_string().ends_with(shown));
        }
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<_> = steps().into_iter().map(|step| step.name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "--only could not tell them apart");
    }
}
