//! The un-watches of a run, when all backends have been read: the brake counts them, then they pass or wait.

use std::collections::{BTreeMap, HashMap};

use watchstate_model::brake::{Loss, brake, is_earlier};
use watchstate_model::{BackendId, Because, Brake, ItemId, Moment, PersonId, RunId, TitleId};
use watchstate_store::{Brakes, JournalRow, KnownItem, OpenUnwatch, Tx, What};

use crate::decide::{Decisions, Seen, Stance};
use crate::follow::NO_RUN;
use crate::take_in::Taker;
use crate::{Account, Consent, Engine, Result};

/// Un-watches that are heard of one by one count as one run for so long: seconds.
const LATELY_S: i64 = 3600;

impl Engine {
    /// Lets the un-watches of a person pass or holds them. Answers how many wait for a person, by backend.
    ///
    /// Those of backends that are not among `accounts` count, and nothing else: they wait for a run that has read
    /// these.
    pub(crate) async fn brake(
        &self,
        accounts: &[Account],
        person: PersonId,
        run: RunId,
        runs: &HashMap<BackendId, RunId>,
        consent: Consent,
        at: Moment,
    ) -> Result<HashMap<BackendId, u64>> {
        let mut held: HashMap<BackendId, u64> = HashMap::new();
        let brakes = self.store.brakes(person).await?;
        let mut tx = self.store.begin().await?;
        let found = tx.unwatches(person).await?;
        if found.is_empty() {
            return Ok(held);
        }
        let said = match consent.yes {
            true => BTreeMap::new(),
            false => self.judge(&mut tx, person, &brakes, run, &found, at).await?,
        };
        let mut hold = Vec::new();
        let is_asked = |open: &&OpenUnwatch| accounts.iter().any(|a| a.backend.id == open.backend);
        for open in found.iter().filter(is_asked) {
            if let Some(Brake::Hold(because)) = said.get(&open.backend) {
                *held.entry(open.backend).or_default() += 1;
                // One that waits since an earlier run has its line in the journal from then.
                if !open.waits {
                    hold.push((open.item, *because));
                }
            }
        }
        self.hold(&mut tx, person, run, &hold, at).await?;
        for account in accounts.iter().filter(|account| account.backend.person == person) {
            let backend = account.backend.id;
            if held.contains_key(&backend) {
                continue;
            }
            let these: Vec<ItemId> =
                found.iter().filter(|open| open.backend == backend).map(|open| open.item).collect();
            let approved = consent.yes.then_some(Because::Approved);
            // What was done on an account is told in the run that saw it, and can be taken back with it.
            let run = runs.get(&backend).copied().unwrap_or(run);
            self.let_go(&mut tx, account, run, &these, approved, at).await?;
        }
        tx.commit().await?;
        Ok(held)
    }

    /// What the brake says, for each backend that lost marks.
    async fn judge(
        &self,
        tx: &mut Tx,
        person: PersonId,
        brakes: &Brakes,
        run: RunId,
        found: &[OpenUnwatch],
        at: Moment,
    ) -> Result<BTreeMap<BackendId, Brake>> {
        let usual = brakes.person.unwrap_or(self.settings.brake);
        let mut losses: BTreeMap<BackendId, Loss> = BTreeMap::new();
        for open in found {
            let loss = losses.entry(open.backend).or_insert_with(|| Loss {
                found: 0,
                waiting: 0,
                earlier: false,
                policy: brakes.of(open.backend),
            });
            if open.waits { loss.waiting += 1 } else { loss.found += 1 }
        }
        for (backend, loss) in &mut losses {
            let policy = loss.policy.unwrap_or(usual);
            if loss.waiting == 0 && !policy.off && loss.found >= policy.latest {
                loss.earlier = is_earlier(&mut tx.mark_ages(*backend).await?, policy);
            }
        }
        let watched = tx.count_watched(person).await?;
        // What comes in one by one, as sockets tell it, is counted together: a server that loses its marks
        // slowly is held like one that lost them at once.
        let lately = match run {
            NO_RUN => tx.count_taken_away(person, Moment(at.0 - LATELY_S)).await?,
            _ => 0,
        };
        let all: Vec<Loss> = losses.values().copied().collect();
        Ok(losses.into_keys().zip(brake(&all, lately, watched, usual)).collect())
    }

    /// Keeps that un-watches wait, each with a line in the journal.
    async fn hold(
        &self,
        tx: &mut Tx,
        person: PersonId,
        run: RunId,
        hold: &[(ItemId, Because)],
        at: Moment,
    ) -> Result<()> {
        let items: Vec<ItemId> = hold.iter().map(|(item, _)| *item).collect();
        let why: HashMap<ItemId, Because> = hold.iter().copied().collect();
        let lines: Vec<JournalRow> = tx
            .items(&items)
            .await?
            .iter()
            .flat_map(|(backend, item)| {
                item.titles().map(|title| JournalRow {
                    title,
                    backend: Some(*backend),
                    what: What::Held,
                    was: item.row.baseline.map_or(item.row.seen.watch, |base| base.marks.watch),
                    became: item.row.seen.watch,
                    because: why.get(&item.row.id).copied().unwrap_or(Because::Brake),
                })
            })
            .collect();
        tx.hold(hold).await?;
        tx.journal(run, person, at, &lines).await?;
        Ok(())
    }

    /// Lets un-watches of an account pass; `approved` when a person said so.
    pub(crate) async fn let_go(
        &self,
        tx: &mut Tx,
        account: &Account,
        run: RunId,
        items: &[ItemId],
        approved: Option<Because>,
        at: Moment,
    ) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let person = account.backend.person;
        let stance = Stance::of(self, account, at);
        let these: Vec<KnownItem> =
            tx.items(items).await?.into_iter().map(|(_, item)| item).collect();
        let titles: Vec<TitleId> = these.iter().flat_map(KnownItem::titles).collect();
        let mut decisions = Decisions {
            before: tx.states(person, &titles).await?.into_iter().collect(),
            approved,
            ..Decisions::default()
        };
        for item in these {
            let titles: Vec<TitleId> = item.titles().collect();
            let how = Seen::AsKnown { readded: false, marked_at: item.marked_at };
            decisions.decide(&stance, item.row, &titles, item.owed, &how, true);
        }
        let decided: Vec<ItemId> = decisions.items.iter().map(|row| row.id).collect();
        let taker = Taker { person, run, stance };
        self.write(&taker, tx, decisions).await?;
        tx.forget_unwatches(&decided).await?;
        Ok(())
    }
}
