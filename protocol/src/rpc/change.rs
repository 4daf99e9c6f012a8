//! Small changes of one thread (`app-server-api.md` 3.10, 3.11, 3.14, 3.16, 3.17).
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::codex_database::CodexDatabaseNotice;
use super::common::double_option;
use super::thread::Thread;
use crate::log::RawJson;

/// Parameters of `thread/unsubscribe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnsubscribeParams {
    /// The thread.
    pub thread_id: String,
}

/// Result of `thread/unsubscribe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnsubscribeResponse {
    /// What became of the subscription.
    pub status: ThreadUnsubscribeStatus,
}

/// What became of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadUnsubscribeStatus {
    /// The thread is not loaded.
    NotLoaded,
    /// There was none.
    NotSubscribed,
    /// It has ended.
    Unsubscribed,
}

/// Parameters of `thread/inject_items`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadInjectItemsParams {
    /// The thread; must be loaded.
    pub thread_id: String,
    /// Responses items, at least one.
    pub items: Vec<RawJson>,
}

/// Result of `thread/inject_items`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ThreadInjectItemsResponse {}

/// Parameters of `thread/name/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSetNameParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// The name; blanks at both ends are removed.
    pub name: String,
}

/// Result of `thread/name/set`: nothing, but perhaps a notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSetNameResponse {
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}

/// Parameters of `thread/metadata/update`; at least one member beside the thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadMetadataUpdateParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// Changes of the git state.
    pub git_info: Option<ThreadMetadataGitInfoUpdateParams>,
    /// New project; the empty text clears it.
    pub project_id: Option<String>,
    /// A choice of the user.
    pub daybreak_enabled: Option<bool>,
}

/// Changes of a git state: absent keeps, null clears, a text sets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadMetadataGitInfoUpdateParams {
    /// Commit.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string | null")]
    pub sha: Option<Option<String>>,
    /// Branch.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string | null")]
    pub branch: Option<Option<String>>,
    /// Remote address.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string | null")]
    pub origin_url: Option<Option<String>>,
}

/// Result of `thread/metadata/update`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadMetadataUpdateResponse {
    /// The thread after the change.
    pub thread: Thread,
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}

/// Parameters of `thread/memoryMode/set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadMemoryModeSetParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// The mode.
    pub mode: ThreadMemoryMode,
}

/// Whether memories are made of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadMemoryMode {
    /// They are.
    Enabled,
    /// They are not.
    Disabled,
}

/// Result of `thread/memoryMode/set`: nothing, but perhaps a notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadMemoryModeSetResponse {
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}
