//! What went wrong, as a shell tells it.

use std::fmt;

use watchstate_engine::Trouble;
use watchstate_servers::ServerError;
use watchstate_store::StoreError;

use crate::secrets::SecretsError;

/// What kind of trouble it is: for programs, and for the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// What was asked for makes no sense: another name, another value, another switch is needed.
    Usage,
    /// A server, or the way to it.
    Trouble,
    /// The database or the data folder.
    Store,
    /// The keyring or the file of secrets.
    Secrets,
    /// There is no keyring here, or it does not answer: a person may choose the file instead.
    NoKeyring,
    /// Another process works on the same data folder.
    Busy,
    /// A person stopped it.
    Stopped,
}

impl Code {
    /// The stable word that programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Trouble => "trouble",
            Self::Store => "store",
            Self::Secrets => "secrets",
            Self::NoKeyring => "noKeyring",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
        }
    }
}

/// A failed call: one line that says what is wrong and what to do, without any secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// What kind of trouble.
    pub code: Code,
    /// The line.
    pub message: String,
}

impl ApiError {
    /// A failed call. Line breaks and other control characters, which names from outside may hold, become
    /// spaces.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into().replace(char::is_control, " ");
        Self { code, message }
    }

    /// Something that the user has to ask for in another way.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Trouble with the server of a backend.
    pub fn of_server(backend: &str, error: &ServerError) -> Self {
        Self::new(Code::Trouble, format!("{backend}: {error}; {}", error.fault.advice()))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if let Some(source) = &error.source {
            tracing::debug!(%source, "the database");
        }
        Self::new(Code::Store, error.to_string())
    }
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Store(error) => error.into(),
            Trouble::Cancelled => Self::new(Code::Stopped, trouble.to_string()),
            _ => Self::new(Code::Trouble, trouble.to_string()),
        }
    }
}

impl From<SecretsError> for ApiError {
    fn from(error: SecretsError) -> Self {
        let code = match error {
            SecretsError::NoKeyring(_) => Code::NoKeyring,
            _ => Code::Secrets,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchstate_servers::Fault;

    #[test]
    fn one_line_whatever_a_name_holds() {
        let error = ServerError::new(Fault::Unauthorized, "signing in").with("no\r\nway\u{1b}[2J");
        let told = ApiError::of_server("den", &error);
        assert_eq!(
            told.message,
            "den: it refused the credentials (signing in: no  way [2J); sign in again or enter a new \
             token"
        );
        assert_eq!(told.code.name(), "trouble");
    }
}
