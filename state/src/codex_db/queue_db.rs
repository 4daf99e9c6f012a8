//! Reads `queue_<n>.sqlite`: what waits to be submitted (`rollout-format.md` 13.7).

use std::path::Path;

use super::facts::{QueueDb, QueuedRow};
use super::problem::{CodexDbError, CodexDbRead};
use super::table::OpenDb;

const QUEUE_COLUMNS: [&str; 6] = [
    "id",
    "thread_id",
    "payload_json",
    "queue_order",
    "created_at_ms",
    "updated_at_ms",
];

/// Reads a copy of `queue_<n>.sqlite`.
///
/// What cannot be read is reported and stops nothing else.
///
/// # Errors
/// When it is no database.
pub fn read_queue_db(path: &Path) -> Result<CodexDbRead<QueueDb>, CodexDbError> {
    let mut db = OpenDb::open(path)?;
    let facts = QueueDb {
        made_at: db.made_at(),
        items: db.read("queued_items", "id", &QUEUE_COLUMNS, |cells| {
            Some(QueuedRow {
                id: cells.key()?,
                thread_id: cells.text("thread_id"),
                payload_json: cells.text("payload_json"),
                queue_order: cells.integer("queue_order"),
                created_at_ms: cells.integer("created_at_ms"),
                updated_at_ms: cells.integer("updated_at_ms"),
            })
        }),
    };
    Ok(CodexDbRead {
        facts,
        problems: db.problems,
    })
}

#[cfg(test)]
#[path = "queue_db_tests.rs"]
mod queue_db_tests;
