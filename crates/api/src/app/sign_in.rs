//! Signing in: credentials become a ticket, and the secret stays in the app.

use watchstate_model::Moment;
use watchstate_servers::{Fault, Sensitive, ServerError, ServerKind};

use super::backends::credentials;
use super::tickets::{GOOD_FOR_S, Ticket};
use super::{App, locked};
use crate::Credentials;
use crate::backends::address;
use crate::contract::{self, Failure, ServerUser, SignIn, SignInWish};

impl App {
    /// Signs in at a server. What the server refuses is an answer; only what cannot be asked is a failure.
    pub async fn sign_in(&self, wish: SignInWish) -> Result<SignIn, Failure> {
        match wish.credentials {
            contract::Credentials::PlexPin => return self.begin_plex().await,
            contract::Credentials::QuickConnect => {
                return self.begin_quick_connect(address(&wish.url)?).await;
            }
            _ => {}
        }
        let url = address(&wish.url)?;
        let kind: ServerKind = wish.kind.into();
        let household = self.household();
        let around = &household.around;
        let (token, user) = match credentials(wish.credentials)? {
            Credentials::Token(token) => (token, None),
            Credentials::Password { username, password } => {
                let signed_in = watchstate_servers::sign_in(
                    kind,
                    &url,
                    &household.client_id,
                    &username,
                    &password,
                    around.limits(),
                    around.pause.clone(),
                )
                .await;
                match signed_in {
                    Ok(signed_in) => (signed_in.token, Some(signed_in.user)),
                    Err(error) => return Ok(refused(&error)),
                }
            }
        };
        let known = user.as_ref().map(|user| user.id.clone());
        self.let_in(kind, url, known, token).await
    }

    /// What is there behind a token: the end of every way to sign in.
    pub(super) async fn let_in(
        &self,
        kind: ServerKind,
        url: url::Url,
        user: Option<String>,
        token: Sensitive<String>,
    ) -> Result<SignIn, Failure> {
        match self.look_round(kind, &url, user, &token).await {
            Ok((server, version, users, user)) => {
                Ok(self.issue(kind, url, token, server, version, users, user))
            }
            Err(LookRound::Server(error)) => Ok(refused(&error)),
            Err(LookRound::Failure(failure)) => Err(failure),
        }
    }

    /// How a sign-in stands.
    pub async fn sign_in_state(&self, ticket: &str) -> Result<SignIn, Failure> {
        match self.ask_waiting(ticket).await? {
            Some(told) => Ok(told),
            None => Ok(self.ticket(ticket)?.told),
        }
    }

    /// Forgets a sign-in and its secret.
    pub async fn cancel_sign_in(&self, ticket: &str) {
        self.waiting.lock().await.remove(ticket);
        locked(&self.tickets).remove(ticket);
    }

    pub(super) fn ticket(&self, name: &str) -> Result<Ticket, Failure> {
        let now = self.now();
        locked(&self.tickets)
            .get(name, now)
            .ok_or_else(|| Failure::not_found("This sign-in is too old, or was cancelled"))
    }

    #[expect(clippy::too_many_arguments, reason = "all that a ticket says")]
    fn issue(
        &self,
        kind: ServerKind,
        url: url::Url,
        token: Sensitive<String>,
        server: String,
        version: String,
        users: Vec<ServerUser>,
        user: Option<String>,
    ) -> SignIn {
        let ticket = uuid::Uuid::new_v4().to_string();
        let told = SignIn::Done { ticket: ticket.clone(), server, version, users, user };
        let expires_at = Moment(self.now().0 + GOOD_FOR_S);
        let kept = Ticket { kind, url, token, told: told.clone(), expires_at };
        locked(&self.tickets).put(ticket, kept);
        told
    }

    /// What the server is, who may be chosen, and whose credentials they are.
    async fn look_round(
        &self,
        kind: ServerKind,
        url: &url::Url,
        user: Option<String>,
        token: &Sensitive<String>,
    ) -> Result<(String, String, Vec<ServerUser>, Option<String>), LookRound> {
        let household = self.household();
        let server = household.connect("the server", kind, url, user.clone(), token.clone())?;
        let info = server.check().await?;
        // Known beforehand is who signed in by name or code, and that ends an older token of theirs.
        if let Some(user) = &user {
            household.renew(kind, &info.id, user, token).await?;
        }
        // A key of an administrator belongs to nobody, and an account may not see the others.
        let own = match server.user().await {
            Ok(user) => Some(user),
            Err(error) if may_be_unknown(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let mut users = match server.users().await {
            Ok(users) => users,
            Err(error) if own.is_some() && may_be_unknown(&error) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if let Some(own) = &own
            && !users.iter().any(|user| user.id == own.id)
        {
            users.insert(0, own.clone());
        }
        let users =
            users.into_iter().map(|user| ServerUser { id: user.id, name: user.name }).collect();
        Ok((info.name, info.version, users, own.map(|user| user.id)))
    }
}

/// Why looking round came to nothing.
enum LookRound {
    Server(ServerError),
    Failure(Failure),
}

impl From<ServerError> for LookRound {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<crate::ApiError> for LookRound {
    fn from(error: crate::ApiError) -> Self {
        Self::Failure(error.into())
    }
}

/// Whether the server said that there is nothing to say, in contrast to being out of reach.
fn may_be_unknown(error: &ServerError) -> bool {
    matches!(
        error.fault,
        Fault::NoSuchUser | Fault::Forbidden | Fault::NotFound | Fault::Unsupported
    )
}

pub(super) fn refused(error: &ServerError) -> SignIn {
    let advice = Failure::of_server("The server", error).advice();
    SignIn::Refused { advice }
}
