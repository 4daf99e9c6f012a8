//! The JSON-RPC that Codex clients speak: envelope, methods, parameters, results, cursors and schema.
//!
//! Declares and re-exports only. Pure values: no transport, no store, no files.

pub mod append;
pub mod attachment;
pub mod change;
pub mod codex_database;
pub mod common;
pub mod cursor;
pub mod diagnostics;
pub mod envelope;
pub mod goal;
pub mod history;
pub mod indexing;
pub mod initialize;
pub mod items;
pub mod lifecycle;
pub mod list;
pub mod live;
pub mod methods;
pub mod notification;
pub mod project;
pub mod queue;
pub mod read_state;
pub mod resume;
pub mod schema;
pub mod search;
pub mod section;
pub mod settings;
pub mod source;
pub mod start;
pub mod summary;
pub mod thread;
pub mod timeline;
pub mod trash;
pub mod turn;

#[cfg(test)]
mod params_tests;
#[cfg(test)]
mod recording_tests;
