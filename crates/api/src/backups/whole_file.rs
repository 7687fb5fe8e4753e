//! A file that is there whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::secrets::sync_folder;

/// How files begin that are not whole yet.
pub(super) const UNFINISHED: &str = ".watchstate-unfinished-";

/// A file that is being written, for its owner alone. Dropped before [`WholeFile::keep`], nothing is left of
/// it; a process that dies leaves a file with the name of an unfinished one.
pub(crate) struct WholeFile {
    folder: PathBuf,
    file: BufWriter<NamedTempFile>,
    bytes: u64,
}

impl WholeFile {
    /// Begins a file in a folder, which is made where there is none.
    pub(crate) fn begin(folder: &Path) -> io::Result<Self> {
        make(folder)?;
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        Ok(Self { folder: folder.to_owned(), file: BufWriter::new(file), bytes: 0 })
    }

    /// Adds to it.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.file.write_all(bytes)
    }

    /// Gives it its name, once everything of it is on the disk. Answers its size in bytes. A file of that name
    /// is replaced only where the caller says so.
    pub(crate) fn keep(self, name: &str, replace: bool) -> io::Result<u64> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        let path = self.folder.join(name);
        if replace {
            file.persist(path).map_err(|error| error.error)?;
        } else {
            file.persist_noclobber(path).map_err(|error| error.error)?;
        }
        sync_folder(&self.folder)?;
        Ok(self.bytes)
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|error| match error.kind() {
        // Said of a file in its place; to be told apart from a backup of the same name.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let all = std::fs::read_dir(folder).unwrap();
        all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn whole_or_absent() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("deep/backups");
        let mut file = WholeFile::begin(&folder).unwrap();
        file.add(b"half").unwrap();
        assert!(names(&folder)[0].starts_with(UNFINISHED), "nobody takes it for a whole one");
        drop(file);
        assert!(names(&folder).is_empty());
        let mut file = WholeFile::begin(&folder).unwrap();
        file.add(b"who").unwrap();
        file.add(b"le").unwrap();
        assert_eq!(file.keep("a.json", false).unwrap(), 5);
        assert_eq!(std::fs::read(folder.join("a.json")).unwrap(), b"whole");
        let mut second = WholeFile::begin(&folder).unwrap();
        second.add(b"other").unwrap();
        let refused = second.keep("a.json", false).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(folder.join("a.json")).unwrap(), b"whole");
        assert_eq!(names(&folder), ["a.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("backups");
        WholeFile::begin(&folder).unwrap().keep("a.json", false).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("a.json")), 0o600);
    }
}
