//! Everything the tests of WatchState stand on: fake servers, scenarios and the simulator.

pub mod day;
pub mod desktop;
pub mod fake;
pub mod genuine_kodi;
pub mod prepared;
pub mod simulator;
