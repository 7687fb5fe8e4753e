//! A look at what would be changed: the same frame around every preview.

use std::sync::Arc;

use uuid::Uuid;
use watchstate_engine::{Account, CancellationToken, Engine};
use watchstate_model::{BackendId, Moment};
use watchstate_store::Backend;

use super::App;
use super::jobs::Job;
use super::runs::AtWork;
use crate::contract::Failure;

/// A look that goes on: nobody else works meanwhile, and it can be stopped like a run. Dropped, it has ended,
/// and windows are told so.
pub(super) struct Looking<'a> {
    pub before: Before,
    pub engine: Engine,
    pub accounts: Vec<Account>,
    _at_work: AtWork<'a>,
    job: Job,
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
        let household = self.household();
        let backends = household.backends().await?;
        let (at, line) = (household.now(), household.store().last_line().await?);
        let before = Before { id: Uuid::new_v4().to_string(), at, line, backends };
        let (engine, accounts, at_work) = self.engine(&job, true).await?;
        Ok(Looking { before, engine, accounts, _at_work: at_work, job })
    }
}

impl Looking<'_> {
    /// What is cancelled when a person stops it.
    pub(super) fn cancel(&self) -> &CancellationToken {
        &self.job.stop.cancel
    }

    /// Ends it.
    pub(super) fn end(self) -> Before {
        let Self { before, .. } = self;
        before
    }
}
