//! Export: what each account does not show yet is written to it; and both ways in one go.

use std::collections::{HashMap, HashSet};

use futures::StreamExt;
use futures::future::BoxFuture;
use watchstate_model::{BackendId, Moment, TitleId};
use watchstate_servers::Wanted;
use watchstate_store::{Import, Task};

use crate::decide::Stance;
use crate::deliver::Due;
use crate::import::Running;
use crate::report::RunReport;
use crate::take_in::Taker;
use crate::{Account, Consent, Engine, Result, Trouble, people};

/// A sweep costs less than looking up more titles than this one by one.
const MOST_LOOKUPS: usize = 50;
/// A backend that is exported to and never imported from is looked at all the same, this often: seconds.
const STALE_AFTER_S: i64 = 24 * 3600;

/// How a run on one backend ended, and the trouble that ends them all.
type Ended = (RunReport, Option<Trouble>);

impl Engine {
    /// Exports to the accounts among `wanted` whose export is on. `accounts` are all of the household:
    /// planning compares every copy.
    pub async fn export(
        &self,
        accounts: &mut [Account],
        wanted: &[BackendId],
        consent: Consent,
    ) -> Result<Vec<RunReport>> {
        let at = self.clock.now();
        self.export_at(accounts, wanted, consent, at, &HashSet::new()).await
    }

    /// Imports from all accounts, then exports to all.
    pub async fn sync(&self, accounts: &mut [Account], consent: Consent) -> Result<Vec<RunReport>> {
        let at = self.clock.now();
        let (mut reports, swept) = self.import_at(accounts, consent, at).await?;
        let wanted: Vec<BackendId> = accounts.iter().map(|account| account.backend.id).collect();
        reports.extend(self.export_at(accounts, &wanted, consent, at, &swept).await?);
        Ok(reports)
    }

    /// Exports at a given time; `swept` are backends whose libraries were read to the end in this very run.
    pub(crate) async fn export_at(
        &self,
        accounts: &mut [Account],
        wanted: &[BackendId],
        consent: Consent,
        at: Moment,
        swept: &HashSet<BackendId>,
    ) -> Result<Vec<RunReport>> {
        let to: Vec<usize> = (0..accounts.len())
            .filter(|i| accounts[*i].backend.export && wanted.contains(&accounts[*i].backend.id))
            .collect();
        // Whoever can be reached is asked what it is before anything is planned for it.
        let mut unreachable = HashMap::new();
        for i in &to {
            if swept.contains(&accounts[*i].backend.id) {
                continue;
            }
            let account = &mut accounts[*i];
            if let Err(trouble) = account.check(self).await {
                if trouble.is_fatal() {
                    return Err(trouble);
                }
                unreachable.insert(account.backend.id, trouble);
            }
        }
        if consent.full {
            let mut tx = self.store.begin().await?;
            for i in &to {
                tx.unpark(accounts[*i].backend.id).await?;
                tx.touch_backend(accounts[*i].backend.id).await?;
            }
            tx.commit().await?;
        }
        let mut never_seen: HashMap<BackendId, Vec<TitleId>> = HashMap::new();
        for person in people(accounts) {
            let planned = self.plan_touched(accounts, person, at).await?;
            for (backend, titles) in planned.never_seen {
                never_seen.entry(backend).or_default().extend(titles);
            }
        }
        let accounts: &[Account] = accounts;
        let (unreachable, never_seen) = (&unreachable, &never_seen);
        let mut lanes: Vec<BoxFuture<'_, Result<Ended>>> = Vec::new();
        for i in to {
            lanes.push(Box::pin(async move {
                let account = &accounts[i];
                let backend = account.backend.id;
                let mut running = self.begin(Task::Export, account, at).await?;
                if let Some(trouble) = unreachable.get(&backend) {
                    self.count_planned(account, &mut running).await?;
                    return Ok((self.end(account, running, Some(trouble), at).await?, None));
                }
                let unknown = never_seen.get(&backend).map_or(&[][..], Vec::as_slice);
                let fresh = swept.contains(&backend);
                let exported = self
                    .export_one(accounts, account, &mut running, consent, at, fresh, unknown)
                    .await;
                let waits = matches!(exported, Ok(false));
                if matches!(exported, Ok(true)) {
                    let mut tx = self.store.begin().await?;
                    tx.exported(backend, at).await?;
                    tx.commit().await?;
                }
                let trouble = exported.err();
                let mut report = self.end(account, running, trouble.as_ref(), at).await?;
                report.waits_for_yes |= waits;
                Ok((report, trouble.filter(Trouble::is_fatal)))
            }));
        }
        let ended: Vec<Result<_>> = futures::stream::iter(lanes)
            .buffered(self.settings.backends_at_once.max(1))
            .collect()
            .await;
        let mut reports = Vec::new();
        for end in ended {
            let (report, fatal) = end?;
            if let Some(trouble) = fatal {
                return Err(trouble);
            }
            reports.push(report);
        }
        Ok(reports)
    }

    async fn count_planned(&self, account: &Account, running: &mut Running) -> Result<u64> {
        let mut tx = self.store.begin().await?;
        let owed = tx.count_owed(account.backend.id).await?;
        running.counters.planned = owed;
        Ok(owed)
    }

    /// Whether the export went out; `false` when it waits for a person's first yes.
    #[expect(clippy::too_many_arguments, reason = "one lane and all it depends on")]
    async fn export_one(
        &self,
        accounts: &[Account],
        account: &Account,
        running: &mut Running,
        consent: Consent,
        at: Moment,
        swept_now: bool,
        unknown: &[TitleId],
    ) -> Result<bool> {
        let backend = &account.backend;
        let person = backend.person;
        let stance = Stance::of(self, account, at);
        let taker = Taker { person, run: running.id, stance };
        let _lane = self.lane(backend).await?;
        let owed = self.count_planned(account, running).await?;
        let stale = backend.import == Import::Off
            && backend.swept_at.is_none_or(|swept| swept.0 + STALE_AFTER_S < at.0);
        let many = owed > self.settings.export_threshold || unknown.len() > MOST_LOOKUPS;
        let full = consent.full || many || backend.swept_at.is_none() || stale;
        running.counters.mode = Some(if full { "full" } else { "push" });
        let mut fresh = swept_now && full;
        if full && !swept_now {
            let mut counters = watchstate_store::Run::default();
            self.sweep(account, &taker, consent.full, &mut counters).await?;
            let here = std::slice::from_ref(account);
            // What a person agreed to are writes they were shown. What waits was shown as waiting.
            let ask = Consent { yes: false, ..consent };
            self.brake(here, person, running.id, &HashMap::new(), ask, at).await?;
            self.plan_touched(accounts, person, at).await?;
            fresh = true;
        } else if !full && !swept_now {
            self.look_up(accounts, account, &taker, unknown).await?;
        }
        let owed = self.count_planned(account, running).await?;
        if backend.approved_at.is_none() {
            if !consent.yes && owed > 0 {
                running.counters.held = owed;
                return Ok(false);
            }
            if consent.yes {
                let mut tx = self.store.begin().await?;
                tx.approve_backend(backend.id, at).await?;
                tx.commit().await?;
            }
        }
        let due = Due::Now;
        self.deliver(accounts, account, &taker, fresh, due, &mut running.counters).await?;
        Ok(true)
    }

    /// Looks for titles that came up since the backend was last seen to the end: one search each, not a
    /// sweep for all.
    async fn look_up(
        &self,
        accounts: &[Account],
        account: &Account,
        taker: &Taker,
        titles: &[TitleId],
    ) -> Result<()> {
        if titles.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Wanted> =
            self.store.wanted(titles).await?.into_iter().map(wanted).collect();
        for wanted in wanted {
            let found = self.ask(account.server.find(&wanted)).await?;
            self.learn_shows(account, &found).await?;
            let mut counted = watchstate_store::Run::default();
            self.take_in(taker, &found, None, &mut counted).await?;
        }
        self.plan_touched(accounts, taker.person, taker.stance.at).await?;
        Ok(())
    }
}

fn wanted(title: watchstate_store::TitleWanted) -> Wanted {
    match title.place {
        None => Wanted::Movie { name: title.name, ids: title.ids },
        Some((season, number)) => {
            Wanted::Episode { show_name: title.show_name, show_ids: title.show_ids, season, number }
        }
    }
}
