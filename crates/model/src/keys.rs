//! Ids as newtypes, so that a title can never be passed where an item is meant.

use std::fmt;

macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

row_ids! {
    /// A human of the household. Owns at most one backend per server.
    PersonId,
    /// One account on one media server, as the user added it.
    BackendId,
    /// A series, whatever the number of servers that have it.
    ShowId,
    /// One movie or one episode, whatever the number of servers that have it.
    TitleId,
    /// One backend's copy of a title.
    ItemId,
    /// One execution of a task.
    RunId,
}

macro_rules! server_keys {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub String);

        impl $name {
            /// The key as the server spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(key: &str) -> Self {
                Self(key.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

server_keys! {
    /// What a server calls an item. Opaque to us: a number on Plex, 32 hex digits on Jellyfin,
    /// `movie/12` or `episode/7` for Kodi, whose two kinds count separately.
    ItemKey,
    /// What a server calls a library.
    LibraryKey,
}
