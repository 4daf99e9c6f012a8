//! The promises of a thread store, as functions that any store can be held to.
//!
//! Each function takes a fresh [`StoreFixture`], builds what it needs, asks, and panics where a promise is broken. The
//! macro [`store_conformance`](crate::store_conformance) makes a test of each.

pub mod attachments;
pub mod damage;
mod fixture;
pub mod goals;
pub mod history_search;
pub mod inherited;
pub mod items;
pub mod legacy;
pub mod lifecycle;
pub mod lineage;
pub mod list;
pub mod list_filters;
mod log;
pub mod occurrences;
pub mod projects;
pub mod queue;
pub mod read;
pub mod read_state;
pub mod recording;
pub mod search;
pub mod sections;
mod suite;
pub mod timeline;
pub mod trash;
pub mod turns;
pub mod writer_keys;

pub use self::fixture::StoreFixture;
