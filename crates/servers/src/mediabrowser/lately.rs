//! What changed in a library since somebody last looked, without reading it all.
//!
//! No version can list what changed: `minDateLastSavedForUser` goes by the item and not by its marks
//! (Jellyfin 10.10.7 did not show new plays by it). What was played last comes first by `DatePlayed`; what was
//! un-marked has no date any more and is only missing among `IsPlayed`.

use watchstate_model::{ItemKey, Moment};

use super::wire::{LeanEntry, List};
use super::{Dialect, LEAN, MediaBrowser, page};
use crate::error::ServerError;
use crate::heard::Glance;
use crate::{Library, Page, Stretch};

/// What of every list is wanted here.
const ITEMS: [(&str, &str); 4] = [
    ("includeItemTypes", "Movie,Episode"),
    ("excludeLocationTypes", "Virtual"),
    ("recursive", "true"),
    ("collapseBoxSetItems", "false"),
];

impl<D: Dialect> MediaBrowser<D> {
    /// Those with the latest dates, and how many are watched, in two requests.
    pub(super) async fn glance_at(
        &self,
        library: &Library,
        since: Option<Moment>,
        most: u32,
    ) -> Result<Glance, ServerError> {
        const OP: &str = "looking for changes";
        let user = self.known().await?.user.id;
        let limit = most.to_string();
        let mut query = ITEMS.to_vec();
        query.extend([
            ("parentId", library.key.as_str()),
            ("sortBy", "DatePlayed"),
            ("sortOrder", "Descending"),
            ("limit", &limit),
            ("enableTotalRecordCount", "false"),
            ("enableUserData", "true"),
            ("fields", LEAN),
        ]);
        let answer = self.list(&user, &query, OP).await?;
        let latest: List<LeanEntry<'_>> = answer.json(OP)?;
        let mut recent: Vec<_> = latest.entries(OP)?.filter_map(LeanEntry::item).collect();
        recent.truncate(most as usize);
        if let Some(since) = since {
            recent.retain(|item| item.marks.last_played.is_some_and(|at| at >= since));
        }
        let mut query = ITEMS.to_vec();
        query.extend([
            ("parentId", library.key.as_str()),
            ("filters", "IsPlayed"),
            // Not none at all, which an old server may take for no limit.
            ("limit", "1"),
            ("enableTotalRecordCount", "true"),
            ("enableUserData", "false"),
        ]);
        let answer = self.list(&user, &query, OP).await?;
        let list: List<serde::de::IgnoredAny> = answer.json(OP)?;
        Ok(Glance { watched: list.total(OP)?, recent })
    }

    /// The keys of what is watched. The filter is believed and not the marks: right after a write a list can
    /// show one of two copies as not played that the filter has already.
    pub(super) async fn watched_of(
        &self,
        library: &Library,
        stretch: Stretch,
    ) -> Result<Page<ItemKey>, ServerError> {
        let query = [
            ("includeItemTypes", "Movie,Episode"),
            ("excludeLocationTypes", "Virtual"),
            ("filters", "IsPlayed"),
            ("enableUserData", "false"),
        ];
        self.stretch(library, stretch, &query, |answer| page(answer, LeanEntry::key)).await
    }
}
