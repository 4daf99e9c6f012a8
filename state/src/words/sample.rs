//! A database in memory and ways to fill it, for the tests of this module.

use rusqlite::Connection;

use super::{SCHEMA, WordTable, WordWriter};

/// Opens a database with the tables of this module.
#[expect(clippy::disallowed_methods, reason = "tests prepare their own databases")]
pub(super) fn database() -> Connection {
    let conn = Connection::open_in_memory().expect("a database in memory");
    conn.execute_batch(SCHEMA).expect("our own schema");
    conn
}

/// Adds documents of what was said, in one transaction.
pub(super) fn add(conn: &mut Connection, documents: &[(i64, u64, &str)]) {
    let transaction = conn.transaction().expect("nobody else writes");
    let mut writer = WordWriter::new(&transaction);
    for (rollout_key, offset, text) in documents {
        writer
            .insert(WordTable::Said, *rollout_key, *offset, &[text])
            .expect("room");
    }
    transaction.commit().expect("in memory");
}
