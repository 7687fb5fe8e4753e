//! How much one may ask in a while.

use watchstate_model::Moment;

/// Holds so many tokens at most and gets some back each second; who asks takes one.
pub(super) struct Bucket {
    most: u32,
    per_second: u32,
    left: u32,
    filled_at: Moment,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(most: u32, per_second: u32) -> Self {
        Self { most, per_second, left: most, filled_at: Moment(i64::MIN) }
    }

    /// Takes a token, if there is one left.
    pub(super) fn take(&mut self, now: Moment) -> bool {
        // A clock that was set back begins to count anew.
        let passed = now.0.saturating_sub(self.filled_at.0);
        let passed = u32::try_from(passed.max(0)).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(passed.saturating_mul(self.per_second)).min(self.most);
        self.filled_at = now;
        let had = self.left > 0;
        self.left = self.left.saturating_sub(1);
        had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_was_allowed() {
        let mut bucket = Bucket::new(3, 2);
        let mut taken = |at, asked| (0..asked).filter(|_| bucket.take(Moment(at))).count();
        assert_eq!(taken(100, 5), 3, "as many as there were");
        assert_eq!(taken(100, 5), 0, "none come back within a second");
        assert_eq!(taken(101, 5), 2, "some in the next");
        assert_eq!(taken(500, 9), 3, "it does not run over");
        assert_eq!(taken(50, 5), 0, "a clock set back gives nothing");
        assert_eq!(taken(51, 5), 2, "and is believed from then on");
    }
}
