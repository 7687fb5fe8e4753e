//! What a developer and CI run, as `cargo xtask NAME`.
//!
//! Each task brings what it needs itself: on a fresh machine with Rust on it, nothing has to be prepared
//! by hand. `cargo xtask` alone prints the tasks.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal: printing is its work"
)]

mod bench;
mod bundle;
mod command;
mod demo;
mod fuzz;
mod mutants;
mod page;
mod pictures;
mod queries;
mod run;
mod setup;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

/// A task and what the help says of it.
struct Task {
    name: &'static str,
    takes: &'static str,
    does: &'static str,
    run: fn(&Path, &[String]) -> Result<()>,
}

const TASKS: &[Task] = &[
    Task {
        name: "demo",
        takes: "[--headless] [--with-kodi]",
        does: "three sample servers are brought to agree, step by step; needs no server of yours",
        run: demo::demo,
    },
    Task {
        name: "run",
        takes: "[--release] [-- ARGUMENTS]",
        does: "builds the page and starts the app",
        run: run::run,
    },
    Task {
        name: "test",
        takes: "[--keep-going] [--only STEP]",
        does: "every check and every test; prints `N passed, N failed, N skipped` at the end",
        run: test::test,
    },
    Task {
        name: "bench",
        takes: "[window | realtime | idle | ARGUMENTS]",
        does: "measures import and export, writes target/bench/summary.json; or the app itself",
        run: bench::bench,
    },
    Task {
        name: "fuzz",
        takes: "[SECONDS] [TARGET…]",
        does: "feeds what reads bytes of strangers with inputs without end; ten minutes each",
        run: fuzz::fuzz,
    },
    Task {
        name: "mutants",
        takes: "",
        does: "puts small faults into the rules of the merge, and looks whether a test notices each",
        run: mutants::mutants,
    },
    Task {
        name: "bundle",
        takes: "[--debug] [--no-build] [--check]",
        does: "packs the app for this system, writes target/bundle; --check looks at the packages",
        run: bundle::bundle,
    },
    Task {
        name: "pictures",
        takes: "",
        does: "takes the pictures of the guide anew, of the real window on a display of its own",
        run: pictures::pictures,
    },
    Task {
        name: "tidy",
        takes: "",
        does: "checks the rules of the house that no compiler knows",
        run: tidy::tidy,
    },
    Task {
        name: "queries",
        takes: "",
        does: "writes .sqlx anew, after a change of SQL or of a migration",
        run: queries::write,
    },
    Task {
        name: "setup",
        takes: "[--tests]",
        does: "installs what building needs, with --tests also what every test needs",
        run: setup::setup,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        println!("{}", help());
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        println!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("There is no task `{name}`.\n\n{}", help());
        return ExitCode::from(2);
    };
    match root().and_then(|root| (task.run)(&root, rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ncargo xtask {name}: {error:#}");
            match error.downcast_ref::<WrongUsage>() {
                Some(_) => ExitCode::from(2),
                None => ExitCode::FAILURE,
            }
        }
    }
}

/// The top folder of the project.
fn root() -> Result<PathBuf> {
    // Cargo tells where xtask lies now; the path of the build is only for a program started by hand.
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = xtask.parent().context("the folder of xtask has no parent")?;
    std::env::set_current_dir(root)
        .with_context(|| format!("cannot enter the project's folder {}", root.display()))?;
    Ok(root.to_path_buf())
}

fn help() -> String {
    let mut text = String::from("cargo xtask TASK\n\n");
    for Task { name, takes, does, .. } in TASKS {
        text.push_str(&format!("  {name:<8} {takes}\n           {does}\n"));
    }
    text.push_str("\nAsks before it installs anything, unless it runs as root or with CI=true.");
    text
}

/// The caller wrote something that no task understands.
#[derive(Debug)]
struct WrongUsage(String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; `cargo xtask help` shows the tasks", self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Refuses the first argument that is not among those which the task knows.
fn only_known(arguments: &[String], known: &[&str]) -> Result<()> {
    match arguments.iter().find(|argument| !known.contains(&argument.as_str())) {
        Some(unknown) => Err(WrongUsage(format!("`{unknown}` is not understood")).into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_task_once() {
        let help = help();
        for task in TASKS {
            let lines =
                help.lines().filter(|line| line.split_whitespace().next() == Some(task.name));
            assert_eq!(lines.count(), 1, "{}", task.name);
        }
    }

    #[test]
    fn an_unknown_argument_is_wrong_usage_and_is_named() {
        let error = only_known(&["--headles".into()], &["--headless"]).unwrap_err();
        assert!(error.to_string().contains("`--headles`"), "{error}");
        assert!(error.is::<WrongUsage>());
        only_known(&["--headless".into()], &["--headless"]).unwrap();
    }
}
