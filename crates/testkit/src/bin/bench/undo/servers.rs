//! Three servers with histories of their own, in a process of their own. They remember what they showed, and
//! tell what is otherwise now.

use std::io::BufRead;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use watchstate_model::{Marks, Moment, Provider};
use watchstate_testkit::fake::{FakeServer, Holds, Library, NewItem, Refused, UserNo};

use crate::account::{Door, KINDS, PERSON};

/// The word by which this program is the servers.
pub(crate) const SERVE: &str = "undo-servers";
/// When the first of the history happened, on all clocks: a date of two years ago.
const LONG_AGO: i64 = 1_700_000_000;
/// From one thing that happened to the next: seconds.
const APART_S: i64 = 61;
/// Where somebody stopped: milliseconds.
const STOPPED_AT_MS: u64 = 1_200_000;

/// What the servers are asked beside what the engine asks of them.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Question {
    /// To remember what every account shows.
    Remember,
    /// To let a person mark what nobody has watched, on the first of them. Answers how many titles that are.
    Watch,
    /// What is shown otherwise than it is remembered.
    Differences,
}

/// A copy that shows something else than before.
#[derive(Serialize, Deserialize)]
pub(crate) struct Difference {
    /// On which server.
    pub(crate) server: String,
    /// Which copy.
    pub(crate) key: String,
    /// Whether it is the mark or the place, and not the count or the date alone.
    pub(crate) watch: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) titles: u64,
    pub(crate) differences: Vec<Difference>,
}

/// Serves until the process that asked is gone.
pub(crate) async fn serve(mut words: impl Iterator<Item = String>) -> Result<()> {
    let titles: u32 = words.next().context("how many titles?")?.parse()?;
    let (mut servers, mut doors) = (Vec::new(), Vec::new());
    for (place, (name, kind, version)) in KINDS.into_iter().enumerate() {
        let mut failed = None;
        let fill = |library: &mut Library, _: Moment| {
            failed = fill(library, u32::try_from(place).unwrap_or(0), titles).err();
        };
        let setup = FakeServer::of(kind, version).with_people(&[PERSON]).with(fill);
        if let Some(refused) = failed {
            bail!("{name} cannot be filled: {refused}");
        }
        let server = setup.in_real_time().start().await?;
        doors.push(Door::of(name, kind, &server)?);
        servers.push(server);
    }
    println!("{}", serde_json::to_string(&doors)?);
    let answering = tokio::task::spawn_blocking(move || {
        let mut remembered: Vec<Vec<Marks>> = Vec::new();
        for line in std::io::stdin().lock().lines() {
            let mut answer = Answer::default();
            match serde_json::from_str(&line?)? {
                Question::Remember => remembered = servers.iter().map(shown).collect(),
                Question::Watch => answer.titles = watch(&servers[0], titles)?,
                Question::Differences => {
                    for (server, (before, door)) in
                        servers.iter().zip(remembered.iter().zip(&doors))
                    {
                        answer.differences.extend(differences(server, before, &door.name));
                    }
                }
            }
            println!("{}", serde_json::to_string(&answer)?);
        }
        anyhow::Ok(())
    });
    answering.await?
}

/// What a title's history is made of: of ten, some are watched on one server alone, some are known to all,
/// and some to nobody.
fn fill(library: &mut Library, here: u32, titles: u32) -> Result<(), Refused> {
    let section = library.add_section("Movies", Holds::Movies);
    let ana = UserNo(0);
    for number in 0..titles {
        let at = Moment(LONG_AGO + i64::from(number) * APART_S);
        let id = format!("tt{:07}", 1_000_000 + number);
        let film = NewItem::movie(&format!("Film {number:06}"), 2000).id(Provider::Imdb, &id);
        let key = library.add_movie(&section, film, at)?.0;
        // Of twenty titles three are watched here alone, and three each on the two others alone: these are told.
        match number % 20 {
            place @ 0..9 if place % 3 == here => {
                for _ in 0..1 + number % 3 {
                    library.watch(ana, &key, at)?;
                }
            }
            // What is there before is what has to come back.
            0..9 => match number / 20 % 3 {
                0 => {}
                1 => library.watch_until(ana, &key, STOPPED_AT_MS, at)?,
                _ => {
                    // Two stops, the second further on.
                    library.watch_until(ana, &key, STOPPED_AT_MS, at)?;
                    let later = Moment(at.0 + 86_400);
                    library.watch_until(ana, &key, STOPPED_AT_MS * 2, later)?;
                }
            },
            9..15 => library.watch(ana, &key, at)?,
            _ => {}
        }
    }
    Ok(())
}

/// A person marks titles that nobody has watched, one of ten.
fn watch(server: &FakeServer, titles: u32) -> Result<u64> {
    let now = server.now();
    let mut library = server.library();
    let keys: Vec<String> = library.entries().iter().map(|entry| entry.key.0.clone()).collect();
    let of_ten = |number: &u32| [15, 17].contains(&(number % 20));
    let mut count = 0;
    for (key, _) in keys.iter().zip(0..titles).filter(|(_, number)| of_ten(number)) {
        library.watch(UserNo(0), key, now)?;
        count += 1;
    }
    Ok(count)
}

fn shown(server: &FakeServer) -> Vec<Marks> {
    let library = server.library();
    library.entries().iter().map(|entry| library.shown(UserNo(0), entry).shown()).collect()
}

fn differences(server: &FakeServer, before: &[Marks], name: &str) -> Vec<Difference> {
    let library = server.library();
    let entries = library.entries().iter().zip(before);
    entries
        .map(|(entry, before)| (entry, before, library.shown(UserNo(0), entry).shown()))
        .filter(|(_, before, now)| now != *before)
        .map(|(entry, before, now)| Difference {
            server: name.to_owned(),
            key: entry.key.0.clone(),
            watch: now.watch != before.watch,
        })
        .collect()
}

/// The servers, as the process that measures sees them.
pub(crate) struct Servers {
    /// Ends with its standard input, which is closed with this.
    _process: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    pub(crate) doors: Vec<Door>,
}

impl Servers {
    pub(crate) async fn start(titles: u32) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, &titles.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let to = process.stdin.take().context("the servers hear nothing")?;
        let out = process.stdout.take().context("the servers tell nothing")?;
        let mut from = BufReader::new(out).lines();
        let line = from.next_line().await?.context("they did not start")?;
        let doors = serde_json::from_str(&line)?;
        Ok(Self { _process: process, to, from, doors })
    }

    pub(crate) async fn ask(&mut self, question: Question) -> Result<Answer> {
        let line = format!("{}\n", serde_json::to_string(&question)?);
        self.to.write_all(line.as_bytes()).await?;
        let line = self.from.next_line().await?.context("the servers are gone")?;
        Ok(serde_json::from_str(&line)?)
    }
}
