//! The word that a database was closed in peace, and that nobody touched it since.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{failed, remove, sync_folder_of, with_suffix};
use crate::Result;

/// Added to the name of the database.
const SUFFIX: &str = ".closed";
/// The head of a database, which says how many pages it has and how often it was written
/// (<https://sqlite.org/fileformat.html>, section 1.3): bytes.
const HEAD: u64 = 100;

/// What the file looked like when it was closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mark(String);

impl Mark {
    /// Takes the mark away, for as long as the database is open; whoever dies meanwhile leaves none.
    pub(super) fn take(database: &Path) -> Result<Option<Self>> {
        let path = path(database);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // One that cannot be read is no reason to believe anything.
            text => text.unwrap_or_default(),
        };
        remove(&path).and_then(|()| sync_folder_of(&path)).map_err(failed)?;
        Ok(Some(Self(text)))
    }

    /// Whether the file is still what it was.
    pub(super) fn fits(&self, database: &Path) -> bool {
        describe(database).is_ok_and(|now| now == self.0)
    }

    /// Leaves the mark. Nothing when the log is still there: then somebody else has the file open.
    pub(super) fn leave(database: &Path) -> io::Result<()> {
        if fs::metadata(with_suffix(database, "-wal")).is_ok_and(|log| log.len() > 0) {
            return Ok(());
        }
        let text = describe(database)?;
        let folder = database.parent().unwrap_or(Path::new("."));
        let part = folder.join(format!(".closed-{}", std::process::id()));
        let written = fs::File::create(&part).and_then(|mut file| file.write_all(text.as_bytes()));
        written.and_then(|()| fs::rename(&part, path(database))).inspect_err(|_| {
            let _ = remove(&part);
        })
    }
}

fn path(database: &Path) -> PathBuf {
    with_suffix(database, SUFFIX)
}

/// Its size, when it was written, and its head.
fn describe(database: &Path) -> io::Result<String> {
    let mut file = fs::File::open(database)?;
    let about = file.metadata()?;
    let written = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(HEAD).read_to_end(&mut head)?;
    let head: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{} {written} {head}\n", about.len()))
}
