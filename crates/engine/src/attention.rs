//! What all engines of a household share: one thing at a time on each server, and what servers told of who
//! plays there.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use watchstate_model::playback::SILENT_S;
use watchstate_model::{BackendId, ItemKey, Moment, Playback};
use watchstate_store::Backend;

/// No person plays so many titles at once: beyond that the oldest word is forgotten.
const MOST_TOLD: usize = 500;

/// The lanes of a household's backends, and what was told of playing on them.
///
/// What was read of an item is compared with its baseline, and a delivery moves that baseline. A reading
/// that is older than a delivery and taken in after it would look like a person's act that undid the
/// delivery. So whoever reads from a backend in order to take it in, or writes to it, has its lane from the
/// first request to the last commit. Nobody who is at work holds two.
///
/// Two backends that are the same account of the same server, added twice, are one lane: else both would find
/// that a mark is missing there, and both would write it.
#[derive(Clone, Default)]
pub struct Attention {
    lanes: Arc<Mutex<HashMap<Whose, Arc<tokio::sync::Mutex<()>>>>>,
    told: Arc<Mutex<HashMap<BackendId, Told>>>,
}

/// What a server told of playing by itself: what, and when it was last heard of.
type Told = HashMap<ItemKey, Moment>;

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
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lanes.entry(whose(backend)).or_default())
        };
        lane.lock_owned().await
    }

    /// Waits for the lanes of several backends, for whoever wants nothing but that nobody is at work: it has no lane
    /// yet, and asks for nothing while it has them.
    pub(crate) async fn lanes(&self, backends: impl Iterator<Item = &Backend>) -> Vec<Lane> {
        let mut seen = HashSet::new();
        let mut lanes = Vec::new();
        for backend in backends {
            if seen.insert(whose(backend)) {
                lanes.push(self.lane(backend).await);
            }
        }
        lanes
    }

    /// A server told of a playback. A connection that breaks takes nothing of it back: whoever played goes on
    /// playing.
    pub(crate) fn heard(&self, backend: BackendId, key: &ItemKey, how: Playback, at: Moment) {
        let mut all = self.told();
        let told = all.entry(backend).or_default();
        if how == Playback::Stopped {
            told.remove(key);
            return;
        }
        told.retain(|_, heard_at| is_fresh(*heard_at, at));
        if told.len() >= MOST_TOLD
            && !told.contains_key(key)
            && let Some(oldest) = told.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone())
        {
            told.remove(&oldest);
        }
        told.insert(key.clone(), at);
    }

    /// What is being played on a backend as far as its server told, for an account that may not ask.
    pub(crate) fn plays(&self, backend: BackendId, at: Moment) -> Vec<ItemKey> {
        let all = self.told();
        let told = all.get(&backend).into_iter().flatten();
        told.filter(|(_, heard_at)| is_fresh(**heard_at, at)).map(|(key, _)| key.clone()).collect()
    }

    fn told(&self) -> MutexGuard<'_, HashMap<BackendId, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a word about a playback is not so old that it has ended meanwhile.
fn is_fresh(heard_at: Moment, at: Moment) -> bool {
    at.0 - heard_at.0 <= SILENT_S
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

    #[test]
    fn what_was_told_of_playing_holds_until_it_ends_or_falls_silent() {
        let attention = Attention::default();
        let (den, attic) = (BackendId(1), BackendId(2));
        let heat = ItemKey::from("7");
        let plays = |at| attention.plays(den, Moment(at)) == [heat.clone()];
        attention.heard(den, &heat, Playback::Runs, Moment(1000));
        assert!(plays(1000) && attention.plays(attic, Moment(1000)).is_empty());
        attention.heard(den, &heat, Playback::Paused, Moment(1100));
        assert!(plays(1100 + SILENT_S), "it is paused");
        assert!(!plays(1101 + SILENT_S), "nothing was heard of it for too long");
        attention.heard(den, &heat, Playback::Stopped, Moment(1200));
        assert!(!plays(1200), "it has ended");
        for number in 0..2 * MOST_TOLD {
            attention.heard(den, &ItemKey(number.to_string()), Playback::Runs, Moment(1300));
        }
        assert_eq!(attention.plays(den, Moment(1300)).len(), MOST_TOLD, "nor is it without end");
    }
}
