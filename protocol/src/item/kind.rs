//! The kinds under which items are served.
//!
//! Closed list with its wire names; matches on it name every kind.

use std::str::FromStr;

/// Kind of an item on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the wire names of format section 4")]
pub enum ItemKind {
    UserMessage,
    HookPrompt,
    AgentMessage,
    FunctionCallOutput,
    Plan,
    Reasoning,
    CommandExecution,
    FileChange,
    McpToolCall,
    DynamicToolCall,
    CollabAgentToolCall,
    SubAgentActivity,
    WebSearch,
    ImageView,
    Sleep,
    ImageGeneration,
    EnteredReviewMode,
    ExitedReviewMode,
    ContextCompaction,
}

/// Every item kind, in the order of the API's schema.
pub const ITEM_KINDS: [ItemKind; 19] = [
    ItemKind::UserMessage,
    ItemKind::HookPrompt,
    ItemKind::AgentMessage,
    ItemKind::FunctionCallOutput,
    ItemKind::Plan,
    ItemKind::Reasoning,
    ItemKind::CommandExecution,
    ItemKind::FileChange,
    ItemKind::McpToolCall,
    ItemKind::DynamicToolCall,
    ItemKind::CollabAgentToolCall,
    ItemKind::SubAgentActivity,
    ItemKind::WebSearch,
    ItemKind::ImageView,
    ItemKind::Sleep,
    ItemKind::ImageGeneration,
    ItemKind::EnteredReviewMode,
    ItemKind::ExitedReviewMode,
    ItemKind::ContextCompaction,
];

impl ItemKind {
    /// Returns the `type` of such an item on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserMessage => "userMessage",
            Self::HookPrompt => "hookPrompt",
            Self::AgentMessage => "agentMessage",
            Self::FunctionCallOutput => "functionCallOutput",
            Self::Plan => "plan",
            Self::Reasoning => "reasoning",
            Self::CommandExecution => "commandExecution",
            Self::FileChange => "fileChange",
            Self::McpToolCall => "mcpToolCall",
            Self::DynamicToolCall => "dynamicToolCall",
            Self::CollabAgentToolCall => "collabAgentToolCall",
            Self::SubAgentActivity => "subAgentActivity",
            Self::WebSearch => "webSearch",
            Self::ImageView => "imageView",
            Self::Sleep => "sleep",
            Self::ImageGeneration => "imageGeneration",
            Self::EnteredReviewMode => "enteredReviewMode",
            Self::ExitedReviewMode => "exitedReviewMode",
            Self::ContextCompaction => "contextCompaction",
        }
    }
}

/// The text names no item kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown item kind")]
pub struct UnknownItemKind;

impl FromStr for ItemKind {
    type Err = UnknownItemKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ITEM_KINDS
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownItemKind)
    }
}
