//! What is said goes to stdout: the answer. What is told goes to stderr: errors and asides.

use std::io::{self, Write};

/// Says a line, or several. Nobody listening, as in a pipe that was closed, is no error.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Tells something beside the answer.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
