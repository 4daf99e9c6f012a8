//! How threads are organised, in bad days: crashes at any operation, single failures, several processes, an old index.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/agent.rs"]
mod agent;
mod crash;
mod processes;
#[expect(dead_code, reason = "each test file uses its own part")]
#[path = "../recording/sim_home.rs"]
mod sim_home;
#[path = "../recording/split_fs.rs"]
mod split_fs;
#[path = "../support/mod.rs"]
mod support;
mod world;
