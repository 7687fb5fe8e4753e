//! What can end a run.

use watchstate_servers::{Fault, ServerError};
use watchstate_store::StoreError;

/// What ended a run. A server's trouble ends the run on that backend alone; the store's ends them all.
#[derive(thiserror::Error, Debug)]
pub enum Trouble {
    /// The server.
    #[error("{error}; {advice}", error = .0, advice = .0.fault.advice())]
    Server(#[from] ServerError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's list does not add up: it repeats, or is shorter than it says.
    #[error(
        "its list of {library} does not add up ({what}); what was read is kept, and the next import reads again"
    )]
    Incomplete {
        /// Which library.
        library: String,
        /// What does not.
        what: &'static str,
    },
    /// Another server answers at the address.
    #[error(
        "another server than before answers at its address; check the address, or say that it is a new \
         server in its place (backend set --new-server)"
    )]
    AnotherServer,
    /// Its credentials are another user's by now.
    #[error(
        "its credentials are of another user than before; sign in as the user that was meant, or say that \
         this one takes their place (backend set --new-server)"
    )]
    AnotherUser,
    /// The run was stopped.
    #[error("stopped; what was done is kept, and the next run goes on from there")]
    Cancelled,
    /// Some writes were not taken.
    #[error(
        "{failed} of {planned} changes could not be written{cause}; {next}",
        cause = .cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default(),
        next = if *.parked {
            "when that is done, export everything (--full)"
        } else {
            "they are tried again at the next export"
        }
    )]
    SomeFailed {
        /// How many.
        failed: u64,
        /// Of how many.
        planned: u64,
        /// Why the first of them failed and what can be done, where the server said why.
        cause: Option<String>,
        /// Whether any of them is not tried again by itself.
        parked: bool,
    },
}

impl Trouble {
    /// Whether the whole task must end, not only this backend's part.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Cancelled)
    }

    /// Whether the server is there and would not have us.
    pub(crate) fn is_about_credentials(&self) -> bool {
        let fault = match self {
            Self::Server(error) => error.fault,
            _ => return false,
        };
        matches!(fault, Fault::Unauthorized | Fault::Forbidden | Fault::NoSuchUser)
    }

    /// Whether asking this server for anything more is in vain for now.
    pub(crate) fn ends_the_lane(&self) -> bool {
        match self {
            Self::Server(error) => matches!(
                error.fault,
                Fault::Unreachable
                    | Fault::Timeout
                    | Fault::Unauthorized
                    | Fault::Busy { .. }
                    | Fault::Certificate
                    | Fault::NotThisServer
            ),
            _ => true,
        }
    }
}
