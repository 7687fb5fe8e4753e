//! What is measured.

use serde::{Deserialize, Serialize};
use watchstate_testkit::prepared::Stock;

/// What the person at the keyboard wants.
#[derive(Default)]
pub(crate) struct Ask {
    pub(crate) quick: bool,
    pub(crate) only: Option<String>,
    pub(crate) titles: Option<u32>,
}

/// One kind of run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Scenario {
    /// Two servers, an empty database.
    FirstImport,
    /// The same again.
    ImportUnchanged,
    /// Fifty people's changes on each server since.
    ImportChanges,
    /// All that the first server has watched goes to the second, which has nothing.
    ExportMany,
    /// A hundred changes go from one to the other.
    ExportFew,
}

/// All of them, in the order of the table.
pub(crate) const SCENARIOS: [Scenario; 5] = [
    Scenario::FirstImport,
    Scenario::ImportUnchanged,
    Scenario::ImportChanges,
    Scenario::ExportMany,
    Scenario::ExportFew,
];

/// The changes of people in the scenarios that have some.
const CHANGES: u32 = 100;

impl Scenario {
    /// Its name at a size: three titles of ten are watched, so the large export is of so many marks.
    pub(crate) fn name(self, titles: u32) -> String {
        match self {
            Self::FirstImport => "first-import".to_owned(),
            Self::ImportUnchanged => "import-unchanged".to_owned(),
            Self::ImportChanges => format!("import-{CHANGES}-changes"),
            Self::ExportMany => format!("export-{}", titles / 10 * 3),
            Self::ExportFew => format!("export-{CHANGES}"),
        }
    }

    pub(crate) fn is_called(self, name: &str) -> bool {
        name == self.name(100_000) || name == self.name(10_000)
    }

    pub(crate) fn is_export(self) -> bool {
        matches!(self, Self::ExportMany | Self::ExportFew)
    }

    /// What the two servers hold when they start.
    pub(crate) fn stock(self, titles: u32) -> [Stock; 2] {
        [0, 1].map(|server| Stock {
            titles,
            server,
            seed: 20_251_123,
            watched: server == 0 || self != Self::ExportMany,
            own: self == Self::FirstImport,
        })
    }

    /// Which titles a person then marks as watched, on each server.
    pub(crate) fn changes(self, titles: u32) -> [Vec<u32>; 2] {
        // Titles that nobody has watched, spread over the libraries.
        let some = |from: u32, count: u32| -> Vec<u32> {
            let step = (titles / CHANGES).max(10) / 10 * 10;
            (from..from + count).map(|n| (n * step + 9) % titles).collect()
        };
        match self {
            Self::ImportChanges => [some(0, CHANGES / 2), some(CHANGES / 2, CHANGES / 2)],
            Self::ExportFew => [some(0, CHANGES), vec![]],
            _ => [vec![], vec![]],
        }
    }
}
