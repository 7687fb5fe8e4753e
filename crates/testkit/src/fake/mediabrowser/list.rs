//! Lists: what is asked for, in which order, and which page of it.

use std::cmp::Ordering;

use serde_json::{Value, json};
use watchstate_model::Provider;
use watchstate_servers::ServerKind;

use super::item::Wish;
use super::{Answered, Exchange, No};
use crate::fake::exchange::{Asked, Reply};
use crate::fake::library::Named;
use crate::fake::people::{Caller, UserNo};
use crate::fake::titles::{Entry, Holds, What};

/// What an entry of a list is called in `includeItemTypes`.
fn type_of(named: &Named<'_>) -> &'static str {
    match named {
        Named::Item(Entry { what: What::Movie, .. }) => "movie",
        Named::Item(_) => "episode",
        Named::Series(_) => "series",
        Named::Season(..) => "season",
    }
}

fn key_of<'a>(named: &Named<'a>) -> &'a str {
    match named {
        Named::Item(entry) => entry.key.as_str(),
        Named::Series(series) => series.key.as_str(),
        Named::Season(_, season) => season.key.as_str(),
    }
}

fn name_of(named: &Named<'_>) -> String {
    match named {
        Named::Item(entry) => entry.name.clone(),
        Named::Series(series) => series.name.clone(),
        Named::Season(_, season) => season.name(),
    }
}

fn ids_of<'a>(named: &Named<'a>) -> Option<&'a watchstate_model::ExternalIds> {
    match named {
        Named::Item(entry) => Some(&entry.ids),
        Named::Series(series) => Some(&series.ids),
        Named::Season(..) => None,
    }
}

/// Season and episode, for sorting.
fn place_of(named: &Named<'_>) -> (u16, u16) {
    match named {
        Named::Item(Entry { what: What::Episode { season, number, .. }, .. }) => (*season, *number),
        Named::Season(_, season) => (season.number, 0),
        _ => (0, 0),
    }
}

/// What a list is asked to hold, read once: a library has more entries than a request has words.
struct Wanted<'a> {
    types: Vec<String>,
    not_types: Vec<String>,
    filters: Vec<String>,
    played: Option<bool>,
    has_ids: Vec<(Provider, bool)>,
    ids: Vec<String>,
    term: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(asked: &'a Asked) -> Self {
        let flags = [
            ("hasImdbId", Provider::Imdb),
            ("hasTmdbId", Provider::Tmdb),
            ("hasTvdbId", Provider::Tvdb),
        ];
        let is_said = |(flag, _): &(&str, Provider)| asked.value(flag).is_some();
        Self {
            types: asked.list("includeItemTypes"),
            not_types: asked.list("excludeItemTypes"),
            filters: asked.list("filters"),
            played: asked.value("isPlayed").map(|played| played.eq_ignore_ascii_case("true")),
            has_ids: flags
                .into_iter()
                .filter(is_said)
                .map(|(flag, provider)| (provider, asked.says(flag)))
                .collect(),
            ids: asked.list("anyProviderIdEquals"),
            term: asked.value("searchTerm"),
        }
    }
}

impl Exchange<'_> {
    /// Recording 25.
    pub(super) fn views(&self, user: Option<&str>) -> Answered {
        self.subject(user)?;
        let views: Vec<_> = self.library.sections().iter().map(|s| self.show_section(s)).collect();
        Ok(self.page(&views, None))
    }

    /// Recording 24, as far as it is of use to a client that looks for libraries.
    pub(super) fn virtual_folders(&self) -> Answered {
        self.admin()?;
        let folders = self.library.sections().iter().map(|section| {
            let shown = self.show_section(section);
            json!({
                "Name": section.name,
                "Locations": [if section.holds == Holds::Shows { "/media/tv" } else { "/media/movies" }],
                "RefreshStatus": "Idle",
                "CollectionType": shown.get("CollectionType"),
                "ItemId": section.key.as_str(),
            })
        });
        Ok(Reply::json(folders.collect()))
    }

    pub(super) fn root(&self, user: &str) -> Answered {
        self.subject(Some(user))?;
        Ok(Reply::json(json!({
            "Name": "Media Folders",
            "ServerId": self.library.server_id(),
            "Id": self.library.hex(0x0070),
            "IsFolder": true,
            "Type": "UserRootFolder",
        })))
    }

    /// Recordings 34 and 48 (`/Users/{user}/Items/{id}`), 73 and 74.
    pub(super) fn item(&self, user: Option<&str>, id: &str) -> Answered {
        let user = match self.subject(user) {
            Err(No::UserUnsaid) => None,
            user => Some(user?),
        };
        if let Some(section) = self.library.section(id) {
            return Ok(Reply::json(self.show_section(section)));
        }
        let id = self.id(id)?;
        let named = self.known(&id, true)?;
        Ok(Reply::json(self.shown(named, &Wish::all(user))))
    }

    /// Recordings 26 to 32 and 85 to 88.
    pub(super) fn items(&self, user: Option<&str>) -> Answered {
        let user = match self.subject(user) {
            Err(No::UserUnsaid) if self.library.habits().items_without_user => None,
            user => Some(user?),
        };
        let recursive = self.asked.says("recursive");
        let root = self.library.hex(0x0070);
        let parent = self.asked.value("parentId").filter(|parent| *parent != root);
        if !recursive
            && parent.is_none()
            && self.asked.value("ids").is_none()
            && let Some(user) = user
        {
            return self.views(Some(&self.library.people()[user.0].id.clone()));
        }
        let mut list = match (self.asked.value("ids"), parent) {
            (Some(_), _) => self.asked_for()?,
            (None, Some(parent)) => self.below(parent, recursive)?,
            (None, None) => self.everything(),
        };
        let whole = self.asked.value("ids").is_none()
            && parent.is_none_or(|parent| self.library.section(parent).is_some());
        let wanted = Wanted::of(self.asked);
        list.retain(|named| self.is_wanted(named, user, &wanted));
        self.sort(&mut list, user, whole);
        Ok(self.shown_page(list, user))
    }

    /// Recordings 46: what was begun.
    pub(super) fn resume(&self, user: Option<&str>) -> Answered {
        let user = self.subject(user)?;
        let mut list = self.everything();
        list.retain(|named| self.is_begun(named, user));
        self.by_keys(&mut list);
        Ok(self.shown_page(list, Some(user)))
    }

    /// Recording 80; who goes on with which series is of no interest here.
    pub(super) fn next_up(&self) -> Answered {
        self.subject(None)?;
        Ok(self.page(&[], None))
    }

    /// Recording 81.
    pub(super) fn episodes(&self, id: &str) -> Answered {
        let user = self.subject(None)?;
        let id = self.id(id)?;
        self.library.series(&id).ok_or(No::Item { read: true })?;
        let mut season = self.asked.number("season").and_then(|n| u16::try_from(n).ok());
        if let Some(key) = self.asked.value("seasonId") {
            let key = self.id(key)?;
            match self.library.named(&key) {
                Some(Named::Season(_, found)) => season = Some(found.number),
                _ => return Err(No::Item { read: true }),
            }
        }
        let list = self.library.episodes_of(&id, season).into_iter().map(Named::Item).collect();
        Ok(self.shown_page(list, Some(user)))
    }

    pub(super) fn seasons(&self, id: &str) -> Answered {
        let user = self.subject(None)?;
        let id = self.id(id)?;
        let series = self.library.series(&id).ok_or(No::Item { read: true })?;
        let list = series.seasons.iter().map(|season| Named::Season(series, season)).collect();
        Ok(self.shown_page(list, Some(user)))
    }

    fn everything(&self) -> Vec<Named<'_>> {
        let mut list: Vec<_> = self.library.entries().iter().map(Named::Item).collect();
        for series in self.library.all_series() {
            list.push(Named::Series(series));
            list.extend(series.seasons.iter().map(|season| Named::Season(series, season)));
        }
        list
    }

    /// Without `sortBy` the recorded servers send about the order of the ids (recording 26).
    fn by_keys(&self, list: &mut [Named<'_>]) {
        if !self.library.habits().numeric_keys {
            list.sort_by_key(key_of);
        }
    }

    fn asked_for(&self) -> Result<Vec<Named<'_>>, No> {
        let mut list = Vec::new();
        for id in self.asked.list("ids") {
            // Ids that are not there are left out.
            if let Some(named) = self.library.named(&self.id(&id)?) {
                list.push(named);
            }
        }
        Ok(list)
    }

    fn below(&self, parent: &str, recursive: bool) -> Result<Vec<Named<'_>>, No> {
        if self.library.section(parent).is_some() {
            let mut list = self.everything();
            list.retain(|named| match named {
                Named::Item(entry) => {
                    entry.section.as_str() == parent && (recursive || entry.what == What::Movie)
                }
                Named::Series(series) => series.section.as_str() == parent,
                Named::Season(series, _) => recursive && series.section.as_str() == parent,
            });
            return Ok(list);
        }
        let id = self.id(parent)?;
        Ok(match self.known(&id, true)? {
            Named::Series(series) => {
                let mut list: Vec<_> =
                    series.seasons.iter().map(|season| Named::Season(series, season)).collect();
                if recursive {
                    let episodes = self.library.episodes_of(series.key.as_str(), None);
                    list.extend(episodes.into_iter().map(Named::Item));
                }
                list
            }
            Named::Season(series, season) => self
                .library
                .episodes_of(series.key.as_str(), Some(season.number))
                .into_iter()
                .map(Named::Item)
                .collect(),
            Named::Item(_) => Vec::new(),
        })
    }

    fn is_begun(&self, named: &Named<'_>, user: UserNo) -> bool {
        matches!(named, Named::Item(entry) if self.library.kept(user, entry).position_ticks > 0)
    }

    fn is_played(&self, named: &Named<'_>, user: UserNo) -> bool {
        match named {
            Named::Item(entry) => self.library.kept(user, entry).played,
            _ => self.folder_data(user, *named, false)["Played"] == json!(true),
        }
    }

    fn is_wanted(&self, named: &Named<'_>, user: Option<UserNo>, wanted: &Wanted<'_>) -> bool {
        let types = &wanted.types;
        if !types.is_empty() && !types.iter().any(|t| t == type_of(named)) {
            return false;
        }
        if wanted.not_types.iter().any(|t| t == type_of(named)) {
            return false;
        }
        let folder = !matches!(named, Named::Item(_));
        for filter in &wanted.filters {
            let passes = match (filter.as_str(), user) {
                ("isplayed", Some(user)) => self.is_played(named, user),
                ("isunplayed", Some(user)) => !self.is_played(named, user),
                ("isresumable", Some(user)) => self.is_begun(named, user),
                ("isfavorite", Some(user)) => {
                    matches!(named, Named::Item(entry) if self.library.kept(user, entry).favorite)
                }
                ("isnotfolder", _) => !folder,
                ("isfolder", _) => folder,
                _ => true,
            };
            if !passes {
                return false;
            }
        }
        if let (Some(played), Some(user)) = (wanted.played, user)
            && self.is_played(named, user) != played
        {
            return false;
        }
        let has = |provider| ids_of(named).is_some_and(|ids| ids.of(provider).is_some());
        if wanted.has_ids.iter().any(|(provider, says)| has(*provider) != *says) {
            return false;
        }
        // Recording 32: none of the three recorded servers heeds it.
        if self.library.habits().filters_by_id {
            let ids = &wanted.ids;
            let matches = |id: &String| {
                id.split_once('.').is_some_and(|(name, value)| {
                    Provider::from_name(name)
                        .and_then(|provider| ids_of(named)?.of(provider))
                        .is_some_and(|known| known.value() == value)
                })
            };
            if !ids.is_empty() && !ids.iter().any(matches) {
                return false;
            }
        }
        wanted.term.is_none_or(|term| name_of(named).to_lowercase().contains(&term.to_lowercase()))
    }

    /// What is alike in a list of the whole library, or of a section, stands in the order of the ids.
    fn sort(&self, list: &mut [Named<'_>], user: Option<UserNo>, whole: bool) {
        let keys = self.asked.list("sortBy");
        if keys.is_empty() {
            if whole {
                self.by_keys(list);
            }
            return;
        }
        let ids_decide = whole && !self.library.habits().numeric_keys;
        let orders = self.asked.list("sortOrder");
        let added = |named: &Named<'_>| match named {
            Named::Item(entry) => entry.added_at.0,
            Named::Series(series) | Named::Season(series, _) => series.added_at.0,
        };
        let played = |named: &Named<'_>| match (named, user) {
            (Named::Item(entry), Some(user)) => self.library.kept(user, entry).last_played,
            _ => None,
        };
        let series = |named: &Named<'_>| match named {
            Named::Item(Entry { what: What::Episode { show, .. }, .. }) => {
                self.library.series(show.as_str()).map(|series| series.name.to_lowercase())
            }
            Named::Series(series) | Named::Season(series, _) => Some(series.name.to_lowercase()),
            Named::Item(_) => None,
        };
        list.sort_by(|a, b| {
            for (n, key) in keys.iter().enumerate() {
                let order = match key.as_str() {
                    "sortname" | "name" => {
                        name_of(a).to_lowercase().cmp(&name_of(b).to_lowercase())
                    }
                    "datecreated" => added(a).cmp(&added(b)),
                    "dateplayed" => played(a).cmp(&played(b)),
                    "seriessortname" | "seriesname" => series(a).cmp(&series(b)),
                    "parentindexnumber" => place_of(a).0.cmp(&place_of(b).0),
                    "indexnumber" => place_of(a).1.cmp(&place_of(b).1),
                    _ => Ordering::Equal,
                };
                let descending = orders.get(n).or(orders.last());
                let down = descending.is_some_and(|order| order.starts_with("desc"));
                let order = if down { order.reverse() } else { order };
                if order != Ordering::Equal {
                    return order;
                }
            }
            if ids_decide { key_of(a).cmp(key_of(b)) } else { Ordering::Equal }
        });
    }

    fn shown_page(&self, list: Vec<Named<'_>>, user: Option<UserNo>) -> Reply {
        let start = self.asked.number("startIndex").unwrap_or(0);
        let limit = self.asked.number("limit").unwrap_or(usize::MAX);
        let silent =
            self.asked.value("enableUserData").is_some() && !self.asked.says("enableUserData");
        let wish = Wish { fields: Some(self.asked.list("fields")), user: user.filter(|_| !silent) };
        let total = list.len();
        let page: Vec<_> = list
            .into_iter()
            .skip(start)
            .take(limit)
            .map(|named| self.shown(named, &wish))
            .collect();
        self.page(&page, Some((start, total)))
    }

    /// The envelope of a list; `StartIndex` is Jellyfin's alone.
    fn page(&self, items: &[Value], cut: Option<(usize, usize)>) -> Reply {
        let (start, total) = cut.unwrap_or((0, items.len()));
        let counted = self.asked.value("enableTotalRecordCount").is_none()
            || self.asked.says("enableTotalRecordCount");
        let mut list = json!({
            "Items": items,
            "TotalRecordCount": if counted { total } else { 0 },
        });
        if self.library.kind() == ServerKind::Jellyfin {
            list["StartIndex"] = json!(start);
        }
        Reply::json(list)
    }

    /// Whose marks a list shows when nobody was named.
    pub(super) fn caller_user(&self) -> Option<UserNo> {
        match self.visitor().ok()?.caller {
            Caller::User(user) => Some(user),
            Caller::ApiKey => None,
        }
    }
}
