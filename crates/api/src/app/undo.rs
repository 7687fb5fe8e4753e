//! Undo: what would be taken back is shown first, then it is.

use std::sync::Arc;

use watchstate_engine::{Left, Undo};
use watchstate_model::BackendId;
use watchstate_store::Backend;

use super::App;
use super::preview::{Ahead, Aim, Deed};
use super::runs::Work;
use crate::contract::{
    Failure, NamedBackend, NamedTitle, Snapshot, UndoLeft, UndoPreview, UndoWish,
};

/// So much of what is left as it is is named.
const MOST_LEFT: usize = 500;

impl App {
    /// What taking something back would change. Nothing is written. It is kept, so that its rows can be asked for
    /// and it can be agreed to.
    pub async fn preview_undo(self: &Arc<Self>, wish: UndoWish) -> Result<UndoPreview, Failure> {
        let what = self.meant(wish).await?;
        let wanted = self.wanted(None).await?;
        let looking = self.look_at(&wanted).await?;
        let (engine, accounts) = (&looking.engine, &looking.accounts);
        let seen = self.household().preview_undo(engine, accounts, what).await?;
        let known = looking.end();
        if seen.titles == 0 {
            return Err(Failure::not_found("There is nothing left to be taken back"));
        }
        let left_total = u64::try_from(seen.left.len()).unwrap_or(u64::MAX);
        let left = seen.left.iter().take(MOST_LEFT).map(|left| told(left, &known.backends));
        let left = left.collect();
        let holds = u64::try_from(seen.taken.len()).unwrap_or(u64::MAX);
        let preview = self.keep(
            known,
            Ahead {
                aim: Aim { wanted, what: Deed::Undo(what) },
                changes: seen.changes,
                named: Vec::new(),
                troubles: seen.troubles,
                before: None,
                backup: None,
            },
        );
        Ok(UndoPreview { preview, titles: seen.titles, holds, left, left_total })
    }

    /// Takes back what a person was shown and agreed to. Answers when it has begun.
    pub async fn undo(self: &Arc<Self>, preview: String) -> Result<(), Failure> {
        let (what, agreed) = self.agreed_undo(&preview).await?;
        self.start(agreed.wanted().to_vec(), Work::Undo { what, agreed })
    }

    /// What backends showed before something was written to them, the latest first.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, Failure> {
        let kept = self.household().snapshots().await?;
        Ok(kept
            .into_iter()
            .map(|(kept, backend)| Snapshot {
                id: kept.id,
                backend: NamedBackend { id: backend.id.into(), name: backend.name },
                run: (kept.run.0 != 0).then(|| kept.run.into()),
                taken_at: kept.at.into(),
                items: kept.items,
                bytes: kept.bytes,
            })
            .collect())
    }

    async fn meant(&self, wish: UndoWish) -> Result<Undo, Failure> {
        let household = self.household();
        match wish {
            UndoWish { run: Some(run), title: None, line: None, snapshot: None } => {
                Ok(Undo::Run(run.into()))
            }
            UndoWish { run: None, title: Some(title), line: None, snapshot: None } => {
                Ok(Undo::Title(title.into()))
            }
            UndoWish { run: None, title: None, line: None, snapshot: Some(snapshot) } => {
                Ok(Undo::Since(snapshot))
            }
            UndoWish { run: None, title: None, line: Some(line), snapshot: None } => {
                let change = household.store().change_of_line(line).await?;
                change.map(Undo::Change).ok_or_else(|| {
                    Failure::not_found("What this line tells of cannot be taken back any more")
                })
            }
            _ => Err(Failure::usage(
                "It is not clear what is to be taken back",
                "Name a run, a title, a line of the journal or a snapshot, and only one of them",
            )),
        }
    }
}

fn told(left: &Left, known: &[Backend]) -> UndoLeft {
    let name = |id: BackendId| {
        let known = known.iter().find(|backend| backend.id == id);
        known.map_or_else(|| "a removed backend".to_owned(), |backend| backend.name.clone())
    };
    UndoLeft {
        title: NamedTitle { id: left.title.into(), name: left.name.clone() },
        backend: left.backend.map(|id| NamedBackend { id: id.into(), name: name(id) }),
        because: left.because.into(),
        partly: left.partly,
    }
}
