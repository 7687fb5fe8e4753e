//! How many tests passed, failed and were skipped, read from what the test runners print.

use std::fmt;
use std::ops::Add;

/// Tests or checks of one step, or of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

impl Counts {
    /// Reads all closing lines of a run: those of `cargo test` (one per test program), of
    /// `cargo nextest` (one for all), and the plain line `N passed, N failed, N skipped`.
    pub(super) fn read(text: &str) -> Self {
        text.lines()
            .map(without_colours)
            .filter_map(|line| Self::of_line(&line))
            .fold(Self::default(), Self::add)
    }

    fn of_line(line: &str) -> Option<Self> {
        let line = line.trim();
        let cargo_test = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "));
        let nextest = line
            .strip_prefix("Summary [")
            .and_then(|rest| rest.split_once(" run: ").or_else(|| rest.split_once(" tests run: ")));
        let counted = match (cargo_test, nextest) {
            (Some((_, counted)), _) | (None, Some((_, counted))) => counted,
            // The plain line begins with its first number.
            (None, None) if line.contains(" passed, ") && line.contains(" failed") => line,
            (None, None) => return None,
        };
        let mut counts = Self::default();
        let mut passed = false;
        for part in counted.split([',', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                if passed || cargo_test.is_some() || nextest.is_some() {
                    continue;
                }
                return None;
            };
            match word {
                "passed" => {
                    counts.passed += number;
                    passed = true;
                }
                // nextest tells tests that took too long apart from those that failed.
                "failed" | "timed" => counts.failed += number,
                "skipped" | "ignored" => counts.skipped += number,
                _ => {}
            }
        }
        Some(counts)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// A line without the codes that colour it on a terminal.
fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, code)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = code.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
        rest = rest.strip_prefix(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, passed: u32, failed: u32, skipped: u32) {
        assert_eq!(Counts::read(text), Counts { passed, failed, skipped }, "{text}");
    }

    #[test]
    fn the_closing_lines_of_cargo_test_are_added_up() {
        check(
            "running 3 tests\n\
             test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.30s\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n",
            15,
            2,
            1,
        );
    }

    #[test]
    fn the_closing_line_of_nextest_is_read() {
        check("     Summary [   0.020s] 27 tests run: 27 passed, 2 skipped\n", 27, 0, 2);
        check("     Summary [   0.020s] 1 test run: 1 passed, 0 skipped\n", 1, 0, 0);
        check(
            "     Summary [  65.1s] 30 tests run: 25 passed (1 slow, 1 flaky), 3 failed, 2 timed out, 5 skipped\n",
            25,
            5,
            5,
        );
        check("     Summary [   0.001s] 0 tests run: 0 passed, 9 skipped\n", 0, 0, 9);
    }

    #[test]
    fn colours_are_not_in_the_way() {
        check(
            "\u{1b}[32;1m     Summary\u{1b}[0m [ 1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32mpassed\u{1b}[0m, 0 skipped",
            2,
            0,
            0,
        );
    }

    #[test]
    fn the_plain_line_is_read_and_prose_is_not() {
        check("10000 passed, 0 failed, 0 skipped", 10_000, 0, 0);
        check("7 passed, 1 failed", 7, 1, 0);
        check("the import passed, nothing failed", 0, 0, 0);
        check("", 0, 0, 0);
    }
}
