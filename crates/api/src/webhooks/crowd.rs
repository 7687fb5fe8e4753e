//! The connections that are open at once.
//!
//! There are only so many. Who comes when all places are taken gets the place of the one that is there for
//! the longest time: a webhook is done within milliseconds, so that is somebody who dawdles, by mistake or on
//! purpose. Waiting for them instead would let a few of them keep everybody else outside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use watchstate_engine::CancellationToken;

/// All who are there.
pub(super) struct Crowd {
    most: usize,
    /// Cancelled, nobody stays.
    end: CancellationToken,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    next: u64,
    there: BTreeMap<u64, CancellationToken>,
}

/// A place among them, until it is dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    gone: CancellationToken,
}

impl Crowd {
    /// So many places, all of them free.
    pub(super) fn new(most: usize, end: CancellationToken) -> Arc<Self> {
        Arc::new(Self { most, end, inside: Mutex::default() })
    }

    /// A place, if need be that of another.
    pub(super) fn enter(self: &Arc<Self>) -> Place {
        let gone = self.end.child_token();
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        while inside.there.len() >= self.most {
            let Some((_, oldest)) = inside.there.pop_first() else { break };
            oldest.cancel();
        }
        let number = inside.next;
        inside.next += 1;
        inside.there.insert(number, gone.clone());
        drop(inside);
        Place { crowd: self.clone(), number, gone }
    }
}

impl Place {
    /// Waits until the place has to be given up.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.there.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let end = CancellationToken::new();
        let crowd = Crowd::new(2, end.clone());
        let first = crowd.enter();
        let second = crowd.enter();
        assert!(!first.gone.is_cancelled() && !second.gone.is_cancelled());
        let third = crowd.enter();
        assert!(first.gone.is_cancelled() && !second.gone.is_cancelled());
        drop(second);
        let fourth = crowd.enter();
        assert!(!third.gone.is_cancelled(), "a place that became free is taken first");
        // The one that gave way long ago has no place to give back.
        drop(first);
        let _fifth = crowd.enter();
        assert!(third.gone.is_cancelled() && !fourth.gone.is_cancelled());
        end.cancel();
        assert!(fourth.gone.is_cancelled(), "at the end nobody stays");
    }
}
