//! Schedules, settings, the log, and the app itself.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Advice, Moment, TaskName};

/// How a task ended last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct TaskEnd {
    /// When.
    pub at: Moment,
    /// Whether it went well.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What it did, in a sentence.
    pub says: String,
}

/// A task and its schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Which.
    pub name: TaskName,
    /// Whether the schedule is on.
    pub on: bool,
    /// The schedule, as crontab writes it.
    pub line: String,
    /// The same in words.
    pub words: String,
    /// The next runs.
    pub next: Vec<Moment>,
    /// How it ended last.
    pub last: Option<TaskEnd>,
    /// Whether it goes on now.
    pub running: bool,
    /// The environment variable that sets it: then it is locked here.
    pub locked_by: Option<String>,
}

/// What is to become different with a task.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct SetTask {
    /// Which.
    pub name: TaskName,
    /// Whether the schedule is on.
    #[serde(default)]
    #[ts(optional)]
    pub on: Option<bool>,
    /// Another schedule.
    #[serde(default)]
    #[ts(optional)]
    pub line: Option<String>,
}

/// A schedule to be read.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct ReadCron {
    /// As crontab writes it.
    pub line: String,
}

/// Which task is meant.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct OneTask {
    /// Which.
    pub name: TaskName,
}

/// A schedule that was read. `ok` says which of the two it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(untagged)]
pub enum CronLine {
    /// It can be used.
    Good {
        /// True.
        #[ts(type = "true")]
        ok: bool,
        /// The same in words.
        words: String,
        /// The next runs.
        next: Vec<Moment>,
    },
    /// It cannot.
    Bad {
        /// False.
        #[ts(type = "false")]
        ok: bool,
        /// What is wrong with it.
        advice: Advice,
    },
}

/// Where a setting belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SettingGroup {
    /// How syncing goes.
    Sync,
    /// Which positions count.
    Progress,
    /// What is not done without asking.
    Safety,
    /// The window.
    Window,
    /// The network.
    Network,
    /// Files and folders.
    Files,
}

/// One of the values of a setting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// What it is called.
    pub title: String,
}

/// Which values a setting takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SettingKind {
    /// On or off.
    Switch,
    /// A whole number.
    Number {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
        /// What it counts.
        unit: Option<String>,
    },
    /// A text.
    Text,
    /// One of these.
    Choice {
        /// These.
        choices: Vec<Choice>,
    },
}

/// A setting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Its `WS_*` name.
    pub name: String,
    /// Where it belongs.
    pub group: SettingGroup,
    /// What it is called.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// Which values it takes.
    pub kind: SettingKind,
    /// Its value.
    pub value: String,
    /// Its value where nobody set it.
    pub default: String,
    /// The environment variable that sets it: then it is locked here.
    pub locked_by: Option<String>,
}

/// A setting to be changed.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct SetSetting {
    /// Its name.
    pub name: String,
    /// Its value; nothing for the default.
    pub value: Option<String>,
}

/// Where tokens are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SecretsIn {
    /// In the keyring of the system.
    Keyring,
    /// In a file that only its owner may read.
    File,
}

/// Where the window is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Host {
    /// In a window of its own.
    Desktop,
    /// In a browser.
    Browser,
}

/// The app itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Its version.
    pub version: String,
    /// Where its data is.
    pub data_folder: String,
    /// Where its tokens are.
    pub secrets: SecretsIn,
    /// Its licence.
    pub licence: String,
    /// Where the window is shown.
    pub host: Host,
    /// Whether it runs on demo servers.
    pub demo: bool,
}

/// How grave a line of the log is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Something happened.
    Info,
    /// Something for those who look for a mistake.
    Debug,
}

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct LogLine {
    /// When.
    pub at: Moment,
    /// How grave.
    pub level: LogLevel,
    /// What.
    pub what: String,
}

/// Which lines of the log are wanted.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct Log {
    /// The least grave.
    pub level: LogLevel,
    /// How many at most, the latest ones.
    pub size: u32,
}

/// A file that was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS)]
pub struct WrittenFile {
    /// Where it is.
    pub path: String,
}
