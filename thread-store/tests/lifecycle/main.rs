//! Forks, reverts, archive and deletion in bad days: crashes at any operation, single failures, foreign writers, both
//! forms of a file.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/agent.rs"]
mod agent;
mod broken_index;
mod crash;
mod files;
mod hook_fs;
mod meanwhile;
mod races;
#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/sim_home.rs"]
mod sim_home;
#[path = "../recording/split_fs.rs"]
mod split_fs;
#[path = "../support/mod.rs"]
mod support;
mod world;
