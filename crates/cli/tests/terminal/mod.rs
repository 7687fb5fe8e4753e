//! The real program, run as a person runs it, in a folder of its own and with nothing of this machine's
//! environment.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use watchstate_testkit::fake::FakeServer;

/// A person at a terminal.
pub(crate) struct Terminal {
    folder: TempDir,
    program: PathBuf,
    variables: Vec<(String, String)>,
    secrets: Vec<String>,
    /// Another user to be, on Unix.
    user: Option<u32>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) line: String,
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            program: env!("CARGO_BIN_EXE_watchstate-cli").into(),
            variables: Vec::new(),
            secrets: Vec::new(),
            user: None,
        }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A place beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets an environment variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Sets one that holds a secret, which must be seen nowhere.
    pub(crate) fn secret(&mut self, name: &str, value: &str) {
        self.set(name, value);
        self.secrets.push(value.to_owned());
    }

    /// Everything that follows is done by another user, who gets a program that anybody may start.
    #[cfg(unix)]
    pub(crate) fn become_user(&mut self, user: u32) {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o755);
        let program = self.beside("watchstate-cli");
        std::fs::copy(&self.program, &program).unwrap();
        for path in [self.folder.path(), &program] {
            std::fs::set_permissions(path, open.clone()).unwrap();
        }
        self.program = program;
        self.user = Some(user);
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .arg("--data-dir")
            .arg(self.data())
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// Runs a command with secrets in a file.
    pub(crate) async fn run(&self, line: &str) -> Answer {
        self.run_plainly(&format!("--secrets file {line}")).await
    }

    /// Runs a command as it is.
    pub(crate) async fn run_plainly(&self, line: &str) -> Answer {
        let output = self.command(line).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap_or_else(|| panic!("{line}: ended by a signal"));
        let answer = Answer {
            line: line.to_owned(),
            code,
            out: text(output.stdout),
            err: text(output.stderr),
        };
        for secret in &self.secrets {
            assert!(!answer.out.contains(secret), "{line}: a secret on stdout");
            assert!(!answer.err.contains(secret), "{line}: a secret on stderr");
        }
        assert!(!answer.err.contains("panicked"), "{line}: {}", answer.err);
        answer
    }

    /// Begins a command.
    pub(crate) fn begin(&self, line: &str) -> Child {
        self.command(&format!("--secrets file {line}")).spawn().unwrap()
    }

    /// Runs a command that must go well, and answers its JSON.
    pub(crate) async fn good(&self, line: &str) -> Value {
        let answer = self.run(&format!("--json {line}")).await;
        assert_eq!(answer.code, 0, "{line}: {}{}", answer.out, answer.err);
        answer.json()
    }

    /// Adds a backend by a token of a user of a fake.
    pub(crate) async fn add_by_token(
        &mut self,
        name: &str,
        kind: &str,
        fake: &FakeServer,
        user: &str,
    ) {
        let variable = format!("{}_TOKEN", name.to_uppercase());
        self.secret(&variable, &fake.token_of(user).unwrap());
        let url = fake.url();
        let line = format!("backend add {name} --kind {kind} --url {url} --token-env {variable}");
        self.good(&line).await;
    }

    /// Adds a backend by the name and the password of a user of a fake.
    pub(crate) async fn add_by_password(
        &mut self,
        name: &str,
        kind: &str,
        fake: &FakeServer,
        user: &str,
    ) {
        let variable = format!("{}_PASSWORD", name.to_uppercase());
        self.secret(&variable, &format!("{user}-password"));
        let line = format!(
            "backend add {name} --kind {kind} --url {} --username {user} --password-env {variable}",
            fake.url()
        );
        self.good(&line).await;
        // The token that the server gave is a secret from now on.
        let given = fake.token_of(user).unwrap();
        self.secrets.push(given);
    }

    /// No file of the data folder but the one for it holds a secret.
    pub(crate) fn assert_no_secret_is_kept(&self) {
        let mut looked_at = 0;
        for entry in std::fs::read_dir(self.data()).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("secrets.json") || path.is_dir() {
                continue;
            }
            looked_at += 1;
            let held = std::fs::read(&path).unwrap();
            for secret in &self.secrets {
                let found = held.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "{} holds a secret", path.display());
            }
        }
        assert!(looked_at > 0, "there is something to look at");
    }
}

impl Answer {
    /// The one object on stdout.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{}: one line: {}", self.line, self.out);
        serde_json::from_str(&self.out).unwrap()
    }

    /// The one line of an error, which is all that is told.
    #[track_caller]
    pub(crate) fn error(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}: {}{}", self.line, self.out, self.err);
        let mut lines = self.err.lines();
        let line = lines.next().unwrap_or_default();
        assert!(line.starts_with("error: "), "{}: {}", self.line, self.err);
        assert_eq!(lines.next(), None, "{}: one line: {}", self.line, self.err);
        line
    }
}

/// All bytes of a database and of its log.
pub(crate) fn bytes_of(data: &Path) -> Vec<Vec<u8>> {
    ["watchstate.sqlite", "watchstate.sqlite-wal"]
        .iter()
        .map(|name| std::fs::read(data.join(name)).unwrap_or_default())
        .collect()
}
