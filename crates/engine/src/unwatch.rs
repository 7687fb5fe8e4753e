//! The un-watches of a run, when all backends have been read: the brake counts them, then they pass or wait.

use std::collections::{HashMap, HashSet};

use watchstate_model::{
    BackendId, Because, Brake, ItemId, Moment, PersonId, RunId, TitleId, brake::brake,
};
use watchstate_store::{JournalRow, KnownItem, What};

use crate::decide::{Decisions, Seen, Stance};
use crate::follow::NO_RUN;
use crate::take_in::Taker;
use crate::{Account, Consent, Engine, Result};

/// Un-watches that are heard of one by one count as one run for so long: seconds.
const LATELY_S: i64 = 3600;

impl Engine {
    /// Lets the un-watches of a person pass or holds them. Answers how many wait for a person, by backend.
    ///
    /// Those of backends that are not among `accounts` wait for a run that asks them.
    pub(crate) async fn brake(
        &self,
        accounts: &[Account],
        person: PersonId,
        run: RunId,
        runs: &HashMap<BackendId, RunId>,
        consent: Consent,
        at: Moment,
    ) -> Result<HashMap<BackendId, u64>> {
        let mut held = HashMap::new();
        let mut tx = self.store.begin().await?;
        let found = tx.unwatches(person).await?;
        if found.is_empty() {
            return Ok(held);
        }
        let items: Vec<ItemId> = found.iter().map(|(item, _)| *item).collect();
        let watched = tx.count_watched(person).await?;
        // What comes in one by one, as sockets tell it, is counted together: a server that loses its marks
        // slowly is held like one that lost them at once.
        let lately = match run {
            NO_RUN => tx.count_taken_away(person, Moment(at.0 - LATELY_S)).await?,
            _ => 0,
        };
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX).saturating_add(lately);
        let said = brake(count, watched, self.settings.brake);
        let rows = tx.items(&items).await?;
        if matches!(said, Brake::Hold { .. }) && !consent.yes {
            // One that waits since an earlier run has its line in the journal from then.
            let told: HashSet<ItemId> =
                found.iter().filter(|(_, waits)| *waits).map(|(item, _)| *item).collect();
            let mut lines = Vec::new();
            for (backend, item) in &rows {
                *held.entry(*backend).or_default() += 1;
                if told.contains(&item.row.id) {
                    continue;
                }
                lines.extend(item.titles().map(|title| JournalRow {
                    title,
                    backend: Some(*backend),
                    what: What::Held,
                    was: item.row.baseline.map_or(item.row.seen.watch, |base| base.marks.watch),
                    became: item.row.seen.watch,
                    because: Because::Brake,
                }));
            }
            tx.hold(&items).await?;
            tx.journal(run, person, at, &lines).await?;
            tx.commit().await?;
            return Ok(held);
        }
        for account in accounts.iter().filter(|account| account.backend.person == person) {
            let stance = Stance::of(self, account, at);
            let these: Vec<&KnownItem> = rows
                .iter()
                .filter(|(backend, _)| *backend == account.backend.id)
                .map(|(_, item)| item)
                .collect();
            let titles: Vec<TitleId> = these.iter().flat_map(|item| item.titles()).collect();
            let mut decisions = Decisions {
                before: tx.states(person, &titles).await?.into_iter().collect(),
                ..Decisions::default()
            };
            for item in these {
                let titles: Vec<TitleId> = item.titles().collect();
                let how = Seen::AsKnown { readded: false, marked_at: item.marked_at };
                decisions.decide(&stance, item.row.clone(), &titles, item.owed, &how, true);
            }
            let decided: Vec<ItemId> = decisions.items.iter().map(|row| row.id).collect();
            // What was done on an account is told in the run that saw it, and can be taken back with it.
            let run = runs.get(&account.backend.id).copied().unwrap_or(run);
            let taker = Taker { person, run, stance };
            self.write(&taker, &mut tx, decisions).await?;
            tx.forget_unwatches(&decided).await?;
        }
        tx.commit().await?;
        Ok(held)
    }
}
