//! Checks the builder's bytes: envelopes, key order, ordinals, file names, damage.

use serde_json::Value;

use super::*;

const THREAD: &str = "019c0000-0000-7000-8000-000000000001";

fn parsed(builder: &RolloutBuilder) -> Vec<Value> {
    builder
        .lines()
        .iter()
        .map(|line| serde_json::from_slice(line).expect("a whole JSON line"))
        .collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn paginated_envelope_has_codex_key_order_and_counted_ordinals() {
    let mut rollout = RolloutBuilder::paginated(THREAD);
    rollout.start_turn().user("hi").agent("hello").complete_turn();
    let lines = parsed(&rollout);
    assert_eq!(keys(&lines[0]), ["timestamp", "ordinal", "type", "payload"]);
    let ordinals: Vec<u64> = lines
        .iter()
        .map(|line| line["ordinal"].as_u64().expect("an ordinal"))
        .collect();
    assert_eq!(ordinals, (0..lines.len() as u64).collect::<Vec<_>>());
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["payload"]["item"]["type"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(kinds, ["-", "-", "-", "-", "UserMessage", "AgentMessage", "-", "-"]);
}

#[test]
fn legacy_writes_events_and_no_ordinals() {
    let mut rollout = RolloutBuilder::legacy(THREAD);
    rollout
        .start_turn()
        .user("hi")
        .reasoning(&["think"], &[])
        .agent("hello")
        .complete_turn();
    let lines = parsed(&rollout);
    assert!(lines.iter().all(|line| line.get("ordinal").is_none()));
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["payload"]["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "task_started",
            "message",
            "user_message",
            "agent_reasoning",
            "reasoning",
            "agent_message",
            "message",
            "task_complete"
        ]
    );
}

#[test]
fn bare_rollout_has_a_flat_header_and_plain_items_only() {
    let mut rollout = RolloutBuilder::bare(THREAD);
    rollout
        .start_turn()
        .user("hi")
        .exec(&Command::ok("ls", "a\n"))
        .agent("done")
        .compact("x")
        .complete_turn();
    let lines = parsed(&rollout);
    assert_eq!(keys(&lines[0]), ["id", "timestamp", "instructions"]);
    let kinds: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line["type"].as_str().expect("a type"))
        .collect();
    assert_eq!(kinds, ["message", "function_call", "function_call_output", "message"]);
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    let build = || {
        let mut rollout = RolloutBuilder::paginated(THREAD);
        rollout
            .start_turn()
            .user("hi")
            .exec(&Command::failed("false", "", 1))
            .web_search("rust")
            .abort_turn();
        rollout.build()
    };
    assert_eq!(build(), build());
}

#[test]
fn a_fork_continues_at_the_cut_of_its_source() {
    let mut source = RolloutBuilder::paginated(THREAD);
    source.start_turn().user("hi").complete_turn();
    let cut = source.cut();
    let fork = RolloutBuilder::new(Header::fork(
        "019c0000-0000-7000-8000-000000000002",
        THREAD,
        cut.clone(),
    ));
    let meta = &parsed(&fork)[0];
    assert_eq!(meta["ordinal"], cut.end_ordinal_exclusive);
    assert_eq!(meta["payload"]["history_base"]["end_byte_offset"], source.build().len());
}

#[test]
fn damage_has_the_ordinals_that_were_asked_for() {
    let mut rollout = RolloutBuilder::paginated(THREAD);
    rollout.omit_next_ordinal().unknown_event();
    rollout.force_next_ordinal(0).unknown_event();
    rollout.skip_ordinals(5).unknown_event();
    let ordinals: Vec<Option<u64>> = parsed(&rollout).iter().map(|line| line["ordinal"].as_u64()).collect();
    assert_eq!(ordinals, [Some(0), None, Some(0), Some(6)]);
}

#[test]
fn oversized_line_has_exactly_the_length_asked_for() {
    for mut rollout in [
        RolloutBuilder::legacy(THREAD),
        RolloutBuilder::paginated(THREAD),
        RolloutBuilder::bare(THREAD),
    ] {
        rollout.oversized_line(10_000);
        assert_eq!(rollout.lines().last().expect("a line").len(), 10_000);
    }
}

#[test]
fn torn_tail_is_a_prefix_without_newline() {
    let mut rollout = RolloutBuilder::legacy(THREAD);
    rollout.torn_tail(20);
    assert_eq!(rollout.lines().last().expect("a line").len(), 20);
    rollout.raw(b"\n");
    assert_eq!(rollout.lines().len(), 2, "what follows a torn line belongs to it");
}

#[test]
fn a_reverted_file_names_both_ids() {
    let rollout = RolloutBuilder::new(Header::revert(THREAD, "019c0000-0000-7000-8000-0000000000ff", None));
    assert_eq!(
        rollout.file().relative_path.to_str().expect("ASCII"),
        "sessions/2026/03/02/rollout-2026-03-02T09-00-00-019c0000-0000-7000-8000-000000000001_\
         019c0000-0000-7000-8000-0000000000ff.jsonl"
    );
}

#[test]
fn compressed_file_decodes_to_the_plain_bytes() {
    let rollout = RolloutBuilder::legacy(THREAD);
    let file = rollout.file().compressed();
    assert!(file.relative_path.to_str().expect("ASCII").ends_with(".jsonl.zst"));
    assert_eq!(
        zstd::decode_all(file.bytes.as_slice()).expect("a zstd stream"),
        rollout.build()
    );
}
