//! Faults on demand: what goes wrong between a client and a server, at exactly the request a test wants.

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The request is read, nothing is done, the connection is closed.
    Dropped,
    /// The request is read **and done**, but the connection is closed before any answer.
    LostAnswer,
    /// Nothing is done and no answer comes until the fault is healed; then the connection is closed.
    Hang,
    /// A status with a short text, and nothing is done.
    Status(u16),
    /// 429, with `Retry-After` in seconds where one is given; nothing is done.
    TooMany(Option<u32>),
    /// It is done, but the answer ends in the middle of its body.
    CutBody,
    /// A page of HTML with 200, as a proxy that wants a password sends; nothing is done.
    Html,
    /// JSON of another shape with 200; nothing is done.
    OtherJson,
    /// It is done, but the answer is no JSON: it ends after half of it, with the length to match.
    BrokenJson,
    /// A list answers with the page before the one that was asked for.
    RepeatedPage,
    /// A list answers without its last entry, and counts it all the same.
    MissingEntry,
    /// It is done, and the answer comes in pieces of so many bytes, one each time the test lets one go.
    Drip(usize),
    /// It is done, and the answer is held back until all faults are healed: what a test does meanwhile
    /// happens in the middle of whatever asked.
    HeldBack,
    /// The token counts as expired; nothing is done.
    ExpiredToken,
}

/// A trouble, and the requests that it strikes. Without more said it strikes every request until it is
/// healed.
#[derive(Clone, Debug)]
pub struct Fault {
    trouble: Trouble,
    part_of_path: Option<String>,
    method: Option<String>,
    spare: u64,
    times: Option<u64>,
}

impl Fault {
    /// Strikes every request until it is healed.
    pub fn new(trouble: Trouble) -> Self {
        Self { trouble, part_of_path: None, method: None, spare: 0, times: None }
    }

    /// Strikes the next `times` requests that match, and none after them.
    #[must_use]
    pub fn next(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes from the `number`th matching request on, the first being 1.
    #[must_use]
    pub fn from_request(mut self, number: u64) -> Self {
        self.spare = number.saturating_sub(1);
        self
    }

    /// Strikes requests alone whose path has this in it; case does not matter.
    #[must_use]
    pub fn on(mut self, part_of_path: &str) -> Self {
        self.part_of_path = Some(part_of_path.to_ascii_lowercase());
        self
    }

    /// Strikes requests alone of this method.
    #[must_use]
    pub fn of_method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.part_of_path.as_ref().is_none_or(|part| path.contains(part))
    }
}

/// The faults of one server.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn heal(&mut self) {
        self.0.clear();
    }

    /// What strikes a request: the first fault that matches and is due. Every fault that matches counts
    /// the request. `path` is in lower case.
    pub(super) fn strike(&mut self, method: &str, path: &str) -> Option<Trouble> {
        let mut struck = None;
        for fault in &mut self.0 {
            if !fault.matches(method, path) {
                continue;
            }
            if fault.spare > 0 {
                fault.spare -= 1;
            } else if struck.is_none() && fault.times != Some(0) {
                fault.times = fault.times.map(|times| times - 1);
                struck = Some(fault.trouble);
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_requests_are_struck() {
        let mut faults = Faults::default();
        faults.add(Fault::new(Trouble::Status(500)).on("/Items").from_request(2).next(2));
        let asked = [("/users", false), ("/items", false), ("/items", true), ("/users", false)];
        for (n, (path, struck)) in asked.into_iter().enumerate() {
            assert_eq!(faults.strike("GET", path).is_some(), struck, "request {n} {path}");
        }
        assert_eq!(faults.strike("GET", "/items/5"), Some(Trouble::Status(500)), "the second");
        assert_eq!(faults.strike("GET", "/items"), None, "used up");
        faults.add(Fault::new(Trouble::Hang).of_method("post"));
        assert_eq!(faults.strike("GET", "/"), None);
        assert_eq!(faults.strike("POST", "/"), Some(Trouble::Hang));
        faults.heal();
        assert_eq!(faults.strike("POST", "/"), None);
    }
}
