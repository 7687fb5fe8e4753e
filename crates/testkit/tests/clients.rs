//! The fakes driven by clients that others wrote for the genuine servers: plexapi, plexwebsocket,
//! jellyfin-apiclient-python and embyclient, in the versions of `clients/requirements.txt`. What they
//! cannot read, hear or do, a fake does wrong.
//!
//! They are installed from PyPI into a virtual environment below `target/`. Where that cannot be done (no
//! Python, no network) the tests say `SKIPPED` and pass, unless `WATCHSTATE_CLIENTS=required` is set.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use watchstate_model::{Moment, Position, Watch};
use watchstate_testkit::fake::{Call, FakeServer};

/// 2027-01-15, 8:00 UTC.
const NOW: Moment = Moment(1_800_000_000);

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The Python of the virtual environment, or why there is none.
fn python() -> Result<&'static Path, &'static str> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PYTHON.get_or_init(install).as_deref().map_err(String::as_str)
}

fn install() -> Result<PathBuf, String> {
    let wanted = scripts().join("requirements.txt");
    let text = std::fs::read_to_string(&wanted).map_err(|e| e.to_string())?;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("independent-clients");
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let done = home.join("installed.txt");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == text) {
        return Ok(python);
    }
    let run = |command: &mut Command| match command.output() {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    let system = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(system).args(["-m", "venv", "--clear"]).arg(&home))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"])
        .args(["--timeout", "15", "--requirement"])
        .arg(&wanted))?;
    std::fs::write(&done, text).map_err(|e| e.to_string())?;
    Ok(python)
}

/// Runs a script against a fake. `false` when it could not be run at all.
async fn drive(script: &str, arguments: Vec<String>) -> bool {
    let path = scripts().join(script);
    let run = move || {
        let python = python()?;
        let output = Command::new(python).arg(path).args(arguments).output();
        Ok(output.expect("a Python that was just installed runs"))
    };
    let output: Result<Output, &str> = tokio::task::spawn_blocking(run).await.unwrap();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{script} found the fake wrong:\n{said}");
            true
        }
        Err(why) => {
            let required = std::env::var("WATCHSTATE_CLIENTS").is_ok_and(|v| v == "required");
            assert!(!required, "{script} could not be run: {why}");
            // Not by `eprintln!`: what a test that passes prints that way nobody sees.
            let said =
                format!("\n*** SKIPPED: {script} was not run, the fake is unproved: {why}\n");
            let _ = std::io::stderr().write_all(said.as_bytes());
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plexapi_drives_the_fake_plex() {
    let plex = FakeServer::plex("1.40.2").at(NOW).with_sample().start().await.unwrap();
    plex.play("Alien", "ben").unwrap();
    let (ana, ben) = (plex.token_of("ana").unwrap(), plex.token_of("ben").unwrap());
    if drive("drive_plex.py", vec![plex.url().to_string(), ana, ben]).await {
        let shown = plex.shows("Dune", "ana").unwrap();
        assert_eq!((shown.watch, shown.plays, shown.last_played), (Watch::WATCHED, 4, Some(NOW)));
        let calls: Vec<_> = plex.writes().iter().map(|wrote| wrote.call).collect();
        let timeline = |ms, stopped| Call::Timeline { time_ms: ms, stopped };
        assert_eq!(
            calls[..6],
            [
                Call::Unscrobble,
                timeline(1_800_000, true),
                Call::Scrobble,
                Call::Scrobble,
                timeline(2_400_000, true),
                timeline(9_240_000, true),
            ],
        );
    }
}

async fn jellyfin(version: &str) {
    let server = FakeServer::jellyfin(version).at(NOW).with_sample().start().await.unwrap();
    let arguments = [server.url().as_str(), "ana", "ana-password", version].map(str::to_owned);
    if drive("drive_jellyfin.py", arguments.to_vec()).await {
        let shown = server.shows("Dune", "ana").unwrap();
        assert_eq!((shown.watch, shown.last_played), (Watch::WATCHED, Some(NOW)));
        assert_eq!(server.shows("Breaking Bad S01E01", "ana").unwrap().watch, Watch::WATCHED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jellyfin_apiclient_drives_the_fake_jellyfin_10_10_7() {
    jellyfin("10.10.7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jellyfin_apiclient_drives_the_fake_jellyfin_10_8_6() {
    jellyfin("10.8.6").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embyclient_drives_the_fake_emby() {
    let emby = FakeServer::emby("4.8.11.0").at(NOW).with_sample().start().await.unwrap();
    let arguments = [emby.url().as_str(), "ana", "ana-password"].map(str::to_owned);
    if drive("drive_emby.py", arguments.to_vec()).await {
        let shown = emby.shows("Dune", "ana").unwrap();
        assert_eq!((shown.watch, shown.plays), (Watch::WATCHED, 1));
        let written = emby.writes().iter().find_map(|wrote| match wrote.call {
            Call::Part(part) => part.position_ticks.and_then(Position::from_ticks),
            _ => None,
        });
        assert_eq!(written, Position::from_ms(1_800_000));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plexwebsocket_listens_to_the_fake_plex() {
    let plex = FakeServer::plex("1.40.2").at(NOW).with_sample().start().await.unwrap();
    let (ana, ben) = (plex.token_of("ana").unwrap(), plex.token_of("ben").unwrap());
    if drive("hear_plex.py", vec![plex.url().to_string(), ana, ben]).await {
        let counts = plex.sockets();
        assert_eq!((counts.opened, counts.sent), (2, 8), "refused once, and nobody told in vain");
    }
}

async fn listen(server: FakeServer, how: &[&str]) {
    let url = server.url();
    let mut arguments = vec![url.as_str(), "ana", "ana-password", "ben", "ben-password"];
    arguments.extend(how);
    let arguments = arguments.into_iter().map(str::to_owned).collect();
    if drive("hear_jellyfin.py", arguments).await {
        let counts = server.sockets();
        assert_eq!((counts.opened, counts.sent), (2, 6), "nobody told in vain");
        assert_eq!(counts.kept_alive > 0, how.is_empty(), "Jellyfin alone forces to keep alive");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jellyfin_apiclient_listens_to_the_fake_jellyfin() {
    for version in ["10.10.7", "10.8.6"] {
        let server = FakeServer::jellyfin(version).at(NOW).with_sample().start().await.unwrap();
        listen(server, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jellyfin_apiclient_listens_to_the_fake_emby() {
    let server = FakeServer::emby("4.8.11.0").at(NOW).with_sample().start().await.unwrap();
    listen(server, &["emby"]).await;
}
