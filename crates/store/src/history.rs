//! What people ask: which titles there are, and why one is as it is.

use std::collections::HashMap;

use watchstate_model::{
    BackendId, Because, ExternalIds, ItemId, ItemKey, Moment, PersonId, TitleId, Watch,
};

use crate::rows::watch;
use crate::{Result, Store};

/// A title as a list shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its row.
    pub title: TitleId,
    /// `Dune (2021)`, or `Breaking Bad S01E02 Cat's in the Bag...`.
    pub name: String,
    /// Our state.
    pub watch: Watch,
    /// When it was last played, on our clock.
    pub played_at: Option<Moment>,
    /// Who made the last change.
    pub by: Option<String>,
    /// Why.
    pub because: Option<Because>,
}

/// One backend's copy of an explained title.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// The backend's name.
    pub backend: String,
    /// What it calls the item.
    pub key: ItemKey,
    /// The ids it gives it.
    pub ids: String,
    /// Its path there.
    pub path: Option<String>,
    /// What it last showed.
    pub shows: Watch,
    /// What was agreed on, and in which run.
    pub agreed: Option<(Watch, Moment)>,
    /// Whether it was there at the last look.
    pub present: bool,
    /// Why the last observation was decided as it was.
    pub because: Option<Because>,
    /// What it is owed, and why it waits.
    pub owed: Option<(Watch, Option<Because>)>,
}

/// One line of the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// When.
    pub at: Moment,
    /// Which backend; nothing for the window.
    pub backend: Option<String>,
    /// `took`, `kept`, `held`, `told`, `parked`, `gone`.
    pub what: String,
    /// What was before, as [`crate::watch_text`] writes it.
    pub was: String,
    /// What is now.
    pub became: String,
    /// Why.
    pub because: Option<Because>,
}

/// One line of the journal, with the title it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The title.
    pub title: TitleId,
    /// Its name.
    pub name: String,
    /// What happened.
    pub said: Said,
}

/// A title and its copies. What happened to it is in [`Store::feed_of`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explained {
    /// The title.
    pub entry: Entry,
    /// Its copies.
    pub copies: Vec<Copied>,
}

/// One write that a backend is owed, or one un-watch that waits, as a preview lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// To which item, or of which.
    pub item: ItemId,
    /// Which title.
    pub title: TitleId,
    /// Its name.
    pub name: String,
    /// What the account shows.
    pub from: Watch,
    /// What it would show; for an un-watch that waits, what all others would.
    pub to: Watch,
    /// Why.
    pub because: Because,
    /// Why it waits.
    pub held: Option<Because>,
}

/// What it takes to look a title up on a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TitleWanted {
    /// Its own name.
    pub name: String,
    /// Its own ids.
    pub ids: ExternalIds,
    /// The name of its series.
    pub show_name: String,
    /// The ids of its series.
    pub show_ids: ExternalIds,
    /// Season and episode; nothing for a movie.
    pub place: Option<(u16, u16)>,
}

/// How much there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Titles known.
    pub titles: u64,
    /// Titles watched by the person.
    pub watched: u64,
    /// Titles begun.
    pub started: u64,
}

/// The words of a search as FTS5 wants them: each a prefix, all of them somewhere.
fn prefixes(text: &str) -> String {
    text.split_whitespace()
        .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")))
        .collect::<Vec<_>>()
        .join(" ")
}

struct Row {
    id: i64,
    name: String,
    year: Option<i64>,
    show: Option<String>,
    season: Option<i64>,
    episode: Option<i64>,
    watched: Option<i64>,
    position: Option<i64>,
    played_at: Option<i64>,
    by: Option<String>,
    because: Option<String>,
}

/// `Dune (2021)`, or `Breaking Bad S01E02 Cat's in the Bag...`.
pub(crate) fn full_name(
    name: String,
    year: Option<i64>,
    show: Option<String>,
    place: Option<(i64, i64)>,
) -> String {
    match (place, year) {
        (Some((season, episode)), _) => {
            let show = show.unwrap_or_default();
            format!("{show} S{season:02}E{episode:02} {name}").trim().to_owned()
        }
        (None, Some(year)) => format!("{name} ({year})"),
        (None, None) => name,
    }
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let name = full_name(row.name, row.year, row.show, row.season.zip(row.episode));
        Self {
            title: TitleId(row.id),
            name,
            watch: watch(row.watched.unwrap_or(0), row.position),
            played_at: row.played_at.map(Moment),
            by: row.by,
            because: row.because.as_deref().and_then(Because::from_code),
        }
    }
}

impl Store {
    /// The titles whose names hold all words of `text`, or all titles where there are none.
    pub async fn history(&self, person: PersonId, text: &str, most: u32) -> Result<Vec<Entry>> {
        let words = prefixes(text);
        let rows = if words.is_empty() {
            sqlx::query_as!(
                Row,
                r#"SELECT t.id, t.name, t.year, w.name AS "show?", t.season, t.episode,
                          s.watched AS "watched?: i64", s.position, s.played_at,
                          b.name AS "by?", s.because AS "because?"
                   FROM titles t LEFT JOIN shows w ON w.id = t.show_id
                   LEFT JOIN states s ON s.title_id = t.id AND s.person_id = ?1
                   LEFT JOIN backends b ON b.id = s.by_backend
                   ORDER BY s.decided_at DESC, t.id LIMIT ?2"#,
                person.0,
                most
            )
            .fetch_all(self.reader())
            .await?
        } else {
            sqlx::query_as!(
                Row,
                r#"SELECT t.id, t.name, t.year, w.name AS "show?", t.season, t.episode,
                          s.watched AS "watched?: i64", s.position, s.played_at,
                          b.name AS "by?", s.because AS "because?"
                   FROM titles t LEFT JOIN shows w ON w.id = t.show_id
                   LEFT JOIN states s ON s.title_id = t.id AND s.person_id = ?1
                   LEFT JOIN backends b ON b.id = s.by_backend
                   WHERE t.id IN (SELECT rowid FROM title_names WHERE title_names MATCH ?2)
                   ORDER BY w.name, t.season, t.episode, t.name LIMIT ?3"#,
                person.0,
                words,
                most
            )
            .fetch_all(self.reader())
            .await?
        };
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// How one title stands, and on which copies; nothing when there is no such title.
    pub async fn explain(&self, person: PersonId, title: TitleId) -> Result<Option<Explained>> {
        let entry = sqlx::query_as!(
            Row,
            r#"SELECT t.id, t.name, t.year, w.name AS "show?", t.season, t.episode,
                      s.watched AS "watched?: i64", s.position, s.played_at,
                      b.name AS "by?", s.because AS "because?"
               FROM titles t LEFT JOIN shows w ON w.id = t.show_id
               LEFT JOIN states s ON s.title_id = t.id AND s.person_id = ?1
               LEFT JOIN backends b ON b.id = s.by_backend
               WHERE t.id = ?2"#,
            person.0,
            title.0
        )
        .fetch_optional(self.reader())
        .await?;
        let Some(entry) = entry.map(Entry::from) else { return Ok(None) };
        let copies = sqlx::query!(
            r#"SELECT b.name, i.key, i.ids, i.path, i.seen_watched, i.seen_position, i.agreed_at,
                      i.agreed_watched, i.agreed_position, i.present, i.because,
                      o.watched AS "owed_watched?: i64", o.position AS owed_position, o.waiting
               FROM items i JOIN backends b ON b.id = i.backend_id
               LEFT JOIN outbox o ON o.item_id = i.id
               WHERE (i.title_id = ?1 OR i.id IN (SELECT item_id FROM also_covers WHERE title_id = ?1))
                 AND b.person_id = ?2
               ORDER BY b.id, i.id"#,
            title.0,
            person.0
        )
        .fetch_all(self.reader())
        .await?
        .into_iter()
        .map(|r| Copied {
            backend: r.name,
            key: ItemKey(r.key),
            ids: r.ids,
            path: r.path,
            shows: watch(r.seen_watched, r.seen_position),
            agreed: r
                .agreed_at
                .map(|at| (watch(r.agreed_watched.unwrap_or(0), r.agreed_position), Moment(at))),
            present: r.present != 0,
            because: Because::from_code(&r.because),
            owed: r.owed_watched.map(|watched| {
                let why = r.waiting.as_deref().and_then(Because::from_code);
                (watch(watched, r.owed_position), why)
            }),
        })
        .collect();
        Ok(Some(Explained { entry, copies }))
    }

    /// The full names of titles.
    pub async fn names_of(&self, titles: &[TitleId]) -> Result<HashMap<TitleId, String>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT t.id AS "id!: i64", t.name AS "name!", t.year, w.name AS "show?", t.season,
                      t.episode
               FROM (SELECT DISTINCT value FROM json_each(?1)) j CROSS JOIN titles t ON t.id = j.value
               LEFT JOIN shows w ON w.id = t.show_id"#,
            titles
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| {
                let name = full_name(r.name, r.year, r.show, r.season.zip(r.episode));
                (TitleId(r.id), name)
            })
            .collect())
    }

    /// The number of the journal's last line; 0 where there is none.
    pub async fn last_line(&self) -> Result<i64> {
        let row = sqlx::query!(r#"SELECT coalesce(max(id), 0) AS "id!: i64" FROM journal"#)
            .fetch_one(self.reader())
            .await?;
        Ok(row.id)
    }

    /// The lines of the journal after a line, oldest first.
    pub async fn lines_after(&self, line: i64) -> Result<Vec<Line>> {
        let rows = sqlx::query!(
            r#"SELECT j.title_id, t.name, t.year, w.name AS "show?", t.season, t.episode, j.at,
                      b.name AS "backend?", j.what, j.was, j.became, j.because
               FROM journal j JOIN titles t ON t.id = j.title_id
               LEFT JOIN shows w ON w.id = t.show_id
               LEFT JOIN backends b ON b.id = j.backend_id
               WHERE j.id > ?1 ORDER BY j.id"#,
            line
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Line {
                title: TitleId(r.title_id),
                name: full_name(r.name, r.year, r.show, r.season.zip(r.episode)),
                said: Said {
                    at: Moment(r.at),
                    backend: r.backend,
                    what: r.what,
                    was: r.was,
                    became: r.became,
                    because: Because::from_code(&r.because),
                },
            })
            .collect())
    }

    /// How much there is.
    pub async fn totals(&self, person: PersonId) -> Result<Totals> {
        let row = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM titles) AS "titles!: i64",
                      (SELECT count(*) FROM states WHERE person_id = ?1 AND watched = 1)
                          AS "watched!: i64",
                      (SELECT count(*) FROM states WHERE person_id = ?1 AND watched = 0
                          AND position IS NOT NULL) AS "started!: i64""#,
            person.0
        )
        .fetch_one(self.reader())
        .await?;
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(Totals {
            titles: number(row.titles),
            watched: number(row.watched),
            started: number(row.started),
        })
    }

    /// What a backend is owed, and which un-watches seen there wait.
    pub async fn preview(&self, backend: BackendId) -> Result<Vec<Pending>> {
        let owed = sqlx::query!(
            r#"SELECT o.item_id, t.id, t.name, t.year, w.name AS "show?", t.season, t.episode,
                      i.seen_watched, i.seen_position, o.watched, o.position, o.because, o.parked,
                      o.waiting
               FROM outbox o JOIN items i ON i.id = o.item_id JOIN titles t ON t.id = i.title_id
               LEFT JOIN shows w ON w.id = t.show_id
               WHERE o.backend_id = ?1 ORDER BY w.name, t.season, t.episode, t.name, t.id"#,
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        let mut all: Vec<Pending> = owed
            .into_iter()
            .map(|r| Pending {
                item: ItemId(r.item_id),
                title: TitleId(r.id),
                name: full_name(r.name, r.year, r.show, r.season.zip(r.episode)),
                from: watch(r.seen_watched, r.seen_position),
                to: watch(r.watched, r.position),
                because: Because::from_code(&r.because).unwrap_or(Because::Differs),
                held: r.waiting.as_deref().filter(|_| r.parked == 1).and_then(Because::from_code),
            })
            .collect();
        let unwatches = sqlx::query!(
            r#"SELECT u.item_id, t.id, t.name, t.year, w.name AS "show?", t.season, t.episode,
                      i.agreed_watched, i.agreed_position, i.seen_watched, i.seen_position, u.because
               FROM unwatches u JOIN items i ON i.id = u.item_id JOIN titles t ON t.id = i.title_id
               LEFT JOIN shows w ON w.id = t.show_id
               WHERE u.backend_id = ?1 AND u.held = 1
               ORDER BY w.name, t.season, t.episode, t.name, t.id"#,
            backend.0
        )
        .fetch_all(self.reader())
        .await?;
        all.extend(unwatches.into_iter().map(|r| Pending {
            item: ItemId(r.item_id),
            title: TitleId(r.id),
            name: full_name(r.name, r.year, r.show, r.season.zip(r.episode)),
            from: watch(r.agreed_watched.unwrap_or(1), r.agreed_position),
            to: watch(r.seen_watched, r.seen_position),
            because: Because::Unwatched,
            held: r.because.as_deref().and_then(Because::from_code).or(Some(Because::Brake)),
        }));
        Ok(all)
    }

    /// What it takes to look these titles up.
    pub async fn wanted(&self, titles: &[TitleId]) -> Result<Vec<TitleWanted>> {
        let titles = serde_json::to_string(&titles.iter().map(|id| id.0).collect::<Vec<_>>())?;
        let rows = sqlx::query!(
            r#"SELECT t.name AS "name!", t.season, t.episode, w.name AS "show?",
                      (SELECT group_concat(i.ids, ' ') FROM items i WHERE i.title_id = t.id)
                          AS "ids: String",
                      (SELECT group_concat(s.ids, ' ') FROM backend_shows s
                       WHERE s.show_id = t.show_id) AS "show_ids: String"
               FROM json_each(?1) j CROSS JOIN titles t ON t.id = j.value
               LEFT JOIN shows w ON w.id = t.show_id"#,
            titles
        )
        .fetch_all(self.reader())
        .await?;
        let number = |n: i64| u16::try_from(n).unwrap_or(u16::MAX);
        Ok(rows
            .into_iter()
            .map(|r| TitleWanted {
                name: r.name,
                ids: ExternalIds::from_text(r.ids.as_deref().unwrap_or_default()),
                show_name: r.show.unwrap_or_default(),
                show_ids: ExternalIds::from_text(r.show_ids.as_deref().unwrap_or_default()),
                place: r.season.zip(r.episode).map(|(s, e)| (number(s), number(e))),
            })
            .collect())
    }
}
