//! A server that cannot be asked, because its token is missing.

use std::sync::Arc;

use async_trait::async_trait;
use watchstate_model::ItemKey;
use watchstate_model::{Abilities, Item, Show};
use watchstate_servers::{
    Detail, Fault, Library, MediaServer, Meter, Page, Playing, ServerError, ServerInfo, Stretch,
    User, Wanted, Write,
};

/// Stands in for a backend whose token is nowhere. It must be among the accounts all the same: what it is
/// owed is planned without asking it, and its part of a run fails with a message that says what to do.
pub(crate) struct Unanswering {
    /// The client without its token: it knows what such a server can be told.
    inner: Arc<dyn MediaServer>,
}

impl Unanswering {
    pub(crate) fn new(inner: Arc<dyn MediaServer>) -> Self {
        Self { inner }
    }

    fn no<T>(op: &'static str) -> Result<T, ServerError> {
        let what = "its token is not where tokens are kept; sign in again (backend set)";
        Err(ServerError::new(Fault::Unauthorized, op).with(what))
    }
}

const OP: &str = "looking for its token";

#[async_trait]
impl MediaServer for Unanswering {
    fn abilities(&self) -> Abilities {
        self.inner.abilities()
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        Self::no(OP)
    }

    async fn who_answers(&self) -> Result<Option<ServerInfo>, ServerError> {
        self.inner.who_answers().await
    }

    async fn user(&self) -> Result<User, ServerError> {
        Self::no(OP)
    }

    async fn users(&self) -> Result<Vec<User>, ServerError> {
        Self::no(OP)
    }

    async fn libraries(&self) -> Result<Vec<Library>, ServerError> {
        Self::no(OP)
    }

    async fn shows(&self, _: &Library, _: Stretch) -> Result<Page<Show>, ServerError> {
        Self::no(OP)
    }

    async fn items(&self, _: &Library, _: Stretch, _: Detail) -> Result<Page<Item>, ServerError> {
        Self::no(OP)
    }

    async fn read(&self, _: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        Self::no(OP)
    }

    async fn read_shows(&self, _: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        Self::no(OP)
    }

    async fn find(&self, _: &Wanted) -> Result<Vec<Item>, ServerError> {
        Self::no(OP)
    }

    async fn write(&self, _: &Write) -> Result<(), ServerError> {
        Self::no(OP)
    }

    async fn playing(&self) -> Result<Playing, ServerError> {
        Self::no(OP)
    }

    fn meter(&self) -> &Meter {
        self.inner.meter()
    }
}
