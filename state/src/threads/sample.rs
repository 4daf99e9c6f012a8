//! A database in memory and plain rows, for the tests of this module.

use rusqlite::Connection;

use super::{CutText, SCHEMA, ThreadRow};

/// Opens a database with the tables of this module.
#[expect(clippy::disallowed_methods, reason = "tests prepare their own databases")]
pub(super) fn database() -> Connection {
    let conn = Connection::open_in_memory().expect("a database in memory");
    conn.execute_batch(SCHEMA).expect("our own schema");
    conn
}

/// Returns the id of sample thread `n`; ids order like numbers.
pub(super) fn id(n: u32) -> String {
    format!("01a0c400-0000-7000-8000-{n:012x}")
}

/// Returns an ordinary row that default lists show: source vscode, provider mock.
pub(super) fn row(n: u32) -> ThreadRow {
    ThreadRow {
        thread_id: id(n),
        rollout_key: i64::from(n),
        path: format!(
            "sessions/2026/09/21/rollout-2026-09-21T14-30-{:02}-{}.jsonl",
            n % 60,
            id(n)
        ),
        created_at_ms: i64::from(n) * 1_000,
        updated_at_ms: i64::from(n) * 1_000 + 500,
        title: CutText::new("a title"),
        preview: CutText::new("a title"),
        first_user_message: CutText::new("a title"),
        cwd: "/home/user/fx/one".to_owned(),
        model_provider: "mock".to_owned(),
        source: "vscode".to_owned(),
        cli_version: "0.169.0".to_owned(),
        ..ThreadRow::default()
    }
}
