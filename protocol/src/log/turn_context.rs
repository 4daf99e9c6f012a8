//! `turn_context`: the settings under which a turn ran (format 2.4).
//!
//! Only what thread metadata needs is typed; policies stay as written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::head::member_text;
use super::raw_json::RawJson;

/// Payload of a `turn_context` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnContext {
    /// Turn; absent in old files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Turn at the root of the agent tree (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_turn_id: Option<String>,
    /// Plugins that are off (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_plugin_ids: Option<Vec<String>>,
    /// Working directory.
    pub cwd: String,
    /// Roots of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_roots: Option<Vec<String>>,
    /// Date as the model sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_date: Option<String>,
    /// Time zone as the model sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// When to ask; a word or an object.
    pub approval_policy: RawJson,
    /// Who is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals_reviewer: Option<RawJson>,
    /// What is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission_profile: Option<RawJson>,
    /// Name of what is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_permission_profile: Option<RawJson>,
    /// Allowed and denied domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<RawJson>,
    /// Rules for files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_system_sandbox_policy: Option<RawJson>,
    /// Model.
    pub model: String,
    /// Compaction compatibility hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comp_hash: Option<String>,
    /// Access program (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cyber_access_program: Option<RawJson>,
    /// Personality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personality: Option<RawJson>,
    /// Mode of working together; very old files have the settings beside `mode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collaboration_mode: Option<RawJson>,
    /// Version of the agent tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_agent_version: Option<RawJson>,
    /// Mode of the agent tools; legacy only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_agent_mode: Option<RawJson>,
    /// Whether voice is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realtime_active: Option<bool>,
    /// Reasoning effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Reasoning summary; for compatibility only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<RawJson>,
    /// What commands may touch; very old files name the kind `mode`.
    pub sandbox_policy: RawJson,
}

impl TurnContext {
    /// Returns the approval policy as text: the word, or the object's JSON. The retired word
    /// `on-failure` reads as `on-request`.
    #[must_use]
    pub fn approval_policy_text(&self) -> Cow<'_, str> {
        match self.approval_policy.as_text() {
            Some(word) if word == "on-failure" => Cow::Borrowed("on-request"),
            Some(word) => word,
            None => Cow::Borrowed(self.approval_policy.get()),
        }
    }

    /// Returns the kind of the sandbox policy.
    #[must_use]
    pub fn sandbox_kind(&self) -> Option<Cow<'_, str>> {
        let policy = self.sandbox_policy.as_raw();
        member_text(policy, "type").or_else(|| member_text(policy, "mode"))
    }
}
