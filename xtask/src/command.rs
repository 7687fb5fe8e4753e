//! Running other programs: shown before they start, and read while they write.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

/// A command from its words.
pub(crate) fn command(words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().unwrap_or((&"true", &[]));
    let mut command = Command::new(program_of(program));
    command.args(arguments);
    if let ("node" | "npm" | "npx", Some(path)) = (*program, path_with_own_node()) {
        command.env("PATH", path);
    }
    command
}

/// The Node that `setup` put beside a system's too old one, from the top folder of the project.
pub(crate) const OWN_NODE: &str = "target/tools/node";

/// The search path with that Node before all else, if it is there.
fn path_with_own_node() -> Option<OsString> {
    let own = Path::new(OWN_NODE).join("node_modules/node/bin").canonicalize().ok()?;
    let usual = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&usual))).ok()
}

/// Cargo itself: the one that runs us, so that both are of the same toolchain.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// On Windows npm and npx are scripts, which only their full name starts.
fn program_of(name: &str) -> String {
    if cfg!(windows) && matches!(name, "npm" | "npx") {
        format!("{name}.cmd")
    } else {
        name.to_owned()
    }
}

/// Runs a command with our own input and output; an error when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    show(command);
    let status = command.status().with_context(|| format!("cannot start {}", words(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", words(command));
    }
    Ok(())
}

/// Runs a command, passes on what it writes, and gives all of it back with whether it went well.
pub(crate) fn run_and_read(command: &mut Command) -> Result<(bool, String)> {
    show(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    let out = child.stdout.take().context("a child without output")?;
    let err = child.stderr.take().context("a child without error output")?;
    let reader = thread::spawn(move || pass_on(err, std::io::stderr()));
    let mut text = pass_on(out, std::io::stdout());
    if let Ok(more) = reader.join() {
        text.push_str(&more);
    }
    let status = child.wait().with_context(|| format!("cannot wait for {}", words(command)))?;
    Ok((status.success(), text))
}

/// Copies line by line, so that the two streams never mix within a line.
fn pass_on(from: impl Read, mut to: impl Write) -> String {
    let mut from = BufReader::new(from);
    let mut all = String::new();
    let mut line = Vec::new();
    while let Ok(1..) = from.read_until(b'\n', &mut line) {
        // A reader that went away is no reason to stop the work.
        let _ = to.write_all(&line);
        all.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    all
}

/// What a command prints, when it succeeds; nothing when it fails or is not there.
pub(crate) fn answer(words: &[&str]) -> Option<String> {
    let output = command(words).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a command is there and succeeds, without showing anything.
pub(crate) fn succeeds(words: &[&str]) -> bool {
    answer(words).is_some()
}

/// Whether a person sits at a terminal and can be asked.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question that is answered with `y`; everything else is no.
pub(crate) fn agreed(question: impl Display) -> Result<bool> {
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// The words of a command as one would type them.
pub(crate) fn words(command: &Command) -> String {
    let mut text = std::path::Path::new(command.get_program())
        .file_stem()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        if argument.contains([' ', '*', '(']) {
            text.push_str(&format!(" '{argument}'"));
        } else {
            text.push_str(&format!(" {argument}"));
        }
    }
    text
}

fn show(command: &Command) {
    eprintln!("$ {}", words(command));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let shown = words(&command(&["cargo", "nextest", "run", "-E", "not (a & b)"]));
        assert_eq!(shown, "cargo nextest run -E 'not (a & b)'");
    }

    #[test]
    fn lines_are_passed_on_and_kept() {
        let mut seen = Vec::new();
        let kept = pass_on(&b"one\ntwo\xff\nlast"[..], &mut seen);
        assert_eq!(seen, b"one\ntwo\xff\nlast", "as it came, byte by byte");
        assert_eq!(kept, "one\ntwo\u{fffd}\nlast");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_answer_of_nothing() {
        assert_eq!(answer(&["watchstate-no-such-program"]), None);
    }
}
