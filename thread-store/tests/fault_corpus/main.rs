//! The faults of the field: what users' homes were found to contain, planted one by one.
//!
//! Of each: everything that can be decoded is shown, once, in order; damage is told with its kind; pages, search and `verify`
//! agree with the whole read; and the same holds after a restart and for an index made anew.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod changed;
mod check;
mod heads;
mod lines;
mod names;
mod sizes;
#[path = "../support/mod.rs"]
mod support;

/// Ids of the threads of these homes.
const ONE: &str = "019cb354-0000-7000-8000-000000000001";
const TWO: &str = "019cb354-0000-7000-8000-000000000002";
