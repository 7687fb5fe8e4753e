//! A value that cannot be taken, and what to enter instead.

use std::fmt;

use crate::ApiError;

/// A value that cannot be taken. Both texts are sentences for people and hold no secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub todo: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what: what.into(), todo: todo.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.todo)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::usage(refusal.to_string())
    }
}
