//! Lists that come in stretches.

use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::loose::Number;
use super::wire::{self, Metadata};
use crate::Stretch;
use crate::error::{Fault, ServerError};
use crate::lenient::Maybe;

/// A list of items, series or sessions.
#[derive(Deserialize)]
pub(super) struct List {
    #[serde(default)]
    size: Number,
    #[serde(default, rename = "totalSize")]
    total: Number,
    #[serde(default)]
    offset: Number,
    #[serde(default, rename = "Metadata")]
    entries: Option<Vec<Maybe<Metadata>>>,
}

impl List {
    /// All entries, without what is none.
    pub(super) fn entries(self, op: &'static str) -> Result<Vec<Metadata>, ServerError> {
        let entries = wire::entries(self.entries, self.size, op)?;
        Ok(entries.into_iter().filter_map(|entry| entry.0).collect())
    }

    /// All entries whose marks can be understood. See [`readable`].
    pub(super) fn marked(self, op: &'static str) -> Result<Vec<Metadata>, ServerError> {
        readable(wire::entries(self.entries, self.size, op)?, op)
    }

    /// The stretch that was asked for. The server need not keep to it (official API document,
    /// "Pagination"): it may send fewer entries, or all of them without saying where it began.
    pub(super) fn stretch(
        self,
        headers: &HeaderMap,
        asked: Stretch,
        op: &'static str,
    ) -> Result<Sent, ServerError> {
        let told = |field: Number, header: &str| {
            field.get().and_then(|n| u32::try_from(n).ok()).or_else(|| {
                headers.get(header).and_then(|value| value.to_str().ok()?.trim().parse().ok())
            })
        };
        let total = told(self.total, "x-plex-container-total-size");
        let offset = told(self.offset, "x-plex-container-start");
        let mut entries = wire::entries(self.entries, self.size, op)?;
        if total.is_none() && offset.is_none() {
            let total = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            entries.drain(..entries.len().min(asked.from as usize));
            let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            return Ok(Sent { entries: readable(entries, op)?, count, total });
        }
        if offset.is_some_and(|offset| offset != asked.from) && !entries.is_empty() {
            return Err(ServerError::new(Fault::BadAnswer, op)
                .with("another stretch of the list was sent than the one asked for"));
        }
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let end = asked.from.saturating_add(count);
        // Without a total a full page may be followed by another.
        let unknown = if count > 0 && count >= asked.size { end.saturating_add(1) } else { end };
        let entries = readable(entries, op)?;
        Ok(Sent { entries, count, total: total.unwrap_or(unknown).max(end) })
    }
}

/// Without what is no entry, and without those whose marks cannot be understood: each costs itself. Where
/// none can, it is the server that speaks otherwise, and the answer is refused: it would be a library that
/// lost everything.
fn readable(sent: Vec<Maybe<Metadata>>, op: &'static str) -> Result<Vec<Metadata>, ServerError> {
    let had_some = !sent.is_empty();
    let entries: Vec<Metadata> =
        sent.into_iter().filter_map(|entry| entry.0).filter(|entry| !entry.is_odd()).collect();
    match had_some && entries.is_empty() {
        true => Err(ServerError::new(Fault::BadAnswer, op).with("no entry of a list can be read")),
        false => Ok(entries),
    }
}

/// A stretch of a list.
pub(super) struct Sent {
    pub(super) entries: Vec<Metadata>,
    /// How many entries were sent, those that cannot be read included.
    pub(super) count: u32,
    /// How many there are in all.
    pub(super) total: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plex::wire::Envelope;

    fn list(json: &str) -> List {
        serde_json::from_str::<Envelope<List>>(json).unwrap().container
    }

    #[test]
    fn stretches() {
        let entry = r#"{"ratingKey":"1","type":"movie"}"#;
        let header = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                reqwest::header::HeaderName::from_static(name),
                reqwest::header::HeaderValue::from_static(value),
            )])
        };
        let none = HeaderMap::new;
        let two = format!("[{entry},{entry}]");
        for (fields, headers, from, told, why) in [
            (
                format!(r#""totalSize":9,"offset":4,"Metadata":{two}"#),
                none(),
                4,
                Ok((2, 9)),
                "told",
            ),
            (
                format!(r#""offset":"4","Metadata":{two}"#),
                header("x-plex-container-total-size", "9"),
                4,
                Ok((2, 9)),
                "the total in a header",
            ),
            (
                format!(r#""offset":4,"Metadata":{two}"#),
                none(),
                4,
                Ok((2, 7)),
                "a full page, no total",
            ),
            (format!(r#""Metadata":{two}"#), none(), 0, Ok((2, 2)), "the whole list at once"),
            (format!(r#""Metadata":{two}"#), none(), 1, Ok((1, 2)), "and the rest of it"),
            (format!(r#""Metadata":{two}"#), none(), 7, Ok((0, 2)), "and what is behind it"),
            (
                format!(r#""totalSize":1,"offset":0,"Metadata":{two}"#),
                none(),
                0,
                Ok((2, 2)),
                "a total that is too small",
            ),
            (r#""size":0,"totalSize":5"#.to_owned(), none(), 5, Ok((0, 5)), "the end"),
            (r#""size":0"#.to_owned(), none(), 0, Ok((0, 0)), "an empty library"),
            (
                format!(r#""totalSize":9,"offset":0,"Metadata":{two}"#),
                none(),
                4,
                Err(Fault::BadAnswer),
                "another page than asked for",
            ),
            (
                r#""size":2,"totalSize":9,"offset":4"#.to_owned(),
                none(),
                4,
                Err(Fault::BadAnswer),
                "entries that are not there",
            ),
        ] {
            let list = list(&format!(r#"{{"MediaContainer":{{{fields}}}}}"#));
            let sent = list.stretch(&headers, Stretch { from, size: 2 }, "reading a page");
            let sent = sent.map(|s| (s.count, s.total)).map_err(|e| e.fault);
            assert_eq!(sent, told, "{why}");
        }
    }
}
