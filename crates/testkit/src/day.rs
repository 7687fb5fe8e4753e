//! A simulated day: a family of four on three servers, attended to in real time.
//!
//! A [`Day`] is a list of things that happen while the app listens: people watch, pause and change their
//! minds, sockets break, messages are lost, doubled, late and out of order, servers are restarted, and a guest
//! of the house uses its servers as well. [`play`] lets it happen against the real engine and a real database,
//! moved by hand and by a clock of its own, so that a seed gives the same day every time.
//!
//! When all is calm, and before any sync, every mark must be where it was meant, and on a day on which nothing
//! went wrong every place too; after a sync both are, whatever went wrong. Nothing may be written to what its
//! person is playing, nor cross from one person to another; whoever is not known is counted and left alone.

mod attendants;
mod desk;
mod family;
pub mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use watchstate_engine::Merge;
use watchstate_model::{Moment, Watch};

use self::attendants::Attendants;
use self::family::{BEGINNING, Family};
pub use self::story::Day;
use self::story::{Event, PEOPLE, PersonNo, SERVERS};
use crate::simulator::direct::{Sessions, SimClock, Weather, locked};
use crate::simulator::judge::{Expect, Judge, place};
use crate::simulator::story::{Act, ServerNo, TitleNo};
use crate::simulator::world::Template;

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

/// What is wrong on purpose, in the test that proves that a day can be spoilt.
#[derive(Clone, Copy, Debug, Default)]
pub enum Wrong {
    /// Nothing.
    #[default]
    Nothing,
    /// The rule that decides.
    Rule(Merge),
    /// Nobody asks who plays before writing.
    Sessions,
    /// Two people's accounts on a server are taken for each other's.
    People,
}

/// A look is due at the latest after so long, whatever a server tells: seconds.
const UNTIL_SURE_S: i64 = 16 * 60;
/// What was owed to a server that failed has been tried again after so long: seconds.
const LONGEST_REST_S: i64 = 7 * 3600;

/// Plays a day in a folder of its own. Answers how many writes it took.
pub async fn play(
    day: &Day,
    template: &Template,
    folder: &Path,
    wrong: Wrong,
) -> Result<usize, Spoilt> {
    let spoilt = |step, why: String| Spoilt { day: day.clone(), step, why };
    let mut played =
        Played::begin(day, template, folder, wrong).await.map_err(|why| spoilt(0, why))?;
    for (number, (wait, event)) in day.steps.iter().enumerate() {
        let done = played.step(*wait, *event).await;
        done.map_err(|why| spoilt(number + 1, why))?;
    }
    let end = day.steps.len() + 1;
    played.evening().await.map_err(|why| spoilt(end, why))?;
    let writes = played.family.writes();
    played.attendants.end().await;
    Ok(writes)
}

/// What somebody sits in front of.
#[derive(Clone, Copy)]
struct Sits {
    title: TitleNo,
    /// What all servers agreed on when it began, as long as nothing else happens to the title.
    before: Option<Watch>,
}

/// A day, while it goes on.
struct Played {
    family: Family,
    attendants: Attendants,
    /// One for each person, who does not know the others.
    judges: Vec<Judge>,
    sits: BTreeMap<(PersonNo, ServerNo), Sits>,
    /// What each person never touched.
    untouched: BTreeSet<(PersonNo, TitleNo)>,
    /// What each person began at some time: how often its place is told is nothing to count.
    begun: BTreeSet<(PersonNo, TitleNo)>,
    /// When something last happened to each person's title, on each server.
    happened: BTreeMap<(PersonNo, TitleNo), [Moment; SERVERS]>,
    /// When the last sync was that went through everywhere.
    synced: Moment,
    /// Places that were cleared by hand where a server neither tells of that nor lets one look for it: for a
    /// sync to find.
    cleared: BTreeSet<(PersonNo, TitleNo)>,
    titles: usize,
    fair: bool,
}

impl Played {
    async fn begin(
        day: &Day,
        template: &Template,
        folder: &Path,
        wrong: Wrong,
    ) -> Result<Self, String> {
        let sessions = matches!(wrong, Wrong::Sessions).then_some(Sessions::Unasked);
        let rule = if let Wrong::Rule(rule) = wrong { Some(rule) } else { None };
        let clock = SimClock::at(BEGINNING);
        let family = Family::of(day, &clock, sessions).map_err(|e| e.to_string())?;
        let store = template.open(folder).await.map_err(|e| e.to_string())?;
        family.join(&store).await.map_err(|e| e.to_string())?;
        let swapped = matches!(wrong, Wrong::People);
        let attendants = Attendants::of(day, &family, store, clock, rule, swapped).await;
        let attendants = attendants.map_err(|e| e.to_string())?;
        let judges = (0..PEOPLE)
            .map(|person| {
                let own = day.at_first.iter().filter(|(who, ..)| *who == person);
                let at_first: Vec<_> =
                    own.map(|(_, server, title)| (*server, *title, true)).collect();
                Judge::new(SERVERS, day.titles, &at_first)
            })
            .collect();
        let mut untouched: BTreeSet<_> =
            (0..PEOPLE).flat_map(|p| (0..day.titles).map(move |t| (p, t))).collect();
        for (person, _, title) in &day.at_first {
            untouched.remove(&(*person, *title));
        }
        let mut played = Self {
            family,
            attendants,
            judges,
            sits: BTreeMap::new(),
            untouched,
            begun: BTreeSet::new(),
            happened: BTreeMap::new(),
            synced: Moment(0),
            cleared: BTreeSet::new(),
            titles: day.titles,
            fair: day.fair,
        };
        played.sync().await?;
        played.attendants.pass(&mut played.family, 1).await?;
        played.look()?;
        Ok(played)
    }

    async fn step(&mut self, wait: i64, event: Event) -> Result<(), String> {
        if wait > 0 {
            self.attendants.pass(&mut self.family, wait).await?;
            self.look()?;
        }
        match event {
            Event::Does(person, act) => self.does(person, act)?,
            Event::GoesTo(person, server, percent) => {
                if self.family.is_up(server) {
                    let at = place(percent).map_or(0, |at| u64::from(at.ms()));
                    self.family.goes_to(person, server, at);
                    // There a server may say that it was watched, although it goes on.
                    if let Some(sits) = self.sits.get_mut(&(person, server))
                        && percent >= 90
                    {
                        sits.before = sits.before.filter(|before| before.is_watched());
                    }
                }
            }
            Event::Pauses(person, server, paused) => {
                if self.family.is_up(server) {
                    self.family.pauses(person, server, paused);
                }
            }
            Event::Guest(act) => self.family.guest(act).map_err(|e| e.to_string())?,
            Event::Astray(person, server) => self.attendants.astray(person, server),
            Event::Cut(person, server) => self.attendants.cut(&self.family, person, server),
            Event::Deaf(server, deaf) => self.attendants.is_deaf(&self.family, server, deaf),
            Event::Restart(server) => self.restart(server),
            Event::Back(server) => self.weather(server, |weather| weather.down = false),
            Event::Fail(server, calls) => self.weather(server, |weather| weather.failing = calls),
            Event::Lose(server, writes) => self.weather(server, |weather| weather.losing = writes),
            Event::Sync => self.sync().await?,
        }
        Ok(())
    }

    async fn sync(&mut self) -> Result<(), String> {
        let now = self.now();
        if self.attendants.sync(&self.family).await? {
            self.synced = now;
        }
        Ok(())
    }

    fn now(&self) -> Moment {
        self.family.account(0, 0).clock.now()
    }

    /// Something happens to a title of a person on a server.
    fn happens(&mut self, person: PersonNo, server: ServerNo, title: TitleNo) {
        let now = self.now();
        self.happened.entry((person, title)).or_insert([Moment(0); SERVERS])[server] = now;
    }

    /// Whether it is known that an account agreed with the others after all that happened to a title. When a
    /// mark was taken away is told nowhere: of one that may be older than what others did, the mark is kept.
    fn is_known_later(&self, person: PersonNo, server: ServerNo, title: TitleNo) -> bool {
        let happened = self.happened.get(&(person, title)).copied().unwrap_or([Moment(0); SERVERS]);
        let written = self.family.written_at(person, server, title).unwrap_or(Moment(0));
        let known = happened[server].max(written).max(self.synced);
        happened.iter().all(|at| *at <= known)
    }

    fn weather(&self, server: ServerNo, change: impl FnOnce(&mut Weather)) {
        change(&mut locked(&self.family.account(0, server).weather));
    }

    /// A server goes away in the middle of everything. Nobody plays anything there any more, and nobody was
    /// told so.
    fn restart(&mut self, server: ServerNo) {
        if !self.family.is_up(server) {
            return;
        }
        for person in 0..PEOPLE {
            if let Some(Sits { title, before }) = self.sits.remove(&(person, server)) {
                self.happens(person, server, title);
                self.came_to(person, title, before, Act::Begin(server, title));
            }
        }
        self.weather(server, |weather| weather.down = true);
        self.attendants.goes_down(&self.family, server);
        locked(self.family.library(server)).restart();
        self.family.remember_guest();
    }

    /// Somebody does something in front of a server, which must be there for it.
    fn does(&mut self, person: PersonNo, act: Act) -> Result<(), String> {
        if let Act::End(server, percent) = act {
            return if self.family.is_up(server) {
                self.stops(person, server, percent)
            } else {
                Ok(())
            };
        }
        let Some((server, title)) = act.concerns() else { return Ok(()) };
        if !self.family.is_up(server) || self.family.key(server, title).is_none() {
            return Ok(());
        }
        if matches!(act, Act::Watch(..) | Act::StopAt(..) | Act::Reopen(..) | Act::Begin(..)) {
            // There is one television for each: what was on is stopped for it.
            self.stops(person, server, 0)?;
        }
        let others =
            self.sits.iter_mut().filter(|((who, _), sits)| (*who, sits.title) == (person, title));
        others.for_each(|(_, sits)| sits.before = None);
        let watched = self.family.shows(person, server, title).is_some_and(Watch::is_watched);
        let plays = self.family.plays(person, title);
        let in_doubt =
            matches!(act, Act::Unwatch(..)) && !self.is_known_later(person, server, title);
        let judge = &mut self.judges[person];
        let before = judge.agreed_on(title).filter(|_| !plays);
        judge.hear(act, watched);
        if plays || in_doubt {
            judge.give_up(title);
        }
        self.happens(person, server, title);
        self.untouched.remove(&(person, title));
        if matches!(act, Act::Unwatch(..)) && self.family.is_plex(server) {
            self.cleared.insert((person, title));
        }
        if matches!(act, Act::Begin(..)) {
            self.begun.insert((person, title));
            self.sits.insert((person, server), Sits { title, before });
        }
        self.family.act(person, act).map_err(|e| e.to_string())
    }

    /// Whoever plays something stops.
    fn stops(&mut self, person: PersonNo, server: ServerNo, percent: u8) -> Result<(), String> {
        let Some(Sits { title, before }) = self.sits.remove(&(person, server)) else {
            return Ok(());
        };
        let act = match percent {
            0..6 => Act::Begin(server, title),
            // Beyond this every server says that it was watched.
            91.. => Act::Watch(server, title),
            _ => Act::StopAt(server, title, percent),
        };
        self.came_to(person, title, before, act);
        self.happens(person, server, title);
        self.family.stops(person, server, percent).map_err(|e| e.to_string())
    }

    /// What a title came to that was played, and now is not: the same as if `act` had been all that happened.
    /// Where something else did, or others were told of a place that nothing came of, it is for nobody to say.
    fn came_to(&mut self, person: PersonNo, title: TitleNo, before: Option<Watch>, act: Act) {
        let judge = &mut self.judges[person];
        match before {
            Some(before) if before.is_watched() || !matches!(act, Act::Begin(..)) => {
                judge.agreed(title, before);
                judge.hear(act, before.is_watched());
            }
            _ => judge.give_up(title),
        }
    }

    /// Looks whether anything is as it must never be, and keeps what all servers agree on by now.
    fn look(&mut self) -> Result<(), String> {
        self.family.offence().map_or(Ok(()), Err)?;
        self.family.leaves_guest_alone()?;
        for person in 0..PEOPLE {
            for title in 0..self.titles {
                self.keeps_apart(person, title)?;
                if self.family.plays(person, title) || self.family.is_unread(person, title) {
                    continue;
                }
                if let Some(one) = self.family.one(person, title, true)
                    && self.judges[person].accepts(title, one)
                {
                    self.judges[person].agreed(title, one);
                }
            }
        }
        Ok(())
    }

    /// What a person never touched shows nothing, whatever the others do.
    fn keeps_apart(&self, person: PersonNo, title: TitleNo) -> Result<(), String> {
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
                self.stops(person, server, 50)?;
            }
            self.weather(server, |weather| *weather = Weather::default());
            self.attendants.is_deaf(&self.family, server, false);
        }
        for _ in 0..3 {
            self.attendants.pass(&mut self.family, UNTIL_SURE_S).await?;
        }
        if self.attendants.owes().await? {
            self.attendants.pass(&mut self.family, LONGEST_REST_S).await?;
        }
        self.look()?;
        self.judge("before any sync", self.fair)?;
        self.cleared.clear();
        self.sync().await?;
        self.judge("after the sync", true)?;
        let before = self.family.writes();
        self.attendants.pass(&mut self.family, UNTIL_SURE_S).await?;
        self.sync().await?;
        if self.family.writes() != before {
            return Err("all agreed, and yet something was written".to_owned());
        }
        self.look()?;
        self.cost()?;
        self.attendants.have_counted_strangers()
    }

    /// All servers show the same, and what was meant; `exactly` with its place.
    fn judge(&self, when: &str, exactly: bool) -> Result<(), String> {
        for person in 0..PEOPLE {
            for title in 0..self.titles {
                self.keeps_apart(person, title)?;
                let shown: Vec<_> =
                    (0..SERVERS).map(|s| self.family.shows(person, s, title)).collect();
                if shown.iter().all(Option::is_none) {
                    continue;
                }
                let whose = format!("person {person}, title {title}, {when}");
                let exactly = exactly && !self.cleared.contains(&(person, title));
                let Some(one) = self.family.one(person, title, exactly) else {
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

    /// No more was written than it takes.
    fn cost(&self) -> Result<(), String> {
        for person in 0..PEOPLE {
            for title in (0..self.titles).filter(|title| !self.begun.contains(&(person, *title))) {
                let (made, enough) = (
                    self.family.writes_to(person, title) as u64,
                    self.judges[person].most_deliveries(title),
                );
                if made > enough {
                    return Err(format!(
                        "title {title} of person {person} took {made} writes, {enough} are enough"
                    ));
                }
            }
        }
        Ok(())
    }
}
