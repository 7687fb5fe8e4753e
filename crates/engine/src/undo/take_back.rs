//! Some titles, taken back in one transaction: what we hold, and what their copies are to show.

use std::collections::{BTreeMap, HashMap};

use watchstate_model::plan::one_state;
use watchstate_model::wish::is_same_decision;
use watchstate_model::{
    Abilities, BackendId, Because, ItemId, Marks, Moment, PersonId, RunId, State, TitleId, Watch,
    Wish,
};
use watchstate_store::{
    ChangeRow, Changed, CopyChange, JournalRow, KeptChange, KnownItem, Touched, Tx, What,
};

use super::{Left, Taken, Undo};
use crate::{Account, Engine, Result};

/// All there is to know of some titles.
struct Known<'a> {
    what: Undo,
    at: Moment,
    person: PersonId,
    accounts: &'a [Account],
    /// In their order, for each title: its own, and those of its copies.
    changes: HashMap<TitleId, Vec<KeptChange>>,
    /// The last change of each copy: its number, and what the copy showed then.
    latest: HashMap<ItemId, (i64, Watch)>,
    items: HashMap<ItemId, (BackendId, KnownItem)>,
    /// What we hold, and will hold where that is decided.
    states: HashMap<TitleId, State>,
}

/// What is to be written when all of them are decided.
#[derive(Default)]
struct Decided {
    states: Vec<(TitleId, State, Because)>,
    /// Titles that are to be as if nobody had ever decided anything about them.
    forgotten: Vec<TitleId>,
    lines: Vec<JournalRow>,
    changes: Vec<ChangeRow>,
    /// What copies are to show again.
    shows: Vec<(ItemId, TitleId, Marks)>,
    touched: Vec<Touched>,
    undone: Vec<i64>,
    left: Vec<Left>,
}

impl Engine {
    /// Takes back what is wished of these titles.
    #[expect(clippy::too_many_arguments, reason = "one transaction and all it depends on")]
    pub(super) async fn take_back_these(
        &self,
        tx: &mut Tx,
        accounts: &[Account],
        person: PersonId,
        what: Undo,
        (run, at): (RunId, Moment),
        titles: &[TitleId],
        taken: &mut Taken,
    ) -> Result<()> {
        let mut changes = tx.changes_of(titles).await?;
        changes.retain(|change| change.person == person);
        let mut ids: Vec<ItemId> =
            changes.iter().filter_map(|c| c.row.changed.copy()).map(|copy| copy.item).collect();
        ids.sort_unstable();
        ids.dedup();
        let items: HashMap<ItemId, (BackendId, KnownItem)> =
            tx.items(&ids).await?.into_iter().map(|known| (known.1.row.id, known)).collect();
        let mut all: Vec<TitleId> = items.values().flat_map(|(_, item)| item.titles()).collect();
        all.extend(titles);
        all.sort_unstable();
        all.dedup();
        let states = tx.states(person, &all).await?.into_iter().collect();
        let alone = tx.ignored(person, titles).await?;
        let latest = changes
            .iter()
            .filter_map(|change| Some((change.id, change.row.changed.copy()?)))
            .map(|(id, copy)| (copy.item, (id, copy.shows.watch)))
            .collect();
        let changes = by_title(changes, &items);
        let mut known = Known { what, at, person, accounts, changes, latest, items, states };
        let mut decided = Decided::default();
        for title in titles {
            taken.titles.insert(*title);
            if alone.contains(title) {
                decided.leave(*title, None, Because::LeftAlone);
            } else {
                known.decide(*title, &mut decided);
            }
        }
        let wishes = known.wishes(&mut decided);
        taken.states += (decided.states.len() + decided.forgotten.len()) as u64;
        tx.put_states(person, &decided.states).await?;
        tx.forget_states(person, &decided.forgotten).await?;
        tx.journal(run, person, at, &decided.lines).await?;
        tx.add_changes(run, person, at, &decided.changes).await?;
        tx.put_wishes(&wishes, at).await?;
        tx.touch(person, &decided.touched).await?;
        tx.undone(&decided.undone, run).await?;
        taken.left.append(&mut decided.left);
        Ok(())
    }
}

impl Known<'_> {
    fn is_meant(&self, change: &KeptChange) -> bool {
        change.undone_by.is_none()
            && match self.what {
                Undo::Run(run) => change.run == run,
                Undo::Change(id) => change.id == id,
                // Which change is meant was found out before; of a snapshot none is.
                Undo::Title(_) | Undo::Since(_) => false,
            }
    }

    fn state(&self, title: TitleId) -> State {
        self.states.get(&title).copied().unwrap_or(State::UNTOUCHED)
    }

    /// Decides on one title: what we held before is held again, if what was decided then still is what we hold,
    /// and all copies that were told because of it go back; or only those that were written, where what we hold
    /// is not meant.
    fn decide(&mut self, title: TitleId, decided: &mut Decided) {
        let now = self.state(title);
        let changes = self.changes.remove(&title).unwrap_or_default();
        let meant: Vec<&KeptChange> =
            changes.iter().filter(|c| c.row.title == title && self.is_meant(c)).collect();
        let mut chain = Vec::new();
        let mut first: Option<(&KeptChange, State)> = None;
        let mut since = now;
        for change in meant.iter().rev() {
            let Changed::Took { held, holds, copy } = change.row.changed else { continue };
            if is_same_decision(&holds, &since) {
                since = held;
                first = Some((change, held));
                chain.push(change.id);
            } else {
                let backend = copy.map(|copy| copy.backend);
                decided.leave(title, backend, Because::ChangedSince);
            }
        }
        let mut of_copies: BTreeMap<ItemId, Vec<&KeptChange>> = BTreeMap::new();
        for change in &changes {
            let Some(copy) = change.row.changed.copy() else { continue };
            let is_told = matches!(change.row.changed, Changed::Told { .. });
            let follows = first.is_some_and(|(first, _)| change.id > first.id && is_told)
                || chain.contains(&change.id);
            let written = is_told && change.row.title == title && self.is_meant(change);
            if follows || written {
                of_copies.entry(copy.item).or_default().push(change);
            }
        }
        decided.undone.extend(&chain);
        let mut moves = first.is_some();
        for (item, of_copy) in of_copies {
            match self.back(item, &of_copy) {
                Ok((backend, showed, lost)) => {
                    decided.shows.push((item, title, showed));
                    decided.undone.extend(
                        of_copy.iter().filter(|c| c.undone_by.is_none()).map(|change| change.id),
                    );
                    moves = true;
                    if let Some(because) = lost {
                        let left = Left::of(title, Some(backend), because);
                        decided.left.push(Left { partly: true, ..left });
                    }
                }
                Err((backend, because)) => decided.leave(title, Some(backend), because),
            }
        }
        if moves {
            decided.touched.push(Touched { title, again: false });
        }
        let Some((_, held)) = first else { return };
        let because = Because::Undone;
        // What nobody had decided on is decided by nobody again: other copies keep the marks of their own.
        let holds = if held == State::UNTOUCHED {
            decided.forgotten.push(title);
            held
        } else {
            let decided_at = self.at.max(Moment(now.decided_at.0.saturating_add(1)));
            let holds = State { decided_at, by: None, ..held };
            decided.states.push((title, holds, because));
            holds
        };
        self.states.insert(title, holds);
        let (was, became) = (now.watch, holds.watch);
        decided.lines.push(JournalRow {
            title,
            backend: None,
            what: What::Took,
            was,
            became,
            because,
        });
        let changed = Changed::Took { held: now, holds, copy: None };
        decided.changes.push(ChangeRow { title, changed, because });
    }

    /// What a copy is to show again after all these changes to it, and what of it its server cannot be told; or
    /// why it is left as it is.
    fn back(
        &self,
        item: ItemId,
        of_copy: &[&KeptChange],
    ) -> Result<(BackendId, Marks, Option<Because>), (BackendId, Because)> {
        let copy = |change: &KeptChange| -> Option<CopyChange> {
            change.row.changed.copy().filter(|copy| copy.item == item).copied()
        };
        let these = || of_copy.iter().filter_map(|change| copy(change));
        let Some(first) = these().next() else { return Err((BackendId(0), Because::ItemGone)) };
        let backend = first.backend;
        let Some((_, known)) = self.items.get(&item).filter(|(_, known)| known.row.present) else {
            return Err((backend, Because::ItemGone));
        };
        // Another account's copy, or one of another title: what was changed is not there any more.
        if !of_copy.iter().all(|change| is_about(change, &self.items)) {
            return Err((backend, Because::ItemGone));
        }
        let account = self
            .accounts
            .iter()
            .find(|account| account.backend.id == backend && account.backend.person == self.person);
        let Some(account) = account else { return Err((backend, Because::NotThere)) };
        if !account.backend.export {
            return Err((backend, Because::ExportOff));
        }
        let is_as_left = self.latest.get(&item).is_some_and(|(latest, shows)| {
            of_copy.iter().any(|change| change.id == *latest) && *shows == known.row.seen.watch
        });
        if !is_as_left {
            return Err((backend, Because::ChangedSince));
        }
        let lost = not_taken(&account.abilities, &known.row.seen, &first.showed);
        Ok((backend, first.showed, lost))
    }

    /// The wishes of all copies that go back. A file with several titles is told one thing.
    fn wishes(&self, decided: &mut Decided) -> Vec<(ItemId, Wish)> {
        let mut wishes: BTreeMap<ItemId, Wish> = BTreeMap::new();
        for (item, title, shows) in std::mem::take(&mut decided.shows) {
            let Some((backend, known)) = self.items.get(&item) else { continue };
            let held: Vec<State> = known.titles().map(|title| self.state(title)).collect();
            let Some(then) = one_state(&held) else {
                decided.leave(title, Some(*backend), Because::EpisodesDiffer);
                continue;
            };
            let told = known.row.seen == shows;
            wishes.insert(item, Wish { shows, then, told, because: Because::Undone });
        }
        wishes.into_iter().collect()
    }
}

/// Whether the copy that a change names still is the one that was changed: on that backend, and of that title.
fn is_about(change: &KeptChange, items: &HashMap<ItemId, (BackendId, KnownItem)>) -> bool {
    change.row.changed.copy().is_some_and(|copy| {
        items.get(&copy.item).is_some_and(|(backend, known)| {
            *backend == copy.backend && known.titles().any(|title| title == change.row.title)
        })
    })
}

/// The changes of each title and of its copies, in their order.
fn by_title(
    changes: Vec<KeptChange>,
    items: &HashMap<ItemId, (BackendId, KnownItem)>,
) -> HashMap<TitleId, Vec<KeptChange>> {
    let mut sorted: HashMap<TitleId, Vec<KeptChange>> = HashMap::new();
    for change in changes {
        let copy = change.row.changed.copy().and_then(|copy| items.get(&copy.item));
        let copy = copy.filter(|_| is_about(&change, items));
        let mut titles: Vec<TitleId> = copy.iter().flat_map(|(_, known)| known.titles()).collect();
        titles.push(change.row.title);
        titles.sort_unstable();
        titles.dedup();
        for title in titles {
            sorted.entry(title).or_default().push(change);
        }
    }
    sorted
}

impl Decided {
    fn leave(&mut self, title: TitleId, backend: Option<BackendId>, because: Because) {
        self.left.push(Left::of(title, backend, because));
    }
}

impl Left {
    pub(super) fn of(title: TitleId, backend: Option<BackendId>, because: Because) -> Self {
        Self { title, name: String::new(), backend, because, partly: false }
    }
}

/// What a server cannot be told of what its copy showed once.
pub(super) fn not_taken(abilities: &Abilities, shows: &Marks, showed: &Marks) -> Option<Because> {
    if shows == showed {
        return None;
    }
    if !abilities.positions && showed.watch.position().is_some() {
        return Some(Because::PlaceNotTaken);
    }
    // What is left where neither can be written: nothing beside no mark, one play beside a mark, and the server's
    // own date.
    let marked = showed.watch.is_watched();
    let plays = if showed.watch == Watch::Unwatched { 0 } else { u32::from(marked) };
    let date = showed.last_played.is_some() && showed.last_played != shows.last_played;
    let count = showed.plays != plays && showed.plays != shows.plays;
    ((!abilities.dates && date) || (!abilities.plays && count)).then_some(Because::TracesNotTaken)
}
