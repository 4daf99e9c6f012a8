//! Edge cases 136 to 152 of `rollout-format.md` section 10: what becomes of the flat events of legacy threads.
//!
//! Named by their numbers. Outlines are as Codex shows them, unless a test says otherwise.

mod support;

use codex_state::rows::{RowSet, TurnState};
use codex_test_support::RolloutBuilder;
use serde_json::{Value, json};
use support::{fold, legacy};

fn check(rollout: &RolloutBuilder, expected: &[&str]) {
    assert_eq!(fold(rollout).codex(), expected);
}

fn user(rollout: &mut RolloutBuilder, text: &str) {
    rollout.event(json!({ "type": "user_message", "message": text }));
}

fn agent(rollout: &mut RolloutBuilder, text: &str) {
    rollout.event(json!({ "type": "agent_message", "message": text }));
}

fn thought(rollout: &mut RolloutBuilder, text: &str) {
    rollout.event(json!({ "type": "agent_reasoning", "text": text }));
}

fn raw_thought(rollout: &mut RolloutBuilder, text: &str) {
    rollout.event(json!({ "type": "agent_reasoning_raw_content", "text": text }));
}

fn command(call_id: &str, turn_id: &str, status: &str) -> Value {
    json!({
        "type": "exec_command_end", "call_id": call_id, "turn_id": turn_id, "command": ["ls"],
        "cwd": "/home/user/project", "parsed_cmd": [], "stdout": "", "stderr": "", "exit_code": 0,
        "duration": { "secs": 0, "nanos": 0 }, "formatted_output": "", "status": status,
    })
}

fn patch(call_id: &str, turn_id: &str, status: &str) -> Value {
    json!({
        "type": "patch_apply_end", "call_id": call_id, "turn_id": turn_id, "stdout": "", "stderr": "",
        "success": status == "completed", "changes": {}, "status": status,
    })
}

#[test]
fn edge_136_two_user_messages_are_two_implicit_turns_and_reasoning_is_merged() {
    let mut rollout = legacy();
    user(&mut rollout, "one");
    agent(&mut rollout, "a");
    thought(&mut rollout, "why");
    raw_thought(&mut rollout, "because");
    user(&mut rollout, "two");
    check(
        &rollout,
        &[
            "rollout-1 completed",
            "  item-1 userMessage one",
            "  item-2 agentMessage a",
            "  item-3 reasoning why|because",
            "rollout-5 completed",
            "  item-4 userMessage two",
        ],
    );
}

#[test]
fn edge_137_an_agent_message_separates_reasoning() {
    let mut rollout = legacy();
    user(&mut rollout, "one");
    thought(&mut rollout, "first");
    agent(&mut rollout, "a");
    thought(&mut rollout, "second");
    check(
        &rollout,
        &[
            "rollout-1 completed",
            "  item-1 userMessage one",
            "  item-2 reasoning first|",
            "  item-3 agentMessage a",
            "  item-4 reasoning second|",
        ],
    );
}

#[test]
fn edge_138_an_explicit_turn_takes_several_user_messages() {
    let mut rollout = legacy();
    rollout.task_started("t1");
    user(&mut rollout, "one");
    user(&mut rollout, "steered");
    rollout.task_complete("t1");
    check(
        &rollout,
        &[
            "t1 completed",
            "  item-1 userMessage one",
            "  item-2 userMessage steered",
        ],
    );
}

#[test]
fn edge_139_numbers_go_on_behind_a_rollback() {
    let mut rollout = RolloutBuilder::headless(legacy().header().clone());
    for text in ["one", "two"] {
        user(&mut rollout, text);
        agent(&mut rollout, "a");
    }
    rollout.roll_back(1);
    user(&mut rollout, "three");
    agent(&mut rollout, "b");
    check(
        &rollout,
        &[
            "rollout-0 completed",
            "  item-1 userMessage one",
            "  item-2 agentMessage a",
            "rollout-5 completed",
            "  item-3 userMessage three",
            "  item-4 agentMessage b",
        ],
    );
}

#[test]
fn edge_140_a_rollback_of_more_than_there_is_leaves_nothing() {
    let mut rollout = legacy();
    user(&mut rollout, "one");
    rollout.start_turn_as("t1").roll_back(99);
    check(&rollout, &[]);
    assert_eq!(fold(&rollout).full(), Vec::<String>::new());
}

#[test]
fn edge_141_late_ends_change_the_turn_that_they_name() {
    let mut rollout = legacy();
    rollout.task_started("older").task_started("newer");
    rollout.event(json!({ "type": "turn_aborted", "turn_id": "older", "reason": "interrupted" }));
    agent(&mut rollout, "still in the newer one");
    check(
        &rollout,
        &[
            "older interrupted",
            "newer open",
            "  item-1 agentMessage still in the newer one",
        ],
    );
    rollout.task_complete("older");
    // Completed only where it was open: an interruption stays.
    assert_eq!(fold(&rollout).codex()[0], "older interrupted");
    let error = json!({ "message": "broken", "codex_error_info": "other" });
    rollout.event(json!({ "type": "task_complete", "turn_id": "older", "last_agent_message": null, "error": error }));
    assert_eq!(fold(&rollout).codex()[..2], ["older failed", "newer open"]);
}

#[test]
fn edge_142_an_error_outlives_the_completion_in_the_full_view() {
    let error = |info: &str| json!({ "type": "error", "message": "broken", "codex_error_info": info });
    let mut rollout = legacy();
    rollout
        .event(error("other"))
        .task_started("t1")
        .event(error("other"))
        .task_complete("t1");
    rollout
        .task_started("t2")
        .event(error("thread_rollback_failed"))
        .task_complete("t2");
    let folded = fold(&rollout);
    let told: Vec<bool> = folded
        .turns(RowSet::Full)
        .iter()
        .map(|turn| turn.error_event.is_some())
        .collect();
    assert_eq!(told, [true, false], "an error outside of a turn opens none");
    // Codex drops error events before it builds turns (case 152).
    assert_eq!(folded.codex(), ["t1 completed", "t2 completed"]);
}

#[test]
fn edge_143_a_completion_with_an_error_fails_the_turn() {
    let mut rollout = legacy();
    rollout.start_turn_as("t1").fail_turn("stream closed", json!("other"));
    let folded = fold(&rollout);
    assert_eq!(folded.turns(RowSet::Codex)[0].state, TurnState::Failed);
}

#[test]
fn edge_144_late_tool_events_join_the_turn_that_they_name() {
    let mut rollout = legacy();
    rollout.start_turn_as("t1").complete_turn().start_turn_as("t2");
    rollout
        .event(command("late", "t1", "completed"))
        .event(command("lost", "nobody", "completed"));
    rollout
        .event(patch("late-patch", "t1", "completed"))
        .event(patch("lost-patch", "nobody", "completed"));
    check(
        &rollout,
        &["t1 completed", "  late-patch fileChange completed", "t2 open"],
    );
    let full = fold(&rollout).full();
    let expected = [
        "t1 completed",
        "  late commandExecution completed",
        "  late-patch fileChange completed",
        "t2 open",
        "  lost commandExecution completed",
        "  lost-patch fileChange completed",
    ];
    assert_eq!(
        full, expected,
        "the full view shows what Codex drops, where it was written"
    );
}

#[test]
fn edge_145_a_turn_with_only_a_compaction_is_kept() {
    let mut rollout = legacy();
    rollout.record("compacted", json!({ "message": "" }));
    check(&rollout, &["rollout-1 completed"]);
    // The next user message joins it: nothing was said yet (section 11).
    user(&mut rollout, "one");
    check(&rollout, &["rollout-1 completed", "  item-1 userMessage one"]);
}

#[test]
fn edge_146_review_items_open_a_turn_and_have_texts_of_their_own() {
    let mut rollout = legacy();
    rollout.event(
        json!({ "type": "entered_review_mode", "target": { "type": "uncommittedChanges" },
                          "turn_id": "review", "item_id": "r1" }),
    );
    rollout.event(json!({ "type": "exited_review_mode", "turn_id": "review", "item_id": "r2", "review_output": null }));
    let folded = fold(&rollout).codex();
    assert_eq!(folded[0], "review completed");
    assert_eq!(folded[1], "  r1 enteredReviewMode Review requested.");
    assert!(
        folded[2].starts_with("  r2 exitedReviewMode ") && folded[2].len() > 24,
        "a fallback text: {folded:?}"
    );
    let mut unnamed = legacy();
    unnamed.event(json!({ "type": "entered_review_mode", "target": { "type": "uncommittedChanges" } }));
    check(
        &unnamed,
        &["rollout-1 completed", "  item-1 enteredReviewMode Review requested."],
    );
}

#[test]
fn edge_147_hook_prompts_are_items_and_plain_user_responses_are_none() {
    let mut rollout = legacy();
    user(&mut rollout, "one");
    rollout
        .message("user", "one")
        .environment_context()
        .hook_prompt("stop:0", "add a closing line");
    let folded = fold(&rollout).codex();
    assert_eq!(folded.len(), 3, "{folded:?}");
    assert!(folded[2].ends_with(" hookPrompt add a closing line"), "{folded:?}");
}

#[test]
fn edge_148_completed_items_that_an_event_carries_are_not_counted_twice() {
    let mut rollout = legacy();
    rollout.start_turn_as("t1");
    user(&mut rollout, "one");
    rollout.item(json!({ "type": "UserMessage", "id": "u1", "content": [{ "type": "text", "text": "one" }] }));
    rollout.item(json!({ "type": "AgentMessage", "id": "a1", "content": [{ "type": "Text", "text": "a" }] }));
    agent(&mut rollout, "a");
    let expected = ["t1 open", "  item-1 userMessage one", "  item-2 agentMessage a"];
    check(&rollout, &expected);
    assert_eq!(fold(&rollout).full().len(), 3);
}

#[test]
fn edge_149_sleeps_images_and_plans_are_rebuilt_from_completions() {
    let mut rollout = legacy();
    rollout.start_turn_as("t1").sleep(200).plan("first this, then that");
    rollout.event(json!({ "type": "image_generation_end", "call_id": "img", "status": "completed", "result": "AA==" }));
    let kinds: Vec<String> = fold(&rollout).codex()[1..]
        .iter()
        .map(|line| line.split_whitespace().nth(1).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(kinds, ["sleep", "plan", "imageGeneration"]);
}

#[test]
fn edge_150_declined_tools_are_declined_and_tool_metadata_is_kept() {
    let mut rollout = legacy();
    rollout.start_turn_as("t1");
    rollout
        .event(patch("p1", "t1", "declined"))
        .event(command("c1", "t1", "declined"));
    rollout.event(json!({ "type": "mcp_tool_call_end", "call_id": "m1", "turn_id": "t1",
        "invocation": { "server": "s", "tool": "t", "arguments": null }, "duration": { "secs": 0, "nanos": 5 },
        "result": { "Ok": { "content": [], "isError": false, "_meta": { "kept": true } } } }));
    let folded = fold(&rollout);
    assert_eq!(
        folded.full()[1..3],
        ["  p1 fileChange declined", "  c1 commandExecution declined"]
    );
    let row = folded.items(RowSet::Codex, None).pop().expect("the tool call");
    let item = serde_json::to_value(folded.item(&row, RowSet::Codex)).expect("encodes");
    assert_eq!(item["result"]["_meta"], json!({ "kept": true }));
}

#[test]
fn edge_152_events_that_nobody_writes_today_neither_show_nor_count() {
    let mut rollout = legacy();
    rollout
        .event(command("c1", "", "completed"))
        .event(json!({ "type": "error", "message": "old" }));
    rollout.event(json!({ "type": "view_image_tool_call", "call_id": "v1", "path": "/x.png" }));
    user(&mut rollout, "one");
    check(&rollout, &["rollout-1 completed", "  item-1 userMessage one"]);
    assert!(
        fold(&rollout).full().iter().any(|line| line.contains("imageView")),
        "the full view shows them"
    );
}
