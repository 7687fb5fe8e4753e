//! All accounts of a household, attended to in real time: one task for each.
//!
//! A task hears its own server and looks after it; what others are owed it tells their tasks. So a server
//! that is slow or gone holds up nobody else, and each is read and written by one hand.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use futures::FutureExt;
use rand::Rng;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use watchstate_model::{BackendId, Moment};
use watchstate_servers::{Fault, Heard, Listening, NowPlaying, Pause, ServerError, Tells};

use crate::attend::{Attending, Connection, Outcome};
use crate::{Account, Engine, Result, Trouble};

/// How often one looks whether it is time for something.
const TICK: Duration = Duration::from_secs(10);
/// The same where nobody plays, nothing is owed and nothing has happened for hours: a computer at rest is not woken
/// for nothing.
const TICK_AT_REST: Duration = Duration::from_secs(60);
/// The wait before a second try to reach a server; doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// So long is waited for what is on its way when all is to end.
const LAST_WAIT: Duration = Duration::from_secs(4);
/// A connection that stood so long was a good one, and the next wait is the first again: seconds. One that is
/// cut as soon as it stands, by a proxy that lets no socket live, would otherwise be made anew each second.
const STOOD_S: i64 = 60;
/// A server whose socket could not be opened is asked in the meantime, and tried again after so long.
const WITHOUT_SOCKET: Duration = Duration::from_secs(300);
/// So many messages are taken at once when they come together.
const TOGETHER: usize = 200;
/// A task that is behind by more words than this looks for itself instead.
const BEHIND: usize = 1024;

/// What has changed, for whoever shows it. Called from within the tasks: quick, and never waiting.
pub trait News: Send + Sync {
    /// Marks were taken in, or told.
    fn marks(&self);
    /// Somebody began to play, stopped, or is at another place.
    fn playing(&self);
    /// A server came, went, or is heard of in another way.
    fn connections(&self);
}

/// How it stands with one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// How its changes come to be known.
    pub connection: Connection,
    /// Since when it is so.
    pub since: Moment,
    /// Why it cannot be reached, in a sentence that says what to do.
    pub why: Option<String>,
    /// What its person is playing now.
    pub playing: Vec<NowPlaying>,
    /// How often it is asked: seconds.
    pub each_s: i64,
    /// How many messages were about others, or about nobody that is known.
    pub foreign: u64,
}

/// A word to the task of one account.
enum Word {
    /// Something was heard of it by another road than its socket.
    Heard(Heard),
    /// The same of several, and who waits until they were looked after.
    Told(Vec<Heard>, oneshot::Sender<()>),
    /// It is owed something.
    PassOn,
}

/// The tasks of a household's accounts. Dropped, they end.
pub struct Live {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// What can be asked of the tasks, and told to them, by whoever does not own them.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

/// What was spent on an account's server since its client was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// Requests, retries included.
    pub requests: u64,
    /// Bytes of answers, and of what came over the socket.
    pub bytes: u64,
}

struct Shared {
    engine: Engine,
    pause: Arc<dyn Pause>,
    news: Arc<dyn News>,
    accounts: RwLock<Vec<Account>>,
    words: BTreeMap<BackendId, mpsc::Sender<Word>>,
    standing: Mutex<BTreeMap<BackendId, Standing>>,
}

impl Live {
    /// Attends to these accounts, all of the household, until it is stopped or dropped. To be called within
    /// a runtime.
    pub fn start(
        engine: Engine,
        accounts: Vec<Account>,
        pause: Arc<dyn Pause>,
        news: Arc<dyn News>,
    ) -> Self {
        let (mut words, mut received) = (BTreeMap::new(), Vec::new());
        for account in &accounts {
            let (sender, receiver) = mpsc::channel(BEHIND);
            words.insert(account.backend.id, sender);
            received.push((account.clone(), receiver));
        }
        let standing = Mutex::default();
        let accounts = RwLock::new(accounts);
        let shared = Arc::new(Shared { engine, pause, news, accounts, words, standing });
        let mut tasks = JoinSet::new();
        for (account, words) in received {
            let attendant = Attendant {
                shared: Arc::clone(&shared),
                attending: Attending::new(account),
                words,
                left: 0,
            };
            tasks.spawn(attendant.be_supervised());
        }
        Self { shared, tasks }
    }

    /// What can be asked and told.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// Ends all tasks, when what each has on its way to its server has arrived; of one that takes too long the
    /// rest is left to the next start. What was decided is in the database.
    pub async fn stop(mut self) {
        let accounts = self.shared.accounts.read().unwrap_or_else(PoisonError::into_inner).clone();
        let backends = accounts.iter().map(|account| &account.backend);
        // Whoever writes has the lane: with all of them in hand, nobody is in the middle of it.
        let lanes = tokio::select! {
            lanes = self.shared.engine.attention.lanes(backends) => Some(lanes),
            () = self.shared.pause.pause(LAST_WAIT) => None,
        };
        self.tasks.shutdown().await;
        drop(lanes);
    }
}

impl Handle {
    /// Something was heard of an account by another road than its socket.
    pub fn hear(&self, backend: BackendId, heard: Heard) {
        self.0.say(backend, Word::Heard(heard));
    }

    /// The same of several; answers when they were looked after, `false` where that did not come to be: then
    /// whoever told it has to tell it again.
    pub async fn hear_out(&self, backend: BackendId, told: Vec<Heard>) -> bool {
        let Some(words) = self.0.words.get(&backend) else { return false };
        let (done, looked_after) = oneshot::channel();
        words.try_send(Word::Told(told, done)).is_ok() && looked_after.await.is_ok()
    }

    /// These are owed something: by a person's hand in the window, or by a run.
    pub fn owe(&self, backends: impl IntoIterator<Item = BackendId>) {
        for backend in backends {
            self.0.say(backend, Word::PassOn);
        }
    }

    /// How it stands with each account.
    pub fn standing(&self) -> BTreeMap<BackendId, Standing> {
        self.0.standing().clone()
    }

    /// What was spent on the server of each account.
    pub fn spent(&self) -> BTreeMap<BackendId, Spent> {
        let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let spent = |account: &Account| {
            let meter = account.server.meter();
            (account.backend.id, Spent { requests: meter.requests(), bytes: meter.bytes() })
        };
        accounts.iter().map(spent).collect()
    }
}

impl Shared {
    fn say(&self, backend: BackendId, word: Word) {
        if let Some(words) = self.words.get(&backend) {
            // A task that is so far behind has looked for changes, and for what it is owed, before it comes
            // to the end of what it was told.
            let _ = words.try_send(word);
        }
    }

    fn standing(&self) -> MutexGuard<'_, BTreeMap<BackendId, Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All accounts as they are now: what a person switched since is in the database.
    async fn accounts(&self) -> Result<Vec<Account>> {
        let backends = self.engine.store().backends().await?;
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(accounts
            .into_iter()
            .filter_map(|mut account| {
                account.backend = backends.iter().find(|b| b.id == account.backend.id)?.clone();
                Some(account)
            })
            .collect())
    }

    /// Keeps what was learned of an account when it was checked.
    fn checked(&self, account: &Account) {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = accounts.iter_mut().find(|a| a.backend.id == account.backend.id) {
            *known = account.clone();
        }
    }
}

/// The task of one account.
struct Attendant {
    shared: Arc<Shared>,
    attending: Attending,
    words: mpsc::Receiver<Word>,
    /// What could not be written yet when something was last passed on.
    left: u64,
}

/// What happened next.
enum Next {
    /// What was heard, whether something is owed, and who waits until it was looked after.
    Heard(Vec<Heard>, bool, Vec<oneshot::Sender<()>>),
    Broken(ServerError),
    Tick,
}

impl Attendant {
    /// Attends until the task is ended. Should it fall over a mistake of ours, it begins anew with nothing
    /// but the account: a household must not stay deaf to one server, and believe itself live, until the app
    /// is started again.
    async fn be_supervised(mut self) {
        let mut wait = FIRST_WAIT;
        while AssertUnwindSafe(self.attend()).catch_unwind().await.is_err() {
            tracing::error!("the task of an account fell over, and begins anew");
            self.attending = Attending::new(self.attending.account().clone());
            self.show(Some("WatchState made a mistake here; the log has more".to_owned()));
            self.rest(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Attends until the task is ended: connects, and connects again.
    async fn attend(&mut self) {
        let mut wait = FIRST_WAIT;
        loop {
            let begun = self.shared.engine.clock.now();
            let trouble = match self.connect().await {
                Err(trouble) => trouble,
                Ok(socket) => {
                    let trouble = self.listen(socket).await;
                    if self.shared.engine.clock.now().0 - begun.0 >= STOOD_S {
                        wait = FIRST_WAIT;
                    }
                    trouble
                }
            };
            if matches!(trouble, Trouble::Cancelled) {
                return;
            }
            self.attending.lost();
            let is_away = !matches!(&trouble, Trouble::Store(_));
            self.show(is_away.then(|| trouble.to_string()));
            tracing::debug!(%trouble, "not attended to for a moment");
            self.rest(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Waits, with some chance in it: ten clients of a server that comes back do not all come at once.
    async fn rest(&mut self, wait: Duration) {
        let wait = wait.mul_f64(rand::rng().random_range(0.8..1.2));
        self.shared.pause.pause(wait).await;
    }

    async fn connect(&mut self) -> Result<Option<Box<dyn Listening>>> {
        let accounts = self.refresh().await?;
        self.attending.reach(&self.shared.engine).await?;
        self.shared.checked(self.attending.account());
        // First the socket, then the look: what happens in between is heard.
        let socket = self.open().await;
        let live = socket.is_some();
        let outcome = self.attending.connected(&self.shared.engine, &accounts, live).await?;
        self.came_of(outcome, true).await?;
        self.show(None);
        Ok(socket)
    }

    /// The socket, where there is one and it can be had. A proxy that lets none through is no trouble: then
    /// the server is asked.
    async fn open(&self) -> Option<Box<dyn Listening>> {
        let server = &self.attending.account().server;
        if server.tells() == Tells::Nothing {
            return None;
        }
        match server.listen().await {
            Ok(socket) => Some(socket),
            Err(error) => {
                if error.fault != Fault::Unsupported {
                    tracing::info!(%error, "no socket; the server is asked instead");
                }
                None
            }
        }
    }

    /// Follows what happens until the connection breaks; answers why.
    async fn listen(&mut self, mut socket: Option<Box<dyn Listening>>) -> Trouble {
        let pause = Arc::clone(&self.shared.pause);
        let mut until = self.next_tick();
        let mut tick = pause.pause(until);
        let mut without = Duration::ZERO;
        loop {
            let next = tokio::select! {
                biased;
                () = &mut tick => Next::Tick,
                word = self.words.recv() => match word {
                    None => return Trouble::Cancelled,
                    Some(word) => self.words_after(word),
                },
                heard = heard(&mut socket) => match heard {
                    Ok(heard) => Next::Heard(heard, false, Vec::new()),
                    Err(error) => Next::Broken(error),
                },
            };
            let done = match next {
                Next::Broken(error) => Err(error.into()),
                Next::Heard(heard, owed, wait) => {
                    let done = self.heard(heard, owed).await;
                    if done.is_ok() {
                        // Whoever does not wait any more need not know.
                        for waits in wait {
                            let _ = waits.send(());
                        }
                    }
                    done
                }
                Next::Tick => {
                    without = if socket.is_some() { Duration::ZERO } else { without + until };
                    let opened = if without >= WITHOUT_SOCKET {
                        without = Duration::ZERO;
                        self.open().await
                    } else {
                        None
                    };
                    let done = if opened.is_some() {
                        socket = opened;
                        self.again().await
                    } else {
                        self.tick().await
                    };
                    until = self.next_tick();
                    tick = pause.pause(until);
                    done
                }
            };
            if let Err(trouble) = done {
                return trouble;
            }
            // Whoever was at rest, and has something to do now, does not sleep on.
            if self.next_tick() < until {
                until = self.next_tick();
                tick = pause.pause(until);
            }
        }
    }

    /// How long until it is to be looked whether it is time for something.
    fn next_tick(&self) -> Duration {
        let at = self.shared.engine.clock.now();
        let rests = self.left == 0 && self.attending.is_at_rest(at);
        if rests { TICK_AT_REST } else { TICK }
    }

    /// A word, and all that were said with it.
    fn words_after(&mut self, first: Word) -> Next {
        let (mut heard, mut owed, mut wait) = (Vec::new(), false, Vec::new());
        let mut take = |word| match word {
            Word::Heard(it) => heard.push(it),
            Word::Told(told, waits) => {
                heard.extend(told);
                wait.push(waits);
            }
            Word::PassOn => owed = true,
        };
        take(first);
        for _ in 1..TOGETHER {
            match self.words.try_recv() {
                Ok(word) => take(word),
                Err(_) => break,
            }
        }
        Next::Heard(heard, owed, wait)
    }

    async fn heard(&mut self, heard: Vec<Heard>, owed: bool) -> Result<()> {
        let accounts = self.refresh().await?;
        let outcome = self.attending.heard(&self.shared.engine, &accounts, heard).await?;
        let at_once = outcome.stopped;
        self.came_of(outcome, false).await?;
        self.show(None);
        if owed || at_once {
            self.pass_on(&accounts, at_once).await?;
        }
        Ok(())
    }

    async fn tick(&mut self) -> Result<()> {
        let accounts = self.refresh().await?;
        let outcome = self.attending.tick(&self.shared.engine, &accounts).await?;
        let at_once = outcome.stopped;
        self.came_of(outcome, false).await?;
        // How often it is asked moves with the time.
        self.show(None);
        self.pass_on(&accounts, at_once).await
    }

    /// The socket stands where there was none.
    async fn again(&mut self) -> Result<()> {
        let accounts = self.refresh().await?;
        let outcome = self.attending.connected(&self.shared.engine, &accounts, true).await?;
        self.came_of(outcome, true).await
    }

    async fn pass_on(&mut self, accounts: &[Account], at_once: bool) -> Result<()> {
        let passed = self.attending.pass_on(&self.shared.engine, accounts, at_once).await?;
        self.left = passed.left;
        if passed.written + passed.failed + passed.already > 0 {
            self.shared.news.marks();
        }
        Ok(())
    }

    /// Tells the others what they are owed, and whoever looks what is another.
    async fn came_of(&mut self, outcome: Outcome, connected: bool) -> Result<()> {
        let Outcome { followed, playing, .. } = outcome;
        let here = self.attending.account().backend.id;
        for backend in followed.owed.iter().filter(|backend| **backend != here) {
            self.shared.say(*backend, Word::PassOn);
        }
        if playing || connected {
            // What is said of it is there before anybody is told to look.
            self.show(None);
        }
        if playing {
            self.shared.news.playing();
        }
        if followed.changed + followed.held > 0 {
            self.shared.news.marks();
        }
        if connected || followed.owed.contains(&here) {
            let accounts = self.refresh().await?;
            self.pass_on(&accounts, connected).await?;
        }
        Ok(())
    }

    async fn refresh(&mut self) -> Result<Vec<Account>> {
        let accounts = self.shared.accounts().await?;
        let here = self.attending.account().backend.id;
        match accounts.iter().find(|account| account.backend.id == here) {
            Some(account) => self.attending.is_now(account.backend.clone()),
            // It was removed: whoever did so ends this task.
            None => return Err(Trouble::Cancelled),
        }
        Ok(accounts)
    }

    /// Shows how it stands.
    fn show(&self, why: Option<String>) {
        let now = self.shared.engine.clock.now();
        let attending = &self.attending;
        let connection = if why.is_some() { Connection::Offline } else { attending.connection() };
        let id = attending.account().backend.id;
        let mut all = self.shared.standing();
        let before = all.get(&id);
        let foreign = attending.foreign();
        let moved = before
            .is_none_or(|it| (it.connection, &it.why, it.foreign) != (connection, &why, foreign));
        let since = match before {
            Some(before) if before.connection == connection => before.since,
            _ => now,
        };
        let (playing, each_s) = (attending.playing().to_vec(), attending.pace(now));
        all.insert(id, Standing { connection, since, why, playing, each_s, foreign });
        drop(all);
        if moved {
            self.shared.news.connections();
        }
    }
}

/// What is heard next, with all that is there already. Never where there is no socket.
async fn heard(socket: &mut Option<Box<dyn Listening>>) -> Result<Vec<Heard>, ServerError> {
    let Some(socket) = socket else { return std::future::pending().await };
    let mut all = vec![socket.next().await?];
    while all.len() < TOGETHER {
        match socket.next().now_or_never() {
            Some(Ok(heard)) => all.push(heard),
            // An error comes again at the next call; what was heard before it counts.
            Some(Err(_)) | None => break,
        }
    }
    Ok(all)
}
