//! What a run tells while it goes on and when it ends.

use watchstate_model::{BackendId, ItemId};
use watchstate_store::{Run, Task};

/// Something a run has just done. Every one stands between two things that last: at each of them the
/// process may end and nothing is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A page was read and decided on.
    Page {
        /// Of which backend.
        backend: BackendId,
        /// Items looked at so far.
        seen: u64,
        /// Items there are in the libraries begun so far, as the server says.
        total: u64,
    },
    /// Some touched titles were planned.
    Planned,
    /// Writes are about to be sent.
    Sending {
        /// To which backend.
        backend: BackendId,
    },
    /// One write was sent and answered; it is not read back yet.
    Sent {
        /// To which backend.
        backend: BackendId,
        /// Of which item.
        item: ItemId,
    },
    /// Writes were read back and kept.
    Delivered {
        /// To which backend.
        backend: BackendId,
        /// Settled so far.
        done: u64,
        /// Owed when the export began.
        total: u64,
    },
}

/// Who is told. Called from within the run: quick, and never waiting.
pub trait Report: Send + Sync {
    /// Something was done.
    fn step(&self, step: Step);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Report for Silent {
    fn step(&self, _step: Step) {}
}

/// How a run on one backend ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunReport {
    /// What it did.
    pub task: Task,
    /// On which backend.
    pub backend: BackendId,
    /// The backend's name.
    pub name: String,
    /// Whether all went well.
    pub ok: bool,
    /// Whether something waits for a person's yes.
    pub waits_for_yes: bool,
    /// Its counters, and what went wrong.
    pub run: Run,
}
