//! A small sample home with a bit of everything: both history modes, a fork by reference, a review, a bare rollout of 2025.
//!
//! `app-server/assets/demo` holds its files, for the `demo` command; a test compares them with what is built here.

mod bug_hunt;
mod cast;
#[cfg(test)]
mod demo_tests;
mod early_days;
mod parser;
mod review;

pub use cast::{demo_files, demo_home};
