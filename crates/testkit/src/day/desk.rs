//! One account of the family, and what is told to it.

use std::collections::VecDeque;

use watchstate_engine::attend::{Attending, Connection};
use watchstate_model::{BackendId, ItemKey, Moment, Playback};
use watchstate_servers::{Heard, ServerKind};

use super::family::Family;
use super::story::PersonNo;
use crate::fake::calls::PlexState;
use crate::fake::people::UserNo;
use crate::fake::told::{News, Told};
use crate::simulator::direct::locked;
use crate::simulator::story::ServerNo;

/// What was told to an account and not heard yet.
#[derive(Clone)]
pub(super) struct Message {
    pub heard: Heard,
    /// Whether it is about somebody else.
    pub of_another: bool,
}

/// Whether an account's server is listened to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// It could not be reached, and is tried again.
    Away,
    /// It is attended to; since when it was last tried to open a socket.
    There { tried: Moment },
}

/// Who attends to one account.
pub(super) struct Desk {
    pub person: PersonNo,
    pub server: ServerNo,
    pub backend: BackendId,
    pub attending: Attending,
    pub standing: Standing,
    /// When it was last connected.
    pub since: Moment,
    /// When its clock rings next.
    pub alarm: Moment,
    /// How long it rests before it tries again, seconds.
    pub wait: i64,
    pub inbox: VecDeque<Message>,
    /// What arrives late, and when.
    pub late: Vec<(Moment, Message)>,
    /// Whether another one said that it is owed something.
    pub owed: bool,
    /// How often its clock has ticked since anything happened to it.
    pub idle: u32,
    /// How many messages it heard that were about others, or about nobody who is known; and how many it may
    /// have taken for such.
    pub strangers: (u64, u64),
}

impl Desk {
    pub(super) fn is_there(&self) -> bool {
        self.standing != Standing::Away
    }

    pub(super) fn hears(&self) -> bool {
        self.is_there() && self.attending.connection() == Connection::Live
    }

    /// Keeps what it is about to hear of playback: what it must heed, and whom it must count. Answers how many
    /// messages tell of somebody else who plays on, which it can know only where it can ask.
    pub(super) fn is_about_to_hear(&mut self, family: &Family, now: Moment) -> u64 {
        let account = family.account(self.person, self.server);
        let mut others: Vec<&ItemKey> = Vec::new();
        for Message { heard, of_another } in &self.inbox {
            let (key, stopped) = match heard {
                Heard::Foreign => {
                    self.strangers.0 += 1;
                    continue;
                }
                Heard::Playback { key, how } => (key, *how == Playback::Stopped),
                _ => continue,
            };
            self.strangers.1 += u64::from(!stopped);
            if !of_another {
                let told_of = &mut locked(&account.record).told_of;
                told_of.remove(key);
                if !stopped {
                    told_of.insert(key.clone(), now);
                }
            } else if !stopped
                && !family.plays_there(self.person, self.server, key)
                && self.attending.playing().iter().all(|playing| playing.key != *key)
            {
                others.push(key);
            }
            if stopped {
                others.retain(|other| *other != key);
            }
        }
        others.len() as u64
    }
}

/// A message as the kind's client understands it for one account.
pub(super) fn as_heard(told: &Told, kind: ServerKind, listener: PersonNo) -> Option<Message> {
    let key: ItemKey = told.key.clone();
    let plex = kind == ServerKind::Plex;
    let of_another = told.user.is_some_and(|user| user != UserNo(listener));
    let heard = match &told.news {
        News::Marked | News::Opened => Heard::Items(vec![key]),
        News::Added | News::Refreshed if plex => Heard::Items(vec![key]),
        News::Added | News::Refreshed => Heard::Something,
        News::Removed { .. } => return None,
        // The list of sessions says whose each is, and which are our own.
        News::Playback { device, .. } if !plex && (of_another || device.id == "watchstate") => {
            return None;
        }
        News::Playback { state, .. } => {
            let how = match state {
                PlexState::Playing => Playback::Runs,
                PlexState::Paused => Playback::Paused,
                PlexState::Stopped => Playback::Stopped,
            };
            Heard::Playback { key, how }
        }
    };
    Some(Message { heard, of_another })
}
