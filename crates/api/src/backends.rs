//! Backends: added, changed, tried, removed.

use std::sync::Arc;

use url::Url;
use watchstate_engine::Trouble;
use watchstate_model::BackendId;
use watchstate_servers::{
    Address, Fault, Library, MediaServer, Sensitive, ServerInfo, ServerKind, User, connect, sign_in,
};
use watchstate_store::{Backend, Import, NewBackend, NewIdentity, Tx};

use crate::household::{secret_name, secret_names};
use crate::{ApiError, Code, Household, Result};

/// The longest name of a backend, in characters.
const LONGEST_NAME: usize = 40;

/// How one gets in.
pub enum Credentials {
    /// A token or an API key; for Kodi `user:password`.
    Token(Sensitive<String>),
    /// A user name and a password, which are exchanged for a token once and not kept.
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: Sensitive<String>,
    },
}

/// A backend to be added.
pub struct NewAccount {
    /// What the user calls it.
    pub name: String,
    /// Which kind of server.
    pub kind: ServerKind,
    /// The address, as it was typed.
    pub url: String,
    /// Which user's marks are meant, by name or by id; nothing for the one whose credentials they are.
    pub user: Option<String>,
    /// How one gets in.
    pub credentials: Credentials,
    /// What is taken from it.
    pub import: Import,
    /// Whether anything is written to it.
    pub export: bool,
}

/// What is to become different with a backend.
#[derive(Default)]
pub struct Changes {
    /// Another address of the same server.
    pub url: Option<String>,
    /// Other credentials of the same user.
    pub credentials: Option<Credentials>,
    /// What is taken from it.
    pub import: Option<Import>,
    /// Whether anything is written to it.
    pub export: Option<bool>,
    /// Whether a server or a user other than before is a new one in its place: a person said so. What was
    /// agreed on with the old one is forgotten, so that the new one is seen for the first time.
    pub in_its_place: bool,
}

/// What a backend said when it was tried.
pub struct Tested {
    /// The server.
    pub server: ServerInfo,
    /// Whose marks they are.
    pub user: User,
    /// The libraries that are read.
    pub libraries: Vec<Library>,
    /// The users that these credentials may see; asked for only when a backend is tried.
    pub users: Vec<User>,
}

impl Household {
    /// All backends, in the order in which they were added.
    pub async fn backends(&self) -> Result<Vec<Backend>> {
        Ok(self.store.backends().await?)
    }

    /// A backend by its name, in whatever case.
    pub async fn backend(&self, name: &str) -> Result<Backend> {
        let mut all = self.store.backends().await?;
        match all.iter().position(|backend| same_name(&backend.name, name)) {
            Some(place) => Ok(all.swap_remove(place)),
            None => Err(unknown(name, &all)),
        }
    }

    /// The backends of these names, each once, in the order in which they were added; all of them where no
    /// name is given.
    pub async fn chosen(&self, names: &[String]) -> Result<Vec<Backend>> {
        let all = self.store.backends().await?;
        if all.is_empty() {
            return Err(ApiError::usage("there is no backend yet; add one (backend add)"));
        }
        if let Some(name) = names.iter().find(|n| !all.iter().any(|b| same_name(&b.name, n))) {
            return Err(unknown(name, &all));
        }
        Ok(all
            .into_iter()
            .filter(|b| names.is_empty() || names.iter().any(|name| same_name(&b.name, name)))
            .collect())
    }

    /// Adds a backend: signs in where that is asked for, checks the server, finds the user. Nothing is kept
    /// when any of this fails.
    pub async fn add_backend(&self, new: NewAccount) -> Result<Backend> {
        let name = good_name(&new.name)?;
        let before = self.store.backends().await?;
        if before.iter().any(|backend| same_name(&backend.name, &name)) {
            return Err(ApiError::usage(format!(
                "there is a backend {name} already; choose another name, or change that one (backend set)"
            )));
        }
        let url = address(&new.url)?;
        let (token, signed_in) = self.token(&name, new.kind, &url, new.credentials).await?;
        let is_anew = signed_in.is_some();
        let user = new.user.or(signed_in.map(|user| user.id));
        let server = self.connect(&name, new.kind, &url, user, token.clone())?;
        let Tested { server: info, user, .. } = who(&name, &*server).await?;
        if is_anew {
            self.renew(new.kind, &info.id, &user.id, &token).await?;
        }
        if let Some(twin) =
            before.iter().find(|backend| is_account_at(backend, new.kind, &info.id, &user.id, &url))
        {
            return Err(ApiError::usage(format!(
                "{} is this account already; change that one (backend set)",
                twin.name
            )));
        }
        let added_at = self.now();
        let mut tx = self.store.begin().await?;
        let id = tx
            .add_backend(&NewBackend {
                person: self.person(),
                name: &name,
                kind: new.kind.name(),
                url: url.as_str(),
                server_id: &info.id,
                user_id: &user.id,
                user_name: &user.name,
                import: new.import,
                export: new.export,
                added_at,
            })
            .await?;
        let named = format!("backend-{id}");
        // The token first: a backend without one is of no use, a token without a backend is overwritten.
        self.secrets.put(&named, &token).await?;
        if let Err(error) = tx.commit().await {
            let _ = self.secrets.remove(&named).await;
            return Err(error.into());
        }
        self.backend(&name).await
    }

    /// Gives the token of a new sign-in to the backend of the same account, where there is one: Jellyfin and
    /// Emby have one token for each device and user, so that the older one was good until just now.
    pub(crate) async fn renew(
        &self,
        kind: ServerKind,
        server: &str,
        user: &str,
        token: &Sensitive<String>,
    ) -> Result<()> {
        if !matches!(kind, ServerKind::Jellyfin | ServerKind::Emby) {
            return Ok(());
        }
        for backend in self.store.backends().await? {
            if is_account(&backend, kind, server, user) {
                self.secrets.put(&secret_name(&backend), token).await?;
            }
        }
        Ok(())
    }

    /// Changes a backend. Another address or other credentials are checked first: it must be the same
    /// server and the same user, because all that was learned is about those.
    pub async fn set_backend(&self, name: &str, changes: Changes) -> Result<Backend> {
        let backend = self.backend(name).await?;
        let name = backend.name.as_str();
        let url = changes.url.as_deref().map(address).transpose()?;
        if url.is_some() || changes.credentials.is_some() || changes.in_its_place {
            self.move_backend(&backend, url, changes.credentials, changes.in_its_place).await?;
        }
        let import = changes.import.unwrap_or(backend.import);
        let export = changes.export.unwrap_or(backend.export);
        if (import, export) != (backend.import, backend.export) {
            let mut tx = self.store.begin().await?;
            tx.set_switches(backend.id, import, export).await?;
            tx.commit().await?;
        }
        self.backend(name).await
    }

    async fn move_backend(
        &self,
        backend: &Backend,
        url: Option<Url>,
        credentials: Option<Credentials>,
        in_its_place: bool,
    ) -> Result<()> {
        let name = backend.name.as_str();
        let kind = ServerKind::from_name(&backend.kind)
            .ok_or_else(|| ApiError::new(Code::Store, format!("{name} is of an unknown kind")))?;
        let at = match &url {
            Some(url) => url.clone(),
            None => address(&backend.url)?,
        };
        let mut meant = vec![backend.user_id.clone()];
        if in_its_place {
            // A new server has ids of its own, and the same names.
            meant.insert(0, backend.user_name.clone());
        }
        let token = match credentials {
            Some(credentials) => {
                let (token, user) = self.token(name, kind, &at, credentials).await?;
                if user.as_ref().is_some_and(|user| Some(&user.id) != backend.user_id.as_ref()) {
                    if !in_its_place {
                        return Err(another_user(backend));
                    }
                    meant = vec![user.map(|user| user.id)];
                }
                Some(token)
            }
            None => None,
        };
        let known = match &token {
            Some(token) => token.clone(),
            None => self.secrets.get(&secret_name(backend)).await?.ok_or_else(|| {
                let what = "it has no token; enter one with --token-env or --username";
                ApiError::new(Code::Secrets, format!("{name}: {what}"))
            })?,
        };
        let Tested { server: info, user, .. } = self.find(name, kind, &at, meant, known).await?;
        let is_another = backend.server_id.as_ref().is_some_and(|id| *id != info.id);
        let is_another_user = backend.user_id.as_ref().is_some_and(|id| *id != user.id);
        if is_another && !in_its_place {
            return Err(ApiError::new(
                Code::Trouble,
                format!(
                    "{name}: another server answers there; check the address, or say that it is a new \
                     server in its place (backend set --new-server)"
                ),
            ));
        }
        if is_another_user && !in_its_place {
            return Err(another_user(backend));
        }
        let others = self.store.backends().await?;
        if let Some(twin) = others.iter().find(|other| {
            other.id != backend.id && is_account_at(other, kind, &info.id, &user.id, &at)
        }) {
            return Err(ApiError::usage(format!(
                "{} is that account already; remove one of the two (backend remove)",
                twin.name
            )));
        }
        let (named, is_new) = (secret_name(backend), is_another || is_another_user);
        if url.is_none() && !is_new {
            if let Some(token) = &token {
                self.secrets.put(&named, token).await?;
            }
            return Ok(());
        }
        let old = match &token {
            Some(_) => self.secrets.get(&named).await?,
            None => None,
        };
        let mut tx = self.store.begin().await?;
        if let Some(url) = url {
            tx.set_address(backend.id, url.as_str()).await?;
        }
        if is_new {
            let who = NewIdentity { server_id: &info.id, user_id: &user.id, user_name: &user.name };
            tx.begin_anew(backend.id, who).await?;
            tracing::warn!(
                "{name}: a new server or user is in its place, and is seen for the first time"
            );
        }
        match &token {
            Some(token) => self.commit_with(tx, &named, token, old).await,
            None => Ok(tx.commit().await?),
        }
    }

    /// Commits where a backend is reached together with its token: both are new afterwards, or neither is. A token
    /// must not go to a server that it is not of, neither the new one to the old address nor the other way round.
    async fn commit_with(
        &self,
        tx: Tx,
        named: &str,
        token: &Sensitive<String>,
        old: Option<Sensitive<String>>,
    ) -> Result<()> {
        // The token when nothing but the commit can fail any more.
        self.secrets.put(named, token).await?;
        let Err(error) = tx.commit().await else { return Ok(()) };
        let back = match &old {
            Some(old) => self.secrets.put(named, old).await,
            None => self.secrets.remove(named).await,
        };
        if let Err(error) = back {
            tracing::error!(%error, "the token of {named} cannot be put back; sign in there again");
        }
        Err(error.into())
    }

    /// Asks who answers at an address, for the first of these users who is there.
    async fn find(
        &self,
        name: &str,
        kind: ServerKind,
        at: &Url,
        users: Vec<Option<String>>,
        token: Sensitive<String>,
    ) -> Result<Tested> {
        let mut found = Err(ApiError::usage(format!("{name}: no user is meant; sign in again")));
        for user in users {
            let server = self.connect(name, kind, at, user, token.clone())?;
            found = who(name, &*server).await;
            if found.is_ok() {
                break;
            }
        }
        found
    }

    /// Asks a backend who it is and what it has.
    pub async fn test_backend(&self, name: &str) -> Result<Tested> {
        let backend = self.backend(name).await?;
        let name = backend.name.as_str();
        let token = self.secrets.get(&secret_name(&backend)).await?.ok_or_else(|| {
            let what = "its token is not where tokens are kept; sign in again (backend set)";
            ApiError::new(Code::Secrets, format!("{name}: {what}"))
        })?;
        let server = self.client(&backend, token)?;
        let mut tested = who(name, &*server).await?;
        if backend.server_id.as_ref().is_some_and(|id| *id != tested.server.id) {
            return Err(ApiError::new(
                Code::Trouble,
                format!("{name}: {}", Trouble::AnotherServer),
            ));
        }
        if backend.user_id.as_ref().is_some_and(|id| *id != tested.user.id) {
            return Err(ApiError::new(Code::Trouble, format!("{name}: {}", Trouble::AnotherUser)));
        }
        // Not every account may see the others: that is no failure of a test.
        tested.users = server.users().await.unwrap_or_default();
        Ok(tested)
    }

    /// Removes a backend and its token. What was learned from it stays.
    pub async fn remove_backend(&self, name: &str) -> Result<Backend> {
        let backend = self.backend(name).await?;
        self.remove(backend.id).await?;
        self.forget_secrets(&backend).await?;
        Ok(backend)
    }

    /// Forgets the token of a backend and the secret of its address.
    pub(crate) async fn forget_secrets(&self, backend: &Backend) -> Result<()> {
        for name in secret_names(backend) {
            self.secrets.remove(&name).await?;
        }
        Ok(())
    }

    async fn remove(&self, id: BackendId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.remove_backend(id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The token, and the user where a password said who it is.
    pub(crate) async fn token(
        &self,
        name: &str,
        kind: ServerKind,
        url: &Url,
        credentials: Credentials,
    ) -> Result<(Sensitive<String>, Option<User>)> {
        match credentials {
            Credentials::Token(token) => Ok((token, None)),
            Credentials::Password { username, password } => {
                let signed_in = sign_in(
                    kind,
                    url,
                    &self.client_id,
                    &username,
                    &password,
                    self.around.limits(),
                    self.around.pause.clone(),
                )
                .await
                .map_err(|error| match error.fault {
                    Fault::Unsupported => ApiError::usage(format!(
                        "{name}: {} does not take a user name and a password here; give a token with \
                         --token-env",
                        kind.name()
                    )),
                    _ => ApiError::of_server(name, &error),
                })?;
                Ok((signed_in.token, Some(signed_in.user)))
            }
        }
    }

    pub(crate) fn connect(
        &self,
        name: &str,
        kind: ServerKind,
        url: &Url,
        user: Option<String>,
        token: Sensitive<String>,
    ) -> Result<Arc<dyn MediaServer>> {
        let client_id = self.client_id.clone();
        let address = Address { kind, url: url.clone(), user, token, client_id };
        connect(address, self.around.limits(), self.around.pause.clone())
            .map_err(|error| ApiError::of_server(name, &error))
    }
}

/// Who answers, whose marks they are, and what may be read. A user who may not be looked at is found out
/// only by looking.
async fn who(name: &str, server: &dyn MediaServer) -> Result<Tested> {
    let failed = |error| ApiError::of_server(name, &error);
    let info = server.check().await.map_err(failed)?;
    let user = server.user().await.map_err(failed)?;
    let libraries = server.libraries().await.map_err(failed)?;
    Ok(Tested { server: info, user, libraries, users: Vec::new() })
}

/// A name that a backend may have, without spaces around it.
pub(crate) fn good_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(ApiError::usage(format!(
            "the name of a backend has 1 to {LONGEST_NAME} letters; choose another"
        )));
    }
    Ok(name.to_owned())
}

pub(crate) fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.trim().to_lowercase()
}

fn unknown(name: &str, known: &[Backend]) -> ApiError {
    let names: Vec<&str> = known.iter().map(|backend| backend.name.as_str()).collect();
    ApiError::usage(if names.is_empty() {
        format!("there is no backend {name}, nor any other yet; add one (backend add)")
    } else {
        format!("there is no backend {name}; the known ones are: {}", names.join(", "))
    })
}

fn another_user(backend: &Backend) -> ApiError {
    let user = backend.user_name.as_deref().unwrap_or("another user");
    ApiError::usage(format!(
        "{}: these credentials are not of {user}; to sync another user, add another backend",
        backend.name
    ))
}

/// An address as a person types it.
pub(crate) fn address(text: &str) -> Result<Url> {
    let text = text.trim();
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        return Err(ApiError::usage(
            "the address must begin with http:// or https://, such as http://den:8096",
        ));
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| url.has_host())
        .ok_or_else(|| ApiError::usage("the address cannot be read; it is like http://den:8096"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ApiError::usage(
            "the address must not hold a user name or a password; give them with --username and \
             --password-env",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ApiError::usage(
            "the address must end before ? and #; a token is given with --token-env",
        ));
    }
    Ok(url)
}

/// Whether a backend is this account.
fn is_account(backend: &Backend, kind: ServerKind, server: &str, user: &str) -> bool {
    backend.kind == kind.name()
        && backend.server_id.as_deref() == Some(server)
        && backend.user_id.as_deref() == Some(user)
}

/// The same for whoever answers at an address: a Kodi is known by its name, and two may have the same one.
fn is_account_at(backend: &Backend, kind: ServerKind, server: &str, user: &str, at: &Url) -> bool {
    is_account(backend, kind, server, user)
        && (kind != ServerKind::Kodi || backend.url == at.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, read, why) in [
            (" http://den:8096 ", Some("http://den:8096/"), "what people paste"),
            ("HTTPS://den/jellyfin", Some("https://den/jellyfin"), "with a path, in capitals"),
            ("http://[::1]:8096", Some("http://[::1]:8096/"), "an address of six"),
            ("den:8096", None, "no scheme"),
            ("den", None, "only a name"),
            ("ftp://den", None, "another scheme"),
            ("http://", None, "no host"),
            ("http://ana:secret@den", None, "credentials"),
            ("http://den/?X-Plex-Token=secret", None, "a token"),
        ] {
            let told = address(text);
            assert_eq!(told.as_ref().ok().map(Url::as_str), read, "{why}");
            if let Err(error) = told {
                assert!(!error.message.contains("secret"), "{why}: {error}");
                assert_eq!(error.code, Code::Usage, "{why}");
            }
        }
    }
}
