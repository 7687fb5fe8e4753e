//! Undo: what a run changed, or one change alone, is taken back, by the same road as any other change.
//!
//! Taking back is planning: what we hold becomes what it was, each copy that was written gets a wish to show what
//! it showed ([`watchstate_model::Wish`]), and what follows from both is owed and delivered like everything else.
//! So it survives the end of the process, waits for whoever is watching, is read back, and can be undone itself.

mod restore;
mod take_back;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::BoxFuture;
use watchstate_model::{BackendId, Because, ItemId, Moment, PersonId, RunId, TitleId};
use watchstate_store::{Line, Run, Store, Task};

use crate::decide::Stance;
use crate::deliver::Due;
use crate::look_only::LookOnly;
use crate::report::RunReport;
use crate::take_in::Taker;
use crate::{Account, Attention, Engine, PreviewChange, Result, Trouble};

/// The place of an account, what was counted while it was told, and what broke that off.
type Lane = (usize, Run, Option<Trouble>);

/// How many titles are in memory at once while they are taken back.
const AT_ONCE: u32 = 500;

/// What is to be taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// All that a run changed. Of a run that was an undo itself: that is a redo.
    Run(RunId),
    /// All changes of a title that are kept: it becomes what it was before the first of them, on all accounts.
    Title(TitleId),
    /// One change, by its number ([`watchstate_store::KeptChange::id`]).
    Change(i64),
    /// All that an account shows otherwise than in a snapshot, by its number ([`watchstate_store::Snapshot::id`]).
    Since(i64),
}

/// The same, found.
#[derive(Clone, Copy)]
enum Found {
    Changes(Meant),
    /// By its number.
    Snapshot(i64),
}

impl Found {
    /// The only backend that is told of it, where there is one: a snapshot is of one account, and what others are
    /// owed for its titles is not what was asked for.
    fn only(&self, home: &Account) -> Option<BackendId> {
        match self {
            Self::Changes(_) => None,
            Self::Snapshot(_) => Some(home.backend.id),
        }
    }
}

/// Which changes are to be taken back.
#[derive(Clone, Copy)]
enum Meant {
    Run(RunId),
    /// One, by its number, and the title that it is of.
    Change(i64, TitleId),
    Title(TitleId),
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
        let Some((found, home)) = self.where_it_was(accounts, person, what).await? else {
            return Ok(None);
        };
        let away = self.check_all(accounts, person).await?;
        let accounts: &[Account] = accounts;
        let only = found.only(&accounts[home]);
        let mut running = self.begin(Task::Undo, &accounts[home], at).await?;
        let run = running.id;
        let mut left = Vec::new();
        let ended = async {
            let taken = self.take_back(accounts, person, found, run, at).await?;
            running.counters.seen = taken.titles.len() as u64;
            running.counters.changed = taken.states;
            left = taken.left;
            self.plan_touched(accounts, person, at).await?;
            let mut owed = self.owed_of(&taken.titles).await?;
            owed.retain(|backend, _| only.is_none_or(|only| *backend == only));
            let taker = (person, run, at);
            self.deliver_all(accounts, taker, &owed, away, &mut running.counters).await
        }
        .await;
        // What stopped all of it is told of where it was; what one account is in trouble with, of that one.
        let troubles = ended.unwrap_or_else(|trouble| vec![(home, trouble)]);
        let told: Vec<(&Account, &Trouble)> =
            troubles.iter().map(|(place, trouble)| (&accounts[*place], trouble)).collect();
        let report = self.end_of_several(&accounts[home], running, &told, at).await?;
        match troubles.into_iter().map(|(_, trouble)| trouble).find(Trouble::is_fatal) {
            Some(trouble) => Err(trouble),
            None => Ok(Some(Undone { run, report, left })),
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
        let Some((found, home)) = self.where_it_was(&looked, person, what).await? else {
            return Ok(UndoPreview::default());
        };
        let away = self.check_all(&mut looked, person).await?;
        let before = self.store.last_line().await?;
        let only = found.only(&looked[home]);
        let running = self.begin(Task::Undo, &looked[home], at).await?;
        let taken = self.take_back(&looked, person, found, running.id, at).await?;
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
        // What is owed besides is not written, and not shown.
        let copies = self.owed_of(&taken.titles).await?;
        let is_told = |account: &&Account| {
            account.backend.export && only.is_none_or(|only| account.backend.id == only)
        };
        for account in accounts.iter().filter(is_told) {
            let backend = &account.backend;
            let waits = backend.approved_at.is_none().then_some(Because::FirstExport);
            let owed = self.store.preview(backend.id).await?.into_iter();
            let of_it = copies.get(&backend.id);
            preview.changes.extend(
                owed.filter(|owed| {
                    taken.titles.contains(&owed.title)
                        || of_it.is_some_and(|copies| copies.contains(&owed.item))
                })
                .map(|owed| PreviewChange {
                    backend: backend.id,
                    backend_name: backend.name.clone(),
                    title: owed.title,
                    name: owed.name,
                    from: owed.from,
                    to: owed.to,
                    because: owed.because,
                    held: owed.held.or(waits),
                }),
            );
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
    ) -> Result<Option<(Found, usize)>> {
        let (meant, backend) = match what {
            Undo::Run(run) => match self.store.backend_of_run(run).await? {
                None => return Ok(None),
                backend => (Meant::Run(run), backend),
            },
            Undo::Change(change) => match self.change_of(person, change).await? {
                Some((title, backend)) => (Meant::Change(change, title), backend),
                None => return Ok(None),
            },
            Undo::Title(title) => match self.store.latest_change(person, title).await? {
                Some(latest) => {
                    let known = self.change_of(person, latest).await?;
                    (Meant::Title(title), known.and_then(|(_, backend)| backend))
                }
                None => return Ok(None),
            },
            Undo::Since(snapshot) => {
                let all = self.store.snapshots().await?;
                let Some(snapshot) = all.iter().find(|known| known.id == snapshot) else {
                    return Ok(None);
                };
                let is_it = |account: &Account| {
                    account.backend.id == snapshot.backend && account.backend.person == person
                };
                let found = Found::Snapshot(snapshot.id);
                return Ok(accounts.iter().position(is_it).map(|home| (found, home)));
            }
        };
        let place = accounts.iter().position(|account| Some(account.backend.id) == backend);
        let first = accounts.iter().position(|account| account.backend.person == person);
        Ok(place.or(first).map(|home| (Found::Changes(meant), home)))
    }

    /// Of which of a person's titles a change is, and on which backend.
    async fn change_of(
        &self,
        person: PersonId,
        change: i64,
    ) -> Result<Option<(TitleId, Option<BackendId>)>> {
        let known = self.store.change(change).await?.filter(|known| known.person == person);
        Ok(known.map(|known| (known.row.title, known.row.changed.copy().map(|copy| copy.backend))))
    }

    /// The copies of some titles that are owed a write, by their backends.
    async fn owed_of(
        &self,
        titles: &BTreeSet<TitleId>,
    ) -> Result<HashMap<BackendId, HashSet<ItemId>>> {
        let titles: Vec<TitleId> = titles.iter().copied().collect();
        let mut owed: HashMap<BackendId, HashSet<ItemId>> = HashMap::new();
        let mut tx = self.store.begin().await?;
        for (backend, item) in tx.owed_of(&titles).await? {
            owed.entry(backend).or_default().insert(item);
        }
        Ok(owed)
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
        found: Found,
        run: RunId,
        at: Moment,
    ) -> Result<Taken> {
        let mut taken = Taken::default();
        let meant = match found {
            Found::Changes(meant) => meant,
            Found::Snapshot(snapshot) => {
                // What is owed to a copy is known for certain when everything is planned.
                self.plan_touched(accounts, person, at).await?;
                let mut tx = self.store.begin().await?;
                self.restore(&mut tx, accounts, person, snapshot, (run, at), &mut taken).await?;
                tx.commit().await?;
                return self.named(taken).await;
            }
        };
        let mut tx = self.store.begin().await?;
        // What was before the run is of no account to it, and may be far more than the run.
        let from = match meant {
            Meant::Run(of) => tx.first_change_in(of).await?.unwrap_or(0),
            Meant::Change(change, _) => change,
            Meant::Title(_) => 0,
        };
        let mut after = TitleId(i64::MIN);
        loop {
            self.go_on()?;
            let titles = match meant {
                Meant::Run(of) => tx.titles_changed_in(of, after, AT_ONCE).await?,
                Meant::Change(_, title) | Meant::Title(title) if after < title => vec![title],
                Meant::Change(..) | Meant::Title(_) => Vec::new(),
            };
            let Some(last) = titles.last() else { break };
            after = *last;
            let these = (&*titles, from);
            self.take_back_these(&mut tx, accounts, person, meant, (run, at), these, &mut taken)
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

    /// Delivers what the accounts of a person are owed of what was taken back, all of them at once, and nothing that
    /// they are owed besides. Answers what broke off which of them, by their places.
    async fn deliver_all(
        &self,
        accounts: &[Account],
        (person, run, at): (PersonId, RunId, Moment),
        owed: &HashMap<BackendId, HashSet<ItemId>>,
        mut away: HashMap<BackendId, Trouble>,
        counters: &mut Run,
    ) -> Result<Vec<(usize, Trouble)>> {
        let mut lanes: Vec<BoxFuture<'_, Result<Lane>>> = Vec::new();
        for (place, account) in accounts.iter().enumerate() {
            let backend = &account.backend;
            let Some(these) = owed.get(&backend.id) else { continue };
            if backend.person != person || !backend.export {
                continue;
            }
            let planned = these.len() as u64;
            if backend.approved_at.is_none() {
                counters.planned += planned;
                counters.held += planned;
                continue;
            }
            let away = away.remove(&backend.id);
            lanes.push(Box::pin(async move {
                let mut there = Run { planned, ..Run::default() };
                if away.is_some() {
                    return Ok((place, there, away));
                }
                let _lane = self.lane(&account.backend).await?;
                let taker = Taker { person, run, stance: Stance::of(self, account, at) };
                let due = Due::To(these);
                let delivered =
                    self.deliver(accounts, account, &taker, false, due, &mut there).await;
                Ok((place, there, delivered.err()))
            }));
        }
        let ended: Vec<Result<_>> = futures::stream::iter(lanes)
            .buffered(self.settings.backends_at_once.max(1))
            .collect()
            .await;
        let mut troubles = Vec::new();
        for end in ended {
            let (place, there, trouble) = end?;
            counters.planned += there.planned;
            counters.written += there.written;
            counters.already += there.already;
            counters.held += there.held;
            counters.failed += there.failed;
            match trouble {
                Some(trouble) if trouble.is_fatal() => return Err(trouble),
                Some(trouble) => troubles.push((place, trouble)),
                None => {}
            }
        }
        Ok(troubles)
    }
}
