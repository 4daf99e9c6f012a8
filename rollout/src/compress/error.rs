//! Why a rollout could not be compressed.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::RolloutError;
use crate::fs::FsFailure;

/// A rollout could not be compressed; it is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
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
    /// The rollout, or what was written of it, could not be read.
    #[error(transparent)]
    Read(#[from] RolloutError),
    /// What was written does not decode to the rollout.
    #[error("{path} does not decode to what was compressed")]
    Different {
        /// The compressed file.
        path: PathBuf,
    },
}

impl From<FsFailure> for CompressError {
    fn from(failure: FsFailure) -> Self {
        let FsFailure { action, path, source } = failure;
        Self::Io { action, path, source }
    }
}

pub(super) fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> CompressError + 'p {
    move |source| CompressError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
