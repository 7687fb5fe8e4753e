//! What a person does to one title in the window: marks it, has it read again, wants it left alone.

use std::collections::HashMap;

use watchstate_model::{BackendId, Because, ItemKey, Moment, PersonId, State, TitleId, Watch};
use watchstate_store::{ChangeRow, Changed, Import, JournalRow, Task, Touched, What};

use crate::decide::Stance;
use crate::follow::NO_RUN;
use crate::import::Running;
use crate::report::RunReport;
use crate::take_in::Taker;
use crate::{Account, Consent, Engine, Result, Trouble};

impl Engine {
    /// Marks a title as watched or unwatched, as a person wishes it now: the later change, whatever the
    /// servers showed until now. It is planned at once and delivered by the next export. Answers which
    /// backends are owed a write for it; nothing when there is no such title.
    pub async fn mark(
        &self,
        accounts: &[Account],
        person: PersonId,
        title: TitleId,
        watched: bool,
    ) -> Result<Option<Vec<BackendId>>> {
        let at = self.clock.now();
        let mut tx = self.store.begin().await?;
        if !tx.has_title(title).await? {
            return Ok(None);
        }
        let ours = tx.states(person, &[title]).await?.pop().map_or(State::UNTOUCHED, |(_, s)| s);
        let watch = if watched { Watch::WATCHED } else { Watch::Unwatched };
        let state = State {
            watch,
            plays: if watched { ours.plays.max(1) } else { 0 },
            played_at: match (watched, ours.watch.is_watched()) {
                (false, _) => None,
                (true, true) => ours.played_at,
                (true, false) => Some(at),
            },
            decided_at: at,
            by: None,
        };
        let because = Because::MarkedByHand;
        tx.put_states(person, &[(title, state, because)]).await?;
        if ours.watch != watch {
            let (was, became) = (ours.watch, watch);
            let line = JournalRow { title, backend: None, what: What::Took, was, became, because };
            tx.journal(NO_RUN, person, at, &[line]).await?;
            let changed = Changed::Took { held: ours, holds: state, copy: None };
            tx.add_changes(NO_RUN, person, at, &[ChangeRow { title, changed, because }]).await?;
        }
        tx.touch(person, &[Touched { title, again: false }]).await?;
        tx.commit().await?;
        self.plan_touched(accounts, person, at).await?;
        Ok(Some(self.owed_for(person, title).await?))
    }

    /// Leaves a title alone, or not any more: see [`watchstate_store::Tx::ignore`]. Answers whether there is
    /// such a title.
    pub async fn leave_alone(
        &self,
        accounts: &[Account],
        person: PersonId,
        title: TitleId,
        alone: bool,
    ) -> Result<bool> {
        let mut tx = self.store.begin().await?;
        if !tx.has_title(title).await? {
            return Ok(false);
        }
        tx.ignore(person, title, alone).await?;
        tx.touch(person, &[Touched { title, again: false }]).await?;
        tx.commit().await?;
        self.plan_touched(accounts, person, self.clock.now()).await?;
        Ok(true)
    }

    async fn owed_for(&self, person: PersonId, title: TitleId) -> Result<Vec<BackendId>> {
        let copies = self.store.opened(person, title).await?;
        let mut owed: Vec<BackendId> =
            copies.iter().filter(|copy| copy.owed.is_some()).map(|copy| copy.backend).collect();
        owed.dedup();
        Ok(owed)
    }

    /// Reads all copies of a title again, each on its server, and takes in what they show. A copy that is
    /// not there any more is left for the next import to find gone.
    pub async fn reread(&self, accounts: &mut [Account], title: TitleId) -> Result<Vec<RunReport>> {
        let at = self.clock.now();
        let mut tx = self.store.begin().await?;
        let copies: Vec<(BackendId, ItemKey)> = tx
            .items_of_titles(&[title])
            .await?
            .into_iter()
            .filter(|(_, item)| item.row.present)
            .map(|(backend, item)| (backend, item.row.key))
            .collect();
        drop(tx);
        let mut reports = Vec::new();
        let mut read: Vec<Account> = Vec::new();
        let mut last = NO_RUN;
        let mut runs = HashMap::new();
        for account in accounts.iter_mut().filter(|a| a.backend.import != Import::Off) {
            let keys: Vec<ItemKey> = copies
                .iter()
                .filter(|(backend, _)| *backend == account.backend.id)
                .map(|(_, key)| key.clone())
                .collect();
            if keys.is_empty() {
                continue;
            }
            let mut running = self.begin(Task::Import, account, at).await?;
            last = running.id;
            runs.insert(account.backend.id, running.id);
            let trouble = self.reread_there(account, &keys, &mut running, at).await.err();
            let fatal = trouble.as_ref().is_some_and(Trouble::is_fatal);
            reports.push(self.end(account, running, trouble.as_ref(), at).await?);
            match trouble {
                Some(trouble) if fatal => return Err(trouble),
                Some(_) => {}
                None => read.push(account.clone()),
            }
        }
        for person in crate::people(&read) {
            self.brake(&read, person, last, &runs, Consent::default(), at).await?;
            self.plan_touched(accounts, person, at).await?;
        }
        Ok(reports)
    }

    async fn reread_there(
        &self,
        account: &mut Account,
        keys: &[ItemKey],
        running: &mut Running,
        at: Moment,
    ) -> Result<()> {
        let _lane = self.lane(&account.backend).await?;
        account.check(self).await?;
        let stance = Stance::of(self, account, at);
        let taker = Taker { person: account.backend.person, run: running.id, stance };
        for some in keys.chunks(account.server.read_at_once().max(1)) {
            let items = self.ask(account.server.read(some)).await?;
            self.learn_shows(account, &items).await?;
            self.take_in(&taker, &items, None, &mut running.counters).await?;
        }
        Ok(())
    }
}
