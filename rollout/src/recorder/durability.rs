//! How safe an append is, as types (design section 2, principle 6).
//!
//! Values only.

use std::ops::Range;

/// How far appended lines have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// Accepted in order. A crash of the process may lose them.
    Queued,
    /// Handed to the operating system: they survive a crash of the process.
    Written,
    /// On stable storage: they survive loss of power.
    Synced,
}

/// The ordinals of consecutive lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrdinalRange {
    /// Ordinal of the first line.
    pub first: u64,
    /// Ordinal after that of the last line: what the next line will have, if there may be one.
    pub next: u64,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendAck {
    /// How far it has come.
    pub durability: Durability,
    /// How many lines it is.
    pub line_count: u64,
    /// Their ordinals; `None` in legacy rollouts, whose lines have none.
    pub ordinals: Option<OrdinalRange>,
    /// Where they are in the plain file; `None` while they are only queued.
    pub bytes: Option<Range<u64>>,
}

/// Everything before this offset of the plain file is on stable storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncedThrough {
    /// Offset after the last synced byte; 0 while there is no file.
    pub end_offset: u64,
}
