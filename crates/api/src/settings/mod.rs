//! What users can tune: a table of settings, what the environment says of them, and what the window keeps.
//!
//! The environment wins, and locks what it sets; then comes what was kept in the file; then the default.

pub mod book;
mod kind;
pub mod table;

use std::collections::BTreeMap;

pub use book::Book;
pub use table::{
    Choice, Definition, EXPORT_THRESHOLD, Group, Kind, LIBRARY_SEGMENT, PROGRESS_MINIMUM, TABLE,
};
use watchstate_engine::Settings;

use crate::{ApiError, Refusal, Result};

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The environment sets it: it cannot be changed in the window.
    Environment,
    /// Somebody set it in the window.
    Kept,
    /// Nobody said.
    Default,
}

/// What a setting is now.
#[derive(Clone, PartialEq, Debug)]
pub struct Resolved {
    /// Which setting.
    pub definition: &'static Definition,
    /// Its value, in its plain form.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// What was said of it and cannot be taken; the default stands in for it.
    pub trouble: Option<Refusal>,
}

impl Resolved {
    /// The variable that locks it.
    pub fn locked_by(&self) -> Option<&'static str> {
        (self.source == Source::Environment).then_some(self.definition.name)
    }

    /// Whether a switch is on.
    pub fn is_on(&self) -> bool {
        self.value == "true"
    }
}

/// What a setting is, with what the environment and the file say of it. An empty variable is not set.
pub fn resolve(
    definition: &'static Definition,
    environment: Option<&str>,
    kept: Option<&str>,
) -> Resolved {
    let environment = environment.filter(|text| !text.trim().is_empty());
    let (said, source) = match (environment, kept) {
        (Some(text), _) => (text, Source::Environment),
        (None, Some(text)) => (text, Source::Kept),
        (None, None) => (definition.default, Source::Default),
    };
    let (value, trouble) = match definition.kind.read(said) {
        Ok(value) => (value, None),
        Err(refusal) => {
            let told = match source {
                Source::Environment => of_environment(definition, said, &refusal),
                _ => refusal,
            };
            (definition.default.to_owned(), Some(told))
        }
    };
    Resolved { definition, value, source, trouble }
}

fn of_environment(definition: &Definition, said: &str, refusal: &Refusal) -> Refusal {
    let (name, said) = (definition.name, said.trim());
    Refusal::new(
        format!("the environment variable {name} is \"{said}\": {}", refusal.what),
        format!("{}, or unset it", refusal.todo),
    )
}

/// The engine's settings by the environment alone, with what `variable` answers for each name. A value that
/// cannot be taken is an error: a setting that is silently not used is worse than none.
pub fn settings(variable: impl Fn(&str) -> Option<String>) -> Result<Settings> {
    let mut values = BTreeMap::new();
    for definition in TABLE {
        let resolved = resolve(definition, variable(definition.name).as_deref(), None);
        if let Some(trouble) = resolved.trouble {
            return Err(ApiError::from(trouble));
        }
        values.insert(definition.name, resolved.value);
    }
    Ok(table::engine(|name| values.get(name).cloned().unwrap_or_default()))
}

/// Names in the log those of these environment variables that begin as a setting of ours does and have no
/// effect: what was carried over from elsewhere, or misspelt. Their values are not looked at.
pub fn tell_without_effect(names: impl IntoIterator<Item = String>) {
    for name in without_effect(names) {
        tracing::warn!(name, "is set in the environment and has no effect here");
    }
}

/// Which of these names begin as a setting of ours does and are none.
fn without_effect(names: impl IntoIterator<Item = String>) -> Vec<String> {
    /// Read by the terminal before any setting.
    const DATA_PATH: &str = "WS_DATA_PATH";
    let mut idle: Vec<_> = names
        .into_iter()
        .filter(|name| name.starts_with("WS_") && name != DATA_PATH)
        .filter(|name| table::definition(name).is_none())
        .collect();
    idle.sort_unstable();
    idle
}

#[cfg(test)]
mod tests;
