//! What changed in a library since somebody last looked, without reading it all.
//!
//! Filters and their operators: official document 1.2.0, "Media Queries". A field without a level belongs to
//! the type that is asked for; `>>=` on a date is "after", and what is left of the last `=` is the name of the
//! parameter, so that it is encoded as one.

use watchstate_model::{Item, ItemKey, Moment};

use super::wire::Metadata;
use super::{NO_FIELDS, NOT_IN_LEAN, Plex, numbers, section};
use crate::error::ServerError;
use crate::heard::Glance;
use crate::{Detail, Library, Page, Stretch};

/// What is left out where only keys are wanted: all that a list has for the eye.
const NOT_IN_KEYS: &str = "summary,tagline,title,titleSort,originalTitle,studio,contentRating,thumb,art,\
                           parentTitle,parentThumb,grandparentTitle,grandparentThumb,grandparentArt,\
                           chapterSource,primaryExtraKey";

impl Plex {
    /// Those played or marked since a moment, the latest first: an un-mark leaves no date behind and is not
    /// among them. Hence the number of all that is watched, in a second request.
    pub(super) async fn glance_at(
        &self,
        library: &Library,
        since: Option<Moment>,
        most: u32,
    ) -> Result<Glance, ServerError> {
        const OP: &str = "looking for changes";
        let path = section(library, OP)?;
        let (number, _) = numbers(library.kind, OP)?;
        // The server's "after" leaves the moment itself out, in which more may have happened.
        let after = since.map(|at| at.0.saturating_sub(1).to_string());
        let mut query = vec![
            ("type", number),
            ("sort", "lastViewedAt:desc"),
            ("includeGuids", "0"),
            ("excludeElements", NOT_IN_LEAN),
            ("excludeFields", NO_FIELDS),
        ];
        if let Some(after) = &after {
            query.push(("lastViewedAt>>", after));
        }
        let sent = self.stretch(&path, &query, Stretch { from: 0, size: most }, OP).await?;
        let mut recent: Vec<Item> =
            sent.entries.iter().filter_map(|entry| entry.item(Detail::Lean)).collect();
        recent.truncate(most as usize);
        if let Some(since) = since {
            recent.retain(|item| item.marks.last_played.is_some_and(|at| at >= since));
        }
        let query = [("type", number), ("unwatched", "0")];
        let none = Stretch { from: 0, size: 0 };
        let watched = self.stretch(&path, &query, none, OP).await?.total;
        Ok(Glance { watched, recent })
    }

    /// The keys of what is watched, in the order of a sweep. Each entry is asked itself as well: a server
    /// that does not know the filter sends all of them.
    pub(super) async fn watched_of(
        &self,
        library: &Library,
        stretch: Stretch,
    ) -> Result<Page<ItemKey>, ServerError> {
        const OP: &str = "reading what is watched";
        let (number, sort) = numbers(library.kind, OP)?;
        let query = [
            ("type", number),
            ("unwatched", "0"),
            ("sort", sort),
            ("includeGuids", "0"),
            ("excludeElements", NOT_IN_LEAN),
            ("excludeFields", NOT_IN_KEYS),
        ];
        let sent = self.stretch(&section(library, OP)?, &query, stretch, OP).await?;
        let watched = |entry: &Metadata| {
            entry.item(Detail::Lean).filter(|item| item.marks.watch.is_watched()).map(|i| i.key)
        };
        let entries = sent.entries.iter().filter_map(watched).collect();
        Ok(Page { entries, sent: sent.count, total: sent.total })
    }
}
