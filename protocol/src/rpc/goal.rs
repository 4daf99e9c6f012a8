//! Goals of threads (`app-server-api.md` 3.20).
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::codex_database::CodexDatabaseNotice;
use super::common::double_option;

/// What a thread is to achieve, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoal {
    /// The thread.
    pub thread_id: String,
    /// What is to be achieved.
    pub objective: String,
    /// How it stands.
    pub status: ThreadGoalStatus,
    /// Tokens that it may use.
    pub token_budget: Option<i64>,
    /// Tokens that it has used.
    pub tokens_used: i64,
    /// Seconds spent on it.
    pub time_used_seconds: i64,
    /// When it was made, Unix seconds.
    pub created_at: i64,
    /// When it was last changed, Unix seconds.
    pub updated_at: i64,
}

/// How a goal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadGoalStatus {
    /// Pursued.
    Active,
    /// Put aside.
    Paused,
    /// Cannot go on.
    Blocked,
    /// Stopped by a limit of the account.
    UsageLimited,
    /// Stopped by its own budget.
    BudgetLimited,
    /// Achieved.
    Complete,
}

/// Who changes a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadGoalMutationOrigin {
    /// The user.
    User,
    /// A program.
    Automatic,
}

/// Parameters of `thread/goal/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalSetParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// What is to be achieved; absent keeps.
    #[ts(optional = nullable)]
    pub objective: Option<String>,
    /// How it stands; absent keeps.
    #[ts(optional = nullable)]
    pub status: Option<ThreadGoalStatus>,
    /// Tokens that it may use: absent keeps, null lifts the limit.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number | null")]
    pub token_budget: Option<Option<i64>>,
    /// Who changes it; makes no difference here.
    #[ts(optional = nullable)]
    pub origin: Option<ThreadGoalMutationOrigin>,
}

/// Result of `thread/goal/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalSetResponse {
    /// The goal after the change.
    pub goal: ThreadGoal,
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}

/// Parameters of `thread/goal/get`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalGetParams {
    /// The thread, loaded or not.
    pub thread_id: String,
}

/// Result of `thread/goal/get`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalGetResponse {
    /// The goal, if the thread has one.
    pub goal: Option<ThreadGoal>,
}

/// Parameters of `thread/goal/clear`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadGoalClearParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// Who clears it; makes no difference here.
    pub origin: Option<ThreadGoalMutationOrigin>,
}

/// Result of `thread/goal/clear`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalClearResponse {
    /// Whether there was a goal.
    pub cleared: bool,
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}

/// Content of `thread/goal/updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalUpdatedNotification {
    /// The thread.
    pub thread_id: String,
    /// The turn that worked on it; null for changes from outside.
    pub turn_id: Option<String>,
    /// The goal.
    pub goal: ThreadGoal,
}

/// Content of `thread/goal/cleared`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadGoalClearedNotification {
    /// The thread that has no goal.
    pub thread_id: String,
}
