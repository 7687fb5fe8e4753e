//! A page of items, from whatever road, becomes rows: compared, recognised, decided, written, in one
//! transaction.

use std::collections::{HashMap, HashSet};

use roaring::RoaringTreemap;
use watchstate_model::plan::one_state;
use watchstate_model::{
    Because, Facts, Item, ItemId, ItemKey, PersonId, RunId, State, TitleId, Wish,
};
use watchstate_store::{
    Compared, KnownItem, KnownPage, Looked, Run, Tx, facts_print, marks_print, page_print,
};

use crate::decide::{Decisions, Seen, Stance, new_row, readded};
use crate::recognise::{Recognised, recognise};
use crate::{Engine, Result};

/// Whose page it is, and in which run.
#[derive(Clone, Copy)]
pub(crate) struct Taker {
    pub person: PersonId,
    pub run: RunId,
    pub stance: Stance,
}

/// What a sweep has seen so far. A single read has none.
#[derive(Default)]
pub(crate) struct SweepSeen {
    /// Rows that were seen.
    pub items: RoaringTreemap,
    /// New rows whose titles have another copy here that was not seen yet: moved under a new key, or a
    /// second copy? Known when the sweep is through.
    pub arrivals: Vec<ItemId>,
    /// Rows that were seen twice: the list repeats.
    pub repeated: u64,
    /// The row that the rows of the next page probably follow.
    pub after: Option<ItemId>,
    /// The fingerprints of its pages.
    pub pages: Vec<i64>,
}

/// What became of a page.
pub(crate) enum Taken {
    /// It is in.
    Done,
    /// These items are new, and their facts were not read: read them, and come again.
    Lacking(Vec<ItemKey>),
}

impl Engine {
    /// Takes in a page. Nothing is kept when it answers [`Taken::Lacking`].
    pub(crate) async fn take_in(
        &self,
        taker: &Taker,
        page: &[Item],
        mut sweep: Option<&mut SweepSeen>,
        run: &mut Run,
    ) -> Result<Taken> {
        let backend = taker.stance.backend;
        let looked: Vec<Looked<'_>> = page
            .iter()
            .map(|item| {
                let facts = item.facts.as_ref().map(facts_print);
                Looked(item.key.as_str(), marks_print(&item.marks, item.added_at), facts)
            })
            .collect();
        // A page that looks as it did is passed as a whole. Facts are not part of how a page looks, so one
        // that brings some is compared item by item.
        let print = sweep.is_some().then(|| page_print(&looked));
        if let (Some(print), Some(sweep)) = (print, &mut sweep) {
            sweep.pages.push(print);
            let lean = looked.iter().all(|looked| looked.2.is_none());
            if lean && let Some(known) = self.store.known_page(backend, print).await? {
                sweep.see_all(&known.items);
                sweep.after = known.items.max().and_then(|row| i64::try_from(row).ok()).map(ItemId);
                run.seen += known.items.len();
                run.unchanged += known.items.len() - known.in_review;
                run.unmatched += known.in_review;
                return Ok(Taken::Done);
            }
        }
        let mut tx = self.store.begin().await?;
        let after = sweep.as_ref().and_then(|sweep| sweep.after);
        let Compared { same, same_in_review, differ, known, last } =
            tx.compare(backend, &looked, after).await?;
        let unchanged = same.len() - same_in_review;
        if differ.is_empty() {
            if let Some(sweep) = sweep {
                sweep.see_all(&same);
                sweep.after = last;
            }
            run.seen += same.len();
            run.unchanged += unchanged;
            run.unmatched += same_in_review;
            // A page that holds something twice is never passed without a look.
            if let Some(print) = print
                && same.len() == looked.len() as u64
            {
                let page = KnownPage { items: same, in_review: same_in_review };
                tx.keep_page(backend, print, &page).await?;
                tx.commit().await?;
            }
            return Ok(Taken::Done);
        }
        // A list that holds an item twice in one page is as bad as a page that comes twice; the first
        // mention counts.
        let mut mentioned = HashSet::new();
        let items: Vec<&Item> = differ
            .iter()
            .filter_map(|place| page.get(*place))
            .filter(|item| mentioned.insert(item.key.as_str()))
            .collect();
        let keys: Vec<&str> = known
            .iter()
            .filter_map(|place| page.get(*place))
            .map(|item| item.key.as_str())
            .collect();
        let mut known: HashMap<ItemKey, KnownItem> = tx
            .items_with_keys(backend, &keys)
            .await?
            .into_iter()
            .map(|item| (item.row.key.clone(), item))
            .collect();
        let lacking: Vec<ItemKey> = items
            .iter()
            .filter(|item| item.facts.is_none() && !known.contains_key(&item.key))
            .map(|item| item.key.clone())
            .collect();
        if !lacking.is_empty() {
            return Ok(Taken::Lacking(lacking));
        }
        if let Some(sweep) = sweep.as_deref_mut() {
            sweep.see_all(&same);
            sweep.after = last;
        }
        run.seen += same.len() + items.len() as u64;
        run.unchanged += unchanged;
        run.unmatched += same_in_review;
        let written = self.take_changed(taker, &mut tx, &items, &mut known, sweep, run).await?;
        if let Some(print) = print {
            let items = written.items | same;
            let in_review = written.in_review + same_in_review;
            if items.len() == looked.len() as u64 {
                tx.keep_page(backend, print, &KnownPage { items, in_review }).await?;
            }
        }
        tx.commit().await?;
        Ok(Taken::Done)
    }

    /// Takes in what is new or shows something else. The answer holds what is decided now; the next look
    /// may pass it.
    async fn take_changed(
        &self,
        taker: &Taker,
        tx: &mut Tx,
        items: &[&Item],
        known: &mut HashMap<ItemKey, KnownItem>,
        mut sweep: Option<&mut SweepSeen>,
        run: &mut Run,
    ) -> Result<KnownPage> {
        let Taker { person, stance, .. } = taker;
        // Which titles are the new ones, and those that the server describes anew?
        let anew: Vec<(usize, &Facts)> = items
            .iter()
            .enumerate()
            .filter_map(|(place, item)| Some((place, item.facts.as_ref()?)))
            .filter(|(place, facts)| {
                known
                    .get(&items[*place].key)
                    .is_none_or(|item| item.row.facts_print != facts_print(facts))
            })
            .collect();
        let facts: Vec<&Facts> = anew.iter().map(|(_, facts)| *facts).collect();
        let recognised = recognise(tx, stance.backend, &facts, stance.at).await?;
        let mut recognised: HashMap<usize, Recognised> =
            anew.iter().map(|(place, _)| *place).zip(recognised).collect();

        // What we hold of all titles concerned, and where else this backend has them.
        let mut titles: Vec<TitleId> = known.values().flat_map(KnownItem::titles).collect();
        let mut arriving = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let open = known.get(&item.key).is_none_or(|item| item.row.baseline.is_none());
            match recognised.get(&place) {
                Some(Recognised::Titles { titles: these, new: false }) => {
                    titles.extend(these);
                    arriving.extend(these);
                }
                None if open => {
                    arriving.extend(known.get(&item.key).iter().flat_map(|i| i.titles()));
                }
                _ => {}
            }
        }
        titles.sort_unstable();
        titles.dedup();
        let mut decisions = Decisions {
            before: tx.states(*person, &titles).await?.into_iter().collect(),
            ..Decisions::default()
        };
        let mut copies: HashMap<TitleId, Vec<ItemId>> = HashMap::new();
        if !arriving.is_empty() {
            for (title, item) in tx.copies_on(stance.backend, &arriving).await? {
                copies.entry(title).or_default().push(item);
            }
        }
        let mut next_item = tx.next_ids().await?.item;
        let (mut covering, mut also) = (Vec::new(), Vec::new());
        for (place, item) in items.iter().enumerate() {
            let described = recognised.remove(&place);
            let (mut row, owed, marked_at, mut covers) = match known.remove(&item.key) {
                Some(known) => {
                    let titles = known.titles().collect();
                    (known.row, known.owed, known.marked_at, titles)
                }
                None => {
                    let row = new_row(ItemId(next_item), item);
                    next_item += 1;
                    run.added += 1;
                    (row, None, None, Vec::new())
                }
            };
            let is_new = row.facts_print == 0;
            if let Some(sweep) = sweep.as_deref_mut() {
                sweep.see(row.id);
            }
            let again_there = readded(&row, item.added_at);
            (row.seen, row.added_at) = (item.marks, item.added_at);
            if let (Some(described), Some(facts)) = (described, &item.facts) {
                row.ids = facts.ids.to_text();
                row.path.clone_from(&facts.path);
                row.duration_ms = facts.duration_ms;
                row.facts_print = facts_print(facts);
                let titles = match described {
                    Recognised::Titles { titles, .. } => titles,
                    Recognised::Review(because) => {
                        row.review = Some(because);
                        Vec::new()
                    }
                };
                if titles != covers {
                    // It is another title now: what was agreed on was about the other one.
                    row.baseline = None;
                    covers = titles;
                    if !is_new || covers.len() > 1 {
                        covering.push(row.id);
                    }
                    also.extend(covers.iter().skip(1).map(|title| (row.id, *title)));
                }
                row.title = covers.first().copied();
                if row.title.is_some() {
                    row.review = None;
                }
            }
            if covers.is_empty() {
                run.unmatched += 1;
                run.added -= u64::from(is_new);
                row.present = true;
                row.print = marks_print(&row.seen, row.added_at);
                row.because = row.review.unwrap_or(Because::NoIds);
                decisions.items.push(row);
                continue;
            }
            run.changed += u64::from(!is_new);
            let others: Vec<ItemId> = covers
                .iter()
                .filter_map(|title| copies.get(title))
                .flatten()
                .copied()
                .filter(|other| *other != row.id)
                .collect();
            if row.baseline.is_none() && !others.is_empty() {
                // Decided when it is known which of them are still there.
                row.print = 0;
                row.present = true;
                row.because = Because::FirstSightAgrees;
                if let Some(sweep) = sweep.as_deref_mut() {
                    sweep.arrivals.push(row.id);
                }
                decisions.items.push(row);
                continue;
            }
            let seen = Seen::AsKnown { readded: again_there, marked_at };
            decisions.decide(stance, row, &covers, owed, &seen, false);
        }
        let mut decided = KnownPage { items: RoaringTreemap::new(), in_review: 0 };
        for row in decisions.items.iter().filter(|row| row.print != 0) {
            decided.items.extend(u64::try_from(row.id.0));
            decided.in_review += u64::from(row.title.is_none());
        }
        self.write(taker, tx, decisions).await?;
        if !covering.is_empty() {
            tx.put_also_covers(&covering, &also).await?;
        }
        Ok(decided)
    }

    /// Writes what was decided.
    pub(crate) async fn write(
        &self,
        taker: &Taker,
        tx: &mut Tx,
        decisions: Decisions,
    ) -> Result<()> {
        let Taker { person, run, stance } = *taker;
        let touched = decisions.touched();
        let decided: Vec<TitleId> = decisions.states.keys().copied().collect();
        // That another account agrees is not a new act: what was wished before it was read is wished still.
        let learned: Vec<TitleId> = decisions.learned.keys().copied().collect();
        let carried = carried(person, tx, &decisions, &learned).await?;
        tx.put_wishes(&carried, stance.at).await?;
        let mut states: Vec<_> = decisions
            .states
            .into_iter()
            .map(|(title, (state, because))| (title, state, because))
            .collect();
        // In a fixed order: the same input gives the same file.
        states.sort_unstable_by_key(|(title, ..)| *title);
        tx.put_items(stance.backend, &decisions.items).await?;
        tx.put_states(person, &states).await?;
        tx.journal(run, person, stance.at, &decisions.journal).await?;
        tx.add_changes(run, person, stance.at, &decisions.changes).await?;
        tx.touch(person, &touched).await?;
        tx.touch_apart(person, &decided).await?;
        tx.forget_wishes(&decisions.moved).await?;
        tx.told_wishes(&decisions.told).await?;
        tx.forget_unwatches(&decisions.forget).await?;
        tx.add_unwatches(stance.backend, &decisions.unwatches, stance.at).await?;
        tx.settle(&decisions.settled).await?;
        Ok(())
    }
}

/// The wishes of copies of titles of which something was learned that is no new act, as they are to stand from now
/// on. A file with several titles is wished one thing, that stood as long as all of them together were as they were.
async fn carried(
    person: PersonId,
    tx: &mut Tx,
    decisions: &Decisions,
    learned: &[TitleId],
) -> Result<Vec<(ItemId, Wish)>> {
    let wishes = tx.wishes_of(person, learned).await?;
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ItemId> = wishes.keys().copied().collect();
    let items = tx.items(&ids).await?;
    let titles: Vec<TitleId> = items.iter().flat_map(|(_, item)| item.titles()).collect();
    let kept: HashMap<TitleId, State> = tx.states(person, &titles).await?.into_iter().collect();
    let held = |title| kept.get(&title).copied().unwrap_or(State::UNTOUCHED);
    Ok(items
        .iter()
        .filter_map(|(_, item)| {
            let wish = wishes.get(&item.row.id)?;
            let before: Vec<State> = item.titles().map(held).collect();
            let after: Vec<State> = item
                .titles()
                .map(|title| decisions.states.get(&title).map_or(held(title), |(state, _)| *state))
                .collect();
            let is_learned = |title: TitleId| {
                let decided = decisions.states.get(&title);
                decided.is_none_or(|(_, because)| *because == Because::FirstSightAgrees)
            };
            let stood = wish.stands(&one_state(&before)?);
            let then = one_state(&after)?;
            (stood && item.titles().all(is_learned))
                .then_some((item.row.id, Wish { then, ..*wish }))
        })
        .collect())
}

impl SweepSeen {
    fn see(&mut self, item: ItemId) {
        let Ok(row) = u64::try_from(item.0) else { return };
        if !self.items.insert(row) {
            self.repeated += 1;
        }
    }

    fn see_all(&mut self, items: &RoaringTreemap) {
        self.repeated += self.items.intersection_len(items);
        self.items |= items;
    }
}
