//! What a person was shown before they said yes, and whether it is still what would be written.

use std::collections::HashSet;

use watchstate_engine::PreviewChange;
use watchstate_model::{BackendId, Because, TitleId};

/// A change: where, what, and whether the title is watched afterwards.
type Key = (BackendId, TitleId, bool);

fn key(change: &PreviewChange) -> Key {
    (change.backend, change.title, change.to.is_watched())
}

/// Whether a change would be written once a person said yes.
pub(crate) fn would_be_written(change: &PreviewChange) -> bool {
    change.held.is_none_or(|why| why == Because::FirstExport)
}

/// The changes that a person was shown: their yes is for these and for no others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shown(HashSet<Key>);

impl Shown {
    /// What was shown, of which a person's yes means what would be written.
    pub fn of(changes: &[PreviewChange]) -> Self {
        Self(changes.iter().filter(|change| would_be_written(change)).map(key).collect())
    }

    /// Whether a person was shown all that would be written now. Fewer changes are no surprise, nor is a
    /// place that somebody played on from; a title that was not on the list, or another mark, is.
    pub fn covers(&self, now: &[PreviewChange]) -> bool {
        !now.iter().any(|change| self.is_new(change))
    }

    /// Whether this would be written and was not shown.
    pub fn is_new(&self, change: &PreviewChange) -> bool {
        would_be_written(change) && !self.0.contains(&key(change))
    }

    /// How many of these another one does not have.
    pub(crate) fn beyond(&self, other: &Self) -> u64 {
        u64::try_from(self.0.difference(&other.0).count()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::{Position, Watch};

    use super::*;

    fn change(title: i64, from: Watch, to: Watch, held: Option<Because>) -> PreviewChange {
        PreviewChange {
            backend: BackendId(1),
            backend_name: "den".to_owned(),
            title: TitleId(title),
            name: String::new(),
            from,
            to,
            because: Because::Differs,
            held,
        }
    }

    #[test]
    fn what_a_yes_covers() {
        let (w, u) = (Watch::WATCHED, Watch::Unwatched);
        let place = |ms| Watch::from_flag(false, Position::from_ms(ms));
        let shown = [
            change(1, u, w, Some(Because::FirstExport)),
            change(2, u, place(9), None),
            change(3, w, u, Some(Because::Brake)),
        ];
        let agreed = Shown::of(&shown);
        for (now, covered, why) in [
            (shown.to_vec(), true, "the same"),
            (vec![], true, "nothing is left to do"),
            (vec![change(2, u, place(99), None)], true, "somebody played on"),
            (vec![change(1, w, u, None)], false, "the other way round"),
            (
                vec![change(2, u, w, None)],
                false,
                "watched to the end meanwhile: not what was shown",
            ),
            (vec![change(4, u, w, None)], false, "another title"),
            (vec![change(4, u, w, Some(Because::BeingPlayed))], true, "held all the same"),
            (vec![change(3, w, u, None)], false, "shown as held, and now it would be written"),
        ] {
            assert_eq!(agreed.covers(&now), covered, "{why}");
        }
    }

    #[test]
    fn how_much_is_different() {
        let (w, u) = (Watch::WATCHED, Watch::Unwatched);
        let before = Shown::of(&[change(1, u, w, None), change(2, u, w, None)]);
        let now = Shown::of(&[change(2, u, w, None), change(2, w, u, None), change(3, u, w, None)]);
        assert_eq!((now.beyond(&before), before.beyond(&now)), (2, 1));
    }
}
