//! An account is to show again what a snapshot of it says.

use std::collections::HashMap;

use watchstate_model::plan::one_state;
use watchstate_model::{BackendId, Because, ItemId, Moment, PersonId, State, TitleId, Wish};
use watchstate_store::{KnownItem, Touched, Tx};

use super::take_back::not_taken;
use super::{Left, Taken};
use crate::{Account, Engine, Result};

impl Engine {
    /// Gives each copy that shows something else than in the snapshot a wish to show that again. Copies that are
    /// newer than the snapshot are left alone.
    pub(super) async fn restore(
        &self,
        tx: &mut Tx,
        accounts: &[Account],
        person: PersonId,
        snapshot: i64,
        at: Moment,
        taken: &mut Taken,
    ) -> Result<()> {
        let mut after = i64::MIN;
        loop {
            self.go_on()?;
            let Some((place, showed)) = tx.snapshot_part(snapshot, after).await? else {
                return Ok(());
            };
            after = place;
            let ids: Vec<ItemId> = showed.iter().map(|(item, _)| *item).collect();
            let items: HashMap<ItemId, (BackendId, KnownItem)> =
                tx.items(&ids).await?.into_iter().map(|known| (known.1.row.id, known)).collect();
            let mut titles: Vec<TitleId> =
                items.values().flat_map(|(_, item)| item.titles()).collect();
            titles.sort_unstable();
            titles.dedup();
            let states: HashMap<TitleId, State> =
                tx.states(person, &titles).await?.into_iter().collect();
            let alone = tx.ignored(person, &titles).await?;
            let (mut wishes, mut touched) = (Vec::new(), Vec::new());
            for (item, showed) in showed {
                let Some((backend, known)) = items.get(&item) else { continue };
                let Some(title) = known.row.title else { continue };
                if known.row.present && known.row.seen == showed {
                    continue;
                }
                taken.titles.insert(title);
                let held: Vec<State> = known
                    .titles()
                    .map(|title| states.get(&title).copied().unwrap_or(State::UNTOUCHED))
                    .collect();
                let account = accounts.iter().find(|account| account.backend.id == *backend);
                let left = match (account, one_state(&held)) {
                    _ if !known.row.present => Because::ItemGone,
                    _ if known.titles().any(|title| alone.contains(&title)) => Because::LeftAlone,
                    (Some(account), _) if !account.backend.export => Because::ExportOff,
                    (Some(account), Some(then)) => {
                        let because = Because::Restored;
                        wishes.push((item, Wish { shows: showed, then, told: false, because }));
                        touched.push(Touched { title, again: false });
                        let lost = not_taken(&account.abilities, &known.row.seen, &showed);
                        if let Some(because) = lost {
                            let left = Left::of(title, Some(*backend), because);
                            taken.left.push(Left { partly: true, ..left });
                        }
                        continue;
                    }
                    (Some(_), None) => Because::EpisodesDiffer,
                    (None, _) => Because::NotThere,
                };
                taken.left.push(Left::of(title, Some(*backend), left));
            }
            tx.put_wishes(&wishes, at).await?;
            tx.touch(person, &touched).await?;
        }
    }
}
