//! What people meant, kept beside the engine and without its rules: which end each title must come to.
//!
//! Not every history has one right end. What nobody can know is not asked for: a mark that a server lost
//! before anybody saw it, or an un-watch whose order among other acts is told nowhere. Everywhere else the
//! expectation is exact.

use watchstate_model::{Position, Watch};

use super::story::{Act, ServerNo, TitleNo};
use super::world::DURATION_MS;

/// What must come of a title.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// Exactly this, on every server that can hold it.
    Exactly(Watch),
    /// The watched mark, wherever a rewatch may have been left.
    Watched,
    /// The same on all servers, whichever it is.
    Same,
}

/// What is expected of one title, and what happened to it since all servers last agreed.
#[derive(Clone, Copy, Debug)]
struct Title {
    expect: Expect,
    /// Whether nothing happened to it since all servers agreed.
    quiet: bool,
    /// Where it was marked as watched since, as bits: marks that we may not have seen yet.
    fresh: u8,
    /// How many acts and changes of items may have led to writes.
    causes: u64,
}

/// The judge of one story.
pub struct Judge {
    titles: Vec<Title>,
    servers: u64,
}

/// Where a percentage of a title lies.
pub fn place(percent: u8) -> Option<Position> {
    Position::from_ms(u64::from(DURATION_MS) / 100 * u64::from(percent))
}

impl Judge {
    /// At the beginning nothing is agreed; titles watched anywhere will be watched everywhere.
    pub fn new(servers: usize, titles: usize, at_first: &[(ServerNo, TitleNo, bool)]) -> Self {
        let titles = (0..titles)
            .map(|title| {
                let fresh = at_first
                    .iter()
                    .filter(|(_, which, watched)| *which == title && *watched)
                    .fold(0, |bits, (server, ..)| bits | 1 << server);
                Title {
                    expect: if fresh > 0 { Expect::Watched } else { Expect::Same },
                    quiet: false,
                    // Every server may have to be told once.
                    causes: 1,
                    fresh,
                }
            })
            .collect();
        Self { titles, servers: servers as u64 }
    }

    /// Something happens to a title. `watched` is whether the server showed the mark before.
    pub fn hear(&mut self, act: Act, watched: bool) {
        use Expect::{Exactly, Same, Watched};
        let Some((server, title)) = act.concerns() else { return };
        let title = &mut self.titles[title];
        title.causes += 1;
        let was_quiet = title.quiet;
        title.quiet = false;
        // A mark that was not seen yet can be lost by what happens now; then it must not be the only one.
        let others = title.fresh & !(1 << server);
        let lost = !was_quiet && title.expect == Watched && others == 0;
        let marks = matches!(
            act,
            Act::Watch(..) | Act::Mark(..) | Act::MarkUndated(..) | Act::MarkLongAgo(..)
        );
        if !marks && !matches!(act, Act::Add(..) | Act::Begin(..)) {
            title.fresh = others;
        }
        match act {
            // Pressing "watched" on what is watched may change nothing there that anybody could see.
            Act::Mark(..) | Act::MarkUndated(..) | Act::MarkLongAgo(..) if watched => {
                let known = was_quiet || (title.expect == Watched && title.fresh > 0);
                title.expect = if known { title.expect } else { Same };
            }
            // Without a date of its own such a mark goes by that of whatever else happened there before: among
            // other acts its order is told nowhere.
            Act::MarkUndated(..) | Act::MarkLongAgo(..)
                if !was_quiet && title.expect != Watched =>
            {
                title.expect = Same;
            }
            Act::Watch(..) | Act::Mark(..) | Act::MarkUndated(..) | Act::MarkLongAgo(..) => {
                title.expect = Watched;
                title.fresh |= 1 << server;
            }
            Act::Unwatch(..) => {
                title.expect = if was_quiet && watched { Exactly(Watch::Unwatched) } else { Same };
                title.fresh = 0;
            }
            Act::StopAt(_, _, percent) => {
                let Some(at) = place(percent) else { return };
                title.expect = match title.expect {
                    _ if lost => Same,
                    Exactly(watch) if was_quiet && (6..=89).contains(&percent) => {
                        Exactly(watch.with_position(Some(at)))
                    }
                    Exactly(Watch::Watched { .. }) | Watched => Watched,
                    _ => Same,
                };
            }
            Act::Begin(..) if lost => title.expect = Same,
            // Jellyfin and Emby kept what the account showed for the title before it was removed.
            Act::Add(..) => {
                title.expect = match title.expect {
                    Exactly(Watch::Watched { .. }) | Watched => Watched,
                    _ => Same,
                };
            }
            Act::Reopen(..)
            | Act::Replace(_, _, true)
            | Act::Rekey(_, _, true)
            | Act::Remove(..) => {
                title.expect = match title.expect {
                    _ if lost => Same,
                    Exactly(Watch::Watched { .. }) | Watched => Watched,
                    // An un-watch that was not told yet, and a place: both may be lost with the item.
                    _ => Same,
                };
            }
            _ => {
                if !was_quiet && title.expect == Exactly(Watch::Unwatched) {
                    title.expect = Same;
                }
            }
        }
    }

    /// Nobody can say any more what is to come of a title but that it is the same everywhere.
    pub fn give_up(&mut self, title: TitleNo) {
        self.titles[title].expect = Expect::Same;
        self.titles[title].quiet = false;
    }

    /// Whether what all servers show is what was meant. They show `shown`.
    pub fn accepts(&self, title: TitleNo, shown: Watch) -> bool {
        match self.titles[title].expect {
            Expect::Exactly(watch) => {
                shown.is_watched() == watch.is_watched()
                    && (shown.position() == watch.position() || watch.is_watched())
            }
            Expect::Watched => shown.is_watched(),
            Expect::Same => true,
        }
    }

    /// What is expected of a title.
    pub fn expects(&self, title: TitleNo) -> Expect {
        self.titles[title].expect
    }

    /// What all servers agree on, while nothing has happened to a title since.
    pub fn agreed_on(&self, title: TitleNo) -> Option<Watch> {
        match self.titles[title] {
            Title { expect: Expect::Exactly(watch), quiet: true, .. } => Some(watch),
            _ => None,
        }
    }

    /// All servers agree, on this.
    pub fn agreed(&mut self, title: TitleNo, shown: Watch) {
        let title = &mut self.titles[title];
        title.expect = Expect::Exactly(shown);
        title.quiet = true;
        title.fresh = 0;
    }

    /// How many deliveries a title may have cost at most: to each server but the one it happened on, and one
    /// back to that one where it lost what it should have kept.
    pub fn most_deliveries(&self, title: TitleNo) -> u64 {
        self.titles[title].causes * self.servers
    }
}

impl Act {
    /// The server and the title that an act is about.
    pub fn concerns(self) -> Option<(ServerNo, TitleNo)> {
        match self {
            Self::Watch(s, t)
            | Self::Mark(s, t)
            | Self::MarkUndated(s, t)
            | Self::MarkLongAgo(s, t)
            | Self::Unwatch(s, t)
            | Self::StopAt(s, t, _)
            | Self::Reopen(s, t)
            | Self::Begin(s, t)
            | Self::Add(s, t)
            | Self::Remove(s, t)
            | Self::Replace(s, t, _)
            | Self::Rekey(s, t, _) => Some((s, t)),
            _ => None,
        }
    }
}
