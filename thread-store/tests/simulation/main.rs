//! Seeded simulation: several threads, two processes over one home, readers, crashes, clocks that jump, foreign writers, an
//! index that goes or is replaced.
//!
//! A seed makes a plan, and a plan always runs alike. After every step a simple ledger says what must be readable, and
//! answers are compared with those of a fresh index. `SIMULATION_SEEDS=200` runs so many seeds, `SIMULATION_SEED=7` that one;
//! those in `seeds.txt` once failed and run first.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/agent.rs"]
mod agent;
#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../crash_sweep/answers.rs"]
mod answers;
mod foreign;
mod ledger;
#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../crash_sweep/machine.rs"]
mod machine;
mod plan;
mod seeds;
mod shrink;
mod simulation;
#[path = "../recording/split_fs.rs"]
mod split_fs;
mod writing;
