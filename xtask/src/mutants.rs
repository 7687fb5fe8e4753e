//! `cargo xtask mutants`: whether the tests of `model` notice when one of its rules is another one.
//!
//! Each mutant is the crate with one small fault put in. One that no test notices (it survives) is either a test
//! that is missing, or no fault at all: then `docs/mutants.md` says why. Whoever is not listed there, and whoever
//! is listed and does not survive any more, ends this badly.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{command, run};
use crate::only_known;
use crate::setup::{self, MUTANTS, Need};

/// So many of a hundred must be noticed, whatever is said of the others.
const CAUGHT: usize = 95;

/// Where the survivors stand, each with its reason.
const LISTED: &str = "docs/mutants.md";

/// Makes and tries all mutants of `model`: half an hour on two processors.
pub(crate) fn mutants(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &[])?;
    setup::require(root, &[Need::Compiler])?;
    let tool = MUTANTS.path(root)?;
    let output = root.join("target/mutants");
    let ended =
        run(command(&[&tool.to_string_lossy(), "mutants", "--package", "watchstate-model"])
            .args([
                "--colors",
                "never",
                "--no-shuffle",
                "--jobs",
                "2",
                "--cargo-arg=--locked",
                "--output",
            ])
            .arg(&output)
            .current_dir(root));
    let found = Found::read(&output.join("mutants.out"), ended)?;
    let listed =
        std::fs::read_to_string(root.join(LISTED)).with_context(|| format!("no {LISTED}"))?;
    found.judge(&listed_in(&listed))
}

/// What became of the mutants.
#[derive(Debug)]
struct Found {
    caught: usize,
    survived: BTreeSet<String>,
}

impl Found {
    /// Reads the lists that the tool writes, a mutant each line. It ends badly as soon as one survives, so how it
    /// ended counts only where it has written nothing.
    fn read(folder: &Path, ended: Result<()>) -> Result<Self> {
        let lines = |name: &str| -> std::io::Result<Vec<String>> {
            Ok(std::fs::read_to_string(folder.join(name))?.lines().map(ToOwned::to_owned).collect())
        };
        let (Ok(caught), Ok(missed), Ok(endless)) =
            (lines("caught.txt"), lines("missed.txt"), lines("timeout.txt"))
        else {
            ended?;
            bail!("no lists of mutants in {}", folder.display());
        };
        if caught.is_empty() {
            ended?;
            bail!("no mutant was noticed: something else is wrong");
        }
        // A test that comes to no end is one that has noticed.
        Ok(Self {
            caught: caught.len() + endless.len(),
            survived: missed.iter().map(|line| without_place(line)).collect(),
        })
    }

    fn judge(&self, listed: &BTreeSet<String>) -> Result<()> {
        let all = self.caught + self.survived.len();
        println!("{} of {all} mutants noticed, {} survive", self.caught, self.survived.len());
        let unknown: Vec<&String> = self.survived.difference(listed).collect();
        if !unknown.is_empty() {
            for mutant in &unknown {
                println!("survives, and {LISTED} does not say why: {mutant}");
            }
            bail!("{} mutants survive without a reason", unknown.len());
        }
        let noticed: Vec<&String> = listed.difference(&self.survived).collect();
        if !noticed.is_empty() {
            for mutant in &noticed {
                println!("stands in {LISTED}, and does not survive: {mutant}");
            }
            bail!("{LISTED} is older than the tests");
        }
        if self.caught * 100 < all * CAUGHT {
            bail!("fewer than {CAUGHT} of a hundred mutants are noticed");
        }
        Ok(())
    }
}

/// A mutant's name without line and column, which move with every edit:
/// `crates/model/src/plan.rs:12:5: replace …` is `crates/model/src/plan.rs: replace …`.
fn without_place(line: &str) -> String {
    match line.split_once(": ") {
        Some((place, what)) => {
            let file = place.split(':').next().unwrap_or(place);
            format!("{file}: {what}")
        }
        None => line.to_owned(),
    }
}

/// The mutants that are listed: what stands in backticks at the beginning of a list's item.
fn listed_in(text: &str) -> BTreeSet<String> {
    let items = text.lines().filter_map(|line| line.strip_prefix("- `"));
    items.filter_map(|item| item.split_once('`')).map(|(mutant, _)| mutant.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(caught: usize, survived: &[&str]) -> Found {
        Found { caught, survived: survived.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn whoever_survives_without_a_reason_is_named() {
        let listed = listed_in(
            "# Mutants\n\n- `a.rs: replace < with <=`: the same for whole numbers\n- no mutant\n",
        );
        let of = |found: Found| found.judge(&listed).map_err(|error| error.to_string());
        assert_eq!(of(found(99, &["a.rs: replace < with <="])), Ok(()));
        assert_eq!(
            of(found(99, &["a.rs: replace < with <=", "a.rs: delete !"])),
            Err("1 mutants survive without a reason".to_owned())
        );
        assert_eq!(of(found(99, &[])), Err("docs/mutants.md is older than the tests".to_owned()));
        assert_eq!(
            of(found(18, &["a.rs: replace < with <="])),
            Err("fewer than 95 of a hundred mutants are noticed".to_owned())
        );
    }

    #[test]
    fn a_mutant_is_the_same_on_another_line() {
        assert_eq!(
            without_place("crates/model/src/plan.rs:12:5: replace x -> bool with true in a::b"),
            "crates/model/src/plan.rs: replace x -> bool with true in a::b"
        );
    }

    #[test]
    fn what_the_tool_wrote_is_read_and_nothing_written_is_no_success() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Found::read(folder.path(), Ok(()));
        read().unwrap_err();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("caught.txt", "");
        write("missed.txt", "crates/model/src/plan.rs:12:5: delete !\n");
        write("timeout.txt", "crates/model/src/plan.rs:13:5: delete !\n");
        read().unwrap_err();
        write("caught.txt", "crates/model/src/plan.rs:11:5: delete !\n");
        let found = read().unwrap();
        assert_eq!(found.caught, 2);
        assert_eq!(
            found.survived.into_iter().collect::<Vec<_>>(),
            ["crates/model/src/plan.rs: delete !"]
        );
    }
}
