//! What a server keeps for one user and one title, and how each call changes it.

use watchstate_model::{Marks, Moment, Position, Watch};

use super::habits::Habits;

/// Ticks of 100 ns in a millisecond.
pub const TICKS_PER_MS: u64 = 10_000;

/// What a server keeps for one user and one title.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mark {
    /// The watched flag. Plex has none: there it follows the count.
    pub played: bool,
    /// How often it was played.
    pub plays: u32,
    /// When it was last played, on the server's clock.
    pub last_played: Option<Moment>,
    /// Where to go on: ticks of 100 ns, zero for none.
    pub position_ticks: u64,
    /// A favourite.
    pub favorite: bool,
    /// A thumb up or down.
    pub likes: Option<bool>,
}

impl Mark {
    /// The position in milliseconds.
    pub fn position_ms(&self) -> u64 {
        self.position_ticks / TICKS_PER_MS
    }

    /// In the words of the model, as a client that reads it without loss would tell it.
    pub fn shown(&self) -> Marks {
        Marks {
            watch: Watch::from_flag(self.played, Position::from_ticks(self.position_ticks)),
            plays: self.plays,
            last_played: self.last_played,
        }
    }
}

/// A part of the user data to be written; what is absent stays (Jellyfin 10.10.7, recordings 41 to 44).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// The watched flag.
    pub played: Option<bool>,
    /// The count.
    pub plays: Option<u32>,
    /// The date, on the server's clock.
    pub last_played: Option<Moment>,
    /// The position in ticks.
    pub position_ticks: Option<u64>,
    /// A favourite.
    pub favorite: Option<bool>,
    /// A thumb up or down.
    pub likes: Option<bool>,
}

impl Mark {
    /// Writes a part. The rules for positions do not apply here: what is written is what is shown
    /// (recording 41: a position in a film of five seconds).
    pub(super) fn put(&mut self, part: &Part) {
        self.played = part.played.unwrap_or(self.played);
        self.plays = part.plays.unwrap_or(self.plays);
        self.last_played = part.last_played.or(self.last_played);
        self.position_ticks = part.position_ticks.unwrap_or(self.position_ticks);
        self.favorite = part.favorite.unwrap_or(self.favorite);
        self.likes = part.likes.or(self.likes);
    }

    /// `POST PlayedItems`: recordings 33 to 37 and 49.
    pub(super) fn mark_played(&mut self, date: Option<Moment>, now: Moment, habits: &Habits) {
        if date.is_some() && habits.dated_repeat_counts {
            self.plays += 1;
        }
        self.plays = self.plays.max(1);
        self.played = true;
        self.position_ticks = 0;
        let kept = if habits.repeat_keeps_date { self.last_played } else { None };
        self.last_played = date.or(kept).or(Some(now));
    }

    /// `DELETE PlayedItems`, Plex's `unscrobble`: nothing is left (recording 39).
    pub(super) fn mark_unplayed(&mut self) {
        self.played = false;
        self.plays = 0;
        self.position_ticks = 0;
        self.last_played = None;
    }

    /// The start of a session on Jellyfin and Emby: recordings 60 to 72.
    pub(super) fn started(&mut self, now: Moment, habits: &Habits) {
        self.plays += 1;
        self.last_played = Some(now);
        if habits.start_clears_played {
            self.played = false;
        }
    }

    /// A position told by a session on Jellyfin and Emby: recordings 63, 66, 69 and 72.
    pub(super) fn reached(&mut self, ticks: u64, duration_ms: u32, habits: &Habits) {
        let whole = u64::from(duration_ms) * TICKS_PER_MS;
        let share = ticks.saturating_mul(100);
        let short = u64::from(duration_ms) < u64::from(habits.shortest_resumable_s) * 1000;
        self.position_ticks = 0;
        if whole == 0 || ticks == 0 || share < whole * habits.resume_from_pct {
            return;
        }
        if share > whole * habits.watched_from_pct || short {
            self.played = true;
        } else {
            self.position_ticks = ticks;
        }
    }

    /// A session on Jellyfin and Emby that ended without telling where.
    pub(super) fn ended_somewhere(&mut self) {
        self.played = true;
        self.position_ticks = 0;
    }

    /// Plex's `scrobble`: one more view, now, and no position.
    pub(super) fn scrobble(&mut self, now: Moment) {
        self.plays += 1;
        self.played = true;
        self.position_ticks = 0;
        self.last_played = Some(now);
    }

    /// Plex's `timeline` and `progress`: the position is kept and the date moves; a stop from 90 % on is
    /// a view.
    pub(super) fn timeline(
        &mut self,
        time_ms: u64,
        stopped: bool,
        duration_ms: u32,
        now: Moment,
        habits: &Habits,
    ) {
        let at_end =
            time_ms.saturating_mul(100) >= u64::from(duration_ms) * habits.watched_from_pct;
        if stopped && duration_ms > 0 && at_end {
            self.scrobble(now);
        } else {
            self.position_ticks = time_ms.saturating_mul(TICKS_PER_MS);
            self.last_played = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use watchstate_servers::ServerKind;

    use super::*;
    use crate::fake::habits::Version;

    const DAY: Moment = Moment(1_709_672_047);
    const NOW: Moment = Moment(1_795_434_861);

    fn habits(kind: ServerKind, version: &str) -> Habits {
        Habits::of(kind, Version::parse(version))
    }

    #[test]
    fn marking_again_without_a_date() {
        for (kind, version, date) in [
            (ServerKind::Jellyfin, "10.8.6", NOW),
            (ServerKind::Jellyfin, "10.10.7", DAY),
            (ServerKind::Emby, "3.2.40", DAY),
        ] {
            let habits = habits(kind, version);
            let mut mark = Mark::default();
            mark.mark_played(Some(DAY), NOW, &habits);
            assert_eq!((mark.plays, mark.last_played), (1, Some(DAY)), "{version} takes the date");
            mark.mark_played(None, NOW, &habits);
            assert_eq!((mark.plays, mark.last_played), (1, Some(date)), "{version}");
        }
    }

    #[test]
    fn a_brief_look_at_a_watched_film() {
        for (kind, version, played) in [
            (ServerKind::Jellyfin, "10.8.6", false),
            (ServerKind::Jellyfin, "10.10.7", false),
            (ServerKind::Emby, "3.2.40", true),
        ] {
            let habits = habits(kind, version);
            let mut mark = Mark::default();
            mark.mark_played(Some(DAY), DAY, &habits);
            mark.started(NOW, &habits);
            mark.reached(12 * 10_000_000, 1_200_128, &habits);
            assert_eq!(mark.played, played, "{version}");
            assert_eq!((mark.plays, mark.last_played), (2, Some(NOW)), "{version} leaves traces");
        }
    }

    #[test]
    fn where_a_session_stops() {
        let habits = habits(ServerKind::Jellyfin, "10.10.7");
        for (minutes, ms, played, kept, why) in [
            (120, 7_200_000 / 100 * 4, false, false, "4 % of a film is a look inside"),
            (120, 7_200_000 / 100 * 5, false, true, "5 % is a beginning"),
            (120, 7_200_000 / 100 * 90, false, true, "90 % exactly is not yet beyond"),
            (120, 7_200_000 / 100 * 91, true, false, "91 % is the end"),
            (4, 120_000, true, false, "half of four minutes: no resume point"),
            (4, 6_000, false, false, "2 % of four minutes is a look inside"),
        ] {
            let mut mark = Mark::default();
            mark.reached(ms * TICKS_PER_MS, minutes * 60_000, &habits);
            assert_eq!((mark.played, mark.position_ticks > 0), (played, kept), "{why}");
        }
    }

    #[test]
    fn plex_stamps_now_and_clears_all() {
        let habits = habits(ServerKind::Plex, "1.40.2");
        let mut mark = Mark::default();
        mark.timeline(70_000, true, 810_300, DAY, &habits);
        assert_eq!((mark.position_ms(), mark.plays, mark.last_played), (70_000, 0, Some(DAY)));
        mark.scrobble(NOW);
        mark.scrobble(NOW);
        assert_eq!((mark.position_ms(), mark.plays, mark.last_played), (0, 2, Some(NOW)));
        mark.timeline(810_000, true, 810_300, NOW, &habits);
        assert_eq!(mark.plays, 3, "a stop near the end is a view");
        mark.mark_unplayed();
        assert_eq!(mark, Mark::default());
    }
}
