//! Canonical items as paginated rollouts store them (format 4).
//!
//! Decoding and encoding of the stored form only; the served form is in `wire`, the mapping in
//! `convert`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::kind::ItemKind;
use super::messages::{
    AgentMessageItem, ContextCompactionItem, EnteredReviewModeItem, ExitedReviewModeItem, FunctionCallOutputItem,
    HookPromptItem, PlanItem, ReasoningItem, UserMessageItem,
};
use super::tools::{
    CollabAgentToolCallItem, CommandExecutionItem, DynamicToolCallItem, ExtensionItem, FileChangeItem,
    ImageGenerationItem, ImageViewItem, McpToolCallItem, SubAgentActivityItem, WebSearchItem,
};
use crate::log::LineError;

/// A completed item in its stored form.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
#[expect(
    missing_docs,
    reason = "the variants are the stored tags; each payload is documented"
)]
pub enum TurnItem {
    UserMessage(UserMessageItem),
    HookPrompt(HookPromptItem),
    AgentMessage(AgentMessageItem),
    FunctionCallOutput(FunctionCallOutputItem),
    Plan(PlanItem),
    Reasoning(ReasoningItem),
    CommandExecution(Box<CommandExecutionItem>),
    DynamicToolCall(Box<DynamicToolCallItem>),
    CollabAgentToolCall(Box<CollabAgentToolCallItem>),
    SubAgentActivity(SubAgentActivityItem),
    WebSearch(WebSearchItem),
    ImageView(ImageViewItem),
    ImageGeneration(ImageGenerationItem),
    Extension(ExtensionItem),
    EnteredReviewMode(EnteredReviewModeItem),
    ExitedReviewMode(ExitedReviewModeItem),
    FileChange(FileChangeItem),
    McpToolCall(Box<McpToolCallItem>),
    ContextCompaction(ContextCompactionItem),
}

impl TurnItem {
    /// Decodes a stored item.
    ///
    /// # Errors
    /// `UnknownKind` for an unknown tag or extension kind, `Shape` for malformed members.
    pub fn decode(raw: &RawValue) -> Result<Self, LineError> {
        let tag = crate::log::payload_tag(raw).ok_or(LineError::Missing("item.type"))?;
        let text = raw.get();
        Ok(match tag.as_ref() {
            "UserMessage" => Self::UserMessage(members(text, &tag)?),
            "HookPrompt" => Self::HookPrompt(members(text, &tag)?),
            "AgentMessage" => Self::AgentMessage(members(text, &tag)?),
            "FunctionCallOutput" => Self::FunctionCallOutput(members(text, &tag)?),
            "Plan" => Self::Plan(members(text, &tag)?),
            "Reasoning" => Self::Reasoning(members(text, &tag)?),
            "CommandExecution" => Self::CommandExecution(members(text, &tag)?),
            "DynamicToolCall" => Self::DynamicToolCall(members(text, &tag)?),
            "CollabAgentToolCall" => Self::CollabAgentToolCall(members(text, &tag)?),
            "SubAgentActivity" => Self::SubAgentActivity(members(text, &tag)?),
            "WebSearch" => Self::WebSearch(members(text, &tag)?),
            "ImageView" => Self::ImageView(members(text, &tag)?),
            "ImageGeneration" => Self::ImageGeneration(members(text, &tag)?),
            "Extension" => Self::Extension(ExtensionItem::decode(raw)?),
            "EnteredReviewMode" => Self::EnteredReviewMode(members(text, &tag)?),
            "ExitedReviewMode" => Self::ExitedReviewMode(members(text, &tag)?),
            "FileChange" => Self::FileChange(members(text, &tag)?),
            "McpToolCall" => Self::McpToolCall(members(text, &tag)?),
            "ContextCompaction" => Self::ContextCompaction(members(text, &tag)?),
            unknown => {
                return Err(LineError::UnknownKind {
                    kind: format!("item_completed/{unknown}"),
                });
            }
        })
    }

    /// Returns the item's id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::UserMessage(item) => &item.id,
            Self::HookPrompt(item) => &item.id,
            Self::AgentMessage(item) => &item.id,
            Self::FunctionCallOutput(item) => &item.id,
            Self::Plan(item) => &item.id,
            Self::Reasoning(item) => &item.id,
            Self::CommandExecution(item) => &item.id,
            Self::DynamicToolCall(item) => &item.id,
            Self::CollabAgentToolCall(item) => &item.id,
            Self::SubAgentActivity(item) => &item.id,
            Self::WebSearch(item) => &item.id,
            Self::ImageView(item) => &item.id,
            Self::ImageGeneration(item) => &item.id,
            Self::Extension(item) => item.id(),
            Self::EnteredReviewMode(item) => &item.id,
            Self::ExitedReviewMode(item) => &item.id,
            Self::FileChange(item) => &item.id,
            Self::McpToolCall(item) => &item.id,
            Self::ContextCompaction(item) => &item.id,
        }
    }

    /// Replaces the item's id.
    pub fn set_id(&mut self, id: String) {
        let slot = match self {
            Self::UserMessage(item) => &mut item.id,
            Self::HookPrompt(item) => &mut item.id,
            Self::AgentMessage(item) => &mut item.id,
            Self::FunctionCallOutput(item) => &mut item.id,
            Self::Plan(item) => &mut item.id,
            Self::Reasoning(item) => &mut item.id,
            Self::CommandExecution(item) => &mut item.id,
            Self::DynamicToolCall(item) => &mut item.id,
            Self::CollabAgentToolCall(item) => &mut item.id,
            Self::SubAgentActivity(item) => &mut item.id,
            Self::WebSearch(item) => &mut item.id,
            Self::ImageView(item) => &mut item.id,
            Self::ImageGeneration(item) => &mut item.id,
            Self::Extension(ExtensionItem::ImageGeneration(item)) => &mut item.id,
            Self::Extension(ExtensionItem::Sleep(item)) => &mut item.id,
            Self::Extension(ExtensionItem::WebSearch(item)) => &mut item.id,
            Self::EnteredReviewMode(item) => &mut item.id,
            Self::ExitedReviewMode(item) => &mut item.id,
            Self::FileChange(item) => &mut item.id,
            Self::McpToolCall(item) => &mut item.id,
            Self::ContextCompaction(item) => &mut item.id,
        };
        *slot = id;
    }

    /// Returns the kind under which the item is served.
    #[must_use]
    pub fn kind(&self) -> ItemKind {
        match self {
            Self::UserMessage(_) => ItemKind::UserMessage,
            Self::HookPrompt(_) => ItemKind::HookPrompt,
            Self::AgentMessage(_) => ItemKind::AgentMessage,
            Self::FunctionCallOutput(_) => ItemKind::FunctionCallOutput,
            Self::Plan(_) => ItemKind::Plan,
            Self::Reasoning(_) => ItemKind::Reasoning,
            Self::CommandExecution(_) => ItemKind::CommandExecution,
            Self::DynamicToolCall(_) => ItemKind::DynamicToolCall,
            Self::CollabAgentToolCall(_) => ItemKind::CollabAgentToolCall,
            Self::SubAgentActivity(_) => ItemKind::SubAgentActivity,
            Self::WebSearch(_) | Self::Extension(ExtensionItem::WebSearch(_)) => ItemKind::WebSearch,
            Self::ImageView(_) => ItemKind::ImageView,
            Self::ImageGeneration(_) | Self::Extension(ExtensionItem::ImageGeneration(_)) => ItemKind::ImageGeneration,
            Self::Extension(ExtensionItem::Sleep(_)) => ItemKind::Sleep,
            Self::EnteredReviewMode(_) => ItemKind::EnteredReviewMode,
            Self::ExitedReviewMode(_) => ItemKind::ExitedReviewMode,
            Self::FileChange(_) => ItemKind::FileChange,
            Self::McpToolCall(_) => ItemKind::McpToolCall,
            Self::ContextCompaction(_) => ItemKind::ContextCompaction,
        }
    }
}

/// An item whose tag is its first member, read together with what it stands in: in one pass.
///
/// Every other item is an error here, and so are the kinds whose members depend on more than the tag; [`TurnItem::decode`]
/// reads those.
#[derive(Debug)]
pub(crate) struct TagFirst(pub(crate) TurnItem);

impl<'de> Deserialize<'de> for TagFirst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TagFirstVisitor).map(Self)
    }
}

struct TagFirstVisitor;

impl<'de> Visitor<'de> for TagFirstVisitor {
    type Value = TurnItem;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item that begins with its tag")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TurnItem, A::Error> {
        // Borrowed texts have no escapes: only what is written plainly is recognised.
        if map.next_key::<&'de str>()? != Some("type") {
            return Err(A::Error::missing_field("type"));
        }
        let tag: &'de str = map.next_value()?;
        let rest = MapAccessDeserializer::new(map);
        Ok(match tag {
            "UserMessage" => TurnItem::UserMessage(Deserialize::deserialize(rest)?),
            "HookPrompt" => TurnItem::HookPrompt(Deserialize::deserialize(rest)?),
            "AgentMessage" => TurnItem::AgentMessage(Deserialize::deserialize(rest)?),
            "FunctionCallOutput" => TurnItem::FunctionCallOutput(Deserialize::deserialize(rest)?),
            "Plan" => TurnItem::Plan(Deserialize::deserialize(rest)?),
            "Reasoning" => TurnItem::Reasoning(Deserialize::deserialize(rest)?),
            "CommandExecution" => TurnItem::CommandExecution(Deserialize::deserialize(rest)?),
            "DynamicToolCall" => TurnItem::DynamicToolCall(Deserialize::deserialize(rest)?),
            "CollabAgentToolCall" => TurnItem::CollabAgentToolCall(Deserialize::deserialize(rest)?),
            "SubAgentActivity" => TurnItem::SubAgentActivity(Deserialize::deserialize(rest)?),
            "WebSearch" => TurnItem::WebSearch(Deserialize::deserialize(rest)?),
            "ImageView" => TurnItem::ImageView(Deserialize::deserialize(rest)?),
            "ImageGeneration" => TurnItem::ImageGeneration(Deserialize::deserialize(rest)?),
            "EnteredReviewMode" => TurnItem::EnteredReviewMode(Deserialize::deserialize(rest)?),
            "ExitedReviewMode" => TurnItem::ExitedReviewMode(Deserialize::deserialize(rest)?),
            "FileChange" => TurnItem::FileChange(Deserialize::deserialize(rest)?),
            "McpToolCall" => TurnItem::McpToolCall(Deserialize::deserialize(rest)?),
            "ContextCompaction" => TurnItem::ContextCompaction(Deserialize::deserialize(rest)?),
            other => return Err(A::Error::custom(format_args!("{other} is not read in one pass"))),
        })
    }
}

pub(super) fn members<'a, T: Deserialize<'a>>(text: &'a str, tag: &str) -> Result<T, LineError> {
    serde_json::from_str(text).map_err(|source| LineError::Shape {
        kind: format!("item_completed/{tag}"),
        source,
    })
}
