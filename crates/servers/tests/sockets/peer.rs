//! The other end of a socket on this machine, and a clock that stands until it is told to go on.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};
use url::Url;
use watchstate_model::Moment;
use watchstate_servers::{
    Address, Fault, Heard, Limits, Listening, MediaServer, Pause, Sensitive, ServerError,
    ServerKind, connect,
};

/// The token of every client here. Must never be seen in a message.
pub(crate) const TOKEN: &str = "5f0e0ecbd7b34c1c8e70tokenofanna";
pub(crate) const DEVICE: &str = "our-device";
pub(crate) const USER: &str = "9f3c2b1a00000000000000000000aaaa";
pub(crate) const OTHER: &str = "9f3c2b1a00000000000000000000bbbb";

/// A bound for what takes no time at all, so that a test that is wrong ends.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("this takes no time")
}

/// How the door to the socket answers.
#[derive(Clone, Copy)]
pub(crate) enum Door {
    Opens,
    WrongKey,
    NoKey,
    Status(u16),
    Page,
    /// Closes without a word.
    Shut,
    /// Says nothing, for ever.
    Waits,
}

/// What was asked: the first line and the headers, their names in lower case.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
}

/// A server that opens sockets, and answers other requests as it was told.
pub(crate) struct Peer {
    url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    opened: mpsc::UnboundedReceiver<End>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Pages = Vec<(&'static str, u16, String)>;

impl Peer {
    pub(crate) async fn new(door: Door, pages: Pages) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (open, opened) = mpsc::unbounded_channel();
        let (kept, pages) = (asked.clone(), Arc::new(pages));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, pages, open) = (kept.clone(), pages.clone(), open.clone());
                tokio::spawn(async move {
                    if let Some(end) = serve(stream, door, &pages, &kept).await {
                        let _ = open.send(end);
                    }
                });
            }
        });
        Self { url, asked, opened, task }
    }

    /// A Plex that opens.
    pub(crate) async fn plex(door: Door) -> Self {
        Self::new(door, vec![]).await
    }

    /// A Jellyfin whose token is [`USER`]'s.
    pub(crate) async fn jellyfin(door: Door) -> Self {
        let info =
            r#"{"Id":"s","ServerName":"n","Version":"10.10.7","ProductName":"Jellyfin Server"}"#;
        let me = format!(r#"{{"Id":"{USER}","Name":"anna"}}"#);
        Self::new(door, vec![("/System/Info/Public", 200, info.to_owned()), ("/Users/Me", 200, me)])
            .await
    }

    /// An Emby whose token is [`USER`]'s, or no longer good.
    pub(crate) async fn emby(good: bool) -> Self {
        let info = r#"{"Id":"s","ServerName":"n","Version":"4.8.11.0"}"#;
        let sessions =
            format!(r#"[{{"DeviceId":"{DEVICE}","UserId":"{USER}","UserName":"anna"}}]"#);
        let status = if good { 200 } else { 401 };
        let pages =
            vec![("/System/Info/Public", 200, info.to_owned()), ("/Sessions", status, sessions)];
        Self::new(Door::Opens, pages).await
    }

    pub(crate) fn client(&self, kind: ServerKind, hands: &Arc<Hands>) -> Arc<dyn MediaServer> {
        self.client_within(Limits::default(), kind, hands)
    }

    pub(crate) fn client_within(
        &self,
        limits: Limits,
        kind: ServerKind,
        hands: &Arc<Hands>,
    ) -> Arc<dyn MediaServer> {
        let address = Address {
            kind,
            url: self.url.clone(),
            user: None,
            token: Sensitive::new(TOKEN.to_owned()),
            client_id: DEVICE.to_owned(),
        };
        connect(address, limits, hands.clone()).unwrap()
    }

    /// Our end and theirs of a new socket.
    pub(crate) async fn pair(
        &mut self,
        kind: ServerKind,
        hands: &Arc<Hands>,
    ) -> (Box<dyn Listening>, End) {
        let ours = soon(self.client(kind, hands).listen()).await.unwrap();
        (ours, soon(self.opened.recv()).await.unwrap())
    }

    /// What was asked since the last look.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Their end of a socket.
pub(crate) struct End(WebSocketStream<TcpStream>);

impl End {
    pub(crate) async fn says(&mut self, text: &str) {
        self.sends(Message::text(text)).await;
    }

    pub(crate) async fn sends(&mut self, message: Message) {
        soon(self.0.send(message)).await.unwrap();
    }

    /// The bytes as they are, which need be no frame.
    pub(crate) async fn writes(&mut self, bytes: &[u8]) {
        soon(self.0.get_mut().write_all(bytes)).await.unwrap();
    }

    pub(crate) async fn hears(&mut self) -> Message {
        soon(self.0.next()).await.expect("an open socket").unwrap()
    }
}

async fn serve(
    mut stream: TcpStream,
    door: Door,
    pages: &Pages,
    kept: &Mutex<Vec<Asked>>,
) -> Option<End> {
    let asked = head(&mut stream).await?;
    let (key, line) = (asked.headers.get("sec-websocket-key").cloned(), asked.line.clone());
    kept.lock().unwrap().push(asked);
    let path = line.split([' ', '?']).nth(1)?;
    let plain = |status: u16, kind: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let upgraded = |accept: &str| {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             {accept}\r\n"
        )
    };
    let accept =
        |key: &str| format!("Sec-WebSocket-Accept: {}\r\n", derive_accept_key(key.as_bytes()));
    let answer = match (&key, door) {
        (None, _) => match pages.iter().find(|page| page.0 == path) {
            Some((_, status, body)) => plain(*status, "application/json", body),
            None => plain(404, "text/plain", ""),
        },
        (Some(key), Door::Opens) => upgraded(&accept(key)),
        (Some(_), Door::WrongKey) => upgraded(&accept("another")),
        (Some(_), Door::NoKey) => upgraded(""),
        (Some(_), Door::Status(status)) => plain(status, "text/plain", "no"),
        (Some(_), Door::Page) => plain(200, "text/html", "<!doctype html><title>A router</title>"),
        (Some(_), Door::Shut) => return None,
        (Some(_), Door::Waits) => std::future::pending().await,
    };
    stream.write_all(answer.as_bytes()).await.ok()?;
    key?;
    Some(End(WebSocketStream::from_raw_socket(stream, Role::Server, None).await))
}

/// The head of a request, which has no body here.
async fn head(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Some(Asked { line, headers })
}

/// Waits that are over when the test says so.
#[derive(Default)]
pub(crate) struct Hands(Mutex<Vec<(Duration, oneshot::Sender<()>)>>);

impl Hands {
    /// Lets every wait of that many seconds be over; how many there were that somebody still waited for.
    pub(crate) fn pass(&self, seconds: u64) -> usize {
        let mut waits = self.0.lock().unwrap();
        let (over, stay) = std::mem::take(&mut *waits)
            .into_iter()
            .partition(|(how_long, _)| how_long.as_secs() == seconds);
        *waits = stay;
        over.into_iter().filter_map(|(_, end)| end.send(()).ok()).count()
    }
}

impl Pause for Hands {
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let (end, over) = oneshot::channel();
        self.0.lock().unwrap().push((how_long, end));
        Box::pin(async {
            let _ = over.await;
        })
    }

    fn now(&self) -> Moment {
        Moment(1_795_434_858)
    }
}

/// What is told next.
pub(crate) async fn told(ours: &mut Box<dyn Listening>) -> Heard {
    soon(ours.next()).await.unwrap()
}

/// The fault, after making sure that no secret is told with it.
pub(crate) fn fault<T>(result: Result<T, ServerError>) -> Fault {
    let error = result.err().expect("this must fail");
    for text in [format!("{error}"), format!("{error:?}"), error.fault.advice().to_owned()] {
        for secret in [TOKEN, "127.0.0.1", "api_key", DEVICE] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    error.fault
}
