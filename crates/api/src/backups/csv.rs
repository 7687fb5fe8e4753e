//! The whole history of a person as a table (RFC 4180), for spreadsheets and other programs.

use jiff::Timestamp;
use watchstate_engine::CancellationToken;
use watchstate_model::{ExternalIds, Moment, PersonId, Position, Provider};
use watchstate_store::KeptTitle;

use super::make::{Whose, Writing, stamp};
use crate::{Household, Result};

/// A table that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// Where it is.
    pub path: std::path::PathBuf,
    /// How many titles are in it.
    pub titles: u64,
    /// How large it is: bytes.
    pub bytes: u64,
}

/// The names of the columns, before those of the ids.
const BEFORE: [&str; 6] = ["type", "title", "show", "season", "episode", "year"];
/// And behind them.
const BEHIND: [&str; 4] = ["watched", "plays", "last_played", "position_ms"];

/// A line of cells.
#[derive(Default)]
struct Line(String);

impl Line {
    /// Adds a text from outside. A spreadsheet takes a cell that begins with one of these signs for a formula,
    /// which a name from a server must not be: such a cell begins with an apostrophe, which spreadsheets do
    /// not show.
    fn text(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted =
            text.contains(['"', ',', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ');
        let guard = if formula { "'" } else { "" };
        if quoted || formula {
            self.cell(&format!("\"{guard}{}\"", text.replace('"', "\"\"")));
        } else {
            self.cell(text);
        }
    }

    /// Adds a value of our own, which needs no quotes.
    fn cell(&mut self, value: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(value);
    }

    fn number(&mut self, value: Option<impl ToString>) {
        self.cell(&value.map(|value| value.to_string()).unwrap_or_default());
    }

    fn ids(&mut self, ids: Option<&ExternalIds>) {
        for provider in Provider::ALL {
            let id = ids.and_then(|ids| ids.of(provider)).map(|id| id.value());
            self.text(id.unwrap_or_default());
        }
    }

    fn end(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }
}

fn head() -> String {
    let mut line = Line::default();
    BEFORE.iter().for_each(|name| line.cell(name));
    Provider::ALL.iter().for_each(|provider| line.cell(provider.name()));
    Provider::ALL.iter().for_each(|provider| line.cell(&format!("show_{}", provider.name())));
    BEHIND.iter().for_each(|name| line.cell(name));
    line.end()
}

fn row(title: &KeptTitle, show_ids: Option<&ExternalIds>) -> String {
    let (season, episode) = title.place.unzip();
    let mut line = Line::default();
    line.cell(if title.place.is_some() { "episode" } else { "movie" });
    line.text(&title.name);
    line.text(title.show_name.as_deref().unwrap_or_default());
    line.number(season);
    line.number(episode);
    line.number(title.year);
    line.ids(Some(&title.ids));
    line.ids(show_ids);
    line.cell(if title.kept.watch.is_watched() { "yes" } else { "no" });
    line.number(Some(title.kept.plays));
    let played = title.kept.played_at.and_then(|Moment(at)| Timestamp::from_second(at).ok());
    line.number(played);
    line.number(title.kept.watch.position().map(Position::ms));
    line.end()
}

impl Household {
    /// Writes everything that is held of a person into a table beside the backups.
    pub async fn export_table(
        &self,
        person: PersonId,
        cancel: &CancellationToken,
    ) -> Result<Table> {
        let shelf = self.shelf();
        let name = self.store().person_name(person).await?.unwrap_or_else(|| "main".to_owned());
        let safe: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let file = format!("{safe}.history.{}.csv", stamp(self.now()));
        let path = shelf.folder().join(&file);
        let mut writing = Writing::begin(&shelf, file, true);
        writing.add(head().into_bytes()).await;
        let titles = writing
            .titles(self, Whose::Person(person), cancel, &mut |page, title, show_ids, _| {
                page.extend_from_slice(row(title, show_ids).as_bytes());
                Ok(())
            })
            .await?;
        let bytes = writing.end().await?;
        Ok(Table { path, titles, bytes })
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::{Kept, TitleId, Watch};

    use super::*;

    fn title(name: &str) -> KeptTitle {
        KeptTitle {
            title: TitleId(1),
            place: None,
            name: name.to_owned(),
            year: Some(1995),
            show: None,
            show_name: None,
            ids: ExternalIds::from_text("imdb:tt0113277 youtube:-dQw4w9"),
            path: None,
            kept: Kept { watch: Watch::WATCHED, plays: 2, played_at: Some(Moment(1_800_000_000)) },
        }
    }

    #[test]
    fn every_line_has_every_column() {
        let head = head();
        let columns = head.trim_end().split(',').count();
        assert_eq!(columns, 6 + 8 + 8 + 4);
        assert!(head.starts_with("type,title,show,season,episode,year,imdb,tmdb,"), "{head}");
        let film = row(&title("Heat"), None);
        assert_eq!(
            film,
            "movie,Heat,,,,1995,tt0113277,,,,,,\"'-dQw4w9\",,,,,,,,,,yes,2,2027-01-15T08:00:00Z,\r\n"
        );
        assert_eq!(film.trim_end().split(',').count(), columns);
        let episode = KeptTitle {
            place: Some((0, 3)),
            show_name: Some("Lost".to_owned()),
            year: None,
            ids: ExternalIds::NONE,
            kept: Kept {
                watch: Watch::from_flag(false, Position::from_ms(600_000)),
                plays: 0,
                played_at: None,
            },
            ..title("Pilot")
        };
        let show_ids = ExternalIds::from_text("tvdb:73739");
        assert_eq!(
            row(&episode, Some(&show_ids)),
            "episode,Pilot,Lost,0,3,,,,,,,,,,,,73739,,,,,,no,0,,600000\r\n"
        );
    }

    #[test]
    fn texts_are_quoted_and_no_formulas() {
        for (text, cell) in [
            ("Heat", "Heat"),
            ("", ""),
            ("A, B", "\"A, B\""),
            ("the \"one\"", "\"the \"\"one\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" space", "\" space\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\tx", "\"'\tx\""),
            ("\rx", "\"'\rx\""),
            ("=\"a\"", "\"'=\"\"a\"\"\""),
            ("a=b", "a=b"),
        ] {
            let mut line = Line("x".to_owned());
            line.text(text);
            assert_eq!(line.0, format!("x,{cell}"), "{text:?}");
        }
    }
}
