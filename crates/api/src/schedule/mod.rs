//! When tasks run: crontab lines, the tasks there are, and the timer that starts them.

pub mod cron;
mod due;
mod fields;
pub mod tasks;
pub mod timer;
mod words;

pub use cron::{CronLine, CronRefusal};
pub use due::{Due, what_is_due};
pub use tasks::TaskName;
pub use timer::{Last, Looked, TaskRow, Ticking, Timer, Work};
