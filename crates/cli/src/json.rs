//! Answers for programs: one object each.

use serde::Serialize;
use watchstate_api::ApiError;
use watchstate_engine::{PreviewChange, RunReport};
use watchstate_model::{Because, Watch};
use watchstate_store::{Backend, Line, Task, watch_text};

use crate::words::stamp;

/// A value as one line of JSON.
pub(crate) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// `{"error":{"code":…,"message":…}}`
pub(crate) fn error(error: &ApiError) -> String {
    #[derive(Serialize)]
    struct Failed<'a> {
        error: Inner<'a>,
    }
    #[derive(Serialize)]
    struct Inner<'a> {
        code: &'a str,
        message: &'a str,
    }
    line(&Failed { error: Inner { code: error.code.name(), message: &error.message } })
}

/// One run. The fields of an import, of an export and of a restore are not the same.
pub(crate) enum RunJson<'a> {
    Import(&'a RunReport),
    Export(&'a RunReport),
    Restore(&'a RunReport),
}

impl<'a> RunJson<'a> {
    pub(crate) fn of(report: &'a RunReport) -> Self {
        match report.task {
            Task::Import => Self::Import(report),
            Task::Export | Task::Undo => Self::Export(report),
            Task::Restore => Self::Restore(report),
        }
    }
}

impl Serialize for RunJson<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let (Self::Import(report) | Self::Export(report) | Self::Restore(report)) = self;
        let run = &report.run;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("task", report.task.name())?;
        map.serialize_entry("backend", &report.name)?;
        map.serialize_entry("ok", &report.ok)?;
        match self {
            Self::Import(_) => {
                map.serialize_entry("seen", &run.seen)?;
                map.serialize_entry("added", &run.added)?;
                map.serialize_entry("changed", &run.changed)?;
                map.serialize_entry("unchanged", &run.unchanged)?;
                map.serialize_entry("unmatched", &run.unmatched)?;
            }
            Self::Export(_) => {
                map.serialize_entry("mode", &run.mode)?;
                map.serialize_entry("planned", &run.planned)?;
                map.serialize_entry("written", &run.written)?;
                map.serialize_entry("already", &run.already)?;
                map.serialize_entry("held", &run.held)?;
                map.serialize_entry("failed", &run.failed)?;
            }
            Self::Restore(_) => {
                map.serialize_entry("seen", &run.seen)?;
                map.serialize_entry("changed", &run.changed)?;
            }
        }
        map.serialize_entry("requests", &run.requests)?;
        map.serialize_entry("bytes", &run.bytes)?;
        map.serialize_entry("ms", &run.ms)?;
        map.serialize_entry("error", &run.error)?;
        map.end()
    }
}

/// `{"runs":[…]}`
#[derive(Serialize)]
pub(crate) struct Runs<'a> {
    pub(crate) runs: Vec<RunJson<'a>>,
}

/// `{"runs":[…],"taken":[…],"changes":[…]}`: what a dry run answers.
#[derive(Serialize)]
pub(crate) struct DryRun<'a> {
    pub(crate) runs: Vec<RunJson<'a>>,
    pub(crate) taken: Vec<LineJson<'a>>,
    pub(crate) changes: Vec<ChangeJson<'a>>,
}

/// A line of the journal.
#[derive(Serialize)]
pub(crate) struct LineJson<'a> {
    title: i64,
    name: &'a str,
    backend: Option<&'a str>,
    what: &'a str,
    was: &'a str,
    became: &'a str,
    because: Option<&'static str>,
    reason: &'static str,
}

impl<'a> LineJson<'a> {
    pub(crate) fn of(line: &'a Line) -> Self {
        Self {
            title: line.title.0,
            name: &line.name,
            backend: line.said.backend.as_deref(),
            what: &line.said.what,
            was: &line.said.was,
            became: &line.said.became,
            because: line.said.because.map(Because::code),
            reason: crate::words::reason(line.said.because),
        }
    }
}

/// A write that would be made.
#[derive(Serialize)]
pub(crate) struct ChangeJson<'a> {
    backend: &'a str,
    title: i64,
    name: &'a str,
    from: String,
    to: String,
    because: &'static str,
    reason: &'static str,
    held: Option<&'static str>,
}

impl<'a> ChangeJson<'a> {
    pub(crate) fn of(change: &'a PreviewChange) -> Self {
        Self {
            backend: &change.backend_name,
            title: change.title.0,
            name: &change.name,
            from: watch_text(change.from),
            to: watch_text(change.to),
            because: change.because.code(),
            reason: change.because.sentence(),
            held: change.held.map(Because::code),
        }
    }
}

/// A backend. Its token is not among it.
#[derive(Serialize)]
pub(crate) struct BackendJson<'a> {
    name: &'a str,
    kind: &'a str,
    url: &'a str,
    user: Option<&'a str>,
    import: &'static str,
    export: &'static str,
    approved: bool,
    imported_at: Option<String>,
    exported_at: Option<String>,
    trouble: Option<&'a str>,
}

impl<'a> BackendJson<'a> {
    pub(crate) fn of(backend: &'a Backend) -> Self {
        Self {
            name: &backend.name,
            kind: &backend.kind,
            url: &backend.url,
            user: backend.user_name.as_deref(),
            import: backend.import.name(),
            export: if backend.export { "on" } else { "off" },
            approved: backend.approved_at.is_some(),
            imported_at: backend.imported_at.map(stamp),
            exported_at: backend.exported_at.map(stamp),
            trouble: backend.trouble.as_deref(),
        }
    }
}

/// A mark: its word and its position in milliseconds.
#[derive(Serialize)]
pub(crate) struct WatchJson {
    watch: &'static str,
    position_ms: Option<u32>,
}

impl WatchJson {
    pub(crate) fn of(watch: Watch) -> Self {
        let word = match watch {
            Watch::Unwatched => "unwatched",
            Watch::Started(_) => "started",
            Watch::Watched { .. } => "watched",
        };
        Self { watch: word, position_ms: watch.position().map(|place| place.ms()) }
    }
}
