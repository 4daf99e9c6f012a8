//! What makes a batch unacceptable, and that nothing of it is taken over.

use codex_protocol::log::HistoryMode::{Legacy, Paginated};
use serde_json::json;

use super::test_agent::*;
use super::{CanonicalOptions, Canonicalizer, EventStyle, ItemOrigin, RawItem};

/// The second item of each batch is the bad one.
#[track_caller]
fn check_in(mut agent: Canonicalizer, bad: RawItem, expected: &str) {
    let error = refuse(&mut agent, &[agent_item("first", "x"), bad]);
    assert_eq!(told(&error), format!("record item 1 {expected}"));
    // Nothing was taken over: the first item is not there twice.
    take(&mut agent, &[agent_item("first", "x"), complete("t1")]);
}

#[track_caller]
fn check(bad: RawItem, expected: &str) {
    check_in(agent_in_turn(Paginated, EventStyle::Canonical), bad, expected);
}

fn event_of_kind(kind: &str) -> RawItem {
    event(json!({"type": kind}))
}

#[test]
fn unknown_kinds_are_named() {
    check(
        event_of_kind("hologram_end"),
        "(event_msg/hologram_end): not a known record: unknown record kind event_msg/hologram_end",
    );
    check(
        raw("hologram", &json!({})),
        "(hologram): not a known record: unknown record kind hologram",
    );
    check(
        completed(json!({"type": "Hologram", "id": "h"})),
        "(event_msg/item_completed): not a known record: unknown record kind item_completed/Hologram",
    );
    check(
        response(json!({"type": "hologram_call"})),
        "(response_item/hologram_call): not a known record: unknown record kind response_item/hologram_call",
    );
}

#[test]
fn malformed_members_are_refused() {
    check(
        event(json!({"type": "task_started"})),
        "(event_msg/task_started): not a known record: record of kind event_msg/task_started has an unexpected shape: \
         missing field `turn_id` at line 1 column 23",
    );
}

#[test]
fn an_unknown_response_item_that_was_injected_is_dropped_and_said_so() {
    let mut agent = agent(Paginated, EventStyle::Canonical);
    let batch = take(
        &mut agent,
        &[response(json!({"type": "hologram_call"})).with_origin(ItemOrigin::Injected)],
    );
    assert_eq!(batch.lines, []);
    assert_eq!(
        batch.dropped[0].reason.to_string(),
        "the kind of this response item is not known"
    );
}

#[test]
fn invalid_utf_16_is_refused() {
    let text = r#"{"type":"message","role":"user","content":[{"type":"new_part","x":"\ud83d"}]}"#;
    let item = codex_protocol::RawJson::from_text(text.to_owned()).expect("the text is JSON");
    check(
        RawItem::new("response_item", item),
        "(response_item/message): unusable json text: invalid utf-16 escape at byte 67",
    );
}

#[test]
fn records_of_another_thread_are_refused() {
    let other = "019caf1a-1400-7000-8000-00000000ffff";
    let foreign = event(json!({
        "type": "item_completed", "thread_id": other, "turn_id": "t1", "item": {"type": "ContextCompaction", "id": "c"},
    }));
    check(
        foreign,
        &format!("(event_msg/item_completed): item of another thread {other}"),
    );
    let goal = json!({"threadId": other, "objective": "o", "status": "active"});
    check(
        event(json!({"type": "thread_goal_updated", "threadId": other, "goal": goal})),
        &format!("(event_msg/thread_goal_updated): item of another thread {other}"),
    );
}

#[test]
fn an_item_is_completed_once() {
    let expected = "(event_msg/item_completed): not possible in this state of the turn: item first of turn t1 was completed before";
    check(agent_item("first", "y"), expected);
    check_in(
        agent_in_turn(Legacy, EventStyle::Canonical),
        agent_item("first", "y"),
        expected,
    );
    // In a later batch, too.
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    take(&mut agent, &[agent_item("a", "x"), complete("t1")]);
    let error = refuse(&mut agent, &[agent_item("a", "x")]);
    assert!(
        told(&error).ends_with("item a of turn t1 was completed before"),
        "{}",
        told(&error)
    );
}

#[test]
fn a_legacy_call_ends_once() {
    let patch = || {
        event(
            json!({"type": "patch_apply_end", "call_id": "p", "turn_id": "t1", "success": true, "changes": {}, "status": "completed"}),
        )
    };
    for mode in [Legacy, Paginated] {
        let mut agent = agent_in_turn(mode, EventStyle::Legacy);
        take(&mut agent, &[patch()]);
        assert_eq!(
            told(&refuse(&mut agent, &[patch()])),
            "record item 0 (event_msg/patch_apply_end): not possible in this state of the turn: item p of turn t1 was \
             completed before",
        );
    }
}

#[test]
fn a_turn_begins_and_ends_once() {
    let state = "not possible in this state of the turn";
    check(
        started("t1"),
        &format!("(event_msg/task_started): {state}: turn t1 was started before"),
    );
    check(
        complete("t0"),
        &format!("(event_msg/task_complete): {state}: turn t0 was not started"),
    );
    for second in [
        complete("t1"),
        event(json!({"type": "turn_aborted", "turn_id": "t1", "reason": "interrupted"})),
    ] {
        let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
        take(&mut agent, &[complete("t1"), started("t2"), complete("t2")]);
        let error = told(&refuse(&mut agent, &[second]));
        assert!(error.ends_with("turn t1 has ended before"), "{error}");
    }
}

#[test]
fn an_item_needs_a_turn_that_was_started() {
    let mut agent = agent(Paginated, EventStyle::Canonical);
    let error = told(&refuse(&mut agent, &[agent_item("a", "x")]));
    assert!(error.ends_with("turn t1 was not started"), "{error}");
    let mut legacy = super::test_agent::agent(Legacy, EventStyle::Legacy);
    let error = told(&refuse(&mut legacy, &[agent_event("x")]));
    assert!(error.ends_with("no turn is open"), "{error}");
}

#[test]
fn a_turn_of_a_resumed_thread_goes_on() {
    let options = CanonicalOptions {
        open_turns: vec!["t1".to_owned()],
        ..options(Paginated, EventStyle::Canonical)
    };
    let mut agent = Canonicalizer::new(options, std::sync::Arc::new(Counter::default()));
    assert!(take(&mut agent, &[agent_item("a", "x"), complete("t1")]).ends_turn);
    // A turn that nobody knows ends without complaint when no other one is open.
    assert!(take(&mut agent, &[complete("t0")]).ends_turn);
}

#[test]
fn a_call_brings_its_id() {
    check(
        completed(json!({"type": "FileChange", "id": "", "changes": {}})),
        "(event_msg/item_completed): no call id",
    );
}

#[test]
fn paginated_threads_have_no_rollback_and_no_second_header() {
    check(
        event(json!({"type": "thread_rolled_back", "num_turns": 1})),
        "(event_msg/thread_rolled_back): not possible in a paginated thread",
    );
    let meta = json!({"id": THREAD, "timestamp": "2026-01-01T00:00:00.000Z", "cwd": "/", "originator": "o", "cli_version": "1"});
    check(
        raw("session_meta", &meta),
        "(session_meta): not possible in a paginated thread",
    );
    let mut legacy = agent_in_turn(Legacy, EventStyle::Canonical);
    take(
        &mut legacy,
        &[
            raw("session_meta", &meta),
            event(json!({"type": "thread_rolled_back", "num_turns": 1})),
        ],
    );
}

#[test]
fn a_line_ends_at_the_limit() {
    let item = assistant("hello");
    let at_limit = item.payload.get().len() as u64 + 160;
    for (max_item_bytes, is_good) in [(at_limit + 200, true), (at_limit - 1, false)] {
        let options = CanonicalOptions {
            max_item_bytes,
            ..options(Legacy, EventStyle::Canonical)
        };
        let mut agent = Canonicalizer::new(options, std::sync::Arc::new(Counter::default()));
        let outcome = agent.canonicalize(std::slice::from_ref(&item), NOW_MS);
        assert_eq!(outcome.is_ok(), is_good);
        if let Err(error) = outcome {
            let len = at_limit;
            assert_eq!(
                told(&error),
                format!("record item 0 (response_item/message): line of {len} bytes, the limit is {max_item_bytes}")
            );
        }
    }
}

#[test]
fn reasoning_cannot_grow_beyond_a_line() {
    let options = CanonicalOptions {
        max_item_bytes: 2000,
        ..options(Paginated, EventStyle::Legacy)
    };
    let mut agent = Canonicalizer::new(options, std::sync::Arc::new(Counter::default()));
    take(&mut agent, &[started("t1")]);
    let part = reasoning_event(&"x".repeat(300));
    let error = refuse(&mut agent, &[part.clone(), part.clone(), part.clone()]);
    assert_eq!(error.index, 2);
    take(&mut agent, &[part.clone(), part]);
    let batch = agent.finish(NOW_MS);
    assert!(batch.lines[0].encode("2026-01-01T00:00:00.000Z", Some(u64::MAX)).len() <= 2000);
}
