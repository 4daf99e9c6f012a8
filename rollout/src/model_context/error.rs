//! Why a model context cannot be loaded.

use std::path::PathBuf;

use crate::error::RolloutError;
use crate::head::HeadError;

/// A model context could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelContextError {
    /// A rollout has no usable head.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A rollout could not be read.
    #[error(transparent)]
    Read(#[from] RolloutError),
    /// A rollout of mid 2025, whose lines have no envelopes: it cannot be continued.
    #[error("rollout {path} has lines without envelopes and cannot be continued")]
    Bare {
        /// The rollout.
        path: PathBuf,
    },
    /// There is no rollout to load from.
    #[error("a history without rollouts has no model context")]
    NoSegments,
}
