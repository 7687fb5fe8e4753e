//! The simulator: seeded histories of a household, played against the real engine and a real database.
//!
//! A [`Story`] is a list of things that happen: people watch and change their minds, items come and go,
//! servers fail, our own process is killed in the middle of anything. [`play`](fn@play) lets it happen and
//! judges: after every sync that nothing disturbed, all servers must show the same, and what people last
//! meant; nothing may be written to an account that agrees already, or while it is being watched.
//!
//! Equality is exact, nothing sleeps, and a seed gives the same story every time. The servers are the
//! [`fake`](crate::fake) ones without HTTP, reached by [`direct::Direct`]; what HTTP adds is tested beside it.

pub mod direct;
pub mod judge;
pub mod play;
pub mod story;
pub mod world;

pub use play::{Broken, play};
pub use story::Story;
