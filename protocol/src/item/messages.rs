//! Stored form of the items that are messages or marks in the conversation (format 4).
//!
//! Struct definitions only.

use serde::{Deserialize, Serialize};

use super::review::{ReviewOutput, ReviewTarget};
use super::stored::StoredUserInput;
use super::wire::{
    AgentMessageDelivery, AgentMessageModeration, AsyncUserInputQuestion, HookPromptFragment, MemoryCitationEntry,
    MessagePhase,
};
use crate::log::RawJson;
use crate::log::tagged::known_word;

/// What the user said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMessageItem {
    /// Item id.
    pub id: String,
    /// Id that the client gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Parts in order.
    pub content: Vec<StoredUserInput>,
}

/// Text that a hook put before the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookPromptItem {
    /// Item id.
    pub id: String,
    /// Parts in order.
    pub fragments: Vec<HookPromptFragment>,
}

/// What the agent said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentMessageItem {
    /// Item id.
    pub id: String,
    /// Text parts in order.
    pub content: Vec<AgentMessagePart>,
    /// Commentary or answer.
    #[serde(default, deserialize_with = "known_word", skip_serializing_if = "Option::is_none")]
    pub phase: Option<MessagePhase>,
    /// Memories that the text cites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_citation: Option<StoredMemoryCitation>,
    /// How it was delivered.
    #[serde(default, deserialize_with = "known_word", skip_serializing_if = "Option::is_none")]
    pub delivery: Option<AgentMessageDelivery>,
    /// Moderation verdict (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<AgentMessageModeration>,
    /// Questions to the user (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<AsyncUserInputQuestion>>,
}

/// One text part of an agent message; `Text` is the only stored tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentMessagePart {
    /// Stored tag of the part.
    #[serde(rename = "type")]
    pub tag: AgentMessagePartTag,
    /// The text.
    pub text: String,
}

/// Stored tag of an agent message part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentMessagePartTag {
    /// Text.
    Text,
}

impl AgentMessagePart {
    /// Makes a text part.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            tag: AgentMessagePartTag::Text,
            text: text.into(),
        }
    }
}

/// Memories that a message cites, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredMemoryCitation {
    /// Cited places.
    #[serde(default)]
    pub entries: Vec<MemoryCitationEntry>,
    /// Threads that the memories come from.
    #[serde(default, alias = "rollout_ids")]
    pub rollout_ids: Vec<String>,
}

/// Output that was put into the conversation without a call (0.169).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCallOutputItem {
    /// Item id.
    pub id: String,
    /// Name of the function.
    pub name: String,
    /// Namespace of the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Text or content parts, as written.
    pub output: RawJson,
}

/// A proposed plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Item id.
    pub id: String,
    /// The plan.
    pub text: String,
}

/// What the model thought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasoningItem {
    /// Item id.
    pub id: String,
    /// Summaries in order.
    pub summary_text: Vec<String>,
    /// Raw thoughts in order.
    #[serde(default)]
    pub raw_content: Vec<String>,
}

/// A review began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnteredReviewModeItem {
    /// Item id.
    pub id: String,
    /// What is reviewed; not known for items made from very old events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ReviewTarget>,
    /// Text to show for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_facing_hint: Option<String>,
}

/// A review ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitedReviewModeItem {
    /// Item id.
    pub id: String,
    /// What it found.
    #[serde(default)]
    pub review_output: Option<ReviewOutput>,
}

/// The conversation was compacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextCompactionItem {
    /// Item id.
    pub id: String,
}
