//! The one error type of the index.
//!
//! [`StateError::is_rebuildable`] is the only predicate that decides whether an index is thrown away.

use rusqlite::ErrorCode;

/// SQLite's code of a statement that fails in general: tables or full-text data are not what they should be.
const SQLITE_ERROR: i32 = 1;
/// SQLite's code of a file that ends before a page that it should have.
const SQLITE_IOERR_SHORT_READ: i32 = 522;

/// Result of an index operation.
pub type StateResult<T> = Result<T, StateError>;

/// Why the index could not answer or be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// SQLite reports an error.
    #[error("index database")]
    Sql(#[from] rusqlite::Error),
    /// Another connection held the write lock for as long as a write waits.
    #[error("another process has been writing to the index for more than {} s; try again, or look what it is", waited_ms / 1000)]
    Busy {
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
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
            // A value that does not read as what was stored, or a table that is not what our statements know.
            Self::Sql(
                rusqlite::Error::SqlInputError { .. }
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..),
            ) => true,
            Self::Sql(error) => match error.sqlite_error() {
                // Our statements are constant: one that fails in general, or reads past the end, met a file that is wrong.
                Some(failure) => {
                    matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                        || matches!(failure.extended_code, SQLITE_ERROR | SQLITE_IOERR_SHORT_READ)
                }
                None => false,
            },
            Self::Schema { .. } | Self::Value { .. } => true,
            Self::Busy { .. } | Self::CheckpointMoved { .. } | Self::StaleRow { .. } => false,
        }
    }

    /// Returns whether there was no room for a change; what is stored can be read all the same.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull))
    }

    /// Returns whether another connection holds the write lock.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Busy { .. } => true,
            Self::Sql(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            ),
            _ => false,
        }
    }
}
