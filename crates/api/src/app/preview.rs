//! Previews: what a run would change, shown before a person says yes.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use watchstate_engine::{Consent, Preview as Seen, PreviewChange, Restore};
use watchstate_model::{BackendId, Because, Moment, TitleId};
use watchstate_store::Backend;

use super::{App, LONGEST_PAGE, locked};
use crate::backups::NotMatched;
use crate::contract::{Action, Failure, Page, Preview, PreviewCount, PreviewRow, PreviewRows, Tag};

/// So many previews are kept, the latest ones: each may be large.
const KEPT: usize = 2;
/// How long one can be agreed to: seconds.
const GOOD_FOR_S: i64 = 60 * 60;

/// The previews that are kept.
#[derive(Default)]
pub(super) struct Previews(VecDeque<Arc<Kept>>);

/// A preview as it was shown.
pub(super) struct Kept {
    id: String,
    at: Moment,
    /// The journal's last line at that time: another one says that something happened since.
    line: i64,
    /// The backends at that time.
    backends: Vec<Backend>,
    agreed: Agreed,
    changes: Vec<PreviewChange>,
    /// What would be restored first, where it is about a backup.
    restoring: Option<Restoring>,
}

/// What a preview of a restore is about.
#[derive(Clone)]
pub(super) struct Restoring {
    pub restore: Arc<Restore>,
    /// The entries of the backup that were not matched, the first of very many.
    pub listed: Arc<Vec<NotMatched>>,
}

/// How things stood before something was looked at.
pub(super) struct Then {
    at: Moment,
    line: i64,
    backends: Vec<Backend>,
}

/// See [`Then`].
pub(super) fn taken(at: Moment, line: i64, backends: Vec<Backend>) -> Then {
    Then { at, line, backends }
}

/// What a person agrees to: exactly the changes of a preview.
#[derive(Clone)]
pub(super) struct Agreed {
    /// To which backends it would be written.
    pub wanted: Vec<BackendId>,
    /// Whether all backends are read first.
    pub import: bool,
    /// Whether it is about all backends: only then is what the brake holds let go.
    pub whole: bool,
    /// Each change: where, what, and whether the title is watched afterwards.
    changes: Arc<HashSet<(BackendId, TitleId, bool)>>,
}

fn key(change: &PreviewChange) -> (BackendId, TitleId, bool) {
    (change.backend, change.title, change.to.is_watched())
}

/// Whether a change would be written once a person said yes.
fn would_be_written(change: &PreviewChange) -> bool {
    change.held.is_none_or(|why| why == Because::FirstExport)
}

impl Agreed {
    /// What was agreed to, as the engine wants to be told when it looks.
    pub(super) fn consent(&self) -> Consent {
        Consent { yes: self.whole, full: false }
    }

    /// Whether a person was shown all that would be written now. Fewer changes are no surprise, nor is a
    /// place that somebody played on from; a title that was not on the list, or another mark, is.
    pub(super) fn covers(&self, now: &Seen) -> bool {
        now.changes
            .iter()
            .filter(|change| would_be_written(change))
            .all(|change| self.changes.contains(&key(change)))
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
    ) -> Result<Preview, Failure> {
        let wanted = self.wanted(backends).await?;
        let job = self.claim(wanted.clone())?;
        let household = self.household();
        let known = household.backends().await?;
        let whole = known.iter().filter(|b| b.export).all(|b| wanted.contains(&b.id));
        let agreed = Agreed { wanted, import, whole, changes: Arc::default() };
        let (at, line) = (household.now(), household.store().last_line().await?);
        let (engine, accounts, at_work) = self.engine(&job, true).await?;
        let seen =
            household.preview(&engine, &accounts, &agreed.wanted, import, agreed.consent()).await;
        drop(at_work);
        drop(job);
        // What went on is told as ended, however it ended.
        self.changed(&[Tag::Live]);
        Ok(self.keep(taken(at, line, known), agreed, seen?, None))
    }

    /// Keeps what a restore would change.
    pub(super) fn keep_preview(
        &self,
        then: Then,
        wanted: Vec<BackendId>,
        seen: Seen,
        restoring: Option<Restoring>,
    ) -> Preview {
        let agreed = Agreed { wanted, import: false, whole: false, changes: Arc::default() };
        self.keep(then, agreed, seen, restoring)
    }

    fn keep(
        &self,
        Then { at, line, backends }: Then,
        mut agreed: Agreed,
        seen: Seen,
        restoring: Option<Restoring>,
    ) -> Preview {
        let written = seen.changes.iter().filter(|change| would_be_written(change));
        agreed.changes = Arc::new(written.map(key).collect());
        let mut troubles: Vec<String> =
            seen.runs.iter().filter_map(|report| report.run.error.clone()).collect();
        troubles.dedup();
        let changes = |id: BackendId| seen.changes.iter().any(|change| change.backend == id);
        let per_backend = backends
            .iter()
            // One with export off may be looked at, but nothing will be written to it.
            .filter(|b| changes(b.id) || (b.export && agreed.wanted.contains(&b.id)))
            .map(|backend| count(backend, &seen.changes))
            .collect();
        let id = uuid::Uuid::new_v4().to_string();
        let changes = seen.changes;
        let kept = Kept { id: id.clone(), at, line, backends, agreed, changes, restoring };
        let mut previews = locked(&self.previews);
        previews.0.push_front(Arc::new(kept));
        previews.0.truncate(KEPT);
        drop(previews);
        locked(&self.mood).look_anew = false;
        Preview { id, taken_at: at.into(), per_backend, troubles }
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
            })
            .collect();
        Ok(Page { rows, total })
    }

    fn kept(&self, id: &str) -> Result<Arc<Kept>, Failure> {
        let now = self.now();
        let mut previews = locked(&self.previews);
        previews.0.retain(|kept| kept.at.0 + GOOD_FOR_S > now.0);
        previews.0.iter().find(|kept| kept.id == id).cloned().ok_or_else(|| {
            Failure::not_found("This preview is too old, or another one took its place")
        })
    }

    /// What a person agreed to by a preview, if it is still what would be done.
    pub(super) async fn agreed(
        &self,
        preview: Option<String>,
        wanted: &[BackendId],
        import: bool,
    ) -> Result<Option<Agreed>, Failure> {
        let Some(preview) = preview else { return Ok(None) };
        let agreed = self.agreed_to(&preview).await?;
        let restores = self.kept(&preview)?.restoring.is_some();
        if restores || agreed.wanted != wanted || agreed.import != import {
            return Err(Failure::usage(
                "This preview is of something else than what is to be begun",
                "Look at what would be changed, then start again",
            ));
        }
        Ok(Some(agreed))
    }

    /// What a preview of a restore is about.
    pub(super) fn restoring(&self, preview: &str) -> Result<Restoring, Failure> {
        self.kept(preview)?.restoring.clone().ok_or_else(|| {
            Failure::usage(
                "This preview is not of a backup",
                "Choose a backup, and look at what restoring it would change",
            )
        })
    }

    /// What a person agreed to by a preview, if nothing happened since.
    pub(super) async fn agreed_to(&self, preview: &str) -> Result<Agreed, Failure> {
        let kept = self.kept(preview)?;
        let household = self.household();
        let same_backends = kept.backends.len() == household.backends().await?.len()
            && household.backends().await?.iter().zip(&kept.backends).all(|(now, then)| {
                (now.id, now.import, now.export, &now.url)
                    == (then.id, then.import, then.export, &then.url)
            });
        let same_line = household.store().last_line().await? == kept.line;
        if !same_backends || !same_line {
            return Err(Failure::usage(
                "Something changed since this preview was made",
                "Look at what would be changed now, then start again",
            ));
        }
        Ok(kept.agreed.clone())
    }
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
    use watchstate_model::{Position, Watch};

    use super::*;

    fn change(title: i64, from: Watch, to: Watch, held: Option<Because>) -> PreviewChange {
        PreviewChange {
            backend: BackendId(1),
            backend_name: "den".to_owned(),
            title: TitleId(title),
            name: String::new(),
            from,
            to,
            because: Because::Differs,
            held,
        }
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
            assert_eq!(action(&change(1, from, to, None)), done, "{why}");
        }
    }

    #[test]
    fn what_a_yes_covers() {
        let (w, u) = (Watch::WATCHED, Watch::Unwatched);
        let place = |ms| Watch::from_flag(false, at(ms));
        let shown = [
            change(1, u, w, Some(Because::FirstExport)),
            change(2, u, place(9), None),
            change(3, w, u, Some(Because::Brake)),
        ];
        let agreed = Agreed {
            wanted: vec![BackendId(1)],
            import: true,
            whole: true,
            changes: Arc::new(shown.iter().filter(|c| would_be_written(c)).map(key).collect()),
        };
        for (now, covered, why) in [
            (shown.to_vec(), true, "the same"),
            (vec![], true, "nothing is left to do"),
            (vec![change(2, u, place(99), None)], true, "somebody played on"),
            (vec![change(1, w, u, None)], false, "the other way round"),
            (
                vec![change(2, u, w, None)],
                false,
                "watched to the end meanwhile: not what was shown",
            ),
            (vec![change(4, u, w, None)], false, "another title"),
            (vec![change(4, u, w, Some(Because::BeingPlayed))], true, "held all the same"),
            (vec![change(3, w, u, None)], false, "shown as held, and now it would be written"),
        ] {
            let now = Seen { changes: now, ..Seen::default() };
            assert_eq!(agreed.covers(&now), covered, "{why}");
        }
    }
}
