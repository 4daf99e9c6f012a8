//! The handlers: parse, one store call, convert.
//!
//! Declares only. An `if` about storage belongs in the store.

pub(crate) mod diagnostics;
mod ids;
pub(crate) mod index_state;
pub(crate) mod items;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod search;
mod sources;
pub(crate) mod summary;
pub(crate) mod timeline;
pub(crate) mod turns;
