//! When an item that somebody plays is looked at again.

use crate::moment::Moment;

/// How a playback goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Playback {
    /// It began, goes on, or was taken up again.
    Runs,
    /// It stands still, and is to go on.
    Paused,
    /// It has ended, at whatever place.
    Stopped,
}

/// While it runs, its place is told to others at most this often: seconds.
pub const EACH_S: i64 = 60;
/// Servers tell of a playback every ten seconds or so. One of which nothing was heard for so long has
/// ended, whatever became of its last word: seconds.
pub const SILENT_S: i64 = 300;

/// What is remembered of a playback between two words about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sitting {
    /// How it was when it was last heard of.
    pub how: Playback,
    /// When that was.
    pub heard_at: Moment,
    /// When its item was last looked at; when it was first heard of, where it was not.
    pub looked_at: Moment,
}

/// What a word about a playback leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Whether its item is to be looked at now.
    pub look: bool,
    /// What is to be remembered; nothing when it has ended.
    pub sitting: Option<Sitting>,
}

/// Takes a word about a playback.
///
/// A stop and a pause are where people go on elsewhere: the item is looked at at once. While it runs it is
/// looked at once a minute, so that whoever turns a device off is not sent back to the beginning. Its first
/// word leads to no look: nothing has been watched yet.
pub fn turn(before: Option<Sitting>, how: Playback, at: Moment) -> Turn {
    let was = before.filter(|sitting| !has_ended(*sitting, at));
    let look = match how {
        Playback::Stopped => true,
        Playback::Paused => was.is_none_or(|sitting| sitting.how != Playback::Paused),
        Playback::Runs => was.is_some_and(|sitting| at.0 - sitting.looked_at.0 >= EACH_S),
    };
    let looked_at = match was {
        Some(sitting) if !look => sitting.looked_at,
        _ => at,
    };
    let sitting = (how != Playback::Stopped).then_some(Sitting { how, heard_at: at, looked_at });
    Turn { look, sitting }
}

/// Whether a playback is over although nobody said so.
pub fn has_ended(sitting: Sitting, at: Moment) -> bool {
    at.0 - sitting.heard_at.0 > SILENT_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_it_is_looked_at() {
        use Playback::{Paused, Runs, Stopped};
        let sat = |how, heard, looked| {
            Some(Sitting { how, heard_at: Moment(heard), looked_at: Moment(looked) })
        };
        for (before, how, look, why) in [
            (None, Runs, false, "it begins: nothing has been watched"),
            (sat(Runs, 990, 960), Runs, false, "forty seconds later"),
            (sat(Runs, 990, 941), Runs, false, "a second too early"),
            (sat(Runs, 990, 940), Runs, true, "a minute later"),
            (sat(Runs, 990, 960), Paused, true, "it is paused"),
            (sat(Paused, 990, 960), Paused, false, "it is still paused"),
            (sat(Paused, 990, 900), Paused, false, "and stays so"),
            (sat(Paused, 990, 960), Runs, false, "it goes on"),
            (None, Paused, true, "what was before was not heard"),
            (sat(Runs, 990, 960), Stopped, true, "it ends"),
            (None, Stopped, true, "its end is all that was heard"),
            (sat(Runs, 699, 600), Runs, false, "another playback of the same title"),
        ] {
            let turn = turn(before, how, Moment(1000));
            assert_eq!(turn.look, look, "{why}");
            assert_eq!(turn.sitting.is_none(), how == Stopped, "{why}");
        }
    }

    #[test]
    fn a_minute_is_counted_from_the_last_look() {
        let mut sitting = None;
        let mut looks = Vec::new();
        for at in (0..=300).step_by(10) {
            let turn = turn(sitting, Playback::Runs, Moment(at));
            if turn.look {
                looks.push(at);
            }
            sitting = turn.sitting;
        }
        assert_eq!(looks, [60, 120, 180, 240, 300]);
    }

    #[test]
    fn silence_is_an_end() {
        let sitting =
            Sitting { how: Playback::Paused, heard_at: Moment(1000), looked_at: Moment(1000) };
        assert!(!has_ended(sitting, Moment(1300)));
        assert!(has_ended(sitting, Moment(1301)));
    }
}
