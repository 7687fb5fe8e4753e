//! Tokens in a file: for computers without a keyring, and only when a person says so.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use watchstate_servers::Sensitive;

use super::SecretsError;

/// The name of the file, in the data folder.
pub(crate) const FILE: &str = "secrets.json";

/// A file of tokens that only its owner may read: mode 0600 from its creation. It is never changed in
/// place: a new one takes its place at once, so that a crash leaves the old or the new one.
pub(super) struct SecretsFile {
    path: PathBuf,
    writing: Mutex<()>,
}

impl SecretsFile {
    /// The file of a data folder, which need not be there yet.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(FILE), writing: Mutex::new(()) }
    }

    /// A token, or nothing where the file has none.
    pub(super) fn get(&self, name: &str) -> Result<Option<Sensitive<String>>, SecretsError> {
        Ok(self.read()?.remove(name).map(Sensitive::new))
    }

    /// Keeps a token.
    pub(super) fn put(&self, name: &str, token: &Sensitive<String>) -> Result<(), SecretsError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read()?;
        all.insert(name.to_owned(), token.expose().clone());
        self.write(&all)
    }

    /// Makes the file, with nothing in it; one that is there stays as it is.
    pub(super) fn make(&self) -> Result<(), SecretsError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.read()?;
        self.write(&all)
    }

    /// Forgets a token.
    pub(super) fn remove(&self, name: &str) -> Result<(), SecretsError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read()?;
        if all.remove(name).is_none() {
            return Ok(());
        }
        self.write(&all)
    }

    fn read(&self) -> Result<BTreeMap<String, String>, SecretsError> {
        let text = match open_private(&self.path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(SecretsError::Exposed(self.shown())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.failed(&error)),
        };
        // The parser's own words may quote the file.
        serde_json::from_slice(&text).map_err(|_| SecretsError::Damaged(self.shown()))
    }

    fn write(&self, all: &BTreeMap<String, String>) -> Result<(), SecretsError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let text = serde_json::to_vec_pretty(all).map_err(|e| self.failed(&io::Error::other(e)))?;
        let written = || -> io::Result<()> {
            // Made with mode 0600 by `tempfile`; the name is another one than before.
            let mut new = tempfile::Builder::new().prefix(".secrets-").tempfile_in(folder)?;
            new.write_all(&text)?;
            new.as_file().sync_all()?;
            new.persist(&self.path).map_err(|error| error.error)?;
            sync_folder(folder)
        };
        written().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> SecretsError {
        SecretsError::File(self.shown(), error.kind().to_string())
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// What the file holds; nothing when others than its owner may read it. The file that is asked for its mode
/// is the one that is read.
fn open_private(path: &Path) -> io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    let mut file = fs::File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Ok(None);
        }
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(Some(text))
}

/// Makes the new name last beyond a loss of power.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn token(text: &str) -> Sensitive<String> {
        Sensitive::new(text.to_owned())
    }

    fn got(file: &SecretsFile, name: &str) -> Option<String> {
        let token = file.get(name).ok()?;
        token.map(|token| token.expose().clone())
    }

    #[test]
    fn kept_changed_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretsFile::in_folder(folder.path());
        assert_eq!(got(&file, "1"), None, "nothing was ever kept");
        file.put("1", &token("first")).unwrap();
        file.put("2", &token("second")).unwrap();
        file.put("1", &token("newer")).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else may read it");
        let again = SecretsFile::in_folder(folder.path());
        assert_eq!(got(&again, "1").as_deref(), Some("newer"));
        again.remove("1").unwrap();
        again.remove("1").unwrap();
        assert_eq!(got(&again, "1"), None);
        assert_eq!(got(&again, "2").as_deref(), Some("second"));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1, "no other file is left: {names:?}");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = SecretsFile::in_folder(folder.path());
        file.put("1", &token("secret-word")).unwrap();
        let path = folder.path().join(FILE);
        for mode in [0o640, 0o604, 0o620, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = file.get("1").err().unwrap();
            assert!(matches!(error, SecretsError::Exposed(_)), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"));
            assert!(file.put("2", &token("x")).is_err(), "nothing is added to it either");
        }
    }

    #[test]
    fn a_damaged_file_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "{\"1\": \"secret-word\"").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = SecretsFile::in_folder(folder.path());
        let error = file.put("2", &token("x")).unwrap_err();
        assert!(matches!(error, SecretsError::Damaged(_)));
        assert!(!error.to_string().contains("secret-word"));
        assert!(fs::read_to_string(&path).unwrap().contains("secret-word"), "it is left as it was");
    }
}
