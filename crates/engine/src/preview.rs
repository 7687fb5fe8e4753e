//! What a run would do: the same road up to the first write, on a copy of the database that is thrown away.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use watchstate_model::{BackendId, Because, PersonId, TitleId, Watch};
use watchstate_store::{Backend, Line, Store, Task};

use crate::look_only::LookOnly;
use crate::report::RunReport;
use crate::{Account, Answer, Attention, Consent, Engine, Restore, Result};

/// One change that would be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviewChange {
    /// To which backend.
    pub backend: BackendId,
    /// The backend's name.
    pub backend_name: String,
    /// Which title.
    pub title: TitleId,
    /// Its name.
    pub name: String,
    /// What the account shows now.
    pub from: Watch,
    /// What it would show.
    pub to: Watch,
    /// Why.
    pub because: Because,
    /// Why it would not be written yet, if so.
    pub held: Option<Because>,
}

/// What a run would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preview {
    /// How the imports, and the exports up to their first write, would end.
    pub runs: Vec<RunReport>,
    /// What the import would take over, keep, or hold: the lines it would add to the journal.
    pub taken: Vec<Line>,
    /// What would be written, and what would wait, ordered by backend and title.
    pub changes: Vec<PreviewChange>,
}

/// What is looked at.
struct Looking<'a> {
    wanted: &'a [BackendId],
    import: bool,
    consent: Consent,
    /// What a person does first.
    first: Option<First<'a>>,
}

/// What a person does before their servers are told.
#[derive(Clone, Copy)]
enum First<'a> {
    /// They answer un-watches that wait.
    Answer(PersonId, &'a Answer),
    /// They restore a backup.
    Restore(&'a Restore),
}

impl Engine {
    /// What a sync (`import` true), an import (`wanted` empty) or an export would change, to the accounts
    /// among `wanted`. Nothing is written anywhere but into `scratch`, a file that must not exist and that
    /// the caller removes. With [`Consent::yes`] what the brake holds is shown as if it were let go.
    pub async fn preview(
        &self,
        accounts: &[Account],
        wanted: &[BackendId],
        import: bool,
        consent: Consent,
        scratch: &Path,
    ) -> Result<Preview> {
        let wish = Looking { wanted, import, consent, first: None };
        self.preview_on(accounts, wish, scratch).await
    }

    /// What would follow from an answer to the un-watches that wait: see [`Engine::preview`] and
    /// [`Engine::answer`]. No server is imported from.
    pub async fn preview_answer(
        &self,
        accounts: &[Account],
        wanted: &[BackendId],
        person: PersonId,
        answer: &Answer,
        scratch: &Path,
    ) -> Result<Preview> {
        let (first, consent) = (Some(First::Answer(person, answer)), Consent::default());
        let wish = Looking { wanted, import: false, consent, first };
        self.preview_on(accounts, wish, scratch).await
    }

    /// What a restore would change: our state first, then the backends that it is for up to their first write.
    /// What the other backends of that person would be owed afterwards is among the changes. `scratch` is as
    /// with [`Engine::preview`].
    pub async fn preview_restore(
        &self,
        accounts: &[Account],
        restore: &Restore,
        scratch: &Path,
    ) -> Result<Preview> {
        let (wanted, first) = (restore.to.as_slice(), Some(First::Restore(restore)));
        let wish = Looking { wanted, import: false, consent: Consent::default(), first };
        self.preview_on(accounts, wish, scratch).await
    }

    async fn preview_on(
        &self,
        accounts: &[Account],
        wish: Looking<'_>,
        scratch: &Path,
    ) -> Result<Preview> {
        self.store.copy_to(scratch).await?;
        let store = Store::open_scratch(scratch).await?;
        // It works on a copy: nobody has to wait for it.
        let attention = Attention::default();
        let there = Self { store: store.clone(), attention, ..self.clone() };
        let preview = there.preview_there(accounts, wish).await;
        store.close().await;
        preview
    }

    async fn preview_there(
        &self,
        accounts: &[Account],
        Looking { wanted, import, consent, first }: Looking<'_>,
    ) -> Result<Preview> {
        let at = self.clock.now();
        let before = self.store.last_line().await?;
        // Every account as if its first export were still to come: the export goes its whole way, sweeps
        // where it would sweep, and stops where it would begin to write. One with export off is shown too.
        let mut looked: Vec<Account> = accounts
            .iter()
            .map(|account| {
                let mut account = account.clone();
                account.backend.approved_at = None;
                account.backend.export |= wanted.contains(&account.backend.id);
                account.server = Arc::new(LookOnly(account.server));
                account
            })
            .collect();
        let mut preview = Preview::default();
        let mut swept = HashSet::new();
        if let Some(First::Answer(person, answer)) = first {
            self.answer(&looked, person, answer).await?;
        }
        if import {
            (preview.runs, swept) = self.import_at(&mut looked, consent, at).await?;
        }
        let restore = match first {
            Some(First::Restore(restore)) => Some(restore),
            Some(First::Answer(..)) | None => None,
        };
        if let Some(restore) = restore {
            preview.runs = self.restore_at(&mut looked, restore, false, at).await?.runs;
        } else if !wanted.is_empty() {
            let consent = Consent { yes: false, ..consent };
            preview.runs.extend(self.export_at(&mut looked, wanted, consent, at, &swept).await?);
        }
        // A restore is followed by others than those who are told at once.
        let follows = |backend: &Backend| {
            restore.is_some_and(|restore| backend.person == restore.person && backend.export)
        };
        let asked = |backend: &Backend| wanted.contains(&backend.id) || follows(backend);
        for account in accounts.iter().filter(|account| asked(&account.backend)) {
            let backend = &account.backend;
            let waits = match backend.approved_at {
                _ if !backend.export => Some(Because::ExportOff),
                None => Some(Because::FirstExport),
                Some(_) => None,
            };
            for owed in self.store.preview(backend.id).await? {
                preview.changes.push(PreviewChange {
                    backend: backend.id,
                    backend_name: backend.name.clone(),
                    title: owed.title,
                    name: owed.name,
                    from: owed.from,
                    to: owed.to,
                    because: owed.because,
                    held: owed.held.or(waits),
                });
            }
        }
        let off = |id| accounts.iter().any(|a| a.backend.id == id && !a.backend.export);
        preview.runs.retain(|run| run.task == Task::Import || !off(run.backend));
        for run in preview.runs.iter_mut().filter(|run| run.task == Task::Export) {
            let waiting = preview.changes.iter().filter(|c| c.backend == run.backend);
            run.run.held = waiting.filter(|change| change.held.is_some()).count() as u64;
        }
        for run in &mut preview.runs {
            run.waits_for_yes = false;
        }
        preview.taken = self.store.lines_after(before).await?;
        Ok(preview)
    }
}
