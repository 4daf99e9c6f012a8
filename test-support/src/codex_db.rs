//! Databases like those that Codex 0.169 keeps beside its rollouts, without what nobody here reads.
//!
//! Written with SQLite itself, because a write-ahead log cannot be made by hand.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Tables of `state_5.sqlite`.
pub const STATE_SCHEMA: &str = include_str!("codex_db_state.sql");
/// Tables of `goals_1.sqlite`.
pub const GOALS_SCHEMA: &str = "
CREATE TABLE thread_goals (
    thread_id TEXT PRIMARY KEY NOT NULL,
    goal_id TEXT NOT NULL,
    objective TEXT NOT NULL,
    status TEXT NOT NULL,
    token_budget INTEGER,
    tokens_used INTEGER NOT NULL DEFAULT 0,
    time_used_seconds INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
);";
/// Tables of `queue_1.sqlite`.
pub const QUEUE_SCHEMA: &str = "
CREATE TABLE queued_items (
    id TEXT PRIMARY KEY NOT NULL,
    thread_id TEXT NOT NULL,
    payload_json TEXT NOT NULL,
    queue_order INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
);";

/// A database that is open for writing, as in a running Codex.
#[derive(Debug)]
pub struct CodexDb {
    path: PathBuf,
    connection: Connection,
}

impl CodexDb {
    /// Makes a database with a write-ahead log, and runs statements in it.
    ///
    /// # Panics
    /// If SQLite fails.
    pub fn create(path: &Path, statements: &str) -> Self {
        let connection = Connection::open(path).expect("a folder that can be written");
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0")
            .expect("settings of SQLite");
        let db = Self {
            path: path.to_owned(),
            connection,
        };
        db.run(statements);
        db
    }

    /// Runs statements.
    ///
    /// # Panics
    /// If SQLite fails.
    pub fn run(&self, statements: &str) {
        self.connection.execute_batch(statements).expect("statements of a test");
    }

    /// Moves what is in the write-ahead log into the database.
    ///
    /// # Panics
    /// If SQLite fails.
    pub fn checkpoint(&self) {
        self.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// Copies the database and its write-ahead log, while both are open.
    ///
    /// # Panics
    /// If a file cannot be copied.
    pub fn copy_to(&self, copy: &Path) {
        for suffix in ["", "-wal"] {
            let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
            if with(&self.path).exists() {
                std::fs::copy(with(&self.path), with(copy)).expect("a folder that can be written");
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
