//! What is said in a turn: messages, reasoning, plans, reviews, compactions.
//!
//! Texts come from the caller, so that a test can find them again.

use serde_json::json;

use super::fact::{Fact, Record, Turn};

impl Turn {
    /// The user says something.
    pub fn user(&self, text: &str) -> Fact {
        let item =
            json!({"type": "UserMessage", "id": "", "content": [{"type": "text", "text": text, "text_elements": []}]});
        let legacy = json!({
            "type": "user_message", "message": text, "images": [], "local_images": [], "audio": [], "local_audio": [],
            "text_elements": [],
        });
        let record = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
        self.item(&item, vec![legacy]).asked_by(record)
    }

    /// The agent says something.
    pub fn message(&self, text: &str) -> Fact {
        let item = json!({
            "type": "AgentMessage", "id": "", "content": [{"type": "Text", "text": text}], "phase": "commentary",
        });
        let legacy = json!({"type": "agent_message", "message": text, "phase": "commentary", "memory_citation": null});
        let record =
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
        self.item(&item, vec![legacy]).answered_by(record)
    }

    /// The agent thinks.
    pub fn reasoning(&self, text: &str) -> Fact {
        let thought = format!("{text} in detail");
        let item = json!({"type": "Reasoning", "id": "", "summary_text": [text], "raw_content": [thought]});
        let legacy = vec![
            json!({"type": "agent_reasoning", "text": text}),
            json!({"type": "agent_reasoning_raw_content", "text": thought}),
        ];
        let record = json!({
            "type": "reasoning", "summary": [{"type": "summary_text", "text": text}],
            "content": [{"type": "reasoning_text", "text": thought}], "encrypted_content": null,
        });
        self.item(&item, legacy).answered_by(record)
    }

    /// The agent makes a plan.
    pub fn plan(&self, id: &str, text: &str) -> Fact {
        self.item(&json!({"type": "Plan", "id": id, "text": text}), Vec::new())
    }

    /// A hook speaks up.
    pub fn hook_prompt(&self, text: &str) -> Fact {
        let item = json!({"type": "HookPrompt", "id": "", "fragments": [{"text": text, "hookRunId": "h"}]});
        let element = format!("<hook_prompt hook_run_id=\"h\">{text}</hook_prompt>");
        let record = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": element}]});
        self.item(&item, Vec::new()).asked_by(record)
    }

    /// The history is compacted.
    pub fn compaction(&self, text: &str) -> Fact {
        let item = json!({"type": "ContextCompaction", "id": ""});
        let history = json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}]);
        let mut fact = self.item(&item, vec![json!({"type": "context_compacted"})]);
        fact.before.push(Record {
            kind: "compacted",
            payload: json!({"message": text, "replacement_history": history}),
        });
        fact
    }

    /// A review begins; in the legacy form this is what begins the turn.
    pub fn enter_review(&self, text: &str) -> Fact {
        let target = json!({"type": "custom", "instructions": text});
        let item = json!({"type": "EnteredReviewMode", "id": "", "target": target, "user_facing_hint": text});
        let legacy = json!({
            "type": "entered_review_mode", "target": target, "user_facing_hint": text, "turn_id": self.turn_id,
        });
        self.item(&item, vec![legacy])
    }

    /// A review ends.
    pub fn exit_review(&self, text: &str) -> Fact {
        let output = json!({
            "findings": [], "overall_correctness": "ok", "overall_explanation": text, "overall_confidence_score": 0.50,
        });
        let item = json!({"type": "ExitedReviewMode", "id": "", "review_output": output});
        let legacy = json!({"type": "exited_review_mode", "turn_id": self.turn_id, "review_output": output});
        self.item(&item, vec![legacy])
    }
}
