//! What all engines of a household share: one thing at a time on each server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use watchstate_store::Backend;

/// The lanes of a household's backends.
///
/// What was read of an item is compared with its baseline, and a delivery moves that baseline. A reading
/// that is older than a delivery and taken in after it would look like a person's act that undid the
/// delivery. So whoever reads from a backend in order to take it in, or writes to it, has its lane from the
/// first request to the last commit. Nobody holds two.
///
/// Two backends that are the same account of the same server, added twice, are one lane: else both would find
/// that a mark is missing there, and both would write it.
#[derive(Clone, Default)]
pub struct Attention(Arc<Mutex<HashMap<Whose, Arc<tokio::sync::Mutex<()>>>>>);

/// The account that a backend is: its server and its user, and its number where those are not known.
type Whose = (Option<(String, String)>, i64);

fn whose(backend: &Backend) -> Whose {
    match backend.server_id.clone().zip(backend.user_id.clone()) {
        Some(account) => (Some(account), 0),
        None => (None, backend.id.0),
    }
}

/// A lane that is one's own until this is dropped.
pub(crate) type Lane = OwnedMutexGuard<()>;

impl Attention {
    /// Waits for the lane of a backend.
    pub(crate) async fn lane(&self, backend: &Backend) -> Lane {
        let lane = {
            let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(whose(backend)).or_default())
        };
        lane.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use watchstate_model::{BackendId, PersonId};
    use watchstate_store::Import;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_on_each() {
        let attention = Attention::default();
        let backend = |id, server: Option<&str>, user: &str| Backend {
            id: BackendId(id),
            person: PersonId(1),
            name: format!("backend {id}"),
            kind: "emby".to_owned(),
            url: String::new(),
            server_id: server.map(ToOwned::to_owned),
            user_id: Some(user.to_owned()),
            user_name: None,
            import: Import::On,
            export: true,
            abilities: None,
            approved_at: None,
            swept_at: None,
            imported_at: None,
            exported_at: None,
            trouble: None,
        };
        let (den, attic) = (&backend(1, Some("one"), "ana"), &backend(2, Some("one"), "ben"));
        let (same, unknown) = (&backend(3, Some("one"), "ana"), &backend(4, None, "ana"));
        let held = attention.lane(den).await;
        assert!(attention.clone().lane(den).now_or_never().is_none(), "whoever has a clone waits");
        assert!(attention.lane(same).now_or_never().is_none(), "and whoever is the same account");
        assert!(attention.lane(attic).now_or_never().is_some(), "others do not");
        assert!(attention.lane(unknown).now_or_never().is_some(), "nor who is not known");
        drop(held);
        assert!(attention.lane(den).now_or_never().is_some());
    }
}
