//! How an item, a season, a series or a library is shown: recordings 25, 26, 34 and 48.

use serde_json::{Map, Value, json};
use watchstate_model::{ExternalIds, Provider};
use watchstate_servers::ServerKind;

use super::Exchange;
use super::words::written;
use crate::fake::library::Named;
use crate::fake::marks::{Mark, TICKS_PER_MS};
use crate::fake::people::UserNo;
use crate::fake::titles::{Entry, Holds, Season, Section, Series, What};

/// What is to be shown of each item.
pub(super) struct Wish {
    /// The `fields` of the query, in lower case; `None` is all of them, as a single item is shown.
    pub(super) fields: Option<Vec<String>>,
    /// Whose marks, if anyone's.
    pub(super) user: Option<UserNo>,
}

impl Wish {
    /// Everything, with a user's marks: how a single item is shown.
    pub(super) fn all(user: Option<UserNo>) -> Self {
        Self { fields: None, user }
    }

    fn wants(&self, field: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|f| f == field))
    }
}

fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Imdb => "Imdb",
        Provider::Tmdb => "Tmdb",
        Provider::Tvdb => "Tvdb",
        Provider::Tvmaze => "TvMaze",
        Provider::Tvrage => "TvRage",
        Provider::Anidb => "AniDB",
        Provider::Youtube => "Youtube",
        Provider::Cmdb => "Cmdb",
    }
}

fn provider_ids(ids: &ExternalIds) -> Value {
    let named = ids.iter().map(|id| (provider_name(id.provider()).to_owned(), json!(id.value())));
    Value::Object(named.collect::<Map<_, _>>())
}

/// The id of an item with dashes, as the key of what has no external id.
fn dashed(id: &str) -> String {
    match (id.get(..8), id.get(8..12), id.get(12..16), id.get(16..20), id.get(20..)) {
        (Some(a), Some(b), Some(c), Some(d), Some(e)) if id.len() == 32 => {
            format!("{a}-{b}-{c}-{d}-{e}")
        }
        _ => id.to_owned(),
    }
}

impl Exchange<'_> {
    pub(super) fn shown(&self, named: Named<'_>, wish: &Wish) -> Value {
        match named {
            Named::Item(entry) => self.show_entry(entry, wish),
            Named::Series(series) => self.show_series(series, wish),
            Named::Season(series, season) => self.show_season(series, season, wish),
        }
    }

    fn base(&self, name: &str, id: &str, kind: &str) -> Value {
        let mut shown = json!({
            "Name": name,
            "ServerId": self.library.server_id(),
            "Id": id,
            "Type": kind,
            "LocationType": "FileSystem",
            "ImageTags": {},
            "BackdropImageTags": [],
        });
        if self.library.kind() == ServerKind::Jellyfin {
            shown["ChannelId"] = Value::Null;
            shown["ImageBlurHashes"] = json!({});
        }
        if self.library.habits().modern_paths {
            // Of what is played itself it is overwritten.
            shown["MediaType"] = json!("Unknown");
        }
        shown
    }

    pub(super) fn show_entry(&self, entry: &Entry, wish: &Wish) -> Value {
        let kind = if entry.what == What::Movie { "Movie" } else { "Episode" };
        let mut shown = self.base(&entry.name, entry.key.as_str(), kind);
        shown["Container"] = json!("mkv");
        shown["RunTimeTicks"] = json!(u64::from(entry.duration_ms) * TICKS_PER_MS);
        shown["IsFolder"] = json!(false);
        shown["VideoType"] = json!("VideoFile");
        shown["MediaType"] = json!("Video");
        if let Some(year) = entry.year {
            shown["ProductionYear"] = json!(year);
            shown["PremiereDate"] = json!(format!("{year:04}-01-01T00:00:00.0000000Z"));
        }
        if let What::Episode { show, season, number, last } = &entry.what {
            shown["IndexNumber"] = json!(number);
            shown["ParentIndexNumber"] = json!(season);
            if last > number && self.library.habits().tells_range {
                shown["IndexNumberEnd"] = json!(last);
            }
            shown["SeriesId"] = json!(show.as_str());
            if let Some(series) = self.library.series(show.as_str()) {
                shown["SeriesName"] = json!(series.name);
                if let Some(season) = series.season(*season) {
                    shown["SeasonId"] = json!(season.key.as_str());
                    shown["SeasonName"] = json!(season.name());
                }
            }
        }
        self.fields_of(&mut shown, wish, &entry.ids, &entry.path, &written(entry.added_at));
        if wish.wants("parentid") {
            shown["ParentId"] =
                shown.get("SeasonId").cloned().unwrap_or_else(|| json!(entry.section.as_str()));
        }
        if wish.wants("originaltitle") && entry.what == What::Movie {
            shown["OriginalTitle"] = json!(entry.name);
        }
        if wish.wants("mediasources") {
            shown["MediaSources"] = json!([{
                "Protocol": "File",
                "Id": entry.key.as_str(),
                "Path": entry.path,
                "Type": "Default",
                "Container": "mkv",
                "RunTimeTicks": shown["RunTimeTicks"],
            }]);
        }
        if let Some(user) = wish.user {
            shown["UserData"] = self.user_data(user, entry);
        }
        shown
    }

    fn fields_of(&self, shown: &mut Value, wish: &Wish, ids: &ExternalIds, path: &str, at: &str) {
        if wish.wants("providerids") {
            shown["ProviderIds"] = provider_ids(ids);
        }
        if wish.wants("path") {
            shown["Path"] = json!(path);
        }
        if wish.wants("datecreated") {
            shown["DateCreated"] = json!(at);
        }
    }

    pub(super) fn show_series(&self, series: &Series, wish: &Wish) -> Value {
        let mut shown = self.base(&series.name, series.key.as_str(), "Series");
        shown["IsFolder"] = json!(true);
        if let Some(year) = series.year {
            shown["ProductionYear"] = json!(year);
            shown["PremiereDate"] = json!(format!("{year:04}-01-01T00:00:00.0000000Z"));
        }
        self.fields_of(&mut shown, wish, &series.ids, &series.path, &written(series.added_at));
        if wish.wants("parentid") {
            shown["ParentId"] = json!(series.section.as_str());
        }
        if wish.fields.is_none() {
            let episodes = self.library.episodes_of(series.key.as_str(), None).len();
            shown["RecursiveItemCount"] = json!(episodes);
        }
        if let Some(user) = wish.user {
            let percent = wish.fields.is_none();
            shown["UserData"] = self.folder_data(user, Named::Series(series), percent);
        }
        shown
    }

    pub(super) fn show_season(&self, series: &Series, season: &Season, wish: &Wish) -> Value {
        let mut shown = self.base(&season.name(), season.key.as_str(), "Season");
        shown["IsFolder"] = json!(true);
        shown["IndexNumber"] = json!(season.number);
        shown["SeriesName"] = json!(series.name);
        shown["SeriesId"] = json!(series.key.as_str());
        let path = format!("{}/Season {:02}", series.path, season.number);
        let at = written(series.added_at);
        self.fields_of(&mut shown, wish, &ExternalIds::NONE, &path, &at);
        if wish.wants("parentid") {
            shown["ParentId"] = json!(series.key.as_str());
        }
        if let Some(user) = wish.user {
            let percent = wish.fields.is_none();
            shown["UserData"] = self.folder_data(user, Named::Season(series, season), percent);
        }
        shown
    }

    /// Its marks are nobody's: those of its titles are computed by no recorded server.
    pub(super) fn show_section(&self, section: &Section) -> Value {
        let mut shown = self.base(&section.name, section.key.as_str(), "CollectionFolder");
        shown["IsFolder"] = json!(true);
        shown["ProviderIds"] = json!({});
        let holds = match section.holds {
            Holds::Movies => Some("movies"),
            Holds::Shows => Some("tvshows"),
            Holds::Music => Some("music"),
            // A mixed library has no type.
            Holds::Mixed => None,
        };
        if let Some(holds) = holds {
            shown["CollectionType"] = json!(holds);
        }
        let key = dashed(section.key.as_str());
        shown["UserData"] = self.data_of(&Mark::default(), 0, &key);
        shown
    }

    /// `UserData` of an item: recordings 33 to 45.
    pub(super) fn user_data(&self, user: UserNo, entry: &Entry) -> Value {
        let mark = self.library.shown(user, entry);
        self.data_of(&mark, entry.duration_ms, &self.library.marks_key(entry))
    }

    fn data_of(&self, mark: &Mark, duration_ms: u32, key: &str) -> Value {
        let mut data = json!({
            "PlaybackPositionTicks": mark.position_ticks,
            "PlayCount": mark.plays,
            "IsFavorite": mark.favorite,
            "Played": mark.played,
        });
        self.key_into(&mut data, key);
        if let Some(at) = mark.last_played {
            data["LastPlayedDate"] = json!(written(at));
        }
        if let Some(likes) = mark.likes {
            data["Likes"] = json!(likes);
            data["Rating"] = json!(if likes { 10 } else { 1 });
        }
        if mark.position_ticks > 0 && duration_ms > 0 {
            let whole = f64::from(duration_ms) * TICKS_PER_MS as f64;
            data["PlayedPercentage"] = json!(mark.position_ticks as f64 * 100.0 / whole);
        }
        data
    }

    fn key_into(&self, data: &mut Value, key: &str) {
        let habits = self.library.habits();
        // Emby from 4.0 on shows neither.
        if !habits.numeric_keys {
            data["Key"] = json!(key);
        }
        if habits.zero_item_id {
            data["ItemId"] = json!("0".repeat(32));
        }
    }

    /// `UserData` of the folder that a section's films are in, as it is told with them on a socket.
    pub(super) fn section_data(&self, user: UserNo, section: &str) -> Value {
        let left = self
            .library
            .entries_of(section)
            .filter(|entry| !self.library.kept(user, entry).played)
            .count();
        let mut data = json!({
            "UnplayedItemCount": left,
            "PlaybackPositionTicks": 0,
            "PlayCount": 0,
            "IsFavorite": false,
            "Played": left == 0,
        });
        self.key_into(&mut data, &dashed(section));
        data
    }

    /// `UserData` of a series or a season, which is computed: recordings 47 to 51.
    pub(super) fn folder_data(&self, user: UserNo, named: Named<'_>, percent: bool) -> Value {
        let (series, season) = match named {
            Named::Series(series) => (series, None),
            Named::Season(series, season) => (series, Some(season.number)),
            Named::Item(entry) => return self.user_data(user, entry),
        };
        let episodes = self.library.episodes_of(series.key.as_str(), season);
        let left = episodes.iter().filter(|e| !self.library.kept(user, e).played).count();
        let mut data = json!({
            "UnplayedItemCount": left,
            "PlaybackPositionTicks": 0,
            "PlayCount": 0,
            "IsFavorite": false,
            "Played": left == 0,
        });
        if percent && !episodes.is_empty() && left < episodes.len() {
            let seen = (episodes.len() - left) as f64 * 100.0 / episodes.len() as f64;
            // Whole numbers are written without a fraction.
            data["PlayedPercentage"] =
                if seen.fract() == 0.0 { json!(seen as u64) } else { json!(seen) };
        }
        let of_series = [Provider::Tvdb, Provider::Imdb]
            .into_iter()
            .find_map(|provider| series.ids.of(provider))
            .map_or_else(|| dashed(series.key.as_str()), |id| id.value().to_owned());
        let key = season.map_or(of_series.clone(), |number| format!("{of_series}{number:03}"));
        self.key_into(&mut data, &key);
        data
    }
}
