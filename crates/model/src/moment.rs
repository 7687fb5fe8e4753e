//! Times and positions, each with its unit in the type.

/// A point in time: unix seconds, UTC. Seconds, because that is the finest that Plex and Kodi tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment(pub i64);

/// A place in a film: milliseconds from its start, never zero (no position is `None`).
///
/// Plex counts milliseconds, Jellyfin and Emby ticks of 100 ns, Kodi whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position(u32);

impl Position {
    /// A position from milliseconds; nothing for zero. Longer than 49 days is cut to that.
    pub fn from_ms(ms: u64) -> Option<Self> {
        match u32::try_from(ms).unwrap_or(u32::MAX) {
            0 => None,
            ms => Some(Self(ms)),
        }
    }

    /// A position from ticks of 100 ns (Jellyfin, Emby).
    pub fn from_ticks(ticks: u64) -> Option<Self> {
        Self::from_ms(ticks / 10_000)
    }

    /// Milliseconds from the start.
    pub fn ms(self) -> u32 {
        self.0
    }

    /// Ticks of 100 ns from the start.
    pub fn ticks(self) -> u64 {
        u64::from(self.0) * 10_000
    }

    /// The position as a server shows it that keeps only whole units of `ms`.
    pub fn cut_to(self, ms: u32) -> Option<Self> {
        let unit = ms.max(1);
        Self::from_ms(u64::from(self.0 / unit * unit))
    }
}

/// How far a server's clock is ahead of ours, in seconds. Measured from the HTTP `Date` header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClockOffset(pub i64);

impl ClockOffset {
    /// A moment on the server's clock, told in ours.
    pub fn to_ours(self, theirs: Moment) -> Moment {
        Moment(theirs.0.saturating_sub(self.0))
    }

    /// A moment on our clock, told in the server's.
    pub fn to_theirs(self, ours: Moment) -> Moment {
        Moment(ours.0.saturating_add(self.0))
    }
}

/// The time in which a change on an account must have happened: after the run that last saw it as agreed,
/// until the run that sees the difference. All observations of one run share the run's start as their
/// time, so that what one run saw on two servers is never ordered by which of them was read first.
///
/// A server's dates are claims. Whatever it claims, a difference from the baseline arose in here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The run in which this account's item was last seen as in the baseline.
    pub since: Moment,
    /// The run in which the difference was seen.
    pub until: Moment,
}

/// How far in the future a date may lie and still be a small inaccuracy: a day.
const FUTURE_SLACK_S: i64 = 86_400;

impl Window {
    /// The first moment at which the change can have happened: after the baseline was seen.
    pub fn earliest(self) -> Moment {
        Moment(self.since.0.saturating_add(1))
    }

    /// The last moment at which the change can have happened.
    pub fn latest(self) -> Moment {
        self.until.max(self.earliest())
    }

    /// The time of a change, from what the server claims of it. A claim outside the window is moved to its
    /// nearer end: a clock a year ahead cannot win every merge, one in 1970 cannot lose them all.
    pub fn place(self, claim: Moment) -> Moment {
        claim.min(self.latest()).max(self.earliest())
    }

    /// The date to remember for a play. The past may be as old as it likes (people enter old plays by
    /// hand); a date that lies well in the future is a clock gone wrong and becomes the run's time.
    pub fn believable(self, claim: Moment) -> Moment {
        if claim.0 > self.until.0.saturating_add(FUTURE_SLACK_S) { self.until } else { claim }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_moved_into_the_window() {
        let window = Window { since: Moment(100), until: Moment(200) };
        for (claim, placed, why) in [
            (150, 150, "inside: believed"),
            (5, 101, "a clock in 1970"),
            (9_999, 200, "a clock ahead"),
            (100, 101, "the baseline itself was still seen then"),
        ] {
            assert_eq!(window.place(Moment(claim)), Moment(placed), "{why}");
        }
        let twice_in_a_second = Window { since: Moment(100), until: Moment(100) };
        assert_eq!(twice_in_a_second.place(Moment(100)), Moment(101), "still after the baseline");
    }

    #[test]
    fn old_dates_are_believed_and_far_future_is_not() {
        let window = Window { since: Moment(1_000_000), until: Moment(2_000_000) };
        assert_eq!(window.believable(Moment(-5)), Moment(-5));
        assert_eq!(
            window.believable(Moment(2_000_100)),
            Moment(2_000_100),
            "while the run went on"
        );
        assert_eq!(window.believable(Moment(9_000_000)), Moment(2_000_000));
    }

    #[test]
    fn no_position_is_none_and_units_convert() {
        assert_eq!(Position::from_ms(0), None);
        assert_eq!(Position::from_ticks(9_999), None, "less than a millisecond");
        let position = Position::from_ticks(6_000_000_000).unwrap();
        assert_eq!((position.ms(), position.ticks()), (600_000, 6_000_000_000));
        assert_eq!(Position::from_ms(61_999).unwrap().cut_to(1000).unwrap().ms(), 61_000);
        assert_eq!(Position::from_ms(999).unwrap().cut_to(1000), None);
        assert_eq!(Position::from_ms(u64::MAX).unwrap().ms(), u32::MAX);
    }
}
