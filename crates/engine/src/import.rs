//! Import: everything the backends say is taken in.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use futures::StreamExt;
use futures::future::BoxFuture;
use watchstate_model::{BackendId, Moment, RunId};
use watchstate_store::{Import, Run, Task};

use crate::decide::Stance;
use crate::report::RunReport;
use crate::take_in::Taker;
use crate::{Account, Consent, Engine, Result, Trouble, people};

/// A run on one backend, while it goes on.
pub(crate) struct Running {
    pub id: RunId,
    pub task: Task,
    pub counters: Run,
    begun: Instant,
    requests: u64,
    bytes: u64,
}

/// What was read of one account, and what ended it.
type Read<'a> = (Running, Option<Trouble>, &'a mut Account);

impl Engine {
    /// Imports from the accounts whose import is not off. A backend in trouble does not keep the others
    /// from being read; only the store's trouble, or being stopped, ends it all.
    pub async fn import(
        &self,
        accounts: &mut [Account],
        consent: Consent,
    ) -> Result<Vec<RunReport>> {
        let at = self.clock.now();
        Ok(self.import_at(accounts, consent, at).await?.0)
    }

    /// Imports at a given time; answers which backends were read to the end as well.
    pub(crate) async fn import_at(
        &self,
        accounts: &mut [Account],
        consent: Consent,
        at: Moment,
    ) -> Result<(Vec<RunReport>, HashSet<BackendId>)> {
        let mut lanes: Vec<BoxFuture<'_, Result<Read<'_>>>> = Vec::new();
        for account in accounts.iter_mut().filter(|a| a.backend.import != Import::Off) {
            lanes.push(Box::pin(async move {
                let mut running = self.begin(Task::Import, account, at).await?;
                let ended = self.import_one(account, &mut running, consent, at).await;
                Ok((running, ended.err(), account))
            }));
        }
        let ended: Vec<Result<_>> = futures::stream::iter(lanes)
            .buffered(self.settings.backends_at_once.max(1))
            .collect()
            .await;
        let mut results = ended.into_iter().collect::<Result<Vec<_>>>()?;
        // The last run of the import is where the journal's line about a held un-watch belongs.
        let last = results.last().map(|(running, ..)| running.id);
        let read: Vec<Account> = results
            .iter()
            .filter(|(_, trouble, _)| trouble.is_none())
            .map(|(_, _, account)| (**account).clone())
            .collect();
        let runs: HashMap<BackendId, RunId> =
            results.iter().map(|(running, _, account)| (account.backend.id, running.id)).collect();
        let mut held = HashMap::new();
        if let Some(run) = last {
            for person in people(&read) {
                held.extend(self.brake(&read, person, run, &runs, consent, at).await?);
            }
        }
        let (mut reports, mut swept, mut fatal) = (Vec::new(), HashSet::new(), None);
        for (mut running, trouble, account) in results.drain(..) {
            running.counters.held = held.get(&account.backend.id).copied().unwrap_or(0);
            if trouble.is_none() {
                swept.insert(account.backend.id);
                let mut tx = self.store.begin().await?;
                tx.imported(account.backend.id, at, true).await?;
                tx.commit().await?;
            }
            let is_fatal = trouble.as_ref().is_some_and(Trouble::is_fatal);
            reports.push(self.end(account, running, trouble.as_ref(), at).await?);
            if is_fatal {
                fatal = fatal.or(trouble);
            }
        }
        match fatal {
            Some(trouble) => Err(trouble),
            None => Ok((reports, swept)),
        }
    }

    async fn import_one(
        &self,
        account: &mut Account,
        running: &mut Running,
        consent: Consent,
        at: Moment,
    ) -> Result<()> {
        let _lane = self.lane(&account.backend).await?;
        account.check(self).await?;
        let taker = Taker {
            person: account.backend.person,
            run: running.id,
            stance: Stance::of(self, account, at),
        };
        self.sweep(account, &taker, consent.full, &mut running.counters).await
    }

    /// Begins a run on one backend.
    pub(crate) async fn begin(&self, task: Task, account: &Account, at: Moment) -> Result<Running> {
        let mut tx = self.store.begin().await?;
        let id = tx.begin_run(task, account.backend.id, at).await?;
        tx.commit().await?;
        let meter = account.server.meter();
        Ok(Running {
            id,
            task,
            counters: Run::default(),
            begun: Instant::now(),
            requests: meter.requests(),
            bytes: meter.bytes(),
        })
    }

    /// Ends a run on one backend, and keeps how.
    pub(crate) async fn end(
        &self,
        account: &Account,
        running: Running,
        trouble: Option<&Trouble>,
        at: Moment,
    ) -> Result<RunReport> {
        let troubles: Vec<_> = trouble.map(|trouble| (account, trouble)).into_iter().collect();
        self.end_of_several(account, running, &troubles, at).await
    }

    /// Ends a run that is told of one backend and had to do with others too, and keeps how: each trouble with the
    /// backend that it is of.
    pub(crate) async fn end_of_several(
        &self,
        account: &Account,
        running: Running,
        troubles: &[(&Account, &Trouble)],
        at: Moment,
    ) -> Result<RunReport> {
        let mut run = running.counters;
        let meter = account.server.meter();
        run.requests = meter.requests() - running.requests;
        run.bytes = meter.bytes() - running.bytes;
        run.ms = u64::try_from(running.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let said = |(of, trouble): &(&Account, &Trouble)| format!("{}: {trouble}", of.backend.name);
        let sentences: Vec<String> = troubles.iter().map(said).collect();
        run.error = (!sentences.is_empty()).then(|| sentences.join("; "));
        let (name, task) = (&account.backend.name, running.task.name());
        match &run.error {
            None => tracing::info!(
                "{name}: {task} done, {} read, {} new, {} changed, {} written, {} held, {} ms",
                run.seen,
                run.added,
                run.changed,
                run.written,
                run.held,
                run.ms
            ),
            Some(error) => tracing::warn!("{task}: {error}"),
        }
        let mut tx = self.store.begin().await?;
        tx.end_run(running.id, &run, at).await?;
        for ((of, _), sentence) in troubles.iter().zip(&sentences) {
            tx.in_trouble(of.backend.id, sentence).await?;
        }
        tx.commit().await?;
        Ok(RunReport {
            task: running.task,
            backend: account.backend.id,
            name: account.backend.name.clone(),
            ok: run.error.is_none(),
            waits_for_yes: running.task == Task::Import && run.held > 0,
            run,
        })
    }
}
