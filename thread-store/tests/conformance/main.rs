//! Both stores keep every promise of the public conformance suite, the local one also where all rollouts are compressed.

#[path = "../support/mod.rs"]
mod support;

mod compressed_store;
mod list_of_promises;
mod local_store;
mod memory_store;
