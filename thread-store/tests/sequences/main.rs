//! Whatever is done with threads, in any order: the local store and the memory store answer alike after every step, after
//! the store was opened anew, and after the index was deleted.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/agent.rs"]
mod agent;
mod home;
mod kept_cases;
mod play;
#[path = "../oracle/probe.rs"]
mod probe;
#[path = "../recording/split_fs.rs"]
mod split_fs;
mod steps;
#[path = "../support/mod.rs"]
mod support;
