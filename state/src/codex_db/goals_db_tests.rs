//! Goals as Codex 0.169 stores them.

use codex_test_support::codex_db::GOALS_SCHEMA;

use super::*;
use crate::codex_db::sample::Sample;
use crate::codex_db::{Cell, Extent};

#[test]
fn goals_are_read() {
    let sample = Sample::new(&format!(
        "{GOALS_SCHEMA} INSERT INTO thread_goals VALUES ('t1', 'g1', 'Ship it', 'paused', NULL, 5, 6, 7, 8)"
    ));
    let read = read_goals_db(&sample.copy()).unwrap();
    assert!(read.problems.is_empty());
    let expected = GoalRow {
        thread_id: "t1".to_owned(),
        goal_id: Cell::Is("g1".to_owned()),
        objective: Cell::Is("Ship it".to_owned()),
        status: Cell::Is("paused".to_owned()),
        token_budget: Cell::Null,
        tokens_used: Cell::Is(5),
        time_used_seconds: Cell::Is(6),
        created_at_ms: Cell::Is(7),
        updated_at_ms: Cell::Is(8),
    };
    assert_eq!(read.facts.goals.rows, [expected]);
    assert_eq!(read.facts.goals.extent, Extent::Whole);
    assert_eq!(read.facts.made_at, None);
}
