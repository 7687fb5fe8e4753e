//! Reads a backup, ours or the reference's, title by title.
//!
//! A file may come from anywhere: nothing of it is believed before it is looked at, one title is in memory at
//! a time, and all of it is read before anything is restored.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use watchstate_engine::restore::Wanted;
use watchstate_model::{ExternalId, ExternalIds, Kept, Moment, Provider};
use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use super::format::{FORMAT, VERSION, watch};
use super::loose::{Flag, Ids, Number, Text};
use crate::Refusal;

/// One title is never larger: bytes.
const LARGEST_ENTRY: u64 = 1024 * 1024;
/// A backup is never larger, unpacked: bytes.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// A packed one is never larger.
const LARGEST_PACKED: u64 = 512 * 1024 * 1024;
/// It never holds more titles.
const MOST_ENTRIES: u64 = 2_000_000;
/// An archive holds one backup, and few other files.
const MOST_IN_ARCHIVE: usize = 16;
/// Within so many bytes the record at the end of an archive is looked for: more than it and its comment ever are,
/// so that whoever opens the archive finds no other.
const ARCHIVE_END: u64 = 128 * 1024;
/// Names are shown, and need not be longer: characters.
const LONGEST_NAME: usize = 160;

/// One title of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Said {
    /// Its name, for people.
    pub name: String,
    /// What it is; nothing where an episode does not say its place.
    pub wanted: Option<Wanted>,
    /// What is kept of it.
    pub kept: Kept,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Whole {
    /// When it was made, where it says so: only ours does.
    pub made_at: Option<Moment>,
    /// How many titles it holds.
    pub count: u64,
}

/// Reads a file to its end; `each` is given every title and answers whether to go on.
pub(super) fn read_file(
    mut file: File,
    each: &mut dyn FnMut(Said) -> bool,
) -> Result<Whole, Refusal> {
    let mut first = [0; 4];
    let size = file.metadata().map_err(|error| unreadable(&error))?.len();
    let known = read_some(&mut file, &mut first).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;
    match &first[..known] {
        [b'P', b'K', 3, 4] | [0x1f, 0x8b, ..] if size > LARGEST_PACKED => {
            Err(too_large(LARGEST_PACKED))
        }
        [b'P', b'K', 3, 4] => {
            let (mut archive, place) = archive(file)?;
            let inside = archive.by_index(place).map_err(|_| no_archive())?;
            read(inside, each)
        }
        [0x1f, 0x8b, ..] => read(GzDecoder::new(file), each),
        _ => read(file, each),
    }
}

/// An archive, and the place of the one backup in it.
fn archive<R: Read + Seek>(mut file: R) -> Result<(ZipArchive<R>, usize), Refusal> {
    if !is_small(&mut file).map_err(|error| unreadable(&error))? {
        return Err(no_archive());
    }
    // It begins at the beginning: the file is not searched for what may be one.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let archive = ZipArchive::with_config(config, file).map_err(|_| no_archive())?;
    let is_json = |place: &usize| {
        let name = archive.name_for_index(*place).and_then(Result::ok);
        name.is_some_and(|name| name.ends_with(".json"))
    };
    let names: Vec<usize> = (0..archive.len()).filter(is_json).collect();
    let &[place] = names.as_slice() else { return Err(no_archive()) };
    Ok((archive, place))
}

/// Whether an archive says that it holds few files: whoever opens one reads a header for each of them, and keeps
/// all of these in memory. It is said in the record at its end, of which there is more than one where somebody
/// wants to mislead: none of them may say more, nor be of the form for archives that are larger than any backup.
fn is_small<R: Read + Seek>(file: &mut R) -> io::Result<bool> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(ARCHIVE_END)))?;
    let mut end = Vec::new();
    file.take(ARCHIVE_END).read_to_end(&mut end)?;
    // APPNOTE.TXT 6.3.10, 4.3.15 and 4.3.16: the numbers of files on this disk and in all stand 8 and 10 bytes
    // behind the beginning of the record; what says where the record of the large form is stands right before.
    let too_much = |record: &[u8], at: usize| {
        let number = |at: usize| usize::from(u16::from_le_bytes([record[at], record[at + 1]]));
        let before = at.checked_sub(20).and_then(|at| end.get(at..at + 4));
        number(8).max(number(10)) > MOST_IN_ARCHIVE || before == Some(b"PK\x06\x07".as_slice())
    };
    let mut records =
        end.windows(12).enumerate().filter(|(_, some)| some.starts_with(b"PK\x05\x06"));
    Ok(!records.any(|(at, record)| too_much(record, at)))
}

fn read_some(file: &mut File, into: &mut [u8]) -> io::Result<usize> {
    let mut known = 0;
    while known < into.len() {
        match file.read(&mut into[known..])? {
            0 => break,
            more => known += more,
        }
    }
    Ok(known)
}

/// Reads a backup as plain text.
pub(super) fn read(
    source: impl Read,
    each: &mut dyn FnMut(Said) -> bool,
) -> Result<Whole, Refusal> {
    let limits = Limits::default();
    let refused = RefCell::new(None);
    let capped = Capped { source, limits: &limits };
    let mut json =
        serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, capped));
    let root = Root { each: RefCell::new(each), limits: &limits, refused: &refused };
    let whole = root.deserialize(&mut json).and_then(|whole| json.end().map(|()| whole));
    whole.map_err(|error| match (refused.take(), limits.over.get()) {
        (Some(refused), _) => refused,
        (None, Some(Over::Whole)) => too_large(LARGEST),
        (None, Some(Over::Entry)) => Refusal::new(
            format!(
                "this is no backup: something in it is larger than any title (line {})",
                error.line()
            ),
            "choose another file",
        ),
        (None, None) => of_json(&error),
    })
}

fn of_json(error: &serde_json::Error) -> Refusal {
    let line = error.line();
    let again = "choose another file, or an older backup";
    match error.classify() {
        serde_json::error::Category::Eof => {
            Refusal::new("this backup is not whole: it ends in the middle", again)
        }
        serde_json::error::Category::Syntax => {
            Refusal::new(format!("this is no backup: line {line} cannot be read"), again)
        }
        serde_json::error::Category::Io => {
            Refusal::new(format!("this file cannot be read to its end (line {line})"), again)
        }
        serde_json::error::Category::Data => {
            let says = error.to_string();
            let says: String =
                says.split(" at line ").next().unwrap_or(&says).chars().take(120).collect();
            Refusal::new(format!("this is no backup: line {line}: {says}"), again)
        }
    }
}

fn unreadable(error: &io::Error) -> Refusal {
    Refusal::new(
        format!("this file cannot be read ({})", error.kind()),
        "make it readable for you, or choose another one",
    )
}

fn no_archive() -> Refusal {
    let what = "this archive does not hold one backup, or is damaged";
    Refusal::new(what, "unpack it and choose the .json file in it")
}

fn too_large(most: u64) -> Refusal {
    let what = format!("this is no backup: it is larger than {} MiB", most / 1024 / 1024);
    Refusal::new(what, "choose another file")
}

/// What was read so far, and whether it was too much.
#[derive(Default)]
struct Limits {
    whole: Cell<u64>,
    entry: Cell<u64>,
    over: Cell<Option<Over>>,
}

#[derive(Clone, Copy)]
enum Over {
    Whole,
    Entry,
}

struct Capped<'a, R> {
    source: R,
    limits: &'a Limits,
}

impl<R: Read> Read for Capped<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        let more = u64::try_from(read).unwrap_or(u64::MAX);
        for (sum, most, over) in [
            (&self.limits.whole, LARGEST, Over::Whole),
            (&self.limits.entry, LARGEST_ENTRY, Over::Entry),
        ] {
            sum.set(sum.get().saturating_add(more));
            if sum.get() > most {
                self.limits.over.set(Some(over));
                return Err(io::Error::other("too large"));
            }
        }
        Ok(read)
    }
}

/// Our object, or the reference's list.
struct Root<'a> {
    each: RefCell<&'a mut dyn FnMut(Said) -> bool>,
    limits: &'a Limits,
    refused: &'a RefCell<Option<Refusal>>,
}

impl Root<'_> {
    /// Breaks off with words of our own.
    fn refuse<E: de::Error>(&self, what: impl Into<String>, todo: &str) -> E {
        *self.refused.borrow_mut() = Some(Refusal::new(what, todo));
        E::custom("refused")
    }

    fn no_backup<E: de::Error>(&self) -> E {
        let what = "this is no backup: it is not of WatchState, nor a list of titles";
        self.refuse(what, "choose another file")
    }
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = Whole;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Whole, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backup")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Whole, A::Error> {
        let count = List { root: &self, reference: true }.visit_seq(list)?;
        Ok(Whole { made_at: None, count })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Whole, A::Error> {
        let (mut format, mut version, mut made_at) = (None, None, None);
        let (mut said, mut held) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format" if format.is_none() => {
                    let name = map.next_value::<Text>()?.0;
                    if name != FORMAT {
                        return Err(self.no_backup());
                    }
                    format = Some(name);
                }
                "version" if version.is_none() => {
                    let Number(number) = map.next_value()?;
                    match u64::try_from(number) {
                        Ok(number) if (1..=VERSION).contains(&number) => version = Some(number),
                        Ok(number) if number > VERSION => {
                            let what = format!(
                                "this backup was written by a newer WatchState (form {number}; this \
                                 one reads up to {VERSION})"
                            );
                            return Err(
                                self.refuse(what, "install the newer WatchState to restore it")
                            );
                        }
                        _ => return Err(self.no_backup()),
                    }
                }
                "madeAt" => made_at = Some(Moment(map.next_value::<Number>()?.0)),
                "count" => said = Some(map.next_value::<Number>()?.0),
                "titles" if held.is_none() => {
                    // What they mean is said before them, or they are not read.
                    if format.is_none() || version.is_none() {
                        return Err(self.no_backup());
                    }
                    held = Some(map.next_value_seed(List { root: &self, reference: false })?);
                }
                "format" | "version" | "titles" => {
                    let what = format!("this backup is damaged: it says {key} twice");
                    return Err(self.refuse(what, "choose an older backup"));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Some(held) = held else { return Err(self.no_backup()) };
        if said.and_then(|said| u64::try_from(said).ok()) != Some(held) {
            let what = format!("this backup is damaged: it holds {held} titles and says otherwise");
            return Err(self.refuse(what, "choose an older backup"));
        }
        Ok(Whole { made_at, count: held })
    }
}

/// The list of titles. Answers how many there are.
struct List<'a, 'r> {
    root: &'a Root<'r>,
    reference: bool,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of titles")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut count = 0;
        while let Some(entry) = list.next_element::<Entry>()? {
            count += 1;
            self.root.limits.entry.set(0);
            if count > MOST_ENTRIES {
                let what = format!("this is no backup: it lists more than {MOST_ENTRIES} titles");
                return Err(self.root.refuse(what, "choose another file"));
            }
            if !(self.root.each.borrow_mut())(entry.said(self.reference)) {
                return Err(A::Error::custom("nobody listens"));
            }
        }
        Ok(count)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Movie,
    Episode,
}

/// A title as a file writes it: the reference's names beside ours.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    r#type: Kind,
    watched: Flag,
    title: Option<Text>,
    year: Option<Number>,
    show: Option<Text>,
    season: Option<Number>,
    episode: Option<Number>,
    #[serde(alias = "guids")]
    ids: Option<Ids>,
    #[serde(alias = "parent")]
    show_ids: Option<Ids>,
    #[serde(alias = "progress")]
    position_ms: Option<Number>,
    plays: Option<Number>,
    #[serde(alias = "updated")]
    last_played: Option<Number>,
}

impl Entry {
    fn said(self, reference: bool) -> Said {
        let ids = |ids: Option<Ids>| -> ExternalIds {
            let some = ids.map(|ids| ids.0).unwrap_or_default().into_iter();
            some.filter_map(|(name, value)| external(&name, &value)).collect()
        };
        let small = |number: &Option<Number>| u16::try_from(number.as_ref()?.0).ok();
        let place = small(&self.season).zip(small(&self.episode));
        let name = name(&self, small(&self.year), place);
        let (own, of_show) = (ids(self.ids), ids(self.show_ids));
        let wanted = match (self.r#type, place) {
            (Kind::Movie, _) => Some(Wanted::Movie { ids: own }),
            (Kind::Episode, Some(place)) => {
                Some(Wanted::Episode { show_ids: of_show, place, ids: own })
            }
            (Kind::Episode, None) => None,
        };
        let watched = self.watched.0;
        let position = self.position_ms.and_then(|ms| u64::try_from(ms.0).ok());
        // The reference keeps one date: of the last change, which is the play of what is watched.
        let played = self.last_played.filter(|_| watched || !reference);
        Said {
            name,
            wanted,
            kept: Kept {
                watch: watch(watched, position),
                plays: self.plays.and_then(|n| u32::try_from(n.0).ok()).unwrap_or(0),
                played_at: played.map(|at| Moment(at.0)).filter(|at| at.0 > 0),
            },
        }
    }
}

/// The id of a name such as `imdb`, or the reference's `guid_imdb`.
fn external(name: &str, value: &str) -> Option<ExternalId> {
    let name = name.strip_prefix("guid_").unwrap_or(name);
    ExternalId::new(Provider::from_name(name)?, value)
}

/// `Heat (1995)`, `Lost S01E01 Pilot`.
fn name(entry: &Entry, year: Option<u16>, place: Option<(u16, u16)>) -> String {
    let text = |text: &Option<Text>| {
        text.as_ref().map(|text| text.0.as_str()).unwrap_or_default().to_owned()
    };
    let title = text(&entry.title);
    let name = match (&entry.r#type, place, year) {
        (Kind::Episode, Some((season, number)), _) => {
            format!("{} S{season:02}E{number:02} {title}", text(&entry.show))
        }
        (Kind::Episode, None, _) => format!("{} {title}", text(&entry.show)),
        (Kind::Movie, _, Some(year)) => format!("{title} ({year})"),
        (Kind::Movie, _, None) => title,
    };
    let name = name.trim().replace(char::is_control, " ");
    if name.is_empty() {
        "Without a name".to_owned()
    } else {
        name.chars().take(LONGEST_NAME).collect()
    }
}

#[cfg(test)]
mod tests;
