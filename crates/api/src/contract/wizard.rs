//! Finding servers and signing in.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Advice, Import, Moment, ServerKind};

/// How a server was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FoundHow {
    /// It answered a call into the network.
    Network,
    /// It listens on this computer.
    ThisComputer,
    /// The Plex account knows it.
    PlexAccount,
}

/// A server that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Found {
    /// Which kind.
    pub kind: ServerKind,
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// How it was found.
    pub how: FoundHow,
}

/// A user of a server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct ServerUser {
    /// The server's id of the user.
    pub id: String,
    /// The name people use.
    pub name: String,
}

/// A sign-in in progress or done. The secret stays in the app; the ticket stands for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SignIn {
    /// A person has to agree elsewhere.
    Waiting {
        /// What stands for it.
        ticket: String,
        /// What is to be typed or compared.
        code: String,
        /// To be opened in a browser; nothing for Quick Connect, where the code is typed on the server.
        open_url: Option<String>,
        /// Until when the code is good.
        expires_at: Moment,
    },
    /// Signed in to an account that has several servers: which of them is meant?
    Choose {
        /// What stands for it.
        ticket: String,
        /// Its servers, each by its nearest address.
        servers: Vec<Found>,
    },
    /// The server let us in.
    Done {
        /// What stands for it.
        ticket: String,
        /// The server's name.
        server: String,
        /// Its version.
        version: String,
        /// The users that these credentials may see.
        users: Vec<ServerUser>,
        /// The id of the one whose credentials they are; nothing for a key that belongs to nobody.
        user: Option<String>,
    },
    /// The server did not let us in.
    Refused {
        /// Why, and what to do.
        advice: Advice,
    },
}

/// How one gets in.
#[derive(Deserialize, TS)]
#[serde(tag = "by", rename_all = "camelCase")]
pub enum Credentials {
    /// A user name and a password, which are exchanged for a token once and not kept.
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token or an API key.
    Token {
        /// The token.
        token: String,
    },
    /// A code that is confirmed at plex.tv.
    PlexPin,
    /// A code that is confirmed on a Jellyfin server.
    QuickConnect,
}

/// A server to sign in at.
#[derive(Deserialize, TS)]
pub struct SignInWish {
    /// Which kind.
    pub kind: ServerKind,
    /// Its address, as it was typed.
    pub url: String,
    /// How one gets in.
    pub credentials: Credentials,
}

/// Which sign-in is meant.
#[derive(Deserialize, TS)]
pub struct OneTicket {
    /// What stands for it.
    pub ticket: String,
}

/// Which server of an account is meant.
#[derive(Deserialize, TS)]
pub struct ChooseServer {
    /// What stands for the sign-in.
    pub ticket: String,
    /// The address of the server, as it was told.
    pub url: String,
}

/// A backend to be added, signed in at already.
#[derive(Deserialize, TS)]
pub struct AddBackend {
    /// What stands for the sign-in.
    pub ticket: String,
    /// What the user calls it.
    pub name: String,
    /// The id of the user whose marks are meant.
    pub user: String,
    /// What is taken from it.
    pub import: Import,
    /// Whether anything is written to it.
    pub export: bool,
}
