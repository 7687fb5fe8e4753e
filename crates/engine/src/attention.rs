//! What all engines of a household share: one thing at a time on each server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use watchstate_model::BackendId;

/// The lanes of a household's backends.
///
/// What was read of an item is compared with its baseline, and a delivery moves that baseline. A reading
/// that is older than a delivery and taken in after it would look like a person's act that undid the
/// delivery. So whoever reads from a backend in order to take it in, or writes to it, has its lane from the
/// first request to the last commit. Nobody holds two.
#[derive(Clone, Default)]
pub struct Attention(Arc<Mutex<HashMap<BackendId, Arc<tokio::sync::Mutex<()>>>>>);

/// A lane that is one's own until this is dropped.
pub(crate) type Lane = OwnedMutexGuard<()>;

impl Attention {
    /// Waits for the lane of a backend.
    pub(crate) async fn lane(&self, backend: BackendId) -> Lane {
        let lane = {
            let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(backend).or_default())
        };
        lane.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_on_each() {
        let attention = Attention::default();
        let (den, attic) = (BackendId(1), BackendId(2));
        let held = attention.lane(den).await;
        assert!(attention.clone().lane(den).now_or_never().is_none(), "whoever has a clone waits");
        assert!(attention.lane(attic).now_or_never().is_some(), "others do not");
        drop(held);
        assert!(attention.lane(den).now_or_never().is_some());
    }
}
