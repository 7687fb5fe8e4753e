//! The data folder: one process at a time works on it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{ApiError, Code, Result};

/// The database, in the data folder.
pub const DATABASE: &str = "watchstate.sqlite";
const LOCK: &str = "watchstate.lock";
const CLIENT_ID: &str = "client-id";

/// The variable that names the data folder.
pub const VARIABLE: &str = "WS_DATA_PATH";

/// Where data is kept when nobody says where: the data folder of this user, as the system has it.
pub fn usual() -> Result<PathBuf> {
    // Builds for development keep away from the data of the installed program.
    let name = if cfg!(debug_assertions) { "watchstate-debug" } else { "watchstate" };
    let folders = directories::ProjectDirs::from("", "", name);
    folders.map(|folders| folders.data_dir().to_owned()).ok_or_else(|| {
        let what = "there is no home folder to keep data in; choose one with --data-dir";
        ApiError::new(Code::Usage, what)
    })
}

/// A data folder that this process has for itself, as long as this value lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Nothing where the folder may only be read, so that nobody can work in it.
    _lock: Option<File>,
}

impl DataFolder {
    /// Opens a folder to work in, and makes it where there is none. A new one is for its owner alone.
    pub fn open(path: &Path) -> Result<Self> {
        make(path).map_err(|error| failed(path, &error))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(|error| failed(path, &error))?;
        Self::lock(path, lock)
    }

    /// Opens a folder only to look: nothing in it is changed, and it need not be writable nor there.
    pub fn look(path: &Path) -> Result<Self> {
        match File::open(path.join(LOCK)) {
            Ok(lock) => Self::lock(path, lock),
            Err(_) => Ok(Self { path: path.to_owned(), _lock: None }),
        }
    }

    fn lock(path: &Path, lock: File) -> Result<Self> {
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(ApiError::new(
                Code::Busy,
                format!(
                    "another WatchState is at work on {}; wait until it is done, close it, or choose \
                     another folder with --data-dir",
                    path.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(failed(path, &error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Our own id, which servers are told: the same for the life of the folder.
    pub fn client_id(&self) -> Result<String> {
        let file = self.path.join(CLIENT_ID);
        if let Some(id) = self.known_client_id() {
            return Ok(id);
        }
        let id = uuid::Uuid::new_v4().to_string();
        let write = || -> io::Result<()> {
            let mut new = tempfile::NamedTempFile::new_in(&self.path)?;
            new.write_all(id.as_bytes())?;
            new.as_file().sync_all()?;
            new.persist(&file).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| failed(&self.path, &error))?;
        Ok(id)
    }

    /// Our own id, if the folder has one. One that is no UUID was not written by us.
    pub fn known_client_id(&self) -> Option<String> {
        let text = fs::read_to_string(self.path.join(CLIENT_ID)).ok()?;
        uuid::Uuid::parse_str(text.trim()).ok().map(|id| id.to_string())
    }

    /// Copies the database as it lies there, with its write-ahead log, to another folder. Whole only while
    /// nobody writes it, which holding this folder ensures.
    pub fn copy_database(&self, into: &Path) -> Result<PathBuf> {
        let copy = into.join(DATABASE);
        for suffix in ["", "-wal"] {
            let from = self.path.join(format!("{DATABASE}{suffix}"));
            match fs::copy(&from, into.join(format!("{DATABASE}{suffix}"))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&self.path, &error)),
                Ok(_) => {}
            }
        }
        // A copy of a file that may only be read may only be read as well.
        if copy.exists() {
            make_writable(&copy).map_err(|error| failed(into, &error))?;
        }
        Ok(copy)
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(unix)]
fn make_writable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_writable(file: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(file)?.permissions();
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "the copy is in a folder of our own"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions)
}

fn failed(path: &Path, error: &io::Error) -> ApiError {
    let what = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "cannot be written",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "is not a folder",
        io::ErrorKind::StorageFull => "is on a disk that is full",
        _ => "cannot be used",
    };
    ApiError::new(
        Code::Store,
        format!(
            "the data folder {} {what} ({}); make it writable, or choose another with --data-dir",
            path.display(),
            error.kind()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("deep/data");
        let first = DataFolder::open(&path).unwrap();
        let id = first.client_id().unwrap();
        assert_eq!(first.client_id().unwrap(), id, "it stays");
        for second in [DataFolder::open(&path), DataFolder::look(&path)] {
            let error = second.unwrap_err();
            assert_eq!(error.code, Code::Busy);
            assert!(error.message.contains("--data-dir"));
        }
        drop(first);
        let next = DataFolder::open(&path).unwrap();
        assert_eq!(next.client_id().unwrap(), id, "and outlives the process");
    }

    #[test]
    fn looking_makes_nothing() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("nothing");
        let folder = DataFolder::look(&path).unwrap();
        assert_eq!(folder.known_client_id(), None);
        let copy = folder.copy_database(outside.path()).unwrap();
        assert!(!copy.exists() && !path.exists());
    }

    #[test]
    fn a_file_is_no_folder() {
        let outside = tempfile::tempdir().unwrap();
        let file = outside.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            let error = DataFolder::open(&path).unwrap_err();
            assert_eq!(error.code, Code::Store);
            assert!(error.message.contains("is not a folder"), "{error}");
        }
    }
}
