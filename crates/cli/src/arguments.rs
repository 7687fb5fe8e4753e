//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use watchstate_api::{ApiError, SecretsPlace, folder};
use watchstate_model::BrakePolicy;
use watchstate_servers::ServerKind;
use watchstate_store::Import;

/// Keeps watched marks and play positions the same on all media servers of a household.
///
/// Exit code: 0 all is well, 1 a backend failed, 2 wrong usage, 3 something waits for your yes.
#[derive(Parser)]
#[command(name = "watchstate-cli", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) place: Where,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where things are kept, and how answers look.
#[derive(Args)]
pub(crate) struct Where {
    /// The folder of the database [default: the data folder of your system]
    #[arg(long, global = true, value_name = "DIR", env = "WS_DATA_PATH", hide_env = true)]
    data_dir: Option<PathBuf>,
    /// Where tokens are kept: the keyring of your system, or a file that only you can read
    /// [default: the keyring, or the file once you have chosen it]
    #[arg(long, global = true, value_name = "WHERE")]
    secrets: Option<Place>,
    /// Answer with one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Where {
    /// The data folder.
    pub(crate) fn folder(&self) -> Result<PathBuf, ApiError> {
        if let Some(folder) = self.data_dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
            return Ok(folder.clone());
        }
        folder::usual()
    }

    /// Where secrets are, if that was said.
    pub(crate) fn secrets(&self) -> Option<SecretsPlace> {
        self.secrets.map(|place| match place {
            Place::Keyring => SecretsPlace::Keyring,
            Place::File => SecretsPlace::File,
        })
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Place {
    Keyring,
    File,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Add, show, change, try or remove a backend: one account on one media server
    #[command(subcommand)]
    Backend(BackendCommand),
    /// Read what is watched on your backends
    Import(ImportWish),
    /// Tell your backends what they do not show yet
    Export(ExportWish),
    /// Import from all backends, then export to all
    Sync(SyncWish),
    /// Write what was watched on each backend into a file, list these files, or write a table
    Backup {
        #[command(subcommand)]
        what: Option<BackupCommand>,
    },
    /// Bring back what a backup holds: shows what follows, and does it with --yes
    Restore(RestoreWish),
    /// Take back what was written: a run, a change, a title's latest, or everything since a snapshot
    Undo {
        #[command(subcommand)]
        what: Option<UndoCommand>,
    },
    /// See which titles lost their marks and wait for you, and answer
    Review {
        #[command(subcommand)]
        what: Option<ReviewCommand>,
    },
    /// Find titles and see what is held of them
    History {
        /// Words of the name [default: the latest changes]
        text: Vec<String>,
        /// How many titles to show at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        most: u32,
    },
    /// See why a title is as it is: who said what and when, and which rule decided
    Explain {
        /// The number of the title, as history shows it
        #[arg(value_name = "TITLE_ID")]
        title: i64,
    },
    /// See what is known, what is owed to whom, and what waits
    Status,
    /// Look whether all is well: folder, database, keyring, servers; for each trouble, what to do
    Doctor {
        /// Say that you have read that the database was made anew: it is not told any more
        #[arg(long)]
        seen: bool,
    },
    /// Show the window in a browser, from this computer only
    Serve(ServeWish),
    /// Watch three sample servers being brought to agree
    Demo {
        /// With a genuine Kodi beside them, where one is installed
        #[arg(long)]
        with_kodi: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum BackendCommand {
    /// Add an account on a media server
    Add(AddWish),
    /// List all backends
    List,
    /// Show one backend
    Show {
        /// Its name
        name: String,
    },
    /// Change a backend
    Set(SetWish),
    /// Ask a backend who it is and what it has
    Test {
        /// Its name
        name: String,
    },
    /// Remove a backend and its token; what was learned from it stays
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Args)]
pub(crate) struct AddWish {
    /// What you call it
    pub(crate) name: String,
    /// Which kind of server
    #[arg(long)]
    pub(crate) kind: Kind,
    /// Its address, such as http://den:8096
    #[arg(long)]
    pub(crate) url: String,
    /// Whose marks are meant [default: whose token or password it is]
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) credentials: CredentialsWish,
    /// What is taken from it: its marks, only its titles, or nothing
    #[arg(long, value_name = "SWITCH", default_value = "on")]
    pub(crate) import: ImportSwitch,
    /// Whether it is told what happened elsewhere
    #[arg(long, value_name = "SWITCH", default_value = "on")]
    pub(crate) export: ExportSwitch,
}

#[derive(Args)]
pub(crate) struct SetWish {
    /// Its name
    pub(crate) name: String,
    /// Another address of the same server
    #[arg(long)]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) credentials: CredentialsWish,
    /// What is taken from it: its marks, only its titles, or nothing
    #[arg(long, value_name = "SWITCH")]
    pub(crate) import: Option<ImportSwitch>,
    /// Whether it is told what happened elsewhere
    #[arg(long, value_name = "SWITCH")]
    pub(crate) export: Option<ExportSwitch>,
    /// Another server or user than before is a new one in its place: see it for the first time
    #[arg(long)]
    pub(crate) new_server: bool,
}

/// Secrets come from the environment and never from the command line, which every program can read.
#[derive(Args)]
pub(crate) struct CredentialsWish {
    /// The environment variable that holds a token or an API key (Kodi: user:password)
    #[arg(long, value_name = "VAR", conflicts_with_all = ["username", "password_env"])]
    pub(crate) token_env: Option<String>,
    /// Sign in with this user name (Jellyfin, Emby, Kodi)
    #[arg(long, value_name = "NAME", requires = "password_env")]
    pub(crate) username: Option<String>,
    /// The environment variable that holds the password; it is used once and not kept
    #[arg(long, value_name = "VAR", requires = "username")]
    pub(crate) password_env: Option<String>,
}

#[derive(Args)]
pub(crate) struct ImportWish {
    /// Only from these backends
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Read everything anew, not only what may have changed
    #[arg(long)]
    pub(crate) full: bool,
    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
pub(crate) struct ExportWish {
    /// Only to these backends
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Look at everything there first, not only at what is to be written
    #[arg(long)]
    pub(crate) full: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Say yes to the first export to a backend
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct SyncWish {
    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Say yes to what waits: a first export, or many titles that would become unwatched at once
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Subcommand)]
pub(crate) enum BackupCommand {
    /// List the backups that are there
    List,
    /// Write the whole history into a table (CSV) beside the backups
    Csv,
}

#[derive(Args)]
pub(crate) struct RestoreWish {
    /// A backup of the list by its name, or any file by its path
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// To which backend; can be given several times
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) to: Vec<String>,
    /// Exactly as in the backup: takes away what it does not know [default: only adds]
    #[arg(long)]
    pub(crate) exact: bool,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

/// A yes beforehand.
#[derive(Args)]
pub(crate) struct Yes {
    /// Say yes to what would be shown [default: shows it, and asks where there is a terminal]
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Subcommand)]
pub(crate) enum UndoCommand {
    /// List the runs of which something can be taken back
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = crate::undo::LISTED)]
        most: usize,
    },
    /// Take back all that a run changed
    Run {
        /// Its number, as undo list shows it
        #[arg(value_name = "RUN")]
        run: i64,
        #[command(flatten)]
        yes: Yes,
    },
    /// Do once more what an undo took back
    Redo {
        /// The number of the undo, as undo list shows it
        #[arg(value_name = "RUN")]
        run: i64,
        #[command(flatten)]
        yes: Yes,
    },
    /// Take back all that happened to a title, wherever it was told
    Title {
        /// The number of the title, as history shows it
        #[arg(value_name = "TITLE_ID")]
        title: i64,
        #[command(flatten)]
        yes: Yes,
    },
    /// Take back one change
    Change {
        /// The number of its line, as explain shows it
        #[arg(value_name = "LINE")]
        line: i64,
        #[command(flatten)]
        yes: Yes,
    },
    /// List what backends showed before something was written to them
    Snapshots {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = crate::undo::LISTED)]
        most: usize,
    },
    /// Bring a backend back to what it showed in a snapshot
    Snapshot {
        /// The number of the snapshot, as undo snapshots shows it
        #[arg(value_name = "SNAPSHOT")]
        snapshot: i64,
        #[command(flatten)]
        yes: Yes,
    },
}

#[derive(Subcommand)]
pub(crate) enum ReviewCommand {
    /// List the titles that wait, with their reasons
    List {
        /// Words of the name [default: all]
        text: Vec<String>,
        /// Only those that lost their mark on this backend
        #[arg(long, value_name = "NAME")]
        backend: Option<String>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        most: u32,
    },
    /// They were meant: they become unwatched everywhere
    Approve(AnswerWish),
    /// They were not: they stay watched, and get their marks back where they were lost
    Refuse(AnswerWish),
    /// See or change how many titles may become unwatched without asking you
    Brake(BrakeWish),
}

#[derive(Args)]
pub(crate) struct AnswerWish {
    /// Which of those that wait: their numbers, as review list shows them
    #[arg(
        value_name = "ITEM",
        required_unless_present_any = ["backend", "all"],
        conflicts_with_all = ["backend", "all"]
    )]
    pub(crate) items: Vec<i64>,
    /// All that lost their mark on this backend
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub(crate) backend: Option<String>,
    /// All that wait
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) yes: Yes,
}

#[derive(Args)]
pub(crate) struct BrakeWish {
    /// Only of this backend [default: of all that have no rule of their own]
    #[arg(long, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// So many always pass
    #[arg(long, value_name = "N")]
    at_least: Option<u32>,
    /// And so many of a hundred watched titles
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    percent: Option<u32>,
    /// So many at once that were the latest marks wait; 0: never
    #[arg(long, value_name = "N")]
    latest: Option<u32>,
    /// Ask again
    #[arg(long, conflicts_with = "off")]
    on: bool,
    /// Never ask; status, doctor and review say so as long as it is off
    #[arg(long)]
    off: bool,
    /// The rule that holds otherwise
    #[arg(long, conflicts_with_all = ["at_least", "percent", "latest", "on", "off"])]
    pub(crate) usual: bool,
}

impl BrakeWish {
    /// Whether there is anything in it that makes another rule of one.
    pub(crate) fn changes_something(&self) -> bool {
        let numbers = [self.at_least, self.percent, self.latest];
        self.on || self.off || numbers.iter().any(Option::is_some)
    }

    /// A rule with what is wished in place of what it said.
    pub(crate) fn onto(&self, rule: BrakePolicy) -> BrakePolicy {
        BrakePolicy {
            at_least: self.at_least.unwrap_or(rule.at_least),
            percent: self.percent.unwrap_or(rule.percent),
            latest: self.latest.unwrap_or(rule.latest),
            off: self.off || (rule.off && !self.on),
        }
    }
}

#[derive(Args)]
pub(crate) struct ServeWish {
    /// The port to listen on [default: any that is free]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// The folder of the built window [default: the folder ui beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) ui: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Plex,
    Jellyfin,
    Emby,
    Kodi,
}

impl From<Kind> for ServerKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Plex => Self::Plex,
            Kind::Jellyfin => Self::Jellyfin,
            Kind::Emby => Self::Emby,
            Kind::Kodi => Self::Kodi,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ImportSwitch {
    On,
    Metadata,
    Off,
}

impl From<ImportSwitch> for Import {
    fn from(switch: ImportSwitch) -> Self {
        match switch {
            ImportSwitch::On => Self::On,
            ImportSwitch::Metadata => Self::Metadata,
            ImportSwitch::Off => Self::Off,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportSwitch {
    On,
    Off,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_understood() {
        let add = "backend add den --kind jellyfin --url http://den";
        for (line, good, why) in [
            ("import", true, "all backends"),
            ("--json import den attic --full --dry-run", true, "some, with switches"),
            ("import --yes", false, "an import asks for nothing"),
            ("export den --full --dry-run --yes --data-dir folder", true, "anywhere in the line"),
            ("sync --full", false, "a sync has no full"),
            (&format!("{add} --token-env T"), true, "a token"),
            (&format!("{add} --username ana --password-env P"), true, "a password"),
            (&format!("{add} --username ana"), false, "a name without a password"),
            (&format!("{add} --token-env T --username ana --password-env P"), false, "both"),
            (&format!("{add} --token-env T --import sometimes"), false, "an unknown switch"),
            ("serve --port 8080 --ui dist", true, "the window in a browser"),
            ("serve --port 80800", false, "no such port"),
            ("explain dune", false, "a title is told by its number"),
            ("history the big lebowski", true, "words"),
            ("doctor --seen", true, "a note is put away"),
            ("backup", true, "now"),
            ("backup list --json", true, "what is there"),
            ("backup csv", true, "a table"),
            ("restore some.json --to den --to attic --exact --yes", true, "to two"),
            ("restore some.json", false, "to whom is not guessed"),
            ("undo", true, "what can be"),
            ("undo list --most 5 --json", true, "a few"),
            ("undo run 7 --yes", true, "a run"),
            ("undo run", false, "which one is not guessed"),
            ("undo redo 8", true, "once more"),
            ("undo title dune", false, "a title is told by its number"),
            ("undo change 12 --yes", true, "a line"),
            ("undo snapshot 3", true, "a backend as it was"),
            ("review", true, "what waits"),
            ("review list the big lebowski --backend den", true, "some of it"),
            ("review approve", false, "which ones is not guessed"),
            ("review approve 4 5 --yes", true, "two"),
            ("review refuse --all", true, "all"),
            ("review refuse --backend den --yes", true, "those of one"),
            ("review refuse 4 --all", false, "either some or all"),
            ("review refuse --backend den --all", false, "either of one or all"),
            ("review brake --backend den --percent 10 --on", true, "another rule"),
            ("review brake --percent 101", false, "no such share"),
            ("review brake --off --on", false, "one of the two"),
            ("review brake --usual --off", false, "the usual one is as it is"),
        ] {
            let words = ["watchstate-cli"].into_iter().chain(line.split(' '));
            assert_eq!(Arguments::try_parse_from(words).is_ok(), good, "{why}: {line}");
        }
    }
}
