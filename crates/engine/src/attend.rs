//! One account, attended to: what is heard of it is followed, what is missed is looked for, what it is owed
//! is passed on.
//!
//! [`Attending`] moves by explicit calls, so that a test decides what happens in which order. The task that
//! calls it in real time is [`crate::live`].

use std::collections::{BTreeMap, BTreeSet};

use watchstate_model::playback::{Turn, has_ended, turn};
use watchstate_model::{ItemKey, Moment, Playback, Sitting};
use watchstate_servers::{Fault, Heard, NowPlaying, Playing, ServerError, Tells};

use crate::follow::{Followed, PassedOn};
use crate::glance::Glanced;
use crate::{Account, Engine, Result, Trouble};

/// More hints than this at once are a change of the library: a look is cheaper than to read them all.
const MOST_HINTS: usize = 200;
/// While somebody watches, or did a moment ago, one looks this often: seconds.
const LIVELY_S: i64 = 20;
/// How long after the last thing that happened it is still lively: seconds.
const LIVELY_FOR_S: i64 = 15 * 60;
/// How often one looks otherwise: seconds.
const CALM_S: i64 = 60;
/// How long after the last thing that happened the household sleeps: seconds.
const CALM_FOR_S: i64 = 2 * 3600;
/// How often one looks at night: seconds.
const ASLEEP_S: i64 = 300;
/// A server that tells everything is looked at all the same, this often: seconds. A message may be lost.
const SURE_S: i64 = 15 * 60;

/// How a server's changes come to be known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Connection {
    /// Its socket stands.
    Live,
    /// It is asked from time to time.
    Polling,
    /// It cannot be reached.
    Offline,
}

/// One account, attended to.
pub struct Attending {
    account: Account,
    connection: Connection,
    sittings: BTreeMap<ItemKey, Sitting>,
    /// What the server last said of who plays what.
    playing: Vec<NowPlaying>,
    /// Whether it answers that, and `playing` is not only what it told by itself.
    sees: bool,
    memory: Glanced,
    looked_at: Option<Moment>,
    happened_at: Option<Moment>,
    can_look: bool,
    /// What was said of others, and of nobody that is known.
    foreign: u64,
}

/// What came of something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// What came of the looks.
    pub followed: Followed,
    /// Whether another one plays now, or something else, or at another place.
    pub playing: bool,
    /// Whether something that was played has stopped: what waited for it may be written.
    pub stopped: bool,
}

impl Attending {
    /// Attends to an account that was not reached yet.
    pub fn new(account: Account) -> Self {
        Self {
            account,
            connection: Connection::Offline,
            sittings: BTreeMap::new(),
            playing: Vec::new(),
            sees: false,
            memory: Glanced::default(),
            looked_at: None,
            happened_at: None,
            can_look: true,
            foreign: 0,
        }
    }

    /// The account, as it was last checked.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// How its changes come to be known.
    pub fn connection(&self) -> Connection {
        self.connection
    }

    /// What the account's person is playing now.
    pub fn playing(&self) -> &[NowPlaying] {
        &self.playing
    }

    /// How many messages were about others, or about nobody that is known.
    pub fn foreign(&self) -> u64 {
        self.foreign
    }

    /// Asks whether the server is there and is who it was. To be called before anything else, and after
    /// each loss of the connection.
    pub async fn reach(&mut self, engine: &Engine) -> Result<()> {
        let reached = self.account.check(engine).await;
        self.connection = match reached {
            Ok(()) => Connection::Polling,
            Err(_) => Connection::Offline,
        };
        reached
    }

    /// Takes over what a person changed about the backend.
    pub fn is_now(&mut self, backend: watchstate_store::Backend) {
        let abilities = self.account.backend.abilities;
        self.account.backend = backend;
        self.account.backend.abilities = abilities;
    }

    /// The server is there; `live` when its socket stands. What happened before is looked for: nothing of it
    /// is told again.
    pub async fn connected(
        &mut self,
        engine: &Engine,
        accounts: &[Account],
        live: bool,
    ) -> Result<Outcome> {
        self.connection = if live { Connection::Live } else { Connection::Polling };
        self.sittings.clear();
        let playing = self.see_who_plays(engine).await?.is_some();
        let followed = self.look(engine, accounts).await?;
        Ok(Outcome { followed, playing, stopped: false })
    }

    /// The connection is gone. What its person plays is not known any more; whether the server can still be
    /// asked is for [`Attending::reach`] to find out.
    pub fn lost(&mut self) {
        self.connection = Connection::Polling;
        self.sittings.clear();
        self.playing.clear();
    }

    /// Takes what was heard, all that came at once.
    pub async fn heard(
        &mut self,
        engine: &Engine,
        accounts: &[Account],
        heard: Vec<Heard>,
    ) -> Result<Outcome> {
        let at = engine.clock.now();
        let mut outcome = Outcome::default();
        let mut hints = Hints::default();
        for heard in heard {
            self.note(engine, heard, &mut hints, at);
        }
        outcome.stopped = hints.stopped;
        let before = self.playing.clone();
        if hints.ask {
            outcome.playing = self.see_who_plays(engine).await?.is_some();
        }
        self.drop_foreign(&mut hints, &before);
        if hints.keys.len() > MOST_HINTS && self.can_look {
            hints.look = true;
            hints.keys.clear();
        }
        let keys: Vec<ItemKey> = hints.keys.into_iter().collect();
        outcome.followed = engine.follow(accounts, &self.account, &keys).await?;
        if hints.look {
            outcome.followed.and(self.look(engine, accounts).await?);
        }
        self.notice(&outcome, at);
        Ok(outcome)
    }

    /// Time has passed: looks for changes when it is time to.
    pub async fn tick(&mut self, engine: &Engine, accounts: &[Account]) -> Result<Outcome> {
        let at = engine.clock.now();
        let mut outcome = Outcome::default();
        let mut hints = Hints::default();
        let silent: Vec<ItemKey> = self
            .sittings
            .iter()
            .filter(|(_, sitting)| has_ended(**sitting, at))
            .map(|(key, _)| key.clone())
            .collect();
        for key in silent {
            self.note(engine, Heard::Playback { key, how: Playback::Stopped }, &mut hints, at);
        }
        let due = self.is_due(at);
        // Who was seen playing before the socket told of it may have stopped in that moment: nobody would say so.
        let untold = self.playing.iter().any(|playing| !self.sittings.contains_key(&playing.key));
        let asks = untold || (due && self.connection != Connection::Live);
        if asks || hints.ask {
            let before = self.see_who_plays(engine).await?;
            outcome.playing = before.is_some();
            if asks && self.sees {
                // Nobody tells how it goes on: what is seen now is as good as having been told.
                let mut ended = before.unwrap_or_default();
                ended.retain(|key| !self.plays(key));
                for key in ended {
                    let ended = Heard::Playback { key, how: Playback::Stopped };
                    self.note(engine, ended, &mut hints, at);
                }
                for playing in self.playing.clone() {
                    let how = if playing.paused { Playback::Paused } else { Playback::Runs };
                    let seen = Heard::Playback { key: playing.key, how };
                    self.note(engine, seen, &mut hints, at);
                }
            }
        }
        outcome.stopped = hints.stopped;
        let keys: Vec<ItemKey> = hints.keys.into_iter().collect();
        outcome.followed = engine.follow(accounts, &self.account, &keys).await?;
        if due {
            outcome.followed.and(self.look(engine, accounts).await?);
        }
        self.notice(&outcome, at);
        Ok(outcome)
    }

    /// Notes what one message leads to.
    fn note(&mut self, engine: &Engine, heard: Heard, hints: &mut Hints, at: Moment) {
        match heard {
            Heard::Items(items) => {
                hints.sure.extend(items.iter().cloned());
                hints.keys.extend(items);
            }
            Heard::Something => hints.look = true,
            Heard::Foreign => self.foreign += 1,
            Heard::Nothing => {}
            Heard::Playback { key, how } => {
                engine.attention.heard(self.account.backend.id, &key, how, at);
                let before = self.sittings.get(&key).copied();
                let Turn { look, sitting } = turn(before, how, at);
                hints.ask |= look || before.map(|sitting| sitting.how) != Some(how);
                hints.stopped |= how == Playback::Stopped;
                match sitting {
                    Some(sitting) => self.sittings.insert(key.clone(), sitting),
                    None => self.sittings.remove(&key),
                };
                if how == Playback::Stopped {
                    hints.sure.insert(key.clone());
                } else {
                    hints.goes_on.push(key.clone());
                }
                if look {
                    hints.keys.insert(key);
                }
            }
        }
    }

    /// Counts the words about what somebody else plays, and leaves alone what they are about. An end is no such
    /// word: of a short playback it may be all that was heard in time. Nor is a mark that came at the same moment.
    fn drop_foreign(&mut self, hints: &mut Hints, before: &[NowPlaying]) {
        for key in std::mem::take(&mut hints.goes_on) {
            if !self.plays(&key) && before.iter().all(|playing| playing.key != key) {
                self.foreign += 1;
                if !hints.sure.contains(&key) {
                    hints.keys.remove(&key);
                }
            }
        }
    }

    fn notice(&mut self, outcome: &Outcome, at: Moment) {
        if outcome.followed.changed > 0 || !self.playing.is_empty() {
            self.happened_at = Some(at);
        }
    }

    /// Writes what the account is owed. `at_once` tries again even what has not rested long.
    pub async fn pass_on(
        &mut self,
        engine: &Engine,
        accounts: &[Account],
        at_once: bool,
    ) -> Result<PassedOn> {
        engine.pass_on(accounts, &self.account, at_once).await
    }

    /// How often one looks, now: seconds.
    pub fn pace(&self, at: Moment) -> i64 {
        let since = self.happened_at.map(|happened| at.0 - happened.0);
        pace(self.connection, self.account.server.tells(), !self.playing.is_empty(), since)
    }

    /// Whether nobody plays, and nothing has happened for so long that it is looked for at the slowest pace.
    pub fn is_at_rest(&self, at: Moment) -> bool {
        self.sittings.is_empty() && self.playing.is_empty() && self.pace(at) >= ASLEEP_S
    }

    fn is_due(&self, at: Moment) -> bool {
        self.can_look && self.looked_at.is_none_or(|looked| at.0 - looked.0 >= self.pace(at))
    }

    async fn look(&mut self, engine: &Engine, accounts: &[Account]) -> Result<Followed> {
        if !self.can_look {
            return Ok(Followed::default());
        }
        let at = engine.clock.now();
        match engine.glance(accounts, &self.account, &mut self.memory).await {
            Ok(followed) => {
                self.looked_at = Some(at);
                Ok(followed)
            }
            Err(Trouble::Server(ServerError { fault: Fault::Unsupported, .. })) => {
                self.can_look = false;
                Ok(Followed::default())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Asks who plays what; answers with what was played before when that is something else.
    async fn see_who_plays(&mut self, engine: &Engine) -> Result<Option<Vec<ItemKey>>> {
        let answer = engine.ask(self.account.server.playing()).await?;
        self.sees = matches!(answer, Playing::Items(_));
        let playing = match answer {
            Playing::Items(items) => items,
            // Whoever may not see sessions is told of its own alone.
            Playing::NotVisible => self.sittings.keys().cloned().map(Into::into).collect(),
        };
        if playing == self.playing {
            return Ok(None);
        }
        let before = std::mem::replace(&mut self.playing, playing);
        Ok(Some(before.into_iter().map(|playing| playing.key).collect()))
    }

    fn plays(&self, key: &ItemKey) -> bool {
        self.playing.iter().any(|playing| playing.key == *key)
    }
}

/// What messages that came at once lead to.
#[derive(Default)]
struct Hints {
    /// These items are to be read.
    keys: BTreeSet<ItemKey>,
    /// One is to look for what is not told.
    look: bool,
    /// One is to ask who plays what.
    ask: bool,
    /// Something has stopped.
    stopped: bool,
    /// What was told to go on, as often as it was told.
    goes_on: Vec<ItemKey>,
    /// What is read whoever plays it: it was told to have ended, or to show something else.
    sure: BTreeSet<ItemKey>,
}

/// How often one looks: seconds. `plays` while the person plays something there, and `since` is how many
/// seconds ago something last happened, where anything ever did.
fn pace(connection: Connection, tells: Tells, plays: bool, since: Option<i64>) -> i64 {
    let within = |seconds| since.is_some_and(|since| since < seconds);
    match (connection, tells) {
        (Connection::Live, Tells::Everything) => SURE_S,
        _ if plays || within(LIVELY_FOR_S) => LIVELY_S,
        _ if within(CALM_FOR_S) => CALM_S,
        _ => ASLEEP_S,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_while_somebody_watches_and_slow_at_night() {
        use Connection::{Live, Offline, Polling};
        use Tells::{Everything, Nothing, Playback};
        const MINUTE: i64 = 60;
        const HOUR: i64 = 3600;
        for (connection, tells, plays, since, pace_s, why) in [
            (Live, Everything, true, Some(0), 900, "it tells everything: only to be sure"),
            (Live, Everything, false, None, 900, "at night as well"),
            (Live, Playback, true, Some(0), 20, "somebody watches"),
            (Live, Playback, true, Some(9 * HOUR), 20, "and has for hours"),
            (Live, Playback, false, Some(15 * MINUTE - 1), 20, "they have just stopped"),
            (Live, Playback, false, Some(15 * MINUTE), 60, "a quarter of an hour ago"),
            (Live, Playback, false, Some(2 * HOUR - 1), 60, "not long ago"),
            (Live, Playback, false, Some(2 * HOUR), 300, "everybody sleeps"),
            (Live, Playback, false, None, 300, "nothing ever happened"),
            (Polling, Everything, true, Some(0), 20, "its socket does not stand"),
            (Polling, Everything, false, Some(HOUR), 60, "nor does it now"),
            (Polling, Nothing, false, None, 300, "there is no socket"),
            (Offline, Everything, false, None, 300, "it is gone"),
            (Live, Playback, false, Some(-5), 20, "our clock was set back"),
        ] {
            assert_eq!(pace(connection, tells, plays, since), pace_s, "{why}");
        }
    }
}
