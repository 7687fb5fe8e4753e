//! What Jellyfin and Emby share: they descend from one server, MediaBrowser. What differs is told by a
//! [`Dialect`].

pub(crate) mod auth;
mod check;
pub(crate) mod date;
mod find;
mod ids;
mod lately;
pub(crate) mod sessions;
mod sign_in;
pub(crate) mod told;
mod webhook;
pub(crate) mod webhook_emby;
pub(crate) mod webhook_jellyfin;
pub(crate) mod wire;
pub(crate) mod write;

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use watchstate_model::{Abilities, Item, ItemKey, Marks, Moment, Show};

use self::auth::percent;
use self::sessions::Sessions;
pub(crate) use self::sign_in::sign_in;
use self::told::Ear;
use self::wire::{Entry, Kept, LeanEntry, List, Readable, Views};
use self::write::{Call, Way, Wording};
use crate::error::{Fault, ServerError};
use crate::heard::{Glance, Listening, Tells};
use crate::http::{Answer, Http, Limits, Meter, Pause, Request};
use crate::socket::Socket;
use crate::{
    Address, Detail, Library, LibraryKind, MediaServer, Page, Playing, Sensitive, ServerInfo,
    Stretch, User, Wanted, Write,
};

/// What differs between Jellyfin and Emby.
pub trait Dialect: Send + Sync + 'static {
    /// Its name, for messages.
    const NAME: &'static str;

    /// What it can be told where it takes user data.
    const ABILITIES: Abilities;

    /// The value of `fields` that brings an item's facts.
    const FACTS: &'static str;

    /// Whether a write of user data must hand back what is not ours.
    const KEEPS_WITH_USER_DATA: bool;

    /// Whether the `ProductName` of the public information is its own.
    fn is_product(product: Option<&str>) -> bool;

    /// The headers that go with every request.
    fn headers(client_id: &str, token: Option<&str>) -> Result<HeaderMap, ServerError>;

    /// Where the socket is.
    fn socket<'a>(client_id: &'a str, token: &'a str) -> SocketAt<'a>;

    /// The path of a user's items.
    fn items(user: &str) -> String;

    /// The user that the token belongs to; none for an API key.
    fn token_user(
        http: &Http,
        client_id: &str,
    ) -> impl Future<Output = Result<Option<User>, ServerError>> + Send;

    /// Whether this version has `POST UserData`.
    fn takes_user_data(version: Version) -> bool;

    /// A change as requests, where user data is taken.
    fn by_user_data(wording: &Wording<'_>) -> Vec<Call>;
}

/// Where a socket is, beside the headers that go with every request.
pub struct SocketAt<'a> {
    /// The path below the base URL.
    pub path: &'static str,
    /// The query, which may hold the token.
    pub query: Vec<(&'static str, &'a str)>,
}

/// A version, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
}

impl Version {
    /// From `10.8.6`, `3.2.40.0` or `10.9.0-rc1`. What cannot be read counts as the oldest.
    pub(crate) fn parse(text: &str) -> Self {
        let mut numbers = text.split(['.', '-']).map(|n| n.parse().unwrap_or(0));
        Self { major: numbers.next().unwrap_or(0), minor: numbers.next().unwrap_or(0) }
    }
}

/// Whether a `ProductName` is Jellyfin's.
pub(crate) fn is_jellyfin(product: Option<&str>) -> bool {
    product.is_some_and(|name| name.to_ascii_lowercase().contains("jellyfin"))
}

/// What was learned of the server when it was checked.
#[derive(Clone)]
struct Known {
    user: User,
    /// Whether the token is that user's own.
    own: bool,
    takes_user_data: bool,
}

impl Known {
    fn way(&self) -> Way {
        if self.takes_user_data { Way::UserData } else { Way::Marks { positions: self.own } }
    }
}

/// One account on a Jellyfin or an Emby server.
pub struct MediaBrowser<D> {
    http: Http,
    client_id: String,
    /// The headers have it too; a socket may want it elsewhere.
    token: Sensitive<String>,
    /// The user of the address: an id, or a name as a person typed it.
    named: Option<String>,
    known: Mutex<Option<Known>>,
    dialect: PhantomData<D>,
}

/// The value of `fields` that brings marks and add date: the marks come unasked.
const LEAN: &str = "DateCreated";

/// What reading a page is called in messages.
const PAGE: &str = "reading a page";

/// A query as it grows.
type Query<'a> = Vec<(&'a str, &'a str)>;

impl<D: Dialect> MediaBrowser<D> {
    /// A client for an address. Nothing is sent yet.
    pub fn new(
        address: Address,
        limits: Limits,
        pause: Arc<dyn Pause>,
    ) -> Result<Self, ServerError> {
        let headers = D::headers(&address.client_id, Some(address.token.expose()))?;
        Ok(Self {
            http: Http::new(&address.url, headers, limits, pause)?,
            client_id: address.client_id,
            token: address.token,
            named: address.user.map(|user| user.trim().to_owned()).filter(|u| !u.is_empty()),
            known: Mutex::new(None),
            dialect: PhantomData,
        })
    }

    /// A list of a user's items.
    async fn list(
        &self,
        user: &str,
        more: &[(&str, &str)],
        op: &'static str,
    ) -> Result<Answer, ServerError> {
        let mut query: Query<'_> = vec![("userId", user), ("enableImages", "false")];
        query.extend_from_slice(more);
        self.http.send(&Request::get(&D::items(user), &query, op)).await
    }

    /// Entries by their keys, of which those that are not there are left out. An answer to a key that was
    /// not asked for is dropped: a server that ignores `ids` would send its whole library.
    async fn by_keys<T>(
        &self,
        keys: &[ItemKey],
        fields: &str,
        op: &'static str,
        take: impl Fn(Entry<'_>) -> Option<T>,
    ) -> Result<Vec<T>, ServerError> {
        let ids: Vec<&str> = keys
            .iter()
            .map(ItemKey::as_str)
            .filter(|k| !k.is_empty() && !k.contains(','))
            .collect();
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let user = self.known().await?.user.id;
        let (joined, most) = (ids.join(","), ids.len().to_string());
        let query = [
            ("ids", joined.as_str()),
            ("fields", fields),
            ("enableUserData", "true"),
            ("limit", most.as_str()),
        ];
        let answer = self.list(&user, &query, op).await?;
        let list: List<Entry<'_>> = answer.json(op)?;
        let asked = |entry: &Entry<'_>| {
            entry.id.as_ref().is_some_and(|theirs| ids.iter().any(|id| same_id(id, &theirs.0)))
        };
        Ok(list.entries(op)?.filter(asked).filter_map(take).collect())
    }

    /// A stretch of a library.
    ///
    /// Sorted by add date and then by name, ascending: what is added while pages are read comes last and
    /// shifts nothing. Unsorted pages are twice as fast, but nobody promises that they stay in order.
    async fn stretch<T>(
        &self,
        library: &Library,
        stretch: Stretch,
        more: &[(&str, &str)],
        read: impl Fn(&Answer) -> Result<Page<T>, ServerError>,
    ) -> Result<Page<T>, ServerError> {
        let user = self.known().await?.user.id;
        let (from, size) = (stretch.from.to_string(), stretch.size.to_string());
        let mut query: Query<'_> = vec![
            ("parentId", library.key.as_str()),
            ("recursive", "true"),
            ("sortBy", "DateCreated,SortName"),
            ("sortOrder", "Ascending"),
            ("startIndex", &from),
            ("limit", &size),
            ("enableTotalRecordCount", "true"),
            ("collapseBoxSetItems", "false"),
        ];
        query.extend_from_slice(more);
        let answer = self.list(&user, &query, PAGE).await?;
        read(&answer)
    }

    async fn write_as(
        &self,
        known: &Known,
        write: &Write,
        exact: Option<Marks>,
    ) -> Result<(), ServerError> {
        const OP: &str = "writing a mark";
        let mut wording = Wording {
            write,
            user: &known.user.id,
            clock: self.http.clock(),
            kept: Kept::default(),
            exact,
        };
        let mut calls = match known.way() {
            Way::UserData => D::by_user_data(&wording),
            Way::Marks { positions } => write::by_marks(&wording, positions),
        };
        if D::KEEPS_WITH_USER_DATA && calls.iter().any(|call| call.path.ends_with("/UserData")) {
            let kept = self
                .by_keys(std::slice::from_ref(&write.key), LEAN, OP, |entry| {
                    Some(entry.user_data.0.and_then(|data| data.kept()))
                })
                .await?;
            let kept = kept.first().ok_or_else(|| ServerError::new(Fault::NotFound, OP))?;
            wording.kept = kept.ok_or_else(|| {
                ServerError::new(Fault::BadAnswer, OP).with("it does not say what it shows")
            })?;
            calls = D::by_user_data(&wording);
        }
        for call in calls {
            let query: Query<'_> = call.query.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let request = Request {
                method: call.method,
                path: &call.path,
                query: &query,
                headers: HeaderMap::new(),
                body: call.body.map(String::into_bytes),
                op: OP,
            };
            self.http.send(&request).await?;
        }
        Ok(())
    }

    /// Whether the server no longer has the item; `None` where even that cannot be learned.
    async fn is_gone(&self, key: &ItemKey) -> Option<bool> {
        let found = self
            .by_keys(std::slice::from_ref(key), "", "looking whether it is there", |_| Some(()))
            .await;
        found.ok().map(|found| found.is_empty())
    }
}

/// A page as it was answered, without what is not to be taken.
fn page<'a, E: Deserialize<'a> + Readable, T>(
    answer: &'a Answer,
    take: impl Fn(E) -> Option<T>,
) -> Result<Page<T>, ServerError> {
    let list: List<E> = answer.json(PAGE)?;
    let sent = u32::try_from(list.items.len()).unwrap_or(u32::MAX);
    let total = list.total(PAGE)?;
    let entries = list.entries(PAGE)?.filter_map(take).collect();
    Ok(Page { entries, sent, total })
}

#[async_trait]
impl<D: Dialect> MediaServer for MediaBrowser<D> {
    fn abilities(&self) -> Abilities {
        let positions = match self.recall().map(|known| known.way()) {
            Some(Way::UserData) => return D::ABILITIES,
            Some(Way::Marks { positions }) => positions,
            None => false,
        };
        Abilities { plays: false, positions, rewatch_positions: false, ..D::ABILITIES }
    }

    async fn check(&self) -> Result<ServerInfo, ServerError> {
        Ok(self.get_to_know().await?.0)
    }

    async fn who_answers(&self) -> Result<Option<ServerInfo>, ServerError> {
        Ok(Some(self.introduce().await?))
    }

    async fn user(&self) -> Result<User, ServerError> {
        Ok(self.known().await?.user)
    }

    async fn users(&self) -> Result<Vec<User>, ServerError> {
        match self.all_users().await {
            // A user who is no administrator sees nobody else.
            Err(error) if matches!(error.fault, Fault::Forbidden | Fault::Unauthorized) => {
                let own = D::token_user(&self.http, &self.client_id).await?;
                own.map(|own| vec![own]).ok_or(error)
            }
            users => users,
        }
    }

    async fn libraries(&self) -> Result<Vec<Library>, ServerError> {
        const OP: &str = "reading the libraries";
        let user = self.known().await?.user.id;
        let path = format!("/Users/{}/Views", percent(&user));
        let answer = match self.http.send(&Request::get(&path, &[], OP)).await {
            // The only path that the document of Jellyfin 10.11.8 has.
            Err(error) if error.fault == Fault::NotFound => {
                self.http.send(&Request::get("/UserViews", &[("userId", &user)], OP)).await?
            }
            answer => answer?,
        };
        let views: Views<'_> = answer.json(OP)?;
        Ok(views.items.into_iter().filter_map(|view| view.0?.library()).collect())
    }

    async fn shows(&self, library: &Library, stretch: Stretch) -> Result<Page<Show>, ServerError> {
        if library.kind == LibraryKind::Movies {
            return Ok(Page { entries: vec![], sent: 0, total: 0 });
        }
        let query = [
            ("includeItemTypes", "Series"),
            ("enableUserData", "false"),
            ("fields", "ProviderIds,ProductionYear"),
        ];
        self.stretch(library, stretch, &query, |answer| page(answer, Entry::show)).await
    }

    async fn items(
        &self,
        library: &Library,
        stretch: Stretch,
        detail: Detail,
    ) -> Result<Page<Item>, ServerError> {
        let query = [
            ("includeItemTypes", "Movie,Episode"),
            // Missing and unaired episodes. Emby does not document it; they are dropped by their
            // `LocationType` in any case.
            ("excludeLocationTypes", "Virtual"),
            ("enableUserData", "true"),
            ("fields", if detail == Detail::Full { D::FACTS } else { "DateCreated" }),
        ];
        self.stretch(library, stretch, &query, |answer| match detail {
            Detail::Lean => page(answer, LeanEntry::item),
            Detail::Full => page(answer, |entry: Entry<'_>| entry.item(detail)),
        })
        .await
    }

    async fn read(&self, keys: &[ItemKey]) -> Result<Vec<Item>, ServerError> {
        self.by_keys(keys, D::FACTS, "reading items", |entry| entry.item(Detail::Full)).await
    }

    async fn read_shows(&self, keys: &[ItemKey]) -> Result<Vec<Show>, ServerError> {
        self.by_keys(keys, D::FACTS, "reading series", |entry| entry.show()).await
    }

    async fn find(&self, wanted: &Wanted) -> Result<Vec<Item>, ServerError> {
        self.look_up(wanted).await
    }

    async fn write(&self, write: &Write) -> Result<(), ServerError> {
        self.write_or_look(write, None).await
    }

    async fn restore(&self, write: &Write, showed: &Marks) -> Result<(), ServerError> {
        self.write_or_look(write, Some(*showed)).await
    }

    async fn playing(&self) -> Result<Playing, ServerError> {
        const OP: &str = "reading who is playing what";
        let user = self.known().await?.user.id;
        let answer = match self.http.send(&Request::get("/Sessions", &[], OP)).await {
            Err(error) if matches!(error.fault, Fault::Forbidden | Fault::Unauthorized) => {
                return Ok(Playing::NotVisible);
            }
            answer => answer?,
        };
        let Sessions(sessions) = answer.json(OP)?;
        let ours = sessions::of_user(sessions, &user, &self.client_id);
        Ok(Playing::Items(ours.filter_map(|session| session.now_playing()).collect()))
    }

    /// Marks are told to the sessions of their user alone, so that the token of somebody else, or an API key,
    /// hears of playback at best.
    fn tells(&self) -> Tells {
        match self.recall() {
            Some(known) if !known.own => Tells::Playback,
            _ => Tells::Everything,
        }
    }

    async fn listen(&self) -> Result<Box<dyn Listening>, ServerError> {
        // Emby opens a socket for whoever asks and then says nothing to those whose token is bad.
        let (_, known) = self.get_to_know().await?;
        let at = D::socket(&self.client_id, self.token.expose());
        let ear = Ear::new(&known.user.id, &self.client_id);
        Ok(Box::new(Socket::open(&self.http, at.path, &at.query, ear).await?))
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

impl<D: Dialect> MediaBrowser<D> {
    async fn write_or_look(&self, write: &Write, exact: Option<Marks>) -> Result<(), ServerError> {
        let known = self.known().await?;
        let Err(error) = self.write_as(&known, write, exact).await else {
            return Ok(());
        };
        // "Not found" may mean the item or the request; an item that is gone is answered with 500 by
        // Jellyfin 10.8 and Emby 3.2, with 400 by others (`75-played-missing.json`). So it is looked for.
        match (error.fault, self.is_gone_after(&error, write).await) {
            (_, Some(true)) => Err(ServerError::new(Fault::NotFound, error.op)),
            (Fault::NotFound, Some(false)) if known.takes_user_data => {
                let known = Known { takes_user_data: false, ..known };
                self.remember(known.clone());
                self.write_as(&known, write, exact).await
            }
            _ => Err(error),
        }
    }

    async fn is_gone_after(&self, error: &ServerError, write: &Write) -> Option<bool> {
        let may_be = [Fault::NotFound, Fault::ServerTrouble, Fault::Refused];
        if may_be.contains(&error.fault) { self.is_gone(&write.key).await } else { None }
    }
}

/// Whether a body is an object or a list: a proxy's or a router's page is neither.
fn is_json(answer: &Answer) -> bool {
    let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'[') | None)
}

/// Whether two spellings are one id: with or without dashes, in either case.
fn same_id(a: &str, b: &str) -> bool {
    fn plain(id: &str) -> impl Iterator<Item = u8> {
        id.bytes().filter(|b| *b != b'-').map(|b| b.to_ascii_lowercase())
    }
    plain(a).eq(plain(b))
}
