//! An open socket: the frames, keeping it alive, and noticing that it is dead. What a server says on it is
//! for its [`Ear`].
//!
//! Everything that goes on is kept in the socket itself and not in a future, so that one may stop waiting for
//! what is told next at any time and go on later.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures::{Sink, Stream};
use reqwest::Upgraded;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use crate::error::{Fault, ServerError};
use crate::heard::{Heard, Listening};
use crate::http::{Http, Meter, Pause};

/// What listening is called in messages.
const OP: &str = "listening";

/// The largest message that is taken. Sessions of Jellyfin carry the whole queue of what is to be played
/// with all that is known of each item, several kilobytes an episode; a long series is some MiB.
const LARGEST: usize = 8 * 1024 * 1024;

/// How long a socket may be silent until it counts as dead, answers to our own signs of life included. The
/// longest that a sound Emby was seen to be silent is 73 s, and it answers a ping within that time.
pub(crate) const SILENCE: Duration = Duration::from_secs(90);

/// How often a sign of life is given: proxies cut a silent connection after 60 s (nginx) or 100 s.
pub(crate) const BEAT: Duration = Duration::from_secs(25);

/// How many items a message may name before it is only said that something changed.
pub(crate) const MOST_ITEMS: usize = 500;

/// Understands what one kind of server says.
pub(crate) trait Ear: Send + 'static {
    /// What is said first, on a socket that was just opened.
    fn opening(&self) -> Option<&'static str>;

    /// What one message tells, in its order. Nothing where it cannot be read.
    fn hear(&mut self, text: &str) -> Option<Said>;
}

/// What a message said.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Said {
    /// What it told.
    pub heard: Vec<Heard>,
    /// A sign of life that the server wants from now on.
    pub wants: Option<Wants>,
}

/// A sign of life that a server asked for: it is given at once and then again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wants {
    /// The text of the message.
    pub text: &'static str,
    /// How often.
    pub each: Duration,
}

impl From<Vec<Heard>> for Said {
    fn from(heard: Vec<Heard>) -> Self {
        Self { heard, wants: None }
    }
}

impl From<Heard> for Said {
    fn from(heard: Heard) -> Self {
        vec![heard].into()
    }
}

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A socket that stands.
pub(crate) struct Socket<E> {
    frames: WebSocketStream<Upgraded>,
    ear: E,
    meter: Arc<Meter>,
    pause: Arc<dyn Pause>,
    /// A sign of life in words; without one it is a ping.
    wants: Option<Wants>,
    /// Until the next sign of life.
    beat: Wait,
    /// Until the socket counts as dead.
    silence: Wait,
    /// What is still to be said.
    owed: VecDeque<Message>,
    /// Whether something that was said may not be on its way yet.
    unsent: bool,
    /// What was told and not fetched yet.
    heard: VecDeque<Heard>,
    /// Why nothing more comes.
    over: Option<Fault>,
}

impl<E: Ear> Socket<E> {
    /// Opens a socket and says what is to be said first.
    pub(crate) async fn open(
        http: &Http,
        path: &str,
        query: &[(&str, &str)],
        ear: E,
    ) -> Result<Self, ServerError> {
        let stream = http.upgrade(path, query, "opening a socket").await?;
        let config = WebSocketConfig::default()
            .read_buffer_size(16 * 1024)
            .write_buffer_size(0)
            .max_write_buffer_size(64 * 1024)
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        let frames = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
        let (pause, meter) = (http.pause(), http.shared_meter());
        let owed = ear.opening().map(Message::text).into_iter().collect();
        Ok(Self {
            frames,
            ear,
            meter,
            wants: None,
            beat: wait(&pause, BEAT),
            silence: wait(&pause, SILENCE),
            pause,
            owed,
            unsent: false,
            heard: VecDeque::new(),
            over: None,
        })
    }

    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Result<Heard, ServerError>> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Poll::Ready(Ok(heard));
            }
            self.say(cx)?;
            if let Poll::Ready(frame) = Pin::new(&mut self.frames).poll_next(cx) {
                let frame = frame.ok_or_else(closed)?.map_err(|error| broken(&error))?;
                self.silence = wait(&self.pause, SILENCE);
                self.take(&frame)?;
                continue;
            }
            if self.silence.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(
                    ServerError::new(Fault::Timeout, OP).with("it fell silent")
                ));
            }
            if self.beat.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.give_a_sign();
        }
    }

    /// Says what is owed, as far as the connection takes it.
    fn say(&mut self, cx: &mut Context<'_>) -> Result<(), ServerError> {
        let told = |error: Error| broken(&error);
        while let Some(message) = self.owed.pop_front() {
            match Pin::new(&mut self.frames).poll_ready(cx) {
                Poll::Ready(ready) => ready.map_err(told)?,
                Poll::Pending => {
                    self.owed.push_front(message);
                    break;
                }
            }
            Pin::new(&mut self.frames).start_send(message).map_err(told)?;
            self.unsent = true;
        }
        if self.unsent
            && let Poll::Ready(sent) = Pin::new(&mut self.frames).poll_flush(cx)
        {
            sent.map_err(told)?;
            self.unsent = false;
        }
        Ok(())
    }

    /// Owes a sign of life, unless one is owed already.
    fn give_a_sign(&mut self) {
        let (each, sign) = match self.wants {
            Some(wants) => (wants.each, Message::text(wants.text)),
            None => (BEAT, Message::Ping(Vec::new().into())),
        };
        self.beat = wait(&self.pause, each);
        if !self.owed.contains(&sign) {
            self.owed.push_back(sign);
        }
    }

    fn take(&mut self, frame: &Message) -> Result<(), ServerError> {
        self.meter.add_bytes(frame.len());
        let said = match frame {
            Message::Text(text) => self.ear.hear(text),
            Message::Close(_) => return Err(closed()),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(()),
            // No server here speaks anything but text.
            Message::Binary(_) => None,
        };
        let said = said.unwrap_or_else(|| {
            tracing::debug!(bytes = frame.len(), "a message of a socket cannot be read");
            Said::default()
        });
        if said.heard.is_empty() {
            self.heard.push_back(Heard::Nothing);
        }
        self.heard.extend(said.heard);
        if said.wants.is_some() {
            self.wants = said.wants;
            self.give_a_sign();
        }
        Ok(())
    }
}

#[async_trait]
impl<E: Ear> Listening for Socket<E> {
    async fn next(&mut self) -> Result<Heard, ServerError> {
        if let Some(fault) = self.over {
            return Err(ServerError::new(fault, OP).with("the socket is over"));
        }
        let heard = poll_fn(|cx| self.poll_heard(cx)).await;
        self.over = heard.as_ref().err().map(|error| error.fault);
        heard
    }
}

/// A wait that owns what it needs.
fn wait(pause: &Arc<dyn Pause>, how_long: Duration) -> Wait {
    let pause = Arc::clone(pause);
    Box::pin(async move { pause.pause(how_long).await })
}

fn closed() -> ServerError {
    ServerError::new(Fault::Unreachable, OP).with("the server closed the socket")
}

/// The fault behind a socket that does not go on.
fn broken(error: &Error) -> ServerError {
    match error {
        // Without a word of farewell: a server that was ended, or a cable that was pulled.
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => closed(),
        Error::Io(io) => ServerError::new(Fault::Unreachable, OP).with(io.kind()),
        Error::Capacity(_) => {
            let most = LARGEST / (1024 * 1024);
            ServerError::new(Fault::BadAnswer, OP)
                .with(format!("a message is larger than {most} MiB"))
        }
        // The server takes nothing any more, neither our signs of life nor the answers to its own.
        Error::WriteBufferFull(_) => ServerError::new(Fault::Timeout, OP).with("it takes nothing"),
        _ => ServerError::new(Fault::BadAnswer, OP).with("it does not keep to WebSocket"),
    }
}

/// What is told of items that changed: which, or when there are too many, that there are some. Each once.
pub(crate) fn changed(keys: impl IntoIterator<Item = watchstate_model::ItemKey>) -> Heard {
    let mut known = std::collections::HashSet::new();
    let mut once = Vec::new();
    for key in keys {
        if known.insert(key.clone()) {
            once.push(key);
        }
        if once.len() > MOST_ITEMS {
            return Heard::Something;
        }
    }
    if once.is_empty() { Heard::Nothing } else { Heard::Items(once) }
}
