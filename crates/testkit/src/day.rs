//! A simulated day: a family of four on three servers, attended to in real time.
//!
//! A [`Day`] is a list of things that happen while the app listens: people watch, pause and change their
//! minds, sockets break, messages are lost, doubled and out of order, servers are restarted. [`play`]
//! lets it happen against the real engine and a real database, moved by hand and by a clock of its own, so
//! that a seed gives the same day every time.
//!
//! When all is calm, and before any sync, every mark must be where it was meant; after a sync, every place as
//! well. Nothing may be written to what its person is playing, nor cross from one person to another.

mod family;
pub mod story;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use watchstate_model::Watch;
use watchstate_model::marks::ProgressRule;

use self::family::Family;
pub use self::story::Day;
use self::story::{Event, PEOPLE, PersonNo, SERVERS};
use crate::fake::people::Device;
use crate::simulator::direct::{Weather, locked};
use crate::simulator::judge::{Expect, Judge, place};
use crate::simulator::story::{Act, ServerNo};
use crate::simulator::world::{DURATION_MS, Template};

/// A day that did not come to the end it should have.
#[derive(Debug)]
pub struct Spoilt {
    /// The whole day.
    pub day: Day,
    /// After how many steps.
    pub step: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Spoilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.day)?;
        writeln!(f, "  after step {}: {}", self.step, self.why)?;
        write!(
            f,
            "  again: WATCHSTATE_SEED={} cargo test -p watchstate-testkit --test day one_seed",
            self.day.seed
        )
    }
}

/// A look is due at the latest after so long, whatever a server tells: seconds.
const UNTIL_SURE_S: i64 = 16 * 60;

/// Plays a day in a folder of its own. Answers how many writes it took.
pub async fn play(day: &Day, template: &Template, folder: &Path) -> Result<usize, Spoilt> {
    let spoilt = |step, why: String| Spoilt { day: day.clone(), step, why };
    let mut played = Played::begin(day, template, folder).await.map_err(|why| spoilt(0, why))?;
    for (number, (wait, event)) in day.steps.iter().enumerate() {
        let done = played.step(*wait, *event).await;
        done.map_err(|why| spoilt(number + 1, why))?;
    }
    let end = day.steps.len() + 1;
    played.evening().await.map_err(|why| spoilt(end, why))?;
    let writes = played.family.writes();
    played.family.end().await;
    Ok(writes)
}

/// A day, while it goes on.
struct Played {
    family: Family,
    /// One for each person, who does not know the others.
    judges: Vec<Judge>,
    /// What each person never touched.
    untouched: BTreeSet<(PersonNo, usize)>,
    titles: usize,
}

impl Played {
    async fn begin(day: &Day, template: &Template, folder: &Path) -> Result<Self, String> {
        let mut family = Family::of(day, template, folder).await.map_err(|e| e.to_string())?;
        let judges = (0..PEOPLE)
            .map(|person| {
                let at_first: Vec<_> = day
                    .at_first
                    .iter()
                    .filter(|(who, ..)| *who == person)
                    .map(|(_, server, title)| (*server, *title, true))
                    .collect();
                Judge::new(SERVERS, day.titles, &at_first)
            })
            .collect();
        let mut untouched: BTreeSet<_> =
            (0..PEOPLE).flat_map(|p| (0..day.titles).map(move |t| (p, t))).collect();
        for (person, _, title) in &day.at_first {
            untouched.remove(&(*person, *title));
        }
        family.sync().await?;
        family.tick().await?;
        let mut played = Self { family, judges, untouched, titles: day.titles };
        played.agree()?;
        Ok(played)
    }

    async fn step(&mut self, wait: i64, event: Event) -> Result<(), String> {
        self.family.clock.pass(wait);
        match event {
            Event::Does(person, act) => self.does(person, act)?,
            Event::GoesOn(person, server, percent) => self.goes_on(person, server, percent),
            Event::Cut(person, server) => self.family.cut(person, server),
            Event::Restart(server) => self.family.is_down(server, true),
            Event::Back(server) => self.family.is_down(server, false),
            Event::Fail(server, calls) => {
                locked(&self.family.desk(0, server).direct.weather).failing = calls;
            }
            Event::Stranger(person, server) => self.family.stranger(person, server),
            Event::Sync => drop(self.family.sync().await?),
        }
        self.family.settle().await?;
        self.family.tick().await?;
        self.family.offence().map_or(Ok(()), Err)?;
        self.agree()
    }

    /// Somebody does something in front of a server, which must be there for it.
    fn does(&mut self, person: PersonNo, act: Act) -> Result<(), String> {
        let server = match (act, act.concerns()) {
            (Act::End(server, _), _) | (_, Some((server, _))) => server,
            _ => return Ok(()),
        };
        if locked(&self.family.desk(person, server).direct.weather).down {
            return Ok(());
        }
        if let Act::End(_, percent) = act {
            return self.stops(person, server, percent);
        }
        let Some((_, title)) = act.concerns() else { return Ok(()) };
        let Some(key) = self.family.key(server, title) else { return Ok(()) };
        let watched =
            self.family.shows(person, server, title).is_some_and(Watch::is_watched);
        let sits = self.family.plays(person, title);
        self.judges[person].hear(act, watched);
        self.untouched.remove(&(person, title));
        if sits {
            self.judges[person].give_up(title);
        }
        if matches!(act, Act::Watch(..) | Act::StopAt(..) | Act::Reopen(..) | Act::Begin(..)) {
            // There is one television for each: what was on is stopped for it.
            self.stops(person, server, 0)?;
        }
        let direct = &self.family.desk(person, server).direct;
        let (user, now, key) = (direct.user, direct.now(), key.as_str());
        let mut library = locked(&direct.library);
        let done = match act {
            Act::Watch(..) => library.watch(user, key, now),
            Act::Mark(..) => library.mark_watched(user, key, now),
            Act::Unwatch(..) => library.unwatch(user, key, now),
            Act::StopAt(_, _, percent) => {
                let at = place(percent).map_or(0, |at| u64::from(at.ms()));
                library.watch_until(user, key, at, now)
            }
            Act::Reopen(..) => library.reopen(user, key, now),
            Act::Begin(..) => {
                let id = format!("television of person {person}");
                library.play(user, key, Device { id, ..Device::television() }, now)
            }
            _ => Ok(()),
        };
        done.map_err(|e| e.to_string())
    }

    /// Whoever plays something is further on.
    fn goes_on(&mut self, person: PersonNo, server: ServerNo, percent: u8) {
        let direct = &self.family.desk(person, server).direct;
        let at = place(percent).map_or(0, |at| u64::from(at.ms()));
        // Where nothing is on there is nothing to go on with.
        let _ = locked(&direct.library).seek(direct.user, at, direct.now());
    }

    /// Whoever plays something stops. What the title came to is for nobody to say: while it was on, others
    /// may have been told about it, or not yet.
    fn stops(&mut self, person: PersonNo, server: ServerNo, percent: u8) -> Result<(), String> {
        let direct = self.family.desk(person, server).direct.clone();
        let on = locked(&direct.library)
            .sittings()
            .iter()
            .find(|sitting| sitting.user == direct.user)
            .map(|sitting| sitting.item.clone());
        let Some(on) = on else { return Ok(()) };
        for title in 0..self.titles {
            if self.family.key(server, title).as_ref() == Some(&on) {
                self.judges[person].give_up(title);
            }
        }
        let at = place(percent).map_or(0, |at| u64::from(at.ms()));
        let now = direct.now();
        locked(&direct.library).stop_at(direct.user, at, now).map_err(|e| e.to_string())
    }

    /// Keeps what all servers agree on, where it is what was meant.
    fn agree(&mut self) -> Result<(), String> {
        for person in 0..PEOPLE {
            for title in 0..self.titles {
                if self.family.plays(person, title) {
                    continue;
                }
                if let Some(one) = self.one(person, title, true)
                    && self.judges[person].expects(title) != Expect::Same
                    && self.judges[person].accepts(title, one)
                {
                    self.judges[person].agreed(title, one);
                }
                self.keeps_apart(person, title)?;
            }
        }
        Ok(())
    }

    /// What all servers show a person for a title, where it is the same; `exactly` with its place.
    fn one(&self, person: PersonNo, title: usize, exactly: bool) -> Option<Watch> {
        let rule = ProgressRule::default();
        let shown: Vec<(ServerNo, Watch)> = (0..SERVERS)
            .filter_map(|server| Some((server, self.family.shows(person, server, title)?)))
            .map(|(server, watch)| (server, rule.settle(watch, Some(DURATION_MS))))
            .collect();
        let marks: BTreeSet<bool> = shown.iter().map(|(_, watch)| watch.is_watched()).collect();
        if marks.len() != 1 {
            return None;
        }
        let all = |watch: &Watch| exactly && (!watch.is_watched());
        let full: BTreeSet<Watch> = shown
            .iter()
            .filter(|(server, watch)| {
                exactly && (all(watch) || self.family.keeps_rewatches(*server))
            })
            .map(|(_, watch)| *watch)
            .collect();
        match full.len() {
            0 => shown.first().map(|(_, watch)| *watch),
            1 => full.first().copied(),
            _ => None,
        }
    }

    /// What a person never touched shows nothing, whatever the others do.
    fn keeps_apart(&self, person: PersonNo, title: usize) -> Result<(), String> {
        if !self.untouched.contains(&(person, title)) {
            return Ok(());
        }
        for server in 0..SERVERS {
            match self.family.shows(person, server, title) {
                None | Some(Watch::Unwatched) => {}
                Some(shown) => {
                    return Err(format!(
                        "person {person} never touched title {title}, and server {server} shows {shown:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// All servers are there, nobody watches, and time passes: what was missed is found.
    async fn evening(&mut self) -> Result<(), String> {
        for server in 0..SERVERS {
            for person in 0..PEOPLE {
                self.stops(person, server, 0)?;
            }
            self.family.is_down(server, false);
            *locked(&self.family.desk(0, server).direct.weather) = Weather::default();
        }
        for _ in 0..3 {
            self.family.clock.pass(UNTIL_SURE_S);
            self.family.tick().await?;
        }
        self.family.offence().map_or(Ok(()), Err)?;
        self.judge(false)?;
        self.family.clock.pass(60);
        self.family.sync().await?;
        self.judge(true)?;
        let before = self.family.writes();
        self.family.clock.pass(UNTIL_SURE_S);
        self.family.tick().await?;
        self.family.sync().await?;
        if self.family.writes() != before {
            return Err("all agreed, and yet something was written".to_owned());
        }
        self.family.offence().map_or(Ok(()), Err)?;
        let heard: u64 = self.family.desks.iter().map(|desk| desk.attending.foreign()).sum();
        if heard < self.family.strangers {
            return Err(format!("{} strangers, and {heard} were counted", self.family.strangers));
        }
        Ok(())
    }

    /// All servers show the same, and what was meant; `exactly` with its place.
    fn judge(&mut self, exactly: bool) -> Result<(), String> {
        for person in 0..PEOPLE {
            for title in 0..self.titles {
                self.keeps_apart(person, title)?;
                let shown: Vec<_> =
                    (0..SERVERS).map(|s| self.family.shows(person, s, title)).collect();
                if shown.iter().all(Option::is_none) {
                    continue;
                }
                let when = if exactly { "after the sync" } else { "before any sync" };
                let whose = format!("person {person}, title {title}, {when}");
                let Some(one) = self.one(person, title, exactly) else {
                    return Err(format!("{whose}: not the same everywhere: {shown:?}"));
                };
                let judge = &self.judges[person];
                let expected = judge.expects(title);
                let meant = match (exactly, expected) {
                    (true, _) => judge.accepts(title, one),
                    (false, Expect::Exactly(watch)) => watch.is_watched() == one.is_watched(),
                    (false, Expect::Watched) => one.is_watched(),
                    (false, Expect::Same) => true,
                };
                if !meant {
                    return Err(format!("{whose}: it shows {one:?}, and {expected:?} was meant"));
                }
            }
        }
        Ok(())
    }
}
