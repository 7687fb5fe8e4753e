//! Backups: what people watched, in files that anybody can read and any later WatchState restores.
//!
//! `format` says what is in a file, `make` writes one for each person and backend, `shelf` knows those that
//! are there, `read` reads one from anywhere, `recall` finds out which titles it means. What becomes of our
//! state is for the engine to say ([`watchstate_engine::restore`]).

mod csv;
mod format;
mod loose;
mod make;
mod read;
mod recall;
mod shelf;
mod whole_file;

pub use csv::Table;
pub use make::{BackedUp, BackedUpAll};
pub use recall::{NotMatched, Remembered};
pub use shelf::{Form, OnShelf, Source};
