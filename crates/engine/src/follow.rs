//! What was heard of single items is looked at: the road of a change from a hint to what is owed.
//!
//! [`Engine::follow`] reads, takes in and plans; [`Engine::pass_on`] writes what is due. They are apart so
//! that each backend can be read and written by a task of its own, and one that is slow holds up nobody.

use std::collections::{BTreeSet, HashMap};

use watchstate_model::{BackendId, Item, ItemKey, Moment, RunId};
use watchstate_store::{Import, Run};

use crate::decide::Stance;
use crate::deliver::Due;
use crate::take_in::{Taken, Taker};
use crate::{Account, Consent, Engine, Result};

/// The run of what happens outside of any.
pub(crate) const NO_RUN: RunId = RunId(0);

/// Whether what happens on an account is taken in outside of imports.
pub(crate) fn is_followed(account: &Account) -> bool {
    account.backend.import != Import::Off && account.backend.swept_at.is_some()
}

/// What came of a look.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Followed {
    /// Items that were looked at.
    pub seen: u64,
    /// Items that showed something else than before.
    pub changed: u64,
    /// Un-watches that wait for a person.
    pub held: u64,
    /// Backends that are owed something now.
    pub owed: BTreeSet<BackendId>,
}

impl Followed {
    /// Adds what came of another look.
    pub(crate) fn and(&mut self, other: Self) {
        self.seen += other.seen;
        self.changed += other.changed;
        self.held += other.held;
        self.owed.extend(other.owed);
    }
}

/// What came of passing on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PassedOn {
    /// Writes that were made and read back.
    pub written: u64,
    /// Writes that wait: the person is watching there now, or it cannot be known.
    pub held: u64,
    /// Writes that failed, and are tried again or parked.
    pub failed: u64,
    /// Writes that were not needed any more.
    pub already: u64,
    /// Writes that are still owed and tried again by themselves.
    pub left: u64,
}

impl Engine {
    /// Reads items of an account again, takes in what they show, and plans who has to be told. Does nothing
    /// where import is off, and before the first import of an account: what was there before WatchState came
    /// is for an import to take in, which a person begins. `accounts` are all of the household; this one was
    /// checked before.
    pub async fn follow(
        &self,
        accounts: &[Account],
        account: &Account,
        keys: &[ItemKey],
    ) -> Result<Followed> {
        if !is_followed(account) || keys.is_empty() {
            return Ok(Followed::default());
        }
        let at = self.clock.now();
        let mut run = Run::default();
        {
            let _lane = self.lane(&account.backend).await?;
            let taker = self.hinted(account, at);
            for some in keys.chunks(account.server.read_at_once().max(1)) {
                let items = self.ask(account.server.read(some)).await?;
                self.take_hinted(account, &taker, items, &mut run).await?;
            }
        }
        self.decide_hinted(accounts, account, at, &run).await
    }

    /// Who takes in what was hinted at.
    pub(crate) fn hinted(&self, account: &Account, at: Moment) -> Taker {
        let stance = Stance::of(self, account, at);
        Taker { person: account.backend.person, run: NO_RUN, stance }
    }

    /// Takes in items that a hint led to. The caller has the lane, and had it when they were read.
    pub(crate) async fn take_hinted(
        &self,
        account: &Account,
        taker: &Taker,
        mut items: Vec<Item>,
        run: &mut Run,
    ) -> Result<()> {
        self.learn_shows(account, &items).await?;
        if let Taken::Lacking(keys) = self.take_in(taker, &items, None, run).await? {
            self.complete(account, &mut items, keys).await?;
            self.learn_shows(account, &items).await?;
            self.take_in(taker, &items, None, run).await?;
        }
        Ok(())
    }

    /// Lets the brake count what was taken away on an account, and plans. Of the others nothing is let go: what is
    /// found there may be the first pages of a library that is being read.
    pub(crate) async fn decide_hinted(
        &self,
        accounts: &[Account],
        account: &Account,
        at: Moment,
        run: &Run,
    ) -> Result<Followed> {
        let (person, here) = (account.backend.person, std::slice::from_ref(account));
        let held =
            self.brake(here, person, NO_RUN, &HashMap::new(), Consent::default(), at).await?;
        self.plan_touched(accounts, person, at).await?;
        let owed = self.store.due(at).await?;
        Ok(Followed {
            seen: run.seen,
            changed: run.changed + run.added,
            held: held.values().sum(),
            owed: owed.into_iter().map(|(backend, _)| backend).collect(),
        })
    }

    /// Writes what an account is owed and is due. `at_once` tries again even what has not rested long: the
    /// server is back, or what was playing there has stopped.
    ///
    /// Does nothing where export is off, where a person's first yes is still missing, and where so much is
    /// owed that it is for an export to look at everything first.
    pub async fn pass_on(
        &self,
        accounts: &[Account],
        account: &Account,
        at_once: bool,
    ) -> Result<PassedOn> {
        let at = self.clock.now();
        let backend = &account.backend;
        if !backend.export || backend.approved_at.is_none() {
            return Ok(PassedOn::default());
        }
        let _lane = self.lane(backend).await?;
        let waiting = self.store.waiting(backend.id).await?.owed;
        if waiting == 0 || waiting > self.settings.export_threshold {
            return Ok(PassedOn::default());
        }
        let (taker, mut run) = (self.hinted(account, at), Run::default());
        let due = if at_once { Due::Now } else { Due::Rested };
        let ended = self.deliver(accounts, account, &taker, false, due, &mut run).await;
        let left = self.store.waiting(backend.id).await?.owed;
        let passed = PassedOn {
            left,
            written: run.written,
            held: run.held,
            failed: run.failed,
            already: run.already,
        };
        match ended {
            // What failed rests or is parked, and is counted where it is owed.
            Ok(()) | Err(crate::Trouble::SomeFailed { .. }) => Ok(passed),
            Err(trouble) => Err(trouble),
        }
    }
}
