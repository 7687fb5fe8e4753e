//! What the tray shows, from what the app says of itself. Pure.

use watchstate_api::contract::{Overview, Truth};

/// The icon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Icon {
    /// Every account has confirmed everything.
    InSync,
    /// Something goes on, or rests because a person said so, or there is nothing to do yet.
    Working,
    /// A person is waited for.
    NeedsYou,
    /// Something is wrong.
    Trouble,
}

/// The icon and the words of the tray.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Face {
    pub(crate) icon: Icon,
    /// What is true, in a sentence.
    pub(crate) status: String,
    /// When it was last synced.
    pub(crate) last_sync: String,
    /// What waits for a person; nothing when nothing does.
    pub(crate) waiting: Option<String>,
    pub(crate) paused: bool,
}

/// The face of the app. `now` is in unix seconds.
pub(crate) fn face(overview: &Overview, now: i64) -> Face {
    let icon = match overview.truth {
        Truth::InSync => Icon::InSync,
        Truth::Working | Truth::Paused | Truth::Empty => Icon::Working,
        Truth::NeedsYou => Icon::NeedsYou,
        Truth::Trouble => Icon::Trouble,
    };
    let waiting: u64 = overview.waiting.iter().map(|waiting| waiting.count).sum();
    let waiting = match (overview.waiting.as_slice(), waiting) {
        ([], _) => None,
        (_, 1) => Some("1 change waits for you…".to_owned()),
        (_, many) => Some(format!("{many} changes wait for you…")),
    };
    let last_sync = match overview.last_sync {
        None => "Not synced yet".to_owned(),
        Some(at) => format!("Last sync {}", ago(now.saturating_sub(at.0))),
    };
    let paused = overview.paused_until.is_some();
    let status = match &overview.todo {
        Some(todo) => format!("{}. {todo}", overview.says),
        None => overview.says.clone(),
    };
    Face { icon, status, last_sync, waiting, paused }
}

/// How long ago, in words.
fn ago(seconds: i64) -> String {
    let many = |n: i64, what: &str| match n {
        1 => format!("1 {what} ago"),
        n => format!("{n} {what}s ago"),
    };
    match seconds {
        ..60 => "just now".to_owned(),
        60..3600 => many(seconds / 60, "minute"),
        3600..86_400 => many(seconds / 3600, "hour"),
        _ => many(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago() {
        for (seconds, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (86_400, "1 day ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }
}
