//! Things that an agent does, each in the canonical form, in the legacy form, and with its Responses items.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_protocol::log::{HistoryMode, RawJson};
use codex_rollout::canonical::{CanonicalOptions, Canonicalizer, EventStyle, IdSource, RawItem};
use serde_json::{Value, json};
use uuid::Uuid;

/// The thread of the sessions.
pub(crate) const THREAD: &str = "019caf1a-1400-7000-8000-00000000abcd";
/// The time of the sessions.
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;
pub(crate) const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];
pub(crate) const STYLES: [EventStyle; 3] = [EventStyle::Canonical, EventStyle::Legacy, EventStyle::Both];

#[derive(Default)]
struct Counter(AtomicU64);

impl IdSource for Counter {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

pub(crate) fn agent(mode: HistoryMode, event_style: EventStyle) -> Canonicalizer {
    let options = CanonicalOptions {
        event_style,
        ..CanonicalOptions::new(THREAD.parse().expect("the id is an id"), mode)
    };
    Canonicalizer::new(options, Arc::new(Counter::default()))
}

pub(crate) fn raw(kind: &str, payload: &Value) -> RawItem {
    RawItem::new(kind, RawJson::of(payload).expect("a value serialises"))
}

pub(crate) fn event(payload: &Value) -> RawItem {
    raw("event_msg", payload)
}

/// One thing that happens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fact {
    /// Records before the item.
    pub(crate) before: Vec<RawItem>,
    /// The item in its canonical form.
    pub(crate) canonical: Vec<RawItem>,
    /// The item in its legacy form; kinds without one have none.
    pub(crate) legacy: Vec<RawItem>,
    /// Records behind the item.
    pub(crate) after: Vec<RawItem>,
}

impl Fact {
    /// A record that is no item.
    pub(crate) fn record(item: RawItem) -> Self {
        Self {
            before: vec![item],
            ..Self::default()
        }
    }

    fn item(turn_id: &str, item: &Value, legacy: &[Value]) -> Self {
        let completed = json!({
            "type": "item_completed", "thread_id": THREAD, "turn_id": turn_id, "item": item, "completed_at_ms": NOW_MS,
        });
        Self {
            canonical: vec![event(&completed)],
            legacy: legacy.iter().map(event).collect(),
            ..Self::default()
        }
    }

    fn answered_by(mut self, payload: &Value) -> Self {
        self.after.push(raw("response_item", payload));
        self
    }

    fn asked_by(mut self, payload: &Value) -> Self {
        self.before.push(raw("response_item", payload));
        self
    }

    /// The records that an agent of this style emits.
    pub(crate) fn emitted(&self, style: EventStyle) -> Vec<RawItem> {
        let mut items = self.before.clone();
        // Kinds without a legacy form come in the canonical one from every agent.
        if style != EventStyle::Legacy || self.legacy.is_empty() {
            items.extend(self.canonical.iter().cloned());
        }
        if style != EventStyle::Canonical {
            items.extend(self.legacy.iter().cloned());
        }
        items.extend(self.after.iter().cloned());
        items
    }
}

pub(crate) fn started(turn_id: &str) -> Fact {
    Fact::record(event(
        &json!({"type": "task_started", "turn_id": turn_id, "model_context_window": 1000}),
    ))
}

pub(crate) fn complete(turn_id: &str) -> Fact {
    Fact::record(event(
        &json!({"type": "task_complete", "turn_id": turn_id, "last_agent_message": null}),
    ))
}

pub(crate) fn aborted(turn_id: &str) -> Fact {
    Fact::record(event(
        &json!({"type": "turn_aborted", "turn_id": turn_id, "reason": "interrupted"}),
    ))
}

pub(crate) fn user(turn: &str, text: &str) -> Fact {
    let item =
        json!({"type": "UserMessage", "id": "", "content": [{"type": "text", "text": text, "text_elements": []}]});
    let legacy = json!({
        "type": "user_message", "message": text, "images": [], "local_images": [], "audio": [], "local_audio": [],
        "text_elements": [],
    });
    let record = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
    Fact::item(turn, &item, &[legacy]).asked_by(&record)
}

pub(crate) fn message(turn: &str, text: &str) -> Fact {
    let item =
        json!({"type": "AgentMessage", "id": "", "content": [{"type": "Text", "text": text}], "phase": "commentary"});
    let legacy = json!({"type": "agent_message", "message": text, "phase": "commentary", "memory_citation": null});
    let record = json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
    Fact::item(turn, &item, &[legacy]).answered_by(&record)
}

pub(crate) fn reasoning(turn: &str, text: &str) -> Fact {
    let thought = format!("{text} in detail");
    let item = json!({"type": "Reasoning", "id": "", "summary_text": [text], "raw_content": [thought]});
    let legacy = [
        json!({"type": "agent_reasoning", "text": text}),
        json!({"type": "agent_reasoning_raw_content", "text": thought}),
    ];
    let record = json!({
        "type": "reasoning", "summary": [{"type": "summary_text", "text": text}],
        "content": [{"type": "reasoning_text", "text": thought}], "encrypted_content": null,
    });
    Fact::item(turn, &item, &legacy).answered_by(&record)
}

pub(crate) fn command(turn: &str, id: &str, text: &str) -> Fact {
    let item = json!({
        "type": "CommandExecution", "id": id, "command": ["echo", text], "cwd": "/srv/project", "parsed_cmd": [], "source": "agent",
        "status": "completed", "aggregated_output": text, "exit_code": 0, "duration": {"secs": 0, "nanos": 5},
    });
    let legacy = json!({
        "type": "exec_command_end", "call_id": id, "turn_id": turn, "command": ["echo", text], "cwd": "/srv/project",
        "parsed_cmd": [], "aggregated_output": text, "exit_code": 0, "duration": {"secs": 0, "nanos": 5},
    });
    let arguments = json!({"cmd": format!("echo {text}")}).to_string();
    Fact::item(turn, &item, &[legacy])
        .asked_by(&json!({"type": "function_call", "name": "exec_command", "arguments": arguments, "call_id": id}))
        .answered_by(&json!({"type": "function_call_output", "call_id": id, "output": text}))
}

pub(crate) fn patch(turn: &str, id: &str, text: &str) -> Fact {
    let changes = json!({"/srv/project/a.txt": {"type": "add", "content": text}});
    let item = json!({
        "type": "FileChange", "id": id, "changes": changes, "status": "completed", "stdout": "done", "stderr": "",
    });
    let legacy = json!({
        "type": "patch_apply_end", "call_id": id, "turn_id": turn, "stdout": "done", "stderr": "", "success": true,
        "changes": changes, "status": "completed",
    });
    Fact::item(turn, &item, &[legacy])
        .asked_by(&json!({"type": "custom_tool_call", "call_id": id, "name": "apply_patch", "input": text}))
        .answered_by(&json!({"type": "custom_tool_call_output", "call_id": id, "output": "done"}))
}

pub(crate) fn mcp(turn: &str, id: &str, text: &str) -> Fact {
    let result = json!({"content": [{"type": "text", "text": text}]});
    let item = json!({
        "type": "McpToolCall", "id": id, "server": "s", "tool": "t", "arguments": {"a": 1.50}, "status": "completed",
        "result": result, "duration": {"secs": 1, "nanos": 0},
    });
    let legacy = json!({
        "type": "mcp_tool_call_end", "call_id": id, "turn_id": turn,
        "invocation": {"server": "s", "tool": "t", "arguments": {"a": 1.50}},
        "duration": {"secs": 1, "nanos": 0}, "result": {"Ok": result},
    });
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn web(turn: &str, text: &str) -> Fact {
    let action = json!({"type": "search", "query": text});
    let item = json!({"type": "WebSearch", "id": format!("ws_{text}"), "query": text, "action": action});
    let legacy = json!({"type": "web_search_end", "call_id": format!("ws_{text}"), "query": text, "action": action});
    let record =
        json!({"type": "web_search_call", "id": format!("ws_{text}"), "status": "completed", "action": action});
    Fact::item(turn, &item, &[legacy]).answered_by(&record)
}

pub(crate) fn image(turn: &str, id: &str, text: &str) -> Fact {
    let item = json!({"type": "ImageGeneration", "id": id, "status": "completed", "result": text});
    let legacy = json!({"type": "image_generation_end", "call_id": id, "status": "completed", "result": text});
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn plan(turn: &str, id: &str, text: &str) -> Fact {
    Fact::item(turn, &json!({"type": "Plan", "id": id, "text": text}), &[])
}

pub(crate) fn sleep(turn: &str, id: &str) -> Fact {
    Fact::item(
        turn,
        &json!({"type": "Extension", "kind": "clock.sleep", "id": id, "durationMs": 5}),
        &[],
    )
}

pub(crate) fn activity(turn: &str, id: &str, text: &str) -> Fact {
    let item = json!({
        "type": "SubAgentActivity", "model": null, "reasoning_effort": null, "id": id, "kind": "started",
        "agent_thread_id": THREAD, "agent_path": text,
    });
    let legacy = json!({
        "type": "sub_agent_activity", "event_id": id, "occurred_at_ms": NOW_MS, "agent_thread_id": THREAD,
        "agent_path": text, "kind": "started",
    });
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn view(turn: &str, id: &str, text: &str) -> Fact {
    let item = json!({"type": "ImageView", "id": id, "path": text});
    Fact::item(
        turn,
        &item,
        &[json!({"type": "view_image_tool_call", "call_id": id, "path": text})],
    )
}

pub(crate) fn dynamic(turn: &str, id: &str, text: &str) -> Fact {
    let item = json!({
        "type": "DynamicToolCall", "id": id, "tool": text, "arguments": {}, "status": "completed", "content_items": [],
        "success": true,
    });
    let legacy = json!({
        "type": "dynamic_tool_call_response", "call_id": id, "turn_id": turn, "tool": text, "arguments": {},
        "content_items": [], "success": true,
    });
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn collab(turn: &str, id: &str, text: &str) -> Fact {
    let item = json!({
        "type": "CollabAgentToolCall", "id": id, "tool": "close_agent", "status": "completed", "sender_thread_id": THREAD,
        "receiver_thread_ids": [text], "receiver_agents": [], "agents_states": {text: "shutdown"},
    });
    let legacy = json!({
        "type": "collab_close_end", "call_id": id, "sender_thread_id": THREAD, "receiver_thread_id": text,
        "status": "shutdown",
    });
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn hook_prompt(turn: &str, text: &str) -> Fact {
    let item = json!({"type": "HookPrompt", "id": "", "fragments": [{"text": text, "hookRunId": "h"}]});
    let element = format!("<hook_prompt hook_run_id=\"h\">{text}</hook_prompt>");
    let record = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": element}]});
    Fact::item(turn, &item, &[]).asked_by(&record)
}

pub(crate) fn compaction(turn: &str, text: &str) -> Fact {
    let item = json!({"type": "ContextCompaction", "id": ""});
    let mut fact = Fact::item(turn, &item, &[json!({"type": "context_compacted"})]);
    let history = json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}]);
    fact.before.push(raw(
        "compacted",
        &json!({"message": text, "replacement_history": history}),
    ));
    fact
}

pub(crate) fn enter_review(turn: &str, text: &str) -> Fact {
    let target = json!({"type": "custom", "instructions": text});
    let item = json!({"type": "EnteredReviewMode", "id": "", "target": target, "user_facing_hint": text});
    let legacy = json!({"type": "entered_review_mode", "target": target, "user_facing_hint": text, "turn_id": turn});
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn exit_review(turn: &str, text: &str) -> Fact {
    let output = json!({
        "findings": [], "overall_correctness": "ok", "overall_explanation": text, "overall_confidence_score": 0.50,
    });
    let item = json!({"type": "ExitedReviewMode", "id": "", "review_output": output});
    let legacy = json!({"type": "exited_review_mode", "turn_id": turn, "review_output": output});
    Fact::item(turn, &item, &[legacy])
}

pub(crate) fn token_count() -> Fact {
    Fact::record(event(
        &json!({"type": "token_count", "info": null, "rate_limits": null}),
    ))
}

pub(crate) fn delta(text: &str) -> Fact {
    Fact::record(event(&json!({"type": "agent_message_content_delta", "delta": text})))
}
