//! A file for whoever helps: what this household is like and what happened, without any secret, without
//! addresses and without the names of what people watch.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::App;
use crate::contract::{Failure, FailureKind, LogLevel, WrittenFile};

/// So many runs are told of.
const RUNS: u32 = 200;
/// So many lines of the log.
const LINES: u32 = 1000;

impl App {
    /// Writes the file into the data folder, for its owner alone.
    pub async fn support_bundle(&self) -> Result<WrittenFile, Failure> {
        let overview = self.overview().await?;
        let runs = self.runs(0, RUNS).await?;
        let backends: Vec<Value> = overview
            .backends
            .iter()
            .map(|card| {
                let secure = card.url.starts_with("https:");
                json!({
                    "id": card.id, "kind": card.kind, "https": secure, "import": card.import,
                    "export": card.export, "approved": card.approved, "importedAt": card.imported_at,
                    "exportedAt": card.exported_at, "items": card.items, "watched": card.watched,
                    "owed": card.owed, "parked": card.parked, "held": card.held,
                    "trouble": card.trouble,
                })
            })
            .collect();
        let about = self.about();
        let all = json!({
            "version": about.version,
            "host": about.host,
            "system": std::env::consts::OS,
            "machine": std::env::consts::ARCH,
            "secrets": about.secrets,
            "truth": overview.truth,
            "titles": overview.titles,
            "today": overview.today,
            "pausedUntil": overview.paused_until,
            "backends": backends,
            "runs": runs.rows,
            "log": self.log(LogLevel::Debug, LINES),
        });
        let household = self.household();
        let at = Timestamp::from_second(household.now().0).unwrap_or(Timestamp::UNIX_EPOCH);
        let name = format!("support-{}.json", at.strftime("%Y%m%d-%H%M%S"));
        let path = household.path().join(name);
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(household.path())?;
            serde_json::to_writer_pretty(&mut file, &all)?;
            file.flush()?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| {
            Failure::new(
                FailureKind::Store,
                format!("The file cannot be written ({})", error.kind()),
                "Make room in the data folder",
            )
        })?;
        Ok(WrittenFile { path: path.display().to_string() })
    }
}
