//! Backups as a window sees them: those that are there, files that are dropped, a restore and its preview.

use std::collections::VecDeque;
use std::io::{Seek, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::NamedTempFile;
use watchstate_engine::{CancellationToken, Restore};
use watchstate_model::{BackendId, Way};

use super::preview::{Agreed, Aim, Deed, Kept, count};
use super::runs::Work;
use super::truth::many;
use super::{App, LONGEST_PAGE, locked};
use crate::backups::{BackedUpAll, Form, OnShelf, Remembered};
use crate::contract::{
    BackupFile, BackupForm, Backups, Failure, FailureKind, NotMatched, NotMatchedRows, OfferBackup,
    OfferedBackup, Page, Preview, RestorePreview, RestoreWay, RestoreWish, Tag, WrittenTable,
};

/// A file that is dropped is never larger: bytes. A larger one is put into the folder of the backups.
const LARGEST_OFFER: u64 = 512 * 1024 * 1024;
/// So many are kept, the latest ones.
const KEPT: usize = 2;
/// How what stands for one begins: no file that is listed begins so.
const OFFER: &str = ".offer-";

/// Files that were dropped into a window, for as long as the app runs. They go with it.
#[derive(Default)]
pub(super) struct Offers(VecDeque<Offer>);

struct Offer {
    id: String,
    file: NamedTempFile,
    bytes: u64,
}

fn not_kept(error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Store,
        format!("The file cannot be kept for a while ({})", error.kind()),
        "Make room, or put the file into the folder of the backups",
    )
}

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

    /// Takes a part of a file that a person dropped. Its content is not looked at before it is restored.
    pub fn offer_backup(&self, wish: &OfferBackup) -> Result<OfferedBackup, Failure> {
        let part = STANDARD.decode(&wish.part).map_err(|_| {
            Failure::usage("This part of the file cannot be understood", "Drop the file again")
        })?;
        let more = u64::try_from(part.len()).unwrap_or(u64::MAX);
        let mut offers = locked(&self.offers);
        let mut offer = match &wish.offer {
            None => Offer {
                id: format!("{OFFER}{}", uuid::Uuid::new_v4()),
                file: NamedTempFile::new().map_err(|error| not_kept(&error))?,
                bytes: 0,
            },
            Some(id) => {
                let place = offers.0.iter().position(|offer| offer.id == *id);
                place.and_then(|place| offers.0.remove(place)).ok_or_else(|| {
                    Failure::not_found("The file that was dropped is not there any more")
                })?
            }
        };
        if offer.bytes.saturating_add(more) > LARGEST_OFFER {
            return Err(Failure::usage(
                format!("This file is larger than {} MiB", LARGEST_OFFER / 1024 / 1024),
                "Put it into the folder of the backups, and choose it there",
            ));
        }
        offer.file.write_all(&part).map_err(|error| not_kept(&error))?;
        offer.bytes += more;
        let told = OfferedBackup { offer: offer.id.clone(), bytes: offer.bytes };
        offers.0.push_front(offer);
        offers.0.truncate(KEPT);
        Ok(told)
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
        let job = self.claim(to.clone())?;
        let (at, line) = (household.now(), household.store().last_line().await?);
        let (engine, accounts, at_work) = self.engine(&job, true).await?;
        let seen = async {
            let Remembered { entries, titles, spared, not_matched, listed, .. } =
                self.remembered(&engine, &wish.backup).await?;
            let way = match wish.way {
                RestoreWay::Union => Way::Union,
                RestoreWay::Exact => Way::Exact,
            };
            let matched = u64::try_from(titles.len()).unwrap_or(u64::MAX);
            let restore = Restore { person, way, to, titles, spared };
            let seen = household.preview_restore(&engine, &accounts, &restore).await?;
            Ok::<_, Failure>((seen, restore, listed, entries, matched, not_matched))
        }
        .await;
        drop(at_work);
        drop(job);
        // What went on is told as ended, however it ended.
        self.changed(&[Tag::Live]);
        let (seen, restore, listed, entries, matched, not_matched) = seen?;
        let per_backend = known
            .iter()
            .filter(|b| {
                restore.to.contains(&b.id) || seen.changes.iter().any(|c| c.backend == b.id)
            })
            .map(|backend| count(backend, &seen.changes))
            .collect();
        let mut troubles: Vec<String> =
            seen.runs.iter().filter_map(|report| report.run.error.clone()).collect();
        troubles.dedup();
        let id = uuid::Uuid::new_v4().to_string();
        let aim = Aim { wanted: restore.to.clone(), what: Deed::Restore(Arc::new(restore)) };
        let agreed = Agreed::to(id.clone(), aim, &seen.changes);
        self.keep(Kept {
            at,
            line,
            backends: known,
            agreed,
            changes: seen.changes,
            before: None,
            not_matched: Arc::new(listed),
        });
        let preview = Preview { id, taken_at: at.into(), per_backend, troubles, since: None };
        Ok(RestorePreview { preview, entries, matched, not_matched })
    }

    /// What a listed backup, or a file that was dropped, means here.
    async fn remembered(
        &self,
        engine: &watchstate_engine::Engine,
        id: &str,
    ) -> Result<Remembered, Failure> {
        let household = self.household();
        if !id.starts_with(OFFER) {
            return Ok(household.remember(engine, id).await?);
        }
        let file = {
            let offers = locked(&self.offers);
            let offer = offers.0.iter().find(|offer| offer.id == id).ok_or_else(|| {
                Failure::not_found("The file that was dropped is not there any more")
            })?;
            let mut file = offer.file.reopen().map_err(|error| not_kept(&error))?;
            file.rewind().map_err(|error| not_kept(&error))?;
            file
        };
        Ok(household.remember_file(engine, file).await?)
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
        let (restore, agreed) = self.agreed_restore(preview).await?;
        self.start(agreed.wanted().to_vec(), Work::Restore { restore, agreed })
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
