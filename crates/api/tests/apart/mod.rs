//! Tests that are run in a process of their own, because they spoil it: with a small disk that nobody else sees,
//! with no more rights than anybody has and a limit on what it may write, or on a desktop with a keyring.
//!
//! A test asks for one of them by its own name. The process that was asked first starts the second and looks
//! how it ended; in the second the answer is the place to work in. Mounts and limits are those of the second
//! process alone, and end with it. A machine that does not allow one of them says SKIPPED and why.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use watchstate_testkit::desktop::{self, Desktop};

/// Names, in the process that runs apart, the folder that is meant for it.
const PLACE: &str = "WATCHSTATE_TEST_APART";
/// No test of these takes so long, on however busy a machine: one that does is ended.
const LONGEST: Duration = Duration::from_secs(90);
/// As root of a private set of mounts, which any user may be on most Linux systems: a small disk at `$1`, and
/// then whatever follows.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o size=24m watchstate "$1" && shift && exec "$@""#;
/// A write beyond the limit is an error as any other, and not the end of the process.
const LIMITED: &str = r#"trap "" XFSZ; exec "$@""#;

/// A small disk for a test of this file. Nothing in the process that has others do it.
pub async fn on_a_small_disk(test: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(PLACE) {
        return Some(disk.into());
    }
    let place = TempDir::new().unwrap();
    let begin = |program: &Path| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", ON_A_SMALL_DISK]);
        command.arg("sh").arg(place.path()).arg(program);
        command
    };
    let tried = begin(Path::new("true")).output().await;
    run(test, place.path(), "no small disk can be made to be filled", tried, begin).await;
    None
}

/// A folder for a test of this file whose process may do no more than its owner may, and can be kept from
/// writing by [`limit`]. Nothing in the process that has others do it.
#[cfg(unix)]
pub async fn as_anybody(test: &str) -> Option<PathBuf> {
    if let Some(place) = std::env::var_os(PLACE) {
        return Some(place.into());
    }
    let place = Cleared(TempDir::new().unwrap());
    let path = place.0.path();
    // Root may write what nobody may write: that right is given away for good.
    let plain = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
    let given_away = Command::new(plain[0]).args(&plain[1..]).arg("true").status().await;
    let rights: &[&str] = if given_away.is_ok_and(|it| it.success()) { &plain } else { &[] };
    let begin = |program: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", LIMITED, "sh"]).args(rights).arg(program);
        command
    };
    let locked = path.join("locked");
    fs::create_dir(&locked).unwrap();
    set_writable(&locked, false);
    let mut try_to_write = begin(Path::new("sh"));
    let tried = try_to_write
        .args(["-c", r#"prlimit --pid $$ --fsize=unlimited: && ! touch "$1/a""#, "sh"])
        .arg(&locked)
        .output()
        .await;
    run(test, path, "nobody can be kept from writing", tried, begin).await;
    None
}

/// A folder that goes, whatever a test that failed has left unwritable in it.
#[cfg(unix)]
struct Cleared(TempDir);

#[cfg(unix)]
impl Drop for Cleared {
    fn drop(&mut self) {
        set_all_writable(self.0.path(), true);
    }
}

/// Runs a test again, apart, if that was possible when it was tried; else says why not.
async fn run(
    test: &str,
    place: &Path,
    what: &str,
    tried: io::Result<Output>,
    begin: impl Fn(&Path) -> Command,
) {
    let why = match tried {
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => Some(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = why {
        return skipped(&format!("{what}: {why}"));
    }
    let mut command = begin(&std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(PLACE, place).kill_on_drop(true);
    let ended = within(test, command.output()).await.unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ended.status.success(), "{}{}", told(&ended.stdout), told(&ended.stderr));
    assert!(told(&ended.stdout).contains("1 passed"), "it was run: {}", told(&ended.stdout));
}

/// Waits for something, and fails where it does not come.
pub async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LONGEST, coming).await {
        Ok(come) => come,
        Err(_) => panic!("{what} did not come to an end"),
    }
}

fn skipped(why: &str) {
    // Not eprintln: what a passing test prints is not shown.
    io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// A folder for a test of this file whose process is on a desktop with a keyring, which is open. Nothing in the
/// process that has others do it.
pub async fn beside_a_keyring(test: &str) -> Option<PathBuf> {
    if let Some(place) = std::env::var_os(PLACE) {
        return Some(place.into());
    }
    let needed = ["dbus-send", "gnome-keyring-daemon"].map(desktop::find);
    if let Some(missing) = needed.into_iter().find_map(Result::err) {
        skipped(&missing.to_string());
        return None;
    }
    let mut desk = match Desktop::start().await {
        Ok(desk) => desk,
        Err(missing) => {
            skipped(&missing.to_string());
            return None;
        }
    };
    desk.unlock_keyring().await.unwrap();
    let place = TempDir::new().unwrap();
    let mut process = desk
        .command(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PLACE, place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = process.stdin.take().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut told = String::new();
    let ended = within(test, async {
        while let Some(line) = lines.next_line().await.unwrap() {
            match line.as_str() {
                LOCK => desk.lock_keyring().await.unwrap(),
                UNLOCK => {
                    // As after the next login.
                    desk.end_keyring().await.unwrap();
                    desk.unlock_keyring().await.unwrap();
                }
                line => {
                    told = std::mem::take(&mut told) + line + "\n";
                    continue;
                }
            }
            answers.write_all(b"done\n").await.unwrap();
        }
        process.wait().await.unwrap()
    });
    let succeeded = ended.await.success();
    assert!(succeeded, "{told}");
    assert!(told.contains("1 passed"), "it was run: {told}");
    None
}

/// What a process beside a keyring asks of the one that started it.
pub const LOCK: &str = "lock the keyring";
/// The same.
pub const UNLOCK: &str = "unlock the keyring";

/// Asks it, and waits until it is done.
pub fn ask(wish: &str) {
    let mut out = io::stdout();
    out.write_all(format!("\n{wish}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
    let mut done = String::new();
    io::stdin().read_line(&mut done).unwrap();
    assert_eq!(done, "done\n");
}

/// The socket of the bus on which a process beside a keyring finds it.
pub fn bus() -> PathBuf {
    let address = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let path = address.strip_prefix("unix:path=").unwrap();
    path.split(',').next().unwrap().into()
}

/// From now on this process writes to no file beyond its first `bytes` bytes, be it open already; with nothing,
/// there is no limit any more.
pub fn limit(bytes: Option<u64>) {
    let bytes = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let pid = std::process::id().to_string();
    // The hard limit stays: without it there would be no way back.
    let fsize = format!("--fsize={bytes}:");
    let mut prlimit = std::process::Command::new("prlimit");
    let done = prlimit.args(["--pid", &pid, &fsize]).status().unwrap();
    assert!(done.success(), "{fsize}");
}

/// Whether the owner may change a file, or what is in a folder.
#[cfg(unix)]
pub fn set_writable(path: &Path, writable: bool) {
    use std::os::unix::fs::PermissionsExt;
    let mode = match (path.is_dir(), writable) {
        (true, true) => 0o700,
        (true, false) => 0o500,
        (false, true) => 0o600,
        (false, false) => 0o400,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The same of a folder and of all that is in it.
#[cfg(unix)]
pub fn set_all_writable(folder: &Path, writable: bool) {
    if writable {
        set_writable(folder, true);
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_all_writable(&path, writable);
        } else {
            set_writable(&path, writable);
        }
    }
    if !writable {
        set_writable(folder, false);
    }
}

/// Fills a disk but for its last `left` bytes. Answers with the file that does.
pub fn fill(disk: &Path, left: u64) -> PathBuf {
    let path = disk.join("filler");
    let mut file = File::create(&path).unwrap();
    let mut piece = vec![0; 1024 * 1024];
    while !piece.is_empty() {
        match file.write(&piece) {
            Ok(written) => assert!(written > 0),
            Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
            Err(error) => panic!("{error}"),
        }
    }
    let bytes = file.metadata().unwrap().len();
    file.set_len(bytes.checked_sub(left).unwrap()).unwrap();
    path
}

/// Whether a name is one that something has before it is whole.
pub fn is_half_written(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.')
        || [".part", ".making", ".new-", "-journal"].iter().any(|part| name.contains(part))
}
