//! Who watches what now, and where it will be written.

use std::collections::{BTreeSet, HashMap};

use watchstate_model::{BackendId, ItemKey, TitleId};
use watchstate_store::{Backend, Import};

use super::App;
use super::realtime::Plays;
use crate::contract::{
    Failure, GoesHow, GoesTo, NamedBackend, On, TitleRow, WatchedTitle, Watching,
};

/// A title that is known by the key that is being played.
struct Known {
    title: TitleId,
    duration_ms: Option<u32>,
}

impl App {
    /// What is being played now, on whichever backend: what began first comes first.
    pub async fn watching(&self) -> Result<Vec<Watching>, Failure> {
        let heard = self.realtime_snapshot();
        if heard.is_quiet() {
            return Ok(Vec::new());
        }
        let household = self.household();
        let backends = household.backends().await?;
        let mut playing: Vec<(&Backend, &Plays, Option<Known>)> = Vec::new();
        for backend in &backends {
            let Some(heeded) = heard.backends.get(&backend.id) else { continue };
            let keys: Vec<&ItemKey> = heeded.playing.iter().map(|plays| &plays.now.key).collect();
            let known = household.store().titles_of_keys(backend.id, &keys).await?;
            for plays in &heeded.playing {
                let known = known.iter().find(|(key, _, _)| *key == plays.now.key);
                let known = known.map(|&(_, title, duration_ms)| Known { title, duration_ms });
                playing.push((backend, plays, known));
            }
        }
        playing.sort_by_key(|(backend, plays, _)| (plays.since, backend.id));

        let there: BTreeSet<(TitleId, BackendId)> = playing
            .iter()
            .filter_map(|(backend, _, known)| Some((known.as_ref()?.title, backend.id)))
            .collect();
        let titles: Vec<TitleId> =
            there.iter().map(|(title, _)| *title).collect::<BTreeSet<_>>().into_iter().collect();
        let rows: HashMap<TitleId, TitleRow> =
            self.rows(&titles).await?.into_iter().map(|row| (row.id.into(), row)).collect();
        let ignored: BTreeSet<TitleId> = household
            .store()
            .list_page(household.person(), &titles)
            .await?
            .into_iter()
            .filter_map(|row| row.ignored.then_some(row.title))
            .collect();

        Ok(playing
            .into_iter()
            .map(|(backend, plays, known)| {
                let row = known.as_ref().and_then(|known| rows.get(&known.title));
                let others: Vec<GoesTo> = row.map_or_else(Vec::new, |row| {
                    let title = TitleId::from(row.id);
                    let shown =
                        |other: &Backend| row.on.iter().find(|on| on.backend == other.id.into());
                    backends
                        .iter()
                        .filter(|other| other.id != backend.id)
                        .filter_map(|other| Some((other, shown(other).filter(|on| on.present)?)))
                        .map(|(other, on)| GoesTo {
                            backend: other.id.into(),
                            name: other.name.clone(),
                            state: goes(other, on, row, there.contains(&(title, other.id))),
                        })
                        .collect()
                });
                let stays = stays(backend, row, &ignored, &others);
                Watching {
                    backend: NamedBackend { id: backend.id.into(), name: backend.name.clone() },
                    person: backend.user_name.clone(),
                    title: row.map(title),
                    position_ms: plays.now.position.map(|position| position.ms()),
                    duration_ms: known.and_then(|known| known.duration_ms),
                    paused: plays.now.paused,
                    device: plays.now.device.clone(),
                    since_at: plays.since.into(),
                    goes_to: if stays.is_some() { Vec::new() } else { others },
                    stays,
                }
            })
            .collect())
    }
}

fn title(row: &TitleRow) -> WatchedTitle {
    WatchedTitle {
        id: row.id,
        name: row.name.clone(),
        show: row.show.clone(),
        season: row.season,
        episode: row.episode,
    }
}

/// How a backend stands to what is being played elsewhere.
fn goes(backend: &Backend, on: &On, row: &TitleRow, plays_there: bool) -> GoesHow {
    if !backend.export {
        GoesHow::ExportOff
    } else if backend.approved_at.is_none() {
        GoesHow::NeedsYou
    } else if plays_there {
        GoesHow::PlaysThere
    } else if on.agrees && row.marks.position_ms.is_some() {
        GoesHow::Told
    } else {
        // That all agree on no place at all only means that none was worth telling yet.
        GoesHow::Waits
    }
}

/// Why nothing of it goes anywhere, if so.
fn stays(
    backend: &Backend,
    row: Option<&TitleRow>,
    ignored: &BTreeSet<TitleId>,
    others: &[GoesTo],
) -> Option<&'static str> {
    let Some(row) = row else { return Some("No import has seen this title yet") };
    if backend.import != Import::On {
        Some("Marks of this server are not taken")
    } else if ignored.contains(&TitleId::from(row.id)) {
        Some("You ignore this title")
    } else if others.is_empty() {
        Some("No other server has it")
    } else {
        None
    }
}
