//! How long it takes from a mark on one server to the acknowledged writes on the two others.
//!
//! Three servers that take 50 ms for each answer, over real HTTP and real sockets. Marks come as people make
//! them: at random times, on random servers, and no mark waits for the one before.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use tokio::sync::Notify;
use watchstate_engine::attend::Connection;
use watchstate_engine::live::{Live, News};
use watchstate_engine::{
    Account, CancellationToken, Consent, Engine, Report, Settings, Step, SystemClock,
};
use watchstate_model::{BackendId, ItemId, Moment, Provider};
use watchstate_servers::ServerKind;
use watchstate_store::Store;
use watchstate_testkit::fake::{FakeServer, Holds, NewItem};

use crate::account::{Door, KINDS, PERSON};

/// How long each answer of a server takes.
const ANSWER: Duration = Duration::from_millis(50);
/// The mean of the times between two marks.
const BETWEEN: Duration = Duration::from_millis(500);
/// How many marks, if nobody says.
const MARKS: usize = 1000;
/// Nothing takes longer: what has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The goals of docs/performance.md: milliseconds.
const GOALS: [(&str, f64); 2] = [("p50", 300.0), ("p99", 1000.0)];

/// What was measured.
#[derive(Serialize)]
struct Figures {
    marks: usize,
    p50_ms: f64,
    p99_ms: f64,
    longest_ms: f64,
    writes: usize,
    requests: u64,
    requests_per_mark: f64,
}

/// Writes that were acknowledged, each with its time.
#[derive(Default)]
struct Acknowledged {
    sent: Mutex<Vec<(ItemId, Instant)>>,
    more: Notify,
}

impl Report for Acknowledged {
    fn step(&self, step: Step) {
        if let Step::Sent { item, .. } = step {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push((item, Instant::now()));
            self.more.notify_one();
        }
    }
}

/// Rings when a connection came.
#[derive(Default)]
struct Connections(Notify);

impl News for Connections {
    fn marks(&self) {}
    fn playing(&self) {}
    fn connections(&self) {
        self.0.notify_one();
    }
}

/// Measures, and fails where a goal is missed.
pub(crate) async fn bench(mut words: impl Iterator<Item = String>) -> Result<()> {
    let marks = match (words.next().as_deref(), words.next()) {
        (None, _) => MARKS,
        (Some("--marks"), Some(number)) => number.parse().context("--marks wants a number")?,
        _ => bail!("known is --marks N"),
    };
    ensure!(marks > 0, "without a mark there is nothing to measure");
    let figures = measure(marks).await?;
    println!("{marks} marks on random servers, {} ms for each answer", ANSWER.as_millis());
    println!(
        "  to the writes on both others  p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms",
        figures.p50_ms, figures.p99_ms, figures.longest_ms
    );
    println!(
        "  writes {}, requests {} ({:.1} a mark)",
        figures.writes, figures.requests, figures.requests_per_mark
    );
    let out = Path::new("target/bench");
    std::fs::create_dir_all(out)?;
    let file = out.join("realtime.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&figures)?)?;
    println!("written to {}", file.display());
    ensure!(figures.writes == 2 * marks, "two writes a mark are {}", 2 * marks);
    for ((name, most), figure) in GOALS.into_iter().zip([figures.p50_ms, figures.p99_ms]) {
        ensure!(figure <= most, "{name} is to be at most {most} ms");
    }
    Ok(())
}

fn film(number: usize) -> String {
    format!("Film {number:05}")
}

async fn start(kind: ServerKind, version: &str, films: usize) -> Result<FakeServer> {
    let fill = |library: &mut watchstate_testkit::fake::Library, at: Moment| {
        let section = library.add_section("Movies", Holds::Movies);
        for number in 0..films {
            let id = format!("tt{:07}", 1_000_000 + number);
            let film = NewItem::movie(&film(number), 2000).id(Provider::Imdb, &id);
            if let Err(refused) = library.add_movie(&section, film, at) {
                unreachable!("the section is there: {refused}");
            }
        }
    };
    let setup = FakeServer::of(kind, version).with_people(&[PERSON]).with(fill).in_real_time();
    Ok(setup.taking(ANSWER).start().await?)
}

async fn measure(marks: usize) -> Result<Figures> {
    let scratch = tempfile::tempdir().context("no place for the database")?;
    let store = Store::open(&scratch.path().join("bench.sqlite")).await?;
    let (mut servers, mut accounts) = (Vec::new(), Vec::new());
    for (name, kind, version) in KINDS {
        let fake = start(kind, version, marks).await?;
        accounts.push(Door::of(name, kind, &fake)?.join(&store).await?);
        servers.push(fake);
    }
    let acknowledged = Arc::new(Acknowledged::default());
    let engine = Engine::new(
        store.clone(),
        Arc::new(SystemClock),
        Settings::default(),
        Arc::clone(&acknowledged) as Arc<dyn Report>,
        CancellationToken::new(),
    );
    let reports = engine.sync(&mut accounts, Consent { yes: true, full: false }).await?;
    ensure!(reports.iter().all(|report| report.ok), "the first sync went wrong");
    let titles = titles(&store, &accounts, &servers, marks).await?;

    let news = Arc::new(Connections::default());
    let told = Arc::clone(&news) as Arc<dyn News>;
    let live = Live::start(engine, accounts, Arc::new(SystemClock), told);
    let handle = live.handle();
    let all_live = async {
        let is_live = || {
            let standing = handle.standing();
            standing.len() == 3 && standing.values().all(|it| it.connection == Connection::Live)
        };
        while !is_live() {
            news.0.notified().await;
        }
    };
    tokio::time::timeout(PATIENCE, all_live).await.context("no server told anything")?;

    let asked = |servers: &[FakeServer]| servers.iter().map(FakeServer::asked).sum::<u64>();
    let wrote = |servers: &[FakeServer]| servers.iter().map(|it| it.writes().len()).sum::<usize>();
    let (asked_before, wrote_before) = (asked(&servers), wrote(&servers));
    let begun = make_marks(&servers, marks).await?;
    let all_sent = async {
        while acknowledged.sent.lock().unwrap_or_else(PoisonError::into_inner).len() < 2 * marks {
            acknowledged.more.notified().await;
        }
    };
    // Whoever gave up says what came.
    let _ = tokio::time::timeout(PATIENCE, all_sent).await;
    let requests = asked(&servers) - asked_before;
    let writes = wrote(&servers) - wrote_before;
    live.stop().await;

    let sent = acknowledged.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut both: HashMap<usize, (usize, Instant)> = HashMap::new();
    for (item, at) in sent {
        let number = titles.get(&item).context("a write of a title that nobody marked")?;
        let (times, last) = both.entry(*number).or_insert((0, at));
        (*times, *last) = (*times + 1, at.max(*last));
    }
    ensure!(both.len() == marks, "{} marks never arrived", marks - both.len());
    if let Some((number, (times, _))) = both.iter().find(|(_, (times, _))| *times != 2) {
        bail!("{} was written {times} times", film(*number));
    }
    let mut took: Vec<f64> = both
        .into_iter()
        .map(|(number, (_, last))| (last - begun[number]).as_secs_f64() * 1000.0)
        .collect();
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let requests_per_mark = requests as f64 / marks as f64;
    Ok(Figures {
        marks,
        p50_ms: at(50),
        p99_ms: at(99),
        longest_ms: at(100),
        writes,
        requests,
        requests_per_mark,
    })
}

/// Which film each item is.
async fn titles(
    store: &Store,
    accounts: &[Account],
    servers: &[FakeServer],
    films: usize,
) -> Result<HashMap<ItemId, usize>> {
    let mut all = HashMap::new();
    let mut tx = store.begin().await?;
    for (account, server) in accounts.iter().zip(servers) {
        let backend: BackendId = account.backend.id;
        for number in 0..films {
            let key = server.key_of(&film(number))?;
            let found = tx.items_with_keys(backend, &[key.as_str()]).await?;
            let item = found.first().context("an item was not imported")?;
            all.insert(item.row.id, number);
        }
    }
    Ok(all)
}

/// People watch, and mark, one film after the other; answers when each was marked.
#[expect(clippy::disallowed_methods, reason = "people do what they do by the clock on the wall")]
async fn make_marks(servers: &[FakeServer], marks: usize) -> Result<Vec<Instant>> {
    let mut chance = ChaCha8Rng::seed_from_u64(20_261_124);
    let mut begun = Vec::with_capacity(marks);
    for number in 0..marks {
        // Times between events that know nothing of each other are distributed so.
        let share: f64 = -chance.random_range(f64::EPSILON..1.0_f64).ln();
        tokio::time::sleep(BETWEEN.mul_f64(share)).await;
        let server = chance.random_range(0..servers.len());
        let (server, film) = (&servers[server], film(number));
        begun.push(Instant::now());
        // Plex tells of what is played, and nothing of a mark that is set by hand.
        if server.library().kind() == ServerKind::Plex || chance.random_bool(0.5) {
            server.watch(&film, PERSON)?;
        } else {
            server.mark_watched(&film, PERSON)?;
        }
    }
    Ok(begun)
}
