//! What an account shows for an item.

use crate::moment::{Moment, Position};

/// Whether a title is watched, and where to go on. The ranks follow the order of the variants: on a tie
/// the more-watched state wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Watch {
    /// Neither watched nor begun.
    Unwatched,
    /// Begun, to be continued here.
    Started(Position),
    /// Watched. A position beside it is a rewatch that was left in the middle.
    Watched {
        /// Where the rewatch was left.
        rewatch: Option<Position>,
    },
}

impl Watch {
    /// Watched, and no rewatch begun.
    pub const WATCHED: Self = Self::Watched { rewatch: None };

    /// From the two facts every server keeps apart: the flag and the position.
    pub fn from_flag(watched: bool, position: Option<Position>) -> Self {
        match (watched, position) {
            (true, rewatch) => Self::Watched { rewatch },
            (false, Some(position)) => Self::Started(position),
            (false, None) => Self::Unwatched,
        }
    }

    /// Whether the watched mark is set.
    pub fn is_watched(self) -> bool {
        matches!(self, Self::Watched { .. })
    }

    /// Where to go on, of a first viewing or of a rewatch.
    pub fn position(self) -> Option<Position> {
        match self {
            Self::Unwatched => None,
            Self::Started(position) => Some(position),
            Self::Watched { rewatch } => rewatch,
        }
    }

    /// The same mark with another position.
    #[must_use]
    pub fn with_position(self, position: Option<Position>) -> Self {
        Self::from_flag(self.is_watched(), position)
    }
}

/// What an account shows for an item, as it claims it: the raw material of a merge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Marks {
    /// The mark and the position.
    pub watch: Watch,
    /// How often it was played. Jellyfin counts a session's start, Plex and Kodi its end.
    pub plays: u32,
    /// When it was last played, **on the server's clock**, exactly as it says. Absent when it says nothing.
    ///
    /// The offset of its clock is taken off only where a merge needs it: measured anew at each run, it may
    /// differ by a second, and a baseline that shifted with it would show a change where none was.
    pub last_played: Option<Moment>,
}

impl Marks {
    /// Nothing was ever played.
    pub const UNTOUCHED: Self = Self { watch: Watch::Unwatched, plays: 0, last_played: None };

    /// Whether a play left something behind beside the mark itself.
    ///
    /// A human un-watch clears these as well (Plex: all three fields absent; Jellyfin and Emby:
    /// `DELETE PlayedItems` resets count, position and date), a session that merely began does not.
    pub fn has_traces(self) -> bool {
        self.plays > 0 || self.last_played.is_some()
    }
}

/// Which positions are worth telling to other servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProgressRule {
    /// Positions before this are a look inside, not a beginning: milliseconds.
    pub minimum_ms: u32,
    /// A position that shows up in a watched title sooner than this after it was watched is no rewatch but
    /// what is left of that viewing: seconds. With 0 every one is a rewatch.
    pub rewatch_after_s: u32,
}

impl Default for ProgressRule {
    fn default() -> Self {
        Self { minimum_ms: 60_000, rewatch_after_s: 0 }
    }
}

impl ProgressRule {
    /// The position if it counts as progress.
    ///
    /// Under the minimum (60 s) or under 5 % of the running time it is a look inside; from 90 % on the
    /// server's own rule decides whether the title is watched, and a position there tells nobody
    /// anything. Without a running time only the minimum is asked.
    pub fn worth_telling(self, position: Position, duration_ms: Option<u32>) -> Option<Position> {
        let at = u64::from(position.ms());
        if at < u64::from(self.minimum_ms) {
            return None;
        }
        match duration_ms.map(u64::from) {
            Some(whole) if whole > 0 && (at * 100 < whole * 5 || at * 100 >= whole * 90) => None,
            _ => Some(position),
        }
    }

    /// The marks without a position that is not worth telling.
    #[must_use]
    pub fn settle(self, watch: Watch, duration_ms: Option<u32>) -> Watch {
        watch.with_position(watch.position().and_then(|p| self.worth_telling(p, duration_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_positions_are_progress() {
        let rule = ProgressRule::default();
        let hour = Some(3_600_000);
        for (ms, duration, told, why) in [
            (59_999, None, false, "under a minute"),
            (60_000, None, true, "a minute of an unknown whole"),
            (60_000, hour, false, "a minute is under 5 % of an hour"),
            (180_000, hour, true, "5 % exactly"),
            (3_239_999, hour, true, "just under 90 %"),
            (3_240_000, hour, false, "90 %: the server decides"),
            (9_000_000, hour, false, "beyond the end"),
            (70_000, Some(0), true, "a running time of zero says nothing"),
        ] {
            let position = Position::from_ms(ms).unwrap();
            assert_eq!(rule.worth_telling(position, duration).is_some(), told, "{why}");
        }
    }

    #[test]
    fn more_watched_ranks_higher() {
        let at = |ms| Position::from_ms(ms).unwrap();
        assert!(Watch::Unwatched < Watch::Started(at(1)));
        assert!(Watch::Started(at(1)) < Watch::Started(at(2)));
        assert!(Watch::Started(at(9)) < Watch::WATCHED);
        assert!(Watch::WATCHED < Watch::Watched { rewatch: Some(at(1)) });
    }
}
