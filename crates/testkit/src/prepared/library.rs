//! What stands where in a prepared library, and its bytes.

use std::collections::HashMap;

use bytes::Bytes;

use super::Stock;
use super::wording;

/// Episodes of a series.
const EPISODES: u32 = 20;
/// Episodes of a season.
const SEASON: u32 = 10;

/// How much of each item an answer has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// As asked for with `fields=DateCreated`.
    Lean,
    /// With ids and path.
    Full,
}

/// What a user did with a title.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UserData {
    /// Whether it is watched.
    pub played: bool,
    /// How often.
    pub plays: u32,
    /// Where it was left, in ticks of a ten-millionth of a second.
    pub ticks: u64,
    /// When it was last played, in unix seconds.
    pub last_played: Option<i64>,
}

/// What a title is.
pub(super) enum What {
    /// A film.
    Movie,
    /// An episode: series, season, number.
    Episode(u32, u32, u32),
}

/// A number that looks as if it were thrown: the last step of splitmix64.
pub(super) fn thrown(seed: u64, what: u64) -> u64 {
    let mut z = seed ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key of a title on a server.
pub fn key(stock: &Stock, title: u32) -> String {
    hex(stock, u64::from(title))
}

/// The key of a series on a server.
pub(super) fn show_key(stock: &Stock, show: u32) -> String {
    hex(stock, u64::from(show) | 1 << 40)
}

/// Thirty-two digits that nothing else on the server has.
pub(super) fn hex(stock: &Stock, what: u64) -> String {
    let here = stock.seed ^ (u64::from(stock.server) << 48);
    format!("{:016x}{:016x}", thrown(here, what), thrown(!here, what))
}

impl Stock {
    fn movies(&self) -> u32 {
        self.titles / 2
    }

    fn series(&self) -> u32 {
        (self.titles - self.movies()).div_ceil(EPISODES)
    }

    /// What a title shows before anything is written.
    pub(super) fn user_data(&self, title: u32) -> UserData {
        let own = self.own && title % 20 == 5 + self.server % 10;
        let when = Some(1_700_000_000 + i64::from(title) * 97);
        if (self.watched && title % 10 < 3) || own {
            UserData { played: true, plays: 1 + title % 3, ticks: 0, last_played: when }
        } else if self.watched && title % 50 == 7 {
            UserData { played: false, plays: 1, ticks: 9_000_000_000, last_played: when }
        } else {
            UserData::default()
        }
    }

    pub(super) fn what(&self, title: u32) -> What {
        match title.checked_sub(self.movies()) {
            None => What::Movie,
            Some(episode) => {
                let (show, within) = (episode / EPISODES, episode % EPISODES);
                What::Episode(show, 1 + within / SEASON, 1 + within % SEASON)
            }
        }
    }

    /// Which of `count` stands at a place: each server has added its library in an order of its own.
    fn permuted(&self, place: u32, count: u32) -> u32 {
        // A prime that is larger than any count is without a common divisor.
        const STEP: u64 = 1_000_000_007;
        let (place, count) = (u64::from(place), u64::from(count.max(1)));
        let mixed = if self.server == 0 { place } else { place * STEP + u64::from(self.server) };
        u32::try_from(mixed % count).unwrap_or(0)
    }

    /// Writes an item as it is shown.
    pub(super) fn write(
        &self,
        to: &mut Vec<u8>,
        title: u32,
        place: usize,
        data: &UserData,
        part: Part,
    ) {
        wording::item(to, self, title, place, data, part);
    }
}

/// The bytes of all entries in one piece, and where each begins.
#[derive(Default)]
struct Pieces {
    bytes: Bytes,
    begin: Vec<usize>,
}

impl Pieces {
    fn new(entries: usize, mut write: impl FnMut(&mut Vec<u8>, usize)) -> Self {
        let (mut bytes, mut begin) = (Vec::new(), Vec::with_capacity(entries + 1));
        for entry in 0..entries {
            begin.push(bytes.len());
            write(&mut bytes, entry);
            bytes.push(b',');
        }
        begin.push(bytes.len());
        Self { bytes: bytes.into(), begin }
    }

    /// Some entries with commas between them.
    fn cut(&self, from: usize, to: usize) -> Bytes {
        match (self.begin.get(from), self.begin.get(to)) {
            (Some(from), Some(to)) if from < to => self.bytes.slice(*from..to - 1),
            _ => Bytes::new(),
        }
    }
}

/// A library, or its series.
pub(super) struct Library {
    /// What stands at each place; nothing for series.
    titles: Vec<u32>,
    places: HashMap<String, usize>,
    lean: Pieces,
    full: Pieces,
}

impl Library {
    pub(super) fn movies(stock: &Stock) -> Self {
        let count = stock.movies();
        Self::of(stock, (0..count).map(|place| stock.permuted(place, count)).collect())
    }

    pub(super) fn episodes(stock: &Stock) -> Self {
        let shows = (0..stock.series()).map(|place| stock.permuted(place, stock.series()));
        let titles = shows
            .flat_map(|show| (0..EPISODES).map(move |episode| show * EPISODES + episode))
            .map(|episode| episode + stock.movies())
            .filter(|title| *title < stock.titles)
            .collect();
        Self::of(stock, titles)
    }

    fn of(stock: &Stock, titles: Vec<u32>) -> Self {
        let pieces = |part| {
            Pieces::new(titles.len(), |to, place| {
                let title = titles[place];
                stock.write(to, title, place, &stock.user_data(title), part);
            })
        };
        let (lean, full) = (pieces(Part::Lean), pieces(Part::Full));
        let keys = titles.iter().map(|title| key(stock, *title));
        let places = keys.enumerate().map(|(place, key)| (key, place)).collect();
        Self { titles, places, lean, full }
    }

    pub(super) fn shows(stock: &Stock) -> Self {
        let shows: Vec<u32> =
            (0..stock.series()).map(|place| stock.permuted(place, stock.series())).collect();
        let pieces = Pieces::new(shows.len(), |to, place| wording::show(to, stock, shows[place]));
        let keys = shows.iter().map(|show| show_key(stock, *show));
        let places = keys.enumerate().map(|(place, key)| (key, place)).collect();
        Self { titles: Vec::new(), places, lean: Pieces::default(), full: pieces }
    }

    pub(super) fn is_shows(&self) -> bool {
        self.lean.begin.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn at(&self, place: usize) -> Option<u32> {
        self.titles.get(place).copied()
    }

    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }

    pub(super) fn title(&self, key: &str) -> Option<u32> {
        self.at(self.place(key)?)
    }

    pub(super) fn cut(&self, part: Part, from: usize, to: usize) -> Bytes {
        match part {
            Part::Lean if !self.is_shows() => self.lean.cut(from, to),
            _ => self.full.cut(from, to),
        }
    }
}
