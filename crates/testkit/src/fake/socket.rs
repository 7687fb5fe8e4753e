//! The sockets of a fake: who listens on them, what they are told, and what goes wrong with it on demand.
//!
//! What is told is handed over to a socket's queue while the state is still held, so that messages are in
//! the order in which things happened, on each socket and on all. Nothing here waits for a clock: what a
//! genuine server gathers for half a second is told at once, and together if it happened in one act.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body as HttpBody;
use futures::{SinkExt, StreamExt};
use hyper::header::{CONNECTION, HeaderMap, HeaderValue, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;
use watchstate_servers::ServerKind;

use super::exchange::{Asked, Reply};
use super::library::Library;
use super::server::{FakeServer, Inside, locked};
use super::told::{Ears, News, Told};
use super::{mediabrowser, plex};

/// What happened on the sockets of a server so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Sockets that stand now.
    pub open: usize,
    /// Sockets that were opened.
    pub opened: u64,
    /// Messages of what happened, on all sockets; those that were lost or are held back do not count.
    pub sent: u64,
    /// Messages that came from those who listen, of whatever kind.
    pub heard: u64,
    /// Those among them that keep the connection alive (`KeepAlive`).
    pub kept_alive: u64,
}

/// One socket.
struct Listener {
    number: u64,
    ears: Ears,
    out: mpsc::UnboundedSender<String>,
    cut: CancellationToken,
}

/// What the sockets of a server share.
#[derive(Default)]
struct Open {
    listeners: Vec<Listener>,
    lose: u64,
    double: u64,
    holding: bool,
    held: Vec<(u64, String)>,
    /// Marks that are told later and together, where they are gathered.
    gathered: Option<Vec<Told>>,
}

/// The sockets of a server.
#[derive(Default)]
pub(super) struct Sockets {
    open: Mutex<Open>,
    counts: watch::Sender<Counts>,
}

impl Sockets {
    fn count(&self, change: impl FnOnce(&mut Counts)) {
        self.counts.send_modify(change);
    }

    fn add(&self, ears: Ears, greeting: Option<&Value>) -> Attended {
        let (out, queue) = mpsc::unbounded_channel();
        let cut = CancellationToken::new();
        if let Some(greeting) = greeting {
            let _ = out.send(greeting.to_string());
        }
        let mut open = locked(&self.open);
        let mut number = 0;
        self.count(|counts| {
            counts.opened += 1;
            counts.open += 1;
            number = counts.opened;
        });
        open.listeners.push(Listener { number, ears, out, cut: cut.clone() });
        Attended { number, queue, cut }
    }

    fn remove(&self, number: u64) {
        let mut open = locked(&self.open);
        open.listeners.retain(|listener| listener.number != number);
        let left = open.listeners.len();
        self.count(|counts| counts.open = left);
    }

    fn cut_all(&self) {
        let mut open = locked(&self.open);
        for listener in open.listeners.drain(..) {
            listener.cut.cancel();
        }
        open.held.clear();
        open.gathered = open.gathered.take().map(|_| Vec::new());
        self.count(|counts| counts.open = 0);
    }

    fn heal(&self) {
        let mut open = locked(&self.open);
        (open.lose, open.double, open.holding) = (0, 0, false);
        let held = std::mem::take(&mut open.held);
        self.deliver(&open, held);
    }

    fn deliver(&self, open: &Open, messages: impl IntoIterator<Item = (u64, String)>) {
        for (number, text) in messages {
            if let Some(listener) = open.listeners.iter().find(|l| l.number == number) {
                let _ = listener.out.send(text);
                self.count(|counts| counts.sent += 1);
            }
        }
    }
}

impl Open {
    /// What becomes of the messages on their way.
    fn on_their_way(&mut self, messages: Vec<(u64, String)>) -> Vec<(u64, String)> {
        let mut arriving = Vec::new();
        for message in messages {
            if self.lose > 0 {
                self.lose -= 1;
                continue;
            }
            if self.double > 0 {
                self.double -= 1;
                arriving.push(message.clone());
            }
            arriving.push(message);
        }
        if self.holding {
            self.held.append(&mut arriving);
        }
        arriving
    }
}

/// A socket that is attended to.
struct Attended {
    number: u64,
    queue: mpsc::UnboundedReceiver<String>,
    cut: CancellationToken,
}

/// The state of a server while somebody reads or changes it. What happened is told when it is let go.
pub struct Held<'a> {
    library: MutexGuard<'a, Library>,
    inside: &'a Inside,
}

impl Deref for Held<'_> {
    type Target = Library;

    fn deref(&self) -> &Library {
        &self.library
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Library {
        &mut self.library
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.inside.tell(&mut self.library);
    }
}

impl Inside {
    /// The state, for whoever may change it.
    pub(super) fn held(&self) -> Held<'_> {
        Held { library: locked(&self.library), inside: self }
    }

    fn tell(&self, library: &mut Library) {
        let mut told = library.take_told();
        if told.is_empty() {
            return;
        }
        let mut open = locked(&self.sockets.open);
        if let Some(gathered) = &mut open.gathered {
            gathered.extend(told.extract_if(.., |told| told.news == News::Marked));
        }
        self.tell_of(library, &mut open, &told);
    }

    fn tell_of(&self, library: &mut Library, open: &mut Open, told: &[Told]) {
        let now = self.clock.now();
        let mut messages = Vec::new();
        for listener in &mut open.listeners {
            let new = match library.kind() {
                ServerKind::Jellyfin | ServerKind::Emby => {
                    mediabrowser::told::messages(library, told, &mut listener.ears, now)
                }
                ServerKind::Plex | ServerKind::Kodi => {
                    plex::told::messages(library, told, &listener.ears, now)
                }
            };
            messages.extend(new.into_iter().map(|message| (listener.number, message.to_string())));
        }
        let arriving = open.on_their_way(messages);
        self.sockets.deliver(open, arriving);
    }

    fn attend(&self, asked: &Asked) -> Result<Attended, Reply> {
        let mut library = locked(&self.library);
        let (ears, greeting) = match library.kind() {
            ServerKind::Jellyfin | ServerKind::Emby => {
                let ears = mediabrowser::told::ears(&mut library, asked, self.clock.now())?;
                (ears, mediabrowser::told::greeting(&mut library))
            }
            ServerKind::Plex | ServerKind::Kodi => (plex::told::ears(&library, asked)?, None),
        };
        Ok(self.sockets.add(ears, greeting.as_ref()))
    }

    /// One who listens says something.
    fn hear(&self, number: u64, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let mut library = locked(&self.library);
        let mut open = locked(&self.sockets.open);
        let Some(listener) = open.listeners.iter_mut().find(|l| l.number == number) else { return };
        if matches!(library.kind(), ServerKind::Jellyfin | ServerKind::Emby)
            && let Some(reply) =
                mediabrowser::told::reply(&mut library, &mut listener.ears, &message)
        {
            let _ = listener.out.send(reply.to_string());
        }
        self.sockets.count(|counts| {
            counts.heard += 1;
            counts.kept_alive += u64::from(message["MessageType"] == "KeepAlive");
        });
    }
}

/// Whether a request wants to become a socket.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers a request that wants to become a socket. It listens from now on, so that nothing is missed that
/// happens after the answer.
pub(super) fn answer(
    inside: &Arc<Inside>,
    asked: &Asked,
    upgrade: OnUpgrade,
    standing: CancellationToken,
) -> Result<Response<HttpBody>, Reply> {
    let Some(accepted) = asked
        .header("sec-websocket-key")
        .and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok())
    else {
        return Err(Reply::text(400, "text/plain", "a socket is opened with a key"));
    };
    let attended = inside.attend(asked)?;
    let mut response = Response::new(HttpBody::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-accept", accepted);
    tokio::spawn(serve(inside.clone(), attended, upgrade, standing));
    Ok(response)
}

/// Serves a socket until it is closed, or cut off without a word.
async fn serve(
    inside: Arc<Inside>,
    mut attended: Attended,
    upgrade: OnUpgrade,
    standing: CancellationToken,
) {
    let number = attended.number;
    tokio::select! {
        () = standing.cancelled() => {}
        () = attended.cut.clone().cancelled_owned() => {}
        () = async {
            let Ok(connection) = upgrade.await else { return };
            let connection = TokioIo::new(connection);
            let mut socket =
                WebSocketStream::from_raw_socket(connection, Role::Server, None).await;
            loop {
                tokio::select! {
                    told = attended.queue.recv() => {
                        let Some(text) = told else { return };
                        if socket.send(Message::text(text)).await.is_err() {
                            return;
                        }
                    }
                    // A ping is answered by the library that reads it.
                    said = socket.next() => match said {
                        Some(Ok(Message::Text(text))) => inside.hear(number, &text),
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return,
                    }
                }
            }
        } => {}
    }
    inside.sockets.remove(number);
}

impl FakeServer {
    /// What happened on its sockets so far.
    pub fn sockets(&self) -> Counts {
        *self.inside.sockets.counts.borrow()
    }

    /// Waits until what happened on its sockets is as wanted.
    pub async fn sockets_are(&self, wanted: impl Fn(&Counts) -> bool) {
        let mut counts = self.inside.sockets.counts.subscribe();
        // The sender lives as long as the server does.
        let _ = counts.wait_for(wanted).await;
    }

    /// All sockets are cut off, without a word to those who listen. New ones are accepted.
    pub fn cut_sockets(&self) {
        self.inside.sockets.cut_all();
    }

    /// So many of the next messages get lost on their way.
    pub fn lose_messages(&self, next: u64) {
        locked(&self.inside.sockets.open).lose = next;
    }

    /// So many of the next messages arrive twice.
    pub fn double_messages(&self, next: u64) {
        locked(&self.inside.sockets.open).double = next;
    }

    /// From now on messages do not arrive until they are let go.
    pub fn hold_messages(&self) {
        locked(&self.inside.sockets.open).holding = true;
    }

    /// What was held back arrives, the last one first; what is told from now on arrives at once.
    pub fn let_messages_go_backwards(&self) {
        let mut open = locked(&self.inside.sockets.open);
        open.holding = false;
        let held = std::mem::take(&mut open.held);
        self.inside.sockets.deliver(&open, held.into_iter().rev());
    }

    /// From now on marks are gathered, as genuine servers gather what comes within half a second, until they
    /// are told.
    pub fn gather_marks(&self) {
        locked(&self.inside.sockets.open).gathered.get_or_insert_default();
    }

    /// The marks that were gathered are told together, as they are now; those that come next at once again.
    pub fn tell_gathered_marks(&self) {
        let mut library = locked(&self.inside.library);
        let mut open = locked(&self.inside.sockets.open);
        let told = open.gathered.take().unwrap_or_default();
        self.inside.tell_of(&mut library, &mut open, &told);
    }

    /// What goes wrong with messages is over; what was held back arrives, in its order.
    pub(super) fn heal_sockets(&self) {
        self.inside.sockets.heal();
    }
}
