//! What cannot be read of a foreign database.
//!
//! Kept apart from the errors of the index: nothing that is wrong there may make us throw our index away.

/// A database that cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodexDbError {
    /// It cannot be opened, or is no database.
    #[error("open the copy of a database of Codex")]
    Open(#[source] rusqlite::Error),
}

/// Part of a database that cannot be read; everything else was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodexDbProblem {
    /// A table cannot be read, or not to its end.
    #[error("table {table} cannot be read whole")]
    Table {
        /// The table.
        table: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A table has no column that tells which row is which.
    #[error("table {table} has no column {column}")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A value is not what the column holds.
    #[error("{table}.{column} of {row} is {found}, not {expected}")]
    Value {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What names the row.
        row: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A value is longer than is read.
    #[error("{table}.{column} of {row} has {len} bytes, more than {max_bytes}")]
    TooLong {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What names the row.
        row: String,
        /// Its length.
        len: usize,
        /// The limit.
        max_bytes: usize,
    },
}

/// What was read of a database, and what could not be.
#[derive(Debug)]
pub struct CodexDbRead<T> {
    /// The facts.
    pub facts: T,
    /// What is missing in them.
    pub problems: Vec<CodexDbProblem>,
}
