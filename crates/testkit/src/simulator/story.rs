//! What happens: drawn from a seed, printed so that a person can follow it.

use std::fmt;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A server of the story, by number.
pub type ServerNo = usize;
/// A title of the story, by number.
pub type TitleNo = usize;

/// What happens in one step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Somebody watches a title to the end.
    Watch(ServerNo, TitleNo),
    /// Somebody marks a title as watched.
    Mark(ServerNo, TitleNo),
    /// A server marks a title as watched without a date.
    MarkUndated(ServerNo, TitleNo),
    /// Somebody marks a title as watched with a date in 1970.
    MarkLongAgo(ServerNo, TitleNo),
    /// Somebody marks a title as unwatched.
    Unwatch(ServerNo, TitleNo),
    /// Somebody watches up to a percentage and stops.
    StopAt(ServerNo, TitleNo, u8),
    /// Somebody opens a title for a minute.
    Reopen(ServerNo, TitleNo),
    /// Somebody begins to watch and goes on.
    Begin(ServerNo, TitleNo),
    /// Whoever is watching on a server stops at a percentage.
    End(ServerNo, u8),
    /// An item that a server does not have is added to it.
    Add(ServerNo, TitleNo),
    /// An item is removed.
    Remove(ServerNo, TitleNo),
    /// A file is replaced; true when its marks are lost.
    Replace(ServerNo, TitleNo, bool),
    /// An item comes back under another key; true when its marks are lost.
    Rekey(ServerNo, TitleNo, bool),
    /// A server goes away.
    Down(ServerNo),
    /// It comes back.
    Up(ServerNo),
    /// Some of its next calls fail.
    Fail(ServerNo, u32),
    /// The answers to some of its next writes get lost, the writes being done.
    Lose(ServerNo, u32),
    /// Both ways.
    Sync,
    /// Both ways, and the process is killed at a step and started again.
    KilledSync(u64),
    /// One way.
    Import,
    /// The other.
    Export,
}

/// A seeded history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// Where it comes from.
    pub seed: u64,
    /// Which servers: places in [`crate::simulator::world::KINDS`], and the skew of each clock in seconds.
    pub servers: Vec<(usize, i64)>,
    /// How many titles there are.
    pub titles: usize,
    /// Which servers have which titles at the beginning, and whether it is watched there.
    pub at_first: Vec<(ServerNo, TitleNo, bool)>,
    /// Seconds that pass before each step, and the step.
    pub steps: Vec<(i64, Act)>,
}

/// Offsets of clocks: none, small, an hour, a day behind, a year ahead, and 1970.
const SKEWS: [i64; 6] = [0, 3, 3_600, -86_400, 31_536_000, -1_500_000_000];

impl Story {
    /// The story of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let count = dice.random_range(2..=4);
        let servers: Vec<(usize, i64)> = (0..count)
            .map(|_| {
                let kind = dice.random_range(0..super::world::KINDS.len());
                let skew = if dice.random_bool(0.6) { 0 } else { SKEWS[dice.random_range(0..6)] };
                (kind, skew)
            })
            .collect();
        let titles = dice.random_range(2..=6);
        let mut at_first = Vec::new();
        for server in 0..count {
            for title in 0..titles {
                if dice.random_bool(0.85) {
                    at_first.push((server, title, dice.random_bool(0.3)));
                }
            }
        }
        let length = dice.random_range(8..=30);
        let steps = (0..length)
            .map(|_| {
                let wait = dice.random_range(60..7_200);
                (wait, act(&mut dice, count, titles))
            })
            .collect();
        Self { seed, servers, titles, at_first, steps }
    }
}

fn act(dice: &mut ChaCha8Rng, servers: usize, titles: usize) -> Act {
    let server = dice.random_range(0..servers);
    let title = dice.random_range(0..titles);
    let percent = dice.random_range(1..=99);
    match dice.random_range(0..100) {
        0..12 => Act::Watch(server, title),
        12..18 => Act::Mark(server, title),
        18..20 => Act::MarkUndated(server, title),
        20..21 => Act::MarkLongAgo(server, title),
        21..30 => Act::Unwatch(server, title),
        30..38 => Act::StopAt(server, title, percent),
        38..43 => Act::Reopen(server, title),
        43..46 => Act::Begin(server, title),
        46..49 => Act::End(server, percent),
        49..52 => Act::Add(server, title),
        52..54 => Act::Remove(server, title),
        54..57 => Act::Replace(server, title, dice.random_bool(0.5)),
        57..61 => Act::Rekey(server, title, dice.random_bool(0.5)),
        61..63 => Act::Down(server),
        63..66 => Act::Up(server),
        66..69 => Act::Fail(server, dice.random_range(1..4)),
        69..72 => Act::Lose(server, dice.random_range(1..4)),
        72..90 => Act::Sync,
        90..95 => Act::KilledSync(dice.random_range(1..60)),
        95..97 => Act::Import,
        _ => Act::Export,
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the story of seed {}:", self.seed)?;
        for (number, (kind, skew)) in self.servers.iter().enumerate() {
            let (kind, version) = super::world::KINDS[*kind];
            writeln!(f, "  server {number}: {} {version}, clock {skew:+} s", kind.name())?;
        }
        for (server, title, watched) in &self.at_first {
            let mark = if *watched { ", watched" } else { "" };
            writeln!(f, "  at first server {server} has title {title}{mark}")?;
        }
        for (wait, act) in &self.steps {
            writeln!(f, "  {wait:>5} s later {act:?}")?;
        }
        Ok(())
    }
}
