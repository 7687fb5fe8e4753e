//! An account is to show again what a snapshot of it says.

use std::collections::HashMap;

use watchstate_model::plan::one_state;
use watchstate_model::{BackendId, Because, ItemId, Moment, PersonId, RunId, State, TitleId, Wish};
use watchstate_store::{ChangeRow, KnownItem, Touched, Tx};

use super::take_back::{not_taken, wished};
use super::{Left, Taken};
use crate::{Account, Engine, Result};

impl Engine {
    /// Gives each copy that shows something else than in the snapshot a wish to show that again, and each that
    /// shows it and would be told something else a wish to stay so. Copies that are newer than the snapshot are
    /// left alone.
    pub(super) async fn restore(
        &self,
        tx: &mut Tx,
        accounts: &[Account],
        person: PersonId,
        snapshot: i64,
        (run, at): (RunId, Moment),
        taken: &mut Taken,
    ) -> Result<()> {
        let snapshots = self.store.snapshots().await?;
        let Some(of) = snapshots.iter().find(|known| known.id == snapshot).map(|s| s.backend)
        else {
            return Ok(());
        };
        let mut after = i64::MIN;
        loop {
            self.go_on()?;
            let Some(part) = tx.snapshot_part(snapshot, after).await? else { return Ok(()) };
            after = part.place;
            let Some(showed) = part.showed else {
                for title in tx.titles_in_part(of, part.place).await? {
                    taken.titles.insert(title);
                    taken.left.push(Left::of(title, Some(of), Because::SnapshotUnreadable));
                }
                continue;
            };
            let ids: Vec<ItemId> = showed.iter().map(|(item, _)| *item).collect();
            // A number that another account's copy has now is not what the snapshot is of.
            let items: HashMap<ItemId, (BackendId, KnownItem)> = tx
                .items(&ids)
                .await?
                .into_iter()
                .filter(|(backend, _)| *backend == of)
                .map(|known| (known.1.row.id, known))
                .collect();
            let mut titles: Vec<TitleId> =
                items.values().flat_map(|(_, item)| item.titles()).collect();
            titles.sort_unstable();
            titles.dedup();
            let states: HashMap<TitleId, State> =
                tx.states(person, &titles).await?.into_iter().collect();
            let alone = tx.ignored(person, &titles).await?;
            let before = tx.wishes(&ids).await?;
            let (mut wishes, mut touched, mut changes) = (Vec::new(), Vec::new(), Vec::new());
            for (item, showed) in showed {
                let Some((backend, known)) = items.get(&item) else { continue };
                let Some(title) = known.row.title else { continue };
                let is_so = known.row.present && known.row.seen == showed;
                if is_so && known.owed.is_none() && known.marked_at.is_none() {
                    continue;
                }
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
                        taken.titles.insert(title);
                        let because = Because::Restored;
                        let wish = Wish { shows: showed, then, told: is_so, because };
                        let was = before.get(&item).copied();
                        let changed = wished(*backend, known, was, Some(wish));
                        changes.push(ChangeRow { title, changed, because });
                        wishes.push((item, wish));
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
                if !is_so {
                    taken.titles.insert(title);
                    taken.left.push(Left::of(title, Some(*backend), left));
                }
            }
            tx.add_changes(run, person, at, &changes).await?;
            tx.put_wishes(&wishes, at).await?;
            tx.touch(person, &touched).await?;
        }
    }
}
