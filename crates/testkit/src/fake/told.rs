//! What a server tells by itself.
//!
//! The state machine appends to a list ([`Library::take_told`]); who listens to it, and in which words it is
//! told, is another matter: `mediabrowser::told` and `plex::told` have the words, `socket` has the listeners.
//! What needs no HTTP takes the list itself.

use watchstate_model::{ItemKey, LibraryKey};
use watchstate_servers::ServerKind;

use super::calls::PlexState;
use super::habits::SessionsToldTo;
use super::library::Library;
use super::people::{Caller, Device, UserNo};

/// Something that happened, of which a server may tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Whose marks were saved, or who plays. Nobody, where it is about the library itself.
    pub user: Option<UserNo>,
    /// The film or episode.
    pub key: ItemKey,
    /// What happened.
    pub news: News,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// A mark was saved, whoever did it, and whether or not it is another one than before. Positions that a
    /// session tells while it goes on are not among them.
    Marked,
    /// A session began, went on or ended.
    Playback {
        /// The number of the session: Plex's `sessionKey`.
        session: u64,
        /// How far it is, in milliseconds.
        ms: u64,
        /// How it goes on.
        state: PlexState,
        /// Where it is.
        device: Device,
    },
    /// The item is new.
    Added,
    /// Its file, or what is known of it, is another.
    Refreshed,
    /// It is gone; what it was cannot be looked up any more.
    Removed {
        /// Its section.
        section: LibraryKey,
        /// Whether it was a film.
        movie: bool,
    },
    /// Somebody opened its page.
    Opened,
}

/// One who listens.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ears {
    /// By whose credentials; nobody's, where a server lets in everybody and tells them nothing (Emby).
    pub caller: Option<Caller>,
    /// Whether what is played was asked for (`SessionsStart`).
    pub sessions: bool,
    /// The sessions that were told last: they are told again only when they have changed.
    pub heard: Option<serde_json::Value>,
}

impl Ears {
    /// Those of a caller who has asked for nothing yet.
    pub fn of(caller: Option<Caller>) -> Self {
        Self { caller, ..Self::default() }
    }

    /// The user, if it is one. The key of a server has none on Jellyfin and Emby, and is its owner's on Plex.
    pub(super) fn user(&self, kind: ServerKind) -> Option<UserNo> {
        match self.caller? {
            Caller::User(user) => Some(user),
            Caller::ApiKey => (kind == ServerKind::Plex).then_some(UserNo(0)),
        }
    }
}

impl Library {
    /// What happened since this was last asked, in order.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Whether a socket of a user gets a message because of this.
    ///
    /// Plex tells of playback, the owner of everyone's and the others of their own, and does not tell of
    /// marks set by hand (unless [`tells_refresh`](super::Habits::tells_refresh) is on). Jellyfin and Emby
    /// tell each user of the user's own marks, and of playback whom they let listen and who asked for it.
    pub fn reaches(&self, told: &Told, listener: UserNo) -> bool {
        let admin = self.person(listener).is_some_and(|person| person.admin);
        let own = told.user == Some(listener);
        let plex = self.kind() == ServerKind::Plex;
        match &told.news {
            News::Marked if plex => self.habits().tells_refresh,
            News::Marked => own,
            News::Playback { .. } if plex => own || admin,
            News::Playback { .. } => match self.habits().sessions_told_to {
                SessionsToldTo::Everyone => true,
                SessionsToldTo::Admins => admin,
                SessionsToldTo::OwnOrAdmins => own || admin,
            },
            News::Opened => plex && self.habits().tells_refresh,
            News::Added | News::Refreshed | News::Removed { .. } => true,
        }
    }

    pub(super) fn tell(&mut self, user: Option<UserNo>, key: &ItemKey, news: News) {
        self.told.push(Told { user, key: key.clone(), news });
    }

    /// Somebody opens the page of a title, which is no act on anyone's marks.
    pub fn open_page(&mut self, user: UserNo, key: &str) -> Result<(), super::Refused> {
        let key = self.entry(key).ok_or(super::Refused::NoSuchItem)?.key.clone();
        self.tell(Some(user), &key, News::Opened);
        Ok(())
    }

    /// A number for what is told, which comes once.
    pub(super) fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }
}
