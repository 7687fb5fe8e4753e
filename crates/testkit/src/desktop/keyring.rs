//! The keyring of a desktop: GNOME's, a genuine Secret Service.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;

use super::{Desktop, find};

/// The collection in which tokens are kept.
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
/// The service's name on the bus.
const SECRETS: &str = "org.freedesktop.secrets";

impl Desktop {
    /// Starts the keyring, and opens it as a login does.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub async fn unlock_keyring(&mut self) -> Result<()> {
        let daemon =
            find("gnome-keyring-daemon").map_err(|missing| anyhow::anyhow!("{missing}"))?;
        let mut keyring = self
            .command(daemon)
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut word = keyring.stdin.take().context("the keyring takes no word")?;
        word.write_all(b"open sesame").await?;
        drop(word);
        self.keyring = Some(keyring);
        let method = "org.freedesktop.DBus.NameHasOwner";
        let asked = format!("string:{SECRETS}");
        while !self.call("org.freedesktop.DBus", "/", method, &asked).await?.contains("true") {
            let running = self.keyring.as_mut().context("no keyring")?.try_wait()?.is_none();
            ensure!(running, "the keyring ended while it was starting");
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Locks the collection that holds the tokens, as a locked screen may.
    ///
    /// # Errors
    /// When the keyring does not do it.
    pub async fn lock_keyring(&self) -> Result<()> {
        let method = "org.freedesktop.Secret.Service.Lock";
        let which = format!("array:objpath:{COLLECTION}");
        let told = self.call(SECRETS, "/org/freedesktop/secrets", method, &which).await?;
        ensure!(told.contains("collection/login"), "it is locked: {told}");
        Ok(())
    }

    /// Ends the keyring; what it holds stays on disk.
    ///
    /// # Errors
    /// When there is none that could be ended.
    pub async fn end_keyring(&mut self) -> Result<()> {
        self.keyring.take().context("there is no keyring")?.kill().await?;
        Ok(())
    }

    /// Calls a method on the bus and answers what it said.
    async fn call(&self, to: &str, path: &str, method: &str, argument: &str) -> Result<String> {
        let to = format!("--dest={to}");
        let arguments = ["--session", "--print-reply", &to, path, method, argument];
        let output = self.command("dbus-send").args(arguments).output().await?;
        Ok(String::from_utf8(output.stdout)?)
    }
}
