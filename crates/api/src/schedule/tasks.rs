//! The tasks there are, and what the settings say of each.

use super::CronLine;
use crate::settings::table::{
    CRON_BACKUP, CRON_BACKUP_AT, CRON_EXPORT, CRON_EXPORT_AT, CRON_IMPORT, CRON_IMPORT_AT,
    definition,
};
use crate::settings::{Book, Resolved};
use crate::{ApiError, Refusal, Result};

/// Something that runs by itself at times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TaskName {
    /// Reads every import account.
    Import,
    /// Writes what every export account is owed.
    Export,
    /// Writes what is held of every account into a file.
    Backup,
}

impl TaskName {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Import, Self::Export, Self::Backup];

    /// The stable word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
            Self::Backup => "backup",
        }
    }

    /// The task of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    /// The setting that switches it on.
    pub fn switch(self) -> &'static str {
        match self {
            Self::Import => CRON_IMPORT,
            Self::Export => CRON_EXPORT,
            Self::Backup => CRON_BACKUP,
        }
    }

    /// The setting that says when.
    pub fn line(self) -> &'static str {
        match self {
            Self::Import => CRON_IMPORT_AT,
            Self::Export => CRON_EXPORT_AT,
            Self::Backup => CRON_BACKUP_AT,
        }
    }
}

/// What the settings say of a task.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which task.
    pub task: TaskName,
    /// Whether it runs by itself.
    pub on: bool,
    /// When.
    pub line: CronLine,
    /// The variable that sets the switch, if the environment does.
    pub on_locked_by: Option<&'static str>,
    /// The variable that sets the line, if the environment does.
    pub line_locked_by: Option<&'static str>,
    /// What was said of it and cannot be taken; the default stands in for it.
    pub trouble: Option<Refusal>,
}

/// What the settings say of a task. A line that cannot be read is the default's, with the trouble told.
pub fn plan(book: &Book, task: TaskName) -> Result<Plan> {
    let of = |name: &str| {
        book.get(name).ok_or_else(|| ApiError::usage(format!("there is no setting {name}")))
    };
    let (switch, line): (Resolved, Resolved) = (of(task.switch())?, of(task.line())?);
    Ok(Plan {
        task,
        on: switch.is_on(),
        line: CronLine::read(&line.value)?,
        on_locked_by: switch.locked_by(),
        line_locked_by: line.locked_by(),
        trouble: line.trouble.or(switch.trouble),
    })
}

/// Changes a task's switch, its line, or both. Both are looked at before either is changed.
pub fn set(book: &Book, task: TaskName, on: Option<bool>, line: Option<&str>) -> Result<()> {
    let line = line.map(CronLine::read).transpose()?;
    let on = on.map(|on| if on { "true" } else { "false" });
    let line = line.as_ref().map(CronLine::as_str);
    for (name, value) in [(task.switch(), on), (task.line(), line)] {
        let now = book.get(name);
        if let (Some(value), Some(now)) = (value, &now)
            && now.locked_by().is_some()
            && now.value != value
        {
            return Err(ApiError::usage(format!(
                "the environment variable {name} sets this; unset it and start WatchState again to \
                 change it here"
            )));
        }
    }
    for (name, value) in [(task.switch(), on), (task.line(), line)] {
        let unlocked = book.get(name).is_some_and(|now| now.locked_by().is_none());
        let Some(value) = value.filter(|_| unlocked) else { continue };
        let usual = definition(name).is_some_and(|definition| definition.default == value);
        book.set(name, (!usual).then_some(value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn book(folder: &tempfile::TempDir, said: &'static [(&'static str, &'static str)]) -> Book {
        Book::open(folder.path(), |asked| {
            said.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_the_settings_say() {
        let folder = tempfile::tempdir().unwrap();
        let usual = book(&folder, &[]);
        for (task, line) in [
            (TaskName::Import, "0 */1 * * *"),
            (TaskName::Export, "30 */1 * * *"),
            (TaskName::Backup, "0 6 */3 * *"),
        ] {
            let plan = plan(&usual, task).unwrap();
            assert_eq!((plan.on, plan.line.as_str()), (true, line));
            assert_eq!((plan.on_locked_by, plan.line_locked_by, plan.trouble), (None, None, None));
            assert_eq!(TaskName::from_name(task.name()), Some(task));
        }
        let said: &[_] = &[("WS_CRON_IMPORT", "0"), ("WS_CRON_IMPORT_AT", "99 * * * *")];
        let plan = plan(&book(&folder, said), TaskName::Import).unwrap();
        assert_eq!((plan.on, plan.line.as_str()), (false, "0 */1 * * *"), "the default stands in");
        assert_eq!(plan.on_locked_by, Some("WS_CRON_IMPORT"));
        assert_eq!(plan.line_locked_by, Some("WS_CRON_IMPORT_AT"));
        assert!(plan.trouble.unwrap().what.contains("WS_CRON_IMPORT_AT"));
    }

    #[test]
    fn set_and_locked() {
        let folder = tempfile::tempdir().unwrap();
        let open = book(&folder, &[("WS_CRON_EXPORT_AT", "15 * * * *")]);
        set(&open, TaskName::Import, Some(false), Some(" 5  * * * *")).unwrap();
        let again = book(&folder, &[]);
        let import = plan(&again, TaskName::Import).unwrap();
        assert_eq!((import.on, import.line.as_str()), (false, "5 * * * *"));
        let refused = set(&open, TaskName::Export, Some(false), Some("0 * * * *")).unwrap_err();
        assert_eq!(refused.code, Code::Usage);
        assert!(plan(&open, TaskName::Export).unwrap().on, "nothing of it was changed");
        set(&open, TaskName::Export, Some(false), Some("15 * * * *")).unwrap();
        assert!(!plan(&open, TaskName::Export).unwrap().on, "the locked line was the same");
        assert!(set(&again, TaskName::Import, Some(true), Some("0 0 30 2 *")).is_err());
        assert!(!plan(&again, TaskName::Import).unwrap().on, "a wrong line changes no switch");
    }
}
