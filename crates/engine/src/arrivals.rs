//! What a sweep knows only at its end: which new keys are moved items, and which items are gone.

use std::collections::{HashMap, HashSet};

use watchstate_model::{ItemId, TitleId};
use watchstate_store::{Baseline, KnownItem, Tx};

use crate::decide::{Decisions, Seen};
use crate::take_in::{SweepSeen, Taker};
use crate::{Engine, Result};

/// How many are settled in one transaction.
const AT_ONCE: usize = 500;

impl Engine {
    /// Ends a sweep that saw everything: decides on the arrivals, then keeps what is gone.
    pub(crate) async fn end_sweep(&self, taker: &Taker, seen: &mut SweepSeen) -> Result<()> {
        let arrivals = std::mem::take(&mut seen.arrivals);
        for some in arrivals.chunks(AT_ONCE) {
            self.go_on()?;
            let mut tx = self.store.begin().await?;
            self.settle_arrivals(taker, &mut tx, some, seen).await?;
            tx.commit().await?;
        }
        let mut tx = self.store.begin().await?;
        let backend = taker.stance.backend;
        tx.keep_only_pages(backend, &seen.pages).await?;
        if tx.count_present(backend).await? != seen.items.len() {
            let gone = tx.unseen(backend, &seen.items).await?;
            for some in gone.chunks(AT_ONCE) {
                tx.gone(some).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn settle_arrivals(
        &self,
        taker: &Taker,
        tx: &mut Tx,
        arrivals: &[ItemId],
        seen: &SweepSeen,
    ) -> Result<()> {
        let stance = &taker.stance;
        let these: Vec<KnownItem> = tx.items(arrivals).await?.into_iter().map(|(_, i)| i).collect();
        let titles: Vec<TitleId> = these.iter().flat_map(KnownItem::titles).collect();
        let copies = tx.items_of_titles(&titles).await?;
        let mut others: HashMap<TitleId, Vec<&KnownItem>> = HashMap::new();
        for (_, copy) in copies.iter().filter(|(backend, _)| *backend == stance.backend) {
            for title in copy.titles() {
                others.entry(title).or_default().push(copy);
            }
        }
        let mut decisions = Decisions {
            before: tx.states(taker.person, &titles).await?.into_iter().collect(),
            ..Decisions::default()
        };
        let mut gone = HashSet::new();
        let mut moved = Vec::new();
        for arrival in these {
            let titles: Vec<TitleId> = arrival.titles().collect();
            // The copy it stands for now: one that this sweep did not see, the latest agreed on first.
            let before: Option<(ItemId, Baseline)> = titles
                .iter()
                .filter_map(|title| others.get(title))
                .flatten()
                .filter(|copy| copy.row.id != arrival.row.id)
                .filter(|copy| {
                    !u64::try_from(copy.row.id.0).is_ok_and(|id| seen.items.contains(id))
                })
                .filter_map(|copy| Some((copy.row.id, copy.row.baseline?)))
                .max_by_key(|(id, baseline)| (baseline.at, *id));
            let how = match before {
                Some((old, before)) => {
                    gone.insert(old);
                    moved.push((old, arrival.row.id));
                    Seen::Rekeyed { before }
                }
                None => Seen::AsKnown { readded: false, marked_at: arrival.marked_at },
            };
            decisions.decide(stance, arrival.row, &titles, arrival.owed, &how, false);
        }
        for (old, new) in moved {
            tx.move_wish(old, new).await?;
        }
        self.write(taker, tx, decisions).await?;
        let mut gone: Vec<ItemId> = gone.into_iter().collect();
        gone.sort_unstable();
        tx.gone(&gone).await?;
        Ok(())
    }
}
