//! Why a rollout cannot be written.

use std::io;
use std::path::{Path, PathBuf};

use codex_protocol::ids::ThreadId;

use crate::error::RolloutError;
use crate::fs::FsFailure;
use crate::head::HeadError;

/// Shorthand for results of the writer.
pub type WriteResult<T> = Result<T, WriteError>;

/// A rollout could not be created, resumed or appended to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A line would be longer than readers accept. Nothing of the batch was written.
    #[error("item {index} makes a line of {len} bytes, more than {max_line_bytes}")]
    LineTooLong {
        /// Index of the item in its batch.
        index: usize,
        /// Length of its line.
        len: u64,
        /// The limit.
        max_line_bytes: u64,
    },
    /// The ordinals do not suffice. Nothing of the batch was written.
    #[error("rollout {path} has no ordinals left for {line_count} lines")]
    OrdinalsExhausted {
        /// The rollout.
        path: PathBuf,
        /// Lines that were to be written.
        line_count: u64,
    },
    /// A time that a rollout cannot say.
    #[error("time {unix_ms} ms cannot be written into a rollout")]
    TimeOutOfRange {
        /// The time.
        unix_ms: i64,
    },
    /// The lease is for another thread than the rollout.
    #[error("rollout {path} belongs to thread {found}, not to thread {expected}")]
    OtherThread {
        /// The rollout.
        path: PathBuf,
        /// The thread of the lease.
        expected: ThreadId,
        /// The thread in the session metadata.
        found: ThreadId,
    },
    /// The file has no usable head.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] RolloutError),
    /// A rollout of mid 2025, whose lines have no envelopes.
    #[error("rollout {path} has lines without envelopes and cannot be continued")]
    Bare {
        /// The rollout.
        path: PathBuf,
    },
    /// A paginated rollout none of whose lines has an ordinal.
    #[error("paginated rollout {path} has no ordinal to continue from")]
    NoOrdinal {
        /// The rollout.
        path: PathBuf,
    },
    /// The parent's context at the start of a sub-agent's rollout was not written to its end.
    #[error(
        "rollout {path} ends at ordinal {last_ordinal:?}, before the sub-agent's own history at {subagent_start_ordinal}"
    )]
    IncompletePrefix {
        /// The rollout.
        path: PathBuf,
        /// Highest ordinal in the file.
        last_ordinal: Option<u64>,
        /// First ordinal of the sub-agent's own history.
        subagent_start_ordinal: u64,
    },
    /// Somebody without the lock changed the file.
    #[error("rollout {path} has {found_len} bytes instead of {expected_len}: somebody else wrote to it")]
    ForeignWrite {
        /// The rollout.
        path: PathBuf,
        /// Length that the writer left.
        expected_len: u64,
        /// Length that was found.
        found_len: u64,
    },
    /// An operation on a file or folder failed.
    #[error("{action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// An earlier write or sync failed. Nothing is accepted until the writer is reopened.
    #[error("rollout {path} is closed for writing after a failed {failed}; it must be reopened")]
    Poisoned {
        /// The rollout.
        path: PathBuf,
        /// What failed.
        failed: &'static str,
    },
}

impl WriteError {
    /// Tells whether the disk is full.
    pub fn is_storage_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}

impl From<FsFailure> for WriteError {
    fn from(failure: FsFailure) -> Self {
        let FsFailure { action, path, source } = failure;
        Self::Io { action, path, source }
    }
}

pub(super) fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> WriteError + 'p {
    move |source| WriteError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
