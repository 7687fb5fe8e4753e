//! What Kodi sends, and what it means.
//!
//! The schema is the server's own answer to `JSONRPC.Introspect` (Kodi 20.1, JSON-RPC 13); what it leaves
//! open is seen in the recordings named below (`tests/recordings/kodi-20.1/`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use watchstate_model::{
    Episode, ExternalId, ExternalIds, Facts, Item, ItemKey, Kind, Marks, Position, Provider, Show,
    Watch,
};

use super::files::{Files, Part};
use super::keys;
use super::local_time::LocalTime;
use crate::Detail;
use crate::error::{Fault, ServerError};

/// What lean lists ask for beside the key, which always comes.
pub(super) const LEAN: &[&str] = &["playcount", "lastplayed", "resume", "dateadded"];
/// What full reads of movies ask for.
pub(super) const MOVIE: &[&str] = &[
    "playcount",
    "lastplayed",
    "resume",
    "dateadded",
    "uniqueid",
    "imdbnumber",
    "title",
    "year",
    "file",
    "runtime",
];
/// What full reads of episodes ask for. An episode has no year of its own.
pub(super) const EPISODE: &[&str] = &[
    "playcount",
    "lastplayed",
    "resume",
    "dateadded",
    "uniqueid",
    "title",
    "file",
    "runtime",
    "showtitle",
    "tvshowid",
    "season",
    "episode",
];
/// What tells which episodes share a file.
pub(super) const STAND: &[&str] = &["file", "tvshowid", "season", "episode"];
/// What is asked of series.
pub(super) const SHOW: &[&str] = &["title", "year", "uniqueid", "imdbnumber"];

/// The answer to one call (JSON-RPC 2.0 section 5).
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(super) struct Reply<T> {
    /// The call's id, by which the answers of a batch are told apart; null where the request could not be
    /// read at all (recording 54).
    pub(super) id: Option<u64>,
    result: Option<T>,
    error: Option<Refusal>,
}

/// The error of one call (JSON-RPC 2.0 section 5.1).
#[derive(Deserialize, Debug)]
pub(super) struct Refusal {
    code: i64,
    /// Where in the parameters the schema was not met. Absent where the parameters are well formed and
    /// name something that is not there.
    data: Option<Value>,
}

impl Refusal {
    /// What can be done about it, by the code: JSON-RPC 2.0 section 5.1, and Kodi's own two, -32099 for a
    /// missing permission and -32100 for a call that failed.
    pub(super) fn fault(&self) -> Fault {
        match (self.code, &self.data) {
            // "Invalid params." alone is an id that is not there (recordings 16 and 36); with data it is a
            // parameter that this version does not know (17).
            (-32602, None) => Fault::NotFound,
            (-32602, Some(_)) | (-32601, _) => Fault::Unsupported,
            (-32099, _) => Fault::Forbidden,
            (-32100 | -32603, _) => Fault::ServerTrouble,
            _ => Fault::BadAnswer,
        }
    }

    /// As the error of an operation. Kodi's own text is not used: it may quote what was sent.
    pub(super) fn error(&self, op: &'static str) -> ServerError {
        ServerError::new(self.fault(), op).with(format!("JSON-RPC error {}", self.code))
    }
}

impl<T> Reply<T> {
    /// What was asked for, or why not.
    pub(super) fn outcome(self, op: &'static str) -> Result<Result<T, Refusal>, ServerError> {
        match (self.result, self.error) {
            (_, Some(refusal)) => Ok(Err(refusal)),
            (Some(result), None) => Ok(Ok(result)),
            (None, None) => Err(ServerError::new(Fault::BadAnswer, op)
                .with("an answer with neither a result nor an error")),
        }
    }
}

/// Which part of a list came (`List.LimitsReturned`).
#[derive(Deserialize)]
pub(super) struct Limits {
    start: u32,
    end: u32,
    total: u32,
}

/// The answer of `GetMovies`, `GetEpisodes` and `GetTVShows` (recordings 10, 11, 12, 14). Kodi before 19
/// leaves the list away where it is empty.
#[derive(Deserialize)]
pub(super) struct Listed {
    limits: Limits,
    movies: Option<Vec<Entry>>,
    episodes: Option<Vec<Entry>>,
    tvshows: Option<Vec<Entry>>,
}

impl Listed {
    /// The entries and how many there are in all.
    pub(super) fn entries(self, op: &'static str) -> Result<(Vec<Entry>, u32), ServerError> {
        let Limits { start, end, total } = self.limits;
        match self.movies.or(self.episodes).or(self.tvshows) {
            Some(entries) => Ok((entries, total)),
            None if end <= start => Ok((Vec::new(), total)),
            None => Err(ServerError::new(Fault::BadAnswer, op).with("a list without its entries")),
        }
    }
}

/// The answer of `GetMovieDetails`, `GetEpisodeDetails` and `GetTVShowDetails` (recordings 15, 31).
#[derive(Deserialize)]
pub(super) struct Detailed {
    moviedetails: Option<Entry>,
    episodedetails: Option<Entry>,
    tvshowdetails: Option<Entry>,
}

impl Detailed {
    /// The one entry.
    pub(super) fn entry(self, op: &'static str) -> Result<Entry, ServerError> {
        self.moviedetails
            .or(self.episodedetails)
            .or(self.tvshowdetails)
            .ok_or_else(|| ServerError::new(Fault::BadAnswer, op).with("details without an entry"))
    }
}

/// A movie, an episode or a series. Which fields are there depends on what was asked for.
#[derive(Deserialize)]
pub(super) struct Entry {
    movieid: Option<u32>,
    pub(super) episodeid: Option<u32>,
    pub(super) tvshowid: Option<i64>,
    label: Option<String>,
    title: Option<String>,
    showtitle: Option<String>,
    /// 0 or 1601 where Kodi does not know it.
    year: Option<i64>,
    /// -1 where Kodi does not know it.
    pub(super) season: Option<i64>,
    /// -1 where Kodi does not know it.
    pub(super) episode: Option<i64>,
    pub(super) file: Option<String>,
    /// Seconds. What the NFO says in minutes, until the file has been looked into (recordings 10 and 15).
    runtime: Option<i64>,
    uniqueid: Option<BTreeMap<String, Value>>,
    imdbnumber: Option<String>,
    playcount: Option<i64>,
    lastplayed: Option<String>,
    dateadded: Option<String>,
    resume: Option<Resume>,
}

/// Seconds with a fraction; 0 is none (recordings 23 and 40).
#[derive(Deserialize, Clone, Copy)]
struct Resume {
    position: f64,
}

/// The key of a series.
pub(super) fn show_key(id: i64) -> Option<ItemKey> {
    u32::try_from(id).ok().filter(|id| *id > 0).map(|id| keys::Entry::Show(id).key())
}

impl Entry {
    /// As an item. `Ok(None)` for an episode without a place in its series, which is neither movie nor
    /// episode to us, and for one that another entry of its file stands for.
    pub(super) fn item(
        self,
        detail: Detail,
        local: &LocalTime,
        files: &Files,
        op: &'static str,
    ) -> Result<Option<Item>, ServerError> {
        let bad = |what| ServerError::new(Fault::BadAnswer, op).with(what);
        let (key, last) = match (self.movieid, self.episodeid) {
            (Some(id), _) => (keys::Entry::Movie(id).key(), None),
            (None, Some(id)) => match files.part(id) {
                Part::Whole => (keys::Entry::Episode(vec![id]).key(), None),
                Part::First(together) => {
                    (keys::Entry::Episode(together.rows).key(), Some(together.last))
                }
                Part::Other => return Ok(None),
            },
            (None, None) => return Err(bad("an entry without an id")),
        };
        // Both are always asked for. An absent one is unknown, which is not "unwatched".
        let playcount = self.playcount.ok_or_else(|| bad("an entry without a play count"))?;
        let resume = self.resume.ok_or_else(|| bad("an entry without a position"))?;
        let plays = u32::try_from(playcount.max(0)).unwrap_or(u32::MAX);
        let marks = Marks {
            watch: Watch::from_flag(plays > 0, position(resume)),
            plays,
            last_played: self.lastplayed.as_deref().and_then(|at| local.moment(at)),
        };
        let added_at = self.dateadded.as_deref().and_then(|at| local.moment(at));
        let facts = match detail {
            Detail::Lean => None,
            Detail::Full => match self.facts(last) {
                Some(facts) => Some(facts),
                None => return Ok(None),
            },
        };
        Ok(Some(Item { key, marks, added_at, facts }))
    }

    /// `last` is the last episode of a file with several.
    fn facts(self, last: Option<u16>) -> Option<Facts> {
        let ids = self.ids();
        let kind = if self.movieid.is_some() {
            Kind::Movie
        } else {
            let number = u16::try_from(self.episode?).ok()?;
            Kind::Episode(Episode {
                show_key: self.tvshowid.and_then(show_key),
                show_name: self.showtitle.unwrap_or_default(),
                season: u16::try_from(self.season?).ok()?,
                number,
                last: last.unwrap_or(number),
            })
        };
        let duration_ms = self
            .runtime
            .filter(|seconds| *seconds > 0)
            .and_then(|seconds| u32::try_from(seconds.saturating_mul(1000)).ok());
        Some(Facts {
            kind,
            name: name(self.title, self.label),
            year: year(self.year),
            ids,
            path: self.file.filter(|path| !path.is_empty()),
            duration_ms,
        })
    }

    /// As a series.
    pub(super) fn show(self, op: &'static str) -> Result<Show, ServerError> {
        let key = self
            .tvshowid
            .and_then(show_key)
            .ok_or_else(|| ServerError::new(Fault::BadAnswer, op).with("a series without an id"))?;
        let ids = self.ids();
        Ok(Show { key, name: name(self.title, self.label), year: year(self.year), ids })
    }

    /// The ids: all of `uniqueid` whose key is a provider of ours (`unknown` is what Kodi calls an id whose
    /// kind the scraper did not say). `imdbnumber` holds the default id of whatever kind, so it is an imdb
    /// id only where it looks like one (recording 12 has a tvdb id there).
    fn ids(&self) -> ExternalIds {
        let mut ids: ExternalIds = self
            .uniqueid
            .iter()
            .flatten()
            .filter_map(|(name, value)| {
                let value = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => return None,
                };
                ExternalId::new(Provider::from_name(name)?, &value)
            })
            .collect();
        if ids.of(Provider::Imdb).is_none()
            && let Some(id) =
                self.imdbnumber.as_deref().and_then(|text| ExternalId::new(Provider::Imdb, text))
        {
            ids.add(id);
        }
        ids
    }
}

fn name(title: Option<String>, label: Option<String>) -> String {
    title.filter(|title| !title.is_empty()).or(label).unwrap_or_default()
}

fn year(year: Option<i64>) -> Option<u16> {
    u16::try_from(year?).ok().filter(|year| *year > 1601)
}

/// Kodi cuts positions to whole seconds when it reads them (recording 23); so do we, so that a version that
/// does not shows the same.
fn position(resume: Resume) -> Option<Position> {
    let seconds = resume.position.max(0.0).floor() as u64;
    Position::from_ms(seconds.saturating_mul(1000))
}

/// The answer of `JSONRPC.Version` (recording 01).
#[derive(Deserialize)]
pub(super) struct ApiVersion {
    /// Only its being there is asked for: what tells Kodi from other servers that speak JSON-RPC.
    #[expect(dead_code, reason = "it has to be there; its value decides nothing")]
    version: ApiVersionNumber,
}

#[derive(Deserialize)]
struct ApiVersionNumber {
    #[expect(dead_code, reason = "it has to be there; its value decides nothing")]
    major: u32,
}

/// The answer of `Application.GetProperties` (recording 03).
#[derive(Deserialize)]
pub(super) struct Application {
    /// "Kodi", or what a fork calls itself.
    pub(super) name: String,
    version: Version,
}

#[derive(Deserialize)]
struct Version {
    major: u32,
    minor: u32,
    tag: Option<String>,
}

impl Application {
    /// `20.1`, or `21.0-beta`.
    pub(super) fn version(&self) -> String {
        let Version { major, minor, tag } = &self.version;
        match tag.as_deref() {
            None | Some("" | "stable") => format!("{major}.{minor}"),
            Some(tag) => format!("{major}.{minor}-{tag}"),
        }
    }
}

/// The answer of `XBMC.GetInfoLabels` (recording 07).
pub(super) type Labels = BTreeMap<String, String>;

/// The answer of `Settings.GetSettingValue`; settings are of many kinds.
#[derive(Deserialize)]
pub(super) struct Setting {
    pub(super) value: Value,
}

/// One of the answer of `Player.GetActivePlayers` (recording 60).
#[derive(Deserialize)]
pub(super) struct Player {
    pub(super) playerid: i64,
    /// `video`, `audio` or `picture`.
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// The answer of `Player.GetItem` (recording 61).
#[derive(Deserialize)]
pub(super) struct Played {
    item: PlayedItem,
}

#[derive(Deserialize)]
struct PlayedItem {
    id: Option<u32>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Played {
    /// What it is, if it is of the library. What is not, and a player that stopped meanwhile, is of type
    /// `unknown` and without an id (recording 85).
    pub(super) fn entry(&self) -> Option<keys::Entry> {
        let id = self.item.id.filter(|id| *id > 0)?;
        match self.item.kind.as_deref() {
            Some("movie") => Some(keys::Entry::Movie(id)),
            Some("episode") => Some(keys::Entry::Episode(vec![id])),
            _ => None,
        }
    }
}
