//! Files that hold several episodes.
//!
//! Kodi keeps marks by file and lists such a file once for each episode, so a write to one entry shows up at
//! all of them (recordings 32 and 33). Read as several items, the others would look watched by a person. So
//! such a file is one item that covers all its episodes; its key names all its entries: `episode/5+6`.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::wire;

/// What an entry is in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// The file's only entry.
    Whole,
    /// The first of several.
    First(Together),
    /// One that another entry stands for; or of a file that is no run of episodes of one season, whose
    /// single mark cannot be told of each of them.
    Other,
}

/// The entries of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Together {
    /// The row numbers, by episode.
    pub(super) rows: Vec<u32>,
    /// The last episode.
    pub(super) last: u16,
}

/// Where an entry stands: a few bytes, for all episodes of a library are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stand {
    file: u64,
    show: i64,
    season: i64,
    number: i64,
    row: u32,
}

impl Stand {
    /// Of an entry that was read with [`wire::STAND`]. Nothing for one that is no episode or has no file.
    pub(super) fn of(entry: &wire::Entry) -> Option<Self> {
        let mut file = DefaultHasher::new();
        entry.file.as_deref().filter(|path| !path.is_empty())?.hash(&mut file);
        Some(Self {
            file: file.finish(),
            show: entry.tvshowid.unwrap_or(-1),
            season: entry.season.unwrap_or(-1),
            number: entry.episode.unwrap_or(-1),
            row: entry.episodeid?,
        })
    }
}

/// The files of several episodes.
#[derive(Default)]
pub(super) struct Files {
    parts: HashMap<u32, Part>,
}

impl Files {
    /// Finds them among all entries of a library, or of a season.
    pub(super) fn among(mut entries: Vec<Stand>) -> Self {
        entries.sort_unstable();
        // A list that moved while it was read holds an entry twice.
        entries.dedup();
        let mut parts = HashMap::new();
        for file in entries.chunk_by(|a, b| a.file == b.file).filter(|file| file.len() > 1) {
            let together = together(file);
            for (place, entry) in file.iter().enumerate() {
                let part = match &together {
                    Some(together) if place == 0 => Part::First(together.clone()),
                    _ => Part::Other,
                };
                parts.insert(entry.row, part);
            }
        }
        Self { parts }
    }

    /// The entries of the file that this one is in, if there are others.
    pub(super) fn with(&self, row: u32) -> Option<&Together> {
        self.parts.values().find_map(|part| match part {
            Part::First(together) if together.rows.contains(&row) => Some(together),
            _ => None,
        })
    }

    /// What an entry is.
    pub(super) fn part(&self, row: u32) -> Part {
        self.parts.get(&row).cloned().unwrap_or(Part::Whole)
    }
}

/// The entries of a file as one, if they are a run of one season's episodes.
fn together(file: &[Stand]) -> Option<Together> {
    let follows = |pair: &[Stand]| match pair {
        [a, b] => (a.show, a.season) == (b.show, b.season) && b.number - a.number <= 1,
        _ => false,
    };
    let (first, last) = (file.first()?, file.last()?);
    let is_a_run = first.season >= 0 && first.number >= 0 && file.windows(2).all(follows);
    let last = u16::try_from(last.number).ok().filter(|_| is_a_run)?;
    Some(Together { rows: file.iter().map(|entry| entry.row).collect(), last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(file: u64, show: i64, season: i64, number: i64, row: u32) -> Stand {
        Stand { file, show, season, number, row }
    }

    #[test]
    fn what_an_entry_is_in_its_file() {
        let first = |rows: &[u32], last| Part::First(Together { rows: rows.to_vec(), last });
        let (whole, other) = (Part::Whole, Part::Other);
        for (entries, parts, why) in [
            (
                vec![stand(1, 1, 1, 1, 1), stand(2, 1, 1, 2, 2)],
                vec![(1, whole.clone()), (2, whole.clone())],
                "a file each",
            ),
            (
                vec![stand(9, 1, 2, 2, 5), stand(9, 1, 2, 3, 6), stand(2, 1, 2, 4, 7)],
                vec![(5, first(&[5, 6], 3)), (6, other.clone()), (7, whole.clone())],
                "two in one",
            ),
            (
                vec![stand(9, 1, 2, 3, 6), stand(3, 1, 2, 9, 7), stand(9, 1, 2, 2, 80)],
                vec![(80, first(&[80, 6], 3)), (6, other.clone())],
                "the first was scanned anew, and is far from the second",
            ),
            (
                vec![stand(9, 1, 2, 2, 5), stand(9, 1, 2, 4, 6)],
                vec![(5, other.clone()), (6, other.clone())],
                "the third episode is not in it",
            ),
            (
                vec![stand(9, 1, 2, 2, 5), stand(9, 1, 3, 3, 6)],
                vec![(5, other.clone()), (6, other.clone())],
                "two seasons",
            ),
            (
                vec![stand(9, 1, 2, 2, 5), stand(9, 2, 2, 3, 6)],
                vec![(5, other.clone()), (6, other.clone())],
                "two series",
            ),
            (
                vec![stand(9, 1, -1, -1, 5), stand(9, 1, -1, -1, 6)],
                vec![(5, other.clone()), (6, other.clone())],
                "no place at all",
            ),
            (
                vec![stand(1, 1, 1, 1, 1), stand(1, 1, 1, 1, 1)],
                vec![(1, whole.clone())],
                "one entry that a list held twice",
            ),
        ] {
            let files = Files::among(entries);
            for (row, part) in parts {
                let together = files.with(row).map(|together| together.rows.len());
                assert!(together.is_none_or(|rows| part != Part::Whole && rows > 1), "{why}");
                assert_eq!(files.part(row), part, "{why}: row {row}");
            }
        }
    }
}
