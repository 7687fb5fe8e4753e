//! Those who attend to the family's accounts: what [`watchstate_engine::live`] does in real time, by hand.
//!
//! Each account has one of them. It connects, and rests ever longer where it cannot; it takes what its socket
//! tells, looks after what waits each time its clock says so, and says to the others what they are owed. One
//! acts after the other, in a fixed order, so that a seed gives the same day every time.
//!
//! Their clocks do not tick each ten seconds through a long wait, in which nothing but time passes: the
//! longer nothing has happened, the further apart. Each tick is one that the app makes too.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use watchstate_engine::attend::{Attending, Outcome};
use watchstate_engine::{
    Account, CancellationToken, Consent, Engine, Merge, Settings, Silent, Trouble,
};
use watchstate_model::{BackendId, Moment};
use watchstate_servers::{Fault, Heard};
use watchstate_store::Store;

use super::desk::{Desk, Message, Standing, as_heard};
use super::family::Family;
use super::story::{Day, Fate, PEOPLE, PersonNo, SERVERS};
use crate::fake::people::UserNo;
use crate::simulator::direct::{SimClock, locked};
use crate::simulator::story::ServerNo;

/// More rounds than this mean that two accounts tell each other the same thing for ever.
const MOST_ROUNDS: usize = 200;
/// How often one looks whether it is time for something: seconds.
const TICK_S: i64 = 10;
/// The wait before a second try to reach a server, doubled for each further one, and the longest: seconds.
const WAITS_S: (i64, i64) = (1, 120);
/// After a connection that stood so long the first wait is the shortest again: seconds.
const STOOD_S: i64 = 60;
/// A server whose socket could not be opened is tried again after this: seconds.
const WITHOUT_SOCKET_S: i64 = 300;
/// After so many ticks in which nothing happened to an account it has been looked at, and whatever was to be
/// found on it was found: looks that can find nothing are left out, as they are most of what a day costs.
const IDLE_TICKS: u32 = 8;
/// Players tell where they are at least this often, however little else happens: seconds.
const PLAYERS_S: i64 = 120;
/// Whoever has played for so long takes a break until something happens: each minute of playing is told to
/// everybody, and one of them is like the other. Seconds.
const BREAK_S: i64 = 300;

/// What one of them does next.
#[derive(Clone, Copy)]
enum Turn {
    Connect,
    Tick,
    Hear,
}

/// All of them.
pub(super) struct Attendants {
    desks: Vec<Desk>,
    accounts: Vec<Account>,
    clock: SimClock,
    engine: Engine,
    store: Store,
    fates: Box<dyn Iterator<Item = Fate> + Send>,
    /// When players tell next where they are.
    players: Moment,
    /// When something happened last but time.
    calm_since: Moment,
    /// Who is owed anything, as long as nothing was done since it was asked.
    owed: Option<BTreeSet<BackendId>>,
    /// Through which servers no socket can be had.
    deaf: [bool; SERVERS],
}

impl Attendants {
    /// Nobody is connected yet. `swapped` where two people's accounts on each server are taken for each
    /// other's.
    pub(super) async fn of(
        day: &Day,
        family: &Family,
        store: Store,
        clock: SimClock,
        merge: Option<Merge>,
        swapped: bool,
    ) -> anyhow::Result<Self> {
        let rows = store.backends().await?;
        let (mut desks, mut accounts) = (Vec::new(), Vec::new());
        for (number, row) in rows.into_iter().enumerate() {
            let (server, person) = (number / PEOPLE, number % PEOPLE);
            let taken_for = if swapped && server == 0 && person < 2 { 1 - person } else { person };
            let direct = family.account(taken_for, server).clone();
            let backend = row.id;
            let account = Account::new(row, Arc::new(direct));
            accounts.push(account.clone());
            desks.push(Desk {
                person,
                server,
                backend,
                attending: Attending::new(account),
                standing: Standing::Away,
                since: clock.now(),
                alarm: clock.now(),
                wait: WAITS_S.0,
                inbox: VecDeque::new(),
                late: Vec::new(),
                owed: false,
                idle: 0,
                strangers: (0, 0),
            });
        }
        let settings = Settings {
            // One thing after the other: the same seed is the same day.
            backends_at_once: 1,
            writes_at_once: 1,
            // Small, so that lists have pages.
            page_first: 3,
            page_most: 3,
            ..Settings::default()
        };
        let mut engine = Engine::new(
            store.clone(),
            Arc::new(clock.clone()),
            settings,
            Arc::new(Silent),
            CancellationToken::new(),
        );
        if let Some(merge) = merge {
            engine = engine.deciding_by(merge);
        }
        let (players, calm_since) = (clock.now(), clock.now());
        let (fates, deaf) = (Box::new(day.fates()), [false; SERVERS]);
        Ok(Self {
            desks,
            accounts,
            clock,
            engine,
            store,
            fates,
            players,
            calm_since,
            owed: None,
            deaf,
        })
    }

    /// Time passes, in which everybody does what there is to do.
    pub(super) async fn pass(&mut self, family: &mut Family, seconds: i64) -> Result<(), String> {
        family.breaks_end();
        self.settle(family).await?;
        let now = self.clock.now();
        let until = Moment(now.0 + seconds);
        self.calm_since = now;
        self.players = self.players.min(Moment(now.0 + TICK_S)).max(now);
        for desk in self.desks.iter_mut().filter(|desk| desk.is_there()) {
            desk.alarm = desk.alarm.min(Moment(now.0 + TICK_S));
        }
        loop {
            let first = (0..self.desks.len()).min_by_key(|place| self.desks[*place].alarm);
            let Some(place) = first else { break };
            let alarm = self.desks[place].alarm;
            let on = self.players <= alarm && family.is_on();
            let at = if on { self.players } else { alarm };
            if at > until {
                break;
            }
            self.clock.pass((at.0 - self.clock.now().0).max(0));
            if on {
                let gap = self.gap().min(PLAYERS_S);
                self.players = Moment(at.0 + gap);
                family.play_on(gap, at.0 - now.0 > BREAK_S);
                family.remember_guest();
            } else {
                self.ring(family, place).await?;
            }
            self.settle(family).await?;
        }
        self.clock.pass(until.0 - self.clock.now().0);
        Ok(())
    }

    /// The clock of an account rings.
    async fn ring(&mut self, family: &Family, place: usize) -> Result<(), String> {
        let gap = self.gap();
        let now = self.clock.now();
        let desk = &mut self.desks[place];
        if !desk.is_there() {
            return self.take_turn(place, Turn::Connect).await;
        }
        desk.idle += 1;
        if family.has_unread(desk.person, desk.server) || !desk.hears() {
            desk.idle = 0;
        }
        let is_idle = desk.idle > IDLE_TICKS;
        if is_idle && !self.is_owed(place).await.map_err(|e| e.to_string())? {
            self.desks[place].alarm = Moment(now.0 + gap);
            return Ok(());
        }
        self.take_turn(place, Turn::Tick).await
    }

    async fn is_owed(&mut self, place: usize) -> Result<bool, Trouble> {
        let backend = self.desks[place].backend;
        if let Some(owed) = &self.owed {
            return Ok(owed.contains(&backend));
        }
        let due = self.store.due(Moment(i64::MAX)).await?;
        let owed: BTreeSet<BackendId> = due.into_iter().map(|(backend, _)| backend).collect();
        let is_owed = owed.contains(&backend);
        self.owed = Some(owed);
        Ok(is_owed)
    }

    /// How long it is until the next tick: the longer nothing has happened, the longer.
    fn gap(&self) -> i64 {
        ((self.clock.now().0 - self.calm_since.0) / 2).max(TICK_S)
    }

    /// What was told is heard, and what came of it is told and heard, until nobody has anything to say.
    async fn settle(&mut self, family: &Family) -> Result<(), String> {
        for _ in 0..MOST_ROUNDS {
            self.tell(family);
            let busy = |desk: &Desk| desk.is_there() && (desk.owed || !desk.inbox.is_empty());
            let Some(place) = self.desks.iter().position(busy) else { return Ok(()) };
            let others = self.desks[place].is_about_to_hear(family, self.clock.now());
            self.take_turn(place, Turn::Hear).await?;
            let desk = &mut self.desks[place];
            if desk.is_there() {
                desk.strangers.0 += others;
            }
        }
        Err("the accounts go on telling each other something".to_owned())
    }

    /// What servers have to say reaches those who listen, or does not.
    fn tell(&mut self, family: &Family) {
        let now = self.clock.now();
        for desk in self.desks.iter_mut().filter(|desk| desk.is_there()) {
            let due = desk.late.extract_if(.., |(at, _)| *at <= now).map(|(_, message)| message);
            desk.inbox.extend(due);
        }
        for server in 0..SERVERS {
            let mut library = locked(family.library(server));
            for told in library.take_told() {
                for desk in self.desks.iter_mut().filter(|desk| desk.server == server) {
                    if !desk.hears() || !library.reaches(&told, UserNo(desk.person)) {
                        continue;
                    }
                    let Some(message) = as_heard(&told, library.kind(), desk.person) else {
                        continue;
                    };
                    match self.fates.next().unwrap_or(Fate::Arrives) {
                        Fate::Arrives => desk.inbox.push_back(message),
                        Fate::Lost => {}
                        Fate::Early => desk.inbox.push_front(message),
                        Fate::Twice => desk.inbox.extend([message.clone(), message]),
                        Fate::Late(seconds) => {
                            desk.late.push((Moment(now.0 + seconds), message));
                        }
                    }
                }
            }
        }
    }

    /// A message about somebody who is not known comes over an account's socket.
    pub(super) fn astray(&mut self, person: PersonNo, server: ServerNo) {
        let place = place_of(person, server);
        let message = Message { heard: Heard::Foreign, of_another: true };
        if self.desks[place].hears() {
            self.desks[place].inbox.push_back(message);
        }
    }

    /// A socket breaks: what was told and not heard is lost with it.
    pub(super) fn cut(&mut self, family: &Family, person: PersonNo, server: ServerNo) {
        let place = place_of(person, server);
        self.tell(family);
        if self.desks[place].hears() {
            self.leave(place);
        }
    }

    /// A server goes away, and all sockets to it with it.
    pub(super) fn goes_down(&mut self, family: &Family, server: ServerNo) {
        for person in 0..PEOPLE {
            self.cut(family, person, server);
        }
    }

    /// Something lets no sockets through to a server, from now on, or does again.
    pub(super) fn is_deaf(&mut self, family: &Family, server: ServerNo, deaf: bool) {
        self.deaf[server] = deaf;
        if deaf {
            self.goes_down(family, server);
        }
    }

    /// One does what is to be done; where it cannot, it rests and tries again.
    async fn take_turn(&mut self, place: usize, turn: Turn) -> Result<(), String> {
        if !matches!(turn, Turn::Tick) {
            self.desks[place].idle = 0;
            self.owed = None;
        }
        let done = match turn {
            Turn::Connect => self.connect(place).await,
            Turn::Tick => self.tick(place).await,
            Turn::Hear => self.hear(place).await,
        };
        let Err(trouble) = done else { return Ok(()) };
        let is_weather =
            |fault| matches!(fault, Fault::Unreachable | Fault::ServerTrouble | Fault::Timeout);
        match &trouble {
            Trouble::Server(error) if is_weather(error.fault) => {}
            other => return Err(format!("the engine failed: {other}")),
        }
        self.leave(place);
        Ok(())
    }

    fn leave(&mut self, place: usize) {
        let now = self.clock.now();
        let desk = &mut self.desks[place];
        desk.attending.lost();
        desk.inbox.clear();
        if desk.is_there() && now.0 - desk.since.0 >= STOOD_S {
            desk.wait = WAITS_S.0;
        }
        desk.standing = Standing::Away;
        desk.alarm = Moment(now.0 + desk.wait);
        desk.wait = (desk.wait * 2).min(WAITS_S.1);
    }

    async fn connect(&mut self, place: usize) -> Result<(), Trouble> {
        let desk = &mut self.desks[place];
        desk.attending.reach(&self.engine).await?;
        self.accounts[place] = desk.attending.account().clone();
        desk.since = self.clock.now();
        self.begin(place).await
    }

    /// The server is there: first the socket, then the look.
    async fn begin(&mut self, place: usize) -> Result<(), Trouble> {
        let (now, gap) = (self.clock.now(), self.gap());
        let desk = &mut self.desks[place];
        let live = !self.deaf[desk.server];
        let outcome = desk.attending.connected(&self.engine, &self.accounts, live).await?;
        desk.standing = Standing::There { tried: now };
        desk.alarm = Moment(now.0 + gap);
        desk.owed = false;
        self.came_of(place, outcome, true).await
    }

    async fn tick(&mut self, place: usize) -> Result<(), Trouble> {
        let (now, gap) = (self.clock.now(), self.gap());
        let desk = &mut self.desks[place];
        desk.alarm = Moment(now.0 + gap);
        if let Standing::There { tried } = desk.standing
            && !desk.hears()
            && now.0 - tried.0 >= WITHOUT_SOCKET_S
        {
            desk.standing = Standing::There { tried: now };
            if !self.deaf[desk.server] {
                return self.begin(place).await;
            }
        }
        let outcome = desk.attending.tick(&self.engine, &self.accounts).await?;
        let stopped = outcome.stopped;
        if outcome.followed.seen > 0 {
            self.owed = None;
        }
        self.came_of(place, outcome, false).await?;
        // Whoever is owed nothing has nothing to pass on.
        if stopped || self.is_owed(place).await? {
            self.pass_on(place, stopped).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, place: usize) -> Result<(), Trouble> {
        let desk = &mut self.desks[place];
        let heard: Vec<Heard> = desk.inbox.drain(..).map(|message| message.heard).collect();
        let owed = std::mem::take(&mut desk.owed);
        let outcome = desk.attending.heard(&self.engine, &self.accounts, heard).await?;
        let stopped = outcome.stopped;
        self.came_of(place, outcome, false).await?;
        if owed || stopped {
            self.pass_on(place, stopped).await?;
        }
        Ok(())
    }

    async fn came_of(
        &mut self,
        place: usize,
        outcome: Outcome,
        connected: bool,
    ) -> Result<(), Trouble> {
        let owed = outcome.followed.owed;
        let here = self.desks[place].backend;
        for desk in &mut self.desks {
            desk.owed |= desk.backend != here && owed.contains(&desk.backend);
        }
        if connected || owed.contains(&here) {
            self.pass_on(place, connected).await?;
        }
        Ok(())
    }

    async fn pass_on(&mut self, place: usize, at_once: bool) -> Result<(), Trouble> {
        self.owed = None;
        let attending = &mut self.desks[place].attending;
        attending.pass_on(&self.engine, &self.accounts, at_once).await.map(drop)
    }

    /// The hourly sync, beside all else. Whether it went through everywhere.
    pub(super) async fn sync(&mut self, family: &Family) -> Result<bool, String> {
        self.owed = None;
        let mut accounts = self.accounts.clone();
        let reports = self.engine.sync(&mut accounts, Consent::default()).await;
        let reports = reports.map_err(|e| format!("the sync failed: {e}"))?;
        let rows = self.store.backends().await.map_err(|e| e.to_string())?;
        for ((account, desk), row) in self.accounts.iter_mut().zip(&mut self.desks).zip(rows) {
            account.backend = row.clone();
            desk.attending.is_now(row);
        }
        self.settle(family).await?;
        Ok(reports.iter().all(|report| report.ok))
    }

    /// Whether anything is owed to anybody that somebody will see to by themselves.
    pub(super) async fn owes(&self) -> Result<bool, String> {
        let due = self.store.due(Moment(i64::MAX)).await.map_err(|e| e.to_string())?;
        Ok(!due.is_empty())
    }

    /// Those who are not known were counted. A word about somebody's own playback that comes when it is over
    /// may be taken for another's.
    pub(super) fn have_counted_strangers(&self) -> Result<(), String> {
        for desk in &self.desks {
            let (told, perhaps) = desk.strangers;
            let counted = desk.attending.foreign();
            if !(told..=told + perhaps).contains(&counted) {
                return Err(format!(
                    "server {} told person {} {told} times of strangers, perhaps {perhaps} times more, and \
                     {counted} were counted",
                    desk.server, desk.person
                ));
            }
        }
        Ok(())
    }

    pub(super) async fn end(self) {
        self.store.close().await;
    }
}

fn place_of(person: PersonNo, server: ServerNo) -> usize {
    server * PEOPLE + person
}
