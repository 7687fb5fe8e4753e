//! What is true of the whole, from what is known of its parts. Pure: no clock, no database.

use crate::contract::{Advice, Truth};

/// What the truth of the whole is told from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Standing {
    /// The backends.
    pub backends: Vec<Stands>,
    /// Whether anything goes on.
    pub running: bool,
    /// Whether schedules rest.
    pub paused: bool,
    /// Whether titles wait to be compared.
    pub unplanned: bool,
    /// What keeps everything from going on: the keyring, the database.
    pub trouble: Option<Advice>,
    /// What is wrong with the backup that runs by itself.
    pub backup: Option<Advice>,
    /// That what a person agreed to is not what would be changed any more.
    pub look_anew: Option<Advice>,
    /// Whether the database was made anew, and nobody has read so yet.
    pub mended: bool,
}

/// What is known of one backend.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Stands {
    /// Its name.
    pub name: String,
    /// Whether anything is taken from it.
    pub import: bool,
    /// Whether anything is written to it.
    pub export: bool,
    /// Whether a person said yes to its first export.
    pub approved: bool,
    /// Whether an import from it ever went well.
    pub imported: bool,
    /// Whether an export to it ever went well.
    pub exported: bool,
    /// Whether something went wrong last.
    pub trouble: bool,
    /// Writes it is owed.
    pub owed: u64,
    /// Writes that are not tried any more.
    pub parked: u64,
    /// Un-watches seen there that wait for a person.
    pub held: u64,
}

impl Stands {
    /// Whether its first export waits for a person. One that already shows everything needs no yes.
    pub(crate) fn waits_for_first_export(&self) -> bool {
        self.export && !self.approved && (self.owed > 0 || !self.exported)
    }
}

/// The truth of the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    /// What it is.
    pub truth: Truth,
    /// A sentence for it.
    pub says: String,
    /// What to do about it, where that is not said elsewhere, as it is of a backend with the backend.
    pub todo: Option<String>,
}

/// The truth of the whole and a sentence for it. What a person must know comes before what is good to know:
/// in sync is only what nothing speaks against.
pub(crate) fn truth(standing: &Standing) -> Told {
    let all = &standing.backends;
    let told = |truth, says: &str| Told { truth, says: says.to_owned(), todo: None };
    let advised = |truth, advice: &Advice| Told {
        todo: Some(advice.todo.clone()),
        ..told(truth, &advice.what)
    };
    if let Some(trouble) = &standing.trouble
        && !standing.running
    {
        return advised(Truth::Trouble, trouble);
    }
    if standing.mended && !standing.running {
        let what = "The database was damaged and is made anew: read what that means";
        return told(Truth::NeedsYou, what);
    }
    if all.is_empty() {
        return told(Truth::Empty, "There is no backend yet");
    }
    if standing.running {
        return told(Truth::Working, "Working");
    }
    let troubled = names(all, |backend| backend.trouble);
    if !troubled.is_empty() {
        return told(Truth::Trouble, &format!("Trouble with {}", list(&troubled)));
    }
    let parked: u64 = all.iter().map(|backend| backend.parked).sum();
    if parked > 0 {
        let whose = list(&names(all, |backend| backend.parked > 0));
        return told(Truth::Trouble, &format!("{} not taken by {whose}", many(parked, "change")));
    }
    if let Some(backup) = &standing.backup {
        return advised(Truth::Trouble, backup);
    }
    if let Some(anew) = &standing.look_anew {
        return advised(Truth::NeedsYou, anew);
    }
    let held: u64 = all.iter().map(|backend| backend.held).sum();
    if held > 0 {
        let what = if held == 1 { "title would become" } else { "titles would become" };
        let says = format!("{held} {what} unwatched: waiting for your yes");
        return told(Truth::NeedsYou, &says);
    }
    let first = names(all, Stands::waits_for_first_export);
    if !first.is_empty() {
        let says = format!("The first export to {} waits for your yes", list(&first));
        return told(Truth::NeedsYou, &says);
    }
    if standing.paused {
        return told(Truth::Paused, "Paused");
    }
    let owed: u64 = all.iter().filter(|b| b.export).map(|backend| backend.owed).sum();
    if owed > 0 {
        let says = format!("{} to be told at the next sync", many(owed, "change"));
        return told(Truth::Working, &says);
    }
    let unread = names(all, |backend| backend.import && !backend.imported);
    let untold = names(all, |backend| backend.export && !backend.exported);
    if !unread.is_empty() || !untold.is_empty() || standing.unplanned {
        return told(Truth::Working, "Waiting for the next sync");
    }
    told(Truth::InSync, "In sync")
}

fn names(all: &[Stands], which: impl Fn(&Stands) -> bool) -> Vec<&str> {
    all.iter().filter(|backend| which(backend)).map(|backend| backend.name.as_str()).collect()
}

/// `den`, `den and attic`, `den, attic and cellar`, `den, attic and 2 more`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        [one, other, third] => format!("{one}, {other} and {third}"),
        [one, other, more @ ..] => format!("{one}, {other} and {} more", more.len()),
    }
}

/// `1 change`, `2 changes`.
pub(crate) fn many(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(name: &str) -> Stands {
        Stands {
            name: name.to_owned(),
            import: true,
            export: true,
            approved: true,
            imported: true,
            exported: true,
            ..Stands::default()
        }
    }

    fn with(backends: Vec<Stands>) -> Standing {
        Standing { backends, ..Standing::default() }
    }

    #[test]
    fn what_is_true() {
        let two = || vec![good("den"), good("attic")];
        let den = |den: Stands| with(vec![den, good("attic")]);
        let locked = advice("The keyring is locked", "Unlock it");
        for (standing, truth_is, says, why) in [
            (Standing::default(), Truth::Empty, "There is no backend yet", "nothing is there"),
            (with(two()), Truth::InSync, "In sync", "all have confirmed everything"),
            (
                Standing { running: true, ..with(two()) },
                Truth::Working,
                "Working",
                "something goes on",
            ),
            (
                den(Stands { owed: 1, ..good("den") }),
                Truth::Working,
                "1 change to be told at the next sync",
                "one account has not confirmed",
            ),
            (
                den(Stands { owed: 3, export: false, ..good("den") }),
                Truth::InSync,
                "In sync",
                "what is owed to one that is not written to is owed to nobody",
            ),
            (
                Standing { unplanned: true, ..with(two()) },
                Truth::Working,
                "Waiting for the next sync",
                "titles are not compared yet",
            ),
            (
                den(Stands { exported: false, ..good("den") }),
                Truth::Working,
                "Waiting for the next sync",
                "one was never told anything: nobody knows whether it agrees",
            ),
            (
                den(Stands { imported: false, ..good("den") }),
                Truth::Working,
                "Waiting for the next sync",
                "one was never read",
            ),
            (
                den(Stands { export: false, approved: false, exported: false, ..good("den") }),
                Truth::InSync,
                "In sync",
                "one that is only read has nothing to confirm",
            ),
            (
                den(Stands { approved: false, owed: 7, exported: false, ..good("den") }),
                Truth::NeedsYou,
                "The first export to den waits for your yes",
                "a first export",
            ),
            (
                den(Stands { approved: false, ..good("den") }),
                Truth::InSync,
                "In sync",
                "one that showed everything before anything was written needs no yes",
            ),
            (
                den(Stands { held: 40, ..good("den") }),
                Truth::NeedsYou,
                "40 titles would become unwatched: waiting for your yes",
                "the brake holds",
            ),
            (
                Standing { look_anew: Some(advice("Look at it again", "Look")), ..with(two()) },
                Truth::NeedsYou,
                "Look at it again",
                "the world changed after the preview",
            ),
            (
                den(Stands { trouble: true, approved: false, ..good("den") }),
                Truth::Trouble,
                "Trouble with den",
                "trouble is told before a yes is asked for",
            ),
            (
                den(Stands { parked: 2, ..good("den") }),
                Truth::Trouble,
                "2 changes not taken by den",
                "what is not tried any more is not in sync",
            ),
            (
                Standing { trouble: Some(locked.clone()), ..with(two()) },
                Truth::Trouble,
                "The keyring is locked",
                "nothing can go on",
            ),
            (
                Standing { mended: true, ..den(Stands { trouble: true, ..good("den") }) },
                Truth::NeedsYou,
                "The database was damaged and is made anew: read what that means",
                "what happened to everything is told before what happens to one",
            ),
            (
                Standing { mended: true, ..Standing::default() },
                Truth::NeedsYou,
                "The database was damaged and is made anew: read what that means",
                "it began empty",
            ),
            (
                Standing { paused: true, ..with(two()) },
                Truth::Paused,
                "Paused",
                "a person wants rest",
            ),
            (
                Standing { paused: true, ..den(Stands { trouble: true, ..good("den") }) },
                Truth::Trouble,
                "Trouble with den",
                "a pause hides no trouble",
            ),
            (
                Standing { paused: true, running: true, ..with(two()) },
                Truth::Working,
                "Working",
                "a person started something in the pause",
            ),
        ] {
            let told = truth(&standing);
            assert_eq!((told.truth, told.says.as_str()), (truth_is, says), "{why}");
        }
    }

    fn advice(what: &str, todo: &str) -> Advice {
        Advice { what: what.to_owned(), todo: todo.to_owned() }
    }

    #[test]
    fn what_to_do_is_of_what_is_said() {
        let failed = advice("The last backup failed", "The disk is full. Make room");
        let with_it = |standing| truth(&Standing { backup: Some(failed.clone()), ..standing });
        let in_trouble = || with(vec![Stands { trouble: true, ..good("den") }]);
        for (standing, truth_is, says, todo, why) in [
            (
                with(vec![good("den")]),
                Truth::Trouble,
                "The last backup failed",
                Some("The disk is full. Make room"),
                "all servers agree, and nobody could get back what is lost",
            ),
            (
                Standing { paused: true, ..with(vec![good("den")]) },
                Truth::Trouble,
                "The last backup failed",
                Some("The disk is full. Make room"),
                "a pause hides no trouble",
            ),
            (
                with(vec![Stands { held: 3, ..good("den") }]),
                Truth::Trouble,
                "The last backup failed",
                Some("The disk is full. Make room"),
                "what waits is told beside it",
            ),
            (in_trouble(), Truth::Trouble, "Trouble with den", None, "its card says what to do"),
            (
                Standing { trouble: Some(advice("It is locked", "Unlock it")), ..in_trouble() },
                Truth::Trouble,
                "It is locked",
                Some("Unlock it"),
                "nothing can go on",
            ),
            (
                Standing { running: true, ..with(vec![good("den")]) },
                Truth::Working,
                "Working",
                None,
                "something goes on",
            ),
            (
                Standing { mended: true, ..with(vec![good("den")]) },
                Truth::NeedsYou,
                "The database was damaged and is made anew: read what that means",
                None,
                "that comes first",
            ),
            (
                Standing::default(),
                Truth::Empty,
                "There is no backend yet",
                None,
                "nothing is there",
            ),
        ] {
            let told = with_it(standing);
            assert_eq!((told.truth, told.says.as_str()), (truth_is, says), "{why}");
            assert_eq!(told.todo.as_deref(), todo, "{why}");
        }
    }

    #[test]
    fn green_only_when_nothing_speaks_against_it() {
        let spoilers: [fn(&mut Stands); 6] = [
            |b| b.owed = 1,
            |b| b.parked = 1,
            |b| b.held = 1,
            |b| b.trouble = true,
            |b| b.exported = false,
            |b| b.imported = false,
        ];
        for (which, spoil) in spoilers.iter().enumerate() {
            let mut den = good("den");
            spoil(&mut den);
            let told = truth(&with(vec![good("attic"), den])).truth;
            assert_ne!(told, Truth::InSync, "spoiler {which}");
        }
    }

    #[test]
    fn names_in_a_row() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b and 2 more");
    }
}
