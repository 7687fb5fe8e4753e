//! Which titles a backup means.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use tokio::select;
use tokio::sync::mpsc;
use watchstate_engine::restore::Wanted;
use watchstate_engine::{Account, CancellationToken, Engine, Preview, Recalled, Restore, Restored};
use watchstate_model::{Because, Kept, Moment, TitleId};

use super::read::{Said, Whole, read_file};
use crate::household::scratch_folder;
use crate::{ApiError, Code, Household, Refusal, Result};

/// So many entries are recognised at once.
const AT_ONCE: usize = 500;
/// So many that are not recognised are listed; all are counted.
const LISTED: usize = 10_000;

/// What a backup means in this household.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remembered {
    /// When it was made, where it says so.
    pub made_at: Option<Moment>,
    /// How many entries it has.
    pub entries: u64,
    /// What it says, title by title.
    pub titles: BTreeMap<TitleId, Kept>,
    /// Titles that entries might mean which were not recognised.
    pub spared: BTreeSet<TitleId>,
    /// How many entries were not recognised.
    pub not_matched: u64,
    /// The first of them.
    pub listed: Vec<NotMatched>,
}

/// An entry that was not recognised: nothing is done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotMatched {
    /// Its name, as the backup writes it.
    pub name: String,
    /// Whether the backup says that it is watched.
    pub watched: bool,
    /// Why.
    pub because: Because,
}

impl Remembered {
    fn take(&mut self, said: Said, recalled: Recalled) {
        match recalled {
            Recalled::Title(title) => {
                let kept = self.titles.get(&title).map_or(said.kept, |k| k.joined_with(said.kept));
                self.titles.insert(title, kept);
            }
            Recalled::Not(because, might_be) => {
                self.spared.extend(might_be);
                self.not_matched += 1;
                if self.listed.len() < LISTED {
                    let watched = said.kept.watch.is_watched();
                    self.listed.push(NotMatched { name: said.name, watched, because });
                }
            }
        }
    }

    async fn take_all(&mut self, engine: &Engine, some: Vec<Said>) -> Result<()> {
        let wanted: Vec<&Wanted> = some.iter().filter_map(|said| said.wanted.as_ref()).collect();
        let mut recalled = engine.recall(&wanted).await?.into_iter();
        for said in some {
            let meant = match said.wanted {
                Some(_) => recalled.next(),
                None => None,
            };
            self.take(said, meant.unwrap_or(Recalled::Not(Because::NoPlace, Vec::new())));
        }
        Ok(())
    }
}

impl Household {
    /// Reads a backup of this household's shelf to its end, and finds out which titles it means. Nothing is
    /// changed; one that cannot be read as a whole is refused as a whole. Stopped by `cancel` at once.
    pub async fn remember(
        &self,
        engine: &Engine,
        id: &str,
        cancel: &CancellationToken,
    ) -> Result<Remembered> {
        let (shelf, id) = (self.shelf(), id.to_owned());
        let file = tokio::task::spawn_blocking(move || shelf.open(&id)).await;
        self.remember_file(engine, file.map_err(broken_off)??, cancel).await
    }

    /// The same of a file that a person chose themselves.
    pub async fn remember_file(
        &self,
        engine: &Engine,
        file: File,
        cancel: &CancellationToken,
    ) -> Result<Remembered> {
        let (some, mut coming) = mpsc::channel::<Vec<Said>>(2);
        let asked_to_stop = cancel.clone();
        let reading = tokio::task::spawn_blocking(move || -> Result<Whole, Refusal> {
            let mut page = Vec::with_capacity(AT_ONCE);
            let whole = read_file(file, &mut |said| {
                page.push(said);
                if page.len() < AT_ONCE {
                    return !asked_to_stop.is_cancelled();
                }
                let page = std::mem::replace(&mut page, Vec::with_capacity(AT_ONCE));
                some.blocking_send(page).is_ok()
            })?;
            // Whoever does not listen any more has failed, and says so.
            let _ = some.blocking_send(page);
            Ok(whole)
        });
        let mut remembered = Remembered::default();
        loop {
            let page = select! {
                biased;
                // Not waited for: a slow disk may keep it reading for a while, and nobody listens.
                () = cancel.cancelled() => return Err(stopped()),
                page = coming.recv() => page,
            };
            let Some(page) = page else { break };
            remembered.take_all(engine, page).await?;
        }
        let whole = reading.await.map_err(broken_off)??;
        remembered.made_at = whole.made_at;
        remembered.entries = whole.count;
        Ok(remembered)
    }

    /// What a restore would do, on a copy that is removed again.
    pub async fn preview_restore(
        &self,
        engine: &Engine,
        accounts: &[Account],
        wish: &Restore,
    ) -> Result<Preview> {
        let folder = scratch_folder()?;
        let file = folder.path().join("preview.sqlite");
        Ok(engine.preview_restore(accounts, wish, &file).await?)
    }

    /// Restores what a person was shown and agreed to.
    pub async fn restore(
        &self,
        engine: &Engine,
        accounts: &mut [Account],
        wish: &Restore,
    ) -> Result<Restored> {
        Ok(engine.restore_backup(accounts, wish).await?)
    }

    /// Which backends a backup can be restored to, of those that a person chose: all of one person, read at
    /// least once, and with export on.
    pub async fn restorable(&self, names: &[&str]) -> Result<Vec<watchstate_store::Backend>> {
        let all = self.backends().await?;
        let mut chosen = Vec::new();
        for name in names {
            let found = all.iter().find(|b| b.name.eq_ignore_ascii_case(name));
            let Some(backend) = found else {
                return Err(ApiError::usage(format!(
                    "there is no backend {name}; look at the list (backend list)"
                )));
            };
            if backend.swept_at.is_none() {
                return Err(ApiError::usage(format!(
                    "{name} was never read to its end; import from it first"
                )));
            }
            if !backend.export {
                return Err(ApiError::usage(format!(
                    "export is off for {name}; switch it on first (backend set {name} --export on)"
                )));
            }
            chosen.push(backend.clone());
        }
        let Some(first) = chosen.first() else {
            return Err(ApiError::usage("no backend is chosen; choose at least one"));
        };
        if chosen.iter().any(|backend| backend.person != first.person) {
            return Err(ApiError::usage(
                "these backends belong to different people; restore to one person at a time",
            ));
        }
        Ok(chosen)
    }
}

fn stopped() -> ApiError {
    ApiError::new(Code::Stopped, "stopped; begin again when you like")
}

fn broken_off(_: tokio::task::JoinError) -> ApiError {
    ApiError::new(Code::Stopped, "reading the backup broke off; try again")
}
