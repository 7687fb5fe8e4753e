//! Sign-ins that are done, each known to the window by a ticket only: the secret stays here, in memory, for
//! a while.

use std::collections::HashMap;

use url::Url;
use watchstate_model::Moment;
use watchstate_servers::{Sensitive, ServerKind};

use crate::contract::SignIn;

/// How long a ticket is good: seconds.
pub(crate) const GOOD_FOR_S: i64 = 30 * 60;
/// How many are kept at most; the oldest goes first.
const MOST: usize = 32;

/// What a ticket stands for.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub kind: ServerKind,
    pub url: Url,
    pub token: Sensitive<String>,
    /// What the window was told.
    pub told: SignIn,
    pub expires_at: Moment,
}

/// All tickets.
#[derive(Default)]
pub(crate) struct Tickets(HashMap<String, Ticket>);

impl Tickets {
    pub(crate) fn put(&mut self, name: String, ticket: Ticket) {
        if self.0.len() >= MOST
            && let Some(oldest) =
                self.0.iter().min_by_key(|(_, t)| t.expires_at).map(|(name, _)| name.clone())
        {
            self.0.remove(&oldest);
        }
        self.0.insert(name, ticket);
    }

    /// A ticket that is still good.
    pub(crate) fn get(&mut self, name: &str, now: Moment) -> Option<Ticket> {
        self.0.retain(|_, ticket| ticket.expires_at > now);
        self.0.get(name).cloned()
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Advice;

    fn ticket(expires_at: i64) -> Ticket {
        let (what, todo) = (String::new(), String::new());
        Ticket {
            kind: ServerKind::Emby,
            url: Url::parse("http://den").unwrap(),
            token: Sensitive::new("secret".to_owned()),
            told: SignIn::Refused { advice: Advice { what, todo } },
            expires_at: Moment(expires_at),
        }
    }

    #[test]
    fn good_for_a_while() {
        let mut tickets = Tickets::default();
        tickets.put("one".to_owned(), ticket(10));
        assert!(tickets.get("one", Moment(9)).is_some());
        assert!(tickets.get("one", Moment(10)).is_none(), "its time is over");
        assert!(tickets.get("one", Moment(9)).is_none(), "and it was forgotten");
        tickets.put("two".to_owned(), ticket(10));
        tickets.remove("two");
        assert!(tickets.get("two", Moment(1)).is_none(), "a person thought better of it");
        for n in 0..100_i64 {
            tickets.put(n.to_string(), ticket(1000 + n));
        }
        assert!(tickets.get("99", Moment(1)).is_some());
        assert!(tickets.get("0", Moment(1)).is_none(), "not more than a few are kept");
    }
}
