//! `thread/resume` (`app-server-api.md` 3.2).
//!
//! Wire types only. Joining a thread that is loaded already ignores the settings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::common::{SortDirection, TurnItemsView, absolute_paths};
use super::settings::{
    AnsweredSettings, ApprovalsReviewer, AskForApproval, CollaborationMode, Personality, SandboxMode, ThreadEventStyle,
};
use super::thread::Thread;
use super::turn::ThreadTurnsListResponse;
use crate::log::RawJson;

/// Parameters of `thread/resume`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadResumeParams {
    /// The thread; without meaning where `history` or `path` name another one.
    pub thread_id: String,
    /// Responses items that a new thread starts with.
    pub history: Option<Vec<RawJson>>,
    /// Rollout to resume instead.
    pub path: Option<String>,
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
    /// Base instructions.
    pub base_instructions: Option<String>,
    /// Instructions of the developer.
    pub developer_instructions: Option<String>,
    /// Tone.
    pub personality: Option<Personality>,
    /// Leaves the turns out of the answer.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub exclude_turns: bool,
    /// Answers with a page of turns as well.
    pub initial_turns_page: Option<ThreadResumeInitialTurnsPageParams>,
    /// In which form items will be appended; an addition of this project.
    pub event_style: Option<ThreadEventStyle>,
}

/// Which page of turns an answer carries; as in `thread/turns/list`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadResumeInitialTurnsPageParams {
    /// Page size.
    pub limit: Option<u32>,
    /// Direction; newest first by default.
    pub sort_direction: Option<SortDirection>,
    /// How much of the items; a summary by default.
    pub items_view: Option<TurnItemsView>,
}

/// Result of `thread/resume`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadResumeResponse {
    /// The thread, with its turns unless they were left out.
    pub thread: Thread,
    /// Its settings.
    #[serde(flatten)]
    pub settings: AnsweredSettings,
    /// How user and agent work together.
    pub collaboration_mode: Option<CollaborationMode>,
    /// The page of turns that was asked for.
    pub initial_turns_page: Option<ThreadTurnsListResponse>,
    /// Starts `thread/turns/list` at the newest turn; null for legacy threads and without turns.
    pub turns_backwards_cursor: Option<String>,
    /// Starts `thread/items/list` at the newest item; null for legacy threads and without items.
    pub items_backwards_cursor: Option<String>,
}
