//! What is heard of the servers while nothing else goes on, as windows are told it.

use std::collections::BTreeMap;

use watchstate_model::{BackendId, Moment};
use watchstate_servers::NowPlaying;

use super::{App, locked};
use crate::contract::{Connection, Tag};

/// What is heard of every backend. One that is not among them is not listened to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Realtime {
    /// Each by its number.
    pub backends: BTreeMap<BackendId, Heeded>,
}

/// What is heard of one backend.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heeded {
    /// How it is listened to.
    pub connection: Connection,
    /// What its person plays now.
    pub playing: Vec<Plays>,
}

/// Something that is being played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plays {
    /// What, how far and where.
    pub now: NowPlaying,
    /// Since when, as far as we saw.
    pub since: Moment,
}

impl Realtime {
    /// Whether anything is being played.
    pub(super) fn is_quiet(&self) -> bool {
        self.backends.values().all(|heeded| heeded.playing.is_empty())
    }

    /// Which answers are stale when this takes the place of what was heard before.
    fn makes_stale(&self, before: &Self) -> Vec<Tag> {
        let of = |heard: &Self, backend: &BackendId| {
            heard.backends.get(backend).cloned().unwrap_or_default()
        };
        let same = |is_same: fn(&Heeded, &Heeded) -> bool| {
            self.backends
                .keys()
                .chain(before.backends.keys())
                .all(|backend| is_same(&of(self, backend), &of(before, backend)))
        };
        let mut tags = Vec::new();
        if !same(|now, before| now.playing == before.playing) {
            tags.push(Tag::Watching);
        }
        if !same(|now, before| !now.connection.differs_from(&before.connection)) {
            tags.push(Tag::Connections);
        }
        tags
    }
}

impl App {
    /// What is heard of the servers now.
    pub(crate) fn realtime_snapshot(&self) -> Realtime {
        locked(&self.realtime).clone()
    }

    /// Keeps what is heard of the servers now, and tells windows what is another thing than before. That
    /// asking cost something, or that something was about others, is not told by itself: it is shown with the
    /// next answer.
    pub fn set_realtime(&self, now: Realtime) {
        let stale = {
            let mut known = locked(&self.realtime);
            let stale = now.makes_stale(&known);
            *known = now;
            stale
        };
        self.changed(&stale);
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::ItemKey;

    use super::*;
    use crate::contract::{Asking, ConnectionState};

    fn heard(change: impl FnOnce(&mut Heeded)) -> Realtime {
        let mut heeded = Heeded {
            connection: Connection { state: ConnectionState::Live, ..Connection::default() },
            playing: Vec::new(),
        };
        change(&mut heeded);
        Realtime { backends: BTreeMap::from([(BackendId(1), heeded)]) }
    }

    fn plays(key: &str) -> Plays {
        Plays { now: ItemKey(key.to_owned()).into(), since: Moment(7) }
    }

    #[test]
    fn only_what_changed_is_stale() {
        let cost = Asking { requests: 9, bytes: 900 };
        for (now, stale, why) in [
            (heard(|_| {}), vec![], "nothing changed"),
            (heard(|one| one.connection.last_hour = cost), vec![], "what it costs is no news"),
            (heard(|one| one.connection.dropped = 7), vec![], "nor what was about others"),
            (heard(|one| one.playing.push(plays("a"))), vec![Tag::Watching], "somebody began"),
            (
                heard(|one| one.connection.state = ConnectionState::Offline),
                vec![Tag::Connections],
                "its server went away",
            ),
            (Realtime::default(), vec![Tag::Connections], "it is not listened to any more"),
        ] {
            assert_eq!(now.makes_stale(&heard(|_| {})), stale, "{why}");
        }
        let gone = Realtime::default();
        let before = heard(|one| one.playing.push(plays("a")));
        assert_eq!(gone.makes_stale(&before), vec![Tag::Watching, Tag::Connections]);
    }
}
