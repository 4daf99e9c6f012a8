//! One thing that happens in a turn, with its Responses records and in both forms of events.
//!
//! Plain JSON; nothing here knows which of it is kept.

use serde_json::{Value, json};

use super::session::NOW_MS;

/// One record that an agent hands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Kind of the line: `event_msg`, `response_item`, ...
    pub kind: &'static str,
    /// Its payload.
    pub payload: Value,
}

impl Record {
    /// Makes an event.
    pub fn event(payload: Value) -> Self {
        let kind = "event_msg";
        Self { kind, payload }
    }

    /// Makes a Responses item.
    pub fn response(payload: Value) -> Self {
        let kind = "response_item";
        Self { kind, payload }
    }
}

/// In which form an agent emits its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As completed items.
    Canonical,
    /// As flat events.
    Legacy,
    /// As both.
    Both,
}

/// One thing that happens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fact {
    /// Records before the item.
    pub before: Vec<Record>,
    /// The item in its canonical form.
    pub canonical: Vec<Record>,
    /// The item in its legacy form; kinds without one have none.
    pub legacy: Vec<Record>,
    /// Records behind the item.
    pub after: Vec<Record>,
}

impl Fact {
    /// Makes a fact of one record that is no item.
    pub fn record(record: Record) -> Self {
        Self {
            before: vec![record],
            ..Self::default()
        }
    }

    /// Returns the records that an agent emits.
    pub fn emitted(&self, form: Form) -> Vec<Record> {
        let mut records = self.before.clone();
        // Kinds without a legacy form come in the canonical one from every agent.
        if form != Form::Legacy || self.legacy.is_empty() {
            records.extend(self.canonical.iter().cloned());
        }
        if form != Form::Canonical {
            records.extend(self.legacy.iter().cloned());
        }
        records.extend(self.after.iter().cloned());
        records
    }

    pub(super) fn asked_by(mut self, payload: Value) -> Self {
        self.before.push(Record::response(payload));
        self
    }

    pub(super) fn answered_by(mut self, payload: Value) -> Self {
        self.after.push(Record::response(payload));
        self
    }
}

/// The turn that facts happen in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The thread.
    pub thread_id: String,
    /// The turn.
    pub turn_id: String,
}

impl Turn {
    /// Names a turn of a thread.
    pub fn new(thread_id: impl ToString, turn_id: impl ToString) -> Self {
        Self {
            thread_id: thread_id.to_string(),
            turn_id: turn_id.to_string(),
        }
    }

    pub(super) fn item(&self, item: &Value, legacy: Vec<Value>) -> Fact {
        let completed = json!({
            "type": "item_completed", "thread_id": self.thread_id, "turn_id": self.turn_id, "item": item,
            "completed_at_ms": NOW_MS,
        });
        Fact {
            canonical: vec![Record::event(completed)],
            legacy: legacy.into_iter().map(Record::event).collect(),
            ..Fact::default()
        }
    }

    /// The turn begins.
    pub fn started(&self) -> Fact {
        Fact::record(Record::event(
            json!({"type": "task_started", "turn_id": self.turn_id, "model_context_window": 1000}),
        ))
    }

    /// The turn ends well.
    pub fn complete(&self) -> Fact {
        Fact::record(Record::event(
            json!({"type": "task_complete", "turn_id": self.turn_id, "last_agent_message": null}),
        ))
    }

    /// The turn is interrupted.
    pub fn aborted(&self) -> Fact {
        Fact::record(Record::event(
            json!({"type": "turn_aborted", "turn_id": self.turn_id, "reason": "interrupted"}),
        ))
    }

    /// Tokens are counted.
    pub fn token_count(&self) -> Fact {
        Fact::record(Record::event(
            json!({"type": "token_count", "info": null, "rate_limits": null}),
        ))
    }
}
