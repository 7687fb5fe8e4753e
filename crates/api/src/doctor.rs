//! Is all well? What a person is told who asks, or who asks for help. Nothing that is told holds a secret, and a look
//! writes nothing; but it is into an open household, and opening one converts an old database and mends a damaged
//! one.

use std::time::Duration;

use watchstate_model::Moment;
use watchstate_store::{Backend, Condition, Copy, Store, Waiting, copies, damaged_files};

use crate::contract::Failure;
use crate::schedule::tasks::plan;
use crate::schedule::{CronLine, TaskName};
use crate::settings::Book;
use crate::{Household, Result, SecretsPlace, Tested};

/// How long the database is looked through at most.
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// Less free space than this is told as a trouble: bytes. A day of a large household is a few of these.
const LITTLE_SPACE: u64 = 256 * 1024 * 1024;
/// A clock that is further off is worth a word, although what is off is taken into account: seconds.
const FAR_OFF_S: i64 = 3600;

/// Something that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// What it is about: `disk`, `database`, `secrets`, `settings`, or the name of a backend.
    pub about: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub todo: String,
}

/// What is known of the database.
pub struct DatabaseCheck {
    /// How large its file is.
    pub bytes: u64,
    /// The number of its last migration.
    pub version: i64,
    /// What a look through all of it found.
    pub condition: Condition,
    /// Its copies, the newest first.
    pub copies: Vec<Copy>,
    /// Damaged files that were put aside: names, and how large they are.
    pub damaged: Vec<(String, u64)>,
}

/// What is known of a backend.
pub struct BackendCheck {
    /// As it was added.
    pub backend: Backend,
    /// What it is owed and what waits.
    pub waiting: Waiting,
    /// What it said of itself just now; nothing when it did not answer as it should.
    pub answered: Option<Tested>,
}

/// What is known of a task.
pub struct TaskCheck {
    /// Which.
    pub task: TaskName,
    /// Whether it runs by itself.
    pub on: bool,
    /// When.
    pub line: CronLine,
    /// The next time; nothing when it is off.
    pub next: Option<Moment>,
}

/// What was found.
pub struct Checkup {
    /// Free bytes on the disk of the data folder, where that can be asked.
    pub free_bytes: Option<u64>,
    /// The database.
    pub database: DatabaseCheck,
    /// Where tokens are kept.
    pub secrets: SecretsPlace,
    /// Whether that place answers.
    pub secrets_answer: bool,
    /// The backends, in the order in which they were added.
    pub backends: Vec<BackendCheck>,
    /// What runs by itself, while the app runs.
    pub tasks: Vec<TaskCheck>,
    /// What lets much become unwatched without asking, each in a sentence. A person chose it, so it is no
    /// complaint, but it is always said ([`Household::brakes_off`]).
    pub brakes_off: Vec<String>,
    /// What is not as it should be; nothing when all is well.
    pub complaints: Vec<Complaint>,
}

/// Collects what is not as it should be.
#[derive(Default)]
struct Complaints(Vec<Complaint>);

impl Complaints {
    fn add(&mut self, about: &str, what: impl Into<String>, todo: impl Into<String>) {
        let complaint = Complaint { about: about.to_owned(), what: what.into(), todo: todo.into() };
        self.0.push(complaint);
    }

    fn failed(&mut self, about: &str, failure: Failure) {
        self.add(about, failure.what, failure.todo);
    }
}

impl Household {
    /// Looks at everything there is: the disk, the database, where tokens are kept, each server.
    pub async fn checkup(&self, book: &Book) -> Result<Checkup> {
        let mut wrong = Complaints::default();
        let free_bytes = free_bytes(self.path());
        if let Some(free) = free_bytes.filter(|free| *free < LITTLE_SPACE) {
            let what = format!("Only {} MiB are free on the disk of the data folder", free >> 20);
            wrong.add("disk", what, "Make room on the disk");
        }
        if let Some(trouble) = book.trouble() {
            wrong.add("settings", trouble.what.clone(), trouble.todo.clone());
        }
        let database = self.look_at_the_database(&mut wrong).await?;
        let secrets_answer = self.ask_for_secrets(&mut wrong).await;
        let mut backends = Vec::new();
        for backend in self.backends().await? {
            backends.push(self.ask_a_backend(backend, secrets_answer, &mut wrong).await?);
        }
        if backends.is_empty() {
            wrong.add("backends", "There is no backend yet", "Add one: watchstate-cli backend add");
        }
        let mut tasks = Vec::new();
        for task in TaskName::ALL {
            let plan = plan(book, task)?;
            if let Some(trouble) = &plan.trouble {
                wrong.add("settings", trouble.what.clone(), trouble.todo.clone());
            }
            let next = plan.line.next_runs(self.now(), &book.zone(), 1).into_iter().next();
            let next = next.filter(|_| plan.on);
            tasks.push(TaskCheck { task, on: plan.on, line: plan.line, next });
        }
        Ok(Checkup {
            free_bytes,
            database,
            secrets: self.secrets_place(),
            secrets_answer,
            backends,
            tasks,
            brakes_off: self.brakes_off().await?,
            complaints: wrong.0,
        })
    }

    async fn look_at_the_database(&self, wrong: &mut Complaints) -> Result<DatabaseCheck> {
        let file = self.database();
        let condition = self.store().condition(LONGEST_LOOK).await?;
        if let Condition::Damaged(why) = condition {
            self.store().doubt();
            let todo = "Start WatchState again: the damaged file is put aside, and a new one is made from \
                        the newest good copy";
            wrong.add("database", format!("The database is damaged: {why}"), todo);
        }
        if let Some(mended) = self.store().mended().await? {
            let what = match mended.copy_at {
                Some(_) => "The database was damaged and is made anew from a copy",
                None => "The database was damaged, and no copy was whole: it began empty",
            };
            let todo = match mended.copy_at {
                Some(_) => {
                    "Import, look at what an export would change, and say yes to it (sync --dry-run)"
                }
                None => {
                    "Add your backends again and import; the damaged file is beside the new one"
                }
            };
            let todo = format!("{todo}. When you have read this: doctor --seen");
            wrong.add("database", format!("{what} ({})", mended.aside), todo);
        }
        let bytes = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |about| about.len());
        let damaged = damaged_files(&file)
            .iter()
            .map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                (name, bytes(path))
            })
            .collect();
        Ok(DatabaseCheck {
            bytes: bytes(&file),
            version: Store::version(),
            condition,
            copies: copies(&file),
            damaged,
        })
    }

    /// Whether the place of tokens answers. That it knows nothing of a name is an answer.
    async fn ask_for_secrets(&self, wrong: &mut Complaints) -> bool {
        match self.secrets.get("backend-0").await {
            Ok(_) => true,
            Err(error) => {
                wrong.failed("secrets", crate::ApiError::from(error).into());
                false
            }
        }
    }

    async fn ask_a_backend(
        &self,
        backend: Backend,
        secrets_answer: bool,
        wrong: &mut Complaints,
    ) -> Result<BackendCheck> {
        let name = backend.name.as_str();
        let waiting = self.store().waiting(backend.id).await?;
        let answered = if secrets_answer {
            match self.test_backend(name).await {
                Ok(tested) => Some(tested),
                Err(error) => {
                    wrong.failed(name, error.into());
                    None
                }
            }
        } else {
            None
        };
        if let Some(tested) = &answered {
            let off = tested.server.clock.0;
            if off.abs() > FAR_OFF_S {
                let hours = (off.abs() + FAR_OFF_S / 2) / FAR_OFF_S;
                let what = format!("Its clock is {hours} hours off, which is taken into account");
                wrong.add(name, what, "Set the clock of its computer");
            }
        }
        if backend.export && backend.approved_at.is_none() && waiting.owed > 0 {
            let what =
                format!("The first export to it waits for your yes: {} changes", waiting.owed);
            wrong.add(
                name,
                what,
                "See them with sync --dry-run, and let them pass with sync --yes",
            );
        }
        if waiting.held > 0 {
            let what =
                format!("{} titles would become unwatched, and wait for your yes", waiting.held);
            wrong.add(
                name,
                what,
                "See them with review list, and answer with review approve or review refuse",
            );
        }
        if waiting.parked > 0 {
            let what =
                format!("It did not take {} changes, which are not tried any more", waiting.parked);
            wrong.add(name, what, "Look at its trouble, then export everything (export --full)");
        }
        Ok(BackendCheck { backend, waiting, answered })
    }
}

/// How much room is left on the disk of a folder, for a user as we are.
#[cfg(unix)]
fn free_bytes(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Nothing that std can ask for.
#[cfg(not(unix))]
fn free_bytes(_: &std::path::Path) -> Option<u64> {
    None
}
