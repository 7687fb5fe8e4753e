//! Writes a backup of each backend, a page of titles at a time.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use watchstate_engine::CancellationToken;
use watchstate_model::{BackendId, ExternalIds, Moment, PersonId, TitleId};
use watchstate_store::{Backend, KeptTitle};

use super::format::{self, Account, FORMAT, Foot, Head, VERSION};
use super::shelf::{Shelf, Tidied, file_name};
use super::whole_file::WholeFile;
use crate::{ApiError, Code, Household, Result};

/// So many titles are in memory at once.
const AT_ONCE: u32 = 500;
/// So many pages wait for a slow disk.
const AHEAD: usize = 4;

/// A backup that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackedUp {
    /// Of which backend.
    pub backend: BackendId,
    /// Its name.
    pub name: String,
    /// The name of the file.
    pub file: String,
    /// How many titles are in it.
    pub titles: u64,
    /// How large it is: bytes.
    pub bytes: u64,
}

/// The backups that were written at once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BackedUpAll {
    /// Each of them.
    pub files: Vec<BackedUp>,
    /// What kept old backups from going, in a sentence with what to do: the new ones are whole all the same.
    pub trouble: Option<String>,
}

/// Whose titles are written.
pub(super) enum Whose<'a> {
    /// Those that an account has, with what is held of them.
    Account(&'a Backend),
    /// All of a person.
    Person(PersonId),
}

/// Writes a title behind those of its page, with the ids of its series; the number is how many titles of the file
/// came before.
pub(super) type Put<'a> =
    dyn FnMut(&mut Vec<u8>, &KeptTitle, Option<&ExternalIds>, u64) -> Result<()> + Send + 'a;

/// What is on its way to the disk.
enum Piece {
    Bytes(Vec<u8>),
    /// There is no more: the file is whole.
    End,
}

/// A file that is written beside everything else; pages are handed over.
pub(super) struct Writing {
    pieces: mpsc::Sender<Piece>,
    done: tokio::task::JoinHandle<io::Result<u64>>,
    place: String,
}

impl Writing {
    /// Begins a file of a name in a folder.
    pub(super) fn begin(shelf: &Shelf, name: String, replace: bool) -> Self {
        let (pieces, mut coming) = mpsc::channel(AHEAD);
        let folder = shelf.folder().to_owned();
        let place = folder.display().to_string();
        let done = tokio::task::spawn_blocking(move || {
            let mut file = WholeFile::begin(&folder)?;
            while let Some(piece) = coming.blocking_recv() {
                match piece {
                    Piece::Bytes(bytes) => file.add(&bytes)?,
                    Piece::End => return file.keep(&name, replace),
                }
            }
            // Whoever wrote has given up: what is there is not whole, and goes.
            Err(io::ErrorKind::Interrupted.into())
        });
        Self { pieces, done, place }
    }

    /// Adds to it. That the disk failed is told at the end.
    pub(super) async fn add(&mut self, bytes: Vec<u8>) {
        let _ = self.pieces.send(Piece::Bytes(bytes)).await;
    }

    /// Adds titles, page by page, each as `put` writes it. Answers how many there are. Given up when the disk
    /// has failed, which is told at the end.
    pub(super) async fn titles(
        &mut self,
        household: &Household,
        whose: Whose<'_>,
        cancel: &CancellationToken,
        put: &mut Put<'_>,
    ) -> Result<u64> {
        let store = household.store();
        let show_ids = store.ids_of_shows().await?;
        let (mut after, mut count) = (TitleId(i64::MIN), 0_u64);
        while !self.pieces.is_closed() {
            if cancel.is_cancelled() {
                return Err(ApiError::new(Code::Stopped, "stopped; begin again when you like"));
            }
            let some = match whose {
                Whose::Account(of) => {
                    store.kept_on(of.id, of.person, of.import, after, AT_ONCE).await?
                }
                Whose::Person(person) => store.kept_of(person, after, AT_ONCE).await?,
            };
            let Some(last) = some.last() else { break };
            after = last.title;
            let mut page = Vec::new();
            for title in &some {
                let of_show = title.show.and_then(|show| show_ids.get(&show));
                put(&mut page, title, of_show, count)?;
                count += 1;
            }
            self.add(page).await;
        }
        Ok(count)
    }

    /// Makes it a whole file. Answers its size in bytes.
    pub(super) async fn end(self) -> Result<u64> {
        let _ = self.pieces.send(Piece::End).await;
        let written = match self.done.await {
            Ok(written) => written,
            Err(_) => Err(io::ErrorKind::Interrupted.into()),
        };
        written.map_err(|error| not_written(&self.place, &error))
    }
}

fn not_written(folder: &str, error: &io::Error) -> ApiError {
    let todo = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room there, or choose another folder in Settings"
        }
        io::ErrorKind::AlreadyExists => "wait a second and try again",
        _ => "make it writable for you, or choose another folder in Settings",
    };
    let what = format!("the backup cannot be written to {folder} ({}); {todo}", error.kind());
    ApiError::new(Code::Store, what)
}

/// What kept old backups from going.
fn not_tidied(folder: &str, tidied: &io::Result<Tidied>) -> Option<String> {
    let (what, kind) = match tidied {
        Ok(tidied) => {
            let (name, kind) = tidied.stuck.first()?;
            let what = match tidied.stuck.len() - 1 {
                0 => format!("{name} is old and cannot be removed"),
                more => format!("{name} and {more} more are old and cannot be removed"),
            };
            (what, *kind)
        }
        Err(error) => ("old backups cannot be looked through".to_owned(), error.kind()),
    };
    Some(format!("{what} ({kind}); make {folder} writable for you"))
}

impl Household {
    /// Writes a backup of every backend that was ever read, and lets go of old ones. One that is not whole is
    /// not there. Stopped, those that are whole stay.
    pub async fn back_up(&self, cancel: &CancellationToken) -> Result<BackedUpAll> {
        let shelf = Arc::new(self.shelf());
        let mut files = Vec::new();
        for backend in self.backends().await? {
            if backend.swept_at.or(backend.imported_at).is_some() {
                files.push(self.back_up_one(&shelf, &backend, cancel).await?);
            }
        }
        let (now, folder) = (self.now(), shelf.folder().display().to_string());
        let tidied = tokio::task::spawn_blocking(move || shelf.tidy(now)).await;
        let tidied = tidied.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
        let trouble = not_tidied(&folder, &tidied);
        if let Some(trouble) = &trouble {
            tracing::warn!(trouble, "old backups stay");
        }
        Ok(BackedUpAll { files, trouble })
    }

    async fn back_up_one(
        &self,
        shelf: &Shelf,
        backend: &Backend,
        cancel: &CancellationToken,
    ) -> Result<BackedUp> {
        let store = self.store();
        let person = store.person_name(backend.person).await?.unwrap_or_else(|| "main".to_owned());
        let mut at = self.now();
        let name = |at| file_name(&person, backend.id, &backend.name, at);
        // The second of two in one second has the next one in its name: none takes the other's place.
        while shelf.folder().join(name(at)).exists() {
            at = Moment(at.0 + 1);
        }
        let file = name(at);
        let head = Head {
            format: FORMAT,
            version: VERSION,
            made_at: at.0,
            app: env!("CARGO_PKG_VERSION"),
            person: &person,
            backend: Account { name: &backend.name, kind: &backend.kind },
        };
        let mut writing = Writing::begin(shelf, file.clone(), false);
        writing.add(format::head(&head).map_err(unspeakable)?).await;
        let titles = writing
            .titles(self, Whose::Account(backend), cancel, &mut |page, title, show_ids, before| {
                if before > 0 {
                    page.extend_from_slice(b",\n");
                }
                page.extend(format::entry(title, show_ids).map_err(unspeakable)?);
                Ok(())
            })
            .await?;
        let not_identified = store.count_in_review(backend.id).await?;
        let foot = Foot { count: titles, not_identified };
        writing.add(format::foot(&foot).map_err(unspeakable)?).await;
        let bytes = writing.end().await?;
        Ok(BackedUp { backend: backend.id, name: backend.name.clone(), file, titles, bytes })
    }
}

/// A value that has no form in JSON: there is none.
fn unspeakable(_: serde_json::Error) -> ApiError {
    ApiError::new(Code::Store, "a title cannot be written down; please report this")
}

/// A time as it stands in names of files.
pub(super) fn stamp(at: Moment) -> String {
    let at = Timestamp::from_second(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y%m%d-%H%M%S").to_string()
}
