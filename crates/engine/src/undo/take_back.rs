//! Some titles, taken back in one transaction: what we hold, and what their copies are to show.

use std::collections::{BTreeMap, HashMap, HashSet};

use watchstate_model::plan::one_state;
use watchstate_model::wish::is_same_decision;
use watchstate_model::{
    Abilities, BackendId, Because, ItemId, Marks, Moment, PersonId, RunId, State, TitleId, Watch,
    Wish,
};
use watchstate_store::{
    ChangeRow, Changed, CopyChange, JournalRow, KeptChange, KnownItem, Touched, Tx, What,
};

use super::{Left, Meant, Taken};
use crate::{Account, Engine, Result};

/// All there is to know of some titles.
struct Known<'a> {
    meant: Meant,
    at: Moment,
    person: PersonId,
    accounts: &'a [Account],
    /// In their order, for each title: its own, and those of its copies.
    changes: HashMap<TitleId, Vec<KeptChange>>,
    /// The last change of each copy: its number, and what the copy showed then.
    latest: HashMap<ItemId, (i64, Watch)>,
    items: HashMap<ItemId, (BackendId, KnownItem)>,
    /// What is wished of them.
    wishes: HashMap<ItemId, Wish>,
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
    /// What is to be wished of copies that were not told yet what was wished of them.
    instead: BTreeMap<ItemId, (TitleId, Option<Wish>)>,
    touched: Vec<Touched>,
    undone: Vec<i64>,
    left: Vec<Left>,
}

/// What happened to a copy, of what is taken back. There is always something.
struct OfCopy {
    /// The earliest change, and its number.
    first: (i64, CopyChange),
    /// The numbers of all of them.
    changes: Vec<i64>,
}

/// What was wished of a copy, of what is taken back: before the first change of it and after the last.
struct Wishing {
    first: (i64, CopyChange),
    was: Option<Wish>,
    is: Option<Wish>,
    changes: Vec<i64>,
}

impl Engine {
    /// Takes back what is wished of these titles, of which changes count from this number on.
    #[expect(clippy::too_many_arguments, reason = "one transaction and all it depends on")]
    pub(super) async fn take_back_these(
        &self,
        tx: &mut Tx,
        accounts: &[Account],
        person: PersonId,
        meant: Meant,
        (run, at): (RunId, Moment),
        (titles, from): (&[TitleId], i64),
        taken: &mut Taken,
    ) -> Result<()> {
        let mut changes = tx.changes_of(titles, from).await?;
        changes.retain(|change| change.person == person);
        let mut ids: Vec<ItemId> =
            changes.iter().filter_map(|c| c.row.changed.copy()).map(|copy| copy.item).collect();
        ids.sort_unstable();
        ids.dedup();
        let items: HashMap<ItemId, (BackendId, KnownItem)> =
            tx.items(&ids).await?.into_iter().map(|known| (known.1.row.id, known)).collect();
        let wishes = tx.wishes(&ids).await?;
        let mut all: Vec<TitleId> = items.values().flat_map(|(_, item)| item.titles()).collect();
        all.extend(titles);
        all.sort_unstable();
        all.dedup();
        let states = tx.states(person, &all).await?.into_iter().collect();
        let alone = tx.ignored(person, titles).await?;
        let latest = changes
            .iter()
            // What is wished of a copy changes nothing there.
            .filter(|change| !matches!(change.row.changed, Changed::Wished { .. }))
            .filter_map(|change| Some((change.id, change.row.changed.copy()?)))
            .map(|(id, copy)| (copy.item, (id, copy.shows.watch)))
            .collect();
        let changes = by_title(changes, &items);
        let mut known =
            Known { meant, at, person, accounts, changes, latest, items, wishes, states };
        let mut decided = Decided::default();
        for title in titles {
            if alone.contains(title) {
                decided.leave(*title, None, Because::LeftAlone);
                taken.titles.insert(*title);
            } else if known.decide(*title, &mut decided) {
                taken.titles.insert(*title);
            }
        }
        let (wishes, over) = known.wishes(&mut decided);
        taken.states += (decided.states.len() + decided.forgotten.len()) as u64;
        tx.put_states(person, &decided.states).await?;
        tx.forget_states(person, &decided.forgotten).await?;
        tx.journal(run, person, at, &decided.lines).await?;
        tx.add_changes(run, person, at, &decided.changes).await?;
        tx.put_wishes(&wishes, at).await?;
        tx.forget_wishes(&over).await?;
        tx.touch(person, &decided.touched).await?;
        tx.undone(&decided.undone, run).await?;
        taken.left.append(&mut decided.left);
        Ok(())
    }
}

impl Known<'_> {
    fn is_meant(&self, change: &KeptChange) -> bool {
        match self.meant {
            Meant::Run(run) => change.undone_by.is_none() && change.run == run,
            Meant::Change(id, _) => change.undone_by.is_none() && change.id == id,
            // What was taken back already, and done once more, lies between now and then.
            Meant::Title(title) => change.row.title == title,
        }
    }

    fn state(&self, title: TitleId) -> State {
        self.states.get(&title).copied().unwrap_or(State::UNTOUCHED)
    }

    /// Decides on one title: what we held before is held again, if what was decided then still is what we hold,
    /// and all copies that were told because of it go back; or only those that were written, where what we hold
    /// is not meant. Answers whether anything came of it.
    fn decide(&mut self, title: TitleId, decided: &mut Decided) -> bool {
        let now = self.state(title);
        let changes = self.changes.remove(&title).unwrap_or_default();
        let meant: Vec<&KeptChange> =
            changes.iter().filter(|c| c.row.title == title && self.is_meant(c)).collect();
        let is_all = matches!(self.meant, Meant::Title(_));
        let left_before = decided.left.len();
        let mut chain = Vec::new();
        let mut first: Option<(&KeptChange, State)> = None;
        let mut since = now;
        for change in meant.iter().rev() {
            let Changed::Took { held, holds, copy } = change.row.changed else { continue };
            if is_all || is_same_decision(&holds, &since) {
                since = held;
                first = Some((change, held));
                chain.push(change.id);
            } else {
                let backend = copy.map(|copy| copy.backend);
                decided.leave(title, backend, Because::ChangedSince);
            }
        }
        // All of a title may have been taken back before.
        let held = first.map(|(_, held)| held).filter(|held| !(is_all && is_alike(held, &now)));
        let mut of_copies: BTreeMap<ItemId, OfCopy> = BTreeMap::new();
        for change in &changes {
            let Some(copy) = change.row.changed.copy() else { continue };
            let is_told = matches!(change.row.changed, Changed::Told { .. });
            let follows = first.is_some_and(|(first, _)| change.id > first.id && is_told)
                || chain.contains(&change.id);
            let written = is_told && change.row.title == title && self.is_meant(change);
            if follows || written {
                OfCopy::add(&mut of_copies, change.id, copy);
            }
        }
        decided.undone.extend(&chain);
        let mut moves = held.is_some();
        // A wish ends by itself with what was held when it was made.
        for (item, wishing) in wishings(&meant) {
            if !self.was_told(&changes, item, &wishing, &mut of_copies) && held.is_none() {
                moves |= self.instead(title, item, &wishing, decided);
            } else {
                decided.undone.extend(wishing.changes);
            }
        }
        for (item, of_copy) in of_copies {
            match self.back(title, item, &of_copy) {
                Ok((backend, showed, lost)) => {
                    let ids = of_copy.changes.iter().copied();
                    decided.undone.extend(ids.chain(wished_before(&changes, item, &of_copy)));
                    if held.is_none() && is_all && self.shows_already(item, &showed) {
                        continue;
                    }
                    decided.shows.push((item, title, showed));
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
        if let Some(held) = held {
            self.hold_again(title, now, held, decided);
        }
        moves || !is_all || decided.left.len() > left_before
    }

    /// What was held is held again, decided now.
    fn hold_again(&mut self, title: TitleId, now: State, held: State, decided: &mut Decided) {
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

    /// Whether a copy was written because of what was wished of it; then that goes back with the wish.
    fn was_told(
        &self,
        changes: &[KeptChange],
        item: ItemId,
        wishing: &Wishing,
        of_copies: &mut BTreeMap<ItemId, OfCopy>,
    ) -> bool {
        let (id, showed) = &wishing.first;
        let mut told = changes.iter().filter(|change| {
            matches!(change.row.changed, Changed::Told { copy, .. } if copy.item == item)
                && change.id > *id
                && change.row.because.brings_back() == wishing.is.is_some()
        });
        let Some(one) = told.next() else { return false };
        OfCopy::add(of_copies, *id, showed);
        for change in std::iter::once(one).chain(told) {
            if let Some(copy) = change.row.changed.copy() {
                OfCopy::add(of_copies, change.id, copy);
            }
        }
        true
    }

    /// A copy was not told yet what was wished of it: what was wished before is wished again, or nothing.
    fn instead(
        &self,
        title: TitleId,
        item: ItemId,
        wishing: &Wishing,
        decided: &mut Decided,
    ) -> bool {
        let Some((backend, known)) = self.items.get(&item) else { return false };
        let shows = |wish: Option<&Wish>| wish.map(|wish| wish.shows);
        let now = shows(self.wishes.get(&item));
        let held: Vec<State> = known.titles().map(|title| self.state(title)).collect();
        let stands = |wish: &Wish| one_state(&held).is_some_and(|state| wish.stands(&state));
        let is_all = matches!(self.meant, Meant::Title(_));
        let is_as_left = is_all || now == shows(wishing.is.as_ref());
        let was = wishing.was.filter(|wish| !is_all || stands(wish));
        if !is_as_left || !was.as_ref().is_none_or(stands) {
            decided.leave(title, Some(*backend), Because::ChangedSince);
            return false;
        }
        decided.undone.extend(&wishing.changes);
        if now == shows(was.as_ref()) {
            return false;
        }
        decided.instead.insert(item, (title, was));
        true
    }

    /// Whether a copy shows something and is owed nothing else.
    fn shows_already(&self, item: ItemId, showed: &Marks) -> bool {
        let known = self.items.get(&item);
        known.is_some_and(|(_, known)| known.row.seen == *showed && known.owed.is_none())
    }

    /// What a copy is to show again after all these changes to it, and what of it its server cannot be told; or
    /// why it is left as it is.
    fn back(
        &self,
        title: TitleId,
        item: ItemId,
        of_copy: &OfCopy,
    ) -> Result<(BackendId, Marks, Option<Because>), (BackendId, Because)> {
        let CopyChange { backend, showed, .. } = of_copy.first.1;
        let Some((_, known)) = self.items.get(&item).filter(|(_, known)| known.row.present) else {
            return Err((backend, Because::ItemGone));
        };
        // Another account's copy, or one of another title: what was changed is not there any more.
        if !is_of(&of_copy.first.1, title, &self.items) {
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
            of_copy.changes.contains(latest) && *shows == known.row.seen.watch
        });
        if !is_as_left {
            return Err((backend, Because::ChangedSince));
        }
        let lost = not_taken(&account.abilities, &known.row.seen, &showed);
        Ok((backend, showed, lost))
    }

    /// The wishes of all copies that go back, and the copies of which nothing is wished any more. A file with
    /// several titles is told one thing. Each of them is a change of its own, so that it can be taken back before it
    /// is told.
    fn wishes(&self, decided: &mut Decided) -> (Vec<(ItemId, Wish)>, Vec<ItemId>) {
        let mut wishes: BTreeMap<ItemId, (TitleId, Option<Wish>)> =
            std::mem::take(&mut decided.instead);
        for (item, title, shows) in std::mem::take(&mut decided.shows) {
            let Some((backend, known)) = self.items.get(&item) else { continue };
            let held: Vec<State> = known.titles().map(|title| self.state(title)).collect();
            let Some(then) = one_state(&held) else {
                decided.leave(title, Some(*backend), Because::EpisodesDiffer);
                continue;
            };
            let told = known.row.seen == shows;
            let wish = Wish { shows, then, told, because: Because::Undone };
            wishes.insert(item, (title, Some(wish)));
        }
        // Where something else is held, that ends a wish, and to hold the former again ends this one.
        let anew: HashSet<TitleId> = decided
            .states
            .iter()
            .map(|(title, ..)| *title)
            .chain(decided.forgotten.iter().copied())
            .collect();
        let (mut put, mut over) = (Vec::new(), Vec::new());
        for (item, (title, is)) in wishes {
            let Some((backend, known)) = self.items.get(&item) else { continue };
            let was = self.wishes.get(&item).copied();
            if was != is && !anew.contains(&title) {
                let changed = wished(*backend, known, was, is);
                decided.changes.push(ChangeRow { title, changed, because: Because::Undone });
            }
            match is {
                Some(wish) => put.push((item, wish)),
                None => over.push(item),
            }
        }
        (put, over)
    }
}

impl OfCopy {
    fn add(of_copies: &mut BTreeMap<ItemId, Self>, id: i64, copy: &CopyChange) {
        let of_copy = of_copies
            .entry(copy.item)
            .or_insert_with(|| Self { first: (id, *copy), changes: Vec::new() });
        if id < of_copy.first.0 {
            of_copy.first = (id, *copy);
        }
        of_copy.changes.push(id);
    }
}

/// That something else is wished of a copy, as a change.
pub(super) fn wished(
    backend: BackendId,
    known: &KnownItem,
    was: Option<Wish>,
    is: Option<Wish>,
) -> Changed {
    let (item, seen) = (known.row.id, known.row.seen);
    Changed::Wished { copy: CopyChange { backend, item, showed: seen, shows: seen }, was, is }
}

/// What was wished of each copy by these changes, which are in their order.
fn wishings(changes: &[&KeptChange]) -> BTreeMap<ItemId, Wishing> {
    let mut wishings: BTreeMap<ItemId, Wishing> = BTreeMap::new();
    for change in changes {
        let Changed::Wished { copy, was, is } = change.row.changed else { continue };
        let wishing = wishings.entry(copy.item).or_insert_with(|| Wishing {
            first: (change.id, copy),
            was,
            is,
            changes: Vec::new(),
        });
        wishing.is = is;
        wishing.changes.push(change.id);
    }
    wishings
}

/// What was wished of a copy before the last of these changes of it, and is taken back with them.
fn wished_before(changes: &[KeptChange], item: ItemId, of_copy: &OfCopy) -> Vec<i64> {
    let last = of_copy.changes.iter().max().copied().unwrap_or(of_copy.first.0);
    let is_it = |change: &&KeptChange| {
        matches!(change.row.changed, Changed::Wished { copy, .. } if copy.item == item)
            && change.undone_by.is_none()
            && change.id < last
    };
    changes.iter().filter(is_it).map(|change| change.id).collect()
}

/// Whether two states say the same, whenever they were decided.
fn is_alike(one: &State, other: &State) -> bool {
    (one.watch, one.plays, one.played_at) == (other.watch, other.plays, other.played_at)
}

/// Whether the copy that a change names still is the one that was changed: on that backend, and of that title.
fn is_of(
    copy: &CopyChange,
    title: TitleId,
    items: &HashMap<ItemId, (BackendId, KnownItem)>,
) -> bool {
    items.get(&copy.item).is_some_and(|(backend, known)| {
        *backend == copy.backend && known.titles().any(|covered| covered == title)
    })
}

/// The changes of each title and of its copies, in their order.
fn by_title(
    changes: Vec<KeptChange>,
    items: &HashMap<ItemId, (BackendId, KnownItem)>,
) -> HashMap<TitleId, Vec<KeptChange>> {
    let mut sorted: HashMap<TitleId, Vec<KeptChange>> = HashMap::new();
    for change in changes {
        let copy = change.row.changed.copy();
        let copy = copy.filter(|copy| is_of(copy, change.row.title, items));
        let copy = copy.and_then(|copy| items.get(&copy.item));
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
