//! What would be changed, line by line.

use watchstate_engine::{Preview, PreviewChange};
use watchstate_model::Because;
use watchstate_store::Line;

use crate::table::table;
use crate::words;

/// A preview for people: every change with its reason.
pub(crate) fn told(preview: &Preview) -> String {
    let mut parts = Vec::new();
    let took: Vec<&Line> =
        preview.taken.iter().filter(|line| matches!(&*line.said.what, "took" | "held")).collect();
    if !took.is_empty() {
        parts.push(format!("The import would take over {}:", many(took.len(), "change")));
        parts.push(lines(took));
    }
    if preview.changes.is_empty() {
        parts.push("Nothing would be written to any backend.".to_owned());
    } else {
        let held = preview.changes.iter().filter(|change| change.held.is_some()).count();
        let waits = match held {
            0 => String::new(),
            held => format!(" ({held} of them would wait)"),
        };
        let much = many(preview.changes.len(), "change");
        parts.push(format!("The export would write {much}{waits}:"));
        parts.push(changes(&preview.changes));
    }
    parts.join("\n")
}

/// Lines of the journal.
pub(crate) fn lines<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| {
            vec![
                line.said.backend.clone().unwrap_or_else(|| "you".to_owned()),
                line.said.what.clone(),
                line.name.clone(),
                words::journal_mark(&line.said.was),
                words::journal_mark(&line.said.became),
                words::reason(line.said.because).to_owned(),
            ]
        })
        .collect();
    table(&["BACKEND", "WHAT", "TITLE", "WAS", "BECOMES", "WHY"], &rows)
}

/// Writes that would be made.
pub(crate) fn changes(changes: &[PreviewChange]) -> String {
    let rows: Vec<Vec<String>> = changes
        .iter()
        .map(|change| {
            let because = change.because.sentence();
            let why = match change.held {
                Some(held) if held != Because::FirstExport => {
                    format!("{because}; waits: {}", held.sentence())
                }
                _ => because.to_owned(),
            };
            vec![
                change.backend_name.clone(),
                change.name.clone(),
                words::watch(change.from),
                words::watch(change.to),
                why,
            ]
        })
        .collect();
    table(&["BACKEND", "TITLE", "SHOWS", "WOULD SHOW", "WHY"], &rows)
}

/// `1 change`, `2 changes`.
pub(crate) fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
