//! A backup is restored: which titles its entries mean, and what becomes of our state.
//!
//! Entries are recognised by external ids and places in a series, as the items of an import are, and by
//! nothing else; what is not recognised is told and left alone. What follows is what follows a mark by hand:
//! the states change in one transaction, with their lines in the journal, the titles are planned, and the
//! servers are told by an export.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use watchstate_model::identify::{Known, identify_episode, identify_movie, identify_show};
use watchstate_model::restore::{not_listed, restored};
use watchstate_model::{
    BackendId, Because, ExternalIds, Identity, Kept, Moment, PersonId, RunId, ShowId, State,
    TitleId, Way,
};
use watchstate_store::{ChangeRow, Changed, JournalRow, Task, Touched, Tx, What};

use crate::report::RunReport;
use crate::{Account, Consent, Engine, Result};

/// How many titles are asked for at once.
const AT_ONCE: usize = 500;

/// What an entry of a backup is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// A movie.
    Movie {
        /// Its ids.
        ids: ExternalIds,
    },
    /// An episode.
    Episode {
        /// The ids of its series.
        show_ids: ExternalIds,
        /// Season and episode.
        place: (u16, u16),
        /// Its own ids.
        ids: ExternalIds,
    },
}

/// Which title an entry means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recalled {
    /// This one.
    Title(TitleId),
    /// None that could be told, and why; the titles that it might be.
    Not(Because, Vec<TitleId>),
}

/// What a person wants to be restored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restore {
    /// Whose history.
    pub person: PersonId,
    /// Added only, or exactly so.
    pub way: Way,
    /// The backends that are told at once. Restored exactly, titles without a copy on them are left alone.
    pub to: Vec<BackendId>,
    /// What the backup says, title by title.
    pub titles: BTreeMap<TitleId, Kept>,
    /// Titles that entries might mean which were not recognised: they count as listed.
    pub spared: BTreeSet<TitleId>,
}

/// How a restore went.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Restored {
    /// How many titles became something else in our state.
    pub changed: u64,
    /// The imports of the backends that were told, the restore itself, and their exports.
    pub runs: Vec<RunReport>,
}

impl Engine {
    /// Which titles the entries of a backup mean, in their order.
    pub async fn recall(&self, entries: &[&Wanted]) -> Result<Vec<Recalled>> {
        let mut all = Vec::with_capacity(entries.len());
        for some in entries.chunks(AT_ONCE) {
            let mut tx = self.store.begin_to_read().await?;
            all.extend(recall(&mut tx, some).await?);
        }
        Ok(all)
    }

    /// Restores what a person wants, who was shown what follows ([`Engine::preview_restore`]) and said yes: that
    /// is a yes to a first export as well. `accounts` are all of the household.
    pub async fn restore_backup(
        &self,
        accounts: &mut [Account],
        wish: &Restore,
    ) -> Result<Restored> {
        let at = self.clock.now();
        self.restore_at(accounts, wish, true, at).await
    }

    /// Reads the backends that are to be told, so that what changed there meanwhile is known and does not count
    /// as a later change; then changes our state, all of it or nothing, in a run of its own, so that it can be
    /// taken back as one; then plans and exports. `yes` when a person said yes to the exports: that is kept with
    /// what they said it to.
    pub(crate) async fn restore_at(
        &self,
        accounts: &mut [Account],
        wish: &Restore,
        yes: bool,
        at: Moment,
    ) -> Result<Restored> {
        // A run is of one backend: of the first that is told.
        let is_told = |a: &Account| wish.to.contains(&a.backend.id);
        let is_theirs = |a: &Account| a.backend.person == wish.person;
        let home = accounts.iter().position(is_told).or(accounts.iter().position(is_theirs));
        let Some(home) = home else { return Ok(Restored::default()) };
        let mut read: Vec<Account> =
            accounts.iter().filter(|a| wish.to.contains(&a.backend.id)).cloned().collect();
        let consent = Consent::default();
        let (mut runs, swept) = self.import_at(&mut read, consent, at).await?;
        for account in read {
            if let Some(place) = accounts.iter().position(|a| a.backend.id == account.backend.id) {
                accounts[place] = account;
            }
        }
        let asked: Vec<BackendId> = accounts
            .iter()
            .filter(|account| yes && is_told(account) && account.backend.export)
            .filter(|account| account.backend.approved_at.is_none())
            .map(|account| account.backend.id)
            .collect();
        let mut running = self.begin(Task::Restore, &accounts[home], at).await?;
        running.counters.seen = wish.titles.len() as u64;
        let became = self.restore_states(wish, running.id, &asked, at).await;
        running.counters.changed = *became.as_ref().unwrap_or(&0);
        let report = self.end(&accounts[home], running, became.as_ref().err(), at).await?;
        let changed = became?;
        runs.push(report);
        for account in accounts.iter_mut().filter(|a| asked.contains(&a.backend.id)) {
            account.backend.approved_at = Some(at);
        }
        self.plan_touched(accounts, wish.person, at).await?;
        runs.extend(self.export_at(accounts, &wish.to, consent, at, &swept).await?);
        Ok(Restored { changed, runs })
    }

    async fn restore_states(
        &self,
        wish: &Restore,
        run: RunId,
        approve: &[BackendId],
        at: Moment,
    ) -> Result<u64> {
        let progress = self.settings.progress;
        let mut tx = self.store.begin().await?;
        let mut changed = 0;
        let listed: Vec<(TitleId, Kept)> = wish.titles.iter().map(|(t, k)| (*t, *k)).collect();
        for some in listed.chunks(AT_ONCE) {
            self.go_on()?;
            let titles: Vec<TitleId> = some.iter().map(|(title, _)| *title).collect();
            let ours: HashMap<TitleId, State> =
                tx.states(wish.person, &titles).await?.into_iter().collect();
            let mut change = Becoming::default();
            for (title, kept) in some {
                let before = ours.get(title).copied().unwrap_or(State::UNTOUCHED);
                if let Some(state) = restored(wish.way, &before, kept, progress, at) {
                    change.to(*title, before, state, Because::RestoredFromBackup);
                }
                // Servers may show something else although our state was right: an un-watch that waits for
                // a person, or a write that was given up.
                if wish.way == Way::Exact || kept.says_anything() {
                    change.touched.push(Touched { title: *title, again: false });
                }
            }
            changed += change.write(&mut tx, wish.person, (run, at)).await?;
        }
        if wish.way == Way::Exact {
            for backend in &wish.to {
                changed += self.take_away(&mut tx, wish, *backend, (run, at)).await?;
            }
        }
        for backend in approve {
            tx.approve_backend(*backend, at).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Marks as unwatched what is watched, has a copy on a backend and is not listed.
    async fn take_away(
        &self,
        tx: &mut Tx,
        wish: &Restore,
        backend: BackendId,
        (run, at): (RunId, Moment),
    ) -> Result<u64> {
        let (mut changed, mut after) = (0, TitleId(0));
        loop {
            self.go_on()?;
            let most = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
            let watched = tx.watched_on(backend, wish.person, after, most).await?;
            let Some(last) = watched.last().copied() else { return Ok(changed) };
            after = last;
            let ours = tx.states(wish.person, &watched).await?;
            let mut change = Becoming::default();
            for (title, before) in ours {
                if wish.titles.contains_key(&title) || wish.spared.contains(&title) {
                    continue;
                }
                change.to(title, before, not_listed(at), Because::NotInBackup);
                change.touched.push(Touched { title, again: false });
            }
            changed += change.write(tx, wish.person, (run, at)).await?;
        }
    }
}

/// What some titles become, gathered until it is written.
#[derive(Default)]
struct Becoming {
    states: Vec<(TitleId, State, Because)>,
    lines: Vec<JournalRow>,
    /// The same, to be taken back together or one by one.
    changes: Vec<ChangeRow>,
    touched: Vec<Touched>,
}

impl Becoming {
    fn to(&mut self, title: TitleId, before: State, state: State, because: Because) {
        self.states.push((title, state, because));
        let (was, became) = (before.watch, state.watch);
        // A count or a date that becomes another one can be lost as well.
        let what = What::Took;
        self.lines.push(JournalRow { title, backend: None, what, was, became, because });
        let changed = Changed::Took { held: before, holds: state, copy: None };
        self.changes.push(ChangeRow { title, changed, because });
    }

    async fn write(self, tx: &mut Tx, person: PersonId, (run, at): (RunId, Moment)) -> Result<u64> {
        tx.put_states(person, &self.states).await?;
        tx.journal(run, person, at, &self.lines).await?;
        tx.add_changes(run, person, at, &self.changes).await?;
        tx.touch(person, &self.touched).await?;
        Ok(u64::try_from(self.states.len()).unwrap_or(u64::MAX))
    }
}

async fn recall(tx: &mut Tx, entries: &[&Wanted]) -> Result<Vec<Recalled>> {
    let known = known(tx, entries).await?;
    let mut shows: HashMap<usize, Vec<ShowId>> = HashMap::new();
    let ids_of_shows: Vec<ExternalIds> = entries
        .iter()
        .map(|entry| match entry {
            Wanted::Movie { .. } => ExternalIds::NONE,
            Wanted::Episode { show_ids, .. } => show_ids.clone(),
        })
        .collect();
    for (place, show) in tx.shows_with_ids(&ids_of_shows).await? {
        shows.entry(place).or_default().push(show);
    }
    // Which series each episode is of. Where ids of series contradict each other nothing is known of it, and
    // its own ids are asked, as in an import.
    let show_of: Vec<Option<ShowId>> = (0..entries.len())
        .map(|place| {
            let candidates = shows.get(&place).map_or(&[][..], Vec::as_slice);
            identify_show(!ids_of_shows[place].is_empty(), candidates).ok().flatten()
        })
        .collect();
    let mut asked: Vec<(ShowId, u16, u16)> = entries
        .iter()
        .zip(&show_of)
        .filter_map(|(entry, show)| match entry {
            Wanted::Movie { .. } => None,
            Wanted::Episode { place: (season, number), .. } => Some(((*show)?, *season, *number)),
        })
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let places: HashMap<(ShowId, u16, u16), TitleId> =
        tx.titles_at(&asked).await?.into_iter().collect();
    // A series that several entries' ids disagree about: any of its titles at that place may be meant.
    let mut maybe: Vec<(ShowId, u16, u16)> = entries
        .iter()
        .enumerate()
        .filter(|(place, _)| show_of[*place].is_none())
        .filter_map(|(place, entry)| match entry {
            Wanted::Movie { .. } => None,
            Wanted::Episode { place: at, .. } => Some((shows.get(&place)?, *at)),
        })
        .flat_map(|(shows, (season, number))| shows.iter().map(move |s| (*s, season, number)))
        .collect();
    maybe.sort_unstable();
    maybe.dedup();
    let maybe: HashMap<(ShowId, u16, u16), TitleId> =
        tx.titles_at(&maybe).await?.into_iter().collect();
    Ok(entries
        .iter()
        .enumerate()
        .map(|(place, entry)| {
            let known = known.get(&place).map_or(&[][..], Vec::as_slice);
            let said = match entry {
                Wanted::Movie { ids } => identify_movie(!ids.is_empty(), known),
                Wanted::Episode { place: (season, number), ids, .. } => {
                    let show = show_of[place];
                    let there = show.and_then(|show| places.get(&(show, *season, *number)));
                    let at = (*season, *number);
                    identify_episode(show, at, there.copied(), !ids.is_empty(), known)
                }
            };
            let because = match said {
                Identity::Title(title, _) => return Recalled::Title(title),
                Identity::New => Because::NobodyHasIt,
                Identity::Review(because) => because,
            };
            let mut might_be: Vec<TitleId> = known.iter().map(|known| known.title).collect();
            if let (Wanted::Episode { place: (season, number), .. }, Some(shows)) =
                (entry, shows.get(&place))
            {
                might_be.extend(shows.iter().filter_map(|s| maybe.get(&(*s, *season, *number))));
            }
            might_be.sort_unstable();
            might_be.dedup();
            Recalled::Not(because, might_be)
        })
        .collect())
}

/// What the index says of the own ids of entries, by their places.
async fn known(tx: &mut Tx, entries: &[&Wanted]) -> Result<HashMap<usize, Vec<Known>>> {
    let mut known: HashMap<usize, Vec<Known>> = HashMap::new();
    for episodes in [false, true] {
        let (places, ids): (Vec<usize>, Vec<&ExternalIds>) = entries
            .iter()
            .enumerate()
            .filter_map(|(place, entry)| match entry {
                Wanted::Movie { ids } if !episodes => Some((place, ids)),
                Wanted::Episode { ids, .. } if episodes => Some((place, ids)),
                _ => None,
            })
            .unzip();
        if ids.is_empty() {
            continue;
        }
        for found in tx.titles_with_ids(episodes, &ids).await? {
            if let Some(place) = places.get(found.asked) {
                let entry = Known { title: found.title, place: found.place };
                known.entry(*place).or_default().push(entry);
            }
        }
    }
    Ok(known)
}
