//! The promises of a thread store, as functions that any store can be held to.
//!
//! Each function takes a fresh [`StoreFixture`], builds what it needs, asks, and panics where a promise is broken. The
//! macro [`store_conformance`](crate::store_conformance) makes a test of each.

mod damage;
mod fixture;
mod items;
mod legacy;
mod lineage;
mod list;
mod list_filters;
mod log;
mod occurrences;
mod read;
mod search;
mod suite;
mod timeline;
mod turns;

pub use self::fixture::StoreFixture;
