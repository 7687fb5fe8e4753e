//! What is true of the whole, from what is known of its parts. Pure: no clock, no database.

use crate::contract::Truth;

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
    /// What keeps everything from going on, in a sentence: the keyring, the database.
    pub trouble: Option<String>,
    /// That what a person agreed to is not what would be changed any more, in a sentence.
    pub look_anew: Option<&'static str>,
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

/// The truth of the whole and a sentence for it. What a person must know comes before what is good to know:
/// in sync is only what nothing speaks against.
pub(crate) fn truth(standing: &Standing) -> (Truth, String) {
    let all = &standing.backends;
    if let Some(trouble) = &standing.trouble
        && !standing.running
    {
        return (Truth::Trouble, trouble.clone());
    }
    if standing.mended && !standing.running {
        let what = "The database was damaged and is made anew: read what that means";
        return (Truth::NeedsYou, what.to_owned());
    }
    if all.is_empty() {
        return (Truth::Empty, "There is no backend yet".to_owned());
    }
    if standing.running {
        return (Truth::Working, "Working".to_owned());
    }
    let troubled = names(all, |backend| backend.trouble);
    if !troubled.is_empty() {
        return (Truth::Trouble, format!("Trouble with {}", list(&troubled)));
    }
    let parked: u64 = all.iter().map(|backend| backend.parked).sum();
    if parked > 0 {
        let whose = list(&names(all, |backend| backend.parked > 0));
        return (Truth::Trouble, format!("{} not taken by {whose}", many(parked, "change")));
    }
    if let Some(what) = standing.look_anew {
        return (Truth::NeedsYou, what.to_owned());
    }
    let held: u64 = all.iter().map(|backend| backend.held).sum();
    if held > 0 {
        let what = if held == 1 { "title would become" } else { "titles would become" };
        return (Truth::NeedsYou, format!("{held} {what} unwatched: waiting for your yes"));
    }
    let first = names(all, Stands::waits_for_first_export);
    if !first.is_empty() {
        return (
            Truth::NeedsYou,
            format!("The first export to {} waits for your yes", list(&first)),
        );
    }
    if standing.paused {
        return (Truth::Paused, "Paused".to_owned());
    }
    let owed: u64 = all.iter().filter(|b| b.export).map(|backend| backend.owed).sum();
    if owed > 0 {
        return (Truth::Working, format!("{} to be told at the next sync", many(owed, "change")));
    }
    let unread = names(all, |backend| backend.import && !backend.imported);
    let untold = names(all, |backend| backend.export && !backend.exported);
    if !unread.is_empty() || !untold.is_empty() || standing.unplanned {
        return (Truth::Working, "Waiting for the next sync".to_owned());
    }
    (Truth::InSync, "In sync".to_owned())
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
                Standing { look_anew: Some("Look at it again"), ..with(two()) },
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
                Standing { trouble: Some("The keyring is locked".to_owned()), ..with(two()) },
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
            assert_eq!(truth(&standing), (truth_is, says.to_owned()), "{why}");
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
            let told = truth(&with(vec![good("attic"), den])).0;
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
