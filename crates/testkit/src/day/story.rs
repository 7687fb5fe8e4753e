//! What happens on a day: drawn from a seed, printed so that a person can follow it.

use std::fmt;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::simulator::story::{Act, ServerNo, TitleNo};
use crate::simulator::world::KINDS;

/// A person of the family, by number.
pub type PersonNo = usize;

/// How many people live there.
pub const PEOPLE: usize = 4;
/// How many servers they have.
pub const SERVERS: usize = 3;

/// What happens in one step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Somebody does something.
    Does(PersonNo, Act),
    /// Whoever plays on a server goes to a place: at a percentage.
    GoesTo(PersonNo, ServerNo, u8),
    /// Whoever plays on a server pauses, or goes on.
    Pauses(PersonNo, ServerNo, bool),
    /// Somebody who is not of the household does something on a server that they share.
    Guest(Act),
    /// A message about somebody who is not known comes over the socket of one account.
    Astray(PersonNo, ServerNo),
    /// The socket of one account breaks.
    Cut(PersonNo, ServerNo),
    /// Something on the way to a server lets no sockets through, or does again.
    Deaf(ServerNo, bool),
    /// A server is restarted: it is gone until [`Event::Back`].
    Restart(ServerNo),
    /// It is there again.
    Back(ServerNo),
    /// So many of a server's next calls fail.
    Fail(ServerNo, u32),
    /// The answers to so many of its next writes get lost, the writes being done.
    Lose(ServerNo, u32),
    /// The hourly sync.
    Sync,
}

/// What becomes of a message on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It is lost.
    Lost,
    /// It arrives twice.
    Twice,
    /// It arrives before those that were sent before it.
    Early,
    /// It arrives so many seconds later.
    Late(i64),
}

/// A seeded day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Day {
    /// Where it comes from.
    pub seed: u64,
    /// Which servers: places in [`KINDS`], and the skew of each clock in seconds.
    pub servers: Vec<(usize, i64)>,
    /// How many titles there are.
    pub titles: usize,
    /// Which servers have which titles.
    pub has: Vec<(ServerNo, TitleNo)>,
    /// What was watched before the day began.
    pub at_first: Vec<(PersonNo, ServerNo, TitleNo)>,
    /// Whether nothing goes wrong on it: what is told arrives, and everybody can be reached.
    pub fair: bool,
    /// Seconds that pass before each step, and the step. Where none pass, nobody has time to look between it
    /// and the step before.
    pub steps: Vec<(i64, Event)>,
}

/// Offsets of clocks: small, an hour, a day behind, a year ahead.
const SKEWS: [i64; 4] = [3, 3_600, -86_400, 31_536_000];

impl Day {
    /// The day of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let servers: Vec<(usize, i64)> = (0..SERVERS)
            .map(|_| {
                let kind = dice.random_range(0..KINDS.len());
                let skew = if dice.random_bool(0.7) { 0 } else { SKEWS[dice.random_range(0..4)] };
                (kind, skew)
            })
            .collect();
        let titles = dice.random_range(2..=4);
        let mut has = Vec::new();
        let mut at_first = Vec::new();
        for server in 0..SERVERS {
            for title in 0..titles {
                if !dice.random_bool(0.9) {
                    continue;
                }
                has.push((server, title));
                for person in 0..PEOPLE {
                    if dice.random_bool(0.15) {
                        at_first.push((person, server, title));
                    }
                }
            }
        }
        let fair = dice.random_bool(0.25);
        let length = dice.random_range(15..=30);
        let steps = (0..length)
            .map(|_| {
                let wait = match dice.random_range(0..100) {
                    0..10 => 0,
                    10..80 => dice.random_range(1..90),
                    80..94 => dice.random_range(90..1_200),
                    _ => dice.random_range(1_200..5_400),
                };
                (wait, event(&mut dice, titles, fair))
            })
            .collect();
        Self { seed, servers, titles, has, at_first, fair, steps }
    }

    /// What becomes of the messages of this day, one after another.
    pub fn fates(&self) -> impl Iterator<Item = Fate> + Send + use<> {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed ^ 0x5eed);
        let fair = self.fair;
        std::iter::from_fn(move || {
            Some(match dice.random_range(0..100) {
                _ if fair => Fate::Arrives,
                0..5 => Fate::Lost,
                5..10 => Fate::Twice,
                10..16 => Fate::Early,
                16..20 => Fate::Late(dice.random_range(1..120)),
                _ => Fate::Arrives,
            })
        })
    }
}

fn event(dice: &mut ChaCha8Rng, titles: usize, fair: bool) -> Event {
    let (server, title) = (dice.random_range(0..SERVERS), dice.random_range(0..titles));
    let person = dice.random_range(0..PEOPLE);
    let percent = dice.random_range(1..=99);
    let does = |act| Event::Does(person, act);
    let most = if fair { 80 } else { 100 };
    match dice.random_range(0..most) {
        0..12 => does(Act::Watch(server, title)),
        12..21 => does(Act::Mark(server, title)),
        21..30 => does(Act::Unwatch(server, title)),
        30..41 => does(Act::StopAt(server, title, percent)),
        41..46 => does(Act::Reopen(server, title)),
        46..56 => does(Act::Begin(server, title)),
        56..62 => Event::GoesTo(person, server, percent),
        62..66 => Event::Pauses(person, server, dice.random_bool(0.6)),
        66..73 => does(Act::End(server, percent)),
        73..75 => Event::Astray(person, server),
        75..78 => Event::Guest(match dice.random_range(0..3) {
            0 => Act::Watch(server, title),
            1 => Act::Begin(server, title),
            _ => Act::StopAt(server, title, percent),
        }),
        78..80 => Event::Sync,
        80..85 => Event::Cut(person, server),
        85..87 => Event::Deaf(server, dice.random_bool(0.5)),
        87..90 => Event::Restart(server),
        90..95 => Event::Back(server),
        95..98 => Event::Fail(server, dice.random_range(1..4)),
        _ => Event::Lose(server, dice.random_range(1..4)),
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weather = if self.fair { "fair" } else { "foul" };
        writeln!(f, "the day of seed {}, a {weather} one:", self.seed)?;
        for (number, (kind, skew)) in self.servers.iter().enumerate() {
            let (kind, version) = KINDS[*kind];
            writeln!(f, "  server {number}: {} {version}, clock {skew:+} s", kind.name())?;
        }
        writeln!(f, "  they have (server, title): {:?}", self.has)?;
        for (person, server, title) in &self.at_first {
            writeln!(f, "  person {person} had watched title {title} on server {server}")?;
        }
        for (number, (wait, event)) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {wait:>5} s later {event:?}", number + 1)?;
        }
        Ok(())
    }
}
