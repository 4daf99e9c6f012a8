//! Databases like Codex's in a temporary folder, for the tests of this module.

use std::path::PathBuf;

use codex_test_support::codex_db::CodexDb;
use tempfile::TempDir;

/// A database, and the folder that it is in.
pub(super) struct Sample {
    pub(super) db: CodexDb,
    folder: TempDir,
}

impl Sample {
    /// Makes a database with these statements.
    pub(super) fn new(statements: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let db = CodexDb::create(&folder.path().join("sample.sqlite"), statements);
        Self { db, folder }
    }

    /// Copies it as the store does, while the writer still has it open.
    pub(super) fn copy(&self) -> PathBuf {
        let copy = self.folder.path().join("copy.sqlite");
        self.db.copy_to(&copy);
        copy
    }

    /// Copies it with everything in one file.
    pub(super) fn whole_copy(&self) -> PathBuf {
        self.db.checkpoint();
        self.copy()
    }
}
