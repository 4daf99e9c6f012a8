//! What surrounds a conversation: turn context, settings, token counts, compaction, goals, reviews.

use serde_json::{Value, json};

use super::{builder::RolloutBuilder, header::Mode};

/// Token counts of one model answer and of the thread so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Tokens of the last answer.
    pub last: u64,
    /// Tokens of the thread.
    pub total: u64,
}

impl RolloutBuilder {
    /// The settings of the open turn.
    pub fn turn_context(&mut self) -> &mut Self {
        let turn_id = self.turn_id().map(str::to_owned);
        let (cwd, model) = (self.header.cwd.clone(), self.header.model.clone());
        self.record(
            "turn_context",
            json!({
                "turn_id": turn_id,
                "root_turn_id": turn_id,
                "disabled_plugin_ids": [],
                "cwd": cwd,
                "approval_policy": "never",
                "approvals_reviewer": "user",
                "permission_profile": { "type": "disabled" },
                "model": model,
                "collaboration_mode": {
                    "mode": "default",
                    "settings": { "model": model, "reasoning_effort": null, "developer_instructions": null },
                },
                "multi_agent_version": "v1",
                "realtime_active": false,
                "summary": "none",
                "sandbox_policy": { "type": "danger-full-access" },
            }),
        )
    }

    /// The settings that a client applied; Codex writes one into each fork.
    pub fn settings_applied(&mut self, model: &str) -> &mut Self {
        let (thread_id, cwd) = (self.header.thread_id.clone(), self.header.cwd.clone());
        let provider = self.header.model_provider.clone();
        self.event(json!({
            "type": "thread_settings_applied",
            "thread_id": thread_id,
            "thread_settings": {
                "model": model,
                "model_provider_id": provider,
                "approval_policy": "never",
                "approvals_reviewer": "user",
                "requested_approvals_reviewer": "user",
                "permission_profile": { "type": "disabled" },
                "cwd": cwd,
                "runtime_workspace_roots": [cwd],
                "collaboration_mode": {
                    "mode": "default",
                    "settings": { "model": model, "reasoning_effort": null, "developer_instructions": null },
                },
                "disabled_plugin_ids": [],
            },
        }))
    }

    /// A `world_state` baseline, which no history shows.
    pub fn world_state(&mut self) -> &mut Self {
        let cwd = self.header.cwd.clone();
        let environments =
            json!({ "environments": { "local": { "cwd": cwd, "status": "available", "shell": "bash" } } });
        self.record(
            "world_state",
            json!({ "full": true, "state": { "agents_md": {}, "environments": environments } }),
        )
    }

    /// A `token_count` event.
    pub fn token_count(&mut self, usage: Usage) -> &mut Self {
        self.event(json!({
            "type": "token_count",
            "info": {
                "total_token_usage": token_usage(usage.total),
                "last_token_usage": token_usage(usage.last),
                "last_usage_includes_reasoning": false,
                "model_context_window": 258_400,
            },
            "rate_limits": {
                "limit_id": "codex",
                "limit_name": null,
                "primary": { "used_percent": 12.5, "window_minutes": 300, "resets_at": 1_772_460_000 },
                "secondary": null,
                "credits": null,
                "individual_limit": null,
                "spend_control_reached": null,
                "plan_type": null,
                "rate_limit_reached_type": null,
            },
        }))
    }

    /// A compaction: the record, and the event or item that shows it.
    pub fn compact(&mut self, message: &str) -> &mut Self {
        let window_id = self.new_id();
        let item_id = self.new_id();
        self.record(
            "compacted",
            json!({
                "message": message,
                "replacement_history": [{
                    "type": "message",
                    "role": "user",
                    "content": [{ "type": "input_text", "text": message }],
                }],
                "window_number": 1,
                "window_id": window_id,
            }),
        );
        match self.mode() {
            Mode::Bare => self,
            Mode::Legacy => self.event(json!({ "type": "context_compacted" })),
            Mode::Paginated => self.item(json!({ "type": "ContextCompaction", "id": item_id })),
        }
    }

    /// A goal of the thread.
    pub fn goal(&mut self, objective: &str) -> &mut Self {
        let (thread_id, at) = (self.header.thread_id.clone(), self.now_ms / 1000);
        self.event(json!({
            "type": "thread_goal_updated",
            "threadId": thread_id,
            "goal": {
                "threadId": thread_id,
                "objective": objective,
                "status": "active",
                "tokenBudget": 50_000,
                "tokensUsed": 0,
                "timeUsedSeconds": 0,
                "createdAt": at,
                "updatedAt": at,
            },
        }))
    }

    /// The beginning of a review in the open turn.
    pub fn enter_review(&mut self, hint: &str) -> &mut Self {
        let target = json!({ "type": "custom", "instructions": hint });
        let item_id = self.new_id();
        self.last_item_id.clone_from(&item_id);
        if self.mode() == Mode::Paginated {
            return self.item(json!({
                "type": "EnteredReviewMode",
                "id": item_id,
                "target": target,
                "user_facing_hint": hint,
            }));
        }
        let turn_id = self.turn_id().map(str::to_owned);
        self.event(json!({
            "type": "entered_review_mode",
            "target": target,
            "user_facing_hint": hint,
            "turn_id": turn_id,
            "item_id": item_id,
        }))
    }

    /// The end of a review with its output (`null` where the reviewer failed).
    pub fn exit_review(&mut self, review_output: &Value) -> &mut Self {
        let item_id = self.new_id();
        self.last_item_id.clone_from(&item_id);
        if self.mode() == Mode::Paginated {
            return self.item(json!({
                "type": "ExitedReviewMode",
                "id": item_id,
                "review_output": review_output,
            }));
        }
        let turn_id = self.turn_id().map(str::to_owned);
        self.event(json!({
            "type": "exited_review_mode",
            "turn_id": turn_id,
            "item_id": item_id,
            "review_output": review_output,
        }))
    }

    /// A later copy of the header, as a metadata update of a legacy thread writes it.
    pub fn metadata_update(&mut self, memory_mode: &str) -> &mut Self {
        let mut meta = self.header.session_meta();
        if let Some(meta) = meta.as_object_mut() {
            meta.insert("memory_mode".into(), json!(memory_mode));
        }
        self.record("session_meta", meta)
    }
}

fn token_usage(total: u64) -> Value {
    json!({
        "input_tokens": total - total / 10,
        "cached_input_tokens": total / 20,
        "cache_write_input_tokens": 0,
        "output_tokens": total / 10,
        "reasoning_output_tokens": total / 40,
        "total_tokens": total,
    })
}
