//! Backups that a person drops into a window: kept in files of their own until they are restored.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;
use watchstate_model::Moment;

use super::{App, locked};
use crate::contract::{Failure, FailureKind, OfferBackup, OfferedBackup};

/// A file that is dropped is never larger: bytes. A larger one is put into the folder of the backups.
const LARGEST: u64 = 512 * 1024 * 1024;
/// So many are kept, the latest ones.
const KEPT: usize = 2;
/// How long one is kept after its last part came: seconds. As long as a preview can be agreed to.
const KEPT_FOR_S: i64 = 60 * 60;
/// How what stands for one begins: no file that is listed begins so.
const OFFER: &str = ".offer-";

/// Files that were dropped into a window, the latest first. They go with the app, if not before.
#[derive(Default)]
pub(super) struct Offers(VecDeque<Offer>);

#[derive(Clone)]
struct Offer {
    id: String,
    at: Moment,
    file: Arc<NamedTempFile>,
    bytes: u64,
}

fn not_kept(error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::Store,
        format!("The file cannot be kept for a while ({})", error.kind()),
        "Make room, or put the file into the folder of the backups",
    )
}

fn gone() -> Failure {
    Failure::not_found("The file that was dropped is not there any more")
}

fn broken_off(_: tokio::task::JoinError) -> Failure {
    Failure::new(FailureKind::Internal, "Keeping the file broke off", "Drop the file again")
}

impl Offers {
    /// Takes out those that go: all that are old, and of the others all but the latest.
    fn let_go(&mut self, now: Moment) -> Vec<Offer> {
        let (young, mut old): (Vec<Offer>, Vec<Offer>) =
            self.0.drain(..).partition(|offer| offer.at.0 + KEPT_FOR_S > now.0);
        self.0.extend(young);
        let most = KEPT.min(self.0.len());
        old.extend(self.0.split_off(most));
        old
    }

    fn take(&mut self, id: &str) -> Option<Offer> {
        let place = self.0.iter().position(|offer| offer.id == id)?;
        self.0.remove(place)
    }
}

impl Offer {
    fn begin(now: Moment) -> std::io::Result<Self> {
        let id = format!("{OFFER}{}", uuid::Uuid::new_v4());
        Ok(Self { id, at: now, file: Arc::new(NamedTempFile::new()?), bytes: 0 })
    }

    fn add(&mut self, part: &[u8]) -> Result<(), Failure> {
        let more = u64::try_from(part.len()).unwrap_or(u64::MAX);
        if self.bytes.saturating_add(more) > LARGEST {
            return Err(Failure::usage(
                format!("This file is larger than {} MiB", LARGEST / 1024 / 1024),
                "Put it into the folder of the backups, and choose it there",
            ));
        }
        self.file.as_file().write_all(part).map_err(|error| not_kept(&error))?;
        self.bytes += more;
        Ok(())
    }
}

impl App {
    /// Takes a part of a file that a person dropped. Its content is not looked at before it is restored.
    pub async fn offer_backup(&self, wish: OfferBackup) -> Result<OfferedBackup, Failure> {
        let now = self.now();
        self.forget_old_offers().await;
        // While a part is written the file is with whoever writes it, and not in the list.
        let known = match &wish.offer {
            Some(id) => Some(locked(&self.offers).take(id).ok_or_else(gone)?),
            None => None,
        };
        let written = spawn_blocking(move || {
            let part = STANDARD.decode(&wish.part).map_err(|_| {
                Failure::usage("This part of the file cannot be understood", "Drop the file again")
            })?;
            let mut offer = match known {
                Some(offer) => offer,
                None => Offer::begin(now).map_err(|error| not_kept(&error))?,
            };
            offer.add(&part)?;
            Ok(Offer { at: now, ..offer })
        });
        let offer: Result<Offer, Failure> = written.await.map_err(broken_off)?;
        let offer = offer?;
        let told = OfferedBackup { offer: offer.id.clone(), bytes: offer.bytes };
        locked(&self.offers).0.push_front(offer);
        self.forget_old_offers().await;
        Ok(told)
    }

    /// The file that was dropped for which this stands, from its beginning; nothing where it stands for another
    /// backup.
    pub(super) async fn offered(&self, id: &str) -> Result<Option<File>, Failure> {
        if !id.starts_with(OFFER) {
            return Ok(None);
        }
        self.forget_old_offers().await;
        let offer = locked(&self.offers).0.iter().find(|offer| offer.id == id).cloned();
        let offer = offer.ok_or_else(gone)?;
        let opened = spawn_blocking(move || {
            let mut file = offer.file.reopen()?;
            file.rewind()?;
            Ok(file)
        });
        let opened: std::io::Result<File> = opened.await.map_err(broken_off)?;
        opened.map(Some).map_err(|error| not_kept(&error))
    }

    /// Forgets a file that was dropped.
    pub(super) async fn forget_offer(&self, id: &str) {
        let offer = locked(&self.offers).take(id);
        remove(offer.into_iter().collect()).await;
    }

    /// Forgets files that were dropped and never restored.
    pub(super) async fn forget_old_offers(&self) {
        let old = locked(&self.offers).let_go(self.now());
        remove(old).await;
    }
}

/// Removes files: large ones may take a while.
async fn remove(offers: Vec<Offer>) {
    if !offers.is_empty() {
        // That it could not be waited for leaves them to the end of the program.
        let _ = spawn_blocking(move || drop(offers)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_go_with_their_files_when_they_are_old_or_too_many() {
        let offer = |at| Offer::begin(Moment(at)).unwrap();
        let all = [offer(9), offer(8), offer(7), offer(0)];
        let (ids, paths): (Vec<String>, Vec<_>) =
            all.iter().map(|offer| (offer.id.clone(), offer.file.path().to_owned())).unzip();
        let mut offers = Offers(all.into());
        let gone = |offers: &mut Offers, now| -> Vec<String> {
            offers.let_go(Moment(now)).iter().map(|offer| offer.id.clone()).collect()
        };
        assert_eq!(gone(&mut offers, KEPT_FOR_S), [ids[3].clone(), ids[2].clone()]);
        assert_eq!(gone(&mut offers, KEPT_FOR_S + 7), [] as [String; 0]);
        assert_eq!(gone(&mut offers, KEPT_FOR_S + 8), [ids[1].clone()], "an hour is over");
        let is_there: Vec<bool> = paths.iter().map(|path| path.exists()).collect();
        assert_eq!(is_there, [true, false, false, false]);
    }
}
