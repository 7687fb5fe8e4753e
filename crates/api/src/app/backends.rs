//! Backends from the window: added by a ticket, changed, tried, removed.

use std::sync::Arc;

use watchstate_model::BackendId;
use watchstate_servers::{LibraryKind as Theirs, Sensitive};

use super::App;
use crate::backends::{good_name, same_name};
use crate::contract::{
    AddBackend, Credentials, Failure, Library, LibraryKind, SetBackend, Tag, Tested,
};
use crate::household::secret_names;
use crate::{Changes, NewAccount};

impl App {
    /// Adds a backend that a person has signed in at. The ticket is used up.
    pub async fn add_backend(&self, wish: AddBackend) -> Result<BackendId, Failure> {
        let ticket = self.ticket(&wish.ticket)?;
        let added = self
            .household()
            .add_backend(NewAccount {
                name: wish.name,
                kind: ticket.kind,
                url: ticket.url.to_string(),
                user: Some(wish.user).filter(|user| !user.is_empty()),
                credentials: crate::Credentials::Token(ticket.token),
                import: wish.import.into(),
                export: wish.export,
            })
            .await?;
        self.cancel_sign_in(&wish.ticket).await;
        self.listen_anew();
        self.changed(&[Tag::Backends, Tag::Owed]);
        Ok(added.id)
    }

    /// Changes a backend.
    pub async fn set_backend(self: &Arc<Self>, wish: SetBackend) -> Result<(), Failure> {
        let backend = self.backend(wish.backend.into()).await?;
        // Not while a run goes by what it was.
        let _job = self.claim(vec![backend.id])?;
        let household = self.household();
        let credentials = wish.credentials.map(credentials).transpose()?;
        let name = wish.name.as_deref().map(good_name).transpose()?;
        if let Some(name) = &name
            && let Some(other) = household
                .backends()
                .await?
                .iter()
                .find(|other| other.id != backend.id && same_name(&other.name, name))
        {
            return Err(Failure::usage(
                format!("There is a backend {} already", other.name),
                "Choose another name",
            ));
        }
        let is_elsewhere = wish.url.is_some() || credentials.is_some() || wish.new_server;
        let changes = Changes {
            url: wish.url,
            credentials,
            import: wish.import.map(Into::into),
            export: wish.export,
            in_its_place: wish.new_server,
        };
        household.set_backend(&backend.name, changes).await?;
        if let Some(name) = name {
            let mut tx = household.store().begin().await?;
            tx.set_name(backend.id, &name).await?;
            tx.commit().await?;
        }
        if is_elsewhere {
            self.listen_anew();
        }
        self.changed(&[Tag::Backends, Tag::Owed, Tag::Runs, Tag::Journal, Tag::Titles]);
        Ok(())
    }

    /// Removes a backend and its token; with it, where that is wished, what was learned from it.
    pub async fn remove_backend(
        self: &Arc<Self>,
        backend: BackendId,
        keep_history: bool,
    ) -> Result<(), Failure> {
        let backend = self.backend(backend).await?;
        let _job = self.claim(vec![backend.id])?;
        let household = self.household();
        let mut tx = household.store().begin().await?;
        if !keep_history {
            tx.forget_backend(backend.id).await?;
        }
        tx.remove_backend(backend.id).await?;
        tx.commit().await?;
        self.listen_anew();
        self.changed(Tag::ALL);
        self.webhooks.look_again();
        household.forget_secrets(&backend).await?;
        Ok(())
    }

    /// Keeps tokens in a file from now on: there is no keyring, and a person chose this.
    pub async fn keep_secrets_in_file(&self) -> Result<(), Failure> {
        let household = self.household();
        let backends = household.backends().await?;
        let names: Vec<String> = backends.iter().flat_map(secret_names).collect();
        household.secrets.choose_file(&names).await.map_err(crate::ApiError::from)?;
        self.changed(&[Tag::Settings]);
        Ok(())
    }

    /// Asks a backend who it is and what it has.
    pub async fn test_backend(&self, backend: BackendId) -> Result<Tested, Failure> {
        let backend = self.backend(backend).await?;
        let tested = self.household().test_backend(&backend.name).await?;
        Ok(Tested {
            server: tested.server.name,
            version: tested.server.version,
            user: tested.user.name,
            clock_offset_s: tested.server.clock.0,
            libraries: tested
                .libraries
                .into_iter()
                .map(|library| Library {
                    name: library.name,
                    kind: match library.kind {
                        Theirs::Movies => LibraryKind::Movies,
                        Theirs::Shows => LibraryKind::Shows,
                        Theirs::Mixed => LibraryKind::Mixed,
                    },
                })
                .collect(),
            users: tested.users.into_iter().map(|user| user.name).collect(),
        })
    }
}

/// Credentials that can be used at once.
pub(super) fn credentials(wish: Credentials) -> Result<crate::Credentials, Failure> {
    match wish {
        Credentials::Token { token } => {
            Ok(crate::Credentials::Token(Sensitive::new(token.trim().to_owned())))
        }
        Credentials::Password { username, password } => {
            Ok(crate::Credentials::Password { username, password: Sensitive::new(password) })
        }
        Credentials::PlexPin | Credentials::QuickConnect => Err(Failure::usage(
            "This way to sign in cannot be used here",
            "Enter a token, or a user name and a password",
        )),
    }
}
