//! Record kinds that do not show in history (format 2.6 to 2.10).
//!
//! Typed as far as their shape is established; the rest stays as written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::event::TokenUsage;
use super::head::member_text;
use super::raw_json::RawJson;

/// Payload of a `world_state` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldState {
    /// Whether this is a new baseline and not a patch.
    #[serde(default)]
    pub full: bool,
    /// Sections as written.
    pub state: RawJson,
}

/// Payload of an `inter_agent_communication` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterAgentCommunication {
    /// Id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Path of the writing agent.
    pub author: String,
    /// Path of the reading agent.
    pub recipient: String,
    /// Paths of further readers.
    #[serde(default)]
    pub other_recipients: Vec<String>,
    /// The text.
    #[serde(default)]
    pub content: String,
    /// The text, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_content: Option<String>,
    /// Stamp of the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_chat_message_metadata_passthrough: Option<RawJson>,
    /// Whether it starts a turn.
    #[serde(default)]
    pub trigger_turn: bool,
}

/// Payload of an `inter_agent_communication_metadata` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterAgentCommunicationMetadata {
    /// Whether the message starts a turn.
    #[serde(default)]
    pub trigger_turn: bool,
}

/// Payload of a `security_risk_score` line; scores keep their text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityRiskScore {
    /// Score by name, as written.
    pub scores: RawJson,
    /// When it was taken (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled_at: Option<RawJson>,
}

/// Payload of a `token_usage_record` line (0.169).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsageRecord {
    /// Thread.
    pub thread_id: String,
    /// Turn.
    pub turn_id: String,
    /// Session.
    #[serde(default)]
    pub session_id: Option<String>,
    /// Turn at the root of the agent tree.
    #[serde(default)]
    pub root_turn_id: Option<String>,
    /// Response.
    #[serde(default)]
    pub response_id: Option<String>,
    /// Tokens of this response.
    pub usage: TokenUsage,
    /// Tokens of the turn so far.
    pub turn_token_usage: TokenUsage,
    /// Tokens of the thread so far.
    pub thread_token_usage: TokenUsage,
}

/// Payload of a `dynamic_tools_updated` line (0.169, known by name only).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicToolsUpdated {
    /// Thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The new tools as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<RawJson>,
}

/// Payload of a `realtime_item` line (0.169, known by name only); kept as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RealtimeItem(pub RawJson);

impl RealtimeItem {
    /// Returns the kind of the entry.
    #[must_use]
    pub fn tag(&self) -> Option<Cow<'_, str>> {
        member_text(self.0.as_raw(), "type")
    }

    /// Returns the id of the entry.
    #[must_use]
    pub fn id(&self) -> Option<Cow<'_, str>> {
        member_text(self.0.as_raw(), "id")
    }
}

/// Payload of a `retained_context` line, e.g. a verified answer of the user (0.169); kept as
/// written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetainedContext(pub RawJson);
