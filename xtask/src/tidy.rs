//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each rule is a function from what it reads to complaints, and has a test of its own. What is read is
//! what Git tracks or would track.

mod edges;
mod names;
mod page;
mod rust;
mod text;

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, command};
use crate::only_known;

/// Something that a rule found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Complaint {
    /// Path from the top folder, with `/` between its parts.
    file: String,
    /// Counted from one; zero where no line is meant.
    line: usize,
    what: String,
}

impl Complaint {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// A file of the project: its path from the top folder, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn ends_with(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

/// Runs all rules and fails when one of them finds something.
pub(crate) fn tidy(root: &Path, arguments: &[String]) -> Result<()> {
    only_known(arguments, &[])?;
    let files = files(root)?;
    let mut complaints = edges::forbidden(&metadata()?)?;
    complaints.extend(names::forbidden(&files));
    complaints.extend(text::too_long(&files));
    complaints.extend(text::paths_of_a_machine(&files));
    complaints.extend(rust::careless(&files)?);
    complaints.extend(rust::without_purpose(&files));
    complaints.extend(page::only_the_host_talks_to_tauri(&files));
    complaints.extend(page::no_view_imports_a_view(&files));
    complaints.sort();
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} to tidy up", complaints.len());
    }
    println!("tidy: {} files, nothing to complain about", files.len());
    Ok(())
}

/// All text files that Git tracks, or would if they were added.
fn files(root: &Path) -> Result<Vec<File>> {
    // A clone may belong to another user than the one who runs this, for example in a container.
    let list = ["git", "-c", "safe.directory=*", "ls-files", "-z"];
    let output = command(&[&list[..], &["--cached", "--others", "--exclude-standard"]].concat())
        .current_dir(root)
        .output()
        .context("cannot start git")?;
    if !output.status.success() {
        bail!("git cannot list the files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut files = Vec::new();
    for path in String::from_utf8_lossy(&output.stdout).split('\0').filter(|path| !path.is_empty())
    {
        // Pictures are no text, and a file that was deleted but is still tracked cannot be read.
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

/// What Cargo says of the packages of the workspace.
fn metadata() -> Result<serde_json::Value> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"]).output()?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("the answer of cargo metadata is not JSON")
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}
