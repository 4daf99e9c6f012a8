//! Forks, reverts, the archive and deletion of threads (`app-server-api.md` 3.3, 3.12, 3.13, 3.15).
//!
//! Wire types only. Members that a server without a model has no use for are checked for their type and otherwise ignored.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::codex_database::CodexDatabaseNotice;
use super::common::absolute_paths;
use super::settings::{AnsweredSettings, ApprovalsReviewer, AskForApproval, SandboxMode, ThreadEventStyle};
use super::thread::Thread;

/// Parameters of `thread/fork`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadForkParams {
    /// The source; without meaning where `path` names another one.
    pub thread_id: String,
    /// Rollout to fork instead.
    pub path: Option<String>,
    /// Last turn that the fork begins with; it must have ended.
    pub last_turn_id: Option<String>,
    /// First turn that the fork does not begin with; excludes `lastTurnId`.
    pub before_turn_id: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Provider of the model.
    pub model_provider: Option<String>,
    /// Service tier.
    pub service_tier: Option<String>,
    /// Working directory.
    pub cwd: Option<String>,
    /// Folders that may be worked in, absolute.
    #[serde(default, deserialize_with = "absolute_paths")]
    pub runtime_workspace_roots: Option<Vec<String>>,
    /// When the user is asked.
    pub approval_policy: Option<AskForApproval>,
    /// Who decides.
    pub approvals_reviewer: Option<ApprovalsReviewer>,
    /// The sandbox.
    pub sandbox: Option<SandboxMode>,
    /// Id of a set of permissions; excludes `sandbox`.
    pub permissions: Option<String>,
    /// Overrides of the configuration.
    #[ts(type = "Record<string, unknown> | null")]
    pub config: Option<BTreeMap<String, Value>>,
    /// Base instructions; recorded.
    pub base_instructions: Option<String>,
    /// Instructions of the developer.
    pub developer_instructions: Option<String>,
    /// Keeps the fork in memory only; not offered by this server.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub ephemeral: bool,
    /// Leaves the turns out of the answer.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub exclude_turns: bool,
    /// Attaches the fork to its source, which hides it from lists.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub attach_to_source: bool,
    /// Leaves a goal alone until the next turn; without effect while there are no goals.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub defer_goal_continuation: bool,
    /// Predicts the next turn; without effect here.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub experimental_prediction_mode: bool,
    /// Predicts without servers of tools; without effect here.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub experimental_disable_prediction_mcp: bool,
    /// Free-form classification of the source; recorded, and not inherited.
    pub thread_source: Option<String>,
    /// In which form items will be appended; an addition of this project.
    pub event_style: Option<ThreadEventStyle>,
}

/// Result of `thread/fork`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadForkResponse {
    /// The fork, with its turns unless they were left out.
    pub thread: Thread,
    /// Its settings.
    #[serde(flatten)]
    pub settings: AnsweredSettings,
}

/// Parameters of `thread/revert`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadRevertParams {
    /// The thread; must be loaded.
    pub thread_id: String,
    /// First turn to be dropped.
    pub before_turn_id: String,
}

/// Result of `thread/revert`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadRevertResponse {
    /// The thread, without its turns.
    pub thread: Thread,
    /// Starts `thread/turns/list` at the newest turn; null for legacy threads and without turns.
    pub turns_backwards_cursor: Option<String>,
    /// Starts `thread/items/list` at the newest item; null for legacy threads and without items.
    pub items_backwards_cursor: Option<String>,
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}

/// Parameters of `thread/archive`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadArchiveParams {
    /// The thread, loaded or not.
    pub thread_id: String,
}

/// Result of `thread/archive`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ThreadArchiveResponse {}

/// Parameters of `thread/unarchive`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnarchiveParams {
    /// The archived thread.
    pub thread_id: String,
}

/// Result of `thread/unarchive`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnarchiveResponse {
    /// The thread, not loaded.
    pub thread: Thread,
}

/// Parameters of `thread/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadDeleteParams {
    /// The thread, loaded or not, archived or not.
    pub thread_id: String,
    /// Whether the thread is kept for `thread/trash/restore`; what the server was told when absent. An addition of this
    /// project.
    pub to_trash: Option<bool>,
}

/// Result of `thread/delete`: nothing, unless the thread was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadDeleteResponse {
    /// Names the deletion if it can be undone. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub trash_id: Option<String>,
}

/// Content of `thread/archived`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadArchivedNotification {
    /// The thread that was archived.
    pub thread_id: String,
}

/// Content of `thread/unarchived`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnarchivedNotification {
    /// The thread that was brought back.
    pub thread_id: String,
}

/// Content of `thread/deleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadDeletedNotification {
    /// The thread that is no more.
    pub thread_id: String,
}

/// Content of `thread/reverted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadRevertedNotification {
    /// The thread whose latest turns were dropped.
    pub thread_id: String,
}
