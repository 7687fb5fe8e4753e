//! One title: opened, marked, left alone, read again.

use std::sync::Arc;

use watchstate_engine::{CancellationToken, Silent};
use watchstate_model::{BackendId, TitleId};
use watchstate_store::OpenedCopy;

use super::App;
use super::history::line;
use super::runs::Work;
use crate::contract::{CopyOwed, Failure, Tag, Title, TitleCopy, TitleIdentity};

/// No title shows more of its journal.
const MOST_LINES: u32 = 200;

fn gone() -> Failure {
    Failure::not_found("That title is not there any more")
}

impl App {
    /// A title with its copies and its journal.
    pub async fn title(&self, title: TitleId) -> Result<Title, Failure> {
        let row = self.rows(&[title]).await?.pop().ok_or_else(gone)?;
        let household = self.household();
        let (store, person) = (household.store(), household.person());
        let ignored = store.list_page(person, &[title]).await?.pop().is_some_and(|r| r.ignored);
        let ids = store.ids_of_title(title).await?;
        let copies = store.opened(person, title).await?;
        let journal = store.feed_of(person, title, MOST_LINES).await?;
        Ok(Title {
            row,
            ids: ids
                .iter()
                .map(|id| TitleIdentity {
                    provider: id.provider().name(),
                    value: id.value().to_owned(),
                })
                .collect(),
            ignored,
            copies: copies.into_iter().map(copy).collect(),
            journal: journal.into_iter().map(line).collect(),
        })
    }

    /// Marks a title as watched or unwatched everywhere: planned at once, and told as soon as nothing else
    /// goes on with a backend.
    pub async fn mark_title(
        self: &Arc<Self>,
        title: TitleId,
        watched: bool,
    ) -> Result<(), Failure> {
        let household = self.household();
        let engine = household.engine(Arc::new(Silent), CancellationToken::new());
        let accounts = household.accounts().await?;
        let owed = engine.mark(&accounts, household.person(), title, watched).await?;
        let owed = owed.ok_or_else(gone)?;
        self.changed(&[Tag::Titles, Tag::Owed, Tag::Journal]);
        // One that never had a yes waits for it with all the rest.
        let now: Vec<BackendId> = accounts
            .iter()
            .filter(|account| account.backend.export && account.backend.approved_at.is_some())
            .map(|account| account.backend.id)
            .filter(|backend| owed.contains(backend))
            .collect();
        if !now.is_empty() {
            self.tell(&now);
        }
        Ok(())
    }

    /// Leaves a title alone, so that it is written nowhere, or not any more.
    pub async fn ignore_title(&self, title: TitleId, ignored: bool) -> Result<(), Failure> {
        let household = self.household();
        let engine = household.engine(Arc::new(Silent), CancellationToken::new());
        let accounts = household.accounts().await?;
        if !engine.leave_alone(&accounts, household.person(), title, ignored).await? {
            return Err(gone());
        }
        self.changed(&[Tag::Titles, Tag::Owed]);
        Ok(())
    }

    /// Reads all copies of a title again. Answers when it has begun.
    pub async fn reread_title(self: &Arc<Self>, title: TitleId) -> Result<(), Failure> {
        let household = self.household();
        let copies = household.store().opened(household.person(), title).await?;
        let mut backends: Vec<BackendId> =
            copies.iter().filter(|copy| copy.present).map(|copy| copy.backend).collect();
        backends.dedup();
        if backends.is_empty() {
            return Err(gone());
        }
        self.start(backends, Work::Reread { title })
    }
}

fn copy(copy: OpenedCopy) -> TitleCopy {
    TitleCopy {
        item: copy.item.into(),
        backend: copy.backend.into(),
        key: copy.key.0,
        path: copy.path,
        duration_ms: copy.duration_ms,
        marks: copy.marks.into(),
        agreed: copy.agreed.map(|(marks, _)| marks.into()),
        agreed_at: copy.agreed.map(|(_, at)| at.into()),
        present: copy.present,
        because: copy.because.into(),
        owed: copy.owed.map(|owed| CopyOwed {
            becomes: owed.becomes.into(),
            because: owed.because.into(),
            waiting: owed.waiting.map(watchstate_model::Because::sentence),
            parked: owed.parked,
        }),
    }
}
