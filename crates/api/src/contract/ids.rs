//! Numbers that mean something: of rows, and of moments.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, TS,
        )]
        pub struct $name(pub i64);

        impl From<watchstate_model::$name> for $name {
            fn from(number: watchstate_model::$name) -> Self {
                Self(number.0)
            }
        }

        impl From<$name> for watchstate_model::$name {
            fn from(number: $name) -> Self {
                Self(number.0)
            }
        }
    )*};
}

numbers! {
    /// One account on one media server.
    BackendId
    /// One movie or one episode, whatever the number of servers that have it.
    TitleId
    /// One execution of a task on one backend.
    RunId
    /// One backend's copy of a title.
    ItemId
    /// Unix seconds on our clock.
    Moment
}
