//! A mistake of ours that ends a task: told by its place alone.
//!
//! What a panic says may quote what was being worked on: a text that is cut in the middle of a letter is shown
//! whole, and it may have been a token. So the words are left out, and with them whatever they hold.

use std::panic::{self, Location};

/// From now on a panic is told in the log, by its place in our sources and nothing else. To be called once, when
/// the program starts.
pub fn tell_panics_by_place() {
    panic::set_hook(Box::new(|info| tracing::error!("{}", told(info.location()))));
}

fn told(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!(
        "WatchState panicked at {place}: a mistake of ours; what was kept is safe; please report this"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    use watchstate_engine::SystemClock;

    use super::*;
    use crate::LogRing;
    use crate::contract::LogLevel;

    #[test]
    fn the_place_and_never_the_words() {
        let log = LogRing::new(Arc::new(SystemClock));
        tracing_subscriber::registry().with(log.clone()).init();
        tell_panics_by_place();
        let secret = "\u{e9}swordfish-17".to_owned();
        let cut = secret.clone();
        let ended = std::thread::spawn(move || cut[1..].to_owned()).join();
        // What the words would have been.
        let words = ended.unwrap_err();
        let words = words.downcast_ref::<String>().unwrap();
        assert!(words.contains("swordfish"), "{words}");
        let lines = log.lines(LogLevel::Debug, 10);
        let line = lines.iter().find(|line| line.what.contains("panicked at")).unwrap();
        assert!(line.what.contains("panics.rs:"), "{}", line.what);
        assert!(lines.iter().all(|line| !line.what.contains("swordfish")));
    }
}
