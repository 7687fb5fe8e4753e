//! What every shell calls: the terminal now, the window later.
//!
//! A [`Household`] is an open data folder: its database, its secrets, and the servers behind its backends.
//! Everything a shell can do begins there; what it cannot do is told as an [`ApiError`], one line that says
//! what to do and never holds a secret. Nothing here knows a terminal or a window.
#![deny(missing_docs)]

mod app;
mod backends;
pub mod backups;
mod brakes;
pub mod contract;
pub mod doctor;
mod error;
mod failure;
pub mod folder;
mod held;
mod household;
mod kept_file;
mod panics;
mod refusal;
pub mod schedule;
pub mod secrets;
pub mod settings;
mod shown;
pub mod table;
pub mod typescript;
mod unanswering;
mod undoing;
mod webhooks;

pub use app::{App, Demo, DemoServers, Ears, Heeded, LogRing, Plays, Realtime, Shell};
pub use backends::{Changes, Credentials, NewAccount, Tested};
pub use error::{ApiError, Code};
pub use folder::DataFolder;
pub use held::HeldOn;
pub use household::{Household, Surroundings};
pub use panics::tell_panics_by_place;
pub use refusal::Refusal;
pub use secrets::{Secrets, SecretsPlace};
pub use shown::Shown;

/// What calls to this crate answer.
pub type Result<T, E = ApiError> = std::result::Result<T, E>;
