//! The programs that make a desktop.

use std::fmt;
use std::path::PathBuf;

/// What is not installed on this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Missing(&'static str);

impl Missing {
    pub(super) fn program(name: &'static str) -> Self {
        Self(name)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not there; `cargo xtask setup --tests` installs it", self.0)
    }
}

/// Where a program is on this machine.
///
/// # Errors
/// When it is not on the search path.
pub fn find(name: &'static str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").ok_or(Missing(name))?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .ok_or(Missing(name))
}
