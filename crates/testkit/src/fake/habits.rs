//! What each kind and version does in its own way, as data: the state machine has no case for a version.

use watchstate_servers::ServerKind;

/// A server's version, compared number by number. What is missing is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(pub [u16; 4]);

impl Version {
    /// From a text such as `10.10.7` or `4.8.11.0`; what is no number counts as zero.
    pub fn parse(text: &str) -> Self {
        let mut numbers = [0; 4];
        for (number, part) in numbers.iter_mut().zip(text.split('.')) {
            *number = part.parse().unwrap_or(0);
        }
        Self(numbers)
    }

    /// Whether it is this major and minor version or a later one.
    pub fn is_from(self, major: u16, minor: u16) -> bool {
        (self.0[0], self.0[1]) >= (major, minor)
    }
}

/// Over which paths a part of the user data can be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartialWrites {
    /// Over none: 404 (Jellyfin 10.8.6 and Emby 3.2.40, recordings 41 and 43).
    None,
    /// `/Users/{user}/Items/{item}/UserData` alone (Emby 4.8's OpenAPI document).
    Legacy,
    /// That and `/UserItems/{item}/UserData?userId=` (Jellyfin 10.10.7, recordings 41 and 43).
    Both,
}

/// Who may ask on a socket for what is being played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionsToldTo {
    /// Everyone (Jellyfin 10.8 and Emby, whose recordings are of an administrator; nothing says that others
    /// may not).
    Everyone,
    /// Administrators; the others hear nothing (Jellyfin from 10.9 on: `SessionInfoWebSocketListener`).
    Admins,
    /// Everyone of their own sessions, administrators of all (Jellyfin 12.0).
    OwnOrAdmins,
}

/// How a server of a kind and version behaves. Numbers of recordings are those of
/// `tests/recordings/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Habits {
    /// Marks belong to a title's key (a film's tmdb id, a series' key with `SSSEEE`), so that two copies
    /// share them. Plex keeps them per item.
    pub shares_marks: bool,
    /// After a write to one copy the other goes on showing what it showed, until the server is
    /// restarted, while `IsPlayed` already lists both (recordings 86 and 87, all three servers).
    pub copies_lag: bool,
    /// Marking as played again without a date keeps the earlier date (10.10.7, Emby 3.2.40; recordings
    /// 37, 49 and 56); otherwise it becomes now (10.8.6).
    pub repeat_keeps_date: bool,
    /// Marking with a date raises the play count each time. Not seen on a genuine server; newer sources
    /// read as if it did, so that tests can ask for it.
    pub dated_repeat_counts: bool,
    /// The start of a session takes the played flag away (both Jellyfins; recording 72: a stop at 1 %
    /// leaves a watched film unwatched). Emby 3.2.40 shows it played again after the stop.
    pub start_clears_played: bool,
    /// Over which paths a part of the user data can be written.
    pub partial_writes: PartialWrites,
    /// A part that does not say whether it is watched, where to go on or whether it is a favourite says
    /// no, nowhere and no. Emby's OpenAPI document has these three as fields that cannot be absent; not
    /// seen on a genuine server, so that the stricter reading is taken.
    pub absent_is_no: bool,
    /// Knows `/UserPlayedItems`, `/UserViews` and the like (recording 40).
    pub modern_paths: bool,
    /// Takes `datePlayed` in ISO 8601 as well; Emby 3.2.40 answers 500 (recording 35), and what later ones
    /// do is not known, so that they are as strict here.
    pub iso_dates: bool,
    /// Anyone signed in may write anyone's marks (10.8.6 and Emby 3.2.40; 403 on 10.10.7, recording 56).
    pub others_writable: bool,
    /// `GET /Items` with an API key and no user works (500 on 10.8.6, recording 31).
    pub items_without_user: bool,
    /// User data carry an `ItemId`, of zeros in answers over HTTP (10.10.7, all recordings).
    pub zero_item_id: bool,
    /// Tells the last episode of a file with several (not Emby 3.2.40, recording 26).
    pub tells_range: bool,
    /// Keys are small numbers as text (Plex; Emby from 4.0), not 32 hex digits.
    pub numeric_keys: bool,
    /// Takes `X-Emby-Token`, `X-MediaBrowser-Token`, `?api_key=` and the scheme `Emby` (off from
    /// Jellyfin 12.0 on).
    pub legacy_auth: bool,
    /// Answers below `/emby` too.
    pub emby_prefix: bool,
    /// Answers below `/mediabrowser` too (not Emby 3.2.40, recording 79).
    pub mediabrowser_prefix: bool,
    /// Filters by `anyProviderIdEquals` (Emby's 4.8 document; ignored by the three recorded servers).
    pub filters_by_id: bool,
    /// A file with several episodes is one item. Plex has an item for each, with the same file.
    pub range_is_one_item: bool,
    /// Positions before this share of the running time are none: percent.
    pub resume_from_pct: u64,
    /// Positions from this share on are the end: percent.
    pub watched_from_pct: u64,
    /// What is shorter has no resume point: seconds.
    pub shortest_resumable_s: u32,
    /// Positions are cut to whole units of so many milliseconds. Not seen on a genuine Plex, Jellyfin or Emby;
    /// Kodi keeps seconds. So that tests can ask for it.
    pub place_unit_ms: u64,
    /// A socket begins with `ForceKeepAlive` (both recorded Jellyfins; not Emby).
    pub forces_keep_alive: bool,
    /// What is told has a `MessageId` (Jellyfin; Emby from 4.0 on, apart from its sessions).
    pub numbers_messages: bool,
    /// With a mark the state of the season or folder above it is told (all three recorded servers; Emby
    /// 4.9 was seen to tell of the item alone).
    pub tells_parents: bool,
    /// Begin and end of a playback are told beside the sessions (Emby 3.2.40).
    pub tells_playback: bool,
    /// Whom sessions are told.
    pub sessions_told_to: SessionsToldTo,
    /// Plex tells that it has refreshed an item after a mark was set by hand, and also when somebody only
    /// opened its page. Nothing says when it does so and when not: off until a test wants it.
    pub tells_refresh: bool,
    /// Numbers on Plex's socket are written as text, which was seen of some of them.
    pub numbers_as_text: bool,
}

impl Habits {
    /// The habits of a kind and version. Kodi is no fake of ours (tests run the genuine one) and is
    /// treated as Plex.
    pub fn of(kind: ServerKind, version: Version) -> Self {
        let mediabrowser = Self {
            shares_marks: true,
            copies_lag: true,
            repeat_keeps_date: true,
            dated_repeat_counts: false,
            start_clears_played: true,
            partial_writes: PartialWrites::None,
            absent_is_no: false,
            modern_paths: false,
            iso_dates: true,
            others_writable: true,
            items_without_user: true,
            zero_item_id: false,
            tells_range: true,
            numeric_keys: false,
            legacy_auth: true,
            emby_prefix: true,
            mediabrowser_prefix: true,
            filters_by_id: false,
            range_is_one_item: true,
            resume_from_pct: 5,
            watched_from_pct: 90,
            shortest_resumable_s: 300,
            place_unit_ms: 1,
            forces_keep_alive: false,
            numbers_messages: true,
            tells_parents: true,
            tells_playback: false,
            sessions_told_to: SessionsToldTo::Everyone,
            tells_refresh: false,
            numbers_as_text: false,
        };
        match kind {
            ServerKind::Jellyfin => {
                let modern = version.is_from(10, 9);
                let twelve = version.is_from(12, 0);
                Self {
                    repeat_keeps_date: modern,
                    partial_writes: if modern { PartialWrites::Both } else { PartialWrites::None },
                    modern_paths: modern,
                    others_writable: !modern,
                    items_without_user: modern,
                    zero_item_id: version.is_from(10, 10),
                    legacy_auth: !twelve,
                    emby_prefix: !twelve,
                    mediabrowser_prefix: !twelve,
                    forces_keep_alive: true,
                    sessions_told_to: match (modern, twelve) {
                        (_, true) => SessionsToldTo::OwnOrAdmins,
                        (true, false) => SessionsToldTo::Admins,
                        (false, false) => SessionsToldTo::Everyone,
                    },
                    ..mediabrowser
                }
            }
            ServerKind::Emby => {
                let four = version.is_from(4, 0);
                Self {
                    start_clears_played: false,
                    absent_is_no: true,
                    partial_writes: if version.is_from(4, 8) {
                        PartialWrites::Legacy
                    } else {
                        PartialWrites::None
                    },
                    iso_dates: false,
                    tells_range: four,
                    numeric_keys: four,
                    others_writable: !four,
                    mediabrowser_prefix: four,
                    filters_by_id: four,
                    numbers_messages: four,
                    tells_parents: !four,
                    tells_playback: !four,
                    ..mediabrowser
                }
            }
            ServerKind::Plex | ServerKind::Kodi => Self {
                shares_marks: false,
                copies_lag: false,
                numeric_keys: true,
                range_is_one_item: false,
                ..mediabrowser
            },
        }
    }
}
