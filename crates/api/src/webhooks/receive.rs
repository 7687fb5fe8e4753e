//! What is done with one request.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::SemaphorePermit;
use watchstate_engine::Clock;
use watchstate_model::{ItemKey, Moment};
use watchstate_servers::{Heard, Hooked, Playback, read_webhook};
use watchstate_store::HintHow;

use super::bucket::Bucket;
use super::counts::{Counts, Outcome};
use super::doors::{Door, Doors};
use super::{LONGEST, PATH, SHORT};

/// So many requests with a wrong secret are answered at once, and so many each second. Those with a good one
/// are not counted among them and never wait for them.
const WRONG_BURST: u32 = 100;
const WRONG_PER_SECOND: u32 = 20;
/// A webhook that names more items than this says that everything may have changed.
const MOST_ITEMS: usize = 100;
/// No key of an item is longer: bytes.
const LONGEST_KEY: usize = 200;

/// Is called when something is in the inbox. Must not block: the server waits for its answer.
pub(crate) type Rings = Arc<dyn Fn() + Send + Sync>;

/// What all requests share.
pub(crate) struct Reception {
    pub(super) counts: Arc<Counts>,
    doors: Arc<Doors>,
    clock: Arc<dyn Clock>,
    rings: Rings,
    wrong: Mutex<Bucket>,
}

impl Reception {
    /// Lets in by these doors, and rings when something is in the inbox.
    pub(crate) fn new(
        doors: Arc<Doors>,
        counts: Arc<Counts>,
        clock: Arc<dyn Clock>,
        rings: Rings,
    ) -> Arc<Self> {
        let wrong = Mutex::new(Bucket::new(WRONG_BURST, WRONG_PER_SECOND));
        Arc::new(Self { counts, doors, clock, rings, wrong })
    }

    /// Answers a request, and says what became of it. No answer has a body.
    pub(super) async fn receive(&self, request: Request<Incoming>) -> (Response<String>, Outcome) {
        let (status, outcome) = self.decide(request).await;
        let mut answer = Response::new(String::new());
        *answer.status_mut() = status;
        (answer, outcome)
    }

    async fn decide(&self, request: Request<Incoming>) -> (StatusCode, Outcome) {
        let now = self.clock.now();
        // Any other path is as good as a wrong secret, and looked for like one.
        let path = request.uri().path();
        let said = path.strip_prefix(PATH).unwrap_or(path);
        let Some(door) = self.doors.find(said) else {
            let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            let status = match wrong.take(now) {
                true => StatusCode::NOT_FOUND,
                false => StatusCode::TOO_MANY_REQUESTS,
            };
            return (status, Outcome::WrongSecret);
        };
        if !door.admits(now) {
            return (StatusCode::TOO_MANY_REQUESTS, Outcome::TooMany);
        }
        if request.method() != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, Outcome::Unreadable);
        }
        let outcome = self.take_in(&door, request, now).await;
        let status = match outcome {
            Outcome::Unreadable => StatusCode::BAD_REQUEST,
            Outcome::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            // It may try again: nothing is known of it here.
            Outcome::NotKept => StatusCode::SERVICE_UNAVAILABLE,
            // Whatever is wrong with the others does not get better by sending them again.
            _ => StatusCode::OK,
        };
        (status, outcome)
    }

    async fn take_in(&self, door: &Door, request: Request<Incoming>, now: Moment) -> Outcome {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let (body, _alone) = match whole(door, request.into_body()).await {
            Ok(whole) => whole,
            Err(outcome) => return outcome,
        };
        let Hooked { server, user, heard } = match read_webhook(door.kind, &kind, &body) {
            Ok(hooked) => hooked,
            Err(why) => {
                if door.may_tell(now) {
                    tracing::warn!(backend = %door.backend, %why, "a webhook was not understood");
                }
                return Outcome::Unreadable;
            }
        };
        drop(body);
        if !door.is_server(server.as_deref()) {
            if door.may_tell(now) {
                tracing::warn!(backend = %door.backend, "a webhook came from another server");
            }
            return Outcome::OtherServer;
        }
        if heard == Heard::Foreign || !door.is_user(user.as_ref()) {
            return Outcome::OtherUser;
        }
        let Some(heard) = sensible(heard) else { return Outcome::NoMarks };
        if let Err(error) = keep(door, &heard, now).await {
            if door.may_tell(now) {
                tracing::warn!(backend = %door.backend, %error, "a webhook could not be kept");
            }
            return Outcome::NotKept;
        }
        self.counts.taken_from(door.backend, now);
        (self.rings)();
        Outcome::Taken
    }
}

/// The whole body, and the right to have one that long.
async fn whole(
    door: &Door,
    mut body: Incoming,
) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Outcome> {
    let said = body.size_hint().exact();
    if said.is_some_and(|said| said > LONGEST as u64) {
        return Err(Outcome::TooLarge);
    }
    let most = said.and_then(|said| usize::try_from(said).ok()).unwrap_or(LONGEST);
    let (mut whole, mut alone) = (Vec::with_capacity(most.min(SHORT)), None);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // The sender went away in the middle.
        let frame = frame.map_err(|_| Outcome::Unreadable)?;
        let Ok(data) = frame.into_data() else { continue };
        let length = whole.len() + data.len();
        if length > LONGEST {
            return Err(Outcome::TooLarge);
        }
        if length > SHORT && alone.is_none() {
            alone = door.long.acquire().await.ok();
            whole.reserve_exact(most.saturating_sub(whole.len()));
        }
        whole.extend_from_slice(&data);
    }
    Ok((whole, alone))
}

/// What is to be kept of what was told, if anything is.
fn sensible(heard: Heard) -> Option<Heard> {
    let is_long = |key: &ItemKey| key.as_str().len() > LONGEST_KEY;
    match heard {
        Heard::Items(keys) if keys.is_empty() => None,
        Heard::Items(keys) if keys.len() > MOST_ITEMS || keys.iter().any(is_long) => {
            Some(Heard::Something)
        }
        Heard::Playback { key, .. } if is_long(&key) => Some(Heard::Something),
        Heard::Nothing | Heard::Foreign => None,
        heard => Some(heard),
    }
}

/// Puts it into the inbox.
async fn keep(door: &Door, heard: &Heard, now: Moment) -> watchstate_store::Result<()> {
    let mut tx = door.store.begin().await?;
    match heard {
        Heard::Items(keys) => {
            for key in keys {
                tx.keep_hint(door.backend, Some(key), HintHow::Changed, now).await?;
            }
        }
        Heard::Playback { key, how } => {
            let how = match how {
                Playback::Runs => HintHow::Runs,
                Playback::Paused => HintHow::Paused,
                Playback::Stopped => HintHow::Stopped,
            };
            tx.keep_hint(door.backend, Some(key), how, now).await?;
        }
        Heard::Something => tx.keep_hint(door.backend, None, HintHow::Changed, now).await?,
        Heard::Foreign | Heard::Nothing => {}
    }
    tx.commit().await
}
