//! Undo, for every shell: what can be taken back, and taking it back.

use watchstate_engine::{Account, Engine, Undo, UndoPreview, Undone};
use watchstate_store::{Backend, KeptRun, Snapshot};

use crate::household::scratch_folder;
use crate::{Household, Result};

/// So many runs are looked through at once.
const AT_ONCE: u32 = 500;

impl Household {
    /// The latest runs of which something can be taken back, the latest first, `most` of them. One that was an
    /// undo is among them as long as it can be done once more.
    pub async fn undoable_runs(&self, most: usize) -> Result<Vec<KeptRun>> {
        let mut found = Vec::new();
        let mut from = 0;
        loop {
            let (runs, _) = self.store().kept_runs(from, AT_ONCE).await?;
            let is_end = runs.is_empty();
            found.extend(runs.into_iter().filter(|run| run.can_undo && run.ended_at.is_some()));
            if is_end || found.len() >= most {
                found.truncate(most);
                return Ok(found);
            }
            from += AT_ONCE;
        }
    }

    /// What backends showed before something was written to them, the latest first, each with its backend.
    pub async fn snapshots(&self) -> Result<Vec<(Snapshot, Backend)>> {
        let known = self.backends().await?;
        let kept = self.store().snapshots().await?;
        Ok(kept
            .into_iter()
            .filter_map(|kept| {
                let backend = known.iter().find(|backend| backend.id == kept.backend)?;
                Some((kept, backend.clone()))
            })
            .collect())
    }

    /// What an undo would do, on a copy that is removed again; see [`Engine::preview_undo`].
    pub async fn preview_undo(
        &self,
        engine: &Engine,
        accounts: &[Account],
        what: Undo,
    ) -> Result<UndoPreview> {
        let folder = scratch_folder()?;
        let file = folder.path().join("undo.sqlite");
        Ok(engine.preview_undo(accounts, self.person(), what, &file).await?)
    }

    /// Takes back what a person was shown and agreed to; nothing where there is nothing to take back.
    pub async fn undo(
        &self,
        engine: &Engine,
        accounts: &mut [Account],
        what: Undo,
    ) -> Result<Option<Undone>> {
        Ok(engine.undo(accounts, self.person(), what).await?)
    }
}
