//! The Kodi client against recorded answers of a genuine Kodi 20.1 (`tests/recordings/kodi-20.1/`), and
//! against answers that no Kodi gives.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has to fail")]

mod checking;
mod reading;
mod refusals;
mod scripted;
mod writing;
