//! Undo: what a run changed, or one change alone, is taken back, by the same road as any other change.
//!
//! Taking back is planning: what we hold becomes what it was, each copy that was written gets a wish to show what
//! it showed ([`watchstate_model::Wish`]), and what follows from both is owed and delivered like everything else.
//! So it survives the end of the process, waits for whoever is watching, is read back, and can be undone itself.

mod restore;
mod take_back;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::BoxFuture;
use watchstate_model::{BackendId, Because, Moment, PersonId, RunId, TitleId};
use watchstate_store::{Line, Run, Store, Task};

use crate::decide::Stance;
use crate::deliver::Due;
use crate::look_only::LookOnly;
use crate::report::RunReport;
use crate::take_in::Taker;
use crate::{Account, Attention, Engine, PreviewChange, Result, Trouble};

/// What was counted while one backend was told, and what broke it off.
type Lane = (Run, Option<Trouble>);

/// How many titles are in memory at once while they are taken back.
const AT_ONCE: u32 = 500;

/// What is to be taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// All that a run changed. Of a run that was an undo itself: that is a redo.
    Run(RunId),
    /// The latest change of a title.
    Title(TitleId),
    /// One change, by its number ([`watchstate_store::KeptChange::id`]).
    Change(i64),
    /// All that an account shows otherwise than in a snapshot, by its number ([`watchstate_store::Snapshot::id`]).
    Since(i64),
}

/// Something that an undo leaves as it is, or cannot bring back in whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// Which title.
    pub title: TitleId,
    /// Its name.
    pub name: String,
    /// On which backend; nothing where it is about what we hold.
    pub backend: Option<BackendId>,
    /// Why.
    pub because: Because,
    /// Whether it goes back but for what the reason names.
    pub partly: bool,
}

/// How an undo ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undone {
    /// Its run.
    pub run: RunId,
    /// Its counters: titles that were looked at, titles of which something else is held now, and writes.
    pub report: RunReport,
    /// What was left as it is.
    pub left: Vec<Left>,
}

/// What an undo would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UndoPreview {
    /// How many titles it is about.
    pub titles: u64,
    /// What would be held of titles: the lines it would add to the journal.
    pub taken: Vec<Line>,
    /// What would be written.
    pub changes: Vec<PreviewChange>,
    /// What would be left as it is.
    pub left: Vec<Left>,
    /// Accounts that do not answer now, each with a sentence: they would be told later.
    pub troubles: Vec<String>,
}

/// What came of taking back, before anything is delivered.
#[derive(Default)]
struct Taken {
    titles: BTreeSet<TitleId>,
    /// Of how many of them something else is held now.
    states: u64,
    left: Vec<Left>,
}

impl Engine {
    /// Takes back what is wished, of a person's titles, and delivers what follows from it. Nothing where there is
    /// nothing to take back. `accounts` are all of the household.
    pub async fn undo(
        &self,
        accounts: &mut [Account],
        person: PersonId,
        what: Undo,
    ) -> Result<Option<Undone>> {
        let at = self.clock.now();
        let Some((what, home)) = self.where_it_was(accounts, person, what).await? else {
            return Ok(None);
        };
        let unreachable = self.check_all(accounts, person).await?;
        let accounts: &[Account] = accounts;
        let mut running = self.begin(Task::Undo, &accounts[home], at).await?;
        let run = running.id;
        let mut left = Vec::new();
        let ended = async {
            let taken = self.take_back(accounts, person, what, run, at).await?;
            running.counters.seen = taken.titles.len() as u64;
            running.counters.changed = taken.states;
            left = taken.left;
            self.plan_touched(accounts, person, at).await?;
            self.deliver_all(accounts, person, run, at, unreachable, &mut running.counters).await
        }
        .await;
        let trouble = ended.err();
        let report = self.end(&accounts[home], running, trouble.as_ref(), at).await?;
        match trouble {
            Some(trouble) if trouble.is_fatal() => Err(trouble),
            _ => Ok(Some(Undone { run, report, left })),
        }
    }

    /// What an undo would do. Nothing is written anywhere but into `scratch`, a file that must not exist and that
    /// the caller removes.
    pub async fn preview_undo(
        &self,
        accounts: &[Account],
        person: PersonId,
        what: Undo,
        scratch: &Path,
    ) -> Result<UndoPreview> {
        self.store.copy_to(scratch).await?;
        let store = Store::open_scratch(scratch).await?;
        let there = Self { store: store.clone(), attention: Attention::default(), ..self.clone() };
        let preview = there.preview_undo_there(accounts, person, what).await;
        store.close().await;
        preview
    }

    async fn preview_undo_there(
        &self,
        accounts: &[Account],
        person: PersonId,
        what: Undo,
    ) -> Result<UndoPreview> {
        let at = self.clock.now();
        let mut looked: Vec<Account> = accounts
            .iter()
            .map(|account| {
                let mut account = account.clone();
                account.server = Arc::new(LookOnly(account.server));
                account
            })
            .collect();
        let Some((what, home)) = self.where_it_was(&looked, person, what).await? else {
            return Ok(UndoPreview::default());
        };
        let away = self.check_all(&mut looked, person).await?;
        let before = self.store.last_line().await?;
        let running = self.begin(Task::Undo, &looked[home], at).await?;
        let taken = self.take_back(&looked, person, what, running.id, at).await?;
        self.plan_touched(&looked, person, at).await?;
        let mut preview = UndoPreview {
            titles: taken.titles.len() as u64,
            taken: self.store.lines_after(before).await?,
            changes: Vec::new(),
            left: taken.left,
            troubles: looked
                .iter()
                .filter_map(|account| {
                    let trouble = away.get(&account.backend.id)?;
                    Some(format!("{}: {trouble}", account.backend.name))
                })
                .collect(),
        };
        for account in accounts.iter().filter(|account| account.backend.export) {
            let backend = &account.backend;
            let waits = backend.approved_at.is_none().then_some(Because::FirstExport);
            let owed = self.store.preview(backend.id).await?.into_iter();
            preview.changes.extend(owed.filter(|owed| taken.titles.contains(&owed.title)).map(
                |owed| PreviewChange {
                    backend: backend.id,
                    backend_name: backend.name.clone(),
                    title: owed.title,
                    name: owed.name,
                    from: owed.from,
                    to: owed.to,
                    because: owed.because,
                    held: owed.held.or(waits),
                },
            ));
        }
        Ok(preview)
    }

    /// What exactly is to be taken back, and the place of the account that it is told of: where it was, or else
    /// the first.
    async fn where_it_was(
        &self,
        accounts: &[Account],
        person: PersonId,
        what: Undo,
    ) -> Result<Option<(Undo, usize)>> {
        let what = match what {
            Undo::Title(title) => match self.store.latest_change(person, title).await? {
                Some(change) => Undo::Change(change),
                None => return Ok(None),
            },
            other => other,
        };
        let backend = match what {
            Undo::Run(run) => match self.store.backend_of_run(run).await? {
                None => return Ok(None),
                backend => backend,
            },
            Undo::Change(change) | Undo::Title(TitleId(change)) => {
                match self.store.change(change).await? {
                    Some(change) if change.person == person => {
                        change.row.changed.copy().map(|copy| copy.backend)
                    }
                    _ => return Ok(None),
                }
            }
            Undo::Since(snapshot) => {
                let all = self.store.snapshots().await?;
                let Some(snapshot) = all.iter().find(|known| known.id == snapshot) else {
                    return Ok(None);
                };
                let is_it = |account: &Account| {
                    account.backend.id == snapshot.backend && account.backend.person == person
                };
                return Ok(accounts.iter().position(is_it).map(|home| (what, home)));
            }
        };
        let place = accounts.iter().position(|account| Some(account.backend.id) == backend);
        let first = accounts.iter().position(|account| account.backend.person == person);
        Ok(place.or(first).map(|home| (what, home)))
    }

    /// Asks all accounts that may be written who they are. Those that do not answer are owed what they are owed.
    async fn check_all(
        &self,
        accounts: &mut [Account],
        person: PersonId,
    ) -> Result<HashMap<BackendId, Trouble>> {
        let mut unreachable = HashMap::new();
        for account in accounts.iter_mut() {
            if !account.backend.export || account.backend.person != person {
                continue;
            }
            if let Err(trouble) = account.check(self).await {
                if trouble.is_fatal() {
                    return Err(trouble);
                }
                unreachable.insert(account.backend.id, trouble);
            }
        }
        Ok(unreachable)
    }

    /// Takes back, some titles at a time, but all of them or none: whoever ends the process in the middle finds
    /// nothing taken back, and whoever ends it afterwards finds the rest of the way in the outbox.
    async fn take_back(
        &self,
        accounts: &[Account],
        person: PersonId,
        what: Undo,
        run: RunId,
        at: Moment,
    ) -> Result<Taken> {
        let mut taken = Taken::default();
        let mut tx = self.store.begin().await?;
        if let Undo::Since(snapshot) = what {
            self.restore(&mut tx, accounts, person, snapshot, at, &mut taken).await?;
            tx.commit().await?;
            return self.named(taken).await;
        }
        let mut after = TitleId(i64::MIN);
        loop {
            self.go_on()?;
            let titles = match what {
                Undo::Run(of) => tx.titles_changed_in(of, after, AT_ONCE).await?,
                _ if after != TitleId(i64::MIN) => Vec::new(),
                Undo::Change(change) | Undo::Title(TitleId(change)) | Undo::Since(change) => {
                    self.store.change(change).await?.map(|c| c.row.title).into_iter().collect()
                }
            };
            let Some(last) = titles.last() else { break };
            after = *last;
            self.take_back_these(&mut tx, accounts, person, what, (run, at), &titles, &mut taken)
                .await?;
        }
        tx.commit().await?;
        self.named(taken).await
    }

    /// The same, with the names of what is left.
    async fn named(&self, mut taken: Taken) -> Result<Taken> {
        let titles: Vec<TitleId> = taken.left.iter().map(|left| left.title).collect();
        let names = self.store.names_of(&titles).await?;
        for left in &mut taken.left {
            left.name = names.get(&left.title).cloned().unwrap_or_default();
        }
        Ok(taken)
    }

    /// Delivers what the accounts of a person are owed, all of them at once.
    async fn deliver_all(
        &self,
        accounts: &[Account],
        person: PersonId,
        run: RunId,
        at: Moment,
        mut unreachable: HashMap<BackendId, Trouble>,
        counters: &mut Run,
    ) -> Result<()> {
        let mut lanes: Vec<BoxFuture<'_, Result<Lane>>> = Vec::new();
        for account in accounts.iter().filter(|account| account.backend.person == person) {
            let backend = &account.backend;
            let owed = self.store.waiting(backend.id).await?.owed;
            if !backend.export || owed == 0 {
                continue;
            }
            if backend.approved_at.is_none() {
                counters.planned += owed;
                counters.held += owed;
                continue;
            }
            let away = unreachable.remove(&backend.id);
            lanes.push(Box::pin(async move {
                let mut run_there = Run { planned: owed, ..Run::default() };
                if away.is_some() {
                    return Ok((run_there, away));
                }
                let _lane = self.lane(&account.backend).await?;
                let taker = Taker { person, run, stance: Stance::of(self, account, at) };
                let delivered =
                    self.deliver(accounts, account, &taker, false, Due::Now, &mut run_there).await;
                Ok((run_there, delivered.err()))
            }));
        }
        let ended: Vec<Result<_>> = futures::stream::iter(lanes)
            .buffered(self.settings.backends_at_once.max(1))
            .collect()
            .await;
        let mut first = None;
        for end in ended {
            let (there, trouble) = end?;
            counters.planned += there.planned;
            counters.written += there.written;
            counters.already += there.already;
            counters.held += there.held;
            counters.failed += there.failed;
            match trouble {
                Some(trouble) if trouble.is_fatal() => return Err(trouble),
                trouble => first = first.or(trouble),
            }
        }
        first.map_or(Ok(()), Err)
    }
}
