//! From what went wrong inside to what a window is told.

use watchstate_engine::Trouble;
use watchstate_servers::ServerError;
use watchstate_store::StoreError;

use crate::contract::{Advice, Failure, FailureKind};
use crate::{ApiError, Code};

impl Failure {
    /// A failure, told as sentences.
    pub fn new(kind: FailureKind, what: impl AsRef<str>, todo: impl AsRef<str>) -> Self {
        Self { kind, what: sentence(what.as_ref()), todo: sentence(todo.as_ref()) }
    }

    /// Something that has to be asked in another way.
    pub fn usage(what: impl AsRef<str>, todo: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Usage, what, todo)
    }

    /// Something that is not there any more.
    pub fn not_found(what: impl AsRef<str>) -> Self {
        Self::new(FailureKind::NotFound, what, "Look at the list again")
    }

    /// Trouble with a server.
    pub fn of_server(name: &str, error: &ServerError) -> Self {
        let what = format!("{name}: it {} ({})", error.fault, error.op);
        Self::new(FailureKind::Server, what, error.fault.advice())
    }

    /// The same without its kind.
    pub fn advice(self) -> Advice {
        Advice { what: self.what, todo: self.todo }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let kind = match error.code {
            Code::Usage => FailureKind::Usage,
            Code::Trouble => FailureKind::Server,
            Code::Store => FailureKind::Store,
            Code::Secrets => FailureKind::Keyring,
            Code::NoKeyring => {
                return Self::new(
                    FailureKind::NoKeyring,
                    "The keyring of this computer does not answer",
                    "Log in and try again, or keep tokens in a file that only you can read",
                );
            }
            Code::Busy => FailureKind::Busy,
            Code::Stopped => FailureKind::Cancelled,
        };
        let Advice { what, todo } = advice(&error.message);
        Self { kind, what, todo }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        ApiError::from(trouble).into()
    }
}

/// The two halves of a line that says what is wrong and then, after a semicolon, what to do. How the terminal
/// does it stands there in parentheses; a window has buttons for that, and leaves it out.
pub(crate) fn advice(line: &str) -> Advice {
    let (what, todo) = line.split_once("; ").unwrap_or((line, "try again"));
    let in_terminal = |words: &str| words.starts_with("backend ") || words.starts_with("--");
    let todo = match todo.strip_suffix(')').and_then(|todo| todo.rsplit_once(" (")) {
        Some((before, inside)) if in_terminal(inside) => before,
        _ => todo,
    };
    Advice { what: sentence(what), todo: sentence(todo) }
}

/// A text as a sentence: a capital in front where it begins with a plain word, no full stop.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.').replace(char::is_control, " ");
    let first = text.split([' ', ':']).next().unwrap_or_default();
    // A name, such as a backend's, keeps the letters a person gave it.
    if text.get(first.len()..).is_some_and(|rest| rest.starts_with(':')) {
        return text;
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(letter) => letter.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves() {
        for (line, what, todo) in [
            (
                "den: it cannot be reached; check that the server is on",
                "den: it cannot be reached",
                "Check that the server is on",
            ),
            ("the keyring is locked; unlock it", "The keyring is locked", "Unlock it"),
            ("something happened", "Something happened", "Try again"),
            (
                "den is this account already; change that one (backend set)",
                "Den is this account already",
                "Change that one",
            ),
            ("it is full; make room (10 MiB)", "It is full", "Make room (10 MiB)"),
        ] {
            let told = advice(line);
            assert_eq!((told.what.as_str(), told.todo.as_str()), (what, todo));
        }
    }
}
