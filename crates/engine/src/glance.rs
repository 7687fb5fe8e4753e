//! A cheap look for what changed: what was played or marked last, and how much is watched in all.
//!
//! It finds what no socket tells. Plays and marks come with a date and are at the top of a list; an un-watch
//! clears the date, and shows only in that there is one watched item less than we know of. Then the list of
//! what is watched is read and held against ours.

use std::collections::{HashMap, HashSet};

use watchstate_model::{ItemKey, LibraryKey, Moment};
use watchstate_servers::{Fault, Library, ServerError, Stretch};
use watchstate_store::Run;

use crate::follow::{Followed, is_followed};
use crate::{Account, Engine, Result, Trouble};

/// How many of the last played items a look asks for in each library.
const RECENT: u32 = 50;
/// What was played before the last look is asked for as well, so far back: a server may write its dates late.
/// Seconds.
const OVERLAP_S: i64 = 600;
/// The list of libraries is asked for this often: seconds.
const LIBRARIES_EACH_S: i64 = 3600;
/// Where more is watched than this, what is missing is for the next import to find: the list is too long for
/// a look between two imports.
const LONGEST_LIST: u32 = 20_000;
/// The list of what is watched is not read again sooner than this after it was: seconds.
const LIST_EACH_S: i64 = 60;
/// More differences than this are for the next import to find. They are never followed in parts: of the marks that
/// are gone, the brake has to see all.
const MOST_DIFFERENCES: usize = 5_000;

/// What is remembered between two looks at an account.
#[derive(Debug, Default)]
pub struct Glanced {
    libraries: Option<(Moment, Vec<Library>)>,
    /// The latest play that each library showed, on the server's clock.
    latest: HashMap<LibraryKey, Moment>,
    /// By how many the server's count differed from ours when both lists were held against each other: copies
    /// that only one of them counts.
    surplus: i64,
    listed_at: Option<Moment>,
}

impl Engine {
    /// Looks for changes on an account, which was checked before. [`Fault::Unsupported`] where only an
    /// import can find them.
    pub async fn glance(
        &self,
        accounts: &[Account],
        account: &Account,
        memory: &mut Glanced,
    ) -> Result<Followed> {
        if !is_followed(account) {
            return Ok(Followed::default());
        }
        let at = self.clock.now();
        let backend = account.backend.id;
        let mut run = Run::default();
        let (mut watched, mut differ) = (0_u32, Vec::new());
        {
            let _lane = self.lane(&account.backend).await?;
            let libraries = self.libraries(account, memory, at).await?;
            let taker = self.hinted(account, at);
            for library in &libraries {
                let since = memory.latest.get(&library.key).map(|at| Moment(at.0 - OVERLAP_S));
                let glance = self.ask(account.server.glance(library, since, RECENT)).await?;
                watched = watched.saturating_add(glance.watched);
                let latest = glance.recent.iter().filter_map(|item| item.marks.last_played).max();
                // A date to come, of a clock that was wrong, would hide all that is played until then.
                if let Some(latest) =
                    latest.map(|latest| latest.min(taker.stance.clock.to_theirs(at)))
                {
                    let known = memory.latest.entry(library.key.clone()).or_insert(latest);
                    *known = latest.max(*known);
                }
                self.take_hinted(account, &taker, glance.recent, &mut run).await?;
            }
            let ours = self.store.count_shown_watched(backend).await?;
            let rested = memory.listed_at.is_none_or(|before| at.0 - before.0 >= LIST_EACH_S);
            if surplus(watched, ours) != memory.surplus
                && rested
                && watched.max(ours) <= LONGEST_LIST
            {
                memory.listed_at = Some(at);
                differ = self.differences(account, &libraries).await?;
                memory.surplus = surplus(watched, ours);
            }
        }
        let mut followed = self.decide_hinted(accounts, account, at, &run).await?;
        if !differ.is_empty() {
            followed.and(self.follow(accounts, account, &differ).await?);
            // What still differs in number are copies that only one of the two counts.
            memory.surplus = surplus(watched, self.store.count_shown_watched(backend).await?);
        }
        Ok(followed)
    }

    async fn libraries(
        &self,
        account: &Account,
        memory: &mut Glanced,
        at: Moment,
    ) -> Result<Vec<Library>> {
        if let Some((asked, libraries)) = &memory.libraries
            && at.0 - asked.0 < LIBRARIES_EACH_S
        {
            return Ok(libraries.clone());
        }
        let libraries = self.ask(account.server.libraries()).await?;
        memory.libraries = Some((at, libraries.clone()));
        Ok(libraries)
    }

    /// The keys of items whose mark is another one here and there, of those that both know; none where they are
    /// too many.
    async fn differences(&self, account: &Account, libraries: &[Library]) -> Result<Vec<ItemKey>> {
        let mut there: HashSet<ItemKey> = HashSet::new();
        for library in libraries {
            let mut from = 0;
            loop {
                let stretch = Stretch { from, size: self.settings.page_most.max(1) };
                let page = self.ask(account.server.watched(library, stretch)).await?;
                from += page.sent;
                there.extend(page.entries);
                if from >= page.total {
                    break;
                }
                if page.sent == 0 {
                    return Err(Trouble::Server(
                        ServerError::new(Fault::BadAnswer, "reading what is watched")
                            .with("the list ends before it should"),
                    ));
                }
            }
        }
        let here = self.store.keys_shown_watched(account.backend.id).await?;
        let here: HashSet<ItemKey> = here.into_iter().collect();
        let mut differ: Vec<ItemKey> = here.symmetric_difference(&there).cloned().collect();
        differ.sort_unstable();
        if differ.len() > MOST_DIFFERENCES {
            differ.clear();
        }
        Ok(differ)
    }
}

/// By how many their count is larger than ours.
fn surplus(theirs: u32, ours: u32) -> i64 {
    i64::from(theirs) - i64::from(ours)
}
