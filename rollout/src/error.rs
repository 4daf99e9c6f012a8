//! What can go wrong while the bytes of a rollout are read.
//!
//! Only byte-level failures: what a head, a lineage or a name index finds wrong has an enum of its own beside the code.

use std::io;
use std::path::PathBuf;

/// Shorthand for results of the byte-level readers.
pub type Result<T, E = RolloutError> = std::result::Result<T, E>;

/// A rollout's bytes could not be delivered exactly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// The file could not be opened or its status not be read.
    #[error("open rollout {path}")]
    Open {
        /// The file as it was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A read failed.
    #[error("read rollout {path} at byte {offset}")]
    Read {
        /// The file that was read.
        path: PathBuf,
        /// Offset in the plain bytes.
        offset: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is shorter than it was when it was opened.
    #[error("rollout {path} shrank while it was read: nothing at byte {offset} of {expected_len}")]
    Shrank {
        /// The file that was read.
        path: PathBuf,
        /// First plain byte that could not be read.
        offset: u64,
        /// Length that the file had when it was opened.
        expected_len: u64,
    },
    /// A position lies beyond the end of the file as it was when it was opened: the caller's input is invalid.
    #[error("byte {offset} is beyond the end of rollout {path} ({plain_len} bytes)")]
    BeyondEnd {
        /// The file that was read.
        path: PathBuf,
        /// The position that was asked for (end of the requested range).
        offset: u64,
        /// Length of the plain bytes.
        plain_len: u64,
    },
    /// The compressed bytes are damaged: they were read, and no other attempt gives more. What lies before `offset` was
    /// delivered.
    #[error("decompress rollout {path} at plain byte {offset}")]
    Decompress {
        /// The file that was read.
        path: PathBuf,
        /// First plain byte that could not be produced.
        offset: u64,
        /// What the decoder said.
        source: io::Error,
    },
}

impl RolloutError {
    /// Returns the offset in the plain bytes that the failure is about, if it is about one.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Open { .. } => None,
            Self::Read { offset, .. }
            | Self::Shrank { offset, .. }
            | Self::BeyondEnd { offset, .. }
            | Self::Decompress { offset, .. } => Some(*offset),
        }
    }

    /// Tells whether the file does not exist (any more).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
