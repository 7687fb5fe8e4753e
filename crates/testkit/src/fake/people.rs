//! The people of a server, how they sign in, and what they do in front of it.

use watchstate_model::{ItemKey, Moment};
use watchstate_servers::ServerKind;

use super::calls::PlexState;
use super::habits::Habits;
use super::library::{Library, Refused};
use super::marks::{Mark, TICKS_PER_MS};
use super::titles::Entry;
use super::told::News;

/// A user of a server, by number: the first one added is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserNo(pub usize);

/// A user of a server.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name people use.
    pub name: String,
    /// The server's id of the user: a small number on Plex, 32 hex digits on the others.
    pub id: String,
    /// The password (Plex keeps none on the server).
    pub password: String,
    /// An administrator: on Plex the owner.
    pub admin: bool,
}

/// A key of the server itself, without a user.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The key.
    pub token: String,
    /// Which program it was made for.
    pub app: String,
    /// When it was made.
    pub made_at: Moment,
}

/// Someone who signed in from a device.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The token that was given.
    pub token: String,
    /// Who.
    pub user: UserNo,
    /// From where.
    pub device: Device,
    /// When the token was last used.
    pub last_seen: Moment,
}

/// A program on a device.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Device {
    /// Its own id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The program.
    pub client: String,
    /// The program's version.
    pub version: String,
}

impl Device {
    /// The television in the living room, where people watch.
    pub fn television() -> Self {
        Self {
            id: "tv-1".to_owned(),
            name: "Television".to_owned(),
            client: "Television".to_owned(),
            version: "1.0".to_owned(),
        }
    }
}

/// Something being played.
#[derive(Clone, Debug)]
pub struct Sitting {
    /// Its number: the first session of a server is 1. It stays while the session goes on.
    pub number: u64,
    /// By whom.
    pub user: UserNo,
    /// What.
    pub item: ItemKey,
    /// On which device: there is one at a time on each.
    pub device: Device,
    /// How far: ticks of 100 ns.
    pub position_ticks: u64,
    /// Whether it is paused.
    pub paused: bool,
    /// When it began.
    pub since: Moment,
}

impl Sitting {
    /// How it goes on.
    pub(super) fn state(&self) -> PlexState {
        if self.paused { PlexState::Paused } else { PlexState::Playing }
    }
}

/// Whom a token belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// A user.
    User(UserNo),
    /// The server's own key.
    ApiKey,
}

impl Library {
    /// Adds a user, who gets an id, a password (`<name>-password`) and a token. The first one is an
    /// administrator, and the owner on Plex.
    pub fn add_user(&mut self, name: &str) -> UserNo {
        let number = self.people.len();
        let id = match self.kind() {
            ServerKind::Plex => {
                if number == 0 {
                    "1".to_owned()
                } else {
                    (1000 + number).to_string()
                }
            }
            _ => self.hex(0x0a11_0000 + number as u64),
        };
        self.add_user_with(name, &format!("{name}-password"), &id, number == 0)
    }

    /// Adds a user with an id and a password of the test's choice.
    pub fn add_user_with(&mut self, name: &str, password: &str, id: &str, admin: bool) -> UserNo {
        let user = UserNo(self.people.len());
        self.people.push(Person {
            name: name.to_owned(),
            id: id.to_owned(),
            password: password.to_owned(),
            admin,
        });
        self.make_room_for_user();
        let token = self.hex(0x70ce_0000 + user.0 as u64);
        let device = Device { id: format!("home-{name}"), ..Device::television() };
        self.sign_ins.push(SignIn { token, user, device, last_seen: Moment(0) });
        user
    }

    /// The users, in the order in which they were added.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// A user.
    pub fn person(&self, user: UserNo) -> Option<&Person> {
        self.people.get(user.0)
    }

    /// A user by name or by id. Ids are taken with dashes too, and in capitals.
    pub fn user(&self, name_or_id: &str) -> Option<UserNo> {
        let plain = name_or_id.replace('-', "").to_ascii_lowercase();
        self.people
            .iter()
            .position(|person| person.name == name_or_id)
            .or_else(|| self.people.iter().position(|person| person.id == plain))
            .map(UserNo)
    }

    /// A good token of a user: the latest.
    pub fn token_of(&self, user: UserNo) -> Option<&str> {
        self.sign_ins.iter().rev().find(|s| s.user == user).map(|s| s.token.as_str())
    }

    /// Makes a key of the server itself.
    pub fn add_api_key(&mut self, app: &str, at: Moment) -> String {
        self.keys_made += 1;
        let token = self.hex(0x0a91_0000 + self.keys_made);
        self.api_keys.push(ApiKey { token: token.clone(), app: app.to_owned(), made_at: at });
        token
    }

    /// The keys of the server itself.
    pub fn api_keys(&self) -> &[ApiKey] {
        &self.api_keys
    }

    /// Exchanges a name and a password for a token; one device has one token.
    pub fn sign_in(
        &mut self,
        name: &str,
        password: &str,
        device: Device,
        at: Moment,
    ) -> Option<(UserNo, String)> {
        let user = self.people.iter().position(|person| {
            person.name.eq_ignore_ascii_case(name) && person.password == password
        })?;
        let user = UserNo(user);
        self.signed_in += 1;
        let number = 0x51_0000 + self.signed_in;
        self.sign_ins.retain(|s| s.user != user || s.device.id != device.id);
        let token = self.hex(number);
        self.sign_ins.push(SignIn { token: token.clone(), user, device, last_seen: at });
        Some((user, token))
    }

    /// Whom a token belongs to; nobody, when it is wrong or no longer good.
    pub fn caller(&self, token: &str) -> Option<Caller> {
        if let Some(sign_in) = self.sign_ins.iter().find(|s| s.token == token) {
            return Some(Caller::User(sign_in.user));
        }
        self.api_keys.iter().any(|key| key.token == token).then_some(Caller::ApiKey)
    }

    /// The device behind a token.
    pub fn device_of(&self, token: &str) -> Option<&Device> {
        self.sign_ins.iter().find(|s| s.token == token).map(|s| &s.device)
    }

    /// A token, or a key, is no longer good.
    pub fn expire(&mut self, token: &str) {
        self.sign_ins.retain(|s| s.token != token);
        self.api_keys.retain(|key| key.token != token);
    }

    /// Who signed in from where.
    pub fn sign_ins(&self) -> &[SignIn] {
        &self.sign_ins
    }

    /// What is being played.
    pub fn sittings(&self) -> &[Sitting] {
        &self.sittings
    }

    // What people do. None of it is counted among the writes.

    /// Watches a title to its end, which is now.
    pub fn watch(&mut self, user: UserNo, key: &str, now: Moment) -> Result<(), Refused> {
        let end = self.entry(key).ok_or(Refused::NoSuchItem)?.duration_ms;
        self.play(user, key, Device::television(), now)?;
        self.stop_at(user, u64::from(end), now)
    }

    /// Marks a title as watched at an earlier time, with a program that knows the date. Plex takes no
    /// date: there it is now.
    pub fn watch_at(
        &mut self,
        user: UserNo,
        key: &str,
        date: Moment,
        now: Moment,
    ) -> Result<(), Refused> {
        let plex = self.kind() == ServerKind::Plex;
        self.change(user, key, |mark, _, habits| {
            if plex { mark.scrobble(now) } else { mark.mark_played(Some(date), now, habits) }
        })
    }

    /// Presses the button "watched".
    pub fn mark_watched(&mut self, user: UserNo, key: &str, now: Moment) -> Result<(), Refused> {
        let plex = self.kind() == ServerKind::Plex;
        self.change(user, key, |mark, _, habits| {
            if plex { mark.scrobble(now) } else { mark.mark_played(None, now, habits) }
        })
    }

    /// Is marked as watched without a date and without a count, as Jellyfin does when it reads NFO files.
    pub fn mark_without_date(&mut self, user: UserNo, key: &str) -> Result<(), Refused> {
        self.change(user, key, |mark, _, _| mark.played = true)
    }

    /// Presses the button "not watched".
    pub fn unwatch(&mut self, user: UserNo, key: &str) -> Result<(), Refused> {
        self.change(user, key, |mark, _, _| mark.mark_unplayed())
    }

    /// Begins to play and does not stop yet.
    pub fn play(
        &mut self,
        user: UserNo,
        key: &str,
        device: Device,
        now: Moment,
    ) -> Result<(), Refused> {
        let item = self.entry(key).ok_or(Refused::NoSuchItem)?.key.clone();
        if self.kind() != ServerKind::Plex {
            self.change(user, key, |mark, _, habits| mark.started(now, habits))?;
        } else if user.0 >= self.people.len() {
            return Err(Refused::NoSuchUser);
        }
        let ticks = self.shows(user, key)?.position_ticks;
        // Whatever it was that the device played, this is another session.
        self.sittings.retain(|sitting| sitting.device.id != device.id);
        self.sit(user, item, device, ticks, PlexState::Playing, now);
        Ok(())
    }

    /// A device plays an item, or goes on with it, and it is told.
    pub(super) fn sit(
        &mut self,
        user: UserNo,
        item: ItemKey,
        device: Device,
        position_ticks: u64,
        state: PlexState,
        now: Moment,
    ) {
        let place = self.sittings.iter().position(|sitting| sitting.device.id == device.id);
        let before = place.map(|place| self.sittings.remove(place));
        let (number, since) = match before {
            Some(sitting) if sitting.user == user && sitting.item == item => {
                (sitting.number, sitting.since)
            }
            _ => {
                self.sat += 1;
                (self.sat, now)
            }
        };
        let paused = state == PlexState::Paused;
        let sitting = Sitting { number, user, item, device, position_ticks, paused, since };
        self.tell_of(&sitting, state);
        if state != PlexState::Stopped {
            self.sittings.push(sitting);
        }
    }

    fn tell_of(&mut self, sitting: &Sitting, state: PlexState) {
        let news = News::Playback {
            session: sitting.number,
            ms: sitting.position_ticks / TICKS_PER_MS,
            state,
            device: sitting.device.clone(),
        };
        self.tell(Some(sitting.user), &sitting.item, news);
    }

    /// Moves what the user is playing to a position, in milliseconds, and goes on playing.
    pub fn seek(&mut self, user: UserNo, ms: u64, now: Moment) -> Result<(), Refused> {
        let mut sitting = self.sitting_of(user)?;
        sitting.position_ticks = ms.saturating_mul(TICKS_PER_MS);
        let (key, state) = (sitting.item.clone(), sitting.state());
        self.reach(user, key.as_str(), ms, false, now)?;
        self.sit(user, key, sitting.device, sitting.position_ticks, state, now);
        Ok(())
    }

    /// Pauses what the user is playing, or goes on with it.
    pub fn pause(&mut self, user: UserNo, paused: bool, now: Moment) -> Result<(), Refused> {
        let sitting = self.sitting_of(user)?;
        let state = if paused { PlexState::Paused } else { PlexState::Playing };
        self.sit(user, sitting.item, sitting.device, sitting.position_ticks, state, now);
        Ok(())
    }

    /// Stops what the user is playing at a position in milliseconds.
    pub fn stop_at(&mut self, user: UserNo, ms: u64, now: Moment) -> Result<(), Refused> {
        let sitting = self.sitting_of(user)?;
        let ticks = ms.saturating_mul(TICKS_PER_MS);
        self.reach(user, sitting.item.as_str(), ms, true, now)?;
        self.sit(user, sitting.item, sitting.device, ticks, PlexState::Stopped, now);
        Ok(())
    }

    fn sitting_of(&self, user: UserNo) -> Result<Sitting, Refused> {
        self.sittings.iter().find(|s| s.user == user).cloned().ok_or(Refused::NoSuchItem)
    }

    /// Plays up to a position, in milliseconds, and stops.
    pub fn watch_until(
        &mut self,
        user: UserNo,
        key: &str,
        ms: u64,
        now: Moment,
    ) -> Result<(), Refused> {
        self.play(user, key, Device::television(), now)?;
        self.stop_at(user, ms, now)
    }

    /// Opens a title again and closes it after a minute: on Jellyfin that takes a watched mark away.
    pub fn reopen(&mut self, user: UserNo, key: &str, now: Moment) -> Result<(), Refused> {
        self.watch_until(user, key, 60_000, now)
    }

    /// What a session that came to a position leaves behind.
    pub(super) fn reach(
        &mut self,
        user: UserNo,
        key: &str,
        ms: u64,
        stopped: bool,
        now: Moment,
    ) -> Result<(), Refused> {
        let plex = self.kind() == ServerKind::Plex;
        let act = |mark: &mut Mark, entry: &Entry, habits: &Habits| {
            if plex {
                mark.timeline(ms, stopped, entry.duration_ms, now, habits);
            } else {
                mark.reached(ms.saturating_mul(TICKS_PER_MS), entry.duration_ms, habits);
            }
        };
        // What is saved while a session goes on is not told: the recorded sockets are silent between
        // `62-playing-progress` and `65-playing-stop`.
        if stopped { self.change(user, key, act) } else { self.change_quietly(user, key, act) }
    }
}
