//! Queues as Codex 0.169 stores them.

use codex_test_support::codex_db::QUEUE_SCHEMA;

use super::*;
use crate::codex_db::sample::Sample;
use crate::codex_db::{Cell, Extent};

#[test]
fn queued_items_are_read() {
    let sample = Sample::new(&format!(
        "{QUEUE_SCHEMA} INSERT INTO queued_items VALUES ('q1', 't1', '{{\"UserInput\":{{}}}}', 4, 5, 6)"
    ));
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
