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

const NEW: Act = Act::Begin(HistoryMode::Paginated, Form::Canonical, None);

fn turn(at: u8) -> Act {
    Act::Append(at, Piece::Turn, Durability::Written)
}

#[test]
fn what_was_appended_a_moment_ago_is_in_lists() {
    check(&[NEW, turn(0), NEW, turn(0)]);
}

#[test]
fn a_revert_of_nothing_makes_no_file() {
    check(&[NEW, turn(0), NEW, Act::Revert(1, 0)]);
}

#[test]
fn reverts_of_one_millisecond_follow_each_other() {
    let steps = [NEW, turn(0), Act::Revert(0, 0), turn(0), Act::Revert(0, 0), turn(0)];
    let steps = steps.map(|act| Step { after_ms: 0, act });
    play(&steps);
}

#[test]
fn what_comes_back_from_the_trash_is_as_new_as_it_was() {
    check(&[NEW, turn(0), Act::Trash(0), Act::Restore(0)]);
}
