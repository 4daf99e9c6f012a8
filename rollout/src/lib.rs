//! The log: rollout file names, discovery, readers, limits, heads, lineage, thread names; writers, their locks, the
//! journal; the compressor.
//!
//! Files are touched only through [`fs::LogFs`]. This crate knows neither SQLite nor JSON-RPC. Only [`recorder`] changes a
//! rollout, and only while it holds the thread's lock of [`locks`].

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests prepare their own files"))]

pub mod canonical;
pub mod compress;
pub mod discover;
pub mod error;
pub mod forget_names;
pub mod fs;
pub mod head;
pub mod journal;
pub mod limits;
pub mod lineage;
pub mod lines;
pub mod locks;
pub mod model_context;
pub mod name;
pub mod recorder;
pub mod relocate;
pub mod session_index;
pub mod source;
pub mod tail;

#[cfg(test)]
mod test_files;

pub use error::{Result, RolloutError};
pub use limits::Limits;
