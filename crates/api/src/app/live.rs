//! What goes on now, as the engine reports it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use watchstate_engine::{Account, Report, Step};
use watchstate_model::{BackendId, Moment};

use crate::contract::{Event, Live, LiveTask, Tag};

/// How many events a window may be behind before it is told that everything changed.
const BEHIND: usize = 256;

/// Tells windows what changed and what goes on.
pub(crate) struct Board {
    events: broadcast::Sender<Event>,
    live: Mutex<Going>,
}

#[derive(Default)]
struct Going {
    /// Nothing goes on where this is nothing.
    since: Option<Moment>,
    names: BTreeMap<BackendId, String>,
    /// Whether all of it is only looked at.
    planning: bool,
    at: BTreeMap<Option<BackendId>, Live>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { events: broadcast::Sender::new(BEHIND), live: Mutex::default() }
    }

    /// What is told from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Answers with these tags are stale.
    pub(crate) fn changed(&self, tags: &[Tag]) {
        if !tags.is_empty() {
            // Nobody may be listening.
            let _ = self.events.send(Event::Changed { tags: tags.to_vec() });
        }
    }

    /// What goes on.
    pub(crate) fn live(&self) -> Vec<Live> {
        self.going().at.values().cloned().collect()
    }

    /// A run begins.
    pub(crate) fn begins(&self, accounts: &[Account], planning: bool, at: Moment) {
        let mut going = self.going();
        going.since = Some(at);
        going.planning = planning;
        going.names = accounts.iter().map(|a| (a.backend.id, a.backend.name.clone())).collect();
        going.at.clear();
        self.put(&mut going, None, LiveTask::Planning, None, None);
    }

    /// What went on has ended.
    pub(crate) fn ends(&self) {
        let mut going = self.going();
        *going = Going::default();
        let _ = self.events.send(Event::Live { live: Vec::new() });
    }

    fn put(
        &self,
        going: &mut Going,
        backend: Option<BackendId>,
        task: LiveTask,
        done: Option<u64>,
        total: Option<u64>,
    ) {
        let Some(since) = going.since else { return };
        let name = backend.and_then(|backend| going.names.get(&backend).cloned());
        let task = if going.planning { LiveTask::Planning } else { task };
        let started_at = going
            .at
            .get(&backend)
            .filter(|live| live.task == task)
            .map_or(since.into(), |live| live.started_at);
        let backend_id = backend.map(Into::into);
        let live = Live { backend: backend_id, name, task, done, total, started_at };
        if backend.is_some() {
            // Something definite goes on: that it is being planned what to do is said no longer.
            going.at.remove(&None);
        }
        going.at.insert(backend, live);
        let _ = self.events.send(Event::Live { live: going.at.values().cloned().collect() });
    }

    fn going(&self) -> MutexGuard<'_, Going> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Report for Board {
    fn step(&self, step: Step) {
        let mut going = self.going();
        match step {
            Step::Page { backend, seen, total } => {
                let total = Some(total.max(seen));
                self.put(&mut going, Some(backend), LiveTask::Import, Some(seen), total);
            }
            Step::Delivered { backend, done, total } => {
                let total = Some(total.max(done));
                self.put(&mut going, Some(backend), LiveTask::Export, Some(done), total);
            }
            Step::Sending { backend } => {
                let before = going.at.get(&Some(backend)).cloned();
                if before.is_none_or(|live| live.task != LiveTask::Export) {
                    self.put(&mut going, Some(backend), LiveTask::Export, None, None);
                }
            }
            Step::Planned | Step::Sent { .. } => {}
        }
    }
}
