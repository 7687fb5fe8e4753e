//! Who the server is, and who we are there.

use std::sync::PoisonError;

use super::wire::{Account, Accounts, PublicInfo, Text};
use super::{Dialect, Known, MediaBrowser, Version, is_jellyfin, is_json, same_id};
use crate::error::{Fault, ServerError};
use crate::http::Request;
use crate::lenient::Maybe;
use crate::{ServerInfo, User};

impl<D: Dialect> MediaBrowser<D> {
    /// Asks who the server is, and measures its clock.
    pub(super) async fn introduce(&self) -> Result<ServerInfo, ServerError> {
        const OP: &str = "asking what server it is";
        let other = || ServerError::new(Fault::NotThisServer, OP);
        let answer = self.http.send(&Request::get("/System/Info/Public", &[], OP)).await;
        let answer = answer.map_err(|error| match error.fault {
            Fault::NotFound | Fault::Refused => {
                other().with(format!("nothing there speaks as {} does", D::NAME))
            }
            _ => error,
        })?;
        if !is_json(&answer) {
            return Err(other().with("a web page answers there: is the address complete?"));
        }
        let info: PublicInfo<'_> = answer.json(OP)?;
        let text = |text: Option<Text<'_>>| text.map(|t| t.0.into_owned()).unwrap_or_default();
        let (id, version) = (text(info.id), text(info.version));
        if id.is_empty() || version.is_empty() {
            return Err(other().with(format!("nothing there speaks as {} does", D::NAME)));
        }
        let product = info.product_name.as_ref().map(|name| name.0.as_ref());
        if !D::is_product(product) {
            let is = if is_jellyfin(product) { "Jellyfin" } else { "Emby" };
            return Err(other().with(format!("this is {is}, not {}", D::NAME)));
        }
        let clock = self.http.measure_clock(&answer.headers);
        Ok(ServerInfo { id, name: text(info.server_name), version, clock })
    }

    /// Who the server is and who we are there; remembered for the calls that follow.
    pub(super) async fn get_to_know(&self) -> Result<(ServerInfo, Known), ServerError> {
        let info = self.introduce().await?;
        let (user, own) = self.find_user().await?;
        let takes_user_data = D::takes_user_data(Version::parse(&info.version));
        let known = Known { user, own, takes_user_data };
        self.remember(known.clone());
        Ok((info, known))
    }

    pub(super) async fn known(&self) -> Result<Known, ServerError> {
        match self.recall() {
            Some(known) => Ok(known),
            None => Ok(self.get_to_know().await?.1),
        }
    }

    pub(super) fn recall(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn remember(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// The user whose marks are meant, and whether the token is that user's own.
    async fn find_user(&self) -> Result<(User, bool), ServerError> {
        const OP: &str = "finding the user";
        let own = D::token_user(&self.http, &self.client_id).await?;
        let Some(named) = &self.named else {
            return own.map(|own| (own, true)).ok_or_else(|| {
                ServerError::new(Fault::NoSuchUser, OP)
                    .with("an API key belongs to no user: say whose marks are meant")
            });
        };
        if let Some(own) = own.clone().filter(|own| is_called(own, named)) {
            return Ok((own, true));
        }
        let users = self.all_users().await.map_err(|error| match (error.fault, own) {
            (Fault::Forbidden | Fault::Unauthorized, Some(own)) => {
                ServerError::new(Fault::Forbidden, OP)
                    .with(format!("these credentials are of {} alone", own.name))
            }
            _ => error,
        })?;
        // An id first: nothing keeps a person from being called like another's id.
        let by_id = users.iter().find(|user| same_id(&user.id, named));
        match by_id.or_else(|| users.iter().find(|user| is_called(user, named))) {
            Some(user) => Ok((user.clone(), false)),
            None => Err(ServerError::new(Fault::NoSuchUser, OP)
                .with(format!("nobody there is called {named}"))),
        }
    }

    /// `GET /Users` (`13-users.json`); Emby 4.8 documents `/Users/Query` in its place.
    pub(super) async fn all_users(&self) -> Result<Vec<User>, ServerError> {
        const OP: &str = "reading the users";
        let users = |sent: Vec<Maybe<Account<'_>>>| -> Vec<User> {
            sent.into_iter().filter_map(|account| account.0?.user()).collect()
        };
        match self.http.send(&Request::get("/Users", &[], OP)).await {
            Ok(answer) => Ok(users(answer.json(OP)?)),
            Err(error) if error.fault == Fault::NotFound => {
                let answer = self.http.send(&Request::get("/Users/Query", &[], OP)).await?;
                Ok(users(answer.json::<Accounts<'_>>(OP)?.items))
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether a person who typed `named` means this user.
fn is_called(user: &User, named: &str) -> bool {
    same_id(&user.id, named) || user.name.to_lowercase() == named.to_lowercase()
}
