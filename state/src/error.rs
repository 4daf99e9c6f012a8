//! The one error type of the index.
//!
//! [`StateError::is_rebuildable`] is the only predicate that decides whether an index is thrown away.

/// Result of an index operation.
pub type StateResult<T> = Result<T, StateError>;

/// Why the index could not answer or be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// SQLite reports an error.
    #[error("index database")]
    Sql(#[from] rusqlite::Error),
    /// The index was written by another version of its schema.
    #[error("index schema {found}, this program knows {supported}")]
    Schema {
        /// Version found in the file.
        found: i64,
        /// Version of this program.
        supported: i64,
    },
    /// A stored value cannot be decoded.
    #[error("index value {column}: {detail}")]
    Value {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Another process moved the checkpoint while the same lines were being folded.
    #[error("checkpoint moved from {expected} to {found}")]
    CheckpointMoved {
        /// Offset that the fold started from.
        expected: u64,
        /// Offset in the index now.
        found: u64,
    },
    /// The lines at a row's spans do not decode to the row's item: the row belongs to other bytes.
    #[error("line at byte {offset} does not decode to the indexed item")]
    StaleRow {
        /// Offset of the line.
        offset: u64,
    },
}

impl StateError {
    /// Returns whether the index file itself is unusable and must be rebuilt from the log.
    pub fn is_rebuildable(&self) -> bool {
        match self {
            Self::Sql(error) => {
                let damaged = matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
                );
                // A file whose tables are not those of its version was not made by this program.
                damaged || error.to_string().contains("no such ")
            }
            Self::Schema { .. } | Self::Value { .. } => true,
            Self::CheckpointMoved { .. } | Self::StaleRow { .. } => false,
        }
    }

    /// Returns whether another connection holds the write lock.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(error) if matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
        ))
    }
}
