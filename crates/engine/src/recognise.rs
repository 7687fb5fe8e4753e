//! Which titles a page's new items are: asks the index, lets the model decide, adds what nobody had.

use std::collections::HashMap;

use watchstate_model::identify::{
    Known, MOST_EPISODES_IN_A_FILE, identify_episode, identify_movie, identify_show,
};
use watchstate_model::{
    BackendId, Because, Episode, ExternalId, ExternalIds, Facts, Identity, Kind, Moment, Show,
    ShowId, TitleId,
};
use watchstate_store::{NewTitle, ShowRow, TitlePlace, Tx};

use crate::Result;

/// What became of one item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Recognised {
    /// A copy of these titles; several where one file holds several episodes. `new` when nobody had any.
    Titles {
        /// At least one.
        titles: Vec<TitleId>,
        /// Whether this page brought them up.
        new: bool,
    },
    /// Not decided by a program.
    Review(Because),
}

/// What the page itself has added so far: the second copy of a new film finds the first.
#[derive(Default)]
struct Added<'a> {
    titles: Vec<NewTitle>,
    by_id: HashMap<(bool, &'a ExternalId), Vec<Known>>,
    by_place: HashMap<TitlePlace, TitleId>,
    ids: [Vec<(TitleId, &'a ExternalIds)>; 2],
}

/// Recognises the items of a page, in their order, and keeps the titles that are new.
pub(crate) async fn recognise(
    tx: &mut Tx,
    backend: BackendId,
    items: &[&Facts],
    at: Moment,
) -> Result<Vec<Recognised>> {
    let mut index = Index::load(tx, backend, items).await?;
    let mut next = tx.next_ids().await?.title;
    let mut added = Added::default();
    let mut all = Vec::with_capacity(items.len());
    for (place, facts) in items.iter().enumerate() {
        let recognised = match &facts.kind {
            Kind::Movie => index.movie(place, facts, &mut added, &mut next, at),
            Kind::Episode(episode) => {
                index.episodes(place, facts, episode, &mut added, &mut next, at)
            }
        };
        all.push(recognised);
    }
    tx.add_titles(&added.titles).await?;
    let [movies, episodes] = added.ids;
    tx.add_title_ids(false, &movies).await?;
    tx.add_title_ids(true, &episodes).await?;
    Ok(all)
}

/// What the database knows of a page's ids and places.
struct Index {
    known: HashMap<usize, Vec<Known>>,
    shows: HashMap<String, Option<ShowId>>,
    places: HashMap<TitlePlace, TitleId>,
}

impl Index {
    async fn load(tx: &mut Tx, backend: BackendId, items: &[&Facts]) -> Result<Self> {
        let mut known: HashMap<usize, Vec<Known>> = HashMap::new();
        for episodes in [false, true] {
            let (places, ids): (Vec<usize>, Vec<&ExternalIds>) = items
                .iter()
                .enumerate()
                .filter(|(_, facts)| matches!(facts.kind, Kind::Episode(_)) == episodes)
                .map(|(place, facts)| (place, &facts.ids))
                .unzip();
            if ids.is_empty() {
                continue;
            }
            for found in tx.titles_with_ids(episodes, &ids).await? {
                if let Some(place) = places.get(found.asked) {
                    let entry = Known { title: found.title, place: found.place };
                    known.entry(*place).or_default().push(entry);
                }
            }
        }
        let episodes = || {
            items.iter().filter_map(|facts| match &facts.kind {
                Kind::Episode(episode) => Some(episode),
                Kind::Movie => None,
            })
        };
        let mut keys: Vec<&str> =
            episodes().filter_map(|e| e.show_key.as_ref()).map(|key| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        let shows: HashMap<String, Option<ShowId>> = tx
            .backend_shows(backend, &keys)
            .await?
            .into_iter()
            .map(|(key, show)| (key.0, show))
            .collect();
        let mut asked: Vec<TitlePlace> = episodes()
            .filter_map(|e| Some((e, (*shows.get(e.show_key.as_ref()?.as_str())?)?)))
            .flat_map(|(e, show)| capped(e).map(move |number| (show, e.season, number)))
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let places = tx.titles_at(&asked).await?.into_iter().collect();
        Ok(Self { known, shows, places })
    }

    fn movie<'a>(
        &self,
        place: usize,
        facts: &'a Facts,
        added: &mut Added<'a>,
        next: &mut i64,
        at: Moment,
    ) -> Recognised {
        let mut known = self.known.get(&place).cloned().unwrap_or_default();
        let stored = known.len();
        known.extend(added.known(false, &facts.ids));
        match identify_movie(!facts.ids.is_empty(), &known) {
            Identity::Review(because) => Recognised::Review(because),
            Identity::Title(title, _) => {
                added.also(false, title, None, &facts.ids, &known, stored);
                Recognised::Titles { titles: vec![title], new: false }
            }
            Identity::New => {
                let title = TitleId(*next);
                *next += 1;
                added.titles.push(NewTitle {
                    id: title,
                    show: None,
                    place: None,
                    name: facts.name.clone(),
                    show_name: String::new(),
                    year: facts.year,
                    appeared_at: at,
                });
                added.also(false, title, None, &facts.ids, &[], 0);
                Recognised::Titles { titles: vec![title], new: true }
            }
        }
    }

    fn episodes<'a>(
        &mut self,
        place: usize,
        facts: &'a Facts,
        episode: &'a Episode,
        added: &mut Added<'a>,
        next: &mut i64,
        at: Moment,
    ) -> Recognised {
        let numbers = episode.numbers();
        if numbers.clone().count() > usize::from(MOST_EPISODES_IN_A_FILE) {
            return Recognised::Review(Because::TooManyEpisodes);
        }
        let show = episode
            .show_key
            .as_ref()
            .and_then(|key| self.shows.get(key.as_str()).copied())
            .flatten();
        let (mut titles, mut any_new) = (Vec::new(), false);
        for number in numbers {
            // A file of several episodes carries the ids of its first alone (recorded on Jellyfin and Emby
            // with two NFO entries: the second one's ids are not told).
            let is_first = number == episode.number;
            let (mut known, mut stored) = (Vec::new(), 0);
            if is_first {
                known.extend(self.known.get(&place).into_iter().flatten().copied());
                stored = known.len();
                known.extend(added.known(true, &facts.ids));
            }
            let stands_there = show.map(|show| (show, episode.season, number));
            let there = stands_there
                .and_then(|at| self.places.get(&at).or_else(|| added.by_place.get(&at)).copied());
            let own = is_first && !facts.ids.is_empty();
            let position = (episode.season, number);
            match identify_episode(show, position, there, own, &known) {
                Identity::Review(because) => return Recognised::Review(because),
                Identity::Title(title, _) => {
                    if is_first {
                        added.also(true, title, Some(position), &facts.ids, &known, stored);
                    }
                    titles.push(title);
                }
                Identity::New => {
                    let title = TitleId(*next);
                    *next += 1;
                    any_new = true;
                    added.titles.push(NewTitle {
                        id: title,
                        show,
                        place: Some(position),
                        name: if is_first { facts.name.clone() } else { String::new() },
                        show_name: episode.show_name.clone(),
                        year: facts.year,
                        appeared_at: at,
                    });
                    if let Some(place) = stands_there {
                        added.by_place.insert(place, title);
                    }
                    if is_first {
                        added.also(true, title, Some(position), &facts.ids, &known, stored);
                    }
                    titles.push(title);
                }
            }
        }
        Recognised::Titles { titles, new: any_new }
    }
}

/// The numbers of an episode's file, never more than are believed.
fn capped(episode: &Episode) -> impl Iterator<Item = u16> {
    episode.numbers().take(usize::from(MOST_EPISODES_IN_A_FILE))
}

impl<'a> Added<'a> {
    fn known(&self, episodes: bool, ids: &'a ExternalIds) -> Vec<Known> {
        ids.iter().filter_map(|id| self.by_id.get(&(episodes, id))).flatten().copied().collect()
    }

    /// Keeps that a title has these ids as well. Ids that another title has had first stay with that one:
    /// an agent that writes one id into every episode does not make them one.
    fn also(
        &mut self,
        episodes: bool,
        title: TitleId,
        place: Option<(u16, u16)>,
        ids: &'a ExternalIds,
        known: &[Known],
        stored: usize,
    ) {
        if ids.is_empty() || known.iter().any(|known| known.title != title) {
            return;
        }
        for id in ids.iter() {
            let titles = self.by_id.entry((episodes, id)).or_default();
            if !titles.iter().any(|known| known.title == title) {
                titles.push(Known { title, place });
            }
        }
        // All of its ids stored already: nothing to write, which is the rule on a second server.
        if stored < ids.iter().count() {
            self.ids[usize::from(episodes)].push((title, ids));
        }
    }
}

/// Keeps what a backend says of its series, and which series they are.
pub(crate) async fn take_shows(tx: &mut Tx, backend: BackendId, shows: &[Show]) -> Result<()> {
    let ids: Vec<ExternalIds> = shows.iter().map(|show| show.ids.clone()).collect();
    let mut known: HashMap<usize, Vec<ShowId>> = HashMap::new();
    for (place, show) in tx.shows_with_ids(&ids).await? {
        known.entry(place).or_default().push(show);
    }
    let mut next = tx.next_ids().await?.show;
    let mut here: HashMap<&ExternalId, ShowId> = HashMap::new();
    let (mut new, mut rows) = (Vec::new(), Vec::with_capacity(shows.len()));
    for (place, show) in shows.iter().enumerate() {
        let mut candidates = known.remove(&place).unwrap_or_default();
        candidates.extend(show.ids.iter().filter_map(|id| here.get(id)));
        let which = match identify_show(!show.ids.is_empty(), &candidates) {
            Err(_) => None,
            Ok(Some(which)) => Some(which),
            Ok(None) => {
                let id = ShowId(next);
                next += 1;
                new.push((id, show.name.as_str(), show.year));
                Some(id)
            }
        };
        if let Some(which) = which {
            here.extend(show.ids.iter().map(|id| (id, which)));
        }
        rows.push(ShowRow {
            key: show.key.clone(),
            name: show.name.clone(),
            year: show.year,
            ids: show.ids.clone(),
            show: which,
        });
    }
    tx.add_shows(&new).await?;
    tx.put_backend_shows(backend, &rows).await?;
    Ok(())
}
