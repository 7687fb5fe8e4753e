//! What goes on: claimed, told, stopped.

use std::sync::Arc;
use std::time::Duration;

use watchstate_engine::CancellationToken;
use watchstate_model::BackendId;

use super::demo::busy;
use super::{App, locked};
use crate::contract::{Failure, Tag};

/// What is on its way to a server has so long to arrive once a job is stopped. Shorter than a closing app waits,
/// so that how a run ended is kept before the database is closed.
const FINISH: Duration = Duration::from_secs(4);

/// What was begun and has not ended: at work, or waiting for its turn.
#[derive(Default)]
pub(super) struct Jobs {
    next: u64,
    going: Vec<Going>,
}

struct Going {
    id: u64,
    backends: Vec<BackendId>,
    stop: Stop,
}

/// What stops a job.
#[derive(Clone, Default)]
pub(super) struct Stop {
    /// Nothing more is begun.
    pub cancel: CancellationToken,
    /// What is on its way is not waited for any more.
    pub give_up: CancellationToken,
}

/// One that goes on. Dropped, it has ended: then whoever looks is told, and what waited for it goes on.
pub(super) struct Job {
    app: Arc<App>,
    id: u64,
    pub stop: Stop,
}

impl Job {
    /// Stops it: see [`App::stop_run`].
    pub(super) fn stop(&self) {
        self.app.stop_these(vec![self.stop.clone()]);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        locked(&self.app.jobs).going.retain(|going| going.id != self.id);
        self.app.changed(&[Tag::Live]);
        // Where the runtime itself ends, nothing can be begun any more.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.app.tell_what_waits();
        }
    }
}

impl App {
    /// Claims these backends for something: one thing at a time on each.
    pub(super) fn claim(self: &Arc<Self>, backends: Vec<BackendId>) -> Result<Job, Failure> {
        let mut jobs = locked(&self.jobs);
        if jobs.going.iter().any(|going| going.backends.iter().any(|id| backends.contains(id))) {
            return Err(busy());
        }
        jobs.next += 1;
        let (id, stop) = (jobs.next, Stop::default());
        jobs.going.push(Going { id, backends, stop: stop.clone() });
        Ok(Job { app: self.clone(), id, stop })
    }

    /// Whether something goes on, or waits for its turn.
    pub(super) fn is_working(&self) -> bool {
        !locked(&self.jobs).going.is_empty()
    }

    /// Stops all that goes on. What was done is kept, and what is on its way to a server has a moment to arrive.
    pub fn stop_run(&self) {
        let all = locked(&self.jobs).going.iter().map(|going| going.stop.clone()).collect();
        self.stop_these(all);
    }

    fn stop_these(&self, these: Vec<Stop>) {
        if these.is_empty() {
            return;
        }
        these.iter().for_each(|stop| stop.cancel.cancel());
        let pause = self.household().around.pause.clone();
        tokio::spawn(async move {
            pause.pause(FINISH).await;
            these.iter().for_each(|stop| stop.give_up.cancel());
        });
    }
}
