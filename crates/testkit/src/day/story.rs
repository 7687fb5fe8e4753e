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
    /// Whoever plays on a server is further on: at a percentage.
    GoesOn(PersonNo, ServerNo, u8),
    /// The socket of one account breaks.
    Cut(PersonNo, ServerNo),
    /// A server is restarted: it is gone until [`Event::Back`].
    Restart(ServerNo),
    /// It is there again.
    Back(ServerNo),
    /// So many of a server's next calls fail.
    Fail(ServerNo, u32),
    /// A message arrives that is about somebody who is not known.
    Stranger(PersonNo, ServerNo),
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
    /// Seconds that pass before each step, and the step.
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
        let length = dice.random_range(15..=30);
        let steps = (0..length)
            .map(|_| {
                let wait = if dice.random_bool(0.8) {
                    dice.random_range(1..90)
                } else {
                    dice.random_range(90..3_600)
                };
                (wait, event(&mut dice, titles))
            })
            .collect();
        Self { seed, servers, titles, has, at_first, steps }
    }

    /// What becomes of the messages of this day, one after another.
    pub fn fates(&self) -> impl Iterator<Item = Fate> + use<> {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed ^ 0x5eed);
        std::iter::from_fn(move || {
            Some(match dice.random_range(0..100) {
                0..5 => Fate::Lost,
                5..10 => Fate::Twice,
                10..16 => Fate::Early,
                _ => Fate::Arrives,
            })
        })
    }
}

fn event(dice: &mut ChaCha8Rng, titles: usize) -> Event {
    let (server, title) = (dice.random_range(0..SERVERS), dice.random_range(0..titles));
    let person = dice.random_range(0..PEOPLE);
    let percent = dice.random_range(1..=99);
    let does = |act| Event::Does(person, act);
    match dice.random_range(0..100) {
        0..14 => does(Act::Watch(server, title)),
        14..24 => does(Act::Mark(server, title)),
        24..33 => does(Act::Unwatch(server, title)),
        33..46 => does(Act::StopAt(server, title, percent)),
        46..51 => does(Act::Reopen(server, title)),
        51..60 => does(Act::Begin(server, title)),
        60..69 => Event::GoesOn(person, server, percent),
        69..76 => does(Act::End(server, percent)),
        76..82 => Event::Cut(person, server),
        82..85 => Event::Restart(server),
        85..90 => Event::Back(server),
        90..93 => Event::Fail(server, dice.random_range(1..4)),
        93..96 => Event::Stranger(person, server),
        _ => Event::Sync,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the day of seed {}:", self.seed)?;
        for (number, (kind, skew)) in self.servers.iter().enumerate() {
            let (kind, version) = KINDS[*kind];
            writeln!(f, "  server {number}: {} {version}, clock {skew:+} s", kind.name())?;
        }
        writeln!(f, "  they have (server, title): {:?}", self.has)?;
        for (person, server, title) in &self.at_first {
            writeln!(f, "  person {person} had watched title {title} on server {server}")?;
        }
        for (wait, event) in &self.steps {
            writeln!(f, "  {wait:>5} s later {event:?}")?;
        }
        Ok(())
    }
}
