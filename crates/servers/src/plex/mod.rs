//! Plex Media Server.
//!
//! Sources: the official API document 1.2.0 (`API Info` and its paths), and the recordings in
//! `tests/recordings/plex/`, which follow the shapes of PMS 1.40. Answers are XML unless JSON is asked for.
//!
//! Lists are told what to leave out (`excludeFields`, `excludeElements`), never what alone to send:
//! `includeFields` changed its meaning in 1.41.9, and a server that left `viewCount` out would show
//! every film as unwatched.

mod account;
mod agents;
mod file_name;
mod find;
mod lately;
mod list;
mod loose;
mod tautulli;
mod told;
pub(crate) mod webhook;
mod wire;
mod write;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::OnceCell;
use watchstate_model::{Abilities, Item, ItemKey, Moment, Show};

use self::list::{List, Sent};
use self::told::PlexEar;
pub use self::told::told;
use self::wire::{Accounts, Envelope, Identity, Metadata, Root, Sections};
use crate::error::{Fault, ServerError};
use crate::heard::{Glance, Listening, NowPlaying, Tells};
use crate::http::{Http, Limits, Meter, Pause, Request};
use crate::socket::Socket;
use crate::{
    Address, Detail, Library, LibraryKind, MediaServer, Page, Playing, ServerInfo, SignedIn,
    Stretch, User, Wanted, Write,
};

/// What of every list nobody here reads.
const NEVER_READ: &str = "Genre,Country,Rating,Collection,Director,Writer,Role,Producer,Similar,\
                          Image,UltraBlurColors,Field,Label,Mood,Style,Format,Chapter,Marker";
/// And what a lean list leaves out beside it.
const NOT_IN_LEAN: &str = "Genre,Country,Rating,Collection,Director,Writer,Role,Producer,Similar,\
                           Image,UltraBlurColors,Field,Label,Mood,Style,Format,Chapter,Marker,\
                           Media,Guid";
const NO_FIELDS: &str = "summary,tagline";

/// One account on one Plex Media Server.
pub struct Plex {
    http: Http,
    typed_user: Option<String>,
    user: OnceCell<User>,
}

impl Plex {
    /// A client for an address. Nothing is sent yet.
    ///
    /// [`Address::user`] may be the number or the name of an account; it chooses nothing, since marks always
    /// belong to the token, but is held against the server's list where that is visible. Absent, it is
    /// the owner.
    ///
    /// The client identifier is our own and never a server's, and `X-Plex-Provides` is not sent: a client
    /// that claims to be a player or a server turns up in other people's lists.
    pub fn new(
        address: Address,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        const OP: &str = "connecting";
        let cannot_be_sent = |fault: Fault, what: &'static str| {
            move |_| {
                ServerError::new(fault, OP).with(format!("{what} has signs that cannot be sent"))
            }
        };
        let mut token = HeaderValue::from_str(address.token.expose().trim())
            .map_err(cannot_be_sent(Fault::Unauthorized, "the token"))?;
        token.set_sensitive(true);
        let client = HeaderValue::from_str(&address.client_id)
            .map_err(cannot_be_sent(Fault::Unsupported, "the client identifier"))?;
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("x-plex-token"), token),
            (HeaderName::from_static("x-plex-client-identifier"), client),
            (HeaderName::from_static("x-plex-product"), HeaderValue::from_static("WatchState")),
            (
                HeaderName::from_static("x-plex-version"),
                HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
            ),
        ]);
        let http = Http::new(&address.url, headers, limits, pause)?;
        Ok(Self { http, typed_user: address.user, user: OnceCell::new() })
    }

    /// `GET /identity`, which every server answers without a token.
    async fn identity(&self) -> Result<(String, String), ServerError> {
        const OP: &str = "asking what it is";
        let other = || ServerError::new(Fault::NotThisServer, OP);
        let answer = match self.http.send(&Request::get("/identity", &[], OP)).await {
            Err(e) if matches!(e.fault, Fault::NotFound | Fault::Refused) => {
                return Err(other().with("no /identity"));
            }
            answer => answer?,
        };
        let read = serde_json::from_slice::<Envelope<Identity>>(&answer.body);
        match read.map(|answer| answer.container) {
            Ok(Identity { id, version }) => match id.as_str() {
                Some(id) => Ok((id.to_owned(), version.or_empty())),
                None => Err(other().with("it does not name itself")),
            },
            // JSON that ends too early is a server's, just not the whole of it.
            Err(e) if e.is_eof() && answer.body.trim_ascii_start().starts_with(b"{") => {
                Err(ServerError::new(Fault::BadAnswer, OP).with("the answer was cut short"))
            }
            Err(_) => Err(other().with("not the JSON of a Plex Media Server")),
        }
    }

    /// The server's accounts, or nothing where the token may not see them.
    async fn accounts(&self) -> Result<Option<Vec<User>>, ServerError> {
        let request = Request::get("/accounts", &[], "reading the accounts");
        match self.http.json::<Envelope<Accounts>>(&request).await {
            Ok(answer) => answer.container.users(request.op).map(Some),
            Err(e) if is_refusal(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    async fn whose(&self, root: &Root) -> Result<User, ServerError> {
        let accounts = self.accounts().await?;
        let (typed, owner) = (self.typed_user.as_deref(), root.owner.as_str());
        account::whose(accounts.as_deref(), typed, owner, "checking the account")
    }

    async fn stretch(
        &self,
        path: &str,
        query: &[(&str, &str)],
        stretch: Stretch,
        op: &'static str,
    ) -> Result<Sent, ServerError> {
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("x-plex-container-start"), stretch.from.into()),
            (HeaderName::from_static("x-plex-container-size"), stretch.size.into()),
        ]);
        let request = Request { method: Method::GET, path, query, headers, body: None, op };
        let answer = self.http.send(&request).await?;
        let list: Envelope<List> = answer.json(op)?;
        list.container.stretch(&answer.headers, stretch, op)
    }

    /// `GET /library/metadata/1,2,3`. The server answers 404 where it has none of them, and leaves out those
    /// that it does not have otherwise.
    async fn metadata(
        &self,
        keys: &[ItemKey],
        op: &'static str,
    ) -> Result<Vec<Metadata>, ServerError> {
        let keys: HashSet<&ItemKey> = keys.iter().filter(|k| loose::is_key(k.as_str())).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        asked.sort_unstable();
        let path = format!("/library/metadata/{}", asked.join(","));
        let query = [
            ("includeGuids", "1"),
            ("excludeElements", NEVER_READ),
            ("excludeFields", NO_FIELDS),
            // Only what is known already: the server must not look at its disks for our sake.
            ("skipRefresh", "1"),
        ];
        let request = Request::get(&path, &query, op);
        let entries = match self.http.json::<Envelope<List>>(&request).await {
            Ok(answer) => answer.container.marked(op)?,
            Err(e) if e.fault == Fault::NotFound => Vec::new(),
            Err(e) => return Err(e),
        };
        let asked_for = |entry: &Metadata| entry.key().is_some_and(|key| keys.contains(&key));
        Ok(entries.into_iter().filter(asked_for).collect())
    }
}

/// Whether credentials are refused for this request.
fn is_refusal(error: &ServerError) -> bool {
    matches!(error.fault, Fault::Unauthorized | Fault::Forbidden)
}

/// What Plex calls the items of a library, and their order.
///
/// The order is by key, which never changes and grows with each new item: what is added during a sweep comes
/// last and moves nothing. Dates would: a replaced file moves its item to the end, and all behind it one
/// place forward, past the page that is being read. The sort is not among those that the server lists;
/// clients in the field use it (`id`, with the type before it for all but movies).
fn numbers(
    kind: LibraryKind,
    op: &'static str,
) -> Result<(&'static str, &'static str), ServerError> {
    match kind {
        LibraryKind::Movies => Ok(("1", "id")),
        LibraryKind::Shows => Ok(("4", "episode.id")),
        LibraryKind::Mixed => {
            Err(ServerError::new(Fault::Unsupported, op).with("no library of Plex is mixed"))
        }
    }
}

fn section(library: &Library, op: &'static str) -> Result<String, ServerError> {
    let key = library.key.as_str();
    if !loose::is_key(key) {
        return Err(ServerError::new(Fault::NotFound, op).with("no key of a library"));
    }
    Ok(format!("/library/sections/{key}/all"))
}

#[async_trait]
impl MediaServer for Plex {
    fn abilities(&self) -> Abilities {
        Abilities {
            dates: false,
            plays: false,
            positions: true,
            rewatch_positions: true,
            position_unit_ms: 1,
            unwatch_clears_traces: true,
        }
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        let (id, version) = self.identity().await?;
        let request = Request::get("/", &[], "checking the token");
        let answer = self.http.send(&request).await?;
        let clock = self.http.measure_clock(&answer.headers);
        let root = answer.json::<Envelope<Root>>(request.op)?.container;
        let user = self.whose(&root).await?;
        // Found already by an earlier call: a token's account does not change.
        self.user.set(user).ok();
        Ok(ServerInfo { id, name: root.name.or_empty(), version, clock })
    }

    async fn who_answers(&self) -> Result<Option<ServerInfo>, ServerError> {
        let (id, version) = self.identity().await?;
        Ok(Some(ServerInfo { id, name: String::new(), version, clock: self.http.clock() }))
    }

    async fn user(&self) -> Result<User, ServerError> {
        let find = async || {
            let request = Request::get("/", &[], "checking the token");
            let root: Envelope<Root> = self.http.json(&request).await?;
            self.whose(&root.container).await
        };
        self.user.get_or_try_init(find).await.cloned()
    }

    /// The accounts that the server has seen, for the owner's token; for another's only its own, as typed.
    async fn users(&self) -> Result<Vec<User>, ServerError> {
        match self.accounts().await? {
            Some(users) => Ok(users),
            None => match self.user().await {
                Ok(user) => Ok(vec![user]),
                Err(e) if e.fault == Fault::NoSuchUser => Ok(Vec::new()),
                Err(e) => Err(e),
            },
        }
    }

    async fn libraries(&self) -> Result<Vec<Library>, ServerError> {
        let request = Request::get("/library/sections", &[], "reading the libraries");
        let sections: Envelope<Sections> = self.http.json(&request).await?;
        sections.container.libraries(request.op)
    }

    async fn shows(&self, library: &Library, stretch: Stretch) -> Result<Page<Show>, ServerError> {
        const OP: &str = "reading a page of series";
        if library.kind == LibraryKind::Movies {
            return Ok(Page { entries: Vec::new(), sent: 0, total: 0 });
        }
        let query = [
            ("type", "2"),
            ("sort", "show.id"),
            ("includeGuids", "1"),
            ("excludeElements", NEVER_READ),
            ("excludeFields", NO_FIELDS),
        ];
        let sent = self.stretch(&section(library, OP)?, &query, stretch, OP).await?;
        let entries = sent.entries.iter().filter_map(Metadata::show).collect();
        Ok(Page { entries, sent: sent.count, total: sent.total })
    }

    async fn items(
        &self,
        library: &Library,
        stretch: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError> {
        const OP: &str = "reading a page";
        let (number, sort) = numbers(library.kind, OP)?;
        let (guids, excluded) = match detail {
            Detail::Lean => ("0", NOT_IN_LEAN),
            Detail::Full => ("1", NEVER_READ),
        };
        let query = [
            ("type", number),
            ("sort", sort),
            ("includeGuids", guids),
            ("excludeElements", excluded),
            ("excludeFields", NO_FIELDS),
        ];
        let sent = self.stretch(&section(library, OP)?, &query, stretch, OP).await?;
        let entries = sent.entries.iter().filter_map(|entry| entry.item(detail)).collect();
        Ok(Page { entries, sent: sent.count, total: sent.total })
    }

    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        let entries = self.metadata(keys, "reading items").await?;
        Ok(entries.iter().filter_map(|entry| entry.item(Detail::Full)).collect())
    }

    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        let entries = self.metadata(keys, "reading series").await?;
        Ok(entries.iter().filter_map(Metadata::show).collect())
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        self.look_for(wanted).await
    }

    async fn write(&self, write: &Write) -> Result<(), ServerError> {
        if !loose::is_key(write.key.as_str()) {
            return Err(ServerError::new(Fault::NotFound, "writing").with("no key of an item"));
        }
        for step in write::steps(write) {
            let query: Vec<_> = step.query.iter().map(|(name, v)| (*name, v.as_str())).collect();
            let request = Request::get(step.path, &query, step.op);
            if step.repeatable {
                self.http.send(&request).await?;
            } else {
                self.http.send_once(&request).await?;
            }
        }
        Ok(())
    }

    /// Only the owner's token may see the sessions.
    async fn playing(&self) -> Result<Playing, ServerError> {
        const OP: &str = "reading who is playing";
        let request = Request::get("/status/sessions", &[], OP);
        let sessions = match self.http.json::<Envelope<List>>(&request).await {
            Ok(answer) => answer.container.entries(OP)?,
            Err(e) if is_refusal(&e) => return Ok(Playing::NotVisible),
            Err(e) => return Err(e),
        };
        if sessions.is_empty() {
            return Ok(Playing::Items(Vec::new()));
        }
        let user = self.user().await?;
        let own = sessions.iter().filter(|session| session.is_played_by(&user));
        let mut items: Vec<NowPlaying> = own.filter_map(Metadata::now_playing).collect();
        // On two devices at once it is one item, and runs if it runs on either.
        items.sort_unstable_by(|a, b| (&a.key, a.paused).cmp(&(&b.key, b.paused)));
        items.dedup_by(|a, b| a.key == b.key);
        Ok(Playing::Items(items))
    }

    /// The socket tells of playback as it happens, and of a mark set by hand not dependably.
    fn tells(&self) -> Tells {
        Tells::Playback
    }

    /// Every token may listen; whoever is not the owner hears of their own playback alone. A token that is no
    /// longer good is refused.
    async fn listen(&self) -> Result<Box<dyn Listening>, ServerError> {
        Ok(Box::new(Socket::open(&self.http, told::PATH, &[], PlexEar).await?))
    }

    async fn glance(
        &self,
        library: &Library,
        since: Option<Moment>,
        most: u32,
    ) -> Result<Glance, ServerError> {
        self.glance_at(library, since, most).await
    }

    async fn watched(
        &self,
        library: &Library,
        stretch: Stretch,
    ) -> Result<Page<ItemKey>, ServerError> {
        self.watched_of(library, stretch).await
    }

    fn meter(&self) -> &Meter {
        self.http.meter()
    }
}

/// Plex signs in at plex.tv and not at the server: for now a token is entered by hand.
pub fn sign_in() -> Result<SignedIn, ServerError> {
    Err(ServerError::new(Fault::Unsupported, "signing in").with("Plex needs a token for now"))
}
