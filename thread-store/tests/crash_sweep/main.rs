//! Crash sweep of the store: the process or the machine goes down, or the disk fails, at the operations of the disk during
//! every operation of the store, in every way that the simulated disk knows.
//!
//! Afterwards: what was acknowledged at its class is there; what is there is a prefix, in order; a change of threads is
//! done or not; damage is reported; opening twice is opening once; and whatever state the index is in (kept from the moment
//! of the crash and so perhaps ahead of the log, missing, older, spoilt), all answers equal those of a fresh one.
//!
//! Some points are tried by default. `CRASH_SWEEP=all` tries all of them, `CRASH_SWEEP=20` so many of each sort and
//! operation; `--nocapture` shows the counts.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/agent.rs"]
mod agent;
mod answers;
mod kept_cases;
mod machine;
mod operations;
#[path = "../recording/split_fs.rs"]
mod split_fs;
mod sweep;
mod sweeps;
mod world;
