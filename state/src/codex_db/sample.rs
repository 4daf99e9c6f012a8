//! Databases like Codex's in a temporary folder, for the tests of this module.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

/// The tables of `state_5.sqlite` of Codex 0.169, without what nobody here reads.
pub(super) const STATE_SCHEMA: &str = include_str!("sample_state_0169.sql");

/// A database file, and the open connection of whoever writes it.
pub(super) struct Sample {
    pub(super) connection: Connection,
    path: PathBuf,
    folder: TempDir,
}

impl Sample {
    /// Makes a database with these statements.
    #[expect(clippy::disallowed_methods, reason = "tests prepare their own databases")]
    pub(super) fn new(statements: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        connection.execute_batch(statements).unwrap();
        Self {
            connection,
            path,
            folder,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the database and its write-ahead log, as the store does, while the writer still has them open.
    #[expect(clippy::disallowed_methods, reason = "tests prepare their own files")]
    pub(super) fn copy(&self) -> PathBuf {
        let copy = self.folder.path().join("copy.sqlite");
        for suffix in ["", "-wal"] {
            let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
            if with(&self.path).exists() {
                std::fs::copy(with(&self.path), with(&copy)).unwrap();
            }
        }
        copy
    }
}
