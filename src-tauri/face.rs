//! What the tray shows, from what the app says of itself. Pure.

use watchstate_api::contract::{Overview, Truth, Watching};

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
    /// Who is watching what.
    pub(crate) watching: String,
    /// What waits for a person; nothing when nothing does.
    pub(crate) waiting: Option<String>,
    pub(crate) paused: bool,
}

/// The face of the app. `now` is in unix seconds.
pub(crate) fn face(overview: &Overview, watching: &[Watching], now: i64) -> Face {
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
    Face { icon, status, last_sync, watching: watches(watching), waiting, paused }
}

/// What stands there while nothing is being played, or nothing is known of it.
pub(crate) const NOBODY: &str = "Nobody is watching";

/// Who is watching what, in a line that is no wider than a menu.
fn watches(watching: &[Watching]) -> String {
    const WIDEST: usize = 40;
    let [one] = watching else {
        return match watching.len() {
            0 => NOBODY.to_owned(),
            many => format!("{many} titles are being watched"),
        };
    };
    let who = one.person.as_deref().unwrap_or("Somebody");
    let what = match &one.title {
        None => "something new".to_owned(),
        Some(title) => match (&title.show, title.season, title.episode) {
            (Some(show), Some(season), Some(episode)) => format!("{show} {season}×{episode:02}"),
            _ => title.name.clone(),
        },
    };
    let what = if what.chars().count() > WIDEST {
        what.chars().take(WIDEST - 1).chain(['…']).collect()
    } else {
        what
    };
    let how = if one.paused { "paused" } else { "is watching" };
    format!("{who} {how} {what} on {}", one.backend.name)
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
    use watchstate_api::contract::{BackendId, Moment, NamedBackend, TitleId, WatchedTitle};

    use super::*;

    fn plays(name: &str) -> Watching {
        let backend = NamedBackend { id: BackendId(1), name: "den".to_owned() };
        let name = name.to_owned();
        let title = WatchedTitle { id: TitleId(1), name, show: None, season: None, episode: None };
        Watching {
            backend,
            person: Some("ana".to_owned()),
            title: Some(title),
            position_ms: None,
            duration_ms: None,
            paused: false,
            device: None,
            since_at: Moment(0),
            goes_to: Vec::new(),
            stays: None,
        }
    }

    #[test]
    fn who_is_watching() {
        assert_eq!(watches(&[]), "Nobody is watching");
        assert_eq!(watches(&[plays("Heat")]), "ana is watching Heat on den");
        assert_eq!(
            watches(&[Watching { paused: true, person: None, ..plays("Heat") }]),
            "Somebody paused Heat on den"
        );
        assert_eq!(
            watches(&[Watching { title: None, ..plays("") }]),
            "ana is watching something new on den"
        );
        let mut episode = plays("Ozymandias");
        let title = episode.title.as_mut().unwrap();
        (title.show, title.season, title.episode) =
            (Some("Breaking Bad".to_owned()), Some(5), Some(4));
        assert_eq!(watches(&[episode.clone()]), "ana is watching Breaking Bad 5×04 on den");
        assert_eq!(watches(&[episode, plays("Heat")]), "2 titles are being watched");
        let long = watches(&[plays(&"é".repeat(300))]);
        assert_eq!(long, format!("ana is watching {}… on den", "é".repeat(39)));
    }

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
