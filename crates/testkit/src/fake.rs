//! Fake Plex, Jellyfin and Emby.
//!
//! [`library`] is the state machine of a server: pure, synchronous, fed with the time. [`server`] puts it
//! behind real HTTP on `127.0.0.1`, with faults on demand, and [`socket`] tells on sockets what happens.
//! That a fake behaves as the genuine server does is held by `tests/recordings.rs` (what genuine servers
//! answered) and `tests/clients.rs` (independent clients that drive it).

pub mod calls;
mod door;
mod emby;
pub mod exchange;
pub mod faults;
pub mod habits;
mod jellyfin;
pub mod library;
mod life;
pub mod marks;
pub mod mediabrowser;
pub mod people;
pub mod plex;
pub mod sample;
pub mod server;
pub mod socket;
pub mod titles;
pub mod told;

pub use calls::PlexState;
pub use faults::{Fault, Trouble};
pub use habits::{Habits, SessionsToldTo};
pub use library::{Call, Library, Refused, Wrote};
pub use marks::{Mark, Part};
pub use people::{Device, UserNo};
pub use server::{FakeServer, Setup};
pub use socket::{Counts, Held};
pub use titles::{Holds, NewItem, NewShow};
pub use told::{Ears, News, Told};
