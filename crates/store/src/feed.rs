//! What happened, page by page: the journal and the runs, the latest first.

use watchstate_model::{BackendId, Because, Moment, PersonId, Position, RunId, TitleId, Watch};

use crate::history::full_name;
use crate::list::search_words;
use crate::{Result, Store};

/// Which lines of the journal are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeedFilter {
    /// Words that the title's names have.
    pub text: String,
    /// Only of this backend.
    pub backend: Option<BackendId>,
    /// Only of this title.
    pub title: Option<TitleId>,
    /// Only what happened so: `took`, `kept`, `held`, `told`, `parked`, `gone`; `asked` for what a person
    /// did in the window.
    pub what: Option<String>,
}

/// A line of the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedLine {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// In which run; 0 for the window.
    pub run: RunId,
    /// Which title.
    pub title: TitleId,
    /// Its full name.
    pub name: String,
    /// Which backend, and its name; nothing for the window, and for a backend that was removed.
    pub backend: Option<(BackendId, String)>,
    /// What happened: one of the words of [`FeedFilter::what`].
    pub what: String,
    /// What was before.
    pub was: Watch,
    /// What was afterwards.
    pub became: Watch,
    /// Why; nothing where another version wrote a reason that this one does not know.
    pub because: Option<Because>,
    /// Whether it can be taken back.
    pub can_undo: bool,
}

/// A run as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRun {
    /// Its number.
    pub id: RunId,
    /// `import`, `export`, `undo` or `restore`.
    pub task: String,
    /// On which backend.
    pub backend: BackendId,
    /// Its name; nothing for one that was removed.
    pub name: Option<String>,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How an export was done: `push` or `full`.
    pub mode: Option<String>,
    /// Whether it went well.
    pub ok: Option<bool>,
    /// Its counters, in the order of their columns: seen, added, changed, unchanged, unmatched, planned,
    /// written, already, held, failed, requests, bytes, and its time in milliseconds.
    pub counters: [u64; 13],
    /// What went wrong.
    pub error: Option<String>,
    /// Whether anything of it can be taken back.
    pub can_undo: bool,
}

/// What happened since a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Since {
    /// Marks that were taken over.
    pub marks: u64,
    /// Writes that arrived.
    pub written: u64,
    /// Changes that were held.
    pub held: u64,
    /// Writes that failed.
    pub failed: u64,
}

fn large(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A mark as [`crate::watch_text`] writes it. What cannot be read is as good as none.
fn read_watch(text: &str) -> Watch {
    let (word, ms) = text.split_once('@').unwrap_or((text, ""));
    let position = ms.parse().ok().and_then(Position::from_ms);
    Watch::from_flag(word == "watched", position)
}

impl Store {
    /// A page of the journal, the latest line first, and how many lines there are in all.
    pub async fn feed(
        &self,
        person: PersonId,
        filter: &FeedFilter,
        from: u32,
        size: u32,
    ) -> Result<(Vec<FeedLine>, u64)> {
        let words = search_words(&filter.text);
        let backend = filter.backend.map(|backend| backend.0);
        let title = filter.title.map(|title| title.0);
        let what = filter.what.as_deref();
        // A line without a backend is what a person did in the window.
        let total = if let Some(title) = title {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "n!: i64" FROM journal WHERE title_id = ?1 AND person_id = ?2"#,
                title,
                person.0
            )
            .fetch_one(self.reader())
            .await?
        } else {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "n!: i64" FROM journal j
                   WHERE j.person_id = ?1
                     AND (?2 IS NULL OR j.title_id IN
                          (SELECT rowid FROM title_names WHERE title_names MATCH ?2))
                     AND (?3 IS NULL OR j.backend_id = ?3)
                     AND (?4 IS NULL OR iif(j.backend_id IS NULL AND j.what = 'took', 'asked',
                                            j.what) = ?4)"#,
                person.0,
                words,
                backend,
                what
            )
            .fetch_one(self.reader())
            .await?
        };
        let rows = sqlx::query!(
            r#"SELECT j.id AS "id!: i64", j.at, j.run_id, j.title_id, t.name AS "name?", t.year,
                      w.name AS "show?", t.season, t.episode, b.id AS "backend_id?: i64",
                      b.name AS "backend?", j.what, j.was, j.became, j.because,
                      j.backend_id IS NULL AS "by_hand!: i64"
               FROM journal j LEFT JOIN titles t ON t.id = j.title_id
               LEFT JOIN shows w ON w.id = t.show_id
               LEFT JOIN backends b ON b.id = j.backend_id
               WHERE j.person_id = ?1
                 AND (?2 IS NULL OR j.title_id IN
                      (SELECT rowid FROM title_names WHERE title_names MATCH ?2))
                 AND (?3 IS NULL OR j.backend_id = ?3)
                 AND (?4 IS NULL OR iif(j.backend_id IS NULL AND j.what = 'took', 'asked', j.what) = ?4)
                 AND (?5 IS NULL OR j.title_id = ?5)
               ORDER BY j.id DESC LIMIT ?7 OFFSET ?6"#,
            person.0,
            words,
            backend,
            what,
            title,
            from,
            size
        )
        .fetch_all(self.reader())
        .await?;
        let changes =
            self.changes_of_lines(&rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
        let lines = rows
            .into_iter()
            .map(|r| FeedLine {
                id: r.id,
                at: Moment(r.at),
                run: RunId(r.run_id),
                title: TitleId(r.title_id),
                name: full_name(
                    r.name.unwrap_or_default(),
                    r.year,
                    r.show,
                    r.season.zip(r.episode),
                ),
                backend: r.backend_id.map(BackendId).zip(r.backend),
                what: if r.by_hand != 0 && r.what == "took" { "asked".to_owned() } else { r.what },
                was: read_watch(&r.was),
                became: read_watch(&r.became),
                because: Because::from_code(&r.because),
                can_undo: changes.contains_key(&r.id),
            })
            .collect();
        Ok((lines, large(total)))
    }

    /// The journal of one title, the latest line first; at most so many.
    pub async fn feed_of(
        &self,
        person: PersonId,
        title: TitleId,
        most: u32,
    ) -> Result<Vec<FeedLine>> {
        let rows = sqlx::query!(
            r#"SELECT j.id AS "id!: i64", j.at, j.run_id, t.name AS "name?", t.year,
                      w.name AS "show?", t.season, t.episode, b.id AS "backend_id?: i64",
                      b.name AS "backend?", j.what, j.was, j.became, j.because,
                      j.backend_id IS NULL AS "by_hand!: i64"
               FROM journal j LEFT JOIN titles t ON t.id = j.title_id
               LEFT JOIN shows w ON w.id = t.show_id
               LEFT JOIN backends b ON b.id = j.backend_id
               WHERE j.title_id = ?1 AND j.person_id = ?2
               ORDER BY j.id DESC LIMIT ?3"#,
            title.0,
            person.0,
            most
        )
        .fetch_all(self.reader())
        .await?;
        let changes =
            self.changes_of_lines(&rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
        Ok(rows
            .into_iter()
            .map(|r| FeedLine {
                id: r.id,
                at: Moment(r.at),
                run: RunId(r.run_id),
                title,
                name: full_name(
                    r.name.unwrap_or_default(),
                    r.year,
                    r.show,
                    r.season.zip(r.episode),
                ),
                backend: r.backend_id.map(BackendId).zip(r.backend),
                what: if r.by_hand != 0 && r.what == "took" { "asked".to_owned() } else { r.what },
                was: read_watch(&r.was),
                became: read_watch(&r.became),
                because: Because::from_code(&r.because),
                can_undo: changes.contains_key(&r.id),
            })
            .collect())
    }

    /// A page of the runs, the latest first, and how many there are in all.
    pub async fn kept_runs(&self, from: u32, size: u32) -> Result<(Vec<KeptRun>, u64)> {
        let total = sqlx::query_scalar!(r#"SELECT count(*) AS "n!: i64" FROM runs"#)
            .fetch_one(self.reader())
            .await?;
        let rows = sqlx::query!(
            r#"SELECT r.id AS "id!: i64", r.task, r.backend_id, b.name AS "name?", r.started_at,
                      r.ended_at, r.mode, r.ok, r.seen, r.added, r.changed, r.unchanged, r.unmatched,
                      r.planned, r.written, r.already, r.held, r.failed, r.requests, r.bytes, r.ms,
                      r.error,
                      EXISTS (SELECT 1 FROM changes c
                              WHERE c.run_id = r.id AND c.undone_by IS NULL) AS "can_undo!: i64"
               FROM runs r LEFT JOIN backends b ON b.id = r.backend_id
               ORDER BY r.id DESC LIMIT ?2 OFFSET ?1"#,
            from,
            size
        )
        .fetch_all(self.reader())
        .await?;
        let runs = rows
            .into_iter()
            .map(|r| KeptRun {
                id: RunId(r.id),
                task: r.task,
                backend: BackendId(r.backend_id),
                name: r.name,
                started_at: Moment(r.started_at),
                ended_at: r.ended_at.map(Moment),
                mode: r.mode,
                ok: r.ok.map(|ok| ok != 0),
                counters: [
                    r.seen,
                    r.added,
                    r.changed,
                    r.unchanged,
                    r.unmatched,
                    r.planned,
                    r.written,
                    r.already,
                    r.held,
                    r.failed,
                    r.requests,
                    r.bytes,
                    r.ms,
                ]
                .map(large),
                error: r.error,
                can_undo: r.can_undo != 0,
            })
            .collect();
        Ok((runs, large(total)))
    }

    /// The number of the last line of the journal before a moment; 0 where there is none.
    pub async fn line_before(&self, at: Moment) -> Result<i64> {
        let row = sqlx::query!(
            r#"SELECT coalesce(max(id), 0) AS "id!: i64" FROM journal WHERE at < ?1"#,
            at.0
        )
        .fetch_one(self.reader())
        .await?;
        Ok(row.id)
    }

    /// What happened since a moment; `after` is the journal's last line before it.
    pub async fn since(&self, at: Moment, after: i64) -> Result<Since> {
        let row = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM journal WHERE id > ?2 AND what = 'took') AS "marks!: i64",
                      coalesce(sum(written), 0) AS "written!: i64",
                      coalesce(sum(held), 0) AS "held!: i64", coalesce(sum(failed), 0) AS "failed!: i64"
               FROM runs WHERE started_at >= ?1"#,
            at.0,
            after
        )
        .fetch_one(self.reader())
        .await?;
        Ok(Since {
            marks: large(row.marks),
            written: large(row.written),
            held: large(row.held),
            failed: large(row.failed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch_text;

    #[test]
    fn marks_come_back() {
        let place = Position::from_ms(600_000);
        for watch in [
            Watch::Unwatched,
            Watch::WATCHED,
            Watch::from_flag(false, place),
            Watch::from_flag(true, place),
        ] {
            assert_eq!(read_watch(&watch_text(watch)), watch);
        }
        assert_eq!(read_watch("dreamt@x"), Watch::Unwatched, "another version's word");
    }
}
