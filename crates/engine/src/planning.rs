//! From touched titles to owed writes: each title's copies are compared with our state.

use std::collections::{HashMap, HashSet};

use watchstate_model::plan::{is_spent, plan};
use watchstate_model::{
    BackendId, Copy, Held, ItemId, Moment, PersonId, State, TitleId, Watch, Wish,
};
use watchstate_store::{KnownItem, Touched};

use crate::decide::of_titles;
use crate::report::Step;
use crate::{Account, Engine, Result};

/// How many titles are planned in one transaction.
const AT_ONCE: u32 = 500;

/// What planning found beside the writes it put into the outbox.
#[derive(Default)]
pub(crate) struct Planned {
    /// What differs and is not written.
    pub held: Vec<Held>,
    /// Titles with a mark that were never seen on a backend that has not been swept since they came up.
    pub never_seen: HashMap<BackendId, Vec<TitleId>>,
}

impl Engine {
    /// Plans all touched titles of a person.
    pub(crate) async fn plan_touched(
        &self,
        accounts: &[Account],
        person: PersonId,
        at: Moment,
    ) -> Result<Planned> {
        let by_id: HashMap<BackendId, &Account> =
            accounts.iter().map(|account| (account.backend.id, account)).collect();
        let mut planned = Planned::default();
        loop {
            self.go_on()?;
            let mut tx = self.store.begin().await?;
            let touched = tx.touched(person, AT_ONCE).await?;
            if touched.is_empty() {
                return Ok(planned);
            }
            let titles: Vec<TitleId> = touched.iter().map(|t| t.title).collect();
            let items = tx.items_of_titles(&titles).await?;
            // What a person wants left alone is written nowhere; what was owed for it is not owed any more.
            let alone = tx.ignored(person, &titles).await?;
            // A file of several episodes brings up titles beside the touched ones.
            let mut all: Vec<TitleId> = items.iter().flat_map(|(_, item)| item.titles()).collect();
            all.extend(&titles);
            all.sort_unstable();
            all.dedup();
            let states: HashMap<TitleId, State> =
                tx.states(person, &all).await?.into_iter().collect();
            let state = |title| states.get(&title).copied().unwrap_or(State::UNTOUCHED);

            let ids: Vec<ItemId> = items.iter().map(|(_, item)| item.row.id).collect();
            let wishes = tx.wishes(&ids).await?;

            let covered: Vec<Vec<State>> =
                items.iter().map(|(_, item)| item.titles().map(state).collect()).collect();
            let copies: Vec<Copy<'_>> = items
                .iter()
                .zip(&covered)
                .filter(|((_, item), _)| item.row.present)
                .filter(|((_, item), _)| !item.titles().any(|title| alone.contains(&title)))
                .filter_map(|((backend, item), states)| {
                    let account = by_id.get(backend)?;
                    // Whether a mark that seems to be gone there was meant to go is not known yet: until it
                    // is, it is not put back either.
                    if item.marked_at.is_some() {
                        return None;
                    }
                    (account.backend.person == person)
                        .then(|| self.copy(account, item, states, &touched, &wishes))
                })
                .collect();
            let made = plan(&copies, self.settings.progress);
            tx.owe(&made.changes, at).await?;
            let spent: Vec<ItemId> = copies
                .iter()
                .filter(|copy| {
                    let progress = self.settings.progress;
                    copy.wish.is_some_and(|wish| is_spent(&wish, copy, progress))
                })
                .map(|copy| copy.item)
                .collect();
            tx.forget_wishes(&spent).await?;
            let told: HashSet<ItemId> = made.changes.iter().map(|change| change.item).collect();
            let agree: Vec<ItemId> = items
                .iter()
                // What is owed to another person's copy of the title is planned with that person's titles.
                .filter(|(backend, _)| {
                    by_id.get(backend).is_some_and(|a| a.backend.person == person)
                })
                .filter(|(_, item)| item.owed.is_some())
                .map(|(_, item)| item.row.id)
                .filter(|item| !told.contains(item))
                .collect();
            tx.settle(&agree).await?;
            planned.held.extend(made.held);
            for account in accounts.iter().filter(|account| account.backend.export) {
                let marked: Vec<i64> = titles
                    .iter()
                    .filter(|title| state(**title).watch != Watch::Unwatched)
                    .filter(|title| !alone.contains(title))
                    .map(|title| title.0)
                    .collect();
                let never = tx.not_seen_on(account.backend.id, &marked).await?;
                if !never.is_empty() {
                    planned.never_seen.entry(account.backend.id).or_default().extend(never);
                }
            }
            tx.planned(person, &touched).await?;
            tx.commit().await?;
            self.report.step(Step::Planned);
        }
    }

    fn copy<'a>(
        &self,
        account: &'a Account,
        item: &KnownItem,
        states: &'a [State],
        touched: &[Touched],
        wishes: &HashMap<ItemId, Wish>,
    ) -> Copy<'a> {
        // They come in the order of their titles.
        let is_again = |title| {
            touched
                .binary_search_by_key(&title, |t: &Touched| t.title)
                .is_ok_and(|place| touched[place].again)
        };
        let again = item.titles().any(is_again);
        Copy {
            item: item.row.id,
            backend: account.backend.id,
            shows: of_titles(item.row.seen, states.len()),
            duration_ms: item.row.duration_ms,
            abilities: &account.abilities,
            clock: account.clock,
            export: account.backend.export,
            states,
            again: again || item.owed.is_some_and(|owed| owed.again),
            wish: wishes.get(&item.row.id).copied(),
        }
    }
}
