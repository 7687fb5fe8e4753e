//! Takes in, decides, delivers.
//!
//! The engine moves by explicit calls, each with the time it happens at: [`Engine::import`],
//! [`Engine::export`], [`Engine::sync`], [`Engine::preview`]. It knows no window, no terminal and no
//! keyring: it is given accounts that are ready to be asked, tells what it does through [`Report`], and
//! stops where a [`CancellationToken`] says so.
//!
//! What is decided, the model decides; what is remembered, the store remembers; this crate carries things
//! from one to the other in an order in which the process may die at any moment.
#![deny(missing_docs)]

pub mod answer;
mod arrivals;
pub mod attend;
pub mod attention;
mod before_writing;
mod by_hand;
pub mod clock;
mod decide;
mod deliver;
mod export;
pub mod follow;
pub mod glance;
mod import;
pub mod live;
mod look_only;
mod planning;
mod preview;
mod recognise;
pub mod report;
pub mod restore;
mod sweep;
mod take_in;
mod trouble;
mod undo;
mod unwatch;

use std::sync::Arc;

pub use answer::{Answer, Say};
pub use attention::Attention;
use attention::Lane;
pub use clock::{Clock, SystemClock};
pub use preview::{Preview, PreviewChange};
pub use report::{Report, RunReport, Silent, Step};
pub use restore::{Recalled, Restore, Restored};
pub use tokio_util::sync::CancellationToken;
pub use trouble::Trouble;
pub use undo::{Left, Undo, UndoPreview, Undone};
use watchstate_model::{Abilities, BrakePolicy, Case, ClockOffset, PersonId, Verdict};
use watchstate_servers::{MediaServer, ServerInfo, User};
use watchstate_store::{Backend, Store, Stranger};

/// What calls to the engine answer.
pub type Result<T, E = Trouble> = std::result::Result<T, E>;

/// A backend together with the client that reaches it.
#[derive(Clone)]
pub struct Account {
    /// As the user added it.
    pub backend: Backend,
    /// The client; [`MediaServer::check`] is called by the engine.
    pub server: Arc<dyn MediaServer>,
    /// How far the server's clock is ahead, since it was last checked.
    clock: ClockOffset,
    /// What its server can be told, since it was last checked.
    abilities: Abilities,
}

impl Account {
    /// A backend that was not asked anything yet.
    pub fn new(backend: Backend, server: Arc<dyn MediaServer>) -> Self {
        // As it answered last: it may be out of reach now, and what it is owed is planned all the same.
        let abilities = backend.abilities.unwrap_or_else(|| server.abilities());
        Self { backend, server, clock: ClockOffset(0), abilities }
    }

    /// Asks whether it is there, and is who it was.
    async fn check(&mut self, engine: &Engine) -> Result<()> {
        let info = match engine.ask(self.server.check()).await {
            Err(trouble) if trouble.is_about_credentials() => {
                return Err(self.whose_door_is_it(engine, trouble).await?);
            }
            info => info?,
        };
        let user = engine.ask(self.server.user()).await?;
        let other_server = self.backend.server_id.as_ref().is_some_and(|known| *known != info.id);
        let other_user = self.backend.user_id.as_ref().is_some_and(|known| *known != user.id);
        if other_server || other_user {
            // Nothing is read and nothing is written until a person has said who that is.
            self.keep_the_stranger(engine, &info, user).await?;
            let trouble = if other_server { Trouble::AnotherServer } else { Trouble::AnotherUser };
            return Err(trouble);
        }
        self.forget_a_stranger(engine).await?;
        self.clock = info.clock;
        self.abilities = self.server.abilities();
        if self.backend.abilities != Some(self.abilities) {
            let mut tx = engine.store.begin().await?;
            tx.set_abilities(self.backend.id, &self.abilities).await?;
            tx.commit().await?;
            self.backend.abilities = Some(self.abilities);
        }
        Ok(())
    }
}

impl Account {
    /// Credentials that are of no use may be so because another server answers by now: that is another trouble.
    async fn whose_door_is_it(&self, engine: &Engine, trouble: Trouble) -> Result<Trouble> {
        let Ok(Some(info)) = engine.ask(self.server.who_answers()).await else {
            return Ok(trouble);
        };
        if self.backend.server_id.as_ref().is_none_or(|known| *known == info.id) {
            return Ok(trouble);
        }
        let nobody = User { id: String::new(), name: String::new() };
        self.keep_the_stranger(engine, &info, nobody).await?;
        Ok(Trouble::AnotherServer)
    }

    async fn keep_the_stranger(
        &self,
        engine: &Engine,
        info: &ServerInfo,
        user: User,
    ) -> Result<()> {
        let stranger = Stranger {
            backend: self.backend.id,
            server_id: info.id.clone(),
            server_name: info.name.clone(),
            user_id: user.id,
            user_name: user.name,
        };
        let mut tx = engine.store.begin().await?;
        tx.met_a_stranger(&stranger, engine.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The one that is known answers again: there is nothing to ask a person any more.
    async fn forget_a_stranger(&self, engine: &Engine) -> Result<()> {
        let strangers = engine.store.strangers().await?;
        if strangers.iter().any(|stranger| stranger.backend == self.backend.id) {
            let mut tx = engine.store.begin().await?;
            tx.no_stranger(self.backend.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// What users can tune.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Which positions are told.
    pub progress: watchstate_model::marks::ProgressRule,
    /// How many un-watches pass without asking.
    pub brake: BrakePolicy,
    /// More owed writes than this make an export a full one (`WS_EXPORT_THRESHOLD`).
    pub export_threshold: u64,
    /// How many items the first page asks for.
    pub page_first: u32,
    /// How many items a page may ask for at most (`WS_LIBRARY_SEGMENT`).
    pub page_most: u32,
    /// How many backends are read at once.
    pub backends_at_once: usize,
    /// How many writes are under way to one backend at once.
    pub writes_at_once: usize,
    /// How many snapshots of a backend are kept at most (`WS_KEEP_SNAPSHOTS`).
    pub snapshots_kept: u32,
    /// For how many days snapshots are kept at most (`WS_SNAPSHOTS_DAYS`).
    pub snapshots_days: u32,
    /// For how many days what was changed can be taken back (`WS_UNDO_DAYS`).
    pub undo_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            progress: watchstate_model::marks::ProgressRule::default(),
            brake: BrakePolicy::default(),
            export_threshold: 1000,
            page_first: 1000,
            page_most: 1000,
            backends_at_once: 4,
            writes_at_once: 4,
            snapshots_kept: 100,
            snapshots_days: 90,
            undo_days: 90,
        }
    }
}

/// How far a person allows a run to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Consent {
    /// Backends that were never exported to may be written, and what the brake holds is let go.
    pub yes: bool,
    /// Everything is read anew and compared, however little seems to have changed.
    pub full: bool,
}

/// The engine of one household.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    clock: Arc<dyn Clock>,
    settings: Settings,
    report: Arc<dyn Report>,
    cancel: CancellationToken,
    give_up: CancellationToken,
    merge: Merge,
    attention: Attention,
}

/// The rule that decides what an observation means: [`watchstate_model::merge::merge`], and in the test
/// that proves that the simulator can fail a broken one.
pub type Merge = fn(&Case) -> Verdict;

impl Engine {
    /// An engine over a store.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        settings: Settings,
        report: Arc<dyn Report>,
        cancel: CancellationToken,
    ) -> Self {
        let merge = watchstate_model::merge::merge;
        let attention = Attention::default();
        let give_up = cancel.clone();
        Self { store, clock, settings, report, cancel, give_up, merge, attention }
    }

    /// The same engine with another rule: for tests only.
    #[must_use]
    pub fn deciding_by(self, merge: Merge) -> Self {
        Self { merge, ..self }
    }

    /// The same engine, beside others of the same household.
    #[must_use]
    pub fn beside(self, attention: &Attention) -> Self {
        Self { attention: attention.clone(), ..self }
    }

    /// The same engine, which once it is told to stop lets come to an end what is on its way to a server, until
    /// it is told to give that up as well. Without, both are one.
    #[must_use]
    pub fn finishing_until(self, give_up: CancellationToken) -> Self {
        Self { give_up, ..self }
    }

    /// The store it works on.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Waits for an answer, or stops when it is told to.
    async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, watchstate_servers::ServerError>> + Send,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Trouble::Cancelled),
            answer = question => Ok(answer?),
        }
    }

    /// Waits for the answer to what must not be left half done: a write, and what reads it back.
    async fn finish<T>(
        &self,
        question: impl Future<Output = Result<T, watchstate_servers::ServerError>> + Send,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = self.give_up.cancelled() => Err(Trouble::Cancelled),
            answer = question => Ok(answer?),
        }
    }

    /// Waits for the lane of a backend, or stops when it is told to.
    async fn lane(&self, backend: &Backend) -> Result<Lane> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Trouble::Cancelled),
            lane = self.attention.lane(backend) => Ok(lane),
        }
    }

    fn go_on(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Trouble::Cancelled) } else { Ok(()) }
    }
}

/// The people that own these accounts, each once, in order.
fn people(accounts: &[Account]) -> Vec<PersonId> {
    let mut people: Vec<_> = accounts.iter().map(|account| account.backend.person).collect();
    people.sort_unstable();
    people.dedup();
    people
}
