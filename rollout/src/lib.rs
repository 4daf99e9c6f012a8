//! The read side of the log: rollout file names, discovery, readers, limits, heads, lineage and thread names.
//!
//! Files are touched only through [`fs::LogFs`]. This crate knows neither SQLite nor JSON-RPC, and it never changes a
//! rollout: the only bytes that it writes are its own seekable copies in a [`source::SeekCache`].

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests prepare their own files"))]

pub mod canonical;
pub mod discover;
pub mod error;
pub mod fs;
pub mod head;
pub mod limits;
pub mod lineage;
pub mod lines;
pub mod name;
pub mod session_index;
pub mod source;
pub mod tail;

#[cfg(test)]
mod test_files;

pub use error::{Result, RolloutError};
pub use limits::Limits;
