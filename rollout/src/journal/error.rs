//! Why the journal cannot be read or written.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::RolloutError;
use crate::fs::FsFailure;

/// Shorthand for results of the journal.
pub type JournalResult<T> = Result<T, JournalError>;

/// The journal could not be read, appended to or compacted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
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
    /// The bytes could not be delivered.
    #[error(transparent)]
    Read(#[from] RolloutError),
    /// A fact is longer than readers accept.
    #[error("a journal fact of {len} bytes is longer than {max_bytes}")]
    FactTooLong {
        /// Its length.
        len: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// What is deleted at once is more than a manifest of the trash may name.
    #[error("a manifest header of {len} bytes is longer than {max_bytes}")]
    HeaderTooLong {
        /// Its length.
        len: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// The journal was written by a newer version, in a format that is not known here.
    #[error("journal {path} has format {format}, which is not known")]
    UnknownFormat {
        /// The journal.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// Facts were refused, but may be in the journal, or come back after a power loss: what a failed append left could not
    /// be cut off for good.
    #[error("facts may be in {path} although they were refused")]
    InDoubt {
        /// The journal.
        path: PathBuf,
        /// Why they were refused.
        source: Box<JournalError>,
    },
    /// A manifest of the trash names what is not its own.
    #[error("{path} names another deletion, or places where no rollout of the home is")]
    LeadsAstray {
        /// The manifest.
        path: PathBuf,
    },
    /// The journal begins with something else than a header.
    #[error("{path} does not begin like a journal")]
    NoHeader {
        /// The journal.
        path: PathBuf,
    },
}

pub(super) fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> JournalError + 'p {
    move |source| JournalError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

impl From<FsFailure> for JournalError {
    fn from(failure: FsFailure) -> Self {
        let FsFailure { action, path, source } = failure;
        Self::Io { action, path, source }
    }
}
