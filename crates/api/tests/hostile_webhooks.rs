//! Somebody who means ill sends a hundred webhooks a second. What others send comes through all the same, the
//! memory stays as it is, and the log tells no secret.
//!
//! Five seconds of it; `WATCHSTATE_HOSTILE_SECONDS=60` for a minute. A test program of its own, because it
//! looks at the memory of the whole process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;
mod listening;

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use listening::{JSON, Listening, Time, request, send};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::LevelFilter, fmt};
use watchstate_api::Ears;
use watchstate_api::contract::LogLevel;
use watchstate_model::{BackendId, ItemKey};
use watchstate_servers::Heard;

/// A webhook has to be through within this, whatever else goes on.
const A_SECOND: Duration = Duration::from_secs(1);
/// The memory may grow by no more: bytes.
const MOST_GROWTH: u64 = 8 * 1024 * 1024;
/// What a hostile sender says of its body: bytes.
const HUGE: usize = 10 * 1024 * 1024;

/// Reads all that anybody logs, and keeps of it only whether a secret was in it.
#[derive(Clone, Default)]
struct Eavesdropper {
    secrets: Arc<Mutex<Vec<String>>>,
    heard: Arc<AtomicBool>,
}

impl Write for Eavesdropper {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let secrets = self.secrets.lock().unwrap();
        let is_in = |secret: &String| text.windows(secret.len()).any(|w| w == secret.as_bytes());
        if secrets.iter().any(is_in) {
            self.heard.store(true, Ordering::Relaxed);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Looks after everything at once, and notes how long each webhook took from its sender to here.
#[derive(Default)]
struct Punctual {
    sent: Mutex<HashMap<ItemKey, Instant>>,
    took: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Ears for Punctual {
    async fn hear(&self, _: BackendId, told: Vec<Heard>) -> bool {
        for told in told {
            let Heard::Items(keys) = told else { panic!("nobody sent {told:?}") };
            for key in keys {
                let sent = self.sent.lock().unwrap().remove(&key).expect("nobody sent it");
                self.took.lock().unwrap().push(sent.elapsed());
            }
        }
        true
    }
}

/// What this process has in memory, in bytes: the second number of `statm` is in pages of 4 KiB.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// The head of a request, with as much of a body as is said.
fn head(path: &str, kind: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: w\r\nContent-Type: {kind}\r\n{body}\r\n\r\n")
        .into_bytes()
}

/// Sends a head and then nothing but letters, until it is hung up on or has sent them all.
async fn pour(port: u16, head: &[u8], chunk: &'static [u8], chunks: usize) {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    if stream.write_all(head).await.is_ok() {
        for _ in 0..chunks {
            if stream.write_all(chunk).await.is_err() {
                return;
            }
        }
    }
    hold(stream).await;
}

/// Stays until it is hung up on.
async fn hold(mut stream: TcpStream) {
    let mut sink = [0; 256];
    while matches!(stream.read(&mut sink).await, Ok(read) if read > 0) {}
}

/// One ill-meant request; which, goes by its number. `known` is an address that got known to the sender.
async fn attack(number: u32, port: u16, known: String) {
    static LETTERS: [u8; 16 * 1024] = [b' '; 16 * 1024];
    /// A chunk of 16 KiB, with its length before it.
    static CHUNK: [u8; 6 + 16 * 1024 + 2] = {
        let mut chunk = [b' '; 6 + 16 * 1024 + 2];
        let (length, end) = (*b"4000\r\n", *b"\r\n");
        let mut at = 0;
        while at < 6 {
            chunk[at] = length[at];
            at += 1;
        }
        chunk[6 + 16 * 1024] = end[0];
        chunk[6 + 16 * 1024 + 1] = end[1];
        chunk
    };
    let guessed = format!("/hook/{number:032x}");
    let multipart = "multipart/form-data; boundary=cut";
    let long = format!("Content-Length: {HUGE}");
    match number % 10 {
        0..=2 => {
            send(port, &request("POST", &guessed, JSON, b"{}")).await;
        }
        3 => pour(port, &head(&guessed, JSON, &long), &LETTERS, HUGE / LETTERS.len()).await,
        4 => pour(port, &head(&known, JSON, &long), &LETTERS, HUGE / LETTERS.len()).await,
        5 => {
            let chunked = head(&known, JSON, "Transfer-Encoding: chunked");
            pour(port, &chunked, &CHUNK, HUGE / CHUNK.len()).await;
        }
        // A body that is never sent to its end: after one letter, after many, without even a head.
        6 => pour(port, &head(&known, JSON, "Content-Length: 100"), b"{", 1).await,
        7 => pour(port, &head(&known, JSON, "Content-Length: 2000000"), &LETTERS, 20).await,
        8 => pour(port, b"POST /hook/", b"0", 1).await,
        _ => {
            let broken =
                b"--cut\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{\"event\":";
            send(port, &request("POST", &known, multipart, broken)).await;
        }
    }
}

/// A hundred ill-meant requests a second for some seconds, and ten honest ones. Answers how many of these were
/// not answered in time.
async fn seconds_of_it(app: &Listening, ears: &Punctual, seconds: u32, first: u32) -> u32 {
    let (honest, known) = (app.path(app.jellyfin).await, app.path(app.plex).await);
    let mut late = 0;
    let mut attacks = JoinSet::new();
    let mut ticks = interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut webhooks = JoinSet::new();
    for tick in first..first + seconds * 100 {
        ticks.tick().await;
        attacks.spawn(attack(tick, app.port, known.clone()));
        while attacks.try_join_next().is_some() {}
        if tick % 10 == 0 {
            let item = format!("{tick:032x}");
            let told = request("POST", &honest, JSON, &app.marked(&item).await);
            ears.sent.lock().unwrap().insert(ItemKey(item), Instant::now());
            let port = app.port;
            webhooks.spawn(async move {
                let answer = timeout(A_SECOND, send(port, &told)).await;
                matches!(answer, Ok(Some(answer)) if answer.status == 200)
            });
        }
        while let Some(in_time) = webhooks.try_join_next() {
            late += u32::from(!in_time.unwrap());
        }
    }
    while let Some(in_time) = webhooks.join_next().await {
        late += u32::from(!in_time.unwrap());
    }
    // Nobody waits for those who were cut off or still dawdle.
    attacks.shutdown().await;
    app.until_empty(app.jellyfin).await;
    late
}

/// All that is kept where the tokens are.
fn secrets_of(app: &Listening) -> Vec<String> {
    let kept = std::fs::read(app.window.folder.path().join("data/secrets.json")).unwrap();
    let kept: HashMap<String, String> = serde_json::from_slice(&kept).unwrap();
    kept.into_values().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ill_meant_webhooks_harm_nobody() {
    let seconds = std::env::var("WATCHSTATE_HOSTILE_SECONDS").ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(5);
    let listener = Eavesdropper::default();
    let eavesdropper = listener.clone();
    let everything = fmt::layer().with_writer(move || eavesdropper.clone());
    let app = Listening::start_in(Time::Passes).await;
    let ears = Arc::new(Punctual::default());
    app.window.app.set_ears(Some(ears.clone()));
    tracing_subscriber::registry()
        .with(app.log.clone())
        .with(everything.with_filter(LevelFilter::TRACE))
        .init();
    let paths = [app.path(app.jellyfin).await, app.path(app.plex).await];
    let secrets = secrets_of(&app);
    for path in &paths {
        let secret = path.strip_prefix("/hook/").unwrap();
        assert!(secrets.iter().any(|known| known == secret), "one is not looked for");
    }
    listener.secrets.lock().unwrap().clone_from(&secrets);

    // What is made once and kept is there before it is measured.
    assert_eq!(seconds_of_it(&app, &ears, 2, 1_000).await, 0, "in the first seconds");
    ears.took.lock().unwrap().clear();
    let (before, taken) = (resident(), app.count("taken").await);
    let late = seconds_of_it(&app, &ears, seconds, 2_000).await;
    let after = resident();
    let counts = app.counts().await;
    let mut took = std::mem::take(&mut *ears.took.lock().unwrap());
    took.sort_unstable();
    let longest = took.last().copied().unwrap();
    println!("{seconds} s: {} KiB before, {} KiB after", before / 1024, after / 1024);
    println!(
        "{} honest, half within {:?}, all within {longest:?}",
        took.len(),
        took[took.len() / 2]
    );
    println!("{counts}");
    assert_eq!(late, 0, "honest webhooks were held up: {counts}");
    let honest = u64::from(seconds) * 10;
    assert_eq!(counts["taken"].as_u64().unwrap() - taken, honest, "each was taken");
    assert_eq!(took.len() as u64, honest, "and each looked after");
    assert!(longest < A_SECOND, "one took {longest:?}");
    assert!(after < before + MOST_GROWTH, "it grew by {} KiB", (after - before) / 1024);
    for of in ["wrongSecret", "tooLarge", "tooSlow", "unreadable"] {
        assert!(counts[of].as_u64().unwrap() > 0, "nothing was {of}: {counts}");
    }

    assert!(!listener.heard.load(Ordering::Relaxed), "a secret was logged");
    let lines = app.log.lines(LogLevel::Debug, usize::MAX);
    assert!(lines.iter().any(|line| line.what.contains("webhook")), "something is told");
    for secret in &secrets {
        assert!(lines.iter().all(|line| !line.what.contains(secret.as_str())));
    }
}
