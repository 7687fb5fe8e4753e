//! What goes wrong, how it is made to, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use watchstate_api::SecretsPlace;
use watchstate_api::contract::FailureKind;

use crate::apart;

/// What goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// SQLite answers each change as it does on a full disk, and takes the transaction back as it does then.
    DiskFull,
    /// A genuine disk, small and full to its last byte.
    SmallDiskFull(PathBuf),
    /// Not a byte can be written any more, neither to what is open nor to anything new. In a process apart, with
    /// this folder to work in.
    DiskReadOnly(PathBuf),
    /// Another program holds the database, longer than anybody waits for it.
    DatabaseLocked,
    /// The file where the tokens are lost a part of itself.
    TokensTorn,
    /// A genuine keyring is locked. In a process apart, with this folder to work in.
    KeyringLocked(PathBuf),
    /// It is not there any more, and neither is the bus that it was on. The same.
    KeyringGone(PathBuf),
}

/// What is told of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    pub kind: FailureKind,
    pub what: &'static str,
    pub todo: &'static str,
}

/// Something that went wrong and goes on doing so.
pub(crate) enum Bad {
    Full(SqliteConnection),
    SmallDisk(PathBuf),
    ReadOnly(PathBuf),
    Locked(SqliteConnection),
    Tokens(PathBuf, Vec<u8>),
    KeyringLocked,
    KeyringGone(PutAside),
}

/// A file that has another name for a while: it gets its own back, however a test ends.
pub(crate) struct PutAside {
    file: PathBuf,
    aside: PathBuf,
}

impl PutAside {
    fn of(file: PathBuf) -> Self {
        let aside = file.with_extension("aside");
        fs::rename(&file, &aside).unwrap();
        Self { file, aside }
    }
}

impl Drop for PutAside {
    fn drop(&mut self) {
        fs::rename(&self.aside, &self.file).unwrap();
    }
}

/// The largest number of a row there can be: after it there is no room for another.
pub(crate) const NO_ROOM: &str = "CREATE TABLE no_room (id INTEGER PRIMARY KEY AUTOINCREMENT);
    INSERT INTO no_room VALUES (9223372036854775807);";

impl Fault {
    /// A folder on the disk that it happens to.
    pub(crate) fn folder(&self) -> TempDir {
        match self {
            Self::SmallDiskFull(place)
            | Self::DiskReadOnly(place)
            | Self::KeyringLocked(place)
            | Self::KeyringGone(place) => TempDir::new_in(place),
            Self::DiskFull | Self::DatabaseLocked | Self::TokensTorn => TempDir::new(),
        }
        .unwrap()
    }

    /// What a person is told whose work it breaks off, or whose next.
    pub(crate) fn told(&self) -> Told {
        let store = |what, todo| Told { kind: FailureKind::Store, what, todo };
        match self {
            Self::DiskFull | Self::SmallDiskFull(_) => {
                store("The disk is full", "Make room on the disk")
            }
            Self::DiskReadOnly(_) => store(
                "The database cannot be written",
                "Make the data folder writable, or choose another with --data-dir",
            ),
            Self::DatabaseLocked => store(
                "The database is in use by another program",
                "Close the other program that uses it",
            ),
            Self::TokensTorn => Told {
                kind: FailureKind::Keyring,
                what: "is damaged",
                todo: "Move it away and sign in again",
            },
            Self::KeyringLocked(_) => Told {
                kind: FailureKind::Keyring,
                what: "The keyring is locked",
                todo: "Unlock it and try again",
            },
            Self::KeyringGone(_) => Told {
                kind: FailureKind::NoKeyring,
                what: "The keyring of this computer does not answer",
                todo: "Log in and try again, or keep tokens in a file that only you can read",
            },
        }
    }

    /// Whether it breaks off what works with the database.
    pub(crate) fn is_of_the_database(&self) -> bool {
        !matches!(self, Self::TokensTorn | Self::KeyringLocked(_) | Self::KeyringGone(_))
    }

    /// Where the tokens are on that day.
    pub(crate) fn secrets(&self) -> SecretsPlace {
        match self {
            Self::KeyringLocked(_) | Self::KeyringGone(_) => SecretsPlace::Keyring,
            _ => SecretsPlace::File,
        }
    }

    /// It goes wrong, from now on.
    pub(crate) async fn begins(&self, data: &Path) -> Bad {
        match self {
            Self::DiskFull => {
                let mut other = other_program(data).await;
                make_no_room(&mut other).await;
                Bad::Full(other)
            }
            Self::SmallDiskFull(disk) => Bad::SmallDisk(apart::fill(disk, 0)),
            Self::DiskReadOnly(_) => {
                apart::set_all_writable(data, false);
                apart::limit(Some(0));
                Bad::ReadOnly(data.to_owned())
            }
            Self::DatabaseLocked => {
                let mut other = other_program(data).await;
                sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
                Bad::Locked(other)
            }
            Self::TokensTorn => {
                let file = data.join("secrets.json");
                let held = fs::read(&file).unwrap();
                // Nobody may take that for "no token".
                fs::write(&file, &held[..held.len() / 2]).unwrap();
                Bad::Tokens(file, held)
            }
            Self::KeyringLocked(_) => {
                apart::ask(apart::LOCK);
                Bad::KeyringLocked
            }
            Self::KeyringGone(_) => Bad::KeyringGone(PutAside::of(apart::bus())),
        }
    }
}

impl Bad {
    /// The bad day is over.
    pub(crate) async fn ends(self) {
        match self {
            Self::Full(mut other) => {
                make_room(&mut other).await;
                other.close().await.unwrap();
            }
            Self::SmallDisk(filler) => fs::remove_file(filler).unwrap(),
            Self::ReadOnly(data) => {
                apart::limit(None);
                apart::set_all_writable(&data, true);
            }
            Self::Locked(mut other) => {
                sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
                other.close().await.unwrap();
            }
            Self::Tokens(file, held) => fs::write(file, held).unwrap(),
            Self::KeyringLocked => apart::ask(apart::UNLOCK),
            Self::KeyringGone(bus) => drop(bus),
        }
    }
}

/// A connection to the database of a data folder as another program has it.
pub(crate) async fn other_program(data: &Path) -> SqliteConnection {
    let file = data.join("watchstate.sqlite");
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

/// Whatever is written to a table asks for a row where there is no room.
async fn make_no_room(database: &mut SqliteConnection) {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
         AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'title_names%'",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    let mut all = format!("BEGIN IMMEDIATE; {NO_ROOM}");
    for table in tables {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            all += &format!(
                "CREATE TRIGGER no_room_{change}_{table} BEFORE {change} ON {table}
                 BEGIN INSERT INTO no_room (id) VALUES (NULL); END;"
            );
        }
    }
    sqlx::raw_sql(AssertSqlSafe(all + "COMMIT;")).execute(database).await.unwrap();
}

/// Takes away what stood in the way.
pub(crate) async fn make_room(database: &mut SqliteConnection) {
    let triggers: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'no\\_room%' ESCAPE '\\'",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    assert!(!triggers.is_empty());
    let all: String =
        triggers.into_iter().map(|trigger| format!("DROP TRIGGER {trigger};")).collect();
    let all = format!("BEGIN IMMEDIATE; {all} DROP TABLE no_room; COMMIT;");
    sqlx::raw_sql(AssertSqlSafe(all)).execute(database).await.unwrap();
}
