//! A look at what would be changed: the same frame around every preview.

use std::sync::Arc;

use uuid::Uuid;
use watchstate_engine::{Account, CancellationToken, Engine};
use watchstate_model::{BackendId, Moment};
use watchstate_store::Backend;

use super::App;
use super::runs::{AtWork, Job};
use crate::contract::{Failure, Tag};

/// A look that goes on: nobody else works meanwhile, and it can be stopped like a run. Dropped, it has ended,
/// and windows are told so.
pub(super) struct Looking<'a> {
    pub before: Before,
    pub engine: Engine,
    pub accounts: Vec<Account>,
    _at_work: AtWork<'a>,
    claimed: Claimed<'a>,
}

/// The claim of a look. Its parts are dropped in this order: only what has ended is told as ended.
struct Claimed<'a> {
    job: Job,
    _told: ToldAsEnded<'a>,
}

struct ToldAsEnded<'a>(&'a App);

impl Drop for ToldAsEnded<'_> {
    fn drop(&mut self) {
        self.0.changed(&[Tag::Live]);
    }
}

/// What was known when the look began: another journal or other backends say that something happened since.
pub(super) struct Before {
    /// What stands for the preview.
    pub id: String,
    pub at: Moment,
    /// The journal's last line.
    pub line: i64,
    pub backends: Vec<Backend>,
}

impl App {
    /// Begins a look at what would be written to these backends, when it is one's turn.
    pub(super) async fn look_at(
        self: &Arc<Self>,
        wanted: &[BackendId],
    ) -> Result<Looking<'_>, Failure> {
        let job = self.claim(wanted.to_vec())?;
        let claimed = Claimed { job, _told: ToldAsEnded(self) };
        let household = self.household();
        let backends = household.backends().await?;
        let (at, line) = (household.now(), household.store().last_line().await?);
        let before = Before { id: Uuid::new_v4().to_string(), at, line, backends };
        let (engine, accounts, at_work) = self.engine(&claimed.job, true).await?;
        Ok(Looking { before, engine, accounts, _at_work: at_work, claimed })
    }
}

impl Looking<'_> {
    /// What is cancelled when a person stops it.
    pub(super) fn cancel(&self) -> &CancellationToken {
        &self.claimed.job.cancel
    }

    /// Ends it.
    pub(super) fn end(self) -> Before {
        let Self { before, .. } = self;
        before
    }
}
