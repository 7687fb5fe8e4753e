//! Is it Kodi, which one, and what is its local time?

use serde_json::{Value, json};

use super::calls::{Call, outcomes};
use super::local_time::Shown;
use super::wire::{ApiVersion, Application, Labels, Setting};
use crate::error::{Fault, ServerError};
use crate::http::Answer;

const FRIENDLY_NAME: &str = "System.FriendlyName";
const LOCAL_DATE: &str = "System.Date(yyyy-mm-dd)";
const LOCAL_TIME: &str = "System.Time(hh:mm:ss xx)";

/// The operation, for messages.
pub(super) const CHECKING: &str = "checking the server";

/// What a check asks for, in one request: answers and the clock's header are of one moment.
pub(super) fn calls() -> Vec<Call> {
    vec![
        Call::new("JSONRPC.Version", json!({})),
        Call::new("Application.GetProperties", json!({ "properties": ["name", "version"] })),
        Call::new(
            "XBMC.GetInfoLabels",
            json!({ "labels": [FRIENDLY_NAME, LOCAL_DATE, LOCAL_TIME] }),
        ),
        Call::new("Settings.GetSettingValue", json!({ "setting": "locale.timezone" })),
    ]
}

/// What Kodi says of itself.
pub(super) struct Checked {
    application: Application,
    labels: Labels,
    zone: Option<String>,
}

impl Checked {
    /// Reads the answer to [`calls`] (recordings 80 and 81). Whatever is not Kodi's answer comes from
    /// another server.
    pub(super) fn read(answer: &Answer) -> Result<Self, ServerError> {
        let not_kodi = |what| ServerError::new(Fault::NotThisServer, CHECKING).with(what);
        let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
        if !matches!(first, Some(b'[' | b'{')) {
            return Err(not_kodi("what answers there does not speak JSON-RPC"));
        }
        // An answer that was cut short says nothing about who sent it.
        answer.json::<serde::de::IgnoredAny>(CHECKING)?;
        let mut outcomes = outcomes::<Value>(answer, calls().len(), CHECKING)
            .map_err(|_| not_kodi("what answers there does not answer as Kodi does"))?
            .into_iter();
        let mut next = || outcomes.next().and_then(Result::ok);
        let version = next().and_then(|value| serde_json::from_value::<ApiVersion>(value).ok());
        let application = next().and_then(|value| serde_json::from_value(value).ok());
        let labels = next().and_then(|value| serde_json::from_value(value).ok());
        // Only Kodi on Linux has this setting: a refusal is no news (as in recording 88).
        let zone = next()
            .and_then(|value| serde_json::from_value::<Setting>(value).ok())
            .and_then(|setting| setting.value.as_str().map(str::to_owned));
        match (version, application) {
            (Some(_), Some(application)) => {
                Ok(Self { application, labels: labels.unwrap_or_default(), zone })
            }
            _ => Err(not_kodi("what answers there speaks JSON-RPC and is not Kodi")),
        }
    }

    /// Its version.
    pub(super) fn version(&self) -> String {
        self.application.version()
    }

    /// Its friendly name; where there is none yet, the name of the program.
    pub(super) fn name(&self) -> String {
        match self.label(FRIENDLY_NAME).trim() {
            "" | "Busy" => self.application.name.clone(),
            name => name.to_owned(),
        }
    }

    /// What it says of its local time.
    pub(super) fn shown(&self) -> Shown<'_> {
        Shown {
            date: self.label(LOCAL_DATE),
            time: self.label(LOCAL_TIME),
            zone: self.zone.as_deref(),
        }
    }

    fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}
