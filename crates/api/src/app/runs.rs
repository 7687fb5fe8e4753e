//! Runs: begun, one at a time, and what comes of them.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use tokio::select;
use watchstate_engine::{Account, Answer, Consent, Engine, Restore, Undo};
use watchstate_model::{BackendId, Moment, TitleId};
use watchstate_store::{Backend, Import};

use super::jobs::Job;
use super::preview::{Agreed, Aim, Deed, LookAnew};
use super::{App, locked};
use crate::Household;
use crate::contract::{Failure, FailureKind, Live, PauseUntil, Tag};

/// What is stale after a run.
pub(super) const AFTER_A_RUN: [Tag; 6] =
    [Tag::Backends, Tag::Runs, Tag::Owed, Tag::Titles, Tag::Journal, Tag::Live];
/// Half an hour, in seconds.
const HALF_AN_HOUR_S: i64 = 30 * 60;
/// The hour of the morning at which a pause ends.
const MORNING: i8 = 7;

/// What is to be done.
pub(super) enum Work {
    /// Import from these, then export to these.
    Sync { wanted: Vec<BackendId>, all: bool, agreed: Option<Agreed> },
    /// Import from one.
    Import { backend: BackendId, full: bool },
    /// Export to these.
    Export { wanted: Vec<BackendId>, full: bool, agreed: Option<Agreed> },
    /// Tell these what a person's own hand made of titles, once nothing else goes on.
    Tell { wanted: Vec<BackendId> },
    /// Read one title again.
    Reread { title: TitleId },
    /// Answer un-watches that wait, then write what follows.
    Answer { answer: Answer, agreed: Option<Agreed> },
    /// Take something back.
    Undo { what: Undo, agreed: Agreed },
    /// Restore a backup.
    Restore { restore: Arc<Restore>, agreed: Agreed },
}

impl Work {
    /// What a person said yes to.
    fn agreed(&self) -> Option<&Agreed> {
        match self {
            Self::Sync { agreed, .. }
            | Self::Export { agreed, .. }
            | Self::Answer { agreed, .. } => agreed.as_ref(),
            Self::Undo { agreed, .. } | Self::Restore { agreed, .. } => Some(agreed),
            Self::Import { .. } | Self::Tell { .. } | Self::Reread { .. } => None,
        }
    }

    /// Whether it writes because a person wanted that now. Once it went well, nobody need look again at what came
    /// to nothing before.
    fn is_wanted(&self) -> bool {
        !matches!(self, Self::Import { .. } | Self::Tell { .. } | Self::Reread { .. })
    }
}

impl App {
    /// Imports from the chosen backends, or from all, then exports to them. Answers when it has begun.
    pub async fn sync_now(
        self: &Arc<Self>,
        backends: Option<Vec<BackendId>>,
        preview: Option<String>,
    ) -> Result<(), Failure> {
        let all = backends.is_none();
        let wanted = self.wanted(backends).await?;
        let aim = Aim { wanted: wanted.clone(), what: Deed::Run { import: true, full: false } };
        let agreed = self.agreed(preview, &aim).await?;
        self.start(wanted.clone(), Work::Sync { wanted, all, agreed })
    }

    /// Imports from one backend. Answers when it has begun.
    pub async fn import_now(
        self: &Arc<Self>,
        backend: BackendId,
        full: bool,
    ) -> Result<(), Failure> {
        let backend = self.backend(backend).await?;
        if backend.import == Import::Off {
            return Err(off(&backend, "Import"));
        }
        self.start(vec![backend.id], Work::Import { backend: backend.id, full })
    }

    /// Exports to one backend. Answers when it has begun.
    pub async fn export_now(
        self: &Arc<Self>,
        backend: BackendId,
        full: bool,
        preview: Option<String>,
    ) -> Result<(), Failure> {
        let backend = self.backend(backend).await?;
        if !backend.export {
            return Err(off(&backend, "Export"));
        }
        let wanted = vec![backend.id];
        let aim = Aim { wanted: wanted.clone(), what: Deed::Run { import: false, full } };
        let agreed = self.agreed(preview, &aim).await?;
        self.start(wanted.clone(), Work::Export { wanted, full, agreed })
    }

    /// What goes on.
    pub fn live(&self) -> Vec<Live> {
        self.board.live()
    }

    /// Lets schedules rest, or go on. What a person begins is done all the same.
    pub fn pause_sync(self: &Arc<Self>, until: Option<PauseUntil>) {
        let now = self.now();
        let until = until.map(|until| match until {
            PauseUntil::HalfAnHour => Moment(now.0 + HALF_AN_HOUR_S),
            PauseUntil::Morning => self.morning_after(now),
        });
        locked(&self.mood).paused_until = until;
        self.keep_pause(until);
        self.listen_anew();
        self.changed(&[Tag::Tasks, Tag::Live]);
        let Some(until) = until else {
            self.tell_what_waits();
            return;
        };
        let (app, pause) = (Arc::downgrade(self), self.household().around.pause.clone());
        let seconds = u64::try_from(until.0 - now.0).unwrap_or(0);
        tokio::spawn(async move {
            pause.pause(std::time::Duration::from_secs(seconds)).await;
            if let Some(app) = app.upgrade() {
                app.changed(&[Tag::Tasks, Tag::Live]);
                app.tell_what_waits();
            }
        });
    }

    /// The next time that it is seven in the morning.
    fn morning_after(&self, now: Moment) -> Moment {
        let later = Moment(now.0 + 12 * 3600);
        let Ok(time) = Timestamp::from_second(now.0) else { return later };
        let local = time.to_zoned_datetime(self.shell.zone.clone());
        let morning = |day: jiff::civil::Date| {
            let at = day.at(MORNING, 0, 0, 0).to_zoned_datetime(self.shell.zone.clone()).ok()?;
            Some(Moment(at.timestamp().as_second()))
        };
        let today = morning(local.date()).filter(|at| *at > now);
        let tomorrow = || morning(local.date().checked_add(1.day()).ok()?);
        today.or_else(tomorrow).unwrap_or(later)
    }

    /// The backends of these numbers, or all.
    pub(super) async fn wanted(
        &self,
        backends: Option<Vec<BackendId>>,
    ) -> Result<Vec<BackendId>, Failure> {
        let known: Vec<BackendId> =
            self.household().backends().await?.into_iter().map(|backend| backend.id).collect();
        if known.is_empty() {
            return Err(Failure::usage("There is no backend yet", "Add a backend first"));
        }
        let Some(chosen) = backends else { return Ok(known) };
        if chosen.iter().any(|id| !known.contains(id)) {
            return Err(Failure::not_found("That backend is not there any more"));
        }
        if chosen.is_empty() {
            return Err(Failure::usage("No backend is chosen", "Choose at least one"));
        }
        Ok(known.into_iter().filter(|id| chosen.contains(id)).collect())
    }

    /// Begins something on these backends.
    pub(super) fn start(
        self: &Arc<Self>,
        backends: Vec<BackendId>,
        work: Work,
    ) -> Result<(), Failure> {
        let job = self.claim(backends)?;
        self.changed(&[Tag::Live]);
        let app = self.clone();
        self.tracker.spawn(async move {
            let is_wanted = work.is_wanted();
            let ended = app.work(&job, work).await;
            app.keep_how_it_ended(&ended);
            match ended {
                Ok(None) if !is_wanted => {}
                Ok(look_anew) => locked(&app.mood).look_anew = look_anew,
                Err(_) => {}
            }
            drop(job);
            app.changed(&AFTER_A_RUN);
            app.pass_on_at_once();
        });
        Ok(())
    }

    /// Keeps what broke off something that was begun by a hand or by the clock, until something goes well. That
    /// a person stopped it is no trouble, and says nothing about the trouble before.
    pub(super) fn keep_how_it_ended<T>(&self, ended: &Result<T, Failure>) {
        let mut mood = locked(&self.mood);
        match ended {
            Ok(_) => mood.trouble = None,
            Err(failure) if failure.kind == FailureKind::Cancelled => {}
            Err(failure) => {
                tracing::error!(what = failure.what, "a run broke off");
                if failure.kind == FailureKind::Store {
                    // The next start looks through the whole of it.
                    self.household().store().doubt();
                }
                mood.trouble = Some(failure.clone());
            }
        }
    }

    /// Notes that these backends are owed something by a person's own hand, and tells them as soon as
    /// nothing else goes on with them.
    pub(super) fn tell(self: &Arc<Self>, backends: &[BackendId]) {
        locked(&self.mood).tell.extend(backends);
        self.tell_what_waits();
    }

    /// Tells what waits for that, if nothing else goes on.
    pub(super) fn tell_what_waits(self: &Arc<Self>) {
        if self.paused_until().is_some() || self.is_working() || self.tracker.is_closed() {
            return;
        }
        let wanted: Vec<BackendId> =
            std::mem::take(&mut locked(&self.mood).tell).into_iter().collect();
        if wanted.is_empty() {
            return;
        }
        if self.start(wanted.clone(), Work::Tell { wanted: wanted.clone() }).is_err() {
            // Something else was quicker; it is done when that ends.
            locked(&self.mood).tell.extend(wanted);
        }
    }

    /// An engine and all accounts, when it is one's turn; until then nobody else works. What waits is told
    /// as going on.
    pub(super) async fn engine(
        &self,
        job: &Job,
        planning: bool,
    ) -> Result<(Engine, Vec<Account>, AtWork<'_>), Failure> {
        let stopped =
            || Failure::new(FailureKind::Cancelled, "Stopped", "Begin again when you like");
        let turn = select! {
            biased;
            () = job.stop.cancel.cancelled() => return Err(stopped()),
            turn = self.turn.lock() => turn,
        };
        let household = self.household();
        if !planning {
            self.end_broken_off_runs(&household).await?;
            // Beside what begins here: a large database takes seconds to be copied.
            let household = household.clone();
            self.tracker.spawn(async move { household.keep_copy().await });
        }
        // A keyring may ask the person at the screen, who may take their time.
        let accounts = select! {
            biased;
            () = job.stop.cancel.cancelled() => return Err(stopped()),
            accounts = household.accounts() => accounts?,
        };
        self.board.begins(&accounts, planning, household.now());
        let engine = household
            .engine(self.board.clone(), job.stop.cancel.clone())
            .finishing_until(job.stop.give_up.clone());
        Ok((engine, accounts, AtWork { app: self, _turn: turn }))
    }

    /// A run that broke off because the database could not be written could not be ended there either.
    /// Nobody works now, so whatever is not ended has broken off.
    async fn end_broken_off_runs(&self, household: &Household) -> Result<(), Failure> {
        let why = match &locked(&self.mood).trouble {
            Some(trouble) => format!("{}; {}", trouble.what, trouble.todo),
            None => "it broke off; the next run goes on from there".to_owned(),
        };
        Ok(household.store().end_abandoned_runs(household.now(), &why).await?)
    }

    /// Does what is to be done. Answers with what a person agreed to where it is not what would be changed any
    /// more, so that they have to look anew; then nothing was written.
    async fn work(&self, job: &Job, work: Work) -> Result<Option<LookAnew>, Failure> {
        let (engine, mut accounts, _at_work) = self.engine(job, false).await?;
        if let Some(agreed) = work.agreed() {
            let now = agreed.look(&self.household(), &engine, &accounts).await?;
            if !agreed.covers(&now.changes) {
                return Ok(Some(agreed.look_anew()));
            }
        }
        let yes = work.agreed().is_some();
        match work {
            Work::Sync { all: true, .. } if !yes => {
                engine.sync(&mut accounts, Consent::default()).await?;
            }
            Work::Sync { wanted, .. } => {
                // What was agreed to was seen after all backends had been read.
                let (mut read, rest): (Vec<Account>, Vec<Account>) = accounts
                    .into_iter()
                    .partition(|account| yes || wanted.contains(&account.backend.id));
                engine.import(&mut read, Consent::default()).await?;
                read.extend(rest);
                engine.export(&mut read, &wanted, Consent { yes, full: false }).await?;
            }
            Work::Import { backend, full } => {
                accounts.retain(|account| account.backend.id == backend);
                engine.import(&mut accounts, Consent { yes: false, full }).await?;
            }
            Work::Export { wanted, full, .. } => {
                engine.export(&mut accounts, &wanted, Consent { yes, full }).await?;
            }
            Work::Tell { wanted } => {
                engine.export(&mut accounts, &wanted, Consent::default()).await?;
            }
            Work::Reread { title } => {
                engine.reread(&mut accounts, title).await?;
            }
            Work::Answer { answer, .. } => {
                let household = self.household();
                household.answer(&engine, &accounts, &answer).await?;
                self.changed(&[Tag::Backends, Tag::Owed, Tag::Titles, Tag::Journal]);
                household.tell_what_follows(&engine, &mut accounts).await?;
            }
            Work::Undo { what, .. } => {
                self.household().undo(&engine, &mut accounts, what).await?;
            }
            Work::Restore { restore, .. } => {
                self.household().restore(&engine, &mut accounts, &restore).await?;
            }
        }
        Ok(None)
    }
}

/// Held while somebody works.
pub(super) struct AtWork<'a> {
    app: &'a App,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.app.board.ends();
    }
}

fn off(backend: &Backend, what: &str) -> Failure {
    Failure::usage(
        format!("{what} is off for {}", backend.name),
        format!("Switch it on with the backend {} first", backend.name),
    )
}
