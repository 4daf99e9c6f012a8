//! Sequences that the random search once found, kept by name.

use codex_test_support::agent::Form;
use codex_thread_store::{Durability, HistoryMode};

use crate::play::play;
use crate::steps::{Act, Piece, Step};

/// Plays acts that follow each other at once.
fn check(acts: &[Act]) {
    let steps: Vec<Step> = acts
        .iter()
        .map(|act| Step {
            after_ms: 1,
            act: act.clone(),
        })
        .collect();
    play(&steps);
}

#[test]
fn a_thread_is_the_same_in_both_stores() {
    check(&[
        Act::Begin(HistoryMode::Paginated, Form::Canonical, None),
        Act::Append(0, Piece::Turn, Durability::Written),
    ]);
}
