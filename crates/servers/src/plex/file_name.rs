//! Which episodes a file holds, from its name.
//!
//! Plex does not say it: of `S01E01-E03.mkv` it tells the name and nothing else. Only a name that agrees
//! with the item's own season and number is believed, and only what stands directly behind that number:
//! `1080p` further on is no episode.

use watchstate_model::identify::MOST_EPISODES_IN_A_FILE;

/// The last episode in the file of the item at this place; the item's own number where the name does not
/// say more.
pub(super) fn last_episode(path: &str, season: u16, number: u16) -> u16 {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    let name = name.as_bytes();
    (0..name.len())
        .filter(|at| *at == 0 || !name[at - 1].is_ascii_alphanumeric())
        .filter_map(|at| Mark::read(&name[at..]))
        .find(|mark| mark.season == season && mark.number == number)
        .map_or(number, tail)
}

/// `s01e02` or `1x02`, and what stands behind it.
#[derive(Clone, Copy)]
struct Mark<'a> {
    season: u16,
    number: u16,
    behind: &'a [u8],
}

impl<'a> Mark<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        if let Some(rest) = text.strip_prefix(b"s") {
            let (season, rest) = digits(rest, 4)?;
            let rest = rest.strip_prefix(b".").or(rest.strip_prefix(b" ")).unwrap_or(rest);
            let (number, behind) = digits(rest.strip_prefix(b"e")?, 4)?;
            Some(Self { season, number, behind })
        } else {
            let (season, rest) = digits(text, 2)?;
            let (number, behind) = digits(rest.strip_prefix(b"x")?, 3)?;
            Some(Self { season, number, behind })
        }
    }
}

/// Follows `e02`, `-02`, `-e02`, `.s01e02` … behind the first number. A dash may leap (`01-06` means all
/// six), anything else names the very next episode.
fn tail(mark: Mark<'_>) -> u16 {
    let most = mark.number.saturating_add(MOST_EPISODES_IN_A_FILE - 1);
    let (mut last, mut behind) = (mark.number, mark.behind);
    while let Some((next, dash, rest)) = next_number(behind, mark.season) {
        let follows = if dash { next > last } else { next == last.saturating_add(1) };
        if !follows || next > most {
            break;
        }
        (last, behind) = (next, rest);
    }
    last
}

/// The next number, whether a dash stands before it, and what stands behind it.
fn next_number(text: &[u8], season: u16) -> Option<(u16, bool, &[u8])> {
    let dash = text.first() == Some(&b'-');
    let rest = match text.first()? {
        b'-' | b'.' | b'_' | b'+' | b'&' | b' ' => &text[1..],
        _ => text,
    };
    let again = Mark::read(rest).filter(|mark| mark.season == season);
    let (number, behind) = match again {
        Some(mark) => (mark.number, mark.behind),
        None => match rest.strip_prefix(b"e") {
            Some(rest) => digits(rest, 4)?,
            None if dash => digits(rest, 3)?,
            None => return None,
        },
    };
    // What runs into the number makes it something else: `-720p`, `-02v2`.
    let ends = match behind {
        [] => true,
        [b'e' | b's', digit, ..] if digit.is_ascii_digit() => true,
        [next, ..] => !next.is_ascii_alphanumeric(),
    };
    ends.then_some((number, dash, behind))
}

/// A number of one to `most` digits at the beginning.
fn digits(text: &[u8], most: usize) -> Option<(u16, &[u8])> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=most).contains(&length) {
        return None;
    }
    let (digits, rest) = text.split_at(length);
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, place, last, why) in [
            ("Show - S01E01-E02.mkv", (1, 1), 2, "two"),
            ("Show - S01E01-02.mkv", (1, 1), 2, "without the second E"),
            ("Show - S01E01E02E03.mkv", (1, 1), 3, "written together"),
            ("Show - s01e01.s01e02.s01e03 - text.mkv", (1, 1), 3, "the season repeated"),
            ("Show S01E01-S01E03.mkv", (1, 1), 3, "from, to"),
            ("Show.S01E01.E02.mkv", (1, 1), 2, "a dot between"),
            ("Show S01E01 E02.mkv", (1, 1), 2, "a space between"),
            ("Show S01E01+E02.mkv", (1, 1), 2, "a plus between"),
            ("Show S01.E01-E02.mkv", (1, 1), 2, "a dot after the season"),
            ("Show - S01E01-06.mkv", (1, 1), 6, "a dash means to"),
            ("Show - S01E01-02-03-05.mkv", (1, 1), 5, "dashes, with a leap at the end"),
            ("Show - S01E01E03.mkv", (1, 1), 1, "without a dash nothing is left out"),
            ("Show - S01E01-08.mkv", (1, 1), 8, "eight is the most"),
            ("Show - S01E01-09.mkv", (1, 1), 1, "nine is a misread name"),
            ("Show - S01E03-E02.mkv", (1, 3), 3, "backwards"),
            ("Show - 1x02-03.mkv", (1, 2), 3, "with an x"),
            ("Show - 1x02-1x03.mkv", (1, 2), 3, "with two"),
            ("/tv/Show/Season 1/Show - S01E01-E02.mkv", (1, 1), 2, "a path"),
            ("D:\\tv\\Show - S01E01-E02.mkv", (1, 1), 2, "a path of Windows"),
            ("/tv/Show S01E01-E02/episode.mkv", (1, 1), 1, "the folder is not asked"),
            ("Show - S01E01-E02.mkv", (1, 2), 2, "the item is the second of the two"),
            ("Show - S01E01-E02.mkv", (2, 1), 1, "another season"),
            ("Show - S01E05 - HDTV-720p.mkv", (1, 5), 5, "the height of the picture"),
            ("Show - S01E05-720p.mkv", (1, 5), 5, "directly behind"),
            ("Show - S01E05-2160.mkv", (1, 5), 5, "without its letter"),
            ("Show - S01E05-06v2.mkv", (1, 5), 5, "runs into something else"),
            (
                "[Group] Show (2022) - S02E11 - [035] TBA [x264 8bit].mkv",
                (2, 11),
                11,
                "a number later",
            ),
            ("Show - S01E05 - 12 Friends.mkv", (1, 5), 5, "a title that begins with a number"),
            ("Show - 1920x1080 - S01E01-E02.mkv", (1, 1), 2, "the size of the picture before"),
            ("S01E01-E02", (1, 1), 2, "nothing else"),
            ("Shows01e01-e02.mkv", (1, 1), 1, "no edge before the season"),
            ("Sérieß - S01E01-E02 – ü.mkv", (1, 1), 2, "letters beyond ASCII"),
            ("S99999E1-E2", (1, 1), 1, "numbers that fit nowhere"),
            ("Show - S01E65535-E65536.mkv", (1, 65535), 65535, "and none beyond the last"),
            ("", (1, 1), 1, "no name"),
            ("-", (1, 1), 1, "signs"),
        ] {
            assert_eq!(last_episode(name, place.0, place.1), last, "{name}: {why}");
        }
    }
}
