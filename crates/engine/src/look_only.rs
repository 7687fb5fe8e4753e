//! A server that is only looked at.

use std::sync::Arc;

use async_trait::async_trait;
use watchstate_model::{Abilities, Item, ItemKey, Show};
use watchstate_servers::{
    Detail, Fault, Library, MediaServer, Meter, Page, Playing, ServerError, ServerInfo, Stretch,
    User, Wanted, Write,
};

/// Passes every question on and refuses every write: a preview cannot write, whatever else goes wrong.
pub(crate) struct LookOnly(pub Arc<dyn MediaServer>);

#[async_trait]
impl MediaServer for LookOnly {
    fn abilities(&self) -> Abilities {
        self.0.abilities()
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        self.0.check().await
    }

    async fn who_answers(&self) -> Result<Option<ServerInfo>, ServerError> {
        self.0.who_answers().await
    }

    async fn user(&self) -> Result<User, ServerError> {
        self.0.user().await
    }

    async fn users(&self) -> Result<Vec<User>, ServerError> {
        self.0.users().await
    }

    async fn libraries(&self) -> Result<Vec<Library>, ServerError> {
        self.0.libraries().await
    }

    async fn shows(&self, library: &Library, stretch: Stretch) -> Result<Page<Show>, ServerError> {
        self.0.shows(library, stretch).await
    }

    async fn items(
        &self,
        library: &Library,
        stretch: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError> {
        self.0.items(library, stretch, detail).await
    }

    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        self.0.read(keys).await
    }

    fn read_at_once(&self) -> usize {
        self.0.read_at_once()
    }

    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        self.0.read_shows(keys).await
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        self.0.find(wanted).await
    }

    async fn write(&self, _: &Write) -> Result<(), ServerError> {
        Err(ServerError::new(Fault::Unsupported, "previewing"))
    }

    async fn playing(&self) -> Result<Playing, ServerError> {
        self.0.playing().await
    }

    fn meter(&self) -> &Meter {
        self.0.meter()
    }
}
