//! A look at everything a backend has: page by page, the next one on its way while this one is taken in.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;
use watchstate_model::{Item, ItemId, ItemKey};
use watchstate_servers::{Detail, Fault, Library, LibraryKind, Page, ServerError, Stretch};
use watchstate_store::Run;

use crate::recognise::take_shows;
use crate::report::Step;
use crate::take_in::{SweepSeen, Taken, Taker};
use crate::{Account, Engine, Result, Trouble};

/// A page that comes quicker than this may be larger next time.
const QUICK: Duration = Duration::from_millis(500);
/// A page that takes longer than this is to be smaller next time.
const SLOW: Duration = Duration::from_secs(5);
/// No page asks for fewer than this, however slow the server is.
const SMALLEST: u32 = 50;

/// How large pages are: as large as the server answers quickly.
struct Pace {
    size: u32,
    most: u32,
}

impl Pace {
    fn took(&mut self, time: Duration) {
        if time < QUICK {
            self.size = self.size.saturating_mul(2).min(self.most);
        } else if time > SLOW {
            self.slower();
        }
    }

    /// Whether smaller pages were still possible.
    fn slower(&mut self) -> bool {
        let before = self.size;
        self.size = (self.size / 4).max(SMALLEST.min(self.most));
        self.size < before
    }
}

impl Engine {
    /// Sweeps all libraries of an account. Ends in an error where the server's lists do not add up; what
    /// was read is kept even then, but nothing is concluded from what was *not* seen.
    pub(crate) async fn sweep(
        &self,
        account: &Account,
        taker: &Taker,
        full: bool,
        run: &mut Run,
    ) -> Result<()> {
        let libraries = self.ask(account.server.libraries()).await?;
        let swept = self.store.libraries_swept(account.backend.id).await?;
        let mut seen = SweepSeen { after: Some(ItemId(0)), ..SweepSeen::default() };
        let mut pace = Pace { size: self.settings.page_first, most: self.settings.page_most };
        let mut before = 0;
        for library in &libraries {
            let known = swept.iter().any(|(key, _)| *key == library.key);
            let detail = if full || !known { Detail::Full } else { Detail::Lean };
            if detail == Detail::Full && library.kind != LibraryKind::Movies {
                self.sweep_shows(account, library, &mut pace).await?;
            }
            before += self
                .sweep_items(account, taker, library, detail, &mut pace, &mut seen, run, before)
                .await?;
            let mut tx = self.store.begin().await?;
            tx.library_swept(account.backend.id, &library.key, &library.name, taker.stance.at)
                .await?;
            tx.commit().await?;
        }
        // A server that is starting up may answer with no libraries at all: nothing is concluded from that.
        // A library that is not listed any more is: what was in it is gone, and gone is never un-watched.
        if !libraries.is_empty() {
            self.end_sweep(taker, &mut seen).await?;
        }
        let mut tx = self.store.begin().await?;
        tx.swept(account.backend.id, taker.stance.at).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn sweep_shows(
        &self,
        account: &Account,
        library: &Library,
        pace: &mut Pace,
    ) -> Result<()> {
        let mut from = 0;
        loop {
            let stretch = Stretch { from, size: pace.size };
            let (server, of) = (Arc::clone(&account.server), library.clone());
            let page = self.ask(beside(async move { server.shows(&of, stretch).await })).await?;
            let mut tx = self.store.begin().await?;
            take_shows(&mut tx, account.backend.id, &page.entries).await?;
            tx.commit().await?;
            from += page.sent;
            if from >= page.total {
                return Ok(());
            }
            if page.sent == 0 {
                return Err(incomplete(library, "it ends before it should"));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one loop, its state, and what it counts")]
    async fn sweep_items(
        &self,
        account: &Account,
        taker: &Taker,
        library: &Library,
        detail: Detail,
        pace: &mut Pace,
        seen: &mut SweepSeen,
        run: &mut Run,
        before: u64,
    ) -> Result<u64> {
        let mut from = 0;
        let mut page = self.page(account, library, from, detail, pace).await?;
        loop {
            self.go_on()?;
            from += page.sent;
            let total = page.total;
            if page.sent == 0 && from < total {
                return Err(incomplete(library, "it ends before it should"));
            }
            // The next page travels while this one is taken in.
            let (taken, next) =
                futures::join!(self.take_page(account, taker, page, seen, run), async {
                    if from < total {
                        Some(self.page(account, library, from, detail, pace).await)
                    } else {
                        None
                    }
                });
            taken?;
            if seen.repeated > 0 {
                return Err(incomplete(library, "it holds something twice"));
            }
            self.report.step(Step::Page {
                backend: account.backend.id,
                seen: run.seen,
                total: before + u64::from(total),
            });
            match next {
                Some(next) => page = next?,
                None => return Ok(u64::from(total)),
            }
        }
    }

    /// One page. A server that cannot send so much at once is asked for less.
    async fn page(
        &self,
        account: &Account,
        library: &Library,
        from: u32,
        detail: Detail,
        pace: &mut Pace,
    ) -> Result<Page<Item>> {
        loop {
            let begun = Instant::now();
            let stretch = Stretch { from, size: pace.size };
            let (server, of) = (Arc::clone(&account.server), library.clone());
            let reading = beside(async move { server.items(&of, stretch, detail).await });
            match self.ask(reading).await {
                Ok(page) => {
                    pace.took(begun.elapsed());
                    return Ok(page);
                }
                Err(Trouble::Server(ServerError { fault: Fault::Timeout, .. }))
                    if pace.slower() => {}
                Err(trouble) => return Err(trouble),
            }
        }
    }

    async fn take_page(
        &self,
        account: &Account,
        taker: &Taker,
        mut page: Page<Item>,
        seen: &mut SweepSeen,
        run: &mut Run,
    ) -> Result<()> {
        self.learn_shows(account, &page.entries).await?;
        let lacking = match self.take_in(taker, &page.entries, Some(&mut *seen), run).await? {
            Taken::Done => return Ok(()),
            Taken::Lacking(keys) => keys,
        };
        self.complete(account, &mut page.entries, lacking).await?;
        self.learn_shows(account, &page.entries).await?;
        self.take_in(taker, &page.entries, Some(seen), run).await?;
        Ok(())
    }

    /// Reads the facts of items that a lean page brought up; what is gone meanwhile is left out.
    pub(crate) async fn complete(
        &self,
        account: &Account,
        items: &mut Vec<Item>,
        lacking: Vec<ItemKey>,
    ) -> Result<()> {
        for keys in lacking.chunks(account.server.read_at_once().max(1)) {
            for read in self.ask(account.server.read(keys)).await? {
                if let Some(item) = items.iter_mut().find(|item| item.key == read.key) {
                    *item = read;
                }
            }
        }
        items.retain(|item| item.facts.is_some() || !lacking.contains(&item.key));
        Ok(())
    }

    /// Reads the series of described episodes whose series were never seen here.
    pub(crate) async fn learn_shows(&self, account: &Account, items: &[Item]) -> Result<()> {
        let mut keys: Vec<&ItemKey> = items
            .iter()
            .filter_map(|item| match &item.facts.as_ref()?.kind {
                watchstate_model::Kind::Episode(episode) => episode.show_key.as_ref(),
                watchstate_model::Kind::Movie => None,
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let texts: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        let known = tx.backend_shows(account.backend.id, &texts).await?;
        drop(tx);
        let unknown: Vec<ItemKey> = keys
            .into_iter()
            .filter(|key| !known.iter().any(|(known, _)| known == *key))
            .cloned()
            .collect();
        for some in unknown.chunks(account.server.read_at_once().max(1)) {
            let shows = self.ask(account.server.read_shows(some)).await?;
            let mut tx = self.store.begin().await?;
            take_shows(&mut tx, account.backend.id, &shows).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Asks for a page in a task of its own: pages are parsed on whatever processor is free, while others are
/// taken in. The task ends with whoever waits for it, so that nothing is asked any more when a run stops.
async fn beside<T: Send + 'static>(
    question: impl Future<Output = Result<T, ServerError>> + Send + 'static,
) -> Result<T, ServerError> {
    match AbortOnDropHandle::new(tokio::spawn(question)).await {
        Ok(answer) => answer,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Only the end of the whole program ends it before its time: then nobody waits for an answer.
            Err(_) => std::future::pending().await,
        },
    }
}

fn incomplete(library: &Library, what: &'static str) -> Trouble {
    Trouble::Incomplete { library: library.name.clone(), what }
}
