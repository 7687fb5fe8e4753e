//! The keyring of the system: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! The store is made for each call and never remembered: an app that starts with the session may be there
//! before the keyring is (docs/decisions/0004).

use keyring_core::{CredentialStore, Entry, Error};
use std::sync::Arc;
use watchstate_servers::Sensitive;

use super::SecretsError;

/// Builds for development keep their tokens apart from those of the installed program.
const NAMESPACE: &str = if cfg!(debug_assertions) { "watchstate-debug" } else { "watchstate" };

/// The keyring, seen from one data folder.
pub(super) struct Keyring {
    household: String,
}

impl Keyring {
    /// The keyring for the household with this id, so that two data folders on one computer do not share
    /// tokens.
    pub(super) fn new(household: &str) -> Self {
        Self { household: household.to_owned() }
    }

    /// A token, or nothing where the keyring is open and has none.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Sensitive<String>>, SecretsError> {
        self.ask(name, |entry| match entry.get_password() {
            Ok(token) => Ok(Some(Sensitive::new(token))),
            // A locked collection answers so too.
            Err(Error::NoEntry) if is_locked()? => Err(SecretsError::Locked),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(told(&error)),
        })
        .await
    }

    /// Keeps a token.
    pub(super) async fn put(
        &self,
        name: &str,
        token: &Sensitive<String>,
    ) -> Result<(), SecretsError> {
        let token = token.clone();
        self.ask(name, move |entry| entry.set_password(token.expose()).map_err(|e| told(&e))).await
    }

    /// Forgets a token.
    pub(super) async fn remove(&self, name: &str) -> Result<(), SecretsError> {
        self.ask(name, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) if is_locked()? => Err(SecretsError::Locked),
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(told(&error)),
        })
        .await
    }

    /// Asks the keyring. Its calls block, and panic on a worker of Tokio.
    async fn ask<T: Send + 'static>(
        &self,
        name: &str,
        question: impl FnOnce(&Entry) -> Result<T, SecretsError> + Send + 'static,
    ) -> Result<T, SecretsError> {
        let user = format!("{}/{name}", self.household);
        let answer = tokio::task::spawn_blocking(move || {
            let store = store().map_err(|error| told(&error))?;
            let entry = store.build(NAMESPACE, &user, None).map_err(|error| told(&error))?;
            question(&entry)
        });
        answer.await.unwrap_or_else(|_| Err(SecretsError::Keyring("it broke off".to_owned())))
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// Whether the collection that would hold the token is locked. One that does not exist yet is not.
#[cfg(all(unix, not(target_os = "macos")))]
fn is_locked() -> Result<bool, SecretsError> {
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error};
    let failed = |error: Error| match error {
        Error::Unavailable => SecretsError::NoKeyring("no Secret Service".to_owned()),
        _ => SecretsError::Keyring("its state could not be read".to_owned()),
    };
    let service = SecretService::connect(EncryptionType::Plain).map_err(failed)?;
    match service.get_default_collection() {
        Ok(collection) => collection.is_locked().map_err(failed),
        Err(Error::NoResult) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// The keyrings of the other systems answer a locked store with an error of its own.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn is_locked() -> Result<bool, SecretsError> {
    Ok(false)
}

/// The keyring's own words may quote what was to be kept, so only the kind is told.
fn told(error: &Error) -> SecretsError {
    match error {
        Error::NoStorageAccess(_) => SecretsError::Locked,
        Error::PlatformFailure(_) | Error::NoDefaultStore => {
            SecretsError::NoKeyring("nothing answers as a keyring does".to_owned())
        }
        Error::TooLong(what, most) => {
            SecretsError::Keyring(format!("{what} may not be longer than {most}"))
        }
        Error::Ambiguous(_) => SecretsError::Keyring("it holds the same entry twice".to_owned()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            SecretsError::Keyring("its entry cannot be read".to_owned())
        }
        _ => SecretsError::Keyring("it did not take the request".to_owned()),
    }
}
