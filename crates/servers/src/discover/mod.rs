//! Finds the servers of the network and of this computer.
//!
//! | server | asked | answers |
//! |---|---|---|
//! | Jellyfin | UDP 7359, `who is JellyfinServer?` (Jellyfin 10.11 `src/Jellyfin.Networking/AutoDiscoveryHost.cs`) | JSON `Address`, `Id`, `Name` |
//! | Emby | UDP 7359, `who is EmbyServer?` (Emby's developer wiki, "Locating the Server") | the same |
//! | Plex | UDP 32414, `M-SEARCH * HTTP/1.0` (python-plexapi 4.18 `gdm.py`) | headers as in HTTP: `Name`, `Port`, `Resource-Identifier` |
//!
//! Servers in a container do not hear a broadcast, so the usual ports of this computer are knocked at as
//! well. Kodi announces itself by mDNS only; it is found on this computer alone.
//!
//! Whoever is in the network can answer. An answer is at most some thousand bytes, names are cut and
//! cleaned, addresses are http or https; requests go to this computer and to the computer that answered,
//! never to where an answer points, and carry no credentials.

mod answers;
mod knock;
mod places;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use url::Url;

pub(crate) use self::answers::clean;
pub use self::places::{Ask, Door, Places, Question};
use crate::ServerKind;
use crate::http::Pause;

/// How long a search takes.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// How many answers one question is given: a network has a handful.
const MOST_ANSWERS: usize = 64;
/// How many servers are told.
const MOST_FOUND: usize = 100;

/// A server that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Which kind.
    pub kind: ServerKind,
    /// The name its owner gave it, or its kind. Without control characters, at most 100 signs.
    pub name: String,
    /// Where it is: http or https.
    pub url: Url,
    /// Its own id, if it told one.
    pub id: Option<String>,
    /// How it was found.
    pub how: How,
}

/// How a server was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum How {
    /// It runs on this computer.
    ThisComputer,
    /// It answered in the network.
    Network,
}

/// Looks for servers until `pause` has waited for [`PATIENCE`]. `told` is called with each as it is found;
/// the answer has each once, those of this computer first. A network that cannot be asked is left out.
pub async fn find_servers(
    places: &Places,
    pause: &Arc<dyn Pause>,
    told: &(dyn Fn(&Found) + Sync),
) -> Vec<Found> {
    let (found_one, mut found) = mpsc::channel(16);
    let mut looking = FuturesUnordered::new();
    for ask in &places.asks {
        let found_one = found_one.clone();
        looking.push(futures::future::Either::Left(asked(ask, pause, found_one)));
    }
    for door in &places.doors {
        let found_one = found_one.clone();
        looking.push(futures::future::Either::Right(async move {
            if let Some(found) = knock::at(door, pause).await {
                // Nobody listens any more when the time is over.
                let _ = found_one.send(found).await;
            }
        }));
    }
    drop(found_one);
    let mut all = All::default();
    let mut over = pause.pause(PATIENCE);
    loop {
        tokio::select! {
            () = &mut over => break,
            // What was found is taken before the search is over.
            one = found.recv() => match one {
                Some(one) => if all.add(&one) { told(&one) },
                None => break,
            },
            Some(()) = looking.next() => {}
        }
    }
    all.sorted()
}

/// Asks one question and tells whoever answers, for as long as it is polled.
async fn asked(ask: &Ask, pause: &Arc<dyn Pause>, found: mpsc::Sender<Found>) {
    let socket = match places::socket(ask) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::debug!(%error, "a network cannot be asked");
            return;
        }
    };
    if let Err(error) = socket.send_to(ask.question.payload(), ask.to).await {
        tracing::debug!(%error, "a network cannot be asked");
        return;
    }
    let mut checking = FuturesUnordered::new();
    let mut buffer = [0; answers::LARGEST + 1];
    let mut left = MOST_ANSWERS;
    loop {
        tokio::select! {
            answer = socket.recv_from(&mut buffer), if left > 0 => {
                left -= 1;
                // A refusal by one computer ends nothing: it is told as an error of the next read.
                let Ok((length, from)) = answer else { continue };
                let Some(text) = buffer.get(..length) else { continue };
                if let Some(answer) = answers::read(ask.question, text, from.ip()) {
                    checking.push(checked(answer, from, pause));
                }
            }
            Some(one) = checking.next() => {
                if found.send(one).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

/// A server behind a proxy or in a container tells an address that others cannot reach. Where the computer
/// that answered has the server at the same port, that address is told instead.
async fn checked(answer: Found, from: SocketAddr, pause: &Arc<dyn Pause>) -> Found {
    if answer.url.host_str() == Some(&answers::host(from.ip())) || answer.kind == ServerKind::Plex {
        return answer;
    }
    let mut near = answer.url.clone();
    if near.set_ip_host(from.ip()).is_err() {
        return answer;
    }
    near.set_path("");
    match knock::at(&Door { kind: answer.kind, url: near }, pause).await {
        Some(there) if there.id.is_some() && there.id == answer.id => {
            Found { url: there.url, ..answer }
        }
        _ => answer,
    }
}

/// What was found, each once.
#[derive(Default)]
struct All {
    found: Vec<Found>,
    by_id: HashMap<(ServerKind, String), usize>,
    by_url: HashMap<(ServerKind, String), usize>,
}

impl All {
    /// Whether it is new. A server of this computer that answered in the network as well is told as the
    /// former, with the name that it has.
    fn add(&mut self, one: &Found) -> bool {
        let url = (one.kind, one.url.as_str().trim_end_matches('/').to_owned());
        let id = one.id.clone().map(|id| (one.kind, id.replace('-', "").to_ascii_lowercase()));
        let known = id.as_ref().and_then(|id| self.by_id.get(id)).or_else(|| self.by_url.get(&url));
        if let Some(known) = known.and_then(|at| self.found.get_mut(*at)) {
            if one.how < known.how {
                let name = if one.name == one.kind.title() { &known.name } else { &one.name };
                *known = Found { name: name.clone(), ..one.clone() };
            }
            return false;
        }
        if self.found.len() >= MOST_FOUND {
            return false;
        }
        let at = self.found.len();
        self.by_url.insert(url, at);
        if let Some(id) = id {
            self.by_id.insert(id, at);
        }
        self.found.push(one.clone());
        true
    }

    fn sorted(mut self) -> Vec<Found> {
        self.found.sort_by(|a, b| {
            let key = |f: &Found| (f.how, f.kind, f.name.to_lowercase(), f.url.to_string());
            key(a).cmp(&key(b))
        });
        self.found
    }
}

#[cfg(test)]
mod tests;
