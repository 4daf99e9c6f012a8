//! The summary of a conversation, an old call that clients still use (`app-server-api.md` 3.24).
//!
//! Wire types only; the source is in its stored words here, unlike in a thread.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::ids::ThreadId;

/// Parameters of `getConversationSummary`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum GetConversationSummaryParams {
    /// By file.
    #[serde(rename_all = "camelCase")]
    RolloutPath {
        /// Absolute, or relative to the home.
        rollout_path: String,
    },
    /// By thread.
    #[serde(rename_all = "camelCase")]
    ThreadId {
        /// The thread.
        #[schemars(with = "String")]
        #[ts(type = "string")]
        conversation_id: ThreadId,
    },
}

/// Result of `getConversationSummary`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct GetConversationSummaryResponse {
    /// The summary.
    pub summary: ConversationSummary,
}

/// What a list of conversations shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    /// The thread.
    pub conversation_id: String,
    /// Its rollout file.
    pub path: String,
    /// First user text.
    pub preview: String,
    /// Creation, ISO 8601.
    pub timestamp: Option<String>,
    /// Last change, ISO 8601.
    pub updated_at: Option<String>,
    /// Provider of the model.
    pub model_provider: String,
    /// Working directory.
    pub cwd: String,
    /// Version of the program that recorded the thread.
    pub cli_version: String,
    /// Where the thread came from, as stored.
    #[ts(type = "unknown")]
    pub source: Value,
    /// Git state at creation.
    pub git_info: Option<ConversationGitInfo>,
}

/// Git state; its members are snake case on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ConversationGitInfo {
    /// Commit.
    pub sha: Option<String>,
    /// Branch.
    pub branch: Option<String>,
    /// Remote address.
    pub origin_url: Option<String>,
}
