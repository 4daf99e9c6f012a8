//! Queues as Codex 0.169 stores them.

use super::*;
use crate::codex_db::sample::Sample;
use crate::codex_db::{Cell, Extent};

#[test]
fn queued_items_are_read() {
    let sample = Sample::new(
        "CREATE TABLE queued_items (id TEXT PRIMARY KEY NOT NULL, thread_id TEXT NOT NULL, payload_json TEXT NOT NULL,
             queue_order INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL);
         INSERT INTO queued_items VALUES ('q1', 't1', '{\"UserInput\":{}}', 4, 5, 6)",
    );
    let read = read_queue_db(&sample.copy()).unwrap();
    assert!(read.problems.is_empty());
    let expected = QueuedRow {
        id: "q1".to_owned(),
        thread_id: Cell::Is("t1".to_owned()),
        payload_json: Cell::Is("{\"UserInput\":{}}".to_owned()),
        queue_order: Cell::Is(4),
        created_at_ms: Cell::Is(5),
        updated_at_ms: Cell::Is(6),
    };
    assert_eq!(read.facts.items.rows, [expected]);
    assert_eq!(read.facts.items.extent, Extent::Whole);
}
