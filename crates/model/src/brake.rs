//! The brake: how much may be taken away without asking.

use crate::moment::Moment;
use crate::reason::Because;

/// How many titles of one person may become unwatched in one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BrakePolicy {
    /// So many are always let through.
    pub at_least: u32,
    /// And so many of a hundred watched titles.
    pub percent: u32,
    /// So many at once that were an account's latest marks are what restoring a back-up does; nobody
    /// un-watches like that. Zero asks nothing of the kind.
    pub latest: u32,
    /// Whether a person switched it off. Whoever shows what waits says so.
    pub off: bool,
}

impl Default for BrakePolicy {
    fn default() -> Self {
        Self { at_least: 20, percent: 5, latest: 10, off: false }
    }
}

impl BrakePolicy {
    /// How many un-watches of `watched` titles pass.
    pub fn limit(self, watched: u32) -> u32 {
        if self.off {
            return u32::MAX;
        }
        let share = u64::from(watched) * u64::from(self.percent) / 100;
        u32::try_from(share).unwrap_or(u32::MAX).max(self.at_least)
    }

    /// Whether as good as everything passes, switched off or tuned so: whoever shows what waits says so.
    pub fn lets_all_pass(self) -> bool {
        self.off || self.percent >= 100 || self.at_least >= MORE_THAN_ANYBODY
    }
}

/// Nobody has watched so many titles.
const MORE_THAN_ANYBODY: u32 = 100_000;

/// The marks that seem to have been taken away on one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loss {
    /// How many were found.
    pub found: u32,
    /// How many more were held before, and wait for a person.
    pub waiting: u32,
    /// Whether the account looks as it did at an earlier time: see [`is_earlier`].
    pub earlier: bool,
    /// What a person decided for this account alone.
    pub policy: Option<BrakePolicy>,
}

/// What the brake says of the un-watches of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brake {
    /// Go on.
    Release,
    /// They wait for a person, all of them, for this reason.
    Hold(Because),
}

/// Decides what may pass of what a person's accounts lost, in the order of the accounts. `lately` were
/// un-watched one by one a moment ago, `watched` titles the person has in all.
///
/// A server that was restored from an old back-up, was wiped, or answers nonsense un-watches much at once;
/// a person un-watches a season. Held is held whole: which of a thousand un-watches are real cannot be known.
/// Where one account alone has lost too much, the others are not kept from going on.
pub fn brake(losses: &[Loss], lately: u32, watched: u32, usual: BrakePolicy) -> Vec<Brake> {
    let said: Vec<Option<Brake>> = losses.iter().map(|loss| alone(*loss, watched, usual)).collect();
    let rest = losses.iter().zip(&said).filter(|(_, said)| said.is_none());
    let sum = rest.fold(lately, |sum, (loss, _)| sum.saturating_add(loss.found));
    let together =
        if sum > usual.limit(watched) { Brake::Hold(Because::Brake) } else { Brake::Release };
    said.into_iter().map(|said| said.unwrap_or(together)).collect()
}

/// What is said of an account whatever the others lost; nothing where they count together.
fn alone(loss: Loss, watched: u32, usual: BrakePolicy) -> Option<Brake> {
    let policy = loss.policy.unwrap_or(usual);
    // What waits is not let go because there is less of it, or because the rule is another one now: whether
    // it was meant is for a person to say. What is lost beside it is of the same kind.
    if loss.waiting > 0 {
        return Some(Brake::Hold(Because::Brake));
    }
    if policy.off {
        return Some(Brake::Release);
    }
    if loss.earlier {
        return Some(Brake::Hold(Because::RolledBack));
    }
    if loss.found > policy.limit(watched) {
        return Some(Brake::Hold(Because::Brake));
    }
    loss.policy.map(|_| Brake::Release)
}

/// Of a hundred of the latest marks, so many are gone after a back-up was restored: the rest was made or
/// changed since.
const GONE_PERCENT: u64 = 90;

/// A watched mark of an account, by when it came to be there: since when it is agreed on, whatever else was decided
/// since, and of those that were there when the account joined, when the title was played as far as the server says.
pub type MarkAge = (Moment, Option<Moment>);

/// Whether an account looks as it did at an earlier time: of its marks with their ages, and whether each seems
/// to have been taken away, the latest are gone and hardly any others.
///
/// A household that has watched thousands of titles watches in a month less than the share of them that always
/// passes. What gives a restored back-up away is which marks are gone, not how many.
pub fn is_earlier(marks: &mut [(MarkAge, bool)], policy: BrakePolicy) -> bool {
    if policy.latest == 0 {
        return false;
    }
    marks.sort_unstable_by(|one, other| other.cmp(one));
    let (mut seen, mut gone) = (0_u64, 0_u64);
    marks.iter().any(|(_, is_gone)| {
        seen += 1;
        gone += u64::from(*is_gone);
        *is_gone && gone >= u64::from(policy.latest) && gone * 100 >= seen * GONE_PERCENT
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: BrakePolicy = BrakePolicy { at_least: 20, percent: 5, latest: 10, off: false };

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
            assert_eq!(unwatches > USUAL.limit(watched), held, "{why}");
        }
        assert_eq!(BrakePolicy { off: true, ..USUAL }.limit(20), u32::MAX);
        assert_eq!(BrakePolicy::default(), USUAL);
        for (policy, passes) in [
            (USUAL, false),
            (BrakePolicy { off: true, ..USUAL }, true),
            (BrakePolicy { percent: 100, ..USUAL }, true),
            (BrakePolicy { at_least: 1_000_000, ..USUAL }, true),
            (BrakePolicy { at_least: 500, percent: 50, ..USUAL }, false),
        ] {
            assert_eq!(policy.lets_all_pass(), passes, "{policy:?}");
        }
    }

    #[test]
    fn what_passes_and_what_waits() {
        let found = |found| Loss { found, waiting: 0, earlier: false, policy: None };
        let own = |n, policy| Loss { policy: Some(policy), ..found(n) };
        let strict = BrakePolicy { at_least: 0, percent: 0, ..USUAL };
        let wide = BrakePolicy { at_least: 500, ..USUAL };
        let off = BrakePolicy { off: true, ..USUAL };
        let (go, hold) = (Brake::Release, Brake::Hold(Because::Brake));
        let rolled = Brake::Hold(Because::RolledBack);
        for (losses, lately, said, why) in [
            (vec![], 0, vec![], "nothing is lost"),
            (vec![found(20), found(0)], 0, vec![go, go], "as many as always pass"),
            (vec![found(21)], 0, vec![hold], "one more"),
            (vec![found(11), found(10)], 0, vec![hold, hold], "too many together"),
            (vec![found(60), found(3)], 0, vec![hold, go], "one alone does not block the other"),
            (
                vec![found(60), found(15), found(6)],
                0,
                vec![hold, hold, hold],
                "nor hides the others",
            ),
            (vec![found(1)], 20, vec![hold], "too many one by one"),
            (vec![found(1)], 19, vec![go], "and just not too many"),
            (
                vec![Loss { waiting: 3, ..found(1) }, found(1)],
                0,
                vec![hold, go],
                "what waits goes on waiting, and blocks nothing elsewhere",
            ),
            (
                vec![Loss { waiting: 3, ..own(0, off) }],
                0,
                vec![hold],
                "even when the brake is off now",
            ),
            (vec![Loss { earlier: true, ..found(10) }, found(9)], 0, vec![rolled, go], "a back-up"),
            (vec![Loss { earlier: true, ..own(10, off) }], 0, vec![go], "nobody wants to be asked"),
            (vec![own(1, strict), found(20)], 0, vec![hold, go], "its own rule, stricter"),
            (vec![own(300, wide), found(20)], 0, vec![go, go], "wider, and not counted elsewhere"),
            (vec![own(600, wide)], 0, vec![hold], "but a rule"),
            (vec![own(9_999, off), found(21)], 0, vec![go, hold], "off is off for that one alone"),
        ] {
            assert_eq!(brake(&losses, lately, 100, USUAL), said, "{why}");
        }
        assert_eq!(brake(&[found(9_999)], 0, 100, off), [go], "off for the person");
        let both = brake(&[found(9_999), own(21, USUAL)], 0, 100, off);
        assert_eq!(both, [go, hold], "but for the account that has a rule of its own");
    }

    #[test]
    fn a_restored_back_up_is_known_by_which_marks_are_gone() {
        // A mark for each hour, the oldest first; true for those that are gone.
        let marks = |gone: &dyn Fn(i64) -> bool| -> Vec<(MarkAge, bool)> {
            (0..1_000).map(|n| ((Moment(n), None), gone(n))).collect()
        };
        let few = BrakePolicy { latest: 3, ..USUAL };
        let never = BrakePolicy { latest: 0, ..USUAL };
        for (gone, policy, earlier, why) in [
            (marks(&|n| n >= 990), USUAL, true, "the latest ten"),
            (marks(&|n| n >= 991), USUAL, false, "nine may be a season that was marked by mistake"),
            (marks(&|n| n >= 997), few, true, "three, for whoever wants to be asked"),
            (marks(&|n| n >= 900), never, false, "whoever does not want it"),
            (marks(&|n| n >= 900), USUAL, true, "a month"),
            (marks(&|n| n >= 900 && n % 20 != 0), USUAL, true, "some were watched again since"),
            (marks(&|n| n >= 900 && n % 2 == 0), USUAL, false, "every second one"),
            (
                marks(&|n| n >= 900 || n == 5),
                USUAL,
                true,
                "and an old one that a person un-watched",
            ),
            (marks(&|n| n < 200), USUAL, false, "old ones: a person clears up"),
            (marks(&|n| (500..520).contains(&n)), USUAL, false, "a season of last year"),
            (marks(&|_| true), USUAL, true, "everything: wiped"),
            (marks(&|_| false), USUAL, false, "nothing"),
            (vec![], USUAL, false, "nothing was there"),
        ] {
            let mut gone = gone;
            assert_eq!(is_earlier(&mut gone, policy), earlier, "{why}");
        }
        // What was there when the account joined has one time: then the server's dates say which is later.
        let mut joined: Vec<(MarkAge, bool)> =
            (0..100).map(|n| ((Moment(7), Some(Moment(n))), n >= 80)).collect();
        assert!(is_earlier(&mut joined, USUAL));
    }
}
