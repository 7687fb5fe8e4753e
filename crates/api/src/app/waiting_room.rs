//! Sign-ins that wait for a person elsewhere, and accounts of which a server is still to be chosen.

use std::collections::HashMap;

use url::Url;
use watchstate_model::Moment;
use watchstate_servers::waiting::{Claimed, PlexAccount, PlexPlaces, Step, Waiting};
use watchstate_servers::{Fault, ServerKind};

use super::App;
use super::sign_in::refused;
use super::tickets::GOOD_FOR_S;
use crate::contract::{ChooseServer, Failure, FailureKind, Found, FoundHow, SignIn};

/// How many are waited for at most; the oldest goes first.
const MOST: usize = 16;

/// Who waits.
#[derive(Default)]
pub(super) struct WaitingRoom(HashMap<String, Guest>);

struct Guest {
    stands: Stands,
    /// Until when it is of use, on our clock.
    until: Moment,
}

enum Stands {
    /// A person is to say yes. Where at Jellyfin; Plex's accounts are at plex.tv.
    Waits { at: Option<Url>, waiting: Waiting },
    /// A server of the account is to be chosen.
    Chooses(PlexAccount),
}

impl WaitingRoom {
    fn enter(&mut self, ticket: String, stands: Stands, until: Moment) {
        if self.0.len() >= MOST
            && let Some(oldest) =
                self.0.iter().min_by_key(|(_, guest)| guest.until).map(|(name, _)| name.clone())
        {
            self.0.remove(&oldest);
        }
        self.0.insert(ticket, Guest { stands, until });
    }

    pub(super) fn remove(&mut self, ticket: &str) {
        self.0.remove(ticket);
    }
}

impl App {
    /// Begins to sign in at a Plex account.
    pub(super) async fn begin_plex(&self) -> Result<SignIn, Failure> {
        let household = self.household();
        let around = &household.around;
        let places = PlexPlaces::default();
        let begun =
            Waiting::plex(&places, &household.client_id, around.limits(), around.pause.clone());
        match begun.await {
            Ok(waiting) => Ok(self.wait(None, waiting).await),
            Err(error) => {
                Ok(SignIn::Refused { advice: Failure::of_server("plex.tv", &error).advice() })
            }
        }
    }

    /// Begins to sign in at a Jellyfin by a code.
    pub(super) async fn begin_quick_connect(&self, url: Url) -> Result<SignIn, Failure> {
        let household = self.household();
        let around = &household.around;
        let begun =
            Waiting::jellyfin(&url, &household.client_id, around.limits(), around.pause.clone());
        match begun.await {
            Ok(waiting) => Ok(self.wait(Some(url), waiting).await),
            Err(error) if error.fault == Fault::Unsupported => {
                let (what, todo) = (
                    "Quick Connect is switched off on this server",
                    "Switch it on in its dashboard, or use a user name and password",
                );
                Ok(SignIn::Refused { advice: Failure::usage(what, todo).advice() })
            }
            Err(error) => Ok(refused(&error)),
        }
    }

    async fn wait(&self, at: Option<Url>, waiting: Waiting) -> SignIn {
        let ticket = uuid::Uuid::new_v4().to_string();
        let told = told(&ticket, &waiting);
        let until = waiting.told().expires_at;
        self.waiting.lock().await.enter(ticket, Stands::Waits { at, waiting }, until);
        told
    }

    /// How a sign-in stands that waits, or has waited; nothing for one that never did.
    pub(super) async fn ask_waiting(&self, ticket: &str) -> Result<Option<SignIn>, Failure> {
        let now = self.now();
        let mut room = self.waiting.lock().await;
        let Some(mut guest) = room.0.remove(ticket) else { return Ok(None) };
        let (at, mut waiting) = match guest.stands {
            Stands::Chooses(account) => {
                let told = choose(ticket, &account);
                room.enter(ticket.to_owned(), Stands::Chooses(account), guest.until);
                return Ok(Some(told));
            }
            Stands::Waits { at, waiting } => (at, waiting),
        };
        match waiting.ask().await {
            Ok(Step::Waiting) => {
                let told = told(ticket, &waiting);
                guest.stands = Stands::Waits { at, waiting };
                room.0.insert(ticket.to_owned(), guest);
                Ok(Some(told))
            }
            Ok(Step::Expired) => Ok(Some(too_late())),
            Ok(Step::Claimed(Claimed::Plex(account))) => {
                if account.servers.is_empty() {
                    let what = "This Plex account has no server";
                    let todo = "Sign in with the account that your server belongs to";
                    return Ok(Some(SignIn::Refused {
                        advice: Failure::usage(what, todo).advice(),
                    }));
                }
                let told = choose(ticket, &account);
                let until = Moment(now.0.saturating_add(GOOD_FOR_S));
                room.enter(ticket.to_owned(), Stands::Chooses(account), until);
                Ok(Some(told))
            }
            Ok(Step::Claimed(Claimed::Jellyfin(signed_in))) => {
                drop(room);
                let Some(url) = at else { return Ok(Some(too_late())) };
                let user = Some(signed_in.user.id);
                self.let_in(ServerKind::Jellyfin, url, user, signed_in.token).await.map(Some)
            }
            Err(error) => Ok(Some(refused(&error))),
        }
    }

    /// Goes on with one of the servers of an account: the first of its addresses that answers.
    pub async fn choose_server(&self, wish: ChooseServer) -> Result<SignIn, Failure> {
        let server = {
            let room = self.waiting.lock().await;
            let stands = room.0.get(&wish.ticket).map(|guest| &guest.stands);
            let Some(Stands::Chooses(account)) = stands else {
                return Err(Failure::not_found("This sign-in is too old, or was cancelled"));
            };
            let is_meant = |server: &&watchstate_servers::waiting::PlexServer| {
                server.connections.iter().any(|connection| connection.url.as_str() == wish.url)
            };
            account.servers.iter().find(is_meant).cloned()
        };
        let server = server.ok_or_else(|| Failure::not_found("That server is not on the list"))?;
        let mut last = None;
        for connection in &server.connections {
            let url = connection.url.clone();
            match self.let_in(ServerKind::Plex, url, None, server.token.clone()).await? {
                SignIn::Refused { advice } => last = Some(advice),
                told => {
                    self.waiting.lock().await.remove(&wish.ticket);
                    return Ok(told);
                }
            }
        }
        match last {
            Some(advice) => Ok(SignIn::Refused { advice }),
            None => Err(Failure::new(
                FailureKind::Server,
                "plex.tv knows no address of that server",
                "Enter its address by hand",
            )),
        }
    }
}

fn told(ticket: &str, waiting: &Waiting) -> SignIn {
    let told = waiting.told();
    SignIn::Waiting {
        ticket: ticket.to_owned(),
        code: told.code.clone(),
        open_url: told.open.as_ref().map(Url::to_string),
        expires_at: told.expires_at.into(),
    }
}

fn choose(ticket: &str, account: &PlexAccount) -> SignIn {
    let servers = account.servers.iter().filter_map(|server| {
        Some(Found {
            kind: ServerKind::Plex.into(),
            name: server.name.clone(),
            url: server.connections.first()?.url.to_string(),
            how: FoundHow::PlexAccount,
        })
    });
    SignIn::Choose { ticket: ticket.to_owned(), servers: servers.collect() }
}

fn too_late() -> SignIn {
    let (what, todo) = ("Nobody said yes in time", "Begin again");
    SignIn::Refused { advice: Failure::usage(what, todo).advice() }
}
