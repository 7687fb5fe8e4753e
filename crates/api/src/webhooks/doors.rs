//! Which address belongs to which backend.
//!
//! A backend's address holds a secret, and whoever knows it may hint, at this backend alone. That is all the
//! trust there is in it: a hint has an item read again, and says nothing about its marks.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Semaphore;
use uuid::Uuid;
use watchstate_model::{BackendId, Moment};
use watchstate_servers::{Sensitive, ServerKind, Whose};
use watchstate_store::{Backend, Store};

use super::bucket::Bucket;

/// One backend may tell so much at once, and so much each second. A server that is scanned tells of each file.
const BURST: u32 = 200;
const PER_SECOND: u32 = 50;
/// So often, in seconds, the log tells that what comes through a door is of no use.
const TELLS_EVERY_S: i64 = 60;

/// A new secret: 128 random bits in 32 letters and digits that need no encoding in an address.
pub(crate) fn new_secret() -> Sensitive<String> {
    /// The two places of a random UUID that are not, or not wholly, random (RFC 9562, 5.4).
    const FIXED: [usize; 2] = [12, 16];
    let random = || {
        let text = Uuid::new_v4().simple().to_string();
        let free: Vec<char> = text
            .chars()
            .enumerate()
            .filter(|(place, _)| !FIXED.contains(place))
            .map(|(_, sign)| sign)
            .collect();
        free
    };
    Sensitive::new(random().into_iter().chain(random()).take(32).collect())
}

/// The way in for one backend's server.
pub(crate) struct Door {
    /// Whose.
    pub backend: BackendId,
    /// Which kind of server is behind it.
    pub kind: ServerKind,
    /// Where what it tells is kept.
    pub store: Store,
    server: Option<String>,
    user: Option<String>,
    user_name: Option<String>,
    secret: Sensitive<String>,
    bucket: Mutex<Bucket>,
    told_at: Mutex<Option<Moment>>,
    /// Whoever holds it may send something long.
    pub(super) long: Semaphore,
}

impl Door {
    /// The door of a backend. Nothing for one on a server of an unknown kind.
    pub(crate) fn of(backend: Backend, secret: Sensitive<String>, store: Store) -> Option<Self> {
        Some(Self {
            backend: backend.id,
            kind: ServerKind::from_name(&backend.kind)?,
            store,
            server: backend.server_id,
            user: backend.user_id,
            user_name: backend.user_name,
            secret,
            bucket: Mutex::new(Bucket::new(BURST, PER_SECOND)),
            told_at: Mutex::default(),
            long: Semaphore::new(1),
        })
    }

    /// Whether one more may come in now.
    pub(super) fn admits(&self, now: Moment) -> bool {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }

    /// Whether the log may hear of this door again.
    pub(super) fn may_tell(&self, now: Moment) -> bool {
        let mut told_at = self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        let may = told_at.is_none_or(|at| (now.0 - at.0).unsigned_abs() >= TELLS_EVERY_S as u64);
        if may {
            *told_at = Some(now);
        }
        may
    }

    /// Whether this is the id of the backend's server; so also where either of them is not known.
    pub(super) fn is_server(&self, said: Option<&str>) -> bool {
        match (said, &self.server) {
            (Some(said), Some(known)) => same_id(said, known),
            _ => true,
        }
    }

    /// Whether this is the backend's user; so also where nobody says.
    pub(super) fn is_user(&self, said: Option<&Whose>) -> bool {
        match (said, &self.user, &self.user_name) {
            // Whose name stands in place of a number is known by no number (Plex, where the token is not
            // the owner's): then nobody can say, and a hint too many does no harm.
            (Some(Whose::Id(said)), Some(known), _) => {
                same_id(said, known) || (is_number(said) && !is_number(known))
            }
            (Some(Whose::Name(said)), _, Some(known)) => {
                said.trim().to_lowercase() == known.trim().to_lowercase()
            }
            _ => true,
        }
    }
}

/// Whether two ids mean the same: servers write their own with strokes or without, and in both cases.
fn same_id(one: &str, other: &str) -> bool {
    let plain = |id: &str| id.replace('-', "").to_ascii_lowercase();
    plain(one) == plain(other)
}

fn is_number(id: &str) -> bool {
    id.bytes().all(|sign| sign.is_ascii_digit())
}

/// Whether two texts are the same, without telling by the time it takes where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)))
            == 0
}

/// All doors there are now.
#[derive(Default)]
pub(crate) struct Doors(RwLock<Arc<Vec<Arc<Door>>>>);

impl Doors {
    /// From now on there are these, and no others.
    pub(crate) fn set(&self, doors: Vec<Door>) {
        let doors = Arc::new(doors.into_iter().map(Arc::new).collect());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    /// The door of a secret. All of them are looked at, whichever it is.
    pub(super) fn find(&self, secret: &str) -> Option<Arc<Door>> {
        let doors = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut found = None;
        for door in doors.iter() {
            if same(door.secret.expose(), secret) {
                found = Some(door.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let all: std::collections::BTreeSet<String> =
            (0..1000).map(|_| new_secret().expose().clone()).collect();
        assert_eq!(all.len(), 1000);
        for secret in &all {
            assert_eq!(secret.len(), 32);
            assert!(secret.chars().all(|sign| sign.is_ascii_hexdigit()), "{secret}");
        }
        // Where a version would stand each of the sixteen digits comes up: nothing of a UUID's form is left.
        for place in 0..32 {
            let at: std::collections::BTreeSet<u8> =
                all.iter().map(|secret| secret.as_bytes()[place]).collect();
            assert_eq!(at.len(), 16, "place {place}");
        }
    }

    #[test]
    fn ids_and_secrets_are_compared() {
        for (one, other, are, why) in [
            ("3f2a", "3f2a", true, "the same"),
            ("3F2A", "3f2a", true, "in capitals"),
            ("3f-2a", "3f2a", true, "with strokes"),
            ("3f2b", "3f2a", false, "another"),
            ("", "3f2a", false, "none"),
        ] {
            assert_eq!(same_id(one, other), are, "{why}");
        }
        for (one, other, are, why) in [
            ("3f2a", "3f2a", true, "the same"),
            ("3F2A", "3f2a", false, "a secret has no other case"),
            ("3f2", "3f2a", false, "a part"),
            ("3f2a0", "3f2a", false, "more"),
            ("", "3f2a", false, "none"),
        ] {
            assert_eq!(same(one, other), are, "{why}");
        }
    }
}
