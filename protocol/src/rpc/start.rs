//! `thread/start` (`app-server-api.md` 3.1).
//!
//! Wire types only. Members that a server without a model has no use for are checked for their type and otherwise ignored.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::common::absolute_paths;
use super::settings::{
    AnsweredSettings, ApprovalsReviewer, AskForApproval, MultiAgentMode, Personality, SandboxMode, ThreadEventStyle,
    ThreadStartSource,
};
use super::thread::{Thread, ThreadHistoryMode};
use crate::log::RawJson;

/// Parameters of `thread/start`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadStartParams {
    /// The model.
    pub model: Option<String>,
    /// Provider of the model.
    pub model_provider: Option<String>,
    /// Take another model if the provider lacks this one.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub allow_provider_model_fallback: bool,
    /// Service tier.
    pub service_tier: Option<String>,
    /// Working directory; relative to that of the server.
    pub cwd: Option<String>,
    /// Folders that may be worked in, absolute; the working directory by default.
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
    /// Name of the service.
    pub service_name: Option<String>,
    /// Base instructions; recorded.
    pub base_instructions: Option<String>,
    /// Instructions of the developer.
    pub developer_instructions: Option<String>,
    /// Tone.
    pub personality: Option<Personality>,
    /// When others are spawned.
    pub multi_agent_mode: Option<MultiAgentMode>,
    /// Keeps the thread in memory only; not offered by this server.
    pub ephemeral: Option<bool>,
    /// How the history is stored; `paginated` by default.
    pub history_mode: Option<ThreadHistoryMode>,
    /// What started the session.
    pub session_start_source: Option<ThreadStartSource>,
    /// Free-form classification of the source; recorded.
    pub thread_source: Option<String>,
    /// Project that the thread belongs to.
    pub project_id: Option<String>,
    /// A choice of the user.
    pub daybreak_enabled: Option<bool>,
    /// Environments.
    pub environments: Option<Vec<RawJson>>,
    /// Tools of the client.
    pub dynamic_tools: Option<Vec<RawJson>>,
    /// Capabilities.
    pub selected_capability_roots: Option<Vec<RawJson>>,
    /// Does nothing, in Codex too.
    pub mock_experimental_field: Option<String>,
    /// Raw events of the model.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub experimental_raw_events: bool,
    /// In which form items will be appended; an addition of this project.
    pub event_style: Option<ThreadEventStyle>,
}

/// Result of `thread/start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadStartResponse {
    /// The thread.
    pub thread: Thread,
    /// Its settings.
    #[serde(flatten)]
    pub settings: AnsweredSettings,
}
