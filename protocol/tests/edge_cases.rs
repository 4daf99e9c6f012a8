//! The edge cases of format section 10 that concern single lines; the numbers are those of the list.
#![allow(
    clippy::unwrap_used,
    reason = "tests fail by panicking, in their small functions too"
)]

use codex_protocol::item::{StoredTurnError, TurnError, TurnItem, canonical_from_event, hook_prompt_from_message};
use codex_protocol::log::{
    BareLine, EventMsg, HistoryMode, LineError, LineHead, ResponseItem, RolloutItem, RolloutLine, legacy_policy_keeps,
};
use serde_json::{Value, json};

const ID: &str = "0198c0de-0000-7000-8000-000000000001";

fn line(kind: &str, payload: &Value) -> Result<RolloutItem, LineError> {
    let text = json!({ "timestamp": "2026-03-01T10:00:00.000Z", "type": kind, "payload": payload }).to_string();
    RolloutLine::decode(text.as_bytes()).map(|line| line.item)
}

fn event(payload: &Value) -> EventMsg {
    match line("event_msg", payload) {
        Ok(RolloutItem::EventMsg(event)) => *event,
        other => panic!("{other:?}"),
    }
}

fn error(kind: &str, payload: &Value) -> LineError {
    line(kind, payload).expect_err("must not decode")
}

#[test]
fn case_17_a_session_without_session_id_takes_the_thread_id() {
    let Ok(RolloutItem::SessionMeta(meta)) = line("session_meta", &json!({ "id": ID, "timestamp": "t" })) else {
        panic!()
    };
    assert_eq!(meta.session_id, meta.id);
    assert_eq!(meta.history_mode, HistoryMode::Legacy);
    assert_eq!(meta.source.to_index_text(), "vscode");
}

#[test]
fn case_19_an_unknown_history_mode_is_an_error_of_its_own() {
    let payload = json!({ "id": ID, "timestamp": "t", "history_mode": "quantum" });
    assert!(matches!(error("session_meta", &payload), LineError::UnknownHistoryMode { mode } if mode == "quantum"));
}

#[test]
fn case_20_guardian_assessments_decode() {
    let assessed = event(&json!({ "type": "guardian_assessment", "id": "g", "status": "approved", "risk_score": 0.5 }));
    assert!(matches!(assessed, EventMsg::GuardianAssessment(_)));
}

#[test]
fn case_22_a_ghost_snapshot_is_dropped_and_no_error() {
    let item = line(
        "response_item",
        &json!({ "type": "ghost_snapshot", "ghost_commit": {} }),
    )
    .unwrap();
    assert!(matches!(&item, RolloutItem::ResponseItem(line) if line.item == ResponseItem::GhostSnapshot));
    assert!(!legacy_policy_keeps(&item));
}

#[test]
fn case_23_a_ghost_in_a_replacement_history_goes_with_its_metadata() {
    let history = json!([{ "type": "ghost_snapshot" }, { "type": "message", "role": "user", "content": [] }]);
    let payload = json!({ "message": "", "replacement_history": history, "replacement_history_metadata": [{ "a": 1 }, { "b": 2 }] });
    let Ok(RolloutItem::Compacted(compacted)) = line("compacted", &payload) else {
        panic!()
    };
    assert_eq!(compacted.replacement_items().unwrap().len(), 1);
    assert_eq!(compacted.replacement_history_metadata.unwrap()[0].get(), "{\"b\":2}");
    // Of another length the metadata is left alone, and the line rejected.
    let payload = json!({ "message": "", "replacement_history": [{ "type": "ghost_snapshot" }], "replacement_history_metadata": [] });
    assert!(matches!(error("compacted", &payload), LineError::Shape { .. }));
}

#[test]
fn case_24_metadata_must_match_the_replacement_history() {
    let message = json!({ "type": "message", "role": "user", "content": [] });
    for (history, metadata) in [
        (json!([message]), json!([])),
        (json!([message]), json!([{}, {}])),
        (Value::Null, json!([{}])),
    ] {
        let payload =
            json!({ "message": "", "replacement_history": history, "replacement_history_metadata": metadata });
        assert!(matches!(error("compacted", &payload), LineError::Shape { kind, .. } if kind == "compacted"));
    }
}

#[test]
fn case_25_an_integer_window_id_is_the_window_number() {
    let Ok(RolloutItem::Compacted(old)) = line("compacted", &json!({ "message": "", "window_id": 3 })) else {
        panic!()
    };
    assert_eq!((old.window_number, old.window_id), (Some(3), None));
    let both = json!({ "message": "", "window_id": 3, "window_number": 9 });
    let Ok(RolloutItem::Compacted(both)) = line("compacted", &both) else {
        panic!()
    };
    assert_eq!(both.window_number, Some(9));
}

#[test]
fn case_26_unknown_metadata_keys_are_kept_as_written() {
    let text =
        r#"{"timestamp":"t","type":"response_item","payload":{"type":"compaction_trigger"},"metadata":{"zzz":1.50}}"#;
    let read = RolloutLine::decode(text.as_bytes()).unwrap();
    let RolloutItem::ResponseItem(response) = &read.item else {
        panic!()
    };
    assert_eq!(response.metadata.as_ref().unwrap().get(), "{\"zzz\":1.50}");
}

#[test]
fn case_27_events_with_stray_metadata_decode() {
    let text = r#"{"timestamp":"t","type":"event_msg","payload":{"type":"context_compacted"},"metadata":{"a":1}}"#;
    assert!(RolloutLine::decode(text.as_bytes()).is_ok());
}

#[test]
fn cases_142_143_which_errors_end_a_turn() {
    let affects = |info: Value| {
        let EventMsg::Error(error) = event(&json!({ "type": "error", "message": "m", "codex_error_info": info }))
        else {
            panic!()
        };
        error.affects_turn_status()
    };
    assert!(affects(Value::Null));
    assert!(affects(json!("server_overloaded")));
    assert!(!affects(json!("thread_rollback_failed")));
    assert!(!affects(
        json!({ "active_turn_not_steerable": { "turn_kind": "review" } })
    ));
}

#[test]
fn error_kinds_are_camel_case_on_the_wire() {
    let served = |stored: Value| {
        let stored: StoredTurnError = serde_json::from_str(&stored.to_string()).unwrap();
        serde_json::to_value(TurnError::from(&stored)).unwrap()
    };
    assert_eq!(
        served(
            json!({ "message": "m", "codex_error_info": { "response_stream_disconnected": { "http_status_code": null } } })
        ),
        json!({ "message": "m", "codexErrorInfo": { "responseStreamDisconnected": { "httpStatusCode": null } }, "additionalDetails": null, "misalignment": null })
    );
    assert_eq!(
        served(json!({ "message": "m", "codex_error_info": "context_window_exceeded", "additional_details": "d" })),
        json!({ "message": "m", "codexErrorInfo": "contextWindowExceeded", "additionalDetails": "d", "misalignment": null })
    );
    assert_eq!(served(json!({ "message": "m" }))["codexErrorInfo"], Value::Null);
    assert_eq!(
        served(
            json!({ "message": "m", "codex_error_info": { "active_turn_not_steerable": { "turn_kind": "compact" } } })
        )["codexErrorInfo"],
        json!({ "activeTurnNotSteerable": { "turnKind": "compact" } })
    );
}

#[test]
fn case_147_plain_user_messages_are_no_hook_prompts() {
    let message = json!({ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "hi" }] });
    let Ok(RolloutItem::ResponseItem(response)) = line("response_item", &message) else {
        panic!()
    };
    assert_eq!(hook_prompt_from_message(&response.item), None);
}

#[test]
fn case_148_items_with_a_legacy_event_are_not_taken_from_item_completed() {
    for item in [
        json!({ "type": "UserMessage", "id": "u", "content": [] }),
        json!({ "type": "AgentMessage", "id": "a", "content": [] }),
        json!({ "type": "WebSearch", "id": "w", "query": "", "action": { "type": "other" } }),
        json!({ "type": "ContextCompaction", "id": "c" }),
    ] {
        let completed = event(&json!({ "type": "item_completed", "turn_id": "t", "item": item }));
        assert_eq!(canonical_from_event(&completed), None);
    }
}

#[test]
fn case_152_the_policy_of_today_drops_what_it_would_not_write() {
    let keeps = |payload: Value| legacy_policy_keeps(&line("event_msg", &payload).unwrap());
    let completed = |item: Value| keeps(json!({ "type": "item_completed", "turn_id": "t", "item": item }));
    assert!(keeps(json!({ "type": "user_message", "message": "x" })));
    assert!(keeps(
        json!({ "type": "patch_apply_end", "call_id": "p", "success": true })
    ));
    assert!(!keeps(
        json!({ "type": "exec_command_end", "call_id": "e", "exit_code": 0 })
    ));
    assert!(!keeps(
        json!({ "type": "view_image_tool_call", "call_id": "v", "path": "p" })
    ));
    assert!(!keeps(json!({ "type": "error", "message": "m" })));
    assert!(!keeps(json!({ "type": "agent_message_delta", "delta": "x" })));
    assert!(completed(json!({ "type": "Plan", "id": "p", "text": "x" })));
    assert!(completed(
        json!({ "type": "Extension", "kind": "clock.sleep", "id": "s", "durationMs": 1 })
    ));
    assert!(completed(
        json!({ "type": "FunctionCallOutput", "id": "f", "name": "n", "output": "o" })
    ));
    assert!(!completed(json!({ "type": "ContextCompaction", "id": "c" })));
    let activity = |kind: &str| json!({ "type": "SubAgentActivity", "id": "s", "kind": kind, "agent_thread_id": ID, "agent_path": "/root" });
    assert!(completed(activity("completed")));
    assert!(!completed(activity("started")));
    assert!(legacy_policy_keeps(
        &line("world_state", &json!({ "full": true, "state": {} })).unwrap()
    ));
}

#[test]
fn case_153_a_completion_time_of_zero_is_unknown() {
    let EventMsg::ItemCompleted(completed) = event(
        &json!({ "type": "item_completed", "turn_id": "t", "item": { "type": "ContextCompaction", "id": "c" }, "completed_at_ms": 0 }),
    ) else {
        panic!()
    };
    assert_eq!(completed.known_completed_at_ms(), None);
}

#[test]
fn unknown_kinds_are_named_with_their_path() {
    let unknown = |error: LineError| match error {
        LineError::UnknownKind { kind } => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(unknown(error("hologram", &json!({}))), "hologram");
    assert_eq!(
        unknown(error("event_msg", &json!({ "type": "hologram" }))),
        "event_msg/hologram"
    );
    let item = |item: Value| json!({ "type": "item_completed", "turn_id": "t", "item": item });
    assert_eq!(
        unknown(error("event_msg", &item(json!({ "type": "Hologram" })))),
        "item_completed/Hologram"
    );
    let extension = json!({ "type": "Extension", "kind": "holo.gram", "id": "x" });
    assert_eq!(
        unknown(error("event_msg", &item(extension))),
        "item_completed/Extension/holo.gram"
    );
}

#[test]
fn damaged_lines_say_what_is_wrong() {
    let parse = |bytes: &[u8]| LineHead::parse(bytes).map(|_| ()).expect_err("damaged");
    assert!(matches!(parse(b"{\"type\":\"\xff\"}"), LineError::NotUtf8 { .. }));
    assert!(matches!(parse(b"{\"type\":\"event_ms"), LineError::NotJson { .. }));
    assert!(matches!(
        parse(b"{\"type\":\"x\",\"payload\":{}} tail"),
        LineError::NotJson { .. }
    ));
    assert!(matches!(parse(b""), LineError::NotJson { .. }));
    assert!(matches!(parse(b"{\"timestamp\":{\"timest"), LineError::NotJson { .. }));
    assert!(matches!(parse(b"[1]"), LineError::NotAnObject));
    assert!(matches!(parse(b"{\"payload\":{}}"), LineError::Missing("type")));
    assert!(matches!(parse(b"{\"type\":\"x\"}"), LineError::Missing("payload")));
    assert!(matches!(
        parse(b"{\"type\":\"x\",\"payload\":[]}"),
        LineError::Shape { .. }
    ));
    assert!(matches!(
        parse(b"{\"type\":\"x\",\"payload\":{},\"ordinal\":-1}"),
        LineError::Shape { .. }
    ));
    let no_time = RolloutLine::decode(b"{\"type\":\"world_state\",\"payload\":{\"state\":{}}}").expect_err("damaged");
    assert!(matches!(no_time, LineError::Missing("timestamp")));
}

#[test]
fn envelopes_are_read_in_any_order() {
    let text =
        r#" { "payload" : {"type":"context_compacted"} , "ordinal":null,"\u0074ype":"event_msg","timestamp":"t" } "#;
    let head = LineHead::parse(text.as_bytes()).unwrap();
    assert_eq!(
        (head.kind.as_ref(), head.ordinal, head.timestamp.as_deref()),
        ("event_msg", None, Some("t"))
    );
}

#[test]
fn mixed_forms_of_dynamic_tools_make_the_session_undecodable() {
    let tools = json!([{ "type": "function", "name": "a", "description": "", "inputSchema": {} }, { "name": "b", "description": "", "inputSchema": {} }]);
    let payload = json!({ "id": ID, "timestamp": "t", "dynamic_tools": tools });
    assert!(matches!(error("session_meta", &payload), LineError::Shape { .. }));
}

#[test]
fn bare_rollouts_have_a_header_markers_and_items() {
    let bare = |value: Value| BareLine::decode(value.to_string().as_bytes());
    let header = bare(
        json!({ "id": ID, "timestamp": "2025-08-19T10:00:00.000Z", "instructions": null, "git": { "branch": "main" } }),
    );
    let Ok(BareLine::Header(header)) = header else {
        panic!("{header:?}")
    };
    assert_eq!(
        (header.id.to_string().as_str(), header.git.unwrap().branch.as_deref()),
        (ID, Some("main"))
    );
    assert_eq!(bare(json!({ "record_type": "state" })).unwrap(), BareLine::StateMarker);
    let message =
        json!({ "type": "message", "id": null, "role": "user", "content": [{ "type": "input_text", "text": "hi" }] });
    assert!(matches!(bare(message), Ok(BareLine::Item(ResponseItem::Message(_)))));
    assert!(matches!(
        bare(json!({ "type": "event_msg", "payload": {} })),
        Err(LineError::UnknownKind { .. })
    ));
    assert!(matches!(
        bare(json!({ "id": "not a uuid", "timestamp": "t" })),
        Err(LineError::Shape { .. })
    ));
    assert!(matches!(BareLine::decode(b"[]"), Err(LineError::NotAnObject)));
}

#[test]
fn items_tell_their_id_and_take_another() {
    let text = r#"{"type":"Extension","kind":"clock.sleep","id":"s","durationMs":1}"#;
    let mut item = TurnItem::decode(serde_json::from_str(text).unwrap()).unwrap();
    assert_eq!((item.id(), item.kind().as_str()), ("s", "sleep"));
    item.set_id("t".to_owned());
    assert_eq!(serde_json::to_string(&item).unwrap(), text.replace("\"s\"", "\"t\""));
}

#[test]
fn words_of_newer_writers_do_not_hide_what_they_stand_in() {
    let agent = event(&json!({ "type": "agent_message", "message": "hi", "phase": "prologue", "delivery": "pigeon" }));
    let EventMsg::AgentMessage(agent) = agent else { panic!() };
    assert_eq!((agent.phase, agent.delivery), (None, None));
    let entered = event(&json!({ "type": "entered_review_mode", "target": { "type": "galaxy", "x": 1.5 } }));
    assert!(canonical_from_event(&entered).is_some());
    // What is no word at all is still damage.
    assert!(matches!(
        error(
            "event_msg",
            &json!({ "type": "agent_message", "message": "hi", "phase": 7 })
        ),
        LineError::Shape { .. }
    ));
}
