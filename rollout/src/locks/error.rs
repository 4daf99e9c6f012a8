//! Why a writer lock could not be had, or not be given back.

use std::io;
use std::path::PathBuf;

use codex_protocol::ids::ThreadId;

use crate::fs::FsFailure;

/// A writer lock could not be taken, tested or released.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else, in this process or another one, writes the thread.
    #[error("thread {thread_id} already has an active writer")]
    Conflict {
        /// The thread.
        thread_id: ThreadId,
    },
    /// The lock files could not be used.
    #[error("{action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl LockError {
    /// Tells whether the thread has another writer.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

impl From<FsFailure> for LockError {
    fn from(failure: FsFailure) -> Self {
        let FsFailure { action, path, source } = failure;
        Self::Io { action, path, source }
    }
}
