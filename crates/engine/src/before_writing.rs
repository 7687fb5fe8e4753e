//! What is done before something is written: what can be taken back is kept, and what is being taken back is known.

use watchstate_model::{ItemId, Moment};
use watchstate_store::{KeepSnapshots, Tx};

use crate::deliver::Letter;
use crate::follow::NO_RUN;
use crate::take_in::Taker;
use crate::{Engine, Result};

/// For writes outside of runs a snapshot is taken no more often than this: seconds.
const SNAPSHOT_AFTER_S: i64 = 3600;

impl Engine {
    /// Keeps what an account shows, and forgets what is too old to be taken back.
    pub(crate) async fn before_the_first_write(&self, taker: &Taker, tx: &mut Tx) -> Result<()> {
        let at = taker.stance.at;
        let days = |days: u32| Moment(at.0.saturating_sub(i64::from(days) * 86_400));
        let keep = KeepSnapshots {
            most: self.settings.snapshots_kept,
            since: days(self.settings.snapshots_days),
        };
        // Single writes, as sockets bring them up, have one for an hour of them.
        let since = (taker.run == NO_RUN).then(|| Moment(at.0 - SNAPSHOT_AFTER_S));
        tx.take_snapshot(taker.stance.backend, taker.run, at, since, keep).await?;
        tx.forget_changes_before(days(self.settings.undo_days)).await?;
        Ok(())
    }

    /// Learns what copies are to show again, where that is why they are written: count and date go with it. One
    /// whose wish has ended meanwhile is for planning to look at, and not written.
    pub(crate) async fn recall_wishes(&self, letters: &mut Vec<Letter>) -> Result<()> {
        let these: Vec<ItemId> = letters
            .iter()
            .filter(|letter| letter.row.because.brings_back())
            .map(|letter| letter.row.item)
            .collect();
        if these.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let wishes = tx.wishes(&these).await?;
        for letter in letters.iter_mut().filter(|letter| letter.row.because.brings_back()) {
            letter.wish = wishes.get(&letter.row.item).copied();
        }
        letters.retain(|letter| letter.wish.is_some() || !letter.row.because.brings_back());
        Ok(())
    }
}
