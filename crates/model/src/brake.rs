//! The brake: how much may be taken away without asking.

/// How many titles of one person may become unwatched in one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BrakePolicy {
    /// So many are always let through.
    pub at_least: u32,
    /// And so many of a hundred watched titles.
    pub percent: u32,
}

impl Default for BrakePolicy {
    fn default() -> Self {
        Self { at_least: 20, percent: 5 }
    }
}

/// What the brake says of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brake {
    /// Go on.
    Release,
    /// All of the run's un-watches wait for a person, who must be told the limit.
    Hold {
        /// How many would have been let through.
        limit: u32,
    },
}

/// Decides whether a run may un-watch `unwatches` of the `watched` titles a person has.
///
/// A server that was restored from an old back-up, was wiped, or answers nonsense un-watches much at once;
/// a person un-watches a season. Held is held whole: which of a thousand un-watches are real cannot be known.
pub fn brake(unwatches: u32, watched: u32, policy: BrakePolicy) -> Brake {
    let share = u64::from(watched) * u64::from(policy.percent) / 100;
    let limit = u32::try_from(share).unwrap_or(u32::MAX).max(policy.at_least);
    if unwatches > limit { Brake::Hold { limit } } else { Brake::Release }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit() {
        for (unwatches, watched, held, why) in [
            (20, 20, false, "a small library: twenty always pass"),
            (21, 20, true, "one more"),
            (21, 420, false, "5 % of 420 is 21"),
            (22, 420, true, "one more"),
            (5_000, 100_000, false, "5 % exactly"),
            (5_001, 100_000, true, "one more"),
        ] {
            let said = brake(unwatches, watched, BrakePolicy::default());
            assert_eq!(said != Brake::Release, held, "{why}");
        }
    }
}
