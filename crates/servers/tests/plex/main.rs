//! The Plex client against a server on this machine that answers with the recordings, or badly.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod account;
mod fake;
mod lately;
mod odd;
mod reading;
mod trouble;
mod writing;
