//! The last lines of the log, in memory.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use watchstate_engine::Clock;

use crate::contract::{LogLevel, LogLine};

/// How many lines are kept.
const KEPT: usize = 2000;
/// A line is cut after so many bytes.
const LONGEST: usize = 2000;

/// Keeps the last lines of what WatchState's own crates log, without secrets because those log none. A shell
/// puts it beside its other layers.
#[derive(Clone)]
pub struct LogRing {
    clock: Arc<dyn Clock>,
    lines: Arc<Mutex<VecDeque<LogLine>>>,
}

impl LogRing {
    /// An empty one.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, lines: Arc::default() }
    }

    /// The latest lines that are at least so grave, the latest first.
    pub fn lines(&self, level: LogLevel, most: usize) -> Vec<LogLine> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().filter(|line| line.level <= level).take(most).cloned().collect()
    }
}

/// The message of an event, and its fields behind it.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a text cannot fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

impl<S: Subscriber> Layer<S> for LogRing {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let meta = event.metadata();
        // What libraries log may hold addresses and headers.
        if !meta.target().starts_with("watchstate") {
            return;
        }
        let level = match *meta.level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        let mut said = Said::default();
        event.record(&mut said);
        let mut what = said.message + &said.fields;
        if what.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|at| what.is_char_boundary(*at)).unwrap_or(0);
            what.truncate(end);
        }
        let line = LogLine { at: self.clock.now().into(), level, what };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;
    use watchstate_model::Moment;

    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Moment {
            Moment(7)
        }
    }

    #[test]
    fn the_last_lines_of_our_own() {
        let ring = LogRing::new(Arc::new(Still));
        let subscriber = tracing_subscriber::registry().with(ring.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "watchstate_engine", pages = 3, "read");
            tracing::error!(target: "watchstate_api", "broke");
            tracing::error!(target: "hyper", "Authorization: secret");
            tracing::debug!(target: "watchstate_api", "{}", "é".repeat(LONGEST));
        });
        let whats = |level, most| -> Vec<String> {
            ring.lines(level, most).into_iter().map(|line| line.what).collect()
        };
        assert_eq!(whats(LogLevel::Info, 9), ["broke", "read pages=3"], "the latest first");
        assert_eq!(whats(LogLevel::Error, 9), ["broke"], "only the grave ones");
        assert_eq!(whats(LogLevel::Debug, 1)[0].len(), LONGEST, "cut between two letters");
        let subscriber = tracing_subscriber::registry().with(ring.clone());
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..2 * KEPT {
                tracing::warn!(target: "watchstate_api", "again");
            }
        });
        assert_eq!(ring.lines(LogLevel::Debug, usize::MAX).len(), KEPT, "no more than that");
    }
}
