//! Both stores keep every promise of the public conformance suite.

#[path = "../support/mod.rs"]
mod support;

mod list_of_promises;
mod local_store;
mod memory_store;
