//! Events of a turn's life and of the thread's settings (format 3.2).
//!
//! Struct definitions; old shapes are read through serde aliases and defaults.

use serde::{Deserialize, Serialize};

use super::resets_at::ResetsAt;
use crate::item::StoredTurnError;
use crate::log::RawJson;

/// A turn begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStartedEvent {
    /// Where the turn came from (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_attribution: Option<TurnAttribution>,
    /// Turn id.
    pub turn_id: String,
    /// Turn at the root of the agent tree (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_turn_id: Option<String>,
    /// Trace of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Unix second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// Size of the model's context.
    #[serde(default)]
    pub model_context_window: Option<i64>,
    /// Mode of working together.
    #[serde(default)]
    pub collaboration_mode_kind: CollaborationModeKind,
}

/// Mode of working together; retired names read as `default` (format 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollaborationModeKind {
    /// Works on its own.
    #[default]
    #[serde(alias = "code", alias = "pair_programming", alias = "execute", alias = "custom")]
    Default,
    /// Plans first.
    Plan,
}

/// Where a turn came from (0.169); absent facts are written as null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnAttribution {
    /// Turn id.
    #[serde(default)]
    pub turn_id: Option<String>,
    /// What started it, as written.
    #[serde(default)]
    pub turn_trigger: Option<RawJson>,
    /// Turn of the parent agent.
    #[serde(default)]
    pub parent_turn_id: Option<String>,
    /// Agent that started it.
    #[serde(default)]
    pub initiating_agent_path: Option<String>,
    /// Turn at the root of the agent tree.
    #[serde(default)]
    pub root_turn_id: Option<String>,
}

/// A turn ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCompleteEvent {
    /// Turn at the root of the agent tree (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_turn_id: Option<String>,
    /// Turn id.
    pub turn_id: String,
    /// The agent's last message.
    #[serde(default)]
    pub last_agent_message: Option<String>,
    /// Why the turn failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StoredTurnError>,
    /// Unix second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// Unix second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<i64>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Time to the first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_first_token_ms: Option<i64>,
}

/// A turn is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnAbortedEvent {
    /// Turn at the root of the agent tree (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_turn_id: Option<String>,
    /// Turn id; null or missing in old files.
    #[serde(default)]
    pub turn_id: Option<String>,
    /// Why it was stopped.
    pub reason: AbortReason,
    /// Unix second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// Unix second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<i64>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
}

/// Why a turn was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbortReason {
    /// By the user.
    Interrupted,
    /// By a newer turn.
    Replaced,
    /// By the end of a review.
    ReviewEnded,
    /// By a budget.
    BudgetLimited,
    /// By something that a newer writer knows.
    #[serde(other)]
    Other,
}

/// Token use and rate limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCountEvent {
    /// Token use.
    #[serde(default)]
    pub info: Option<TokenUsageInfo>,
    /// Rate limits.
    #[serde(default)]
    pub rate_limits: Option<RateLimits>,
}

/// Token use of the thread and of the last response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsageInfo {
    /// All responses.
    pub total_token_usage: TokenUsage,
    /// The last response.
    pub last_token_usage: TokenUsage,
    /// Whether reasoning is counted (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_usage_includes_reasoning: Option<bool>,
    /// Size of the model's context.
    #[serde(default)]
    pub model_context_window: Option<i64>,
}

/// Numbers of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Tokens sent.
    #[serde(default)]
    pub input_tokens: i64,
    /// Of these, read from the cache.
    #[serde(default)]
    pub cached_input_tokens: i64,
    /// Of these, written to the cache.
    #[serde(default)]
    pub cache_write_input_tokens: i64,
    /// Tokens received.
    #[serde(default)]
    pub output_tokens: i64,
    /// Of these, reasoning.
    #[serde(default)]
    pub reasoning_output_tokens: i64,
    /// All.
    #[serde(default)]
    pub total_tokens: i64,
    /// Budget units; read only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codex_rollout_budget_units: Option<RawJson>,
}

/// Rate limits; what we do not use is kept as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimits {
    /// Id of the limit.
    #[serde(default)]
    pub limit_id: Option<String>,
    /// Name of the limit.
    #[serde(default)]
    pub limit_name: Option<String>,
    /// Short window.
    #[serde(default)]
    pub primary: Option<RateLimitWindow>,
    /// Long window.
    #[serde(default)]
    pub secondary: Option<RateLimitWindow>,
    /// Credits.
    #[serde(default)]
    pub credits: Option<RawJson>,
    /// Limit of one person.
    #[serde(default)]
    pub individual_limit: Option<RawJson>,
    /// Spend control.
    #[serde(default)]
    pub spend_control_reached: Option<RawJson>,
    /// Plan.
    #[serde(default)]
    pub plan_type: Option<RawJson>,
    /// Which limit is reached.
    #[serde(default)]
    pub rate_limit_reached_type: Option<RawJson>,
}

/// One window of a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimitWindow {
    /// How much is used, as written.
    pub used_percent: RawJson,
    /// Length of the window.
    #[serde(default)]
    pub window_minutes: Option<i64>,
    /// When it starts again.
    #[serde(default)]
    pub resets_at: Option<ResetsAt>,
    /// Seconds until it starts again; very old files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_in_seconds: Option<RawJson>,
}

/// The thread's goal changed; the only camelCase event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalUpdatedEvent {
    /// Thread.
    pub thread_id: String,
    /// Turn that changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// The goal.
    pub goal: ThreadGoal,
}

/// A goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoal {
    /// Thread.
    pub thread_id: String,
    /// What is to be reached.
    pub objective: String,
    /// State.
    pub status: GoalStatus,
    /// Allowed tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_budget: Option<i64>,
    /// Used tokens.
    #[serde(default)]
    pub tokens_used: i64,
    /// Used time.
    #[serde(default)]
    pub time_used_seconds: i64,
    /// Unix second.
    #[serde(default)]
    pub created_at: i64,
    /// Unix second.
    #[serde(default)]
    pub updated_at: i64,
}

/// State of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the variants are the words of format 3.2")]
pub enum GoalStatus {
    Active,
    Paused,
    Blocked,
    UsageLimited,
    BudgetLimited,
    Complete,
}

/// The last turns are removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadRolledBackEvent {
    /// How many.
    pub num_turns: u32,
}

/// Settings changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadSettingsAppliedEvent {
    /// Thread (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The settings.
    pub thread_settings: ThreadSettings,
}

/// Settings of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadSettings {
    /// Model.
    pub model: String,
    /// Provider.
    pub model_provider_id: String,
    /// Service tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<RawJson>,
    /// When to ask; a word or an object.
    pub approval_policy: RawJson,
    /// Who is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals_reviewer: Option<RawJson>,
    /// Who was to be asked (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_approvals_reviewer: Option<RawJson>,
    /// What is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission_profile: Option<RawJson>,
    /// Name of what is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_permission_profile: Option<RawJson>,
    /// Working directory.
    pub cwd: String,
    /// Roots of the workspace (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_workspace_roots: Option<Vec<String>>,
    /// Effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// Reasoning summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_summary: Option<RawJson>,
    /// Personality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personality: Option<RawJson>,
    /// Mode of working together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collaboration_mode: Option<RawJson>,
    /// Plugins that are off (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_plugin_ids: Option<Vec<String>>,
}
