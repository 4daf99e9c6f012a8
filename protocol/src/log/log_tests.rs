//! Facts about envelopes, prefixes and the older shapes of payloads.

use serde_json::{Value, json};

use super::event::{CollaborationModeKind, EventMsg};
use super::peek::PEEK_BYTES;
use super::{
    DynamicTool, HistoryMode, LineHead, RawJson, RolloutItem, SessionMeta, SessionSource, SourceKind, TurnContext, peek,
};

const ID: &str = "0198c0de-0000-7000-8000-000000000001";

fn decode(kind: &str, payload: &Value) -> RolloutItem {
    let raw = serde_json::value::to_raw_value(payload).unwrap();
    RolloutItem::decode(kind, &raw, None).unwrap()
}

fn session(payload: &Value) -> SessionMeta {
    match decode("session_meta", payload) {
        RolloutItem::SessionMeta(meta) => *meta,
        other => panic!("{other:?}"),
    }
}

fn event(payload: &Value) -> EventMsg {
    match decode("event_msg", payload) {
        RolloutItem::EventMsg(event) => *event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_prefix_is_judged_up_to_the_limit_only() {
    let line = |padding: usize| {
        let time = "t".repeat(padding);
        format!("{{\"timestamp\":\"{time}\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"x\",\"y\":1}}}}")
    };
    // Everything up to the tag's closing quote must be inside the limit.
    let used = line(0).find("x\"").unwrap() + 2;
    assert!(peek(line(PEEK_BYTES - used).as_bytes()).is_some());
    assert!(peek(line(PEEK_BYTES - used + 1).as_bytes()).is_none());
}

#[test]
fn a_prefix_with_any_surprise_says_nothing() {
    for line in [
        r#"{"type":"event_msg","timestamp":"t","payload":{}}"#,
        r#" {"timestamp":"t","type":"event_msg","payload":{}}"#,
        r#"{"timestamp":"\u0074","type":"event_msg","payload":{}}"#,
        r#"{"timestamp":"t","ordinal":null,"type":"event_msg","payload":{}}"#,
        r#"{"timestamp":"t","ordinal":01,"type":"event_msg","payload":{}}"#,
        r#"{"timestamp":"t","ordinal":1.5,"type":"event_msg","payload":{}}"#,
        r#"{"timestamp":"t","ordinal":18446744073709551616,"type":"event_msg","payload":{}}"#,
        r#"{"timestamp":"t","type":"event_msg","payload":[]}"#,
        r#"{"timestamp":"t","type":"é","payload":{}}"#,
        "",
    ] {
        assert_eq!(peek(line.as_bytes()), None, "{line}");
    }
    let no_tag = peek(br#"{"timestamp":"t","ordinal":7,"type":"compacted","payload":{"message":""}}"#).unwrap();
    assert_eq!(
        (no_tag.ordinal, no_tag.kind, no_tag.payload_tag),
        (Some(7), "compacted", None)
    );
}

#[test]
fn the_envelope_is_borrowed_where_it_has_no_escapes() {
    let line = br#"{"timestamp":"t","type":"x","payload":{"a":1.50}}"#;
    let head = LineHead::parse(line).unwrap();
    assert!(matches!(head.kind, std::borrow::Cow::Borrowed("x")));
    assert_eq!(head.payload.get(), r#"{"a":1.50}"#);
}

#[test]
fn the_last_of_repeated_keys_counts() {
    let head = LineHead::parse(br#"{"type":"a","payload":{},"type":"b"}"#).unwrap();
    assert_eq!(head.kind, "b");
}

#[test]
fn every_encoding_of_a_source_has_its_kind_text_and_wire_form() {
    let spawn = json!({ "thread_spawn": { "parent_thread_id": ID, "depth": 2, "agent_path": "/root/a", "agent_nickname": "Al", "agent_type": "scout" } });
    let stored_spawn = json!({ "thread_spawn": { "parent_thread_id": ID, "depth": 2, "agent_path": "/root/a", "agent_nickname": "Al", "agent_role": "scout" } });
    let check = |stored: Value, kind: SourceKind, wire: Value| {
        let source = SessionSource::from_stored(&stored);
        assert_eq!((source.kind(), source.to_wire()), (kind, wire));
        assert_eq!(SessionSource::from_index_text(&source.to_index_text()), source);
        assert_eq!(SessionSource::from_stored(&source.to_stored()), source);
        source
    };
    check(json!("cli"), SourceKind::Cli, json!("cli"));
    check(json!("vscode"), SourceKind::VsCode, json!("vscode"));
    check(json!("exec"), SourceKind::Exec, json!("exec"));
    check(json!("mcp"), SourceKind::AppServer, json!("appServer"));
    check(json!("hovercraft"), SourceKind::Unknown, json!("unknown"));
    check(json!(7), SourceKind::Unknown, json!("unknown"));
    check(
        json!({ "custom": "atlas" }),
        SourceKind::Custom,
        json!({ "custom": "atlas" }),
    );
    check(
        json!({ "internal": "guardian" }),
        SourceKind::Internal,
        json!("unknown"),
    );
    check(
        json!({ "subagent": "review" }),
        SourceKind::SubAgentReview,
        json!({ "subAgent": "review" }),
    );
    check(
        json!({ "subagent": "compact" }),
        SourceKind::SubAgentCompact,
        json!({ "subAgent": "compact" }),
    );
    let memory = json!({ "subAgent": "memory_consolidation" });
    check(
        json!({ "subagent": "memory_consolidation" }),
        SourceKind::SubAgentMemoryConsolidation,
        memory,
    );
    let other = json!({ "other": "label" });
    check(
        json!({ "subagent": other }),
        SourceKind::SubAgentOther,
        json!({ "subAgent": other }),
    );
    let spawned = check(
        json!({ "subagent": spawn }),
        SourceKind::SubAgentThreadSpawn,
        json!({ "subAgent": stored_spawn }),
    );
    assert_eq!(
        (
            spawned.parent_thread_id(),
            spawned.agent_nickname(),
            spawned.agent_role(),
            spawned.agent_path()
        ),
        (Some(ID), Some("Al"), Some("scout"), Some("/root/a"))
    );
    assert!(spawned.kind().is_sub_agent() && !spawned.is_interactive());
    assert!(SessionSource::Custom("chatgpt".to_owned()).is_interactive());
    assert!(!SessionSource::Custom("other".to_owned()).is_interactive());
}

#[test]
fn flat_tools_are_grouped_by_namespace_in_first_seen_order() {
    let flat = |namespace: Option<&str>, name: &str| json!({ "namespace": namespace, "name": name, "description": "d", "inputSchema": {}, "exposeToContext": name == "a" });
    let meta = session(&json!({
        "id": ID, "timestamp": "t",
        "dynamic_tools": [flat(Some("n"), "a"), flat(None, "b"), flat(Some("n"), "c")],
    }));
    let tools = meta.dynamic_tools.unwrap().0;
    let [DynamicTool::Namespace(namespace), DynamicTool::Function(single)] = tools.as_slice() else {
        panic!("{tools:?}")
    };
    assert_eq!(
        (
            namespace.name.as_str(),
            namespace.description.as_str(),
            namespace.tools.len()
        ),
        ("n", "", 2)
    );
    assert!(matches!(&namespace.tools[0], DynamicTool::Function(tool) if tool.name == "a" && !tool.defer_loading));
    assert!(single.defer_loading);
}

#[test]
fn a_session_of_today_keeps_its_fork_facts() {
    let base = json!({ "thread_id": ID, "end_ordinal_exclusive": 41, "end_byte_offset": 9000 });
    let meta = session(
        &json!({ "id": ID, "timestamp": "t", "history_mode": "paginated", "history_base": base, "attached_thread": true, "agent_type": "scout" }),
    );
    let base = meta.history_base.unwrap();
    assert_eq!(
        (meta.history_mode, base.end_ordinal_exclusive, base.end_byte_offset),
        (HistoryMode::Paginated, 41, 9000)
    );
    assert!(meta.is_attached());
    assert_eq!(meta.agent_role.as_deref(), Some("scout"));
}

#[test]
fn old_turn_contexts_speak_todays_words() {
    let RolloutItem::TurnContext(context) = decode(
        "turn_context",
        &json!({ "cwd": "/w", "approval_policy": "on-failure", "sandbox_policy": { "mode": "read-only" }, "model": "m", "summary": "auto" }),
    ) else {
        panic!()
    };
    assert_eq!(context.approval_policy_text(), "on-request");
    assert_eq!(context.sandbox_kind().as_deref(), Some("read-only"));
    let granular = TurnContext {
        approval_policy: RawJson::from_text("{\"granular\":{}}".to_owned()).unwrap(),
        ..*context
    };
    assert_eq!(granular.approval_policy_text(), "{\"granular\":{}}");
}

#[test]
fn aliases_and_retired_words_are_read() {
    let EventMsg::TaskStarted(started) =
        event(&json!({ "type": "turn_started", "turn_id": "t", "collaboration_mode_kind": "execute" }))
    else {
        panic!()
    };
    assert_eq!(started.collaboration_mode_kind, CollaborationModeKind::Default);
    let limits = json!({ "primary": { "used_percent": 1, "resets_at": "2025-11-01T10:00:00+01:00" } });
    let EventMsg::TokenCount(count) = event(&json!({ "type": "token_count", "rate_limits": limits })) else {
        panic!()
    };
    assert_eq!(
        count.rate_limits.unwrap().primary.unwrap().resets_at.unwrap().0,
        1_761_987_600
    );
}

#[test]
fn raw_json_is_equal_by_text() {
    let raw = |text: &str| RawJson::from_text(text.to_owned()).unwrap();
    assert_eq!(raw("1.50"), raw("1.50"));
    assert_ne!(raw("1.50"), raw("1.5"));
    assert_eq!(raw("\"a\\n\"").as_text().as_deref(), Some("a\n"));
    assert_eq!((raw("\"\\ud800\"").as_text(), raw("7").as_text()), (None, None));
    assert!(RawJson::from_text("1 2".to_owned()).is_err());
    assert!(RawJson::null().is_null());
}
