//! The suites that are steps of their own, beside the tests of each crate.

use crate::setup::Need;

/// A suite: tests that want a release build, a genuine server or another language.
pub(super) struct Suite {
    /// What the summary and `--only` call it.
    pub(super) name: &'static str,
    /// What has to be installed for it. Where that cannot be had, the suite is skipped, and says so.
    pub(super) needs: &'static [Need],
    /// The words after `cargo`.
    pub(super) cargo: &'static [&'static str],
    /// The test program, when it is one of the workspace: the step `tests` then leaves it out.
    /// Package and name of the test.
    pub(super) leaves_out: Option<(&'static str, &'static str)>,
}

impl Suite {
    /// The test program as nextest calls it.
    pub(super) fn binary(&self) -> Option<String> {
        self.leaves_out.map(|(package, test)| format!("{package}::{test}"))
    }
}

/// ---------------------------------------------------------------------------------------------------
/// THE TABLE OF SUITES. One entry per suite, cheap ones first. For example:
///
/// ```text
/// Suite {
///     name: "simulator",
///     needs: &[],
///     cargo: &["test", "--locked", "--release", "-p", "watchstate-testkit", "--test", "simulator"],
///     leaves_out: Some(("watchstate-testkit", "simulator")),
/// },
/// ```
/// ---------------------------------------------------------------------------------------------------
pub(super) const SUITES: &[Suite] = &[];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_left_out_under_the_name_that_nextest_gives_it() {
        let suite = Suite {
            name: "simulator",
            needs: &[],
            cargo: &["test", "--test", "simulator"],
            leaves_out: Some(("watchstate-testkit", "simulator")),
        };
        assert_eq!(suite.binary().as_deref(), Some("watchstate-testkit::simulator"));
    }
}
