//! The settings of a data folder.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;
use serde_json::Value;
use watchstate_engine::Settings;
use watchstate_servers::Limits;

use super::table::{self, Definition, Group, TABLE, definition};
use super::{Resolved, Source, resolve};
use crate::kept_file::KeptFile;
use crate::{ApiError, Refusal, Result};

/// The name of the file, in the data folder.
pub(crate) const FILE: &str = "settings.json";

/// Where backups are kept, and how many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Keeping {
    /// The folder; nothing for the usual one.
    pub folder: Option<PathBuf>,
    /// So many of each account.
    pub most: usize,
    /// So many days; 0 for however long.
    pub days: i64,
}

impl Keeping {
    /// What it is by the plain values of the settings.
    pub(crate) fn by(value: impl Fn(&str) -> String) -> Self {
        let folder = value(table::BACKUP_PATH);
        Self {
            folder: (!folder.is_empty()).then(|| PathBuf::from(folder)),
            most: value(table::BACKUP_KEEP).parse().unwrap_or(30),
            days: value(table::BACKUP_KEEP_DAYS).parse().unwrap_or(90),
        }
    }
}

impl Default for Keeping {
    fn default() -> Self {
        let usual = |name: &str| definition(name).map(|of| of.default.to_owned());
        Self::by(|name| usual(name).unwrap_or_default())
    }
}

/// All settings of a data folder: what the environment said at the start, and what the file keeps.
pub struct Book {
    environment: BTreeMap<&'static str, String>,
    file: Mutex<KeptFile>,
    trouble: Option<Refusal>,
}

impl Book {
    /// Opens the settings of a data folder. `variable` answers for each name what the environment says; it is
    /// asked once. Never fails: see [`Book::trouble`].
    pub fn open(folder: &Path, variable: impl Fn(&str) -> Option<String>) -> Self {
        let (file, trouble) = KeptFile::open(folder, FILE);
        let said = |definition: &Definition| Some((definition.name, variable(definition.name)?));
        Self {
            environment: TABLE.iter().filter_map(said).collect(),
            file: Mutex::new(file),
            trouble,
        }
    }

    /// What is wrong with the file: it was damaged and is put aside, or cannot be read.
    pub fn trouble(&self) -> Option<&Refusal> {
        self.trouble.as_ref()
    }

    /// The first value, of the environment or of the file, that cannot be taken and for which a default stands
    /// in: for whoever would rather do nothing than something else than was asked for.
    pub fn not_taken(&self) -> Option<Refusal> {
        TABLE.iter().find_map(|definition| {
            let Resolved { source, trouble, .. } = self.resolved(definition);
            let Refusal { what, todo } = trouble?;
            Some(match source {
                // That names the variable already.
                Source::Environment => Refusal { what, todo },
                _ => Refusal::new(format!("{FILE}, {}: {what}", definition.name), todo),
            })
        })
    }

    /// All settings that are shown, in their order; those of the tasks are not among them.
    pub fn shown(&self) -> Vec<Resolved> {
        let shown = TABLE.iter().filter(|definition| definition.group != Group::Tasks);
        shown.map(|definition| self.resolved(definition)).collect()
    }

    /// One setting, or nothing if there is none of that name.
    pub fn get(&self, name: &str) -> Option<Resolved> {
        definition(name).map(|definition| self.resolved(definition))
    }

    /// Sets a setting, or back to its default. Refused: a name that is not known, one that the environment
    /// sets, a value that cannot be taken. When the file cannot be written nothing has changed.
    pub fn set(&self, name: &str, value: Option<&str>) -> Result<()> {
        let Some(definition) = definition(name) else {
            return Err(ApiError::usage("there is no such setting; look for its name in Settings"));
        };
        if self.resolved(definition).locked_by().is_some() {
            return Err(ApiError::usage(format!(
                "the environment variable {name} sets this; unset it and start WatchState again to \
                 change it here"
            )));
        }
        let value = match value {
            Some(typed) => {
                Some(Value::String(definition.kind.read(typed).map_err(|refusal| {
                    ApiError::usage(format!("{}: {refusal}", definition.title))
                })?))
            }
            None => None,
        };
        self.file.lock().unwrap_or_else(PoisonError::into_inner).set(name, value)
    }

    /// What the engine is told.
    pub fn engine(&self) -> Settings {
        table::engine(|name| self.value(name))
    }

    /// What the clients of servers are told.
    pub fn limits(&self) -> Limits {
        table::limits(|name| self.value(name))
    }

    /// Where webhooks are listened for while that is on.
    pub(crate) fn webhook_place(&self) -> SocketAddr {
        // Both were read by the table, which lets nothing else through.
        let address = self.value(table::WEBHOOK_BIND).parse().unwrap_or(Ipv4Addr::LOCALHOST.into());
        let port = self.value(table::WEBHOOK_PORT).parse().unwrap_or_default();
        SocketAddr::new(address, port)
    }

    /// Where webhooks are to be listened for; nothing while that is off.
    pub(crate) fn webhooks(&self) -> Option<SocketAddr> {
        (self.value(table::WEBHOOK) == "true").then(|| self.webhook_place())
    }

    /// Where backups are kept, and how many.
    pub(crate) fn keeping(&self) -> Keeping {
        Keeping::by(|name| self.value(name))
    }

    /// The time zone of crontab lines: the one that is set, or this computer's.
    pub fn zone(&self) -> TimeZone {
        let name = self.value(table::TIME_ZONE);
        if name.is_empty() {
            return TimeZone::system();
        }
        TimeZone::get(&name).unwrap_or_else(|_| TimeZone::system())
    }

    /// The plain value of a setting; empty for a name that is not known.
    fn value(&self, name: &str) -> String {
        self.get(name).map(|resolved| resolved.value).unwrap_or_default()
    }

    fn resolved(&self, definition: &'static Definition) -> Resolved {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // People who edit the file by hand write numbers and switches as JSON has them.
        let kept = file.get(definition.name).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let environment = self.environment.get(definition.name);
        resolve(definition, environment.map(String::as_str), kept.as_deref())
    }
}
