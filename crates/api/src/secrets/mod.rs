//! Where tokens are kept: the keyring of the system, or, by an explicit choice, a file.
//!
//! A token that cannot be had is never taken for one that is not there: a locked or silent keyring is an
//! error, and only a keyring that was asked and knows nothing answers "no token".

mod file;
mod keyring;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use file::sync_folder;
use file::{FILE, SecretsFile};
use keyring::Keyring;
use watchstate_servers::Sensitive;

/// Which of the places is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretsPlace {
    /// The keyring of the system.
    Keyring,
    /// A file in the data folder that only its owner may read.
    File,
}

/// What went wrong with a place of secrets, by what can be done about it. Never holds a secret.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum SecretsError {
    /// The keyring is there and locked.
    #[error("the keyring is locked; unlock it and try again")]
    Locked,
    /// There is no keyring, or it does not answer now.
    #[error(
        "the keyring cannot be reached ({0}); try again when you are logged in, or let tokens be kept in \
         a file that only you can read (--secrets file)"
    )]
    NoKeyring(String),
    /// The keyring answered, but not as it should.
    #[error("the keyring failed ({0}); try again")]
    Keyring(String),
    /// Others than the owner may read the file.
    #[error(
        "{0} can be read by others than you; run chmod 600 on it, and consider its tokens as known"
    )]
    Exposed(String),
    /// The file cannot be read or written.
    #[error("the file of secrets {0} cannot be used ({1}); check that the data folder is yours")]
    File(String, String),
    /// The file is not what was written.
    #[error("the file of secrets {0} is damaged; move it away and sign in again (backend set)")]
    Damaged(String),
}

/// The place where the tokens of one household are kept.
pub struct Secrets {
    keyring: Keyring,
    file: SecretsFile,
    in_file: AtomicBool,
}

impl Secrets {
    /// The secrets of a data folder. Without a `place` they are where they were put before: in the file if
    /// there is one, which a person once chose, else in the keyring, under the name of this installation.
    pub fn of(folder: &Path, place: Option<SecretsPlace>, client_id: &str) -> Self {
        let in_file = match place {
            Some(place) => place == SecretsPlace::File,
            None => folder.join(FILE).exists(),
        };
        Self {
            keyring: Keyring::new(client_id),
            file: SecretsFile::in_folder(folder),
            in_file: AtomicBool::new(in_file),
        }
    }

    /// Keeps tokens in the file from now on, because a person said so. Those of these names that the keyring
    /// gives are taken along; the others have to be entered again.
    pub async fn choose_file(&self, names: &[String]) -> Result<(), SecretsError> {
        if self.place() == SecretsPlace::File {
            return Ok(());
        }
        for name in names {
            if let Ok(Some(token)) = self.keyring.get(name).await {
                self.file.put(name, &token)?;
            }
        }
        // Made even where it holds nothing yet: its being there is the choice, also at the next start.
        self.file.make()?;
        self.in_file.store(true, Ordering::Release);
        Ok(())
    }

    /// A token, or nothing where none was ever kept under that name.
    pub async fn get(&self, name: &str) -> Result<Option<Sensitive<String>>, SecretsError> {
        match self.place() {
            SecretsPlace::Keyring => self.keyring.get(name).await,
            SecretsPlace::File => self.file.get(name),
        }
    }

    /// Keeps a token, in the place of the one before.
    pub async fn put(&self, name: &str, token: &Sensitive<String>) -> Result<(), SecretsError> {
        match self.place() {
            SecretsPlace::Keyring => self.keyring.put(name, token).await,
            SecretsPlace::File => self.file.put(name, token),
        }
    }

    /// Forgets a token. One that is not there is forgotten already.
    pub async fn remove(&self, name: &str) -> Result<(), SecretsError> {
        match self.place() {
            SecretsPlace::Keyring => self.keyring.remove(name).await,
            SecretsPlace::File => self.file.remove(name),
        }
    }

    /// Which place it is.
    pub fn place(&self) -> SecretsPlace {
        match self.in_file.load(Ordering::Acquire) {
            false => SecretsPlace::Keyring,
            true => SecretsPlace::File,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way out of a computer without a keyring: chosen once by a person, and for good.
    #[tokio::test]
    async fn a_file_is_used_only_once_it_was_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::of(folder.path(), None, "here");
        assert_eq!(secrets.place(), SecretsPlace::Keyring, "nothing is chosen silently");
        assert!(!folder.path().join(FILE).exists());

        secrets.choose_file(&[]).await.unwrap();
        let token = Sensitive::new("token".to_owned());
        secrets.put("backend-1", &token).await.unwrap();
        // A second choice, and a new start, find what is there.
        secrets.choose_file(&["backend-1".to_owned()]).await.unwrap();
        let again = Secrets::of(folder.path(), None, "here");
        assert_eq!(again.place(), SecretsPlace::File);
        assert_eq!(again.get("backend-1").await.unwrap().unwrap().expose(), "token");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
