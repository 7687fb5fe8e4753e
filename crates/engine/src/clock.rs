//! Time, given from outside.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use watchstate_model::Moment;
use watchstate_servers::Pause;

/// What time it is. Every rule takes its time as an argument; this is where the argument comes from.
pub trait Clock: Send + Sync {
    /// Now, in unix seconds.
    fn now(&self) -> Moment;
}

/// The clock of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = jiff::Timestamp::now();
        Moment(now.as_second())
    }
}

impl Pause for SystemClock {
    fn pause(&self, how_long: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        Box::pin(tokio::time::sleep(how_long))
    }

    fn now(&self) -> Moment {
        Clock::now(self)
    }
}
