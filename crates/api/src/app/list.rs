//! The list of all titles, filtered: computed once for a filter, kept while nothing changes.
//!
//! A window scrolls through the list page by page and types into the search. What takes time is finding out
//! *which* titles are meant among hundreds of thousands; each page after that is a question about a hundred.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use roaring::RoaringTreemap;
use watchstate_model::marks::ProgressRule;
use watchstate_model::{Abilities, BackendId, Moment, State, Target, TitleId, Watch};
use watchstate_store::{Backend, ListRow, Listed, Shown, Stock, Store};

use super::{App, LONGEST_PAGE};
use crate::contract::{Failure, On, Page, TitleFilter, TitleKind, TitleRow, TitleState};

/// How many filtered lists are kept: the one that is shown, and what is typed back to.
const KEPT: usize = 8;

/// What is known of the whole list, as of one generation.
#[derive(Default)]
pub(super) struct ListCache {
    generation: u64,
    all: Option<Arc<Vec<Listed>>>,
    on: HashMap<BackendId, Arc<RoaringTreemap>>,
    differs: Option<Arc<RoaringTreemap>>,
    filtered: Vec<(TitleFilter, Arc<Vec<TitleId>>)>,
    stock: Option<Arc<Vec<Stock>>>,
}

/// What tells whether a copy shows what is held.
pub(super) struct Judge {
    abilities: HashMap<BackendId, Abilities>,
    progress: ProgressRule,
}

/// What a server can be told that never answered: everything, so that nothing is taken for agreed.
const ABLE: Abilities = Abilities {
    dates: true,
    plays: true,
    positions: true,
    rewatch_positions: true,
    position_unit_ms: 1,
    unwatch_clears_traces: true,
};

impl Judge {
    pub(super) fn new(backends: &[Backend], progress: ProgressRule) -> Self {
        let abilities = backends.iter().map(|b| (b.id, b.abilities.unwrap_or(ABLE))).collect();
        Self { abilities, progress }
    }

    /// Whether a copy shows what is held, as a plan would see it.
    pub(super) fn agrees(&self, shown: &Shown, ours: Watch) -> bool {
        let abilities = self.abilities.get(&shown.backend).unwrap_or(&ABLE);
        // A place in a file of several episodes is a place in none of them.
        let alone = |watch: Watch| if shown.several { watch.with_position(None) } else { watch };
        let state = State {
            watch: alone(ours),
            plays: 0,
            played_at: None,
            decided_at: Moment(0),
            by: None,
        };
        let seen = alone(shown.marks.watch);
        Target::of(&state, abilities).is_shown_by(seen, abilities, self.progress, shown.duration_ms)
    }
}

impl ListCache {
    async fn all(&mut self, store: &Store, app: &App) -> Result<Arc<Vec<Listed>>, Failure> {
        if let Some(all) = &self.all {
            return Ok(all.clone());
        }
        let all = Arc::new(store.listed(app.person()).await?);
        self.all = Some(all.clone());
        Ok(all)
    }

    async fn on(
        &mut self,
        store: &Store,
        backend: BackendId,
    ) -> Result<Arc<RoaringTreemap>, Failure> {
        if let Some(on) = self.on.get(&backend) {
            return Ok(on.clone());
        }
        let on = Arc::new(store.titles_on(backend).await?);
        self.on.insert(backend, on.clone());
        Ok(on)
    }

    async fn differs(&mut self, store: &Store, app: &App) -> Result<Arc<RoaringTreemap>, Failure> {
        if let Some(differs) = &self.differs {
            return Ok(differs.clone());
        }
        let judge = app.judge().await?;
        let differs = store.differing(app.person()).await?;
        let differs: RoaringTreemap = differs
            .into_iter()
            .filter(|copy| !judge.agrees(&copy.shown, copy.ours))
            .filter_map(|copy| u64::try_from(copy.shown.title.0).ok())
            .collect();
        let differs = Arc::new(differs);
        self.differs = Some(differs.clone());
        Ok(differs)
    }

    async fn stock(&mut self, store: &Store) -> Result<Arc<Vec<Stock>>, Failure> {
        if let Some(stock) = &self.stock {
            return Ok(stock.clone());
        }
        let stock = Arc::new(store.stock().await?);
        self.stock = Some(stock.clone());
        Ok(stock)
    }

    async fn filtered(
        &mut self,
        filter: &TitleFilter,
        store: &Store,
        app: &App,
    ) -> Result<Arc<Vec<TitleId>>, Failure> {
        if let Some(at) = self.filtered.iter().position(|(known, _)| known == filter) {
            let known = self.filtered.remove(at);
            let titles = known.1.clone();
            self.filtered.insert(0, known);
            return Ok(titles);
        }
        let titles = Arc::new(self.compute(filter, store, app).await?);
        self.filtered.insert(0, (filter.clone(), titles.clone()));
        self.filtered.truncate(KEPT);
        Ok(titles)
    }

    async fn compute(
        &mut self,
        filter: &TitleFilter,
        store: &Store,
        app: &App,
    ) -> Result<Vec<TitleId>, Failure> {
        let named = match filter.text.as_deref() {
            Some(text) => store.titles_named(text).await?,
            None => None,
        };
        let only_named = TitleFilter { text: filter.text.clone(), ..TitleFilter::default() };
        let named: Option<RoaringTreemap> = match named {
            Some(named) if *filter == only_named || named.is_empty() => return Ok(named),
            Some(named) => Some(named.iter().filter_map(|id| u64::try_from(id.0).ok()).collect()),
            None => None,
        };
        let on = match filter.backend {
            Some(backend) => Some(self.on(store, backend.into()).await?),
            None => None,
        };
        let missing = match filter.missing_on {
            Some(backend) => Some(self.on(store, backend.into()).await?),
            None => None,
        };
        let differs = match filter.differs {
            Some(_) => Some(self.differs(store, app).await?),
            None => None,
        };
        let all = self.all(store, app).await?;
        let mut titles: Vec<TitleId> = all
            .iter()
            .filter(|title| {
                let has = |set: &RoaringTreemap| {
                    u64::try_from(title.title.0).is_ok_and(|id| set.contains(id))
                };
                filter.kind.is_none_or(|kind| title.episode == (kind == TitleKind::Episode))
                    && filter.state.is_none_or(|state| match state {
                        TitleState::Watched => title.watched,
                        TitleState::Started => !title.watched && title.position,
                        TitleState::Unwatched => !title.watched && !title.position,
                    })
                    && named.as_ref().is_none_or(has)
                    && on.as_deref().is_none_or(has)
                    && !missing.as_deref().is_some_and(has)
                    && differs
                        .as_deref()
                        .is_none_or(|set| has(set) == filter.differs.unwrap_or(true))
            })
            .map(|title| title.title)
            .collect();
        if named.is_some() {
            titles.sort_unstable();
        }
        Ok(titles)
    }
}

impl App {
    /// A page of the titles that a filter leaves, the latest change first; where names are searched, in the
    /// order in which they came up.
    pub async fn titles(
        &self,
        filter: &TitleFilter,
        from: u32,
        size: u32,
    ) -> Result<Page<TitleRow>, Failure> {
        let household = self.household();
        let store = household.store();
        let titles = self.cache().await.filtered(filter, store, self).await?;
        let total = u64::try_from(titles.len()).unwrap_or(u64::MAX);
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(titles.len());
        let size = usize::try_from(size.min(LONGEST_PAGE)).unwrap_or(0);
        let page = titles.get(from..titles.len().min(from + size)).unwrap_or_default();
        Ok(Page { rows: self.rows(page).await?, total })
    }

    /// What the list shows of these titles.
    pub(super) async fn rows(&self, titles: &[TitleId]) -> Result<Vec<TitleRow>, Failure> {
        let household = self.household();
        let rows = household.store().list_page(household.person(), titles).await?;
        let shown = household.store().shown(household.person(), titles).await?;
        let judge = self.judge().await?;
        let mut copies: HashMap<TitleId, Vec<Shown>> = HashMap::new();
        for copy in shown {
            copies.entry(copy.title).or_default().push(copy);
        }
        Ok(rows
            .into_iter()
            .map(|row| {
                let copies = copies.remove(&row.title).unwrap_or_default();
                title_row(row, &copies, &judge)
            })
            .collect())
    }

    pub(super) async fn judge(&self) -> Result<Judge, Failure> {
        let household = self.household();
        Ok(Judge::new(&household.backends().await?, household.around.settings().progress))
    }

    /// How much each backend has.
    pub(super) async fn stock(&self) -> Result<Arc<Vec<Stock>>, Failure> {
        let household = self.household();
        self.cache().await.stock(household.store()).await
    }

    /// What is known of the list, emptied where something changed since.
    async fn cache(&self) -> tokio::sync::MutexGuard<'_, ListCache> {
        let mut cache = self.list.lock().await;
        let generation = self.generation.load(Ordering::SeqCst);
        if cache.generation != generation {
            *cache = ListCache { generation, ..ListCache::default() };
        }
        cache
    }
}

fn title_row(row: ListRow, copies: &[Shown], judge: &Judge) -> TitleRow {
    let ours = row.marks.watch;
    let mut on: Vec<On> = Vec::new();
    for copy in copies {
        let agrees = judge.agrees(copy, ours);
        let now = On {
            backend: copy.backend.into(),
            marks: copy.marks.into(),
            agrees,
            present: copy.present,
        };
        match on.iter_mut().find(|known| known.backend == now.backend) {
            None => on.push(now),
            // A copy that is there says more than one that is gone, one that differs more than one that agrees.
            Some(known) if now.present && (!known.present || (known.agrees && !now.agrees)) => {
                *known = now;
            }
            Some(_) => {}
        }
    }
    let (season, episode) = row.place.unzip();
    TitleRow {
        id: row.title.into(),
        name: row.name,
        show: row.show,
        season,
        episode,
        year: row.year,
        marks: row.marks.into(),
        changed_at: row.changed_at.map(Into::into),
        on,
    }
}
