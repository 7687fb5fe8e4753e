//! Lets a story happen, and judges it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use watchstate_engine::{Consent, Merge, RunReport};
use watchstate_model::{Moment, Watch};
use watchstate_servers::ServerKind;

use super::direct::{Weather, locked};
use super::judge::{Judge, place};
use super::story::{Act, Story};
use super::world::{Template, World};
use crate::fake::people::Device;

/// A story that did not come to the end it should have.
#[derive(Debug)]
pub struct Broken {
    /// The whole story.
    pub story: Story,
    /// After how many steps.
    pub step: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.story)?;
        writeln!(f, "  after step {}: {}", self.step, self.why)?;
        write!(
            f,
            "  again: WATCHSTATE_SEED={} cargo test -p watchstate-testkit --test simulator one_seed",
            self.story.seed
        )
    }
}

/// How often a sync may be needed after which nothing disturbs any more: one.
const QUIET_SYNCS: usize = 1;

/// Plays a story in a folder of its own, by a rule: the model's, or a broken one that has to be caught.
pub async fn play(
    story: &Story,
    template: &Template,
    folder: &Path,
    merge: Merge,
) -> Result<(), Broken> {
    let broken = |step, why: String| Broken { story: story.clone(), step, why };
    let mut world = World::begin(story, template, folder, merge)
        .await
        .map_err(|e| broken(0, format!("the world did not begin: {e}")))?;
    let mut judge = Judge::new(story.servers.len(), story.titles, &story.at_first);
    for (number, (wait, act)) in story.steps.iter().enumerate() {
        world.clock.pass(*wait);
        happen(&mut world, &mut judge, *act, story.titles)
            .await
            .map_err(|why| broken(number + 1, why))?;
    }
    let end = story.steps.len() + 1;
    calm(&world, &mut judge, story.titles);
    world.clock.pass(60);
    for _ in 0..QUIET_SYNCS {
        sync(&mut world, &mut judge, story.titles).await.map_err(|why| broken(end, why))?;
        world.clock.pass(60);
    }
    let before = deliveries(&world);
    sync(&mut world, &mut judge, story.titles).await.map_err(|why| broken(end + 1, why))?;
    if deliveries(&world) != before {
        return Err(broken(end + 1, "a sync of servers that agree wrote something".to_owned()));
    }
    for title in 0..story.titles {
        let name = format!("Title {title}");
        let cost = judge.most_deliveries(title);
        let made = world
            .servers
            .iter()
            .map(|server| {
                let library = locked(&server.library);
                let writes = locked(&server.record).delivered.clone();
                writes
                    .iter()
                    .filter(|key| library.entry(key.as_str()).is_some_and(|e| e.name == name))
                    .count()
            })
            .sum::<usize>() as u64;
        if made > cost {
            let why = format!("title {title} cost {made} deliveries, {cost} are enough");
            return Err(broken(end + 1, why));
        }
    }
    world.end().await;
    Ok(())
}

/// All servers are there, nothing fails, nobody watches.
fn calm(world: &World, judge: &mut Judge, titles: usize) {
    for title in 0..titles {
        if world.is_watched_now(title) {
            judge.give_up(title);
        }
    }
    for server in &world.servers {
        *locked(&server.weather) = Weather::default();
        let now = server.now();
        let mut library = locked(&server.library);
        if library.sittings().iter().any(|sitting| sitting.user == server.user) {
            let _ = library.stop_at(server.user, 0, now);
        }
        library.restart();
    }
}

fn deliveries(world: &World) -> usize {
    world.servers.iter().map(|server| locked(&server.record).delivered.len()).sum()
}

async fn happen(
    world: &mut World,
    judge: &mut Judge,
    act: Act,
    titles: usize,
) -> Result<(), String> {
    if let Some((server, title)) = act.concerns() {
        let there = world.key(server, title);
        if there.is_none() != matches!(act, Act::Add(..)) {
            return Ok(());
        }
        if matches!(act, Act::MarkUndated(..) | Act::MarkLongAgo(..))
            && locked(&world.servers[server].library).kind() == ServerKind::Plex
        {
            return Ok(());
        }
        let sits = world.is_watched_now(title);
        let watched = world.shows(server, title).is_some_and(Watch::is_watched);
        judge.hear(act, watched);
        if sits {
            judge.give_up(title);
        }
    }
    let refused = |e: crate::fake::library::Refused| e.to_string();
    match act {
        Act::Add(server, title) => world.add(server, title).map_err(|e| e.to_string())?,
        Act::Down(server) => locked(&world.servers[server].weather).down = true,
        Act::Up(server) => locked(&world.servers[server].weather).down = false,
        Act::Fail(server, calls) => locked(&world.servers[server].weather).failing = calls,
        Act::Lose(server, writes) => locked(&world.servers[server].weather).losing = writes,
        Act::Sync => sync(world, judge, titles).await?,
        Act::KilledSync(steps) => killed_sync(world, steps).await?,
        Act::Import => drop(run(world, Way::Import).await?),
        Act::Export => drop(run(world, Way::Export).await?),
        Act::End(server, percent) => stop(world, judge, server, percent, titles)?,
        _ => {
            let Some((server, title)) = act.concerns() else { return Ok(()) };
            let Some(key) = world.key(server, title) else { return Ok(()) };
            if matches!(act, Act::Watch(..) | Act::StopAt(..) | Act::Reopen(..) | Act::Begin(..)) {
                // There is one television: what was on is stopped for it.
                stop(world, judge, server, 0, titles)?;
            }
            let direct = &world.servers[server];
            let (user, now, key) = (direct.user, direct.now(), key.as_str());
            let mut library = locked(&direct.library);
            let done = match act {
                Act::Watch(..) => library.watch(user, key, now),
                Act::Mark(..) => library.mark_watched(user, key, now),
                Act::MarkUndated(..) => library.mark_without_date(user, key),
                Act::MarkLongAgo(..) => library.watch_at(user, key, Moment(1), now),
                Act::Unwatch(..) => library.unwatch(user, key),
                Act::StopAt(_, _, percent) => {
                    let at = place(percent).map_or(0, |at| u64::from(at.ms()));
                    library.watch_until(user, key, at, now)
                }
                Act::Reopen(..) => library.reopen(user, key, now),
                Act::Begin(..) => library.play(user, key, Device::television(), now),
                Act::Remove(..) => library.remove(key),
                Act::Replace(_, _, lose) => library.replace_file(key, None, lose, now),
                Act::Rekey(_, _, lose) => library.rekey(key, lose, now).map(drop),
                _ => Ok(()),
            };
            done.map_err(refused)?;
        }
    }
    Ok(())
}

/// Stops whatever is on at a server. What the title came to is for nobody to say: while it was on, others
/// may have been told about it, or not yet.
fn stop(
    world: &World,
    judge: &mut Judge,
    server: usize,
    percent: u8,
    titles: usize,
) -> Result<(), String> {
    let direct = &world.servers[server];
    let now = direct.now();
    let on = locked(&direct.library).sittings().first().map(|sitting| sitting.item.clone());
    if on.is_some() {
        (0..titles).filter(|title| world.key(server, *title) == on).for_each(|t| judge.give_up(t));
        let at = place(percent).map_or(0, |at| u64::from(at.ms()));
        locked(&direct.library).stop_at(direct.user, at, now).map_err(|e| e.to_string())?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    Import,
    Export,
    Sync,
}

async fn run(world: &World, way: Way) -> Result<Vec<RunReport>, String> {
    let mut accounts = world.accounts().await.map_err(|e| e.to_string())?;
    let engine = world.engine();
    let consent = Consent::default();
    let wanted: Vec<_> = accounts.iter().map(|account| account.backend.id).collect();
    let reports = match way {
        Way::Import => engine.import(&mut accounts, consent).await,
        Way::Export => engine.export(&mut accounts, &wanted, consent).await,
        Way::Sync => engine.sync(&mut accounts, consent).await,
    };
    let reports = reports.map_err(|e| format!("the engine failed: {e}"))?;
    for server in &world.servers {
        if let Some(offence) = locked(&server.record).offences.first() {
            return Err(offence.clone());
        }
    }
    Ok(reports)
}

async fn killed_sync(world: &mut World, steps: u64) -> Result<(), String> {
    world.tripwire.set(steps);
    let mut accounts = world.accounts().await.map_err(|e| e.to_string())?;
    let engine = world.engine();
    let ended =
        tokio::spawn(async move { engine.sync(&mut accounts, Consent::default()).await }).await;
    if let Err(ended) = ended
        && !ended.into_panic().is::<super::direct::Killed>()
    {
        return Err("the engine panicked".to_owned());
    }
    world.restart().await.map_err(|e| format!("the database did not open again: {e}"))
}

/// A sync; where nothing disturbed it, all servers have to agree, on what was meant.
async fn sync(world: &mut World, judge: &mut Judge, titles: usize) -> Result<(), String> {
    let reports = run(world, Way::Sync).await?;
    let clean = reports.iter().all(|report| report.ok)
        && world.servers.iter().all(|server| *locked(&server.weather) == Weather::default());
    if !clean {
        return Ok(());
    }
    for title in 0..titles {
        if world.is_watched_now(title) {
            continue;
        }
        let shown: Vec<(usize, Watch)> = (0..world.servers.len())
            .filter_map(|server| Some((server, world.shows(server, title)?)))
            .collect();
        let rule = watchstate_model::marks::ProgressRule::default();
        let duration = Some(super::world::DURATION_MS);
        // A position beside a mark, and what is too small to tell, not every server can show.
        let plain = |watch: Watch| match rule.settle(watch, duration) {
            Watch::Watched { .. } => Watch::WATCHED,
            other => other,
        };
        let kinds: BTreeSet<Watch> = shown.iter().map(|(_, watch)| plain(*watch)).collect();
        if kinds.len() > 1 {
            return Err(format!("title {title} is not the same everywhere: {shown:?}"));
        }
        let full: BTreeSet<Watch> = shown
            .iter()
            .filter(|(server, _)| {
                let library = locked(&world.servers[*server].library);
                super::direct::abilities(library.kind(), library.habits().partial_writes)
                    .rewatch_positions
            })
            .map(|(_, watch)| rule.settle(*watch, duration))
            .collect();
        if full.len() > 1 {
            return Err(format!("title {title} is not at the same place everywhere: {shown:?}"));
        }
        let Some(one) = full.first().or_else(|| kinds.first()).copied() else { continue };
        if !judge.accepts(title, one) {
            let meant = judge.expects(title);
            return Err(format!("title {title} shows {one:?}, but {meant:?} was meant"));
        }
        judge.agreed(title, one);
    }
    Ok(())
}
