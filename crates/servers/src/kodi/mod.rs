//! Kodi 17 and later with its web server on: JSON-RPC 2.0 over `POST /jsonrpc`.
//!
//! - Name and password go as HTTP Basic authentication; wrong ones are a 401 with an empty body (recordings
//!   50 and 51). A body that is not said to be JSON is a 415 (52). Everything else is a 200, and errors are in
//!   the body (54, 16 to 18).
//! - Kodi has no users: one profile is loaded at a time, and its library is what is read. So there is one
//!   user, and two libraries, all movies and all episodes, whatever their sources.
//! - Keys are `movie/12`, `episode/7` and `tvshow/3`: the three kinds are counted separately. They are row
//!   numbers of its database: a library that is cleaned and scanned anew numbers anew.
//! - A file with several episodes is listed once for each of them, with one mark: setting one sets all
//!   (recordings 32 and 33). To us it is one item (`files.rs`), with a key like `episode/5+6`.
//! - A server id it has none: none of its settings, labels and properties is one. Its friendly name stands
//!   for it, the device name of its settings with the host's (`Kodi (living-room)`). It stays when the
//!   address changes; it changes if the owner renames either. (`Network.MacAddress` would say more, but
//!   reads "Busy" for minutes after the start, as seen on 20.1, and a machine with cable and radio has two.)
//!
//! Recordings are in `tests/recordings/kodi-20.1/`.

mod calls;
mod check;
mod files;
mod keys;
mod local_time;
mod wire;
mod write;

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use tokio::sync::RwLock;
use url::Url;
use watchstate_model::{ExternalIds, Kind, Marks};

use self::calls::{Call, Line, numbered, there};
use self::check::{CHECKING, Checked};
use self::files::{Files, Stand};
use self::keys::Entry;
use self::local_time::LocalTime;
use self::wire::{Detailed, EPISODE, LEAN, Listed, MOVIE, Played, Player, SHOW, STAND};
use crate::http::Http;
use crate::{
    Abilities, Address, Detail, Fault, Item, ItemKey, Library, LibraryKey, LibraryKind, Limits,
    MediaServer, Meter, Page, Pause, Playing, Sensitive, ServerError, ServerInfo, Show, SignedIn,
    Stretch, User, Wanted, Write, async_trait,
};

/// Positions are cut to whole seconds (recordings 22 and 23).
const POSITION_UNIT_MS: u32 = 1000;
const MOVIES: &str = "movies";
const EPISODES: &str = "episodes";
/// How many episodes are asked for at once to see which share a file.
const STANDS_AT_ONCE: u32 = 2000;
/// How many entries a search by a part of the name may bring.
const MOST_FOUND: u32 = 100;

/// The client.
pub struct Kodi {
    line: Line,
    pause: Arc<dyn Pause>,
    /// How its dates are to be read; found by every check, and by the first call that needs it.
    local: RwLock<Option<LocalTime>>,
    /// Which episodes share a file; found anew at the beginning of each sweep.
    files: RwLock<Option<Arc<Files>>>,
}

impl Kodi {
    /// A client. Nothing is sent yet.
    pub fn new(
        address: Address,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        let Address { url, token, .. } = address;
        Self::at(&url, &token, limits, pause)
    }

    fn at(
        url: &Url,
        token: &Sensitive<String>,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        let mut headers = HeaderMap::new();
        if !token.expose().is_empty() {
            let basic = format!("Basic {}", BASE64_STANDARD.encode(token.expose()));
            let mut value = HeaderValue::try_from(basic)
                .map_err(|_| ServerError::new(Fault::Unauthorized, "connecting"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = Http::new(url, headers, limits, Arc::clone(&pause))?;
        Ok(Self { line: Line { http }, pause, local: RwLock::new(None), files: RwLock::new(None) })
    }

    /// Sets fields of a movie or an episode.
    async fn set(&self, write: &Write, mut params: Map<String, Value>) -> Result<(), ServerError> {
        const OP: &str = "writing a mark";
        let (method, name, id) = match Entry::of(&write.key) {
            Some(Entry::Movie(id)) => ("VideoLibrary.SetMovieDetails", "movieid", id),
            // The first of a file stands for all.
            Some(Entry::Episode(rows)) => {
                let first = rows.first().ok_or_else(|| ServerError::new(Fault::NotFound, OP))?;
                ("VideoLibrary.SetEpisodeDetails", "episodeid", *first)
            }
            _ => return Err(ServerError::new(Fault::NotFound, OP)),
        };
        if params.is_empty() {
            return Ok(());
        }
        params.insert(name.to_owned(), json!(id));
        // Answers "OK" (recording 20).
        self.line.call::<Value>(&Call::new(method, Value::Object(params)), OP).await.map(drop)
    }

    async fn local(&self) -> Result<LocalTime, ServerError> {
        if let Some(local) = self.local.read().await.clone() {
            return Ok(local);
        }
        self.check().await?;
        let local = self.local.read().await.clone();
        local.ok_or_else(|| ServerError::new(Fault::BadAnswer, "reading its local time"))
    }

    /// Which episodes share a file: two entries of one file need not stand side by side in a list, so all
    /// are looked at.
    async fn files(&self, anew: bool) -> Result<Arc<Files>, ServerError> {
        const OP: &str = "reading which episodes share a file";
        if let Some(files) = self.files.read().await.clone().filter(|_| !anew) {
            return Ok(files);
        }
        let mut stands: Vec<Stand> = Vec::new();
        let mut from = 0;
        loop {
            let params = Map::from_iter([("properties".to_owned(), json!(STAND))]);
            let stretch = Stretch { from, size: STANDS_AT_ONCE };
            let (entries, total) =
                self.list("VideoLibrary.GetEpisodes", params, stretch, OP).await?;
            let sent = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            stands.extend(entries.iter().filter_map(Stand::of));
            from = from.saturating_add(sent);
            if sent == 0 || from >= total {
                break;
            }
        }
        let files = Arc::new(Files::among(stands));
        *self.files.write().await = Some(Arc::clone(&files));
        Ok(files)
    }

    /// One stretch of a list.
    async fn list(
        &self,
        method: &'static str,
        mut params: Map<String, Value>,
        stretch: Stretch,
        op: &'static str,
    ) -> Result<(Vec<wire::Entry>, u32), ServerError> {
        let most = i32::MAX.cast_unsigned();
        let (start, end) = (stretch.from.min(most), stretch.from.saturating_add(stretch.size));
        params.insert("limits".to_owned(), json!({ "start": start, "end": end.min(most) }));
        // No order is asked for: the entries come in that of their row numbers (seen on 20.1, before and
        // after writes), and Kodi lets its database cut the stretch out. Any other order makes it read and
        // sort the whole library for each stretch.
        let listed: Listed = self.line.call(&Call::new(method, Value::Object(params)), op).await?;
        listed.entries(op)
    }

    /// The entries that bear a name, as title or as original title, exactly if there are such and else as a
    /// part of theirs, of which `is_it` holds.
    async fn by_name<T>(
        &self,
        method: &'static str,
        properties: &[&str],
        name: &str,
        op: &'static str,
        is_it: impl Fn(wire::Entry) -> Result<Option<T>, ServerError>,
    ) -> Result<Vec<T>, ServerError> {
        for operator in ["is", "contains"] {
            let rule = |field: &str| json!({ "field": field, "operator": operator, "value": name });
            let params = Map::from_iter([
                ("properties".to_owned(), json!(properties)),
                ("filter".to_owned(), json!({ "or": [rule("title"), rule("originaltitle")] })),
            ]);
            let stretch = Stretch { from: 0, size: MOST_FOUND };
            let (entries, _) = self.list(method, params, stretch, op).await?;
            let mut found = Vec::new();
            for entry in entries {
                found.extend(is_it(entry)?);
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}

/// Whether two of one provider's ids are the same.
fn share_an_id(ours: &ExternalIds, theirs: &ExternalIds) -> bool {
    ours.iter().any(|id| theirs.of(id.provider()) == Some(id))
}

#[async_trait]
impl MediaServer for Kodi {
    fn abilities(&self) -> Abilities {
        Abilities {
            dates: true,
            plays: true,
            positions: true,
            rewatch_positions: true,
            position_unit_ms: POSITION_UNIT_MS,
            // A mark that is taken away leaves the date where it was (recordings 26 and 27).
            unwatch_clears_traces: false,
        }
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        let answer = self.line.post(&numbered(&check::calls()), CHECKING).await.map_err(
            |error| match error.fault {
                Fault::NotFound => ServerError { fault: Fault::NotThisServer, ..error },
                _ => error,
            },
        )?;
        let checked = Checked::read(&answer)?;
        let clock = self.line.http.measure_clock(&answer.headers);
        let now = clock.to_theirs(self.pause.now());
        let local = LocalTime::find(checked.shown(), now, TimeZone::system()).ok_or_else(|| {
            ServerError::new(Fault::BadAnswer, CHECKING).with("its local time cannot be read")
        })?;
        *self.local.write().await = Some(local);
        let (name, version) = (checked.name(), checked.version());
        Ok(ServerInfo { id: name.clone(), name, version, clock })
    }

    async fn user(&self) -> Result<User, ServerError> {
        Ok(the_user())
    }

    async fn users(&self) -> Result<Vec<User>, ServerError> {
        Ok(vec![the_user()])
    }

    async fn libraries(&self) -> Result<Vec<Library>, ServerError> {
        let library = |key: &str, name: &str, kind| Library {
            key: LibraryKey::from(key),
            name: name.to_owned(),
            kind,
        };
        Ok(vec![
            library(MOVIES, "Movies", LibraryKind::Movies),
            library(EPISODES, "TV shows", LibraryKind::Shows),
        ])
    }

    async fn shows(&self, library: &Library, stretch: Stretch) -> Result<Page<Show>, ServerError> {
        const OP: &str = "reading series";
        match library.key.as_str() {
            MOVIES => {
                return Ok(Page { entries: Vec::new(), sent: 0, total: 0 });
            }
            EPISODES => {}
            _ => return Err(ServerError::new(Fault::NotFound, OP)),
        }
        let params = Map::from_iter([("properties".to_owned(), json!(SHOW))]);
        let (entries, total) = self.list("VideoLibrary.GetTVShows", params, stretch, OP).await?;
        let sent = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let entries = entries.into_iter().map(|e| e.show(OP)).collect::<Result<_, _>>()?;
        Ok(Page { entries, sent, total })
    }

    async fn items(
        &self,
        library: &Library,
        stretch: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError> {
        const OP: &str = "reading a page";
        let (method, full) = match library.key.as_str() {
            MOVIES => ("VideoLibrary.GetMovies", MOVIE),
            EPISODES => ("VideoLibrary.GetEpisodes", EPISODE),
            _ => return Err(ServerError::new(Fault::NotFound, OP)),
        };
        let local = self.local().await?;
        let files = match library.key.as_str() {
            EPISODES => self.files(stretch.from == 0).await?,
            _ => Arc::default(),
        };
        let properties = match detail {
            Detail::Lean => LEAN,
            Detail::Full => full,
        };
        let params = Map::from_iter([("properties".to_owned(), json!(properties))]);
        let (sent, total) = self.list(method, params, stretch, OP).await?;
        let mut page = Page {
            entries: Vec::with_capacity(sent.len()),
            sent: u32::try_from(sent.len()).unwrap_or(u32::MAX),
            total,
        };
        for entry in sent {
            page.entries.extend(entry.item(detail, &local, &files, OP)?);
        }
        Ok(page)
    }

    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        const OP: &str = "reading items";
        let calls: Vec<Call> = keys
            .iter()
            .filter_map(Entry::of)
            .filter(|entry| matches!(entry, Entry::Movie(_) | Entry::Episode(_)))
            .flat_map(|entry| entry.details())
            .collect();
        let local = self.local().await?;
        let mut entries = Vec::with_capacity(calls.len());
        for detailed in there(self.line.batch::<Detailed>(&calls, OP).await?, OP)? {
            entries.push(detailed.entry(OP)?);
        }
        let files = Files::among(entries.iter().filter_map(Stand::of).collect());
        let mut items = Vec::with_capacity(keys.len());
        for entry in entries {
            items.extend(entry.item(Detail::Full, &local, &files, OP)?);
        }
        // What of a key is gone, or shares its file with others now, is another item with another key.
        items.retain(|item| keys.contains(&item.key));
        Ok(items)
    }

    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        const OP: &str = "reading series";
        let calls: Vec<Call> = keys
            .iter()
            .filter_map(Entry::of)
            .filter(|entry| matches!(entry, Entry::Show(_)))
            .flat_map(|entry| entry.details())
            .collect();
        let shows = there(self.line.batch::<Detailed>(&calls, OP).await?, OP)?;
        shows.into_iter().map(|detailed| detailed.entry(OP)?.show(OP)).collect()
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        const OP: &str = "looking up a title";
        let local = self.local().await?;
        match wanted {
            Wanted::Movie { name, ids } => {
                self.by_name("VideoLibrary.GetMovies", MOVIE, name, OP, |entry| {
                    let item = entry.item(Detail::Full, &local, &Files::default(), OP)?;
                    let same =
                        |item: &Item| item.facts.as_ref().is_some_and(|f| share_an_id(ids, &f.ids));
                    Ok(item.filter(same))
                })
                .await
            }
            Wanted::Episode { show_name, show_ids, season, number } => {
                let shows = self
                    .by_name("VideoLibrary.GetTVShows", SHOW, show_name, OP, |entry| {
                        let show = entry.show(OP)?;
                        Ok(share_an_id(show_ids, &show.ids).then_some(show.key))
                    })
                    .await?;
                let calls: Vec<Call> = shows
                    .iter()
                    .filter_map(|key| match Entry::of(key)? {
                        Entry::Show(id) => Some(id),
                        _ => None,
                    })
                    .map(|id| {
                        let params =
                            json!({ "tvshowid": id, "season": season, "properties": EPISODE });
                        Call::new("VideoLibrary.GetEpisodes", params)
                    })
                    .collect();
                let files = self.files(false).await?;
                let mut items = Vec::new();
                for listed in there(self.line.batch::<Listed>(&calls, OP).await?, OP)? {
                    let (entries, _) = listed.entries(OP)?;
                    for entry in entries {
                        items.extend(entry.item(Detail::Full, &local, &files, OP)?);
                    }
                }
                items.retain(|item| {
                    matches!(&item.facts, Some(facts) if matches!(&facts.kind, Kind::Episode(e)
                        if e.season == *season && e.numbers().contains(number)))
                });
                Ok(items)
            }
        }
    }

    async fn write(&self, write: &Write) -> Result<(), ServerError> {
        let local = self.local().await?;
        self.set(write, write::fields(write, self.line.http.clock(), &local)).await
    }

    async fn restore(&self, write: &Write, showed: &Marks) -> Result<(), ServerError> {
        let local = self.local().await?;
        let clock = self.line.http.clock();
        self.set(write, write::fields_of_old(write, showed, clock, &local)).await
    }

    async fn playing(&self) -> Result<Playing, ServerError> {
        const OP: &str = "reading what is played";
        let players: Vec<Player> =
            self.line.call(&Call::new("Player.GetActivePlayers", json!({})), OP).await?;
        let calls: Vec<Call> = players
            .iter()
            .filter(|player| player.kind == "video")
            .map(|player| {
                let params = json!({ "playerid": player.playerid });
                Call::new("Player.GetItem", params)
            })
            .collect();
        let played = there(self.line.batch::<Played>(&calls, OP).await?, OP)?;
        let played: Vec<Entry> = played.iter().filter_map(Played::entry).collect();
        // Of a file with several episodes Kodi names the first, whichever was asked for (recording 89: 6 was
        // opened, 5 is told); the item is all of them.
        let files = match played.iter().any(|entry| matches!(entry, Entry::Episode(_))) {
            true => self.files(false).await?,
            false => Arc::default(),
        };
        let mut keys: Vec<ItemKey> =
            played.into_iter().map(|entry| entry.in_its_file(&files).key()).collect();
        keys.sort();
        keys.dedup();
        Ok(Playing::Items(keys.into_iter().map(Into::into).collect()))
    }

    fn meter(&self) -> &Meter {
        self.line.http.meter()
    }
}

fn the_user() -> User {
    User { id: "kodi".to_owned(), name: "Kodi".to_owned() }
}

/// Tries a name and a password; together they are the token. Both may be empty, for a Kodi that asks for
/// none.
pub(crate) async fn sign_in(
    url: &Url,
    username: &str,
    password: &Sensitive<String>,
    limits: Limits,
    pause: Arc<dyn Pause>,
) -> Result<SignedIn, ServerError> {
    const OP: &str = "signing in";
    if username.contains(':') {
        // RFC 7617 section 2: what follows the first colon is the password.
        return Err(ServerError::new(Fault::Unauthorized, OP)
            .with("a user name for Kodi cannot hold a colon"));
    }
    let token = match (username, password.expose().as_str()) {
        ("", "") => Sensitive::new(String::new()),
        (name, password) => Sensitive::new(format!("{name}:{password}")),
    };
    let kodi = Kodi::at(url, &token, limits, pause)?;
    let pong: Value = kodi.line.call(&Call::new("JSONRPC.Ping", json!({})), OP).await?;
    if pong != "pong" {
        return Err(ServerError::new(Fault::NotThisServer, OP));
    }
    Ok(SignedIn { token, user: the_user() })
}
