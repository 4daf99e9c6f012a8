//! A file system in memory that can lose power.
//!
//! Only declares and re-exports.

mod disk;
mod sim_fs;

#[cfg(test)]
mod sim_tests;

pub use disk::{Crash, SurvivingBytes, SurvivingNames};
pub use sim_fs::SimFs;
