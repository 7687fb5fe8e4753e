//! Sign-ins that wait for a person elsewhere: in a browser at plex.tv, or at a Jellyfin that is signed in
//! already.
//!
//! [`Waiting`] is asked from time to time and sends a request only when one is due. Dropping it cancels the
//! sign-in; what it holds is in memory alone.

mod plex_pin;
mod quick_connect;

use std::sync::Arc;

use url::Url;
use watchstate_model::Moment;

use self::plex_pin::PlexPin;
pub use self::plex_pin::{
    PlexAccount, PlexConnection, PlexPlaces, PlexServer, Reach, plex_servers,
};
use self::quick_connect::QuickConnect;
use crate::error::{Fault, ServerError};
use crate::http::{Limits, Pause};
use crate::{Sensitive, SignedIn};

/// Plex asks for a look each second at most (its document 1.2.0, "Check PIN").
const EACH_S: i64 = 1;

/// What a person is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The code. With an address to open it is in there already; without one it is typed at the server.
    pub code: String,
    /// What is opened in a browser.
    pub open: Option<Url>,
    /// Until when it is good, on our clock.
    pub expires_at: Moment,
}

/// How it stands.
pub enum Step {
    /// Nobody said yes so far.
    Waiting,
    /// It is done; there is nothing more to ask.
    Claimed(Claimed),
    /// Its time is over.
    Expired,
}

/// What a sign-in gave.
pub enum Claimed {
    /// A Plex account, with the servers that it may use.
    Plex(PlexAccount),
    /// A user of a Jellyfin.
    Jellyfin(SignedIn),
}

/// A sign-in that waits for a person.
pub struct Waiting {
    told: Told,
    way: Way,
    not_before: Moment,
    pause: Arc<dyn Pause>,
}

enum Way {
    Plex(Box<PlexPin>),
    Jellyfin(Box<QuickConnect>),
    Over,
}

impl Waiting {
    /// Begins a sign-in at a Plex account by PIN.
    pub async fn plex(
        places: &PlexPlaces,
        client_id: &str,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        let (pin, told) = PlexPin::begin(places, client_id, limits, pause.clone()).await?;
        Ok(Self { told, way: Way::Plex(Box::new(pin)), not_before: pause.now(), pause })
    }

    /// Begins a sign-in at a Jellyfin by Quick Connect. [`Fault::Unsupported`] where it is switched off.
    pub async fn jellyfin(
        url: &Url,
        client_id: &str,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        let (connect, told) = QuickConnect::begin(url, client_id, limits, pause.clone()).await?;
        Ok(Self { told, way: Way::Jellyfin(Box::new(connect)), not_before: pause.now(), pause })
    }

    /// What a person is told.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// How it stands. May be called as often as one likes: the server is asked once a second at most. A
    /// failure that may pass is waiting; any other ends the sign-in.
    pub async fn ask(&mut self) -> Result<Step, ServerError> {
        let now = self.pause.now();
        if matches!(self.way, Way::Over) {
            return Ok(Step::Expired);
        }
        if now >= self.told.expires_at {
            self.way = Way::Over;
            return Ok(Step::Expired);
        }
        if now < self.not_before {
            return Ok(Step::Waiting);
        }
        self.not_before = Moment(now.0.saturating_add(EACH_S));
        let asked = match &mut self.way {
            Way::Plex(pin) => pin.ask().await.map(|claimed| claimed.map(Claimed::Plex)),
            Way::Jellyfin(connect) => {
                connect.ask().await.map(|claimed| claimed.map(Claimed::Jellyfin))
            }
            Way::Over => Ok(None),
        };
        match asked {
            Ok(None) => Ok(Step::Waiting),
            Ok(Some(claimed)) => {
                self.way = Way::Over;
                Ok(Step::Claimed(claimed))
            }
            Err(error) => match error.fault {
                Fault::Busy { after: Some(after) } => {
                    let after = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
                    self.not_before = Moment(now.0.saturating_add(after.max(EACH_S)));
                    Ok(Step::Waiting)
                }
                fault if fault.is_transient() => Ok(Step::Waiting),
                // Both forget what is over: the PIN and the secret are not found any more.
                Fault::NotFound => {
                    self.way = Way::Over;
                    Ok(Step::Expired)
                }
                _ => {
                    self.way = Way::Over;
                    Err(error)
                }
            },
        }
    }
}

/// One try of each request: who asks again is the person who waits.
fn once(limits: Limits) -> Limits {
    Limits { retries: 0, largest_answer: limits.largest_answer.min(4 * 1024 * 1024), ..limits }
}

/// A code as it is shown: letters and digits, not many. Anything else would be put before a person and into
/// an address.
fn code(text: &str, op: &'static str) -> Result<String, ServerError> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if text.is_empty() || text.len() > 64 || !plain {
        return Err(ServerError::new(Fault::BadAnswer, op).with("the code is none"));
    }
    Ok(text.to_owned())
}

/// A token, or nothing where the field is absent or empty.
fn token(text: Option<String>) -> Option<Sensitive<String>> {
    text.filter(|text| !text.trim().is_empty()).map(Sensitive::new)
}

#[cfg(test)]
mod tests;
