//! What a person answers to the un-watches that the brake holds.

use std::collections::{HashMap, HashSet};

use watchstate_model::{BackendId, Because, ItemId, PersonId, RunId, State, TitleId};
use watchstate_store::{Baseline, Import, JournalRow, KnownItem, Touched, What, marks_print};

use crate::follow::NO_RUN;
use crate::{Account, Engine, Result};

/// What a person says to un-watches that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Say {
    /// They were meant: they become unwatched everywhere.
    Approve,
    /// They were not: what is held stays, and the account that lost the marks is owed them back.
    Reject,
}

/// An answer to some of the un-watches that wait, or to all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What is said.
    pub say: Say,
    /// To those of this backend alone.
    pub backend: Option<BackendId>,
    /// To those of these items alone.
    pub items: Option<HashSet<ItemId>>,
}

impl Answer {
    /// The same to all that waits.
    pub fn to_all(say: Say) -> Self {
        Self { say, backend: None, items: None }
    }
}

impl Engine {
    /// Answers un-watches that wait for a person, and plans what follows. Nothing is asked of a server: it is
    /// decided on what was seen, and each account is read again before it is written. Answers how many were
    /// answered: those that ceased to wait meanwhile are none, nor are those that are approved on a backend whose
    /// marks are not taken any more.
    ///
    /// It is one transaction. Whenever the process ends, either all of the answer is known or nothing of it;
    /// what is owed after it is in the outbox.
    pub async fn answer(
        &self,
        accounts: &[Account],
        person: PersonId,
        answer: &Answer,
    ) -> Result<u64> {
        let at = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut meant: HashMap<BackendId, Vec<ItemId>> = HashMap::new();
        for open in tx.unwatches(person).await?.into_iter().filter(|open| open.waits) {
            if answer.backend.is_none_or(|backend| backend == open.backend)
                && answer.items.as_ref().is_none_or(|items| items.contains(&open.item))
            {
                meant.entry(open.backend).or_default().push(open.item);
            }
        }
        let mut answered = 0;
        for account in accounts.iter().filter(|account| account.backend.person == person) {
            let Some(items) = meant.remove(&account.backend.id) else { continue };
            // Where marks are not taken no un-watch is either: approved or not, what we hold stays.
            let is_heard = answer.say == Say::Reject || account.backend.import == Import::On;
            answered += if is_heard { items.len() as u64 } else { 0 };
            match answer.say {
                Say::Approve => {
                    let approved = Some(Because::Approved);
                    self.let_go(&mut tx, account, NO_RUN, &items, approved, at).await?;
                }
                Say::Reject => self.reject(&mut tx, account, NO_RUN, &items, at).await?,
            }
        }
        tx.commit().await?;
        self.plan_touched(accounts, person, at).await?;
        Ok(answered)
    }

    /// Refuses un-watches: the account's silence is agreed on as what it shows, so that it is not asked about
    /// again, and what we hold is planned to be told to it.
    async fn reject(
        &self,
        tx: &mut watchstate_store::Tx,
        account: &Account,
        run: RunId,
        items: &[ItemId],
        at: watchstate_model::Moment,
    ) -> Result<()> {
        let (backend, person) = (account.backend.id, account.backend.person);
        let these: Vec<KnownItem> =
            tx.items(items).await?.into_iter().map(|(_, item)| item).collect();
        let titles: Vec<TitleId> = these.iter().flat_map(KnownItem::titles).collect();
        let states: HashMap<TitleId, State> =
            tx.states(person, &titles).await?.into_iter().collect();
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        for item in these {
            lines.extend(item.titles().map(|title| JournalRow {
                title,
                backend: Some(backend),
                what: What::Kept,
                was: item.row.seen.watch,
                became: states.get(&title).map_or(State::UNTOUCHED.watch, |state| state.watch),
                because: Because::Rejected,
            }));
            let mut row = item.row;
            row.baseline = Some(Baseline { marks: row.seen, at });
            row.print = marks_print(&row.seen, row.added_at);
            row.because = Because::Rejected;
            rows.push(row);
        }
        let touched: Vec<Touched> =
            titles.into_iter().map(|title| Touched { title, again: false }).collect();
        tx.put_items(backend, &rows).await?;
        tx.journal(run, person, at, &lines).await?;
        tx.touch(person, &touched).await?;
        tx.forget_unwatches(items).await?;
        Ok(())
    }
}
