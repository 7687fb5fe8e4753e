//! A small file of named values in the data folder.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::secrets::sync_folder;
use crate::{ApiError, Code, Refusal, Result};

/// A file larger than this was not written by us: bytes.
const LARGEST: u64 = 1024 * 1024;

/// A JSON object in a file that only its owner may read. It is never changed in place: a new one takes its
/// place at once, so that a crash leaves the old or the new one. Names that this version does not know stay
/// in it, for the version that does.
pub(crate) struct KeptFile {
    path: PathBuf,
    values: Map<String, Value>,
}

impl KeptFile {
    /// Reads a file of a folder, which need not be there. One that cannot be understood is put aside under
    /// another name, and everything in it is as if it had never been set; the refusal says so.
    pub(crate) fn open(folder: &Path, name: &str) -> (Self, Option<Refusal>) {
        let path = folder.join(name);
        let empty = |path| Self { path, values: Map::new() };
        match read(&path) {
            Ok(None) => (empty(path), None),
            Ok(Some(Value::Object(values))) => (Self { path, values }, None),
            Ok(Some(_)) => {
                let told = put_aside(&path);
                (empty(path), Some(told))
            }
            Err(error) => {
                let told = Refusal::new(
                    format!("{} cannot be read ({})", path.display(), error.kind()),
                    "make it readable for you and start WatchState again; until then the defaults are used",
                );
                (empty(path), Some(told))
            }
        }
    }

    /// A value.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Keeps a value, or forgets it. When the file cannot be written nothing has changed.
    pub(crate) fn set(&mut self, name: &str, value: Option<Value>) -> Result<()> {
        let mut values = self.values.clone();
        match value {
            Some(value) => values.insert(name.to_owned(), value),
            None => values.remove(name),
        };
        if values == self.values {
            return Ok(());
        }
        self.write(&values).map_err(|error| {
            ApiError::new(
                Code::Store,
                format!(
                    "{} cannot be written ({}); make room there and make it writable for you",
                    self.path.display(),
                    error.kind()
                ),
            )
        })?;
        self.values = values;
        Ok(())
    }

    fn write(&self, values: &Map<String, Value>) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut text = serde_json::to_vec_pretty(values).map_err(io::Error::other)?;
        text.push(b'\n');
        // Made with mode 0600 by `tempfile`.
        let mut new = tempfile::Builder::new().prefix(".kept-").tempfile_in(folder)?;
        new.write_all(&text)?;
        new.as_file().sync_all()?;
        new.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(folder)
    }
}

/// What a file holds; nothing where there is none, and null where it cannot be understood.
fn read(path: &Path) -> io::Result<Option<Value>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Ok(Some(Value::Null));
    }
    Ok(Some(serde_json::from_slice(&text).unwrap_or_default()))
}

/// Gives a damaged file another name, so that what is in it can be looked at.
fn put_aside(path: &Path) -> Refusal {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = (1..100)
        .map(|number| path.with_file_name(format!("{name}.broken-{number}")))
        .find(|aside| !aside.exists());
    let moved = aside.filter(|aside| fs::rename(path, aside).is_ok());
    let what = format!("{} is damaged, so the defaults are used", path.display());
    match moved {
        Some(aside) => Refusal::new(
            what,
            format!(
                "set again what you had changed; the damaged file is kept as {}",
                aside.display()
            ),
        ),
        None => Refusal::new(what, "remove it or give it another name, and start WatchState again"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    #[test]
    fn kept_across_a_restart_with_what_others_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.json");
        fs::write(&path, r#"{"of a later version": {"a": [1]}, "b": "old"}"#).unwrap();
        let (mut file, told) = KeptFile::open(folder.path(), "some.json");
        assert_eq!(told, None);
        file.set("b", Some(json!("new"))).unwrap();
        file.set("c", Some(json!(7))).unwrap();
        file.set("c", None).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else may read it");
        let (again, _) = KeptFile::open(folder.path(), "some.json");
        assert_eq!(again.get("b"), Some(&json!("new")));
        assert_eq!(again.get("c"), None);
        assert_eq!(again.get("of a later version"), Some(&json!({"a": [1]})));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_told() {
        let huge = format!("\"{}\"", "x".repeat(2 * 1024 * 1024));
        for (text, why) in [
            ("{\"a\": ", "cut short"),
            ("", "empty after a loss of power"),
            ("[1]", "no object"),
            (huge.as_str(), "too large"),
            ("\0\0\0", "no text"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("some.json");
            for number in 1..=2 {
                fs::write(&path, text).unwrap();
                let (mut file, told) = KeptFile::open(folder.path(), "some.json");
                let told = told.expect(why);
                let aside = folder.path().join(format!("some.json.broken-{number}"));
                assert!(told.todo.contains(&aside.display().to_string()), "{why}: {told}");
                assert_eq!(fs::read_to_string(&aside).unwrap(), text, "{why}");
                file.set("a", Some(json!(number))).unwrap();
                let (again, told) = KeptFile::open(folder.path(), "some.json");
                assert_eq!((again.get("a"), told), (Some(&json!(number)), None), "{why}");
            }
        }
    }

    #[test]
    fn what_cannot_be_written_has_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        fs::create_dir(&gone).unwrap();
        let (mut file, _) = KeptFile::open(&gone, "some.json");
        fs::remove_dir(&gone).unwrap();
        let error = file.set("a", Some(json!(1))).unwrap_err();
        assert_eq!(error.code, Code::Store);
        assert_eq!(file.get("a"), None);
    }
}
