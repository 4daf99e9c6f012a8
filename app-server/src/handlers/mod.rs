//! The handlers: parse, one store call, convert.
//!
//! Declares only. An `if` about storage belongs in the store.

pub(crate) mod append;
pub(crate) mod archive;
pub(crate) mod attachment;
mod codex_database;
pub(crate) mod compress;
pub(crate) mod delete;
pub(crate) mod diagnostics;
pub(crate) mod fork;
pub(crate) mod goal;
pub(crate) mod history;
mod ids;
pub(crate) mod index_state;
pub(crate) mod items;
pub(crate) mod list;
pub(crate) mod metadata;
pub(crate) mod project;
pub(crate) mod queue;
pub(crate) mod read;
pub(crate) mod read_state;
pub(crate) mod resume;
pub(crate) mod revert;
pub(crate) mod search;
pub(crate) mod section;
mod sources;
pub(crate) mod start;
mod subject;
pub(crate) mod subscription;
pub(crate) mod summary;
pub(crate) mod timeline;
pub(crate) mod trash;
pub(crate) mod turns;
