//! An account on a fake server, in the store of the engine that is measured.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use watchstate_engine::{Account, SystemClock};
use watchstate_model::{Moment, PersonId};
use watchstate_servers::{Address, Limits, MediaServer, Sensitive, ServerKind, connect, sign_in};
use watchstate_store::{Import, NewBackend, Store};
use watchstate_testkit::fake::FakeServer;

/// Who we are to the servers.
const CLIENT: &str = "watchstate-bench";
/// Who watches.
pub(crate) const PERSON: &str = "ana";

/// A server of each kind, with the name of its backend.
pub(crate) const KINDS: [(&str, ServerKind, &str); 3] = [
    ("den", ServerKind::Plex, "1.40.2"),
    ("attic", ServerKind::Jellyfin, "10.10.7"),
    ("cellar", ServerKind::Emby, "4.8.11.0"),
];

/// Where a fake is, and what lets in there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Door {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) token: String,
}

impl Door {
    pub(crate) fn of(name: &str, kind: ServerKind, fake: &FakeServer) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            kind: kind.name().to_owned(),
            url: fake.url().to_string(),
            user: fake.id_of(PERSON)?,
            token: fake.token_of(PERSON)?,
        })
    }

    /// Reaches it.
    async fn enter(&self) -> Result<(ServerKind, Arc<dyn MediaServer>)> {
        let kind = ServerKind::from_name(&self.kind).context("an unknown kind of server")?;
        let url = self.url.parse()?;
        let token = match kind {
            ServerKind::Jellyfin | ServerKind::Emby => {
                // As a person signs in: an Emby tells whose a token is to the device alone that it was given to.
                let password = Sensitive::new(format!("{PERSON}-password"));
                let (limits, pause) = (Limits::default(), Arc::new(SystemClock));
                sign_in(kind, &url, CLIENT, PERSON, &password, limits, pause).await?.token
            }
            ServerKind::Plex | ServerKind::Kodi => Sensitive::new(self.token.clone()),
        };
        let user = Some(self.user.clone());
        let address = Address { kind, url, user, token, client_id: CLIENT.to_owned() };
        Ok((kind, connect(address, Limits::default(), Arc::new(SystemClock))?))
    }

    /// Adds it to the backends, two-way.
    pub(crate) async fn join(&self, store: &Store) -> Result<Account> {
        let (kind, server) = self.enter().await?;
        let info = server.check().await?;
        let mut tx = store.begin().await?;
        let id = tx
            .add_backend(&NewBackend {
                person: PersonId(1),
                name: &self.name,
                kind: kind.name(),
                url: &self.url,
                server_id: &info.id,
                user_id: &self.user,
                user_name: PERSON,
                import: Import::On,
                export: true,
                added_at: Moment(0),
            })
            .await?;
        tx.commit().await?;
        let backends = store.backends().await?;
        let backend =
            backends.into_iter().find(|backend| backend.id == id).context("it was added")?;
        Ok(Account::new(backend, server))
    }

    /// The account that joined in another process; joins where there is none.
    pub(crate) async fn join_or_return(&self, store: &Store) -> Result<Account> {
        let backends = store.backends().await?;
        match backends.into_iter().find(|backend| backend.name == self.name) {
            Some(backend) => Ok(Account::new(backend, self.enter().await?.1)),
            None => self.join(store).await,
        }
    }
}
