//! The list of Responses item kinds and their decoding.
//!
//! Unknown kinds decode to `Other`; the retired `ghost_snapshot` decodes to a kind of its own that
//! every consumer drops.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::kinds::{
    CompactionCall, ContextCompactionCall, CustomToolCall, CustomToolCallOutput, FunctionCall, FunctionCallOutput,
    ImageGenerationCall, LocalShellCall, ResponseAgentMessage, ResponseMessage, ResponseReasoning, ToolSearchCall,
    ToolSearchOutput, WebSearchCall,
};
use crate::log::error::LineError;
use crate::log::head::{member_text, payload_tag};
use crate::log::raw_json::RawJson;

/// One Responses item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are the kinds of format 3.3")]
pub enum ResponseItem {
    Message(ResponseMessage),
    AgentMessage(ResponseAgentMessage),
    Reasoning(ResponseReasoning),
    LocalShellCall(LocalShellCall),
    FunctionCall(FunctionCall),
    FunctionCallOutput(FunctionCallOutput),
    CustomToolCall(CustomToolCall),
    CustomToolCallOutput(CustomToolCallOutput),
    ToolSearchCall(ToolSearchCall),
    ToolSearchOutput(ToolSearchOutput),
    WebSearchCall(WebSearchCall),
    ImageGenerationCall(ImageGenerationCall),
    Compaction(CompactionCall),
    ContextCompaction(ContextCompactionCall),
    /// Retired; dropped wherever it is found.
    GhostSnapshot,
    /// Tools put before the model, as written.
    #[serde(untagged)]
    AdditionalTools(RawJson),
    /// A request to compact, as written.
    #[serde(untagged)]
    CompactionTrigger(RawJson),
    /// A change of the model's configuration, as written (0.169).
    #[serde(untagged)]
    ConfigurationUpdate(RawJson),
    /// A kind that we do not know, as written.
    #[serde(untagged)]
    Other(RawJson),
}

/// A Responses item with the metadata that stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseLine {
    /// The item.
    pub item: ResponseItem,
    /// Metadata as written (format 2.11).
    pub metadata: Option<RawJson>,
}

impl ResponseItem {
    /// Decodes the payload of a `response_item` line, or a bare item.
    ///
    /// # Errors
    /// `Missing` without a `type`, `Shape` for malformed members of a known kind.
    pub fn decode(payload: &RawValue) -> Result<Self, LineError> {
        let tag = payload_tag(payload).ok_or(LineError::Missing("payload.type"))?;
        let text = payload.get();
        Ok(match tag.as_ref() {
            "message" => Self::Message(members(text, &tag)?),
            "agent_message" => Self::AgentMessage(members(text, &tag)?),
            "reasoning" => Self::Reasoning(members(text, &tag)?),
            "local_shell_call" => Self::LocalShellCall(members(text, &tag)?),
            "function_call" => Self::FunctionCall(members(text, &tag)?),
            "function_call_output" => Self::FunctionCallOutput(members(text, &tag)?),
            "custom_tool_call" => Self::CustomToolCall(members(text, &tag)?),
            "custom_tool_call_output" => Self::CustomToolCallOutput(members(text, &tag)?),
            "tool_search_call" => Self::ToolSearchCall(members(text, &tag)?),
            "tool_search_output" => Self::ToolSearchOutput(members(text, &tag)?),
            "web_search_call" => Self::WebSearchCall(members(text, &tag)?),
            "image_generation_call" => Self::ImageGenerationCall(members(text, &tag)?),
            "compaction" | "compaction_summary" => Self::Compaction(members(text, &tag)?),
            "context_compaction" => Self::ContextCompaction(members(text, &tag)?),
            "ghost_snapshot" => Self::GhostSnapshot,
            "additional_tools" => Self::AdditionalTools(payload.into()),
            "compaction_trigger" => Self::CompactionTrigger(payload.into()),
            "configuration_update" => Self::ConfigurationUpdate(payload.into()),
            _ => Self::Other(payload.into()),
        })
    }

    /// Returns the item's own id, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<Cow<'_, str>> {
        let id = match self {
            Self::Message(item) => &item.id,
            Self::AgentMessage(item) => &item.id,
            Self::Reasoning(item) => &item.id,
            Self::LocalShellCall(item) => &item.id,
            Self::FunctionCall(item) => &item.id,
            Self::FunctionCallOutput(item) => &item.id,
            Self::CustomToolCall(item) => &item.id,
            Self::CustomToolCallOutput(item) => &item.id,
            Self::ToolSearchCall(item) => &item.id,
            Self::ToolSearchOutput(item) => &item.id,
            Self::WebSearchCall(item) => &item.id,
            Self::ImageGenerationCall(item) => &item.id,
            Self::Compaction(item) => &item.id,
            Self::ContextCompaction(item) => &item.id,
            Self::AdditionalTools(raw)
            | Self::CompactionTrigger(raw)
            | Self::ConfigurationUpdate(raw)
            | Self::Other(raw) => return member_text(raw.as_raw(), "id"),
            Self::GhostSnapshot => return None,
        };
        id.as_deref().map(Cow::Borrowed)
    }

    /// Returns the prefix of the ids that writers give to items of this kind (format 3.4).
    ///
    /// `None` for kinds that never get an id.
    #[must_use]
    pub fn id_prefix(&self) -> Option<&'static str> {
        Some(match self {
            Self::Message(_) => "msg",
            Self::AgentMessage(_) => "amsg",
            Self::Reasoning(_) => "rs",
            Self::LocalShellCall(_) => "lsh",
            Self::FunctionCall(_) => "fc",
            Self::FunctionCallOutput(_) => "fco",
            Self::CustomToolCall(_) => "ctc",
            Self::CustomToolCallOutput(_) => "ctco",
            Self::ToolSearchCall(_) => "tsc",
            Self::ToolSearchOutput(_) => "tso",
            Self::WebSearchCall(_) => "ws",
            Self::ImageGenerationCall(_) => "ig",
            Self::Compaction(_) | Self::ContextCompaction(_) => "cmp",
            Self::AdditionalTools(_) => "at",
            Self::CompactionTrigger(_) | Self::ConfigurationUpdate(_) | Self::Other(_) | Self::GhostSnapshot => {
                return None;
            }
        })
    }

    /// Returns the turn that is stamped into the item (format 3.4).
    #[must_use]
    pub fn stamped_turn_id(&self) -> Option<Cow<'_, str>> {
        let stamp = match self {
            Self::Message(item) => &item.stamp,
            Self::AgentMessage(item) => &item.stamp,
            Self::Reasoning(item) => &item.stamp,
            Self::LocalShellCall(item) => &item.stamp,
            Self::FunctionCall(item) => &item.stamp,
            Self::FunctionCallOutput(item) => &item.stamp,
            Self::CustomToolCall(item) => &item.stamp,
            Self::CustomToolCallOutput(item) => &item.stamp,
            Self::ToolSearchCall(item) => &item.stamp,
            Self::ToolSearchOutput(item) => &item.stamp,
            Self::WebSearchCall(item) => &item.stamp,
            Self::ImageGenerationCall(item) => &item.stamp,
            Self::Compaction(item) => &item.stamp,
            Self::ContextCompaction(item) => &item.stamp,
            Self::AdditionalTools(_)
            | Self::CompactionTrigger(_)
            | Self::ConfigurationUpdate(_)
            | Self::Other(_)
            | Self::GhostSnapshot => return None,
        };
        member_text(stamp.as_ref()?.as_raw(), "turn_id")
    }
}

fn members<'a, T: Deserialize<'a>>(text: &'a str, tag: &str) -> Result<T, LineError> {
    serde_json::from_str(text).map_err(|source| LineError::Shape {
        kind: format!("response_item/{tag}"),
        source,
    })
}
