//! Tokens in a genuine Secret Service: GNOME's, on a session bus of its own. Where it is not installed this
//! says so and counts as skipped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

mod terminal;

use std::process::Stdio;

use tempfile::TempDir;
use terminal::Terminal;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use watchstate_testkit::fake::FakeServer;

/// A session bus, with a keyring that is open once [`Session::unlock`] was called.
struct Session {
    address: String,
    home: TempDir,
    keyring: Option<Child>,
    _bus: Child,
}

/// `None` where the programs are missing.
async fn session() -> Option<Session> {
    for program in ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"] {
        let found = std::env::split_paths(&std::env::var_os("PATH")?)
            .any(|folder| folder.join(program).is_file());
        if !found {
            eprintln!("SKIPPED: {program} is missing; apt-get install gnome-keyring dbus");
            return None;
        }
    }
    let mut bus = Command::new("dbus-daemon")
        .args(["--session", "--nofork", "--nopidfile", "--print-address"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).await.unwrap();
    let home = TempDir::new().unwrap();
    Some(Session { address: address.trim().to_owned(), home, keyring: None, _bus: bus })
}

impl Session {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", self.home.path())
            .env("XDG_DATA_HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .kill_on_drop(true);
        command
    }

    /// Calls a method on the bus and answers what it said.
    async fn call(&self, to: &str, path: &str, method: &str, argument: &str) -> String {
        let to = format!("--dest={to}");
        let arguments = ["--session", "--print-reply", &to, path, method, argument];
        let output = self.command("dbus-send").args(arguments).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the keyring and opens it.
    async fn unlock(&mut self) {
        let mut keyring = self
            .command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        keyring.stdin.take().unwrap().write_all(b"open sesame").await.unwrap();
        self.keyring = Some(keyring);
        let (bus, asked) = ("org.freedesktop.DBus", "string:org.freedesktop.secrets");
        let method = "org.freedesktop.DBus.NameHasOwner";
        while !self.call(bus, "/", method, asked).await.contains("boolean true") {
            tokio::task::yield_now().await;
        }
    }

    /// Locks the collection that holds the tokens.
    async fn lock(&self) {
        let told = self
            .call(
                "org.freedesktop.secrets",
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.Lock",
                "array:objpath:/org/freedesktop/secrets/collection/login",
            )
            .await;
        assert!(told.contains("collection/login"), "it is locked: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_live_in_the_keyring() {
    let Some(mut session) = session().await else { return };
    session.unlock().await;
    let den = FakeServer::jellyfin("10.10.7").with_sample().in_real_time().start().await.unwrap();
    let mut at = Terminal::new();
    at.set("DBUS_SESSION_BUS_ADDRESS", &session.address);
    at.secret("GOOD", "ana-password");
    let url = den.url();
    let add =
        format!("backend add den --kind jellyfin --url {url} --username ana --password-env GOOD");
    let added = at.run_plainly(&add).await;
    assert_eq!(added.code, 0, "{}", added.err);
    at.secret("TOKEN", &den.token_of("ana").unwrap());
    assert!(!at.data().join("secrets.json").exists(), "no file of secrets is made silently");
    let told = at.run_plainly("import").await;
    assert_eq!(told.code, 0, "{}", told.err);
    at.assert_no_secret_is_kept();

    // Locked is not "no token": the user is told to unlock, not to sign in again.
    session.lock().await;
    for line in ["import", "sync", "backend test den"] {
        let told = at.run_plainly(line).await;
        assert!(told.error(1).contains("the keyring is locked; unlock it"), "{}", told.err);
    }

    // Gone with its process: to be tried again, not a sign-out either.
    session.keyring.take().unwrap().kill().await.unwrap();
    session.unlock().await;
    let told = at.run_plainly("backend test den").await;
    assert_eq!(told.code, 0, "the same token is there again: {}", told.err);

    assert_eq!(at.run_plainly("backend remove den").await.code, 0);
    let told = at.run_plainly("backend list").await;
    assert!(told.out.contains("no backend yet"));
}
