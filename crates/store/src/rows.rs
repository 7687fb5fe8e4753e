//! From columns to the words of the model and back.

use watchstate_model::{Marks, Moment, Position, Provider, Watch};

/// The number of a provider in the database. Numbers are never given twice.
pub(crate) fn provider_number(provider: Provider) -> i64 {
    match provider {
        Provider::Imdb => 1,
        Provider::Tmdb => 2,
        Provider::Tvdb => 3,
        Provider::Tvmaze => 4,
        Provider::Tvrage => 5,
        Provider::Anidb => 6,
        Provider::Youtube => 7,
        Provider::Cmdb => 8,
    }
}

pub(crate) fn position(ms: Option<i64>) -> Option<Position> {
    ms.and_then(|ms| Position::from_ms(u64::try_from(ms).unwrap_or(0)))
}

pub(crate) fn position_ms(watch: Watch) -> Option<i64> {
    watch.position().map(|position| i64::from(position.ms()))
}

pub(crate) fn watch(watched: i64, ms: Option<i64>) -> Watch {
    Watch::from_flag(watched != 0, position(ms))
}

pub(crate) fn marks(watched: i64, ms: Option<i64>, plays: i64, played_at: Option<i64>) -> Marks {
    Marks { watch: watch(watched, ms), plays: count(plays), last_played: played_at.map(Moment) }
}

pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// A mark as the journal writes it: `unwatched`, `started@600000`, `watched`, `watched@600000`; the
/// position in milliseconds.
pub fn watch_text(watch: Watch) -> String {
    let at = watch.position().map(|position| format!("@{}", position.ms())).unwrap_or_default();
    match watch {
        Watch::Unwatched => "unwatched".to_owned(),
        Watch::Started(_) => format!("started{at}"),
        Watch::Watched { .. } => format!("watched{at}"),
    }
}
