//! Which title is this item a copy of?

use crate::keys::{ShowId, TitleId};
use crate::reason::Because;

/// How many episodes one file may claim. More is a misread file name.
pub const MOST_EPISODES_IN_A_FILE: u16 = 8;

/// What an index of ids knows of an item's own ids, one entry for each id that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The title that has the id.
    pub title: TitleId,
    /// Season and episode of that title; `None` for a movie.
    pub place: Option<(u16, u16)>,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Identity {
    /// A copy of a title that we have.
    Title(TitleId, Because),
    /// A title that nobody had.
    New,
    /// Not decided by a program: the item waits for a person, and no mark of it is taken or written.
    Review(Because),
}

/// Which title is this movie? By its ids alone: never by its name or its file.
///
/// `known` holds what the index says of each of the movie's ids; `has_ids` whether it has any. All known
/// ids have to say the same title: where they do not, one of them is wrong, and which one is not guessed.
pub fn identify_movie(has_ids: bool, known: &[Known]) -> Identity {
    if !has_ids {
        return Identity::Review(Because::NoIds);
    }
    match one_title(known.iter().map(|k| k.title)) {
        Titles::None => Identity::New,
        Titles::One(title) => Identity::Title(title, Because::SameIds),
        Titles::Several => Identity::Review(Because::ConflictingIds),
    }
}

/// Which title is this episode? By the series' ids with season and number first, by its own ids second.
///
/// Ids of episodes are unreliable: agents write the series' id, or the first episode's, into all of them.
/// So the place in a known series decides (`there` is the title that stands at that place), and the
/// episode's own ids are asked only where the series says nothing. Even then the place must agree.
pub fn identify_episode(
    show: Option<ShowId>,
    place: (u16, u16),
    there: Option<TitleId>,
    has_own_ids: bool,
    known: &[Known],
) -> Identity {
    if let Some(title) = there {
        return Identity::Title(title, Because::SameEpisode);
    }
    let at_this_place = known.iter().filter(|k| k.place == Some(place));
    match one_title(at_this_place.map(|k| k.title)) {
        Titles::One(title) => Identity::Title(title, Because::SameIds),
        Titles::Several => Identity::Review(Because::ConflictingIds),
        // A known series that has no such episode yet: whatever the own ids say of other places, it is a
        // new title of that series. The index keeps such ids with the title that had them first.
        Titles::None if show.is_some() => Identity::New,
        Titles::None if !known.is_empty() => Identity::Review(Because::ConflictingEpisode),
        Titles::None if has_own_ids => Identity::New,
        Titles::None => Identity::Review(Because::NoIds),
    }
}

/// Which series is this? By its ids alone; `known` are the series that the index has for them.
pub fn identify_show(has_ids: bool, known: &[ShowId]) -> Result<Option<ShowId>, Because> {
    match (has_ids, one_title(known.iter().copied())) {
        (false, _) => Err(Because::NoIds),
        (true, Titles::None) => Ok(None),
        (true, Titles::One(show)) => Ok(Some(show)),
        (true, Titles::Several) => Err(Because::ConflictingIds),
    }
}

enum Titles<T> {
    None,
    One(T),
    Several,
}

fn one_title<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Titles<T> {
    let Some(first) = all.next() else { return Titles::None };
    if all.all(|other| other == first) { Titles::One(first) } else { Titles::Several }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movie(title: i64) -> Known {
        Known { title: TitleId(title), place: None }
    }

    fn episode(title: i64, season: u16, number: u16) -> Known {
        Known { title: TitleId(title), place: Some((season, number)) }
    }

    #[test]
    fn movies() {
        use Identity::{New, Review, Title};
        let one = Title(TitleId(1), Because::SameIds);
        for (has_ids, known, said, why) in [
            (false, vec![], Review(Because::NoIds), "nothing to go by; the name is not asked"),
            (true, vec![], New, "ids that nobody had"),
            (true, vec![movie(1)], one, "one id is enough"),
            (true, vec![movie(1), movie(1)], one, "two that agree"),
            (true, vec![movie(1), movie(2)], Review(Because::ConflictingIds), "two that do not"),
        ] {
            assert_eq!(identify_movie(has_ids, &known), said, "{why}");
        }
    }

    #[test]
    fn episodes() {
        use Identity::{New, Review, Title};
        let show = Some(ShowId(9));
        let there = Some(TitleId(1));
        for (show, there, own, known, said, why) in [
            (
                show,
                there,
                true,
                vec![],
                Title(TitleId(1), Because::SameEpisode),
                "series and place",
            ),
            (
                show,
                there,
                true,
                vec![episode(2, 1, 2)],
                Title(TitleId(1), Because::SameEpisode),
                "the place outweighs an own id that says otherwise",
            ),
            (show, None, true, vec![], New, "a known series' new episode"),
            (
                show,
                None,
                true,
                vec![episode(2, 5, 5)],
                New,
                "an agent that writes one id into every episode does not make them one title",
            ),
            (show, None, false, vec![], New, "no own ids needed within a series"),
            (
                show,
                None,
                true,
                vec![episode(3, 1, 2)],
                Title(TitleId(3), Because::SameIds),
                "a series known by another id elsewhere: the own id at the same place joins them",
            ),
            (
                None,
                None,
                true,
                vec![episode(3, 1, 2)],
                Title(TitleId(3), Because::SameIds),
                "own id at the same place",
            ),
            (
                None,
                None,
                true,
                vec![episode(3, 1, 1)],
                Review(Because::ConflictingEpisode),
                "own id of another place",
            ),
            (
                None,
                None,
                true,
                vec![episode(3, 1, 2), episode(4, 1, 2)],
                Review(Because::ConflictingIds),
                "own ids of two titles",
            ),
            (None, None, true, vec![], New, "own ids that nobody had"),
            (None, None, false, vec![], Review(Because::NoIds), "nothing to go by"),
        ] {
            assert_eq!(identify_episode(show, (1, 2), there, own, &known), said, "{why}");
        }
    }

    #[test]
    fn shows() {
        let (a, b) = (ShowId(1), ShowId(2));
        assert_eq!(identify_show(true, &[]), Ok(None));
        assert_eq!(identify_show(true, &[a, a]), Ok(Some(a)));
        assert_eq!(identify_show(true, &[a, b]), Err(Because::ConflictingIds));
        assert_eq!(identify_show(false, &[]), Err(Because::NoIds));
    }
}
