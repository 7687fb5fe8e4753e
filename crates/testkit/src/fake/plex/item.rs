//! How Plex shows films, episodes, seasons and series. `viewCount`, `lastViewedAt` and `viewOffset` are
//! absent when they are zero, as public recordings of Plex Media Server 1.28 to 1.40 show.

use watchstate_model::{ExternalIds, Provider};

use super::node::Node;
use crate::fake::library::{Library, mixed};
use crate::fake::people::UserNo;
use crate::fake::titles::{Entry, Holds, Season, Section, Series, What};

/// How much of an item is shown.
#[derive(Clone, Copy)]
pub(super) struct Show<'a> {
    pub(super) library: &'a Library,
    pub(super) user: UserNo,
    /// With the ids as `Guid` elements: always for a single item, in lists for `includeGuids=1`.
    pub(super) guids: bool,
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}

/// The global id that Plex itself gives a title: 24 hex digits, the same on every server.
fn guid(kind: &str, ids: &ExternalIds, key: &str) -> String {
    let seed = if ids.is_empty() { key.to_owned() } else { ids.to_text() };
    let hashed = seed.bytes().fold(7, |hash, byte| mixed(hash ^ u64::from(byte)));
    format!("plex://{kind}/5d77{hashed:016x}{:04x}", hashed & 0xffff)
}

fn guids(ids: &ExternalIds) -> impl Iterator<Item = Node> + '_ {
    ids.iter()
        .filter(|id| matches!(id.provider(), Provider::Imdb | Provider::Tmdb | Provider::Tvdb))
        .map(|id| {
            Node::new("Guid").with("id", format!("{}://{}", id.provider().name(), id.value()))
        })
}

impl Show<'_> {
    fn path(key: &str) -> String {
        format!("/library/metadata/{key}")
    }

    fn in_section(self, node: Node, key: &str) -> Node {
        let title = self.library.section(key).map(|section| section.name.clone());
        node.with_some("librarySectionTitle", title)
            .with("librarySectionID", number(key))
            .with("librarySectionKey", format!("/library/sections/{key}"))
    }

    /// A film or an episode.
    pub(super) fn entry(self, entry: &Entry) -> Node {
        let mark = self.library.shown(self.user, entry);
        let mut node = Node::named("Video", "Metadata")
            .with("ratingKey", entry.key.as_str())
            .with("key", Self::path(entry.key.as_str()));
        match &entry.what {
            What::Movie => {
                node = node
                    .with("guid", guid("movie", &entry.ids, entry.key.as_str()))
                    .with("type", "movie")
                    .with("title", entry.name.as_str());
            }
            What::Episode { show, season, number: index, .. } => {
                node = node
                    .with("guid", guid("episode", &entry.ids, entry.key.as_str()))
                    .with("type", "episode")
                    .with("title", entry.name.as_str())
                    .with("index", i64::from(*index))
                    .with("parentIndex", i64::from(*season))
                    .with("grandparentRatingKey", show.as_str())
                    .with("grandparentKey", Self::path(show.as_str()));
                if let Some(series) = self.library.series(show.as_str()) {
                    node = node
                        .with("grandparentTitle", series.name.as_str())
                        .with("grandparentGuid", guid("show", &series.ids, show.as_str()));
                    if let Some(season) = series.season(*season) {
                        node = node
                            .with("parentRatingKey", season.key.as_str())
                            .with("parentKey", Self::path(season.key.as_str()))
                            .with("parentTitle", season.name());
                    }
                }
            }
        }
        node = self.in_section(node, entry.section.as_str());
        let some = |number: i64| Some(number).filter(|number| *number != 0);
        node = node
            .with("summary", format!("What happens in {}.", entry.name))
            .with_some("viewOffset", some(i64::try_from(mark.position_ms()).unwrap_or(0)))
            .with_some("viewCount", some(i64::from(mark.plays)))
            .with_some("lastViewedAt", mark.last_played.map(|at| at.0))
            .with_some("year", entry.year.map(i64::from))
            .with("thumb", format!("/library/metadata/{}/thumb/1", entry.key))
            .with("duration", i64::from(entry.duration_ms))
            .with_some("originallyAvailableAt", entry.year.map(|year| format!("{year:04}-01-01")))
            .with("addedAt", entry.added_at.0)
            .with("updatedAt", entry.added_at.0)
            .child(self.media(entry));
        if self.guids { node.children(guids(&entry.ids)) } else { node }
    }

    fn media(self, entry: &Entry) -> Node {
        let id = number(entry.key.as_str());
        Node::new("Media")
            .with("id", id)
            .with("duration", i64::from(entry.duration_ms))
            .with("videoResolution", "1080")
            .with("container", "mkv")
            .child(
                Node::new("Part")
                    .with("id", id)
                    .with("key", format!("/library/parts/{id}/1/file.mkv"))
                    .with("duration", i64::from(entry.duration_ms))
                    .with("file", entry.path.as_str())
                    .with("size", 1_000_000_i64)
                    .with("container", "mkv"),
            )
    }

    fn counts(self, node: Node, episodes: &[&Entry]) -> Node {
        let seen = episodes.iter().filter(|e| self.library.shown(self.user, e).played).count();
        node.with("leafCount", episodes.len() as i64).with("viewedLeafCount", seen as i64)
    }

    /// A series.
    pub(super) fn series(self, series: &Series) -> Node {
        let key = series.key.as_str();
        let node = Node::named("Directory", "Metadata")
            .with("ratingKey", key)
            .with("key", format!("/library/metadata/{key}/children"))
            .with("guid", guid("show", &series.ids, key))
            .with("type", "show")
            .with("title", series.name.as_str())
            .with("index", 1_i64)
            .with_some("year", series.year.map(i64::from))
            .with("childCount", series.seasons.len() as i64)
            .with("addedAt", series.added_at.0)
            .with("updatedAt", series.added_at.0);
        let node = self.counts(node, &self.library.episodes_of(key, None));
        let node = self
            .in_section(node, series.section.as_str())
            .child(Node::new("Location").with("path", series.path.as_str()));
        if self.guids { node.children(guids(&series.ids)) } else { node }
    }

    /// A season.
    pub(super) fn season(self, series: &Series, season: &Season) -> Node {
        let key = season.key.as_str();
        let node = Node::named("Directory", "Metadata")
            .with("ratingKey", key)
            .with("key", format!("/library/metadata/{key}/children"))
            .with("guid", guid("season", &ExternalIds::NONE, key))
            .with("type", "season")
            .with("title", season.name())
            .with("index", i64::from(season.number))
            .with("parentRatingKey", series.key.as_str())
            .with("parentKey", Self::path(series.key.as_str()))
            .with("parentGuid", guid("show", &series.ids, series.key.as_str()))
            .with("parentTitle", series.name.as_str())
            .with_some("parentYear", series.year.map(i64::from))
            .with("addedAt", series.added_at.0)
            .with("updatedAt", series.added_at.0);
        let episodes = self.library.episodes_of(series.key.as_str(), Some(season.number));
        self.in_section(self.counts(node, &episodes), series.section.as_str())
    }

    /// A library.
    pub(super) fn section(self, section: &Section) -> Node {
        let (kind, agent) = match section.holds {
            Holds::Movies | Holds::Mixed => ("movie", "tv.plex.agents.movie"),
            Holds::Shows => ("show", "tv.plex.agents.series"),
            Holds::Music => ("artist", "tv.plex.agents.music"),
        };
        Node::new("Directory")
            .with("allowSync", true)
            .with("filters", true)
            .with("refreshing", false)
            .with("key", section.key.as_str())
            .with("type", kind)
            .with("title", section.name.as_str())
            .with("agent", agent)
            .with("scanner", "Plex Scanner")
            .with("language", "en-US")
            .with("uuid", format!("section-{}", section.key))
            .with("content", true)
            .with("directory", true)
            .with("hidden", 0_i64)
            .with("createdAt", 1_600_000_000_i64)
            .with("updatedAt", 1_600_000_000_i64)
            .with("scannedAt", 1_600_000_000_i64)
            .child(
                Node::new("Location")
                    .with("id", number(section.key.as_str()))
                    .with("path", format!("/media/{}", section.name.to_lowercase())),
            )
    }
}
