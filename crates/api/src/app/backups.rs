//! Backups as a window sees them: those that are there, a restore and its preview.

use std::sync::Arc;

use watchstate_engine::{CancellationToken, Restore};
use watchstate_model::{BackendId, Way};

use super::looking::Looking;
use super::preview::{Ahead, Aim, Deed, OfBackup, troubles};
use super::runs::Work;
use super::truth::many;
use super::{App, LONGEST_PAGE};
use crate::backups::{BackedUpAll, Form, OnShelf, Remembered};
use crate::contract::{
    BackupFile, BackupForm, Backups, Failure, FailureKind, NotMatched, NotMatchedRows, Page,
    RestorePreview, RestoreWay, RestoreWish, Tag, WrittenTable,
};

impl App {
    /// The backups that are there.
    pub async fn backups(&self) -> Result<Backups, Failure> {
        let household = self.household();
        let files = household.backups().await?.into_iter().map(shown).collect();
        Ok(Backups { folder: household.backups_folder().display().to_string(), files })
    }

    /// Backs up, and says how it went.
    pub(super) async fn back_up(&self, cancel: &CancellationToken) -> Result<String, Failure> {
        let household = self.household();
        let made = household.back_up(cancel).await.map_err(Failure::from);
        self.changed(&[Tag::Backups]);
        if made.as_ref().is_err_and(|failure| failure.kind == FailureKind::Store) {
            // As after a run: the next start looks through the whole of it.
            household.store().doubt();
        }
        let BackedUpAll { files, trouble } = made?;
        let titles: u64 = files.iter().map(|one| one.titles).sum();
        let done = match files.len() {
            0 => "No backend was read yet.".to_owned(),
            some => {
                let files = many(u64::try_from(some).unwrap_or(u64::MAX), "file");
                format!("{files}, {}.", many(titles, "title"))
            }
        };
        Ok(match trouble {
            None => done,
            Some(trouble) => format!("{done} But {trouble}."),
        })
    }

    /// Writes the whole history into a table beside the backups.
    pub async fn export_history(&self) -> Result<WrittenTable, Failure> {
        let cancel = CancellationToken::new();
        let table = self.household().export_table(self.person(), &cancel).await?;
        Ok(WrittenTable { path: table.path.display().to_string(), titles: table.titles })
    }

    /// What restoring a backup would change. Nothing is changed; it is kept, to be looked through and agreed
    /// to.
    pub async fn preview_restore(
        self: &Arc<Self>,
        wish: &RestoreWish,
    ) -> Result<RestorePreview, Failure> {
        let household = self.household();
        let chosen: Vec<BackendId> = wish.backends.iter().map(|id| (*id).into()).collect();
        let known = household.backends().await?;
        let names: Vec<&str> =
            known.iter().filter(|b| chosen.contains(&b.id)).map(|b| b.name.as_str()).collect();
        if names.len() < chosen.len() {
            return Err(Failure::not_found("That backend is not there any more"));
        }
        let targets = household.restorable(&names).await?;
        let to: Vec<BackendId> = targets.iter().map(|backend| backend.id).collect();
        let person = targets.first().map_or_else(|| self.person(), |backend| backend.person);
        let looking = self.look_at(&to).await?;
        let Remembered { entries, titles, spared, not_matched, listed, .. } =
            self.remembered(&looking, &wish.backup).await?;
        let way = match wish.way {
            RestoreWay::Union => Way::Union,
            RestoreWay::Exact => Way::Exact,
        };
        let matched = u64::try_from(titles.len()).unwrap_or(u64::MAX);
        let restore = Restore { person, way, to: to.clone(), titles, spared };
        let aim = Aim { wanted: to.clone(), what: Deed::Restore(Arc::new(restore)) };
        let seen = aim.look(&household, &looking.engine, &looking.accounts).await?;
        let known = looking.end();
        let troubles = troubles(&seen);
        let backup = OfBackup { id: wish.backup.clone(), not_matched: Arc::new(listed) };
        let changes = seen.changes;
        let ahead = Ahead { aim, changes, named: to, troubles, before: None, backup: Some(backup) };
        let preview = self.keep(known, ahead);
        Ok(RestorePreview { preview, entries, matched, not_matched })
    }

    /// What a listed backup, or a file that was dropped, means here.
    async fn remembered(&self, looking: &Looking<'_>, id: &str) -> Result<Remembered, Failure> {
        let (household, engine, cancel) = (self.household(), &looking.engine, looking.cancel());
        Ok(match self.offered(id).await? {
            Some(file) => household.remember_file(engine, file, cancel).await?,
            None => household.remember(engine, id, cancel).await?,
        })
    }

    /// A page of the entries of a backup that were not matched; of very many the first.
    pub fn not_matched(&self, wish: &NotMatchedRows) -> Result<Page<NotMatched>, Failure> {
        let listed = self.not_matched_of(&wish.preview)?;
        let text = wish.text.as_deref().unwrap_or_default().trim().to_lowercase();
        let matching =
            listed.iter().filter(|one| text.is_empty() || one.name.to_lowercase().contains(&text));
        let total = u64::try_from(matching.clone().count()).unwrap_or(u64::MAX);
        let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let rows = matching
            .skip(place(wish.from))
            .take(place(wish.size.min(LONGEST_PAGE)))
            .map(|one| NotMatched {
                name: one.name.clone(),
                watched: one.watched,
                because: one.because.into(),
            })
            .collect();
        Ok(Page { rows, total })
    }

    /// Restores what a person was shown and agreed to. Answers when it has begun.
    pub async fn restore_now(self: &Arc<Self>, preview: &str) -> Result<(), Failure> {
        let (restore, agreed, backup) = self.agreed_restore(preview).await?;
        self.start(agreed.wanted().to_vec(), Work::Restore { restore, agreed })?;
        // All that it says is known by now: a file that was dropped is not needed any more.
        self.forget_offer(&backup).await;
        Ok(())
    }
}

fn shown(file: OnShelf) -> BackupFile {
    let (person, backend, kind) = match file.source {
        Some(source) => (Some(source.person), Some(source.backend), Some(source.kind)),
        None => (None, None, None),
    };
    BackupFile {
        file: file.id.clone(),
        id: file.id,
        made_at: file.made_at.into(),
        person,
        backend,
        kind,
        titles: file.titles,
        bytes: file.bytes,
        form: match file.form {
            Form::Ours => BackupForm::Ours,
            Form::Other => BackupForm::Other,
            Form::Damaged => BackupForm::Damaged,
        },
    }
}
