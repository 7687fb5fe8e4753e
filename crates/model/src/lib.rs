//! The words and the rules of WatchState.
//!
//! Everything here is pure: no IO, no clock, no database, no wire formats, and nothing that can fail.
//! The road of a change through this crate:
//!
//! 1. [`identify`](mod@identify): which title is this item a copy of?
//! 2. [`echo`](mod@echo): is what we see only our own write coming back?
//! 3. [`merge`](mod@merge): what does an observation mean for the state we hold?
//! 4. [`plan`](mod@plan): which copies must be told, and which changes are held back?
//! 5. [`brake`](mod@brake): is this too much to do without asking?
//!
//! The laws these functions keep are in `tests/laws.rs`; the tables of cases beside each of them.
#![deny(missing_docs)]

pub mod brake;
pub mod echo;
pub mod external_id;
pub mod identify;
pub mod item;
pub mod keys;
pub mod marks;
pub mod merge;
pub mod moment;
pub mod plan;
pub mod playback;
pub mod reason;
pub mod restore;
pub mod wish;

pub use brake::{Brake, BrakePolicy};
pub use echo::Echo;
pub use external_id::{ExternalId, ExternalIds, Provider};
pub use identify::Identity;
pub use item::{Episode, Facts, Item, Kind, Show};
pub use keys::{BackendId, ItemId, ItemKey, LibraryKey, PersonId, RunId, ShowId, TitleId};
pub use marks::{Marks, Watch};
pub use merge::{Case, Sight, State, Verdict};
pub use moment::{ClockOffset, Moment, Position, Window};
pub use plan::{Abilities, Change, Copy, Held, Plan, Target};
pub use playback::{Playback, Sitting};
pub use reason::Because;
pub use restore::{Kept, Way};
pub use wish::Wish;
