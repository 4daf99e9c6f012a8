//! Schema of the index and its one version number.
//!
//! A file of another version is rebuilt, never converted: everything in it can be derived from the log.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::{StateError, StateResult};
use crate::{threads, words};

/// Version of the schema and of the projector's output; raise it whenever either changes.
pub const SCHEMA_VERSION: i64 = 9;

/// Page cache of one connection.
const CACHE_KIB: i64 = 8 * 1024;
/// Pages in the write-ahead log before they are copied back.
const WAL_CHECKPOINT_PAGES: i64 = 4_000;

/// How often a connection tries to switch to a write-ahead log, and how long it waits in between.
const MAX_SWITCH_ATTEMPTS: u32 = 500;
const SWITCH_PAUSE: Duration = Duration::from_millis(10);

const HISTORY: &str = "
CREATE TABLE rollouts (
    rollout INTEGER PRIMARY KEY,
    rollout_id TEXT NOT NULL UNIQUE,
    thread_id TEXT NOT NULL,
    path TEXT NOT NULL,
    archived INTEGER NOT NULL,
    compressed INTEGER NOT NULL,
    file_len INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    plain_end INTEGER NOT NULL,
    projected_offset INTEGER NOT NULL,
    anchor_hash INTEGER NOT NULL,
    text_offset INTEGER NOT NULL,
    base_rollout_id TEXT,
    base_end_ordinal INTEGER,
    base_end_offset INTEGER,
    checkpoint TEXT NOT NULL,
    meta TEXT NOT NULL,
    header_error TEXT,
    seal INTEGER NOT NULL,
    text_seal INTEGER NOT NULL,
    settled INTEGER NOT NULL
) STRICT;
CREATE INDEX rollouts_thread ON rollouts (thread_id);
CREATE INDEX rollouts_base ON rollouts (base_rollout_id) WHERE base_rollout_id IS NOT NULL;
CREATE INDEX rollouts_path ON rollouts (path);
CREATE INDEX rollouts_settled ON rollouts (rollout_id, settled);
CREATE INDEX rollouts_text_behind ON rollouts (rollout)
    WHERE text_offset < projected_offset OR text_offset < plain_end;

CREATE TABLE turns (
    rollout INTEGER NOT NULL,
    key INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    end_key INTEGER,
    body BLOB NOT NULL,
    PRIMARY KEY (rollout, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_id ON turns (rollout, bucket);
CREATE INDEX turns_end ON turns (rollout, end_key);

CREATE TABLE item_blocks (
    place INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE item_places (
    rollout INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (rollout, bucket, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE damage (
    rollout INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    code INTEGER NOT NULL,
    len INTEGER NOT NULL,
    PRIMARY KEY (rollout, offset, code)
) STRICT, WITHOUT ROWID;
";

/// Sets the pragmas that every connection needs.
pub(super) fn configure(connection: &Connection) -> StateResult<()> {
    use_wal(connection, MAX_SWITCH_ATTEMPTS)?;
    // The index is derived: losing its last transactions in a power cut costs a catch-up, nothing else.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_CHECKPOINT_PAGES)?;
    // Every query names its index where it matters; without this SQLite plans anew whenever a bound value changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// Switches a database to a write-ahead log, unless it has one.
///
/// Of several connections that open a new file at once, SQLite lets one switch and tells the others that the file is busy,
/// without waiting: each would wait for the other.
fn use_wal(connection: &Connection, max_attempts: u32) -> StateResult<()> {
    for _ in 1..max_attempts {
        match connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(StateError::from)
        {
            Err(error) if error.is_busy() => std::thread::sleep(SWITCH_PAUSE),
            switched => return switched,
        }
    }
    Ok(connection.pragma_update(None, "journal_mode", "WAL")?)
}

/// Creates the schema in an empty file, or checks the version of an existing one.
pub(super) fn migrate(connection: &mut Connection) -> StateResult<()> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == SCHEMA_VERSION {
        return Ok(());
    }
    if found != 0 {
        return Err(StateError::Schema {
            found,
            supported: SCHEMA_VERSION,
        });
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == 0 {
        transaction.execute_batch(HISTORY)?;
        transaction.execute_batch(threads::SCHEMA)?;
        transaction.execute_batch(words::SCHEMA)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod schema_tests;
