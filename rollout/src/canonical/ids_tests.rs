//! Ids of Responses items and of items (format 3.4, 13.1).

use codex_protocol::log::HistoryMode::{Legacy, Paginated};
use codex_protocol::log::RawJson;
use serde_json::{Value, json};

use super::test_agent::*;
use super::{CanonicalOptions, Canonicalizer, EventStyle, ItemIdFeature, ItemOrigin, LiveId, RawItem};

fn recorded(id: &str) -> LiveId {
    LiveId::Recorded(id.to_owned())
}

#[test]
fn every_response_kind_gets_the_prefix_of_its_kind() {
    let cases = [
        (json!({"type": "message", "role": "user", "content": []}), "msg"),
        (
            json!({"type": "agent_message", "author": "/a", "recipient": "/b", "content": []}),
            "amsg",
        ),
        (
            json!({"type": "reasoning", "summary": [], "content": null, "encrypted_content": null}),
            "rs",
        ),
        (
            json!({"type": "local_shell_call", "status": "completed", "action": {"type": "exec", "command": ["ls"]}}),
            "lsh",
        ),
        (
            json!({"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}),
            "fc",
        ),
        (
            json!({"type": "function_call_output", "call_id": "c", "output": "x"}),
            "fco",
        ),
        (
            json!({"type": "custom_tool_call", "call_id": "d", "name": "t", "input": ""}),
            "ctc",
        ),
        (
            json!({"type": "custom_tool_call_output", "call_id": "d", "output": "x"}),
            "ctco",
        ),
        (
            json!({"type": "tool_search_call", "execution": "client", "arguments": {}}),
            "tsc",
        ),
        (
            json!({"type": "tool_search_output", "status": "completed", "execution": "client", "tools": []}),
            "tso",
        ),
        (json!({"type": "web_search_call", "status": "completed"}), "ws"),
        (
            json!({"type": "image_generation_call", "status": "completed", "result": ""}),
            "ig",
        ),
        (json!({"type": "compaction", "encrypted_content": "e"}), "cmp"),
        (json!({"type": "context_compaction"}), "cmp"),
        (
            json!({"type": "additional_tools", "role": "developer", "tools": []}),
            "at",
        ),
    ];
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    for (index, (payload, prefix)) in cases.into_iter().enumerate() {
        let batch = take(&mut agent, &[response(payload)]);
        let id = format!("{prefix}_{}", uuid(index as u64 + 1));
        assert_eq!(payloads(&batch)[0]["id"], json!(id));
        assert_eq!(batch.ids[0].response_item_id, Some(id));
    }
}

#[test]
fn a_server_id_is_kept_and_an_empty_one_is_none() {
    let mut agent = agent(Paginated, EventStyle::Canonical);
    let with_id = |id: Value| response(json!({"type": "message", "id": id, "role": "user", "content": []}));
    let batch = take(
        &mut agent,
        &[with_id(json!("msg_srv")), with_id(json!("")), with_id(json!(null))],
    );
    let ids: Vec<Value> = payloads(&batch).iter().map(|payload| payload["id"].clone()).collect();
    let new = |number: u64| json!(format!("msg_{}", uuid(number)));
    assert_eq!(ids, [json!("msg_srv"), new(1), new(2)]);
}

#[test]
fn unknown_members_and_their_order_survive() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    let text = r#"{"zeta":1.50,"type":"message","role":"user","new":{"b":[1e3],"a":null},"content":[]}"#;
    let item = RawItem::new(
        "response_item",
        RawJson::from_text(text.to_owned()).expect("the text is JSON"),
    );
    let metadata = RawJson::from_text(r#"{"client_authored":true,"x":0.10}"#.to_owned()).expect("the text is JSON");
    let batch = take(&mut agent, &[item.with_metadata(metadata)]);
    let line = String::from_utf8(batch.lines[0].encode("2026-01-02T03:04:05.678Z", Some(7))).expect("a line is text");
    let expected = concat!(
        r#"{"timestamp":"2026-01-02T03:04:05.678Z","ordinal":7,"type":"response_item","payload":{"zeta":1.50,"type":"message","#,
        r#""id":"msg_01920000-0000-7000-8000-000000000001","role":"user","new":{"b":[1e3],"a":null},"content":[],"#,
        r#""internal_chat_message_metadata_passthrough":{"turn_id":"t1"}},"metadata":{"client_authored":true,"x":0.10}}"#,
    );
    assert_eq!(line, expected);
}

#[test]
fn the_stamp_names_the_turn_unless_it_does_already() {
    let stamped = |stamp: Value| {
        response(json!({
            "type": "message", "id": "m", "role": "user", "content": [],
            "internal_chat_message_metadata_passthrough": stamp,
        }))
    };
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    let batch = take(
        &mut agent,
        &[
            stamped(json!({"turn_id": "other", "create_time": 1.5})),
            stamped(json!({"create_time": 1.5})),
            complete("t1"),
            stamped(json!(null)),
        ],
    );
    let stamps: Vec<Value> = payloads(&batch)
        .iter()
        .map(|payload| payload["internal_chat_message_metadata_passthrough"].clone())
        .collect();
    assert_eq!(
        stamps,
        [
            json!({"turn_id": "other", "create_time": 1.5}),
            json!({"create_time": 1.5, "turn_id": "t1"}),
            json!(null),
            json!({"turn_id": "auto-compact-0"}),
        ]
    );
}

#[test]
fn a_legacy_thread_gives_ids_only_with_the_feature() {
    let off = CanonicalOptions {
        item_ids: ItemIdFeature::Off,
        ..options(Legacy, EventStyle::Canonical)
    };
    let mut off = Canonicalizer::new(off, std::sync::Arc::new(Counter::default()));
    assert_eq!(take(&mut off, &[assistant("hi")]).ids[0].response_item_id, None);
    let mut on = agent(Legacy, EventStyle::Canonical);
    assert_eq!(
        take(&mut on, &[assistant("hi")]).ids[0].response_item_id,
        Some(format!("msg_{}", uuid(1)))
    );
}

#[test]
fn streamed_output_without_a_server_id_is_refused_in_paginated_threads_only() {
    let streamed = [started("t1"), assistant("hi").with_origin(ItemOrigin::Streamed)];
    let error = refuse(&mut agent(Paginated, EventStyle::Canonical), &streamed);
    assert_eq!(
        told(&error),
        "record item 1 (response_item/message): no server id on a streamed output item"
    );
    take(&mut agent(Legacy, EventStyle::Canonical), &streamed);
}

#[test]
fn items_inside_a_compaction_get_ids() {
    let compacted = |history: Value, metadata: Value| {
        raw(
            "compacted",
            &json!({"message": "", "replacement_history": history, "replacement_history_metadata": metadata, "new": 1}),
        )
    };
    let mut agent = agent(Paginated, EventStyle::Canonical);
    let batch = take(
        &mut agent,
        &[compacted(
            json!([
                {"type": "message", "role": "user", "content": []},
                {"type": "ghost_snapshot"},
                {"type": "message", "id": "msg_srv", "role": "user", "content": []},
            ]),
            json!([{"a": 1}, {"a": 2}, {"a": 3}]),
        )],
    );
    assert_eq!(
        payloads(&batch)[0],
        json!({
            "message": "",
            "replacement_history": [
                {"type": "message", "id": format!("msg_{}", uuid(1)), "role": "user", "content": []},
                {"type": "message", "id": "msg_srv", "role": "user", "content": []},
            ],
            "replacement_history_metadata": [{"a": 1}, {"a": 3}],
            "new": 1,
        })
    );
}

#[test]
fn an_agent_message_event_shares_the_id_of_its_response_item() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Legacy);
    let batch = take(
        &mut agent,
        &[agent_event("a"), agent_event("b"), assistant("b"), assistant("a")],
    );
    let ids: Vec<(Value, Value)> = payloads(&batch)
        .iter()
        .map(|payload| (payload["id"].clone(), payload["item"]["id"].clone()))
        .collect();
    let id = |number: u64| json!(format!("msg_{}", uuid(number)));
    assert_eq!(
        ids,
        [
            (json!(null), id(1)),
            (json!(null), id(2)),
            (id(2), json!(null)),
            (id(1), json!(null))
        ]
    );
    assert_eq!(
        told_items(&batch),
        [
            (recorded(&format!("msg_{}", uuid(1))), "agentMessage"),
            (recorded(&format!("msg_{}", uuid(2))), "agentMessage"),
        ]
    );
}

#[test]
fn a_canonical_item_without_id_takes_that_of_its_response_item() {
    let with_id = response(json!({
        "type": "message", "id": "msg_srv", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}],
    }));
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    let batch = take(&mut agent, &[agent_item("", "hi"), with_id]);
    assert_eq!(payloads(&batch)[0]["item"]["id"], json!("msg_srv"));
    assert_eq!(batch.ids[0].item_id, Some(recorded("msg_srv")));
}

#[test]
fn a_response_item_without_id_takes_that_of_its_canonical_item_if_it_has_the_prefix() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    let batch = take(
        &mut agent,
        &[
            agent_item("msg_own", "a"),
            assistant("a"),
            agent_item("own", "b"),
            assistant("b"),
        ],
    );
    let response_ids: Vec<Option<String>> = batch.ids.iter().map(|ids| ids.response_item_id.clone()).collect();
    assert_eq!(
        response_ids,
        [None, Some("msg_own".to_owned()), None, Some(format!("msg_{}", uuid(1)))]
    );
    assert_eq!(
        told_items(&batch),
        [(recorded("msg_own"), "agentMessage"), (recorded("own"), "agentMessage")]
    );
}

#[test]
fn the_order_of_an_item_and_its_response_item_does_not_matter_for_their_id() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Canonical);
    let batch = take(&mut agent, &[assistant("a"), agent_item("msg_own", "a")]);
    assert_eq!(batch.ids[0].response_item_id.as_deref(), Some("msg_own"));
    assert_eq!(kinds(&batch), ["AgentMessage", "message"]);
    // An id that is no id of a Responses item stays that of the item alone.
    let batch = take(&mut agent, &[assistant("b"), agent_item("own", "b")]);
    assert_eq!(batch.ids[0].response_item_id, Some(format!("msg_{}", uuid(1))));
    assert_eq!(kinds(&batch), ["AgentMessage", "message"]);
}

#[test]
fn equal_texts_of_different_turns_are_no_pair() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Legacy);
    let batch = take(
        &mut agent,
        &[agent_event("same"), complete("t1"), started("t2"), assistant("same")],
    );
    assert_eq!(batch.ids[0].item_id, Some(recorded(&format!("msg_{}", uuid(1)))));
    assert_eq!(batch.ids[3].response_item_id, Some(format!("msg_{}", uuid(2))));
}

#[test]
fn a_web_search_event_takes_the_id_of_its_call() {
    let search = |id: &str| {
        event(
            json!({"type": "web_search_end", "call_id": id, "query": "q", "action": {"type": "search", "query": "q"}}),
        )
    };
    let call = |id: &str| {
        response(
            json!({"type": "web_search_call", "id": id, "status": "completed", "action": {"type": "search", "query": "q"}}),
        )
    };
    let mut agent = agent_in_turn(Paginated, EventStyle::Legacy);
    let batch = take(&mut agent, &[search("call_1"), call("ws_1")]);
    assert_eq!(told_items(&batch), [(recorded("ws_1"), "webSearch")]);
    let batch = take(&mut agent, &[search("ws_2"), search("ws_3"), call(""), call("ws_3")]);
    assert_eq!(
        told_items(&batch),
        [(recorded("ws_2"), "webSearch"), (recorded("ws_3"), "webSearch")]
    );
    assert_eq!(batch.ids[2].response_item_id.as_deref(), Some("ws_2"));
}

#[test]
fn reviews_get_turn_and_item_ids_in_either_mode() {
    let entered = event(
        json!({"type": "entered_review_mode", "target": {"type": "uncommittedChanges"}, "user_facing_hint": "h"}),
    );
    let batch = take(
        &mut agent_in_turn(Legacy, EventStyle::Legacy),
        std::slice::from_ref(&entered),
    );
    assert_eq!(
        payloads(&batch)[0],
        json!({
            "type": "entered_review_mode", "target": {"type": "uncommittedChanges"}, "user_facing_hint": "h",
            "turn_id": "t1", "item_id": uuid(1),
        })
    );
    assert_eq!(told_items(&batch), [(recorded(&uuid(1)), "enteredReviewMode")]);
    let batch = take(&mut agent_in_turn(Paginated, EventStyle::Legacy), &[entered]);
    assert_eq!(payloads(&batch)[0]["item"]["id"], json!(uuid(1)));
    assert_eq!(payloads(&batch)[0]["turn_id"], json!("t1"));
}

#[test]
fn a_review_may_open_its_own_turn() {
    let entered = event(json!({
        "type": "item_completed", "thread_id": THREAD, "turn_id": "review", "completed_at_ms": 1,
        "item": {"type": "EnteredReviewMode", "id": "r1", "target": {"type": "uncommittedChanges"}},
    }));
    for mode in [Legacy, Paginated] {
        let mut agent = agent(mode, EventStyle::Canonical);
        let batch = take(
            &mut agent,
            &[entered.clone(), started("child"), complete("child"), complete("review")],
        );
        assert_eq!(batch.ids[0].turn_id.as_deref(), Some("review"));
        assert!(batch.ends_turn);
        assert_eq!(agent.current_turn(), None);
    }
}

#[test]
fn the_turn_of_a_reviewer_ends_with_the_review() {
    let entered = event(json!({
        "type": "entered_review_mode", "turn_id": "review", "item_id": "r1", "target": {"type": "uncommittedChanges"},
    }));
    let mut agent = agent(Legacy, EventStyle::Legacy);
    take(&mut agent, &[entered, started("child")]);
    assert_eq!(agent.current_turn(), Some("child"));
    take(&mut agent, &[complete("review")]);
    assert_eq!(agent.current_turn(), None);
    // Late, but not wrong.
    take(&mut agent, &[complete("child")]);
}

#[test]
fn lines_without_an_id_are_known_by_their_number() {
    let mut agent = agent_in_turn(Legacy, EventStyle::Canonical);
    let batch = take(&mut agent, &[agent_item("msg_1", "hi"), assistant("hi")]);
    assert_eq!(kinds(&batch), ["agent_message", "message"]);
    assert_eq!(
        told_items(&batch),
        [(LiveId::OfLine(batch.lines[0].number), "agentMessage")]
    );
}
