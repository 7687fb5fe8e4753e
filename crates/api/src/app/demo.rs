//! The app on demo servers: a household of its own in a folder that goes again.

use std::any::Any;
use std::sync::Arc;
use std::sync::PoisonError;

use async_trait::async_trait;
use tempfile::TempDir;

use super::{App, House, locked};
use crate::contract::{Failure, FailureKind, Tag};
use crate::{Household, NewAccount, SecretsPlace};

/// What starts demo servers. The product links none by itself: a shell that has them built in gives this.
#[async_trait]
pub trait Demo: Send + Sync {
    /// Starts servers, and says how their accounts are added; an error is a sentence.
    async fn start(&self) -> Result<DemoServers, String>;
}

/// Demo servers that run.
pub struct DemoServers {
    /// Their accounts.
    pub accounts: Vec<NewAccount>,
    /// They run as long as this is not dropped.
    pub keep: Box<dyn Any + Send + Sync>,
}

/// A demo that goes on.
pub(super) struct Running {
    /// A person's own household, which rests meanwhile.
    pub before: Arc<Household>,
    _servers: Box<dyn Any + Send + Sync>,
    _folder: TempDir,
}

impl App {
    /// Runs the app on demo servers until it is started anew. The household at work before rests, and
    /// nothing of it is touched.
    pub async fn start_demo(&self) -> Result<(), Failure> {
        let Some(demo) = self.shell.demo.clone() else {
            return Err(Failure::usage(
                "This build of WatchState has no demo servers",
                "Add a server of your own",
            ));
        };
        let _turn = self.turn.try_lock().map_err(|_| busy())?;
        let before = self.house.read().unwrap_or_else(PoisonError::into_inner).clone();
        if before.demo.is_some() {
            return Ok(());
        }
        let failed = |what: String| Failure::new(FailureKind::Internal, what, "try again");
        let servers = demo.start().await.map_err(|why| failed(format!("No demo: {why}")))?;
        let folder = tempfile::Builder::new()
            .prefix("watchstate-demo-")
            .tempdir()
            .map_err(|error| failed(format!("No demo: no folder for it ({})", error.kind())))?;
        let around = before.household.around.clone();
        let data = folder.path().join("data");
        let household = Household::open(&data, Some(SecretsPlace::File), around)
            .await?
            .with_backups_in(folder.path().join("backups"));
        for account in servers.accounts {
            household.add_backend(account).await?;
        }
        let running = Running { before: before.household, _servers: servers.keep, _folder: folder };
        *self.house.write().unwrap_or_else(PoisonError::into_inner) =
            House { household: Arc::new(household), demo: Some(Arc::new(running)) };
        // The clock goes on as before: its next run is not forgotten with the mood of the other household.
        let next_run = self.next_of_the_clock();
        *locked(&self.mood) = super::Mood { next_run, ..super::Mood::default() };
        *locked(&self.previews) = super::Previews::default();
        *locked(&self.realtime) = super::Realtime::default();
        // What comes to the addresses of the other household is not for this one.
        self.webhooks.begin_anew();
        self.listen_anew();
        self.changed(Tag::ALL);
        Ok(())
    }
}

/// Something else goes on.
pub(super) fn busy() -> Failure {
    Failure::new(
        FailureKind::Busy,
        "Something goes on already",
        "Wait until it is done, or stop it",
    )
}
