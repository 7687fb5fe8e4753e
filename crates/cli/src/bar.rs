//! Bars that show how far a run is. They go to stderr, and only where that is a terminal.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use watchstate_engine::{Account, Report, Step};
use watchstate_model::BackendId;

/// A bar for each backend and direction, from its first step on.
pub(crate) struct Bars {
    all: MultiProgress,
    names: HashMap<BackendId, String>,
    bars: Mutex<HashMap<(BackendId, &'static str), ProgressBar>>,
}

impl Bars {
    /// Bars for these accounts.
    pub(crate) fn of(accounts: &[Account]) -> Self {
        let names = accounts.iter().map(|a| (a.backend.id, a.backend.name.clone())).collect();
        Self { all: MultiProgress::new(), names, bars: Mutex::default() }
    }

    /// Takes all bars away, so that the answer stands alone.
    pub(crate) fn clear(&self) {
        for (_, bar) in self.bars.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            bar.finish_and_clear();
        }
        let _ = self.all.clear();
    }

    fn set(&self, backend: BackendId, what: &'static str, done: u64, total: u64) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry((backend, what)).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new(total));
            let style = "{prefix:24} {bar:30} {pos}/{len} {eta}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            let name = self.names.get(&backend).map_or("", String::as_str);
            bar.with_prefix(format!("{what} {name}"))
        });
        bar.set_length(total.max(done));
        bar.set_position(done);
    }
}

impl Report for Bars {
    fn step(&self, step: Step) {
        match step {
            Step::Page { backend, seen, total } => self.set(backend, "import", seen, total),
            Step::Delivered { backend, done, total } => self.set(backend, "export", done, total),
            Step::Planned | Step::Sending { .. } | Step::Sent { .. } => {}
        }
    }
}
