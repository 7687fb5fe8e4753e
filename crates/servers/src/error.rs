//! What went wrong with a server, told by what can be done about it.

use std::fmt;
use std::time::Duration;

/// What can be done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No connection: the server is off, the address is wrong, the network is gone.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The token is not, or no longer, good: sign in again.
    Unauthorized,
    /// The token is good, but not for this: use another account.
    Forbidden,
    /// The thing asked for is not there.
    NotFound,
    /// Too many requests: come back after this time.
    Busy {
        /// What the server asked for, or nothing.
        after: Option<Duration>,
    },
    /// The server has trouble of its own (5xx).
    ServerTrouble,
    /// The server understood that it was asked and not what (4xx without a meaning of its own): asking the
    /// same again is in vain.
    Refused,
    /// The answer was cut short, is not what the protocol says, or is larger than we accept.
    BadAnswer,
    /// Whatever answers there is not a media server of this kind.
    NotThisServer,
    /// The user does not exist on the server.
    NoSuchUser,
    /// The server's certificate is not trusted.
    Certificate,
    /// This kind of server does not know that.
    Unsupported,
}

impl Fault {
    /// Whether trying again later, without a person doing anything, can help.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::Timeout
                | Self::Busy { .. }
                | Self::ServerTrouble
                | Self::BadAnswer
        )
    }

    /// What the user can do, as a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => "check that the server is on and the address is right",
            Self::Timeout => "the server is slow or busy; it will be tried again",
            Self::Unauthorized => "sign in again or enter a new token",
            Self::Forbidden => "use an account that may do this, or an API key of an administrator",
            Self::NotFound => "it may have been removed; the next full import will tell",
            Self::Busy { .. } => "it will be tried again when the server allows",
            Self::ServerTrouble => "look into the server's own log; it will be tried again",
            Self::Refused => "check the address; if it is right, look into the server's own log",
            Self::BadAnswer => {
                "check that nothing between here and the server changes its answers; it will be tried again"
            }
            Self::NotThisServer => "check the address and the kind of the backend",
            Self::NoSuchUser => "choose another user of the server",
            Self::Certificate => "use a trusted certificate, or http:// within your own network",
            Self::Unsupported => "use another way to sign in",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "cannot be reached",
            Self::Timeout => "did not answer in time",
            Self::Unauthorized => "refused the credentials",
            Self::Forbidden => "does not allow this account to do that",
            Self::NotFound => "does not have it",
            Self::Busy { .. } => "asks for fewer requests",
            Self::ServerTrouble => "has trouble of its own",
            Self::Refused => "did not accept the request",
            Self::BadAnswer => "gave an answer that cannot be read",
            Self::NotThisServer => "is not a media server of this kind",
            Self::NoSuchUser => "has no such user",
            Self::Certificate => "has a certificate that is not trusted",
            Self::Unsupported => "cannot do that",
        })
    }
}

/// A failed call. Its text names the operation and never holds a URL, a token or a body; which backend it
/// was is added by the caller, who knows the user's name for it.
#[derive(thiserror::Error, Debug)]
#[error("it {fault} ({op}{})", detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
pub struct ServerError {
    /// What can be done about it.
    pub fault: Fault,
    /// What was being done, in a few words: "reading a page", "writing a mark".
    pub op: &'static str,
    /// What is known beyond that, free of secrets: "HTTP 503", "line 3 column 7".
    pub detail: Option<String>,
}

impl ServerError {
    /// A failed call.
    pub fn new(fault: Fault, op: &'static str) -> Self {
        Self { fault, op, detail: None }
    }

    /// With more detail.
    #[must_use]
    pub fn with(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }
}
