//! What the protocols write. Each call that is done is counted ([`Library::writes`]).

use watchstate_model::Moment;

use super::habits::PartialWrites;
use super::library::{Call, Library, Refused};
use super::marks::{Part, TICKS_PER_MS};
use super::people::{Device, UserNo};

impl Library {
    /// `POST PlayedItems` on an item, a season or a series.
    pub fn mark_played(
        &mut self,
        user: UserNo,
        key: &str,
        date: Option<Moment>,
        now: Moment,
    ) -> Result<(), Refused> {
        self.change(user, key, |mark, _, habits| mark.mark_played(date, now, habits))?;
        self.log(user, key, Call::Played(date), now);
        Ok(())
    }

    /// `DELETE PlayedItems` on an item, a season or a series.
    pub fn mark_unplayed(&mut self, user: UserNo, key: &str, now: Moment) -> Result<(), Refused> {
        self.change(user, key, |mark, _, _| mark.mark_unplayed())?;
        self.log(user, key, Call::Unplayed, now);
        Ok(())
    }

    /// `POST UserData`: a part of what is kept. Refused with [`Refused::NoSuchCall`] by versions that do
    /// not have it.
    pub fn post_user_data(
        &mut self,
        user: UserNo,
        key: &str,
        part: Part,
        now: Moment,
    ) -> Result<(), Refused> {
        if self.habits().partial_writes == PartialWrites::None {
            return Err(Refused::NoSuchCall);
        }
        let mut put = part;
        if self.habits().absent_is_no {
            put.played = Some(part.played.unwrap_or(false));
            put.position_ticks = Some(part.position_ticks.unwrap_or(0));
            put.favorite = Some(part.favorite.unwrap_or(false));
        }
        self.change(user, key, |mark, _, _| mark.put(&put))?;
        self.log(user, key, Call::Part(part), now);
        Ok(())
    }

    /// Favourite or not, thumb up or down: not marks to us, but shown with them.
    pub fn rate(&mut self, user: UserNo, key: &str, part: Part) -> Result<(), Refused> {
        self.change(user, key, |mark, _, _| mark.put(&part))
    }

    /// `POST Sessions/Playing`.
    pub fn session_start(
        &mut self,
        user: UserNo,
        key: &str,
        ticks: u64,
        device: Device,
        now: Moment,
    ) -> Result<(), Refused> {
        let id = device.id.clone();
        self.play(user, key, device, now)?;
        if let Some(sitting) = self.sittings.iter_mut().find(|s| s.device.id == id) {
            sitting.position_ticks = ticks;
        }
        self.log(user, key, Call::Start, now);
        Ok(())
    }

    /// `POST Sessions/Playing/Progress`.
    pub fn session_progress(
        &mut self,
        user: UserNo,
        key: &str,
        ticks: u64,
        paused: bool,
        device: &Device,
        now: Moment,
    ) -> Result<(), Refused> {
        let item = self.entry(key).ok_or(Refused::NoSuchItem)?.key.clone();
        self.reach(user, key, ticks / TICKS_PER_MS, false, now)?;
        if self.sittings.iter().any(|sitting| sitting.device.id == device.id) {
            let state = if paused { PlexState::Paused } else { PlexState::Playing };
            self.sit(user, item, device.clone(), ticks, state, now);
        }
        self.log(user, key, Call::Progress(ticks / TICKS_PER_MS), now);
        Ok(())
    }

    /// `POST Sessions/Playing/Stopped`; without a position the title counts as seen.
    pub fn session_stop(
        &mut self,
        user: UserNo,
        key: &str,
        ticks: Option<u64>,
        device: &Device,
        now: Moment,
    ) -> Result<(), Refused> {
        match ticks {
            Some(ticks) => self.reach(user, key, ticks / TICKS_PER_MS, true, now)?,
            None => self.change(user, key, |mark, _, _| mark.ended_somewhere())?,
        }
        if let Some(sitting) = self.sittings.iter().find(|s| s.device.id == device.id).cloned() {
            let at = ticks.unwrap_or(sitting.position_ticks);
            self.sit(sitting.user, sitting.item, sitting.device, at, PlexState::Stopped, now);
        }
        self.log(user, key, Call::Stop(ticks.map(|ticks| ticks / TICKS_PER_MS)), now);
        Ok(())
    }

    /// Plex's `scrobble`. Of a season or a series the episodes that are not yet watched.
    pub fn scrobble(&mut self, user: UserNo, key: &str, now: Moment) -> Result<(), Refused> {
        let many = self.entry(key).is_none();
        self.change(user, key, |mark, _, _| {
            if !(many && mark.played) {
                mark.scrobble(now);
            }
        })?;
        self.log(user, key, Call::Scrobble, now);
        Ok(())
    }

    /// Plex's `unscrobble`.
    pub fn unscrobble(&mut self, user: UserNo, key: &str, now: Moment) -> Result<(), Refused> {
        self.change(user, key, |mark, _, _| mark.mark_unplayed())?;
        self.log(user, key, Call::Unscrobble, now);
        Ok(())
    }

    /// Plex's `timeline` and `progress`. While it is not stopped it is a session of its device.
    pub fn timeline(
        &mut self,
        user: UserNo,
        key: &str,
        time_ms: u64,
        state: PlexState,
        device: &Device,
        now: Moment,
    ) -> Result<(), Refused> {
        let item = self.entry(key).ok_or(Refused::NoSuchItem)?.key.clone();
        let stopped = state == PlexState::Stopped;
        self.reach(user, key, time_ms, stopped, now)?;
        let ticks = time_ms.saturating_mul(TICKS_PER_MS);
        self.sit(user, item, device.clone(), ticks, state, now);
        self.log(user, key, Call::Timeline { time_ms, stopped }, now);
        Ok(())
    }
}

/// The states of a Plex player.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlexState {
    /// It plays, or loads.
    Playing,
    /// It is paused.
    Paused,
    /// It has stopped.
    Stopped,
}
