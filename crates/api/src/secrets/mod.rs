//! Where tokens are kept: the keyring of the system, or, by an explicit choice, a file.
//!
//! A token that cannot be had is never taken for one that is not there: a locked or silent keyring is an
//! error, and only a keyring that was asked and knows nothing answers "no token".

mod file;
mod keyring;

pub use file::SecretsFile;
pub(crate) use file::{FILE, sync_folder};
pub use keyring::Keyring;
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
        "the keyring cannot be reached ({0}); try again when you are logged in, or choose a file with \
         --secrets file"
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
    #[error(
        "the file of secrets {0} is damaged; move it away and enter the tokens again with backend set"
    )]
    Damaged(String),
}

/// The place where the tokens of one household are kept.
pub enum Secrets {
    /// The keyring of the system.
    Keyring(Keyring),
    /// A file.
    File(SecretsFile),
}

impl Secrets {
    /// A token, or nothing where none was ever kept under that name.
    pub async fn get(&self, name: &str) -> Result<Option<Sensitive<String>>, SecretsError> {
        match self {
            Self::Keyring(keyring) => keyring.get(name).await,
            Self::File(file) => file.get(name),
        }
    }

    /// Keeps a token, in the place of the one before.
    pub async fn put(&self, name: &str, token: &Sensitive<String>) -> Result<(), SecretsError> {
        match self {
            Self::Keyring(keyring) => keyring.put(name, token).await,
            Self::File(file) => file.put(name, token),
        }
    }

    /// Forgets a token. One that is not there is forgotten already.
    pub async fn remove(&self, name: &str) -> Result<(), SecretsError> {
        match self {
            Self::Keyring(keyring) => keyring.remove(name).await,
            Self::File(file) => file.remove(name),
        }
    }

    /// Which place it is.
    pub fn place(&self) -> SecretsPlace {
        match self {
            Self::Keyring(_) => SecretsPlace::Keyring,
            Self::File(_) => SecretsPlace::File,
        }
    }
}
