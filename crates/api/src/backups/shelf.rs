//! The folder of the backups: what is there, what goes when it is old, and how one of them is opened.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use watchstate_model::{BackendId, Moment};

use super::format::FORMAT;
use super::make::stamp;
use super::whole_file::UNFINISHED;
use crate::settings::book::Keeping;
use crate::{ApiError, Household, Result};

/// The folder in the data folder where backups are if nobody chose another.
const USUAL: &str = "backups";
/// So many files are listed, the latest first.
const MOST: usize = 2000;
/// So much of a file is read to list it: bytes at its beginning, and at its end.
const HEAD: u64 = 4096;
const FOOT: u64 = 256;
/// What is not whole after this long is not being written any more: seconds.
const LEFT_BEHIND_S: i64 = 24 * 3600;
const DAY_S: i64 = 24 * 3600;

/// The backups of a household.
pub(crate) struct Shelf {
    folder: PathBuf,
    keeping: Keeping,
}

/// What a file looks like from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A backup of ours, whole.
    Ours,
    /// A list of titles, as the reference writes it, or something packed: only reading it says more.
    Other,
    /// It begins as ours do, and is not whole.
    Damaged,
}

/// Whose history a backup holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Source {
    /// The name of the person.
    pub person: String,
    /// The name of the backend.
    pub backend: String,
    /// The kind of its server.
    pub kind: String,
}

/// A file on the shelf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnShelf {
    /// Its name: what stands for it.
    pub id: String,
    /// When it was made; of a file that does not say: when it was last changed.
    pub made_at: Moment,
    /// Whose history, where it says so.
    pub source: Option<Source>,
    /// How many titles it holds, where it says so.
    pub titles: Option<u64>,
    /// How large it is: bytes.
    pub bytes: u64,
    /// What it looks like.
    pub form: Form,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadIn {
    format: String,
    made_at: i64,
    person: String,
    backend: AccountIn,
}

#[derive(Deserialize)]
struct AccountIn {
    name: String,
    kind: String,
}

#[derive(Deserialize)]
struct FootIn {
    count: u64,
}

impl Household {
    /// The backups of this household, by the settings as they are now.
    pub(crate) fn shelf(&self) -> Shelf {
        let keeping = self.around.keeping();
        let chosen = self.backups_in.clone().or_else(|| keeping.folder.clone());
        let folder = chosen.unwrap_or_else(|| self.path().join(USUAL));
        Shelf { folder, keeping }
    }

    /// The folder of the backups.
    pub fn backups_folder(&self) -> PathBuf {
        self.shelf().folder
    }

    /// The backups that are there, the latest first. A folder that is not there holds none.
    pub async fn backups(&self) -> Result<Vec<OnShelf>> {
        let shelf = self.shelf();
        let place = shelf.folder.display().to_string();
        let listed = tokio::task::spawn_blocking(move || shelf.list()).await;
        let listed = listed.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
        listed.map_err(|error| {
            let what = format!("the folder of the backups, {place}, cannot be read");
            ApiError::usage(format!(
                "{what} ({}); make it readable for you, or choose another in Settings",
                error.kind()
            ))
        })
    }
}

impl Shelf {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is shown of what is there, the latest first.
    pub(super) fn list(&self) -> io::Result<Vec<OnShelf>> {
        let mut all = self.all()?;
        all.truncate(MOST);
        Ok(all)
    }

    /// All that is there, the latest first.
    fn all(&self) -> io::Result<Vec<OnShelf>> {
        let mut all: Vec<OnShelf> = self
            .names()?
            .into_iter()
            .filter_map(|name| look(&self.folder.join(&name), name).ok())
            .collect();
        all.sort_by(|a, b| (b.made_at, &b.id).cmp(&(a.made_at, &a.id)));
        Ok(all)
    }

    /// The names of the files that may be backups. What is no plain file, such as a link to elsewhere, is
    /// none.
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let may_be = |name: &str| {
            let ends = [".json", ".json.zip", ".json.gz"];
            !name.starts_with('.') && ends.iter().any(|end| name.ends_with(end))
        };
        Ok(entries
            .filter_map(io::Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| may_be(name))
            .collect())
    }

    /// Opens a backup that was listed. Whatever is asked for, only a file of this folder is opened: the name
    /// is looked for among those that are there, and never made a path of.
    pub(super) fn open(&self, id: &str) -> Result<File> {
        let gone = || ApiError::usage("this backup is not there any more; look at the list again");
        let name = self.names().unwrap_or_default().into_iter().find(|name| name == id);
        File::open(self.folder.join(name.ok_or_else(gone)?)).map_err(|error| {
            let what = format!("this backup cannot be read ({})", error.kind());
            ApiError::usage(format!("{what}; make it readable for you"))
        })
    }

    /// Lets go of what is old: of each account, backups beyond the number that is kept or older than the age
    /// that is kept. The latest of an account always stays, and so does every file under a name that is not
    /// the one we gave it, so that a backup is kept for good by giving it another name. One that cannot be
    /// removed keeps none of the others.
    pub(super) fn tidy(&self, now: Moment) -> io::Result<Tidied> {
        self.tidy_by(now, &|path| fs::remove_file(path))
    }

    fn tidy_by(&self, now: Moment, remove: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<Tidied> {
        let mut tidied = Tidied::default();
        if !self.folder.is_dir() {
            return Ok(tidied);
        }
        for id in self.old(&self.all()?, now) {
            match remove(&self.folder.join(id)) {
                Ok(()) => tidied.gone.push(id.to_owned()),
                Err(error) => tidied.stuck.push((id.to_owned(), error.kind())),
            }
        }
        for entry in fs::read_dir(&self.folder)?.filter_map(io::Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(UNFINISHED) && changed_at(&entry.path()).0 < now.0 - LEFT_BEHIND_S {
                let removed = remove(&entry.path());
                tidied.stuck.extend(removed.err().map(|error| (name, error.kind())));
            }
        }
        Ok(tidied)
    }

    /// What is to go of all that is there, which stands in its order: the latest first.
    fn old<'a>(&self, all: &'a [OnShelf], now: Moment) -> Vec<&'a str> {
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        let too_old = now.0.saturating_sub(self.keeping.days.saturating_mul(DAY_S));
        let mut old = Vec::new();
        for one in all.iter().filter(|one| one.form == Form::Ours) {
            let Some(source) = &one.source else { continue };
            if !is_named_by_us(&one.id, source, one.made_at) {
                continue;
            }
            let count = seen.entry((source.person.as_str(), source.backend.as_str())).or_default();
            *count += 1;
            let aged = self.keeping.days > 0 && one.made_at.0 < too_old;
            if *count > 1 && (*count > self.keeping.most || aged) {
                old.push(one.id.as_str());
            }
        }
        old
    }
}

/// What became of old backups.
#[derive(Default, Debug)]
pub(super) struct Tidied {
    /// The backups that are gone.
    pub gone: Vec<String>,
    /// What could not be removed, and why.
    pub stuck: Vec<(String, io::ErrorKind)>,
}

fn changed_at(path: &Path) -> Moment {
    let at = fs::metadata(path).and_then(|about| about.modified()).ok();
    let since = at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    Moment(since.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0))
}

/// What a file looks like, by its beginning and its end.
fn look(path: &Path, id: String) -> io::Result<OnShelf> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut start = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(FOOT)))?;
    let mut end = Vec::new();
    file.take(FOOT).read_to_end(&mut end)?;
    let made_at = changed_at(path);
    let other = OnShelf { id, made_at, source: None, titles: None, bytes, form: Form::Other };
    if start.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Ok(other);
    }
    let (head, foot) = (head_of(&start), foot_of(&end));
    let Some(head) = head else { return Ok(OnShelf { form: Form::Damaged, ..other }) };
    Ok(OnShelf {
        made_at: Moment(head.made_at),
        source: Some(Source {
            person: head.person,
            backend: head.backend.name,
            kind: head.backend.kind,
        }),
        titles: foot.as_ref().map(|foot| foot.count),
        form: if foot.is_some() { Form::Ours } else { Form::Damaged },
        ..other
    })
}

/// What stands before the titles, as we write it.
fn head_of(start: &[u8]) -> Option<HeadIn> {
    let start = String::from_utf8_lossy(start);
    let (head, _) = start.split_once(",\"titles\":[")?;
    let head: HeadIn = serde_json::from_str(&format!("{head}}}")).ok()?;
    (head.format == FORMAT).then_some(head)
}

/// What stands behind them.
fn foot_of(end: &[u8]) -> Option<FootIn> {
    let end = String::from_utf8_lossy(end);
    let (_, foot) = end.rsplit_once("\n],")?;
    serde_json::from_str(&format!("{{{foot}")).ok()
}

/// The name of a new backup. Names of people and backends may be anything; what a file may not be called is
/// left out, and then the number of the backend keeps two of them apart.
pub(super) fn file_name(person: &str, id: BackendId, backend: &str, at: Moment) -> String {
    let number = if is_plain(backend) { String::new() } else { format!("-{id}") };
    format!("{}.{}{number}.{}.json", plain(person), plain(backend), stamp(at))
}

fn plain(name: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    name.to_lowercase().chars().map(|letter| if safe(letter) { letter } else { '-' }).collect()
}

/// Whether nothing is lost of a name in that of a file.
fn is_plain(name: &str) -> bool {
    plain(name) == name.to_lowercase()
}

/// Whether a backup still has the name that it was given when it was made, whatever number its backend had: a
/// file that was given another is kept for good.
fn is_named_by_us(name: &str, source: &Source, made_at: Moment) -> bool {
    let before = format!("{}.{}", plain(&source.person), plain(&source.backend));
    let behind = format!(".{}.json", stamp(made_at));
    let number = name.strip_prefix(&before).and_then(|name| name.strip_suffix(&behind));
    number.is_some_and(|number| match number.strip_prefix('-') {
        Some(digits) if !is_plain(&source.backend) => {
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        }
        Some(_) => false,
        None => number.is_empty() && is_plain(&source.backend),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(folder: &Path, most: usize, days: i64) -> Shelf {
        let keeping = Keeping { folder: None, most, days };
        Shelf { folder: folder.to_owned(), keeping }
    }

    fn put(folder: &Path, backend: &str, at: i64) -> String {
        let name = file_name("main", BackendId(1), backend, Moment(at));
        let text = format!(
            "{{\"format\":\"watchstate-backup\",\"version\":1,\"madeAt\":{at},\"app\":\"1\",\
             \"person\":\"main\",\"backend\":{{\"name\":\"{backend}\",\"kind\":\"plex\"}},\
             \"titles\":[\n\n],\"count\":0,\"notIdentified\":0}}\n"
        );
        fs::write(folder.join(&name), text).unwrap();
        name
    }

    #[test]
    fn names_are_safe_and_keep_backends_apart() {
        let at = Moment(1_800_000_000);
        for (person, backend, name) in [
            ("main", "den", "main.den.20270115-080000.json"),
            ("main", "Den", "main.den.20270115-080000.json"),
            ("main", "../../etc", "main.------etc-3.20270115-080000.json"),
            ("Zoë", "a b", "zo-.a-b-3.20270115-080000.json"),
        ] {
            assert_eq!(file_name(person, BackendId(3), backend, at), name);
            assert!(is_named_by_us(name, &of(person, backend), at));
        }
    }

    fn of(person: &str, backend: &str) -> Source {
        let [person, backend, kind] = [person, backend, "plex"].map(str::to_owned);
        Source { person, backend, kind }
    }

    #[test]
    fn any_other_name_keeps_a_backup_for_good() {
        let at = Moment(1_800_000_000);
        for name in [
            "before-the-move.main.den.20270115-080000.json",
            "main.den.before-the-move.20270115-080000.json",
            "main.den.20270115-080000.before-the-move.json",
            "main.den.20270115-080000 (1).json",
            "main.den-2.20270115-080000.json",
            "main.den-.20270115-080000.json",
            "main.den.20270115-080001.json",
            "main.attic.20270115-080000.json",
            "ana.den.20270115-080000.json",
            "main.den.json",
            "before the move.json",
            "main.den.20270115-0800xx.json",
        ] {
            assert!(!is_named_by_us(name, &of("main", "den"), at), "{name}");
        }
        for name in ["main.a-b.20270115-080000.json", "main.a-b-x.20270115-080000.json"] {
            assert!(!is_named_by_us(name, &of("main", "a b"), at), "{name}");
        }
    }

    #[test]
    fn what_is_there() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("backups");
        assert_eq!(shelf(&folder, 9, 0).list().unwrap(), [], "no folder is an empty one");
        fs::create_dir(&folder).unwrap();
        let early = put(&folder, "den", 1_000);
        let late = put(&folder, "den", 2_000);
        fs::write(folder.join("theirs.json"), "[]").unwrap();
        let text = fs::read_to_string(folder.join(&late)).unwrap();
        fs::write(folder.join("cut.json"), &text[..text.len() - 20]).unwrap();
        fs::write(folder.join("empty.json"), "").unwrap();
        fs::write(folder.join("strange.json"), "{\"a\":1}").unwrap();
        fs::write(folder.join("notes.txt"), "").unwrap();
        fs::write(folder.join(".hidden.json"), "").unwrap();
        fs::create_dir(folder.join("folder.json")).unwrap();
        let all = shelf(&folder, 9, 0).list().unwrap();
        let of = |id: &str| all.iter().find(|one| one.id == id).unwrap();
        assert_eq!(all.len(), 6);
        let place = |id: &str| all.iter().position(|one| one.id == id).unwrap();
        assert!(place(&late) < place(&early), "the latest first");
        assert_eq!((of(&late).form, of(&late).titles), (Form::Ours, Some(0)));
        assert_eq!(of(&late).made_at, Moment(2_000));
        assert_eq!(of(&late).source.as_ref().unwrap().backend, "den");
        assert_eq!(of("theirs.json").form, Form::Other);
        assert_eq!(of("empty.json").form, Form::Other);
        assert_eq!(of("cut.json").form, Form::Damaged);
        assert_eq!(of("strange.json").form, Form::Damaged);
    }

    #[test]
    fn only_what_is_listed_is_opened() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("backups");
        fs::create_dir(&folder).unwrap();
        let name = put(&folder, "den", 1_000);
        fs::write(outside.path().join("secret.json"), "[]").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path().join("secret.json"), folder.join("link.json"))
            .unwrap();
        let shelf = shelf(&folder, 9, 0);
        assert!(shelf.open(&name).is_ok());
        let whole = folder.join(&name).display().to_string();
        for id in [
            "../secret.json",
            "link.json",
            "",
            ".",
            "..",
            "/etc/passwd",
            "./x",
            whole.as_str(),
            "a\0b",
        ] {
            assert!(shelf.open(id).is_err(), "{id}");
        }
    }

    #[test]
    fn old_ones_go_by_number_and_age() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path();
        let now = 100 * DAY_S;
        let days = |ago: i64| now - ago * DAY_S;
        let den: Vec<String> = [40, 30, 3, 2, 1].map(|ago| put(folder, "den", days(ago))).into();
        let attic = put(folder, "attic", days(99));
        let pinned = put(folder, "den", days(50));
        let prefixed = format!("before-the-move.{pinned}");
        fs::copy(folder.join(&pinned), folder.join(&prefixed)).unwrap();
        fs::rename(folder.join(&pinned), folder.join("before the move.json")).unwrap();
        fs::write(folder.join("theirs.20200101-000000.json"), "[]").unwrap();
        let tidy = |most, keep_days, at| {
            let tidied = shelf(folder, most, keep_days).tidy(Moment(at)).unwrap();
            assert_eq!(tidied.stuck, []);
            tidied.gone
        };
        let gone = tidy(3, 0, now);
        assert_eq!(gone, [den[1].clone(), den[0].clone()], "three of an account are kept");
        assert_eq!(tidy(3, 2, now), [den[2].clone()], "none that is older than two days");
        let left = shelf(folder, 3, 2).list().unwrap();
        let is_left = |name: &str| left.iter().any(|one| one.id == name);
        assert!(is_left(&attic), "the latest of an account stays, however old");
        assert!(is_left("before the move.json") && is_left("theirs.20200101-000000.json"));
        assert!(is_left(&prefixed), "a name in front is another name");
        let gone = tidy(0, 1, now + 90 * DAY_S);
        assert_eq!(gone, [den[3].clone()], "and that one is never the last to go");
        assert!(folder.join(&den[4]).exists());
    }

    #[test]
    fn what_is_not_shown_any_more_goes_as_well() {
        let outside = tempfile::tempdir().unwrap();
        let made: Vec<String> =
            (0..=MOST).map(|n| put(outside.path(), "den", i64::try_from(n).unwrap())).collect();
        let shelf = shelf(outside.path(), MOST, 0);
        assert_eq!(shelf.list().unwrap().len(), MOST, "one is not shown");
        assert_eq!(shelf.tidy(Moment(9)).unwrap().gone, [made[0].clone()], "and does not stay");
    }

    #[test]
    fn one_that_cannot_be_removed_keeps_none_of_the_others() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path();
        let den: Vec<String> = [1, 2, 3, 4].map(|at| put(folder, "den", at)).into();
        let left_behind = format!("{UNFINISHED}x");
        fs::write(folder.join(&left_behind), "").unwrap();
        let stubborn = |path: &Path| match path.ends_with(&den[1]) {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => fs::remove_file(path),
        };
        let later = changed_at(&folder.join(&left_behind)).0 + LEFT_BEHIND_S + 1;
        let tidied = shelf(folder, 1, 0).tidy_by(Moment(later), &stubborn).unwrap();
        assert_eq!(tidied.gone, [den[2].clone(), den[0].clone()]);
        assert_eq!(tidied.stuck, [(den[1].clone(), io::ErrorKind::PermissionDenied)], "it is told");
        assert!(!folder.join(&left_behind).exists(), "what was left unfinished goes all the same");
    }
}
