//! Arbitrary histories for property tests: everything that a rollout may hold, in any order, damage included.

mod history;
#[cfg(test)]
mod history_tests;
mod play;
mod step;

pub use history::{History, any_mode, history, history_from_seed};
pub use step::{Step, steps};
