//! A person's yes: what would be written is shown and asked about, and looked at once more before it is.

use std::io::{self, BufRead, IsTerminal, Write};

use watchstate_api::{ApiError, Code, Shown};
use watchstate_engine::{CancellationToken, PreviewChange};

use crate::preview;
use crate::terminal::say;

/// What a person said to what they were shown.
pub(crate) enum Said<T> {
    /// Yes, and nothing else would be written now.
    Yes(T),
    /// Nothing, or no.
    Nothing(T),
    /// Yes, but something else would be written now: this. What of it was not shown stands beside it.
    Outdated(T, Vec<PreviewChange>),
}

/// How a person is asked.
pub(crate) struct Asking<'a> {
    /// They said yes beforehand, on the command line.
    pub(crate) yes: bool,
    /// A program listens: it is answered once, in the end, and never asked.
    pub(crate) json: bool,
    /// What is asked on a terminal.
    pub(crate) question: &'a str,
}

/// Shows what would be written and asks for a yes, until it is given to what would be written just then. `look`
/// finds out what that is; `ask` puts a question and waits for the answer, which is no where nobody can be asked.
pub(crate) async fn agree<T>(
    asking: Asking<'_>,
    look: impl AsyncFn() -> Result<T, ApiError>,
    changes: impl Fn(&T) -> &[PreviewChange],
    show: impl Fn(&T),
    ask: impl AsyncFn(&str) -> Result<bool, ApiError>,
) -> Result<Said<T>, ApiError> {
    let Asking { yes, json, question } = asking;
    let mut seen = look().await?;
    if !json {
        show(&seen);
    }
    loop {
        if !yes && (json || !ask(question).await?) {
            return Ok(Said::Nothing(seen));
        }
        let now = look().await?;
        let shown = Shown::of(changes(&seen));
        if shown.covers(changes(&now)) {
            return Ok(Said::Yes(now));
        }
        let new: Vec<PreviewChange> =
            changes(&now).iter().filter(|change| shown.is_new(change)).cloned().collect();
        if !json {
            say("\nSomething changed since you looked, so nothing was written. This is new:");
            say(&preview::changes(&new));
        }
        if yes {
            return Ok(Said::Outdated(now, new));
        }
        seen = now;
    }
}

/// Asks at the terminal; where there is none, the answer is no.
pub(crate) async fn at_the_terminal(
    question: &str,
    cancel: &CancellationToken,
) -> Result<bool, ApiError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(false);
    }
    let mut out = io::stdout();
    let _ = write!(out, "\n{question} [y/N] ").and_then(|()| out.flush());
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        biased;
        () = cancel.cancelled() => {
            Err(ApiError::new(Code::Stopped, "stopped; nothing was written"))
        }
        line = read => Ok(line.is_ok_and(|line| line.is_ok_and(|line| is_yes(&line)))),
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use watchstate_model::{BackendId, Because, TitleId, Watch};

    use super::*;

    /// A title for each digit, which would become watched.
    fn these(digits: &str) -> Vec<PreviewChange> {
        let one = |digit: u8| PreviewChange {
            backend: BackendId(1),
            backend_name: "den".to_owned(),
            title: TitleId(i64::from(digit)),
            name: format!("title {digit}"),
            from: Watch::Unwatched,
            to: Watch::WATCHED,
            because: Because::Undone,
            held: None,
        };
        digits.bytes().map(|digit| one(digit - b'0')).collect()
    }

    fn digits(changes: &[PreviewChange]) -> String {
        changes.iter().map(|change| change.title.0.to_string()).collect()
    }

    /// What comes of it where each look finds the next of these, and a person at a terminal answers with the next
    /// of these letters.
    async fn said((yes, json): (bool, bool), looks: &str, letters: &str) -> String {
        let (looks, letters) = (RefCell::new(looks.split(' ')), RefCell::new(letters.chars()));
        let (looked, shown) = (Cell::new(0), Cell::new(0));
        let ended = agree(
            Asking { yes, json, question: "Do it?" },
            async || {
                looked.set(looked.get() + 1);
                Ok(these(looks.borrow_mut().next().unwrap()))
            },
            Vec::as_slice,
            |_| shown.set(shown.get() + 1),
            async |_: &str| Ok(letters.borrow_mut().next() == Some('y')),
        )
        .await
        .unwrap();
        assert_eq!(shown.get(), usize::from(!json), "a program is answered once, and not here");
        let looked = looked.get();
        match ended {
            Said::Yes(now) => format!("yes to {} after {looked}", digits(&now)),
            Said::Nothing(now) => format!("nothing to {} after {looked}", digits(&now)),
            Said::Outdated(now, new) => {
                format!("{} new in {} after {looked}", digits(&new), digits(&now))
            }
        }
    }

    #[tokio::test]
    async fn a_yes_is_for_what_was_shown() {
        let (asked, agreed, program) = ((false, false), (true, false), (false, true));
        for (how, looks, letters, ends, why) in [
            (asked, "12", "", "nothing to 12 after 1", "nobody is there to be asked"),
            (asked, "12", "n", "nothing to 12 after 1", "no"),
            (program, "12", "y", "nothing to 12 after 1", "a program is never asked"),
            (asked, "12 12", "y", "yes to 12 after 2", "a yes, and a second look"),
            (agreed, "12 1", "", "yes to 1 after 2", "less is no surprise"),
            (agreed, "1 13", "", "3 new in 13 after 2", "a yes of before is for nothing new"),
            ((true, true), "1 13", "", "3 new in 13 after 2", "whoever listens"),
            (asked, "1 13 13", "yy", "yes to 13 after 3", "the new is shown and asked about"),
            (asked, "1 13 4", "yyn", "nothing to 4 after 3", "and may be too much"),
        ] {
            assert_eq!(said(how, looks, letters).await, ends, "{why}");
        }
    }

    #[test]
    fn what_a_yes_looks_like() {
        for (line, yes) in
            [("y\n", true), (" YES \n", true), ("\n", false), ("no\n", false), ("", false)]
        {
            assert_eq!(is_yes(line), yes, "{line:?}");
        }
    }
}
