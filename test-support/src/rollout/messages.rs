//! What is said: user and agent messages, reasoning, plans, hook prompts.

use serde_json::{Value, json};

use super::{builder::RolloutBuilder, header::Mode};

/// The phase of an agent message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not stated.
    Unstated,
    /// Said along the way.
    Commentary,
    /// The answer of the turn.
    FinalAnswer,
}

impl Phase {
    fn text(self) -> Option<&'static str> {
        match self {
            Self::Unstated => None,
            Self::Commentary => Some("commentary"),
            Self::FinalAnswer => Some("final_answer"),
        }
    }
}

impl RolloutBuilder {
    /// A user message, as response item and as event or item.
    pub fn user(&mut self, text: &str) -> &mut Self {
        self.message("user", text).user_event(text)
    }

    /// A user message as event or canonical item only, without its response item.
    pub fn user_event(&mut self, text: &str) -> &mut Self {
        match self.mode() {
            Mode::Bare => self,
            Mode::Legacy => self.event(json!({
                "type": "user_message",
                "message": text,
                "images": [],
                "local_images": [],
                "audio": [],
                "local_audio": [],
                "text_elements": [],
            })),
            Mode::Paginated => {
                let id = self.new_id();
                self.user_item(&id, json!([{ "type": "text", "text": text, "text_elements": [] }]))
            }
        }
    }

    /// A canonical user message with any content.
    pub fn user_item(&mut self, item_id: &str, content: Value) -> &mut Self {
        self.item(json!({ "type": "UserMessage", "id": item_id, "content": content }))
    }

    /// A message response item alone: context for the model that is no user input, or half of a message.
    pub fn message(&mut self, role: &str, text: &str) -> &mut Self {
        let id = self.new_item_id("msg");
        let part = if role == "assistant" {
            "output_text"
        } else {
            "input_text"
        };
        self.response_item(json!({
            "type": "message",
            "id": id,
            "role": role,
            "content": [{ "type": part, "text": text }],
        }))
    }

    /// The environment message that Codex puts before the first user message.
    pub fn environment_context(&mut self) -> &mut Self {
        let text = format!(
            "<environment_context>\n  <cwd>{}</cwd>\n  <shell>bash</shell>\n</environment_context>",
            self.header.cwd
        );
        self.message("user", &text)
    }

    /// An agent message without a phase.
    pub fn agent(&mut self, text: &str) -> &mut Self {
        self.agent_in_phase(text, Phase::Unstated)
    }

    /// An agent message: the event or item first, its response item behind it, as Codex orders them.
    pub fn agent_in_phase(&mut self, text: &str, phase: Phase) -> &mut Self {
        let id = self.new_item_id("msg");
        match self.mode() {
            Mode::Bare => {}
            Mode::Legacy => {
                self.event(json!({
                    "type": "agent_message",
                    "message": text,
                    "phase": phase.text(),
                    "memory_citation": null,
                }));
            }
            Mode::Paginated => {
                self.agent_item(&id, text, phase);
            }
        }
        if let Some(turn) = &mut self.turn {
            turn.last_agent_message = Some(text.to_owned());
        }
        let mut message = json!({
            "type": "message",
            "id": id,
            "role": "assistant",
            "content": [{ "type": "output_text", "text": text }],
        });
        put_optional(&mut message, "phase", phase.text().map(Value::from));
        self.response_item(message)
    }

    /// A canonical agent message alone; the same id again is a later snapshot.
    pub fn agent_item(&mut self, item_id: &str, text: &str, phase: Phase) -> &mut Self {
        let mut item = json!({ "type": "AgentMessage", "id": item_id, "content": [{ "type": "Text", "text": text }] });
        put_optional(&mut item, "phase", phase.text().map(Value::from));
        self.item(item)
    }

    /// A reasoning step: one event per part in legacy, one item in paginated, and the response item.
    pub fn reasoning(&mut self, summary: &[&str], raw: &[&str]) -> &mut Self {
        let id = self.new_item_id("rs");
        match self.mode() {
            Mode::Bare => {}
            Mode::Legacy => {
                for text in summary {
                    self.event(json!({ "type": "agent_reasoning", "text": text }));
                }
                for text in raw {
                    self.event(json!({ "type": "agent_reasoning_raw_content", "text": text }));
                }
            }
            Mode::Paginated => {
                self.item(json!({ "type": "Reasoning", "id": id, "summary_text": summary, "raw_content": raw }));
            }
        }
        let parts: Vec<Value> = summary
            .iter()
            .map(|text| json!({ "type": "summary_text", "text": text }))
            .collect();
        let content: Vec<Value> = raw
            .iter()
            .map(|text| json!({ "type": "reasoning_text", "text": text }))
            .collect();
        self.response_item(json!({
            "type": "reasoning",
            "id": id,
            "summary": parts,
            "content": if content.is_empty() { Value::Null } else { json!(content) },
            "encrypted_content": "ZW5jcnlwdGVk",
        }))
    }

    /// A proposed plan; an `item_completed` in both modes.
    pub fn plan(&mut self, text: &str) -> &mut Self {
        let id = format!("{}-plan", self.turn_id().unwrap_or("no-turn"));
        self.item(json!({ "type": "Plan", "id": id, "text": text }))
    }

    /// A prompt that a hook added: the response item, and the item where the mode has one.
    pub fn hook_prompt(&mut self, run_id: &str, text: &str) -> &mut Self {
        let wrapped = format!("<hook_prompt hook_run_id=\"{run_id}\">{text}</hook_prompt>");
        self.message("user", &wrapped);
        if self.mode() != Mode::Paginated {
            return self;
        }
        let id = self.last_item_id.clone();
        self.item(json!({ "type": "HookPrompt", "id": id, "fragments": [{ "text": text, "hookRunId": run_id }] }))
    }

    /// Any canonical item in the open turn, completed now.
    pub fn item(&mut self, item: Value) -> &mut Self {
        let turn_id = self.turn_id().unwrap_or_default().to_owned();
        self.item_in_turn(&turn_id, item)
    }

    /// Any canonical item in any turn (late or crossed snapshots), completed now.
    pub fn item_in_turn(&mut self, turn_id: &str, item: Value) -> &mut Self {
        let now_ms = self.now_ms;
        self.item_between(turn_id, item, (now_ms, now_ms))
    }

    /// Any canonical item with its start and end times.
    pub fn item_between(&mut self, turn_id: &str, item: Value, (started_ms, completed_ms): (i64, i64)) -> &mut Self {
        if let Some(id) = item.get("id").and_then(Value::as_str) {
            self.last_item_id = id.to_owned();
        }
        let thread_id = self.header.thread_id.clone();
        self.event(json!({
            "type": "item_completed",
            "thread_id": thread_id,
            "turn_id": turn_id,
            "item": item,
            "started_at_ms": started_ms,
            "completed_at_ms": completed_ms,
        }))
    }
}

/// Adds a member only where there is a value, as Codex omits absent ones.
pub(super) fn put_optional(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(key.to_owned(), value);
    }
}
