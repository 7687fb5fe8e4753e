//! Every setting there is: its name, what it means, what it may be, and what it is if nobody says.

use watchstate_engine::Settings;
use watchstate_servers::Limits;

pub use super::kind::{Choice, Kind};

/// One setting.
#[derive(PartialEq, Debug)]
pub struct Definition {
    /// Its name, as an environment variable and in the file.
    pub name: &'static str,
    /// Where it is shown.
    pub group: Group,
    /// What it is called.
    pub title: &'static str,
    /// What it does: one or two sentences.
    pub meaning: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is if nobody says, in its plain form.
    pub default: &'static str,
}

/// Where a setting is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// How import and export work.
    Sync,
    /// Which positions are told.
    Progress,
    /// What waits for a person's yes.
    Safety,
    /// The window and the desktop.
    Window,
    /// How servers are asked.
    Network,
    /// The data folder.
    Files,
    /// Shown with the tasks, not with the settings.
    Tasks,
}

impl Group {
    /// The stable word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Progress => "progress",
            Self::Safety => "safety",
            Self::Window => "window",
            Self::Network => "network",
            Self::Files => "files",
            Self::Tasks => "tasks",
        }
    }
}

/// More owed writes than this make an export a full one.
pub const EXPORT_THRESHOLD: &str = "WS_EXPORT_THRESHOLD";
/// How many items a page may ask for at most.
pub const LIBRARY_SEGMENT: &str = "WS_LIBRARY_SEGMENT";
/// How many backends are read at once.
pub const BACKENDS_AT_ONCE: &str = "WS_BACKENDS_AT_ONCE";
/// How many writes are under way to one backend at once.
pub const WRITES_AT_ONCE: &str = "WS_WRITES_AT_ONCE";
/// The time zone of crontab lines.
pub const TIME_ZONE: &str = "WS_TZ";
/// Whether servers are listened to.
pub const REALTIME: &str = "WS_REALTIME";
/// From how many seconds on a position is progress.
pub const PROGRESS_MINIMUM: &str = "WS_PROGRESS_MINIMUM";
/// For how many seconds after a title was watched a position in it is no rewatch.
pub const PROGRESS_THRESHOLD: &str = "WS_PROGRESS_THRESHOLD";
/// How many un-watches always pass the brake.
pub const BRAKE_AT_LEAST: &str = "WS_BRAKE_AT_LEAST";
/// How many of a hundred watched titles may be un-watched in one run.
pub const BRAKE_PERCENT: &str = "WS_BRAKE_PERCENT";
/// How many of an account's latest marks, gone at once, are held as after restoring a back-up.
pub const BRAKE_LATEST: &str = "WS_BRAKE_LATEST";
/// For how many days what was changed can be undone.
pub const UNDO_DAYS: &str = "WS_UNDO_DAYS";
/// How many snapshots of a backend are kept.
pub const SNAPSHOTS_KEPT: &str = "WS_KEEP_SNAPSHOTS";
/// For how many days snapshots are kept.
pub const SNAPSHOTS_DAYS: &str = "WS_SNAPSHOTS_DAYS";
/// Light or dark.
pub const THEME: &str = "WS_THEME";
/// Whether the desktop tells of trouble and of what waits for a yes.
pub const NOTIFICATIONS: &str = "WS_NOTIFICATIONS";
/// Whether WatchState starts with the desktop.
pub const AUTOSTART: &str = "WS_AUTOSTART";
/// Where servers are looked for.
pub const FIND_SERVERS: &str = "WS_FIND_SERVERS";
/// The word of [`FIND_SERVERS`] for the networks of this computer.
pub const FIND_IN_NETWORK: &str = "network";
/// Requests to one server in flight at once.
pub const REQUESTS_AT_ONCE: &str = "WS_REQUESTS_AT_ONCE";
/// How often a failed request is sent again.
pub const HTTP_MAX_RETRIES: &str = "WS_HTTP_MAX_RETRIES";
/// How many seconds an answer may take as a whole.
pub const HTTP_TIMEOUT: &str = "WS_HTTP_TIMEOUT";
/// Whether servers may tell by webhooks what happened.
pub const WEBHOOK: &str = "WS_WEBHOOK";
/// Where webhooks are listened for.
pub const WEBHOOK_BIND: &str = "WS_WEBHOOK_BIND";
/// The port for webhooks.
pub const WEBHOOK_PORT: &str = "WS_WEBHOOK_PORT";
/// Whether the import runs by itself.
pub const CRON_IMPORT: &str = "WS_CRON_IMPORT";
/// When the import runs.
pub const CRON_IMPORT_AT: &str = "WS_CRON_IMPORT_AT";
/// Whether the export runs by itself.
pub const CRON_EXPORT: &str = "WS_CRON_EXPORT";
/// When the export runs.
pub const CRON_EXPORT_AT: &str = "WS_CRON_EXPORT_AT";
/// Whether the backup runs by itself.
pub const CRON_BACKUP: &str = "WS_CRON_BACKUP";
/// When the backup runs.
pub const CRON_BACKUP_AT: &str = "WS_CRON_BACKUP_AT";
/// Where backups are kept.
pub const BACKUP_PATH: &str = "WS_BACKUP_PATH";
/// How many backups of an account are kept.
pub const BACKUP_KEEP: &str = "WS_BACKUP_KEEP";
/// How many days backups are kept.
pub const BACKUP_KEEP_DAYS: &str = "WS_BACKUP_KEEP_DAYS";

/// All of them, in the order in which they are shown.
pub static TABLE: &[Definition] = &[
    Definition {
        name: REALTIME,
        group: Group::Sync,
        title: "Follow servers at once",
        meaning: "Listens to your servers, so that a mark or a stop on one is on the others in about a \
                  second. Switched off, changes travel with the import and export tasks alone.",
        kind: Kind::Switch,
        default: "true",
    },
    Definition {
        name: EXPORT_THRESHOLD,
        group: Group::Sync,
        title: "Full export from",
        meaning: "With more changes than this a server is read as a whole before it is written, which \
                  is faster than looking at each title.",
        kind: Kind::Number { min: 0, max: 1_000_000_000, unit: Some("changes") },
        default: "1000",
    },
    Definition {
        name: LIBRARY_SEGMENT,
        group: Group::Sync,
        title: "Largest page",
        meaning: "How many titles one request may ask for at most. Smaller pages are kinder to a slow \
                  server, larger ones faster.",
        kind: Kind::Number { min: 50, max: 10_000, unit: Some("titles") },
        default: "1000",
    },
    Definition {
        name: BACKENDS_AT_ONCE,
        group: Group::Sync,
        title: "Backends read at once",
        meaning: "How many backends an import reads at the same time.",
        kind: Kind::Number { min: 1, max: 16, unit: Some("backends") },
        default: "4",
    },
    Definition {
        name: WRITES_AT_ONCE,
        group: Group::Sync,
        title: "Writes at once",
        meaning: "How many changes are written to one backend at the same time.",
        kind: Kind::Number { min: 1, max: 16, unit: Some("writes") },
        default: "4",
    },
    Definition {
        name: TIME_ZONE,
        group: Group::Sync,
        title: "Time zone of schedules",
        meaning: "The time zone in which tasks run at the times you set. Empty: the one of this \
                  computer.",
        kind: Kind::TimeZone,
        default: "",
    },
    Definition {
        name: PROGRESS_MINIMUM,
        group: Group::Progress,
        title: "Progress begins after",
        meaning: "A title that was played for less than this counts as not started, and its position \
                  is not told to other servers.",
        kind: Kind::Number { min: 0, max: 3600, unit: Some("seconds") },
        default: "60",
    },
    Definition {
        name: PROGRESS_THRESHOLD,
        group: Group::Progress,
        title: "A rewatch begins after",
        meaning: "A position in a title that was watched less than this ago is taken for what is left of \
                  that viewing: it is told to no other server, and taken back where it is shown. With 0 \
                  every one is a rewatch. Either way the title stays watched.",
        kind: Kind::Number { min: 0, max: 86_400, unit: Some("seconds") },
        default: "0",
    },
    Definition {
        name: BRAKE_AT_LEAST,
        group: Group::Safety,
        title: "Un-watched without asking",
        meaning: "A run that would mark more titles as unwatched than this waits for your yes, unless \
                  the share below allows more.",
        kind: Kind::Number { min: 0, max: 1_000_000, unit: Some("titles") },
        default: "20",
    },
    Definition {
        name: BRAKE_PERCENT,
        group: Group::Safety,
        title: "Share un-watched without asking",
        meaning: "Which share of all watched titles one run may mark as unwatched without your yes.",
        kind: Kind::Number { min: 0, max: 100, unit: Some("%") },
        default: "5",
    },
    Definition {
        name: BRAKE_LATEST,
        group: Group::Safety,
        title: "Latest marks un-watched without asking",
        meaning: "When so many of the latest marks of a server are gone at once, and hardly any older ones, a \
                  back-up was restored there: they wait for your yes, however few they are. 0 asks nothing of \
                  the kind.",
        kind: Kind::Number { min: 0, max: 1_000_000, unit: Some("titles") },
        default: "10",
    },
    Definition {
        name: UNDO_DAYS,
        group: Group::Safety,
        title: "Can be undone for",
        meaning: "For how long it is kept what a run changed, so that it can be undone.",
        kind: Kind::Number { min: 1, max: 3650, unit: Some("days") },
        default: "90",
    },
    Definition {
        name: SNAPSHOTS_KEPT,
        group: Group::Safety,
        title: "Snapshots of each backend",
        meaning: "Before a run writes to a backend, it is kept what the backend shows. So many of these snapshots \
                  are kept at most.",
        kind: Kind::Number { min: 1, max: 1000, unit: None },
        default: "100",
    },
    Definition {
        name: SNAPSHOTS_DAYS,
        group: Group::Safety,
        title: "Snapshots are kept for",
        meaning: "Older snapshots of a backend are forgotten.",
        kind: Kind::Number { min: 1, max: 3650, unit: Some("days") },
        default: "90",
    },
    Definition {
        name: THEME,
        group: Group::Window,
        title: "Theme",
        meaning: "Light or dark, or as the desktop has it.",
        kind: Kind::Choice(&[
            Choice { value: "system", title: "As the desktop" },
            Choice { value: "light", title: "Light" },
            Choice { value: "dark", title: "Dark" },
        ]),
        default: "system",
    },
    Definition {
        name: NOTIFICATIONS,
        group: Group::Window,
        title: "Notifications",
        meaning: "The desktop tells you when there is trouble or something waits for your yes; never \
                  of routine.",
        kind: Kind::Switch,
        default: "true",
    },
    Definition {
        name: AUTOSTART,
        group: Group::Window,
        title: "Start on login",
        meaning: "WatchState starts in the tray when you log in.",
        kind: Kind::Switch,
        default: "false",
    },
    Definition {
        name: FIND_SERVERS,
        group: Group::Network,
        title: "Look for servers",
        meaning: "Where WatchState looks for servers when you add one. On the network it asks whoever \
                  listens there; on this computer it knocks at the usual ports.",
        kind: Kind::Choice(&[
            Choice { value: FIND_IN_NETWORK, title: "On the network" },
            Choice { value: "computer", title: "On this computer" },
        ]),
        default: FIND_IN_NETWORK,
    },
    Definition {
        name: REQUESTS_AT_ONCE,
        group: Group::Network,
        title: "Requests at once",
        meaning: "How many requests to one server are under way at the same time.",
        kind: Kind::Number { min: 1, max: 32, unit: Some("requests") },
        default: "4",
    },
    Definition {
        name: HTTP_MAX_RETRIES,
        group: Group::Network,
        title: "Tries again",
        meaning: "How often a request that failed is sent again before the failure is told.",
        kind: Kind::Number { min: 0, max: 10, unit: Some("times") },
        default: "3",
    },
    Definition {
        name: HTTP_TIMEOUT,
        group: Group::Network,
        title: "Longest answer",
        meaning: "How long one answer of a server may take as a whole.",
        kind: Kind::Number { min: 10, max: 3600, unit: Some("seconds") },
        default: "300",
    },
    Definition {
        name: WEBHOOK,
        group: Group::Network,
        title: "Listen for webhooks",
        meaning: "Servers may tell by a webhook that something was watched. Each backend has an address for \
                  that. WatchState hears most without it.",
        kind: Kind::Switch,
        default: "false",
    },
    Definition {
        name: WEBHOOK_BIND,
        group: Group::Network,
        title: "Listen at",
        meaning: "Where webhooks are listened for. 127.0.0.1: only servers on this computer are heard. \
                  0.0.0.0: everybody in the network may knock.",
        kind: Kind::Address,
        default: "127.0.0.1",
    },
    Definition {
        name: WEBHOOK_PORT,
        group: Group::Network,
        title: "Port for webhooks",
        meaning: "The port at which webhooks are listened for.",
        kind: Kind::Number { min: 1024, max: 65_535, unit: None },
        default: "8487",
    },
    Definition {
        name: BACKUP_PATH,
        group: Group::Files,
        title: "Folder of the backups",
        meaning: "Where backups are written: the whole path of a folder. Empty: the folder backups in the \
                  data folder.",
        kind: Kind::Folder,
        default: "",
    },
    Definition {
        name: BACKUP_KEEP,
        group: Group::Files,
        title: "Backups kept",
        meaning: "How many backups of each account are kept. The latest always stays, and so does a file \
                  to which you give another name.",
        kind: Kind::Number { min: 1, max: 1000, unit: Some("backups") },
        default: "30",
    },
    Definition {
        name: BACKUP_KEEP_DAYS,
        group: Group::Files,
        title: "Backups kept for",
        meaning: "Backups that are older than this go, but never the latest of an account. 0: however \
                  old they are.",
        kind: Kind::Number { min: 0, max: 3650, unit: Some("days") },
        default: "90",
    },
    Definition {
        name: CRON_IMPORT,
        group: Group::Tasks,
        title: "Import by schedule",
        meaning: "Reads what was watched on each server.",
        kind: Kind::Switch,
        default: "true",
    },
    Definition {
        name: CRON_IMPORT_AT,
        group: Group::Tasks,
        title: "When to import",
        meaning: "The crontab line of the import.",
        kind: Kind::Crontab,
        default: "0 */1 * * *",
    },
    Definition {
        name: CRON_EXPORT,
        group: Group::Tasks,
        title: "Export by schedule",
        meaning: "Tells each server what was watched on the others.",
        kind: Kind::Switch,
        default: "true",
    },
    Definition {
        name: CRON_EXPORT_AT,
        group: Group::Tasks,
        title: "When to export",
        meaning: "The crontab line of the export.",
        kind: Kind::Crontab,
        default: "30 */1 * * *",
    },
    Definition {
        name: CRON_BACKUP,
        group: Group::Tasks,
        title: "Backup by schedule",
        meaning: "Writes what was watched on each account into a file.",
        kind: Kind::Switch,
        default: "true",
    },
    Definition {
        name: CRON_BACKUP_AT,
        group: Group::Tasks,
        title: "When to back up",
        meaning: "The crontab line of the backup.",
        kind: Kind::Crontab,
        default: "0 6 */3 * *",
    },
];

/// The setting of a name.
pub fn definition(name: &str) -> Option<&'static Definition> {
    TABLE.iter().find(|definition| definition.name == name)
}

/// What the engine is told, with the plain value of each setting.
pub(super) fn engine(value: impl Fn(&str) -> String) -> Settings {
    let usual = Settings::default();
    let number = |name: &str| value(name).parse::<u64>().ok();
    let small = |name: &str, usual: u32| {
        number(name).and_then(|number| u32::try_from(number).ok()).unwrap_or(usual)
    };
    let count = |name: &str, usual: usize| {
        number(name).and_then(|number| usize::try_from(number).ok()).unwrap_or(usual).max(1)
    };
    let mut settings = usual;
    settings.export_threshold = number(EXPORT_THRESHOLD).unwrap_or(usual.export_threshold);
    settings.page_most = small(LIBRARY_SEGMENT, usual.page_most);
    settings.page_first = usual.page_first.min(settings.page_most);
    settings.backends_at_once = count(BACKENDS_AT_ONCE, usual.backends_at_once);
    settings.writes_at_once = count(WRITES_AT_ONCE, usual.writes_at_once);
    settings.progress.minimum_ms = small(PROGRESS_MINIMUM, 60).saturating_mul(1000);
    settings.progress.rewatch_after_s = small(PROGRESS_THRESHOLD, 0);
    settings.brake.at_least = small(BRAKE_AT_LEAST, usual.brake.at_least);
    settings.brake.percent = small(BRAKE_PERCENT, usual.brake.percent);
    settings.brake.latest = small(BRAKE_LATEST, usual.brake.latest);
    settings.undo_days = small(UNDO_DAYS, usual.undo_days);
    settings.snapshots_kept = small(SNAPSHOTS_KEPT, usual.snapshots_kept).max(1);
    settings.snapshots_days = small(SNAPSHOTS_DAYS, usual.snapshots_days);
    settings
}

/// What clients are told, with the plain value of each setting.
pub(super) fn limits(value: impl Fn(&str) -> String) -> Limits {
    let usual = Limits::default();
    let number = |name: &str| value(name).parse::<u32>().ok();
    Limits {
        at_once: number(REQUESTS_AT_ONCE)
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(usual.at_once)
            .max(1),
        retries: number(HTTP_MAX_RETRIES).unwrap_or(usual.retries),
        total_timeout: number(HTTP_TIMEOUT)
            .map_or(usual.total_timeout, |seconds| std::time::Duration::from_secs(seconds.into())),
        ..usual
    }
}
