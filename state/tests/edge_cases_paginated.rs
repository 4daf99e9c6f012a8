//! Edge cases 8, 89 to 101 and 153 of `rollout-format.md` section 10: what becomes of canonical lines.
//!
//! Named by their numbers. Where August's strictness was replaced (8.3.1, design 2.4), the newer rule is tested.

mod support;

use codex_state::projector::{Checkpoint, Mode};
use codex_state::rows::{DamageCode, RowSet, TurnState};
use codex_test_support::{Phase, RolloutBuilder};
use serde_json::json;
use support::{Folded, fold, fold_from, paginated};

fn texts(folded: &Folded) -> Vec<String> {
    let items = folded.items(RowSet::Full, None);
    let told = items
        .iter()
        .map(|row| serde_json::to_value(folded.item(row, RowSet::Full)).expect("encodes"));
    told.map(|item| {
        item["text"]
            .as_str()
            .or(item["content"][0]["text"].as_str())
            .unwrap_or_default()
            .to_owned()
    })
    .collect()
}

fn said(rollout: &mut RolloutBuilder, item_id: &str, text: &str) {
    rollout.agent_item(item_id, text, Phase::Unstated);
}

#[test]
fn edge_008_a_torn_line_that_got_its_newline_is_an_invalid_line() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1");
    said(&mut rollout, "a1", "before");
    rollout
        .raw(b"{\"timestamp\":\"2026-03-02T09:00:00.000Z\",\"ordinal\":4,\"type\":\"eve")
        .raw(b"\n");
    said(&mut rollout, "a2", "after");
    let folded = fold(&rollout);
    assert_eq!(texts(&folded), ["before", "after"]);
    assert_eq!(folded.damage(), [DamageCode::MalformedJson]);
}

#[test]
fn edge_089_lines_below_a_sub_agents_start_project_to_nothing() {
    let mut rollout = paginated();
    rollout.start_turn_as("copied");
    said(&mut rollout, "a1", "copied");
    rollout.complete_turn().start_turn_as("own");
    said(&mut rollout, "a2", "own");
    // Header, three lines and the end of the copied turn come before ordinal 5.
    let start = Checkpoint::start(Mode::Paginated, 0, Some(5));
    let folded = fold_from(rollout.build(), start);
    assert_eq!(texts(&folded), ["own"]);
    let turns: Vec<String> = folded
        .turns(RowSet::Full)
        .into_iter()
        .map(|turn| turn.turn_id)
        .collect();
    assert_eq!(turns, ["own"]);
    assert_eq!(folded.checkpoint.next_ordinal, rollout.next_ordinal());
}

#[test]
fn edge_090_an_item_completed_twice_is_one_row_with_both_lines() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1");
    said(&mut rollout, "a1", "draft");
    let first = fold(&rollout).items(RowSet::Full, None).remove(0);
    said(&mut rollout, "a2", "between");
    said(&mut rollout, "a1", "final");
    let folded = fold(&rollout);
    assert_eq!(texts(&folded), ["final", "between"]);
    let row = folded.items(RowSet::Full, None).remove(0);
    assert_eq!(
        (row.key, row.ordinal, row.spans[0]),
        (first.key, first.ordinal, first.spans[0])
    );
    assert_eq!(row.spans.len(), 2);
}

#[test]
fn edge_091_an_ended_turn_does_not_change() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1").complete_turn();
    let before = fold(&rollout).turns(RowSet::Full);
    rollout.task_started("t1").use_turn("t1");
    rollout.user_item("u1", json!([{ "type": "text", "text": "late" }]));
    rollout.abort_turn();
    let folded = fold(&rollout);
    assert_eq!(folded.turns(RowSet::Full), before);
    assert_eq!(before[0].first_user, None);
    assert_eq!(texts(&folded), ["late"], "the late item is there all the same");
}

#[test]
fn edge_092_items_before_their_turn_count_for_its_summary() {
    let mut rollout = paginated();
    rollout.use_turn("t1");
    rollout.user_item("u1", json!([{ "type": "text", "text": "early" }]));
    rollout.agent_item("a1", "early answer", Phase::FinalAnswer);
    assert_eq!(fold(&rollout).turns(RowSet::Full), []);
    rollout.task_started("t1");
    let folded = fold(&rollout);
    let (turn, items) = (folded.turns(RowSet::Full).remove(0), folded.items(RowSet::Full, None));
    assert_eq!(
        (turn.first_user, turn.final_agent),
        (Some(items[0].key), Some(items[1].key))
    );
}

#[test]
fn edge_093_commentary_is_no_final_answer_and_a_final_answer_beats_later_plain_messages() {
    let mut rollout = paginated();
    rollout
        .start_turn_as("talk")
        .agent_item("a1", "thinking", Phase::Commentary)
        .complete_turn();
    rollout
        .start_turn_as("both")
        .agent_item("a2", "final", Phase::FinalAnswer);
    rollout.agent_item("a3", "plain", Phase::Unstated).complete_turn();
    rollout
        .start_turn_as("plain")
        .agent_item("a4", "plain", Phase::Unstated)
        .complete_turn();
    rollout.start_turn_as("open").agent_item("a5", "plain", Phase::Unstated);
    let folded = fold(&rollout);
    let items = folded.items(RowSet::Full, None);
    let finals: Vec<_> = folded
        .turns(RowSet::Full)
        .into_iter()
        .map(|turn| turn.final_agent)
        .collect();
    assert_eq!(finals, [None, Some(items[1].key), Some(items[3].key), None]);
}

#[test]
fn edge_096_a_partial_last_line_stops_the_checkpoint_before_it() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1");
    let complete = rollout.offset();
    rollout.complete_turn();
    let whole = rollout.build();
    let cut = fold_from(
        whole[..whole.len() - 5].to_vec(),
        Checkpoint::start(Mode::Paginated, 0, None),
    );
    assert_eq!(cut.checkpoint.offset, complete);
    assert_eq!(cut.turns(RowSet::Full)[0].state, TurnState::InProgress);
    let folded = fold(&rollout);
    let turn = folded.turns(RowSet::Full).remove(0);
    assert_eq!(turn.end.map(|end| end.span.offset), Some(complete));
    assert_eq!(folded.checkpoint.offset, whole.len() as u64);
}

#[test]
fn edge_097_ordinals_stop_nothing() {
    // August refused these; 0.169 skips the first two kinds; here all are shown and reported.
    let mut rollout = paginated();
    rollout.start_turn_as("t1").omit_next_ordinal();
    said(&mut rollout, "a1", "without");
    rollout.force_next_ordinal(1);
    said(&mut rollout, "a2", "again");
    rollout.skip_ordinals(4);
    said(&mut rollout, "a3", "behind a gap");
    let folded = fold(&rollout);
    assert_eq!(texts(&folded), ["without", "again", "behind a gap"]);
    let expected = [
        DamageCode::MissingOrdinal,
        DamageCode::RegressedOrdinal,
        DamageCode::OrdinalGap,
    ];
    assert_eq!(folded.damage(), expected);
    assert!(folded.checkpoint.ordinals_ambiguous);
}

#[test]
fn edge_098_blank_and_bad_lines_before_a_retry_of_the_ordinal() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1").blank_line().garbage_line().binary_line();
    said(&mut rollout, "a1", "the retry");
    let folded = fold(&rollout);
    assert_eq!(texts(&folded), ["the retry"]);
    assert_eq!(folded.damage(), [DamageCode::MalformedJson, DamageCode::InvalidUtf8]);
    assert!(!folded.checkpoint.ordinals_ambiguous);
}

#[test]
fn edge_099_an_unknown_line_hides_neither_itself_nor_what_follows() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1").unknown_record();
    assert_eq!(fold(&rollout).damage(), [DamageCode::UnknownLine]);
    said(&mut rollout, "a1", "after");
    let folded = fold(&rollout);
    assert_eq!(
        (texts(&folded), folded.damage().len()),
        (vec!["after".to_owned()], 1),
        "its ordinal is no gap"
    );
}

#[test]
fn edge_100_one_bad_line_explains_one_missing_ordinal() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1").garbage_line().skip_ordinals(1);
    said(&mut rollout, "a1", "accepted");
    let folded = fold(&rollout);
    assert_eq!(
        (texts(&folded), folded.damage()),
        (vec!["accepted".to_owned()], vec![DamageCode::MalformedJson])
    );
    rollout.garbage_line().skip_ordinals(2);
    said(&mut rollout, "a2", "one too many");
    assert_eq!(
        fold(&rollout).damage()[1..],
        [DamageCode::MalformedJson, DamageCode::OrdinalGap]
    );
}

#[test]
fn edge_101_a_line_time_that_nobody_needs_may_be_anything() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1");
    said(&mut rollout, "a1", "has times of its own");
    rollout.complete_turn();
    let text = String::from_utf8(rollout.build()).expect("JSON");
    let odd = text.replace("\"timestamp\":\"2026-03-02T09", "\"timestamp\":\"the 2nd of March, 09");
    assert_ne!(odd, text);
    let folded = fold_from(odd.into_bytes(), Checkpoint::start(Mode::Paginated, 0, None));
    assert_eq!(
        (texts(&folded), folded.damage()),
        (vec!["has times of its own".to_owned()], vec![])
    );
    assert_eq!(folded.turns(RowSet::Full)[0].state, TurnState::Completed);
}

#[test]
fn edge_153_an_abort_without_id_and_context_records_change_nothing() {
    let mut rollout = paginated();
    rollout.start_turn_as("t1").agent_item("a1", "so far", Phase::Unstated);
    let before = (
        fold(&rollout).turns(RowSet::Full),
        fold(&rollout).items(RowSet::Full, None),
    );
    rollout
        .abort_without_id()
        .turn_context()
        .world_state()
        .message("user", "a response item");
    let folded = fold(&rollout);
    assert_eq!((folded.turns(RowSet::Full), folded.items(RowSet::Full, None)), before);
    assert_eq!(
        folded.checkpoint.offset,
        rollout.offset(),
        "they are passed over all the same"
    );
}
