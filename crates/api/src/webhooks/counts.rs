//! What became of the webhooks, in numbers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use watchstate_model::{BackendId, Moment};

/// What became of one request. Each is exactly one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It is in the inbox.
    Taken,
    /// It told nothing that concerns marks.
    NoMarks,
    /// Nobody has an address with that secret.
    WrongSecret,
    /// It came from another server than the backend's.
    OtherServer,
    /// It was about another user than the backend's.
    OtherUser,
    /// It was not understood, or broke off.
    Unreadable,
    /// It was longer than any webhook is.
    TooLarge,
    /// It took longer than any webhook does.
    TooSlow,
    /// There were too many in too short a time.
    TooMany,
    /// The database did not take it.
    NotKept,
}

impl Outcome {
    /// How many there are.
    const ALL: usize = 10;
}

/// The numbers since the app was started.
#[derive(Default)]
pub(crate) struct Counts {
    all: [AtomicU64; Outcome::ALL],
    taken: Mutex<BTreeMap<BackendId, Taken>>,
}

/// What was taken from one backend's server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    /// How many.
    pub webhooks: u64,
    /// When the last one came.
    pub last_at: Moment,
}

impl Counts {
    pub(super) fn add(&self, outcome: Outcome) {
        self.all[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// One of a backend was taken.
    pub(super) fn taken_from(&self, backend: BackendId, at: Moment) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of = taken.entry(backend).or_insert(Taken { webhooks: 0, last_at: at });
        of.webhooks += 1;
        of.last_at = at;
    }

    /// How many ended so.
    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        self.all[outcome as usize].load(Ordering::Relaxed)
    }

    /// How many there were.
    pub(crate) fn received(&self) -> u64 {
        self.all.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// What was taken, by backend.
    pub(crate) fn by_backend(&self) -> BTreeMap<BackendId, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
