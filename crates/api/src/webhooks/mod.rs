//! The listener for webhooks: where servers tell by themselves what happened, for those who have that.
//!
//! It is off until a person switches it on, and heard on this computer alone until a person says otherwise.
//! Each backend has an address of its own with a secret in it. What comes is a hint: it is kept on disk before
//! the server is answered, and then the item is read again with our own credentials.
//!
//! Anybody in the network may knock, so everything has a bound: how long a request is and how long it takes,
//! how many there are at once and in a second. A request holds at most [`SHORT`] in memory, and one of each
//! backend at a time [`LONGEST`]. Nothing that is logged holds an address, because that is the secret.

mod bucket;
mod counts;
mod crowd;
mod doors;
mod receive;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) use counts::{Counts, Outcome};
use crowd::{Crowd, Place};
pub(crate) use doors::{Door, Doors, new_secret};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
pub(crate) use receive::{Reception, Rings};
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;
use watchstate_engine::CancellationToken;
use watchstate_servers::Pause;

/// No body is longer: bytes. Plex sends a picture along, of some hundred KiB.
const LONGEST: usize = 2 * 1024 * 1024;
/// A body up to this waits for nobody: bytes.
const SHORT: usize = 32 * 1024;
/// A request may take so long as a whole, from the connection to the answer.
const LONGEST_TIME: Duration = Duration::from_secs(10);
/// So many connections may be open at once.
const MOST_AT_ONCE: usize = 64;
/// All headers of a request together: bytes, and how many.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
/// After a connection could not be accepted: so long until the next try. Open files may have run out.
const AFTER_A_FAILURE: Duration = Duration::from_millis(200);
/// The path of an address begins so; the secret follows.
pub(crate) const PATH: &str = "/hook/";

/// An open port, until it is closed or dropped.
pub(crate) struct Listener {
    at: SocketAddr,
    end: DropGuard,
    accepting: JoinHandle<()>,
}

impl Listener {
    /// Listens at an address of this computer.
    pub(crate) async fn open(
        at: SocketAddr,
        reception: Arc<Reception>,
        pause: Arc<dyn Pause>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let end = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, reception, pause, end.clone()));
        Ok(Self { at, end: end.drop_guard(), accepting })
    }

    /// Where it listens.
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }

    /// Stops listening. The port is free when this returns.
    pub(crate) async fn close(self) {
        drop(self.end);
        // It went down, or it ended: the port is free either way.
        let _ = self.accepting.await;
    }
}

async fn accept(
    listener: TcpListener,
    reception: Arc<Reception>,
    pause: Arc<dyn Pause>,
    end: CancellationToken,
) {
    let crowd = Crowd::new(MOST_AT_ONCE, end.clone());
    loop {
        let accepted = select! {
            () = end.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (reception, pause) = (reception.clone(), pause.clone());
                tokio::spawn(attend(stream, reception, pause, crowd.enter()));
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a webhook could not be accepted");
                select! {
                    () = end.cancelled() => return,
                    () = pause.pause(AFTER_A_FAILURE) => {}
                }
            }
        }
    }
}

/// One connection, which is one request.
async fn attend(stream: TcpStream, reception: Arc<Reception>, pause: Arc<dyn Pause>, place: Place) {
    let counted = AtomicBool::new(false);
    let service = service_fn(|request| {
        let (reception, counted) = (&reception, &counted);
        async move {
            let (answer, outcome) = reception.receive(request).await;
            reception.counts.add(outcome);
            counted.store(true, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        // The whole has a limit that holds for the head as well.
        .header_read_timeout(None::<Duration>)
        .serve_connection(TokioIo::new(stream), service);
    let ended = select! {
        () = place.gone() => None,
        () = pause.pause(LONGEST_TIME) => None,
        ended = connection => Some(ended),
    };
    if counted.load(Ordering::Relaxed) {
        return;
    }
    match ended {
        None => reception.counts.add(Outcome::TooSlow),
        // The sender went away, or what it sent is no HTTP.
        Some(Err(_)) => reception.counts.add(Outcome::Unreadable),
        // Somebody looked whether anybody is there.
        Some(Ok(())) => {}
    }
}
