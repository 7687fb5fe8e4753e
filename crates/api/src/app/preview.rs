//! Previews: what a run would change, shown before a person says yes.

use std::collections::VecDeque;
use std::sync::Arc;

use watchstate_engine::{
    Account, Answer, Consent, Engine, Preview as Seen, PreviewChange, Restore, Undo,
};
use watchstate_model::{BackendId, Moment};
use watchstate_store::Backend;

use super::looking::Before;
use super::{App, LONGEST_PAGE, locked};
use crate::Household;
use crate::backups::NotMatched;
use crate::contract::{
    Action, Advice, Failure, FailureKind, Page, Preview, PreviewCount, PreviewRow, PreviewRows,
    PreviewSince,
};
use crate::shown::{Shown, would_be_written};

/// So many previews are kept, the latest ones: each may be large.
const KEPT: usize = 3;
/// How long one can be agreed to: seconds.
const GOOD_FOR_S: i64 = 60 * 60;

/// The previews that are kept.
#[derive(Default)]
pub(super) struct Previews(VecDeque<Arc<Kept>>);

/// A preview as it was shown.
pub(super) struct Kept {
    pub at: Moment,
    /// The journal's last line at that time: another one says that something happened since.
    pub line: i64,
    /// The backends at that time.
    pub backends: Vec<Backend>,
    pub agreed: Agreed,
    pub changes: Vec<PreviewChange>,
    /// What was shown before, where somebody wants to know what is different.
    pub before: Option<Arc<Shown>>,
    /// What is known of the backup of a restore.
    pub backup: Option<OfBackup>,
}

/// The backup that a restore is from.
pub(super) struct OfBackup {
    /// What stands for it.
    pub id: String,
    /// Its entries that were not matched: the first of very many.
    pub not_matched: Arc<Vec<NotMatched>>,
}

/// What was seen in a look.
pub(super) struct Ahead {
    /// What was looked at.
    pub aim: Aim,
    /// What would be written.
    pub changes: Vec<PreviewChange>,
    /// Backends that are named although nothing would be written to them.
    pub named: Vec<BackendId>,
    /// What went wrong meanwhile.
    pub troubles: Vec<String>,
    /// What was shown before, where somebody wants to know what is different.
    pub before: Option<Arc<Shown>>,
    /// What is known of the backup of a restore.
    pub backup: Option<OfBackup>,
}

/// What is looked at beforehand, or done.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Aim {
    /// To which backends it would be written.
    pub wanted: Vec<BackendId>,
    /// What it is.
    pub what: Deed,
}

/// What is looked at beforehand, or done, by its kind.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// A run. What the brake holds goes on waiting.
    Run {
        /// Whether all backends are read first.
        import: bool,
        /// Whether everything is compared, however little seems to have changed.
        full: bool,
    },
    /// An answer to the un-watches that wait.
    Answer(Answer),
    /// Something is taken back.
    Undo(Undo),
    /// A backup is restored.
    Restore(Arc<Restore>),
}

/// What a person agrees to: exactly the changes of a preview.
#[derive(Clone)]
pub(super) struct Agreed {
    /// What stands for the preview.
    pub preview: String,
    /// What it was of.
    aim: Aim,
    /// Each change.
    changes: Arc<Shown>,
}

/// What a person agreed to that was not what would be changed any more: nothing of it was written.
#[derive(Clone)]
pub(super) struct LookAnew {
    aim: Aim,
    preview: String,
}

impl LookAnew {
    /// What stands for the preview, of what is looked at in Review; the others are looked at where they are begun.
    pub(super) fn preview(&self) -> Option<&str> {
        match self.aim.what {
            Deed::Run { .. } | Deed::Answer(_) => Some(&self.preview),
            Deed::Undo(_) | Deed::Restore(_) => None,
        }
    }

    /// What has come to nothing, and what to do about it.
    pub(super) fn advice(&self) -> Advice {
        let (what, todo) = match self.aim.what {
            Deed::Run { .. } | Deed::Answer(_) => (
                "What would be changed is not what you agreed to any more: look at it again",
                "Look at Review",
            ),
            Deed::Undo(_) => (
                "What was to be taken back is not the same any more: nothing was written",
                "Look in Activity at what would be taken back now, then start again",
            ),
            Deed::Restore(_) => (
                "What the backup would change is not the same any more: nothing was written",
                "Look in Backups at what would be changed now, then start again",
            ),
        };
        Advice { what: what.to_owned(), todo: todo.to_owned() }
    }

    /// Whether a look at this is the look anew.
    pub(super) fn is_looked_at_by(&self, aim: &Aim) -> bool {
        match (&self.aim.what, &aim.what) {
            (Deed::Run { .. }, Deed::Run { .. }) => self.aim.wanted == aim.wanted,
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}

impl Aim {
    /// What would be changed now.
    pub(super) async fn look(
        &self,
        household: &Household,
        engine: &Engine,
        accounts: &[Account],
    ) -> crate::Result<Seen> {
        let wanted = &self.wanted;
        match &self.what {
            Deed::Run { import, full } => {
                let consent = Consent { yes: false, full: *full };
                household.preview(engine, accounts, wanted, *import, consent).await
            }
            Deed::Answer(answer) => {
                household.preview_answer(engine, accounts, wanted, answer).await
            }
            Deed::Undo(undo) => {
                let changes = household.preview_undo(engine, accounts, *undo).await?.changes;
                Ok(Seen { changes, ..Seen::default() })
            }
            Deed::Restore(restore) => household.preview_restore(engine, accounts, restore).await,
        }
    }
}

impl Agreed {
    /// What a person agrees to who says yes to these changes, shown by this preview.
    pub(super) fn to(preview: String, aim: Aim, changes: &[PreviewChange]) -> Self {
        Self { preview, aim, changes: Arc::new(Shown::of(changes)) }
    }

    /// What there is to look at anew when it is not what would be changed any more.
    pub(super) fn look_anew(&self) -> LookAnew {
        LookAnew { aim: self.aim.clone(), preview: self.preview.clone() }
    }

    /// To which backends it is written.
    pub(super) fn wanted(&self) -> &[BackendId] {
        &self.aim.wanted
    }

    /// What would be changed now.
    pub(super) async fn look(
        &self,
        household: &Household,
        engine: &Engine,
        accounts: &[Account],
    ) -> crate::Result<Seen> {
        self.aim.look(household, engine, accounts).await
    }

    /// Whether a person was shown all that would be written now.
    pub(super) fn covers(&self, now: &[PreviewChange]) -> bool {
        self.changes.covers(now)
    }
}

/// What would be done to a title.
fn action(change: &PreviewChange) -> Action {
    let (was, becomes) = (change.from, change.to);
    match (was.is_watched(), becomes.is_watched(), becomes.position()) {
        (false, true, _) => Action::Watch,
        (true, false, _) => Action::Unwatch,
        (true, true, Some(place)) if was.position() != Some(place) => Action::Again,
        (true, true, None) if was.position().is_some() => Action::Clear,
        (true, true, _) => Action::Played,
        (false, false, Some(_)) => Action::Start,
        (false, false, None) => Action::Clear,
    }
}

impl App {
    /// What a sync (`import` true) or an export to the chosen backends, or to all, would change. Nothing is
    /// written. It is kept, so that its rows can be asked for and it can be agreed to.
    pub async fn preview(
        self: &Arc<Self>,
        backends: Option<Vec<BackendId>>,
        import: bool,
        full: bool,
        since: Option<&str>,
    ) -> Result<Preview, Failure> {
        let wanted = self.wanted(backends).await?;
        self.preview_of(Aim { wanted, what: Deed::Run { import, full } }, since).await
    }

    /// The same, and of an answer to the un-watches that wait.
    pub(super) async fn preview_of(
        self: &Arc<Self>,
        aim: Aim,
        since: Option<&str>,
    ) -> Result<Preview, Failure> {
        let before = since.and_then(|since| self.kept(since).ok());
        let before = before.map(|kept| kept.agreed.changes.clone());
        let looking = self.look_at(&aim.wanted).await?;
        let seen = aim.look(&self.household(), &looking.engine, &looking.accounts).await?;
        let known = looking.end();
        // One with export off may be looked at, but nothing will be written to it.
        let to = known.backends.iter().filter(|b| b.export && aim.wanted.contains(&b.id));
        let named = to.map(|backend| backend.id).collect();
        let troubles = troubles(&seen);
        let changes = seen.changes;
        let ahead = Ahead { aim, changes, named, troubles, before, backup: None };
        Ok(self.keep(known, ahead))
    }

    /// Keeps what was seen in a look, so that its rows can be asked for and it can be agreed to. Answers it as it
    /// is shown.
    pub(super) fn keep(&self, known: Before, ahead: Ahead) -> Preview {
        let Before { id, at, line, backends } = known;
        let Ahead { aim, changes, named, troubles, before, backup } = ahead;
        let is_shown = |backend: &&Backend| {
            named.contains(&backend.id) || changes.iter().any(|c| c.backend == backend.id)
        };
        let per_backend =
            backends.iter().filter(is_shown).map(|backend| count(backend, &changes)).collect();
        let agreed = Agreed::to(id.clone(), aim, &changes);
        let since = before.as_ref().map(|before| PreviewSince {
            anew: agreed.changes.beyond(before),
            gone: before.beyond(&agreed.changes),
        });
        locked(&self.mood).look_anew.take_if(|anew| anew.is_looked_at_by(&agreed.aim));
        let kept = Kept { at, line, backends, agreed, changes, before, backup };
        let mut previews = locked(&self.previews);
        previews.0.push_front(Arc::new(kept));
        previews.0.truncate(KEPT);
        Preview { id, taken_at: at.into(), per_backend, troubles, since }
    }

    /// A page of a preview's rows.
    pub fn preview_rows(&self, wish: &PreviewRows) -> Result<Page<PreviewRow>, Failure> {
        let kept = self.kept(&wish.preview)?;
        let text = wish.text.as_deref().unwrap_or_default().trim().to_lowercase();
        let backend = wish.backend.map(BackendId::from);
        let matching = kept
            .changes
            .iter()
            .filter(|change| backend.is_none_or(|backend| change.backend == backend))
            .filter(|change| text.is_empty() || change.name.to_lowercase().contains(&text));
        let total = u64::try_from(matching.clone().count()).unwrap_or(u64::MAX);
        let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let rows = matching
            .skip(place(wish.from))
            .take(place(wish.size.min(LONGEST_PAGE)))
            .map(|change| PreviewRow {
                title_id: change.title.into(),
                title: change.name.clone(),
                backend: change.backend.into(),
                action: action(change),
                was: change.from.into(),
                becomes: change.to.into(),
                because: change.because.into(),
                held: change.held.map(Into::into),
                anew: kept.before.as_ref().is_some_and(|before| before.is_new(change)),
            })
            .collect();
        Ok(Page { rows, total })
    }

    fn kept(&self, id: &str) -> Result<Arc<Kept>, Failure> {
        let now = self.now();
        let mut previews = locked(&self.previews);
        previews.0.retain(|kept| kept.at.0 + GOOD_FOR_S > now.0);
        previews.0.iter().find(|kept| kept.agreed.preview == id).cloned().ok_or_else(|| {
            Failure::not_found("This preview is too old, or another one took its place")
        })
    }

    /// What a person agreed to by a preview, if it is still what would be done.
    pub(super) async fn agreed(
        &self,
        preview: Option<String>,
        aim: &Aim,
    ) -> Result<Option<Agreed>, Failure> {
        let Some(preview) = preview else { return Ok(None) };
        let kept = self.still(&preview).await?;
        if kept.agreed.aim != *aim {
            return Err(Failure::usage(
                "This preview is of something else than what is to be begun",
                "Look at what would be changed, then start again",
            ));
        }
        Ok(Some(kept.agreed.clone()))
    }

    /// What a person agreed to have taken back by a preview, if it is still what would be done.
    pub(super) async fn agreed_undo(&self, preview: &str) -> Result<(Undo, Agreed), Failure> {
        let kept = self.still(preview).await?;
        let Deed::Undo(undo) = kept.agreed.aim.what else {
            return Err(Failure::usage(
                "This preview is of something else than what is to be taken back",
                "Look at what would be changed, then start again",
            ));
        };
        Ok((undo, kept.agreed.clone()))
    }

    /// What a person agreed to have restored by a preview, if it is still what would be done, and what stands for
    /// the backup.
    pub(super) async fn agreed_restore(
        &self,
        preview: &str,
    ) -> Result<(Arc<Restore>, Agreed, String), Failure> {
        let kept = self.still(preview).await?;
        match (&kept.agreed.aim.what, &kept.backup) {
            (Deed::Restore(restore), Some(backup)) => {
                Ok((restore.clone(), kept.agreed.clone(), backup.id.clone()))
            }
            _ => Err(not_of_a_backup()),
        }
    }

    /// The entries of a backup that were not matched when this preview was made.
    pub(super) fn not_matched_of(&self, preview: &str) -> Result<Arc<Vec<NotMatched>>, Failure> {
        let kept = self.kept(preview)?;
        kept.backup.as_ref().map(|backup| backup.not_matched.clone()).ok_or_else(not_of_a_backup)
    }

    /// A preview, if nothing happened since.
    async fn still(&self, preview: &str) -> Result<Arc<Kept>, Failure> {
        let kept = self.kept(preview)?;
        let household = self.household();
        let backends = household.backends().await?;
        let same_backends = backends.len() == kept.backends.len()
            && backends.iter().zip(&kept.backends).all(|(now, then)| is_same(now, then));
        let same_line = household.store().last_line().await? == kept.line;
        if !same_backends || !same_line {
            return Err(Failure::new(
                FailureKind::Changed,
                "Something changed since this preview was made",
                "Look at what would be changed now, then start again",
            ));
        }
        Ok(kept)
    }
}

/// Whether a backend is what it was: the same account, reached and switched as it was.
fn is_same(now: &Backend, then: &Backend) -> bool {
    // Another server may have taken the place of the old one at the same address.
    (now.id, &now.server_id, &now.user_id) == (then.id, &then.server_id, &then.user_id)
        && (now.import, now.export, &now.url) == (then.import, then.export, &then.url)
}

fn not_of_a_backup() -> Failure {
    Failure::usage(
        "This preview is not of a backup",
        "Choose a backup, and look at what restoring it would change",
    )
}

/// What went wrong with backends during a look, each sentence once.
pub(super) fn troubles(seen: &Seen) -> Vec<String> {
    let mut troubles: Vec<String> = Vec::new();
    for error in seen.runs.iter().filter_map(|report| report.run.error.as_ref()) {
        if !troubles.contains(error) {
            troubles.push(error.clone());
        }
    }
    troubles
}

fn count(backend: &Backend, changes: &[PreviewChange]) -> PreviewCount {
    let mut count = PreviewCount {
        backend: backend.id.into(),
        name: backend.name.clone(),
        watch: 0,
        unwatch: 0,
        position: 0,
        total: 0,
        held: 0,
    };
    for change in changes.iter().filter(|change| change.backend == backend.id) {
        count.total += 1;
        if !would_be_written(change) {
            count.held += 1;
            continue;
        }
        match action(change) {
            Action::Watch => count.watch += 1,
            Action::Unwatch => count.unwatch += 1,
            Action::Start | Action::Again | Action::Clear | Action::Played => count.position += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use watchstate_engine::RunReport;
    use watchstate_model::{Because, Position, TitleId, Watch};

    use super::*;

    fn change(from: Watch, to: Watch) -> PreviewChange {
        PreviewChange {
            backend: BackendId(1),
            backend_name: "den".to_owned(),
            title: TitleId(1),
            name: String::new(),
            from,
            to,
            because: Because::Differs,
            held: None,
        }
    }

    #[test]
    fn each_trouble_is_told_once() {
        let report = |error: Option<&str>| RunReport {
            task: watchstate_store::Task::Import,
            backend: BackendId(1),
            name: "den".to_owned(),
            ok: error.is_none(),
            waits_for_yes: false,
            run: watchstate_store::Run {
                error: error.map(str::to_owned),
                ..watchstate_store::Run::default()
            },
        };
        let runs = [Some("den"), Some("attic"), None, Some("den")].map(report).into();
        assert_eq!(troubles(&Seen { runs, ..Seen::default() }), ["den", "attic"]);
    }

    fn at(ms: u64) -> Option<Position> {
        Position::from_ms(ms)
    }

    #[test]
    fn what_would_be_done() {
        let (w, u) = (Watch::WATCHED, Watch::Unwatched);
        let started = |ms| Watch::from_flag(false, at(ms));
        let again = |ms| Watch::from_flag(true, at(ms));
        for (from, to, done, why) in [
            (u, w, Action::Watch, "a mark"),
            (started(9), again(9), Action::Watch, "a mark, with a place beside it"),
            (w, u, Action::Unwatch, "a mark taken away"),
            (w, started(9), Action::Unwatch, "and a place left"),
            (u, started(9), Action::Start, "a place"),
            (started(8), started(9), Action::Start, "another place"),
            (started(9), u, Action::Clear, "no place any more"),
            (w, again(9), Action::Again, "a rewatch"),
            (again(9), w, Action::Clear, "the rewatch was dropped"),
            (w, w, Action::Played, "one more play"),
        ] {
            assert_eq!(action(&change(from, to)), done, "{why}");
        }
    }
}
