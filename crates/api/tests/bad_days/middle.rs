//! The middle of something: it has begun, it has not ended, and it stands still there.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use watchstate_testkit::fake::{FakeServer, Fault, Trouble};

/// Answers of servers that are held back: whoever asked is in the middle of something.
pub(crate) struct HeldBack<'a>(Vec<&'a FakeServer>);

impl<'a> HeldBack<'a> {
    /// From now on each server holds back its answer to the `number`th request for which `on` has a part of the
    /// path. The first is 1.
    pub(crate) fn the(
        number: usize,
        servers: impl IntoIterator<Item = (&'a FakeServer, &'static str)>,
    ) -> Self {
        let number = u64::try_from(number).unwrap();
        let hold = |(server, path): (&'a FakeServer, &'static str)| {
            let fault = Fault::new(Trouble::HeldBack).on(path);
            server.fail(fault.from_request(number).next(1));
            server
        };
        Self(servers.into_iter().map(hold).collect())
    }

    /// Waits until all of them do.
    pub(crate) async fn all(&self) {
        for server in &self.0 {
            server.holds_back(1).await;
        }
    }

    /// They come.
    pub(crate) async fn come(self) {
        for server in self.0 {
            server.heal().await;
        }
    }
}

/// Goes on with something by these steps alone, until it `is_there`. It stands still when this answers.
pub(crate) async fn go_on_until<T>(
    mut act: Pin<&mut impl Future<Output = T>>,
    mut is_there: impl AsyncFnMut() -> bool,
) {
    while !is_there().await {
        let over = poll_fn(|waker| Poll::Ready(act.as_mut().poll(waker).is_ready())).await;
        assert!(!over, "it was over before it was in its middle");
        tokio::task::yield_now().await;
    }
}
