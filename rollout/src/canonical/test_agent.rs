//! An agent for the tests: makes records from JSON and shows what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_protocol::log::{HistoryMode, RawJson};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CanonicalError, CanonicalOptions, Canonicalizer, DurableBatch, EventStyle, IdSource, LiveEvent, RawItem};

/// The thread of the tests.
pub(super) const THREAD: &str = "019caf1a-1400-7000-8000-00000000abcd";
/// The time of the tests.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;

/// Counts.
#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl IdSource for Counter {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

/// The n-th id that the agent of a test is given.
pub(super) fn uuid(number: u64) -> String {
    format!("01920000-0000-7000-8000-{number:012x}")
}

pub(super) fn options(mode: HistoryMode, style: EventStyle) -> CanonicalOptions {
    CanonicalOptions {
        event_style: style,
        ..CanonicalOptions::new(THREAD.parse().expect("the id is an id"), mode)
    }
}

pub(super) fn agent(mode: HistoryMode, style: EventStyle) -> Canonicalizer {
    Canonicalizer::new(options(mode, style), Arc::new(Counter::default()))
}

/// An agent with the turn `t1` open.
pub(super) fn agent_in_turn(mode: HistoryMode, style: EventStyle) -> Canonicalizer {
    let mut agent = agent(mode, style);
    take(&mut agent, &[started("t1")]);
    agent
}

pub(super) fn raw(kind: &str, payload: &Value) -> RawItem {
    RawItem::new(kind, RawJson::of(payload).expect("a value serialises"))
}

pub(super) fn event(payload: Value) -> RawItem {
    raw("event_msg", &payload)
}

pub(super) fn response(payload: Value) -> RawItem {
    raw("response_item", &payload)
}

pub(super) fn started(turn_id: &str) -> RawItem {
    event(json!({"type": "task_started", "turn_id": turn_id, "model_context_window": null}))
}

pub(super) fn complete(turn_id: &str) -> RawItem {
    event(json!({"type": "task_complete", "turn_id": turn_id, "last_agent_message": null}))
}

/// An `item_completed` of the turn `t1`.
pub(super) fn completed(item: Value) -> RawItem {
    event(json!({
        "type": "item_completed", "thread_id": THREAD, "turn_id": "t1", "item": item, "completed_at_ms": 5,
    }))
}

pub(super) fn agent_item(id: &str, text: &str) -> RawItem {
    completed(json!({"type": "AgentMessage", "id": id, "content": [{"type": "Text", "text": text}]}))
}

pub(super) fn agent_event(text: &str) -> RawItem {
    event(json!({"type": "agent_message", "message": text, "phase": null, "memory_citation": null}))
}

pub(super) fn reasoning_event(text: &str) -> RawItem {
    event(json!({"type": "agent_reasoning", "text": text}))
}

pub(super) fn assistant(text: &str) -> RawItem {
    response(json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}))
}

pub(super) fn take(agent: &mut Canonicalizer, batch: &[RawItem]) -> DurableBatch {
    agent.canonicalize(batch, NOW_MS).expect("the batch is good")
}

pub(super) fn refuse(agent: &mut Canonicalizer, batch: &[RawItem]) -> CanonicalError {
    agent.canonicalize(batch, NOW_MS).expect_err("the batch is bad")
}

/// The error with all its causes.
pub(super) fn told(error: &CanonicalError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The payloads of the lines.
pub(super) fn payloads(batch: &DurableBatch) -> Vec<Value> {
    let payload = |line: &super::DurableLine| line.payload.parse().expect("a payload is JSON");
    batch.lines.iter().map(payload).collect()
}

/// The kinds of the lines, short.
pub(super) fn kinds(batch: &DurableBatch) -> Vec<String> {
    let kind = |line: &super::DurableLine| {
        let payload: Value = line.payload.parse().expect("a payload is JSON");
        let tag = payload["item"]["type"].as_str().or(payload["type"].as_str());
        tag.unwrap_or(line.item.kind()).to_owned()
    };
    batch.lines.iter().map(kind).collect()
}

/// The completed items that subscribers are told: id and kind.
pub(super) fn told_items(batch: &DurableBatch) -> Vec<(super::LiveId, &'static str)> {
    let told = |live: &LiveEvent| match live {
        LiveEvent::Completed(item) => Some((item.id.clone(), item.item.kind().as_str())),
        LiveEvent::Line(_) | LiveEvent::Started(_) => None,
    };
    batch.live.iter().filter_map(told).collect()
}
