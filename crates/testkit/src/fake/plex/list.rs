//! Lists of a section: what is asked for, in which order, and which page of it.

use std::cmp::Ordering;

use super::item::Show;
use super::node::Node;
use super::{Exchange, No};
use crate::fake::exchange::Reply;
use crate::fake::library::Named;
use crate::fake::marks::Mark;
use crate::fake::titles::{Entry, Holds, What};

fn title_of(named: &Named<'_>) -> String {
    match named {
        Named::Item(entry) => entry.name.clone(),
        Named::Series(series) => series.name.clone(),
        Named::Season(_, season) => season.name(),
    }
}

fn key_of<'a>(named: &Named<'a>) -> &'a str {
    match named {
        Named::Item(entry) => entry.key.as_str(),
        Named::Series(series) => series.key.as_str(),
        Named::Season(_, season) => season.key.as_str(),
    }
}

fn added(named: &Named<'_>) -> i64 {
    match named {
        Named::Item(entry) => entry.added_at.0,
        Named::Series(series) | Named::Season(series, _) => series.added_at.0,
    }
}

/// How Plex sorts titles: without their article.
fn sort_title(named: &Named<'_>) -> String {
    let title = title_of(named).to_lowercase();
    ["the ", "a ", "an "]
        .into_iter()
        .find_map(|article| title.strip_prefix(article))
        .unwrap_or(&title)
        .to_owned()
}

impl Exchange<'_> {
    /// `GET /library/sections/{id}/all`.
    pub(super) fn section_all(&self, key: &str) -> Result<Reply, No> {
        let section = self.library.section(key).ok_or(No::Such)?;
        let kind = self.asked.number("type").unwrap_or(match section.holds {
            Holds::Shows => 2,
            Holds::Movies | Holds::Mixed => 1,
            Holds::Music => 8,
        });
        let mut list: Vec<Named<'_>> = match kind {
            1 => self
                .library
                .entries_of(key)
                .filter(|entry| entry.what == What::Movie)
                .map(Named::Item)
                .collect(),
            2 => self
                .library
                .all_series()
                .iter()
                .filter(|series| series.section.as_str() == key)
                .map(Named::Series)
                .collect(),
            3 => self
                .library
                .all_series()
                .iter()
                .filter(|series| series.section.as_str() == key)
                .flat_map(|series| series.seasons.iter().map(|s| Named::Season(series, s)))
                .collect(),
            4 => self
                .library
                .entries_of(key)
                .filter(|entry| entry.what != What::Movie)
                .map(Named::Item)
                .collect(),
            _ => Vec::new(),
        };
        list.retain(|named| self.passes(named));
        self.sort(&mut list);
        let frame = Node::new("MediaContainer")
            .with("allowSync", true)
            .with("identifier", "com.plexapp.plugins.library")
            .with("librarySectionID", key.parse::<i64>().unwrap_or(0))
            .with("librarySectionTitle", section.name.as_str())
            .with("librarySectionUUID", format!("section-{key}"))
            .with("title1", section.name.as_str());
        let guids = self.asked.says("includeGuids");
        Ok(self.page(frame, &list, guids))
    }

    fn mark(&self, named: &Named<'_>) -> Option<Mark> {
        match named {
            Named::Item(entry) => Some(self.library.shown(self.user, entry)),
            _ => None,
        }
    }

    /// The filters that clients send; those not known here are tolerated.
    fn passes(&self, named: &Named<'_>) -> bool {
        let mark = self.mark(named);
        let viewed = mark.and_then(|mark| mark.last_played).map_or(0, |at| at.0);
        self.asked.query.iter().all(|(name, value)| {
            let bound = || value.parse::<i64>().unwrap_or(0);
            match name.as_str() {
                "title" => title_of(named).to_lowercase().contains(&value.to_lowercase()),
                "title=" => title_of(named).to_lowercase() == value.to_lowercase(),
                "unwatched" => mark.is_none_or(|mark| mark.played == (value == "0")),
                "lastViewedAt>>" | "viewedAt>>" => viewed > bound(),
                "lastViewedAt>" | "viewedAt>" => viewed >= bound(),
                "addedAt>>" => added(named) > bound(),
                "addedAt>" => added(named) >= bound(),
                _ => true,
            }
        })
    }

    fn sort(&self, list: &mut [Named<'_>]) {
        let by = self.asked.value("sort").unwrap_or("titleSort");
        let (by, down) = match by.split_once(':') {
            Some((by, order)) => (by, order.starts_with("desc")),
            None => (by, false),
        };
        let by = by.rsplit('.').next().unwrap_or(by);
        let place = |named: &Named<'_>| match named {
            Named::Item(Entry { what: What::Episode { show, season, number, .. }, .. }) => {
                let series = self.library.series(show.as_str());
                (series.map(|s| s.name.to_lowercase()), *season, *number)
            }
            _ => (None, 0, 0),
        };
        let viewed = |named: &Named<'_>| self.mark(named).and_then(|mark| mark.last_played);
        list.sort_by(|a, b| {
            let order = match by {
                "addedAt" | "updatedAt" => added(a).cmp(&added(b)),
                "lastViewedAt" | "viewedAt" => viewed(a).cmp(&viewed(b)),
                "titleSort" => {
                    place(a).cmp(&place(b)).then_with(|| sort_title(a).cmp(&sort_title(b)))
                }
                _ => Ordering::Equal,
            };
            if down { order.reverse() } else { order }
        });
    }

    /// A page of a list, by the container's start and size in the query or in headers. The size of the
    /// whole is told beside it.
    pub(super) fn page(&self, frame: Node, list: &[Named<'_>], guids: bool) -> Reply {
        let said = |name: &str| {
            let in_header = || self.asked.header(&name.to_ascii_lowercase())?.trim().parse().ok();
            // plexapi sends its page in headers and keeps what stands in the path.
            in_header().or_else(|| self.asked.number(name))
        };
        let start: Option<usize> = said("X-Plex-Container-Start");
        let size: Option<usize> = said("X-Plex-Container-Size");
        let cut: Vec<_> =
            list.iter().skip(start.unwrap_or(0)).take(size.unwrap_or(usize::MAX)).collect();
        let mut frame = frame.with("size", cut.len() as i64);
        if start.is_some() || size.is_some() {
            frame = frame
                .with("totalSize", list.len() as i64)
                .with("offset", start.unwrap_or(0) as i64);
        }
        let show = Show { library: self.library, user: self.user, guids };
        let mut answer = frame.children(cut.iter().map(|named| Self::shown(show, named)));
        answer.without(&self.asked.list("excludeElements"), &self.asked.list("excludeFields"));
        let reply = self.written(&answer);
        if size.is_none() {
            return reply;
        }
        reply
            .with_header("x-plex-container-start", start.unwrap_or(0).to_string())
            .with_header("x-plex-container-total-size", list.len().to_string())
    }

    fn shown(show: Show<'_>, named: &Named<'_>) -> Node {
        match named {
            Named::Item(entry) => show.entry(entry),
            Named::Series(series) => show.series(series),
            Named::Season(series, season) => show.season(series, season),
        }
    }

    /// `GET /library/metadata/{ids}`: those that are not there are left out; where none is, it is 404.
    pub(super) fn metadata(&self, keys: &str) -> Result<Reply, No> {
        let list: Vec<_> =
            keys.split(',').filter_map(|key| self.library.named(key.trim())).collect();
        if list.is_empty() {
            return Err(No::Such);
        }
        let frame = Node::new("MediaContainer")
            .with("allowSync", true)
            .with("identifier", "com.plexapp.plugins.library");
        Ok(self.page(frame, &list, true))
    }

    /// `GET /library/metadata/{id}/children` and `…/allLeaves`.
    pub(super) fn below(&self, key: &str, leaves: bool) -> Result<Reply, No> {
        let list: Vec<Named<'_>> = match self.library.named(key).ok_or(No::Such)? {
            Named::Series(series) if leaves => self
                .library
                .episodes_of(series.key.as_str(), None)
                .into_iter()
                .map(Named::Item)
                .collect(),
            Named::Series(series) => {
                series.seasons.iter().map(|season| Named::Season(series, season)).collect()
            }
            Named::Season(series, season) => self
                .library
                .episodes_of(series.key.as_str(), Some(season.number))
                .into_iter()
                .map(Named::Item)
                .collect(),
            Named::Item(_) => Vec::new(),
        };
        let frame = Node::new("MediaContainer")
            .with("allowSync", true)
            .with("identifier", "com.plexapp.plugins.library")
            .with("key", key_of(&self.library.named(key).ok_or(No::Such)?));
        Ok(self.page(frame, &list, self.asked.says("includeGuids")))
    }
}
