//! What servers told by webhooks, until somebody has looked after it.
//!
//! It is in the database before the server is answered, and goes from there when it was looked after: what is
//! left when the app ends is looked after when it is started again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinSet;
use watchstate_engine::CancellationToken;
use watchstate_model::{BackendId, Moment};
use watchstate_servers::{Heard, Playback};
use watchstate_store::{Hint, HintHow, HintId};

use super::{App, locked};
use crate::{Household, Result};

/// So many hints of a backend are looked after together.
const TOGETHER: u32 = 200;
/// What nobody could look after is told again after so long.
const AGAIN: Duration = Duration::from_secs(15);
/// What was told of a playback is believed for so long: seconds. Later only the item is read again: who plays
/// it by then is another question.
const FRESH_S: i64 = 60;

/// Whoever looks after what servers told.
#[async_trait]
pub trait Ears: Send + Sync {
    /// This was told of a backend, in this order. Returns when it was looked after, or need not be: then it
    /// is forgotten. `false` where it could not be: then it is told again later, like all that was under way
    /// when the app ended or got other ears. Each backend is waited for by itself.
    async fn hear(&self, backend: BackendId, told: Vec<Heard>) -> bool;
}

/// What an app has for the inbox.
pub(super) struct Inbox {
    ears: Mutex<Option<Arc<dyn Ears>>>,
    /// Moves when there may be something to look after.
    rings: watch::Sender<u64>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { ears: Mutex::default(), rings: watch::Sender::new(0) }
    }

    /// There may be something to look after.
    pub(super) fn ring(&self) {
        self.rings.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// What rings from now on.
    pub(super) fn rings(&self) -> watch::Receiver<u64> {
        self.rings.subscribe()
    }

    pub(super) fn set_ears(&self, ears: Option<Arc<dyn Ears>>) {
        *locked(&self.ears) = ears;
        self.ring();
    }
}

impl App {
    /// From now on these look after what servers told of the household at work, beginning with what was left.
    /// With none it stays in the inbox. Another household begins without ears: they were those of the one
    /// before.
    pub fn set_ears(&self, ears: Option<Arc<dyn Ears>>) {
        self.webhooks.inbox.set_ears(ears);
    }
}

/// Empties the inbox whenever something is in it and somebody has ears.
pub(super) async fn empty(app: Weak<App>, mut rings: watch::Receiver<u64>, end: CancellationToken) {
    let mut ears = None;
    // Dropped, they end; what they were about stays in the inbox.
    let mut under_way = JoinSet::new();
    let mut busy = BTreeSet::new();
    loop {
        let (failed, pause) = {
            let Some(app) = app.upgrade() else { return };
            rings.mark_unchanged();
            let now_ears = locked(&app.webhooks.inbox.ears).clone();
            let household = app.household();
            if !are_same(ears.as_ref(), now_ears.as_ref()) {
                under_way = JoinSet::new();
                busy.clear();
                ears = now_ears;
            }
            let mut failed = false;
            if let Some(ears) = &ears {
                match waiting(&household, &busy).await {
                    Ok(waiting) => {
                        for (backend, hints) in waiting {
                            busy.insert(backend);
                            let (household, ears) = (household.clone(), ears.clone());
                            under_way.spawn(look_after(household, ears, backend, hints));
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "what webhooks told cannot be read");
                        failed = true;
                    }
                }
            }
            (failed, household.around.pause.clone())
        };
        select! {
            () = end.cancelled() => return,
            rung = rings.changed() => if rung.is_err() { return },
            // One that went down stays busy: it would go down again.
            Some(Ok(backend)) = under_way.join_next() => { busy.remove(&backend); }
            () = pause.pause(AGAIN), if failed => {}
        }
    }
}

/// What is to be looked after now, by backend.
async fn waiting(
    household: &Household,
    busy: &BTreeSet<BackendId>,
) -> Result<Vec<(BackendId, Vec<Hint>)>> {
    let mut waiting = Vec::new();
    for backend in household.backends().await? {
        if !busy.contains(&backend.id) {
            let hints = household.store().hints(backend.id, TOGETHER).await?;
            if !hints.is_empty() {
                waiting.push((backend.id, hints));
            }
        }
    }
    Ok(waiting)
}

/// Has this looked after, and forgets it then. Returns when the backend may be looked at again.
async fn look_after(
    household: Arc<Household>,
    ears: Arc<dyn Ears>,
    backend: BackendId,
    hints: Vec<Hint>,
) -> BackendId {
    let told = hints.iter().map(|hint| heard(hint, household.now())).collect();
    let done = ears.hear(backend, told).await;
    let forgotten = done && {
        let ids: Vec<HintId> = hints.iter().map(|hint| hint.id).collect();
        match forget(&household, &ids).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%backend, %error, "what was looked after cannot be forgotten");
                false
            }
        }
    };
    if !forgotten {
        household.around.pause.pause(AGAIN).await;
    }
    backend
}

async fn forget(household: &Household, hints: &[HintId]) -> watchstate_store::Result<()> {
    let mut tx = household.store().begin().await?;
    tx.forget_hints(hints).await?;
    tx.commit().await
}

/// What a hint says by now.
fn heard(hint: &Hint, now: Moment) -> Heard {
    let Some(key) = hint.key.clone() else { return Heard::Something };
    let how = match hint.how {
        HintHow::Runs => Playback::Runs,
        HintHow::Paused => Playback::Paused,
        HintHow::Stopped => Playback::Stopped,
        HintHow::Changed => return Heard::Items(vec![key]),
    };
    if now.0 - hint.received_at.0 > FRESH_S {
        return Heard::Items(vec![key]);
    }
    Heard::Playback { key, how }
}

fn are_same(one: Option<&Arc<dyn Ears>>, other: Option<&Arc<dyn Ears>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::ItemKey;

    use super::*;

    #[test]
    fn a_playback_is_believed_for_a_while() {
        let key = ItemKey::from("7");
        let told = |key: Option<&ItemKey>, how, now| {
            let hint = Hint { id: HintId(1), key: key.cloned(), how, received_at: Moment(100) };
            heard(&hint, Moment(now))
        };
        let plays = |how| Heard::Playback { key: key.clone(), how };
        let read = Heard::Items(vec![key.clone()]);
        for (how, now, says, why) in [
            (HintHow::Runs, 100, plays(Playback::Runs), "it was told just now"),
            (HintHow::Paused, 160, plays(Playback::Paused), "a minute ago"),
            (HintHow::Stopped, 161, read.clone(), "longer ago"),
            (HintHow::Runs, 90, plays(Playback::Runs), "the clock was set back"),
            (HintHow::Changed, 100, read.clone(), "a mark, just now"),
            (HintHow::Changed, 9_000, read.clone(), "a mark, long ago"),
        ] {
            assert_eq!(told(Some(&key), how, now), says, "{why}");
        }
        assert_eq!(told(None, HintHow::Changed, 100), Heard::Something);
    }
}
