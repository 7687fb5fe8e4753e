//! Values that must not be seen.

/// A token or a password. Has no `Debug` and no `Display`: it cannot end up in a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one line that sends or stores it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}
