//! Recording as a whole: a live thread over the local store, in bad days.
//!
//! Crashes at any operation, failing disks, killed processes, rivals, bad input; and ids that stay what they were.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod agent;
mod answers;
mod bad_input;
mod broken_index;
mod child;
mod crash;
mod failures;
mod player;
mod processes;
mod sim_home;
mod split_fs;
mod told_ids;
