//! The rolling checksum of all lines that a fold has seen.
//!
//! It goes on line by line from the value before, so that it can be stored, costs an append no more than its own lines, and
//! is the same however a log is split into steps. It finds decay and edits, no forgery.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Checksum of the lines before a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(u64);

/// What the checksum of a line that is handed over without its bytes is made of.
const OVERSIZED: &[u8] = b"oversized line";

impl ContentHash {
    /// Checksum of nothing.
    pub const START: Self = Self(0);

    /// Goes on with a line that ends at `end`.
    pub(super) fn with_line(self, bytes: &[u8], end: u64) -> Self {
        self.with(xxh3_64(bytes), end)
    }

    /// Goes on with a line that is too long to be read: only its place counts.
    pub(super) fn with_oversized(self, end: u64) -> Self {
        self.with(xxh3_64(OVERSIZED), end)
    }

    fn with(self, line: u64, end: u64) -> Self {
        let mut block = [0; 24];
        block[..8].copy_from_slice(&self.0.to_le_bytes());
        block[8..16].copy_from_slice(&line.to_le_bytes());
        block[16..].copy_from_slice(&end.to_le_bytes());
        Self(xxh3_64(&block))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
#[path = "content_hash_tests.rs"]
mod content_hash_tests;
