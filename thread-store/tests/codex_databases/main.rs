//! Homes with Codex's databases: what is taken over, what stays ours, and that nothing of the home is touched.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod conflicts;
mod families;
mod foreign_home;
mod home;
mod revisions;
#[path = "../support/mod.rs"]
mod support;
