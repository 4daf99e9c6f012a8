//! Items as they are served (api 2.3).
//!
//! Nullable members are always written; the few that format 13.4 names are left out when absent.
//! No mapping here; see `convert`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::kind::ItemKind;
use super::wire::{
    AgentMessageDelivery, AgentMessageModeration, AsyncUserInputQuestion, CommandAction, FileUpdateChange,
    HookPromptFragment, MemoryCitation, MessagePhase, UserInput,
};
use super::wire_tools::{
    CollabAgentState, CollabAgentTool, CollabAgentToolCallStatus, CommandExecutionSource, CommandExecutionStatus,
    DynamicToolCallOutputContentItem, DynamicToolCallStatus, ImageGenerationFailure, ImageGenerationInputImage,
    McpAppUi, McpToolCallAppContext, McpToolCallError, McpToolCallResult, McpToolCallStatus, PatchApplyStatus,
    SubAgentActivityKind, WebSearchAction,
};
use crate::log::RawJson;
use crate::log::tagged::tagged_deserialize;

/// One item of a turn as it is served.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
#[expect(missing_docs, reason = "the variants are the wire tags; each payload is documented")]
pub enum ThreadItem {
    UserMessage(UserMessageThreadItem),
    HookPrompt(HookPromptThreadItem),
    AgentMessage(AgentMessageThreadItem),
    FunctionCallOutput(FunctionCallOutputThreadItem),
    Plan(PlanThreadItem),
    Reasoning(ReasoningThreadItem),
    CommandExecution(Box<CommandExecutionThreadItem>),
    FileChange(FileChangeThreadItem),
    McpToolCall(Box<McpToolCallThreadItem>),
    DynamicToolCall(Box<DynamicToolCallThreadItem>),
    CollabAgentToolCall(Box<CollabAgentToolCallThreadItem>),
    SubAgentActivity(SubAgentActivityThreadItem),
    WebSearch(WebSearchThreadItem),
    ImageView(ImageViewThreadItem),
    Sleep(SleepThreadItem),
    ImageGeneration(Box<ImageGenerationThreadItem>),
    EnteredReviewMode(ReviewModeThreadItem),
    ExitedReviewMode(ReviewModeThreadItem),
    ContextCompaction(ContextCompactionThreadItem),
}

tagged_deserialize! {
    wire ThreadItem by "type" {
        "userMessage" => UserMessage newtype,
        "hookPrompt" => HookPrompt newtype,
        "agentMessage" => AgentMessage newtype,
        "functionCallOutput" => FunctionCallOutput newtype,
        "plan" => Plan newtype,
        "reasoning" => Reasoning newtype,
        "commandExecution" => CommandExecution newtype,
        "fileChange" => FileChange newtype,
        "mcpToolCall" => McpToolCall newtype,
        "dynamicToolCall" => DynamicToolCall newtype,
        "collabAgentToolCall" => CollabAgentToolCall newtype,
        "subAgentActivity" => SubAgentActivity newtype,
        "webSearch" => WebSearch newtype,
        "imageView" => ImageView newtype,
        "sleep" => Sleep newtype,
        "imageGeneration" => ImageGeneration newtype,
        "enteredReviewMode" => EnteredReviewMode newtype,
        "exitedReviewMode" => ExitedReviewMode newtype,
        "contextCompaction" => ContextCompaction newtype,
    }
}

macro_rules! each_variant {
    ($self:expr, $item:ident => $body:expr) => {
        match $self {
            ThreadItem::UserMessage($item) => $body,
            ThreadItem::HookPrompt($item) => $body,
            ThreadItem::AgentMessage($item) => $body,
            ThreadItem::FunctionCallOutput($item) => $body,
            ThreadItem::Plan($item) => $body,
            ThreadItem::Reasoning($item) => $body,
            ThreadItem::CommandExecution($item) => $body,
            ThreadItem::FileChange($item) => $body,
            ThreadItem::McpToolCall($item) => $body,
            ThreadItem::DynamicToolCall($item) => $body,
            ThreadItem::CollabAgentToolCall($item) => $body,
            ThreadItem::SubAgentActivity($item) => $body,
            ThreadItem::WebSearch($item) => $body,
            ThreadItem::ImageView($item) => $body,
            ThreadItem::Sleep($item) => $body,
            ThreadItem::ImageGeneration($item) => $body,
            ThreadItem::EnteredReviewMode($item) => $body,
            ThreadItem::ExitedReviewMode($item) => $body,
            ThreadItem::ContextCompaction($item) => $body,
        }
    };
}

impl ThreadItem {
    /// Returns the item's id.
    #[must_use]
    pub fn id(&self) -> &str {
        each_variant!(self, item => &item.id)
    }

    /// Replaces the item's id, for views that show aliases.
    pub fn set_id(&mut self, id: String) {
        each_variant!(self, item => item.id = id);
    }

    /// Returns the item's kind.
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
            Self::FileChange(_) => ItemKind::FileChange,
            Self::McpToolCall(_) => ItemKind::McpToolCall,
            Self::DynamicToolCall(_) => ItemKind::DynamicToolCall,
            Self::CollabAgentToolCall(_) => ItemKind::CollabAgentToolCall,
            Self::SubAgentActivity(_) => ItemKind::SubAgentActivity,
            Self::WebSearch(_) => ItemKind::WebSearch,
            Self::ImageView(_) => ItemKind::ImageView,
            Self::Sleep(_) => ItemKind::Sleep,
            Self::ImageGeneration(_) => ItemKind::ImageGeneration,
            Self::EnteredReviewMode(_) => ItemKind::EnteredReviewMode,
            Self::ExitedReviewMode(_) => ItemKind::ExitedReviewMode,
            Self::ContextCompaction(_) => ItemKind::ContextCompaction,
        }
    }
}

/// An item with the times at which it began and ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TimedItem {
    /// The item.
    #[serde(flatten)]
    pub item: ThreadItem,
    /// When it began.
    pub started_at_ms: Option<i64>,
    /// When it ended.
    pub completed_at_ms: Option<i64>,
}

impl<'de> Deserialize<'de> for TimedItem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        // Two parses of the same text: a flattened Deserialize would buffer (format 6).
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Times {
            #[serde(default)]
            started_at_ms: Option<i64>,
            #[serde(default)]
            completed_at_ms: Option<i64>,
        }
        let raw = RawJson::deserialize(deserializer)?;
        let item = raw.parse().map_err(Error::custom)?;
        let Times {
            started_at_ms,
            completed_at_ms,
        } = raw.parse().map_err(Error::custom)?;
        Ok(Self {
            item,
            started_at_ms,
            completed_at_ms,
        })
    }
}

/// What the user said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UserMessageThreadItem {
    /// Item id.
    pub id: String,
    /// Id that the client gave.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Parts in order.
    pub content: Vec<UserInput>,
}

/// Text that a hook put before the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct HookPromptThreadItem {
    /// Item id.
    pub id: String,
    /// Parts in order.
    pub fragments: Vec<HookPromptFragment>,
}

/// What the agent said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct AgentMessageThreadItem {
    /// Item id.
    pub id: String,
    /// All text parts, joined without separator.
    pub text: String,
    /// Commentary or answer.
    #[serde(default)]
    pub phase: Option<MessagePhase>,
    /// Moderation verdict.
    #[serde(default)]
    pub moderation: Option<AgentMessageModeration>,
    /// Memories that the text cites.
    #[serde(default)]
    pub memory_citation: Option<MemoryCitation>,
    /// How it was delivered.
    #[serde(default)]
    pub delivery: Option<AgentMessageDelivery>,
    /// Questions to the user.
    #[serde(default)]
    pub questions: Option<Vec<AsyncUserInputQuestion>>,
}

/// Output that was put into the conversation without a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct FunctionCallOutputThreadItem {
    /// Item id.
    pub id: String,
    /// Name of the function.
    pub name: String,
    /// Namespace of the function.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Text or content parts, as stored.
    pub output: RawJson,
}

/// A proposed plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct PlanThreadItem {
    /// Item id.
    pub id: String,
    /// The plan.
    pub text: String,
}

/// What the model thought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ReasoningThreadItem {
    /// Item id.
    pub id: String,
    /// Summaries in order.
    #[serde(default)]
    pub summary: Vec<String>,
    /// Raw thoughts in order.
    #[serde(default)]
    pub content: Vec<String>,
}

/// A command that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommandExecutionThreadItem {
    /// Item id.
    pub id: String,
    /// Plugin that asked for it.
    #[serde(default)]
    pub plugin_id: Option<String>,
    /// Script of the plugin.
    #[serde(default)]
    pub script_path: Option<String>,
    /// Program and arguments as one shell text, redacted.
    pub command: String,
    /// Working directory.
    pub cwd: String,
    /// Terminal session.
    #[serde(default)]
    pub process_id: Option<String>,
    /// Who ran it.
    pub source: CommandExecutionSource,
    /// State.
    pub status: CommandExecutionStatus,
    /// What the command does.
    pub command_actions: Vec<CommandAction>,
    /// Output, null when there is none.
    #[serde(default)]
    pub aggregated_output: Option<String>,
    /// Exit code.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Run time.
    #[serde(default)]
    pub duration_ms: Option<i64>,
}

/// Changed files of one patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct FileChangeThreadItem {
    /// Item id.
    pub id: String,
    /// Changes ordered by path.
    pub changes: Vec<FileUpdateChange>,
    /// Outcome.
    pub status: PatchApplyStatus,
}

/// A call of an MCP tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct McpToolCallThreadItem {
    /// Item id.
    pub id: String,
    /// MCP server.
    pub server: String,
    /// Tool of the server.
    pub tool: String,
    /// State.
    pub status: McpToolCallStatus,
    /// Arguments as stored.
    #[serde(default = "RawJson::null")]
    pub arguments: RawJson,
    /// App behind the call.
    #[serde(default)]
    pub app_context: Option<McpToolCallAppContext>,
    /// Resource with a user interface; left out when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mcp_app_resource_uri: Option<String>,
    /// User interface of the result.
    #[serde(default)]
    pub mcp_app_ui: Option<McpAppUi>,
    /// Plugin that brought the server.
    #[serde(default)]
    pub plugin_id: Option<String>,
    /// Whether the tool says that it only reads.
    #[serde(default)]
    pub read_only_hint: Option<bool>,
    /// What the tool returned.
    #[serde(default)]
    pub result: Option<McpToolCallResult>,
    /// Why it returned nothing.
    #[serde(default)]
    pub error: Option<McpToolCallError>,
    /// Run time.
    #[serde(default)]
    pub duration_ms: Option<i64>,
}

/// A call of a tool that the client provides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DynamicToolCallThreadItem {
    /// Item id.
    pub id: String,
    /// Namespace of the tool.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Name of the tool.
    pub tool: String,
    /// Arguments as stored.
    pub arguments: RawJson,
    /// State.
    pub status: DynamicToolCallStatus,
    /// Result parts.
    #[serde(default)]
    pub content_items: Option<Vec<DynamicToolCallOutputContentItem>>,
    /// Whether the tool succeeded.
    #[serde(default)]
    pub success: Option<bool>,
    /// Run time.
    #[serde(default)]
    pub duration_ms: Option<i64>,
}

/// A call of a collaboration tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CollabAgentToolCallThreadItem {
    /// Item id.
    pub id: String,
    /// Which tool.
    pub tool: CollabAgentTool,
    /// State.
    pub status: CollabAgentToolCallStatus,
    /// Thread that called.
    pub sender_thread_id: String,
    /// Threads that were called.
    pub receiver_thread_ids: Vec<String>,
    /// Text for the agent.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Model of the agent.
    #[serde(default)]
    pub model: Option<String>,
    /// Effort of the agent.
    #[serde(default)]
    pub reasoning_effort: Option<String>,
    /// State of each agent.
    pub agents_states: BTreeMap<String, CollabAgentState>,
}

/// Something that a sub-agent did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SubAgentActivityThreadItem {
    /// Item id.
    pub id: String,
    /// What it did.
    pub kind: SubAgentActivityKind,
    /// Its thread.
    pub agent_thread_id: String,
    /// Its path.
    pub agent_path: String,
    /// Its model.
    #[serde(default)]
    pub model: Option<String>,
    /// Its effort.
    #[serde(default)]
    pub reasoning_effort: Option<String>,
}

/// A web search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct WebSearchThreadItem {
    /// Item id.
    pub id: String,
    /// What was searched.
    pub query: String,
    /// What was done.
    #[serde(default)]
    pub action: Option<WebSearchAction>,
    /// Results as stored.
    #[serde(default)]
    pub results: Option<Vec<RawJson>>,
}

/// An image that the agent looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ImageViewThreadItem {
    /// Item id.
    pub id: String,
    /// Its path.
    pub path: String,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SleepThreadItem {
    /// Item id.
    pub id: String,
    /// Length of the pause.
    pub duration_ms: u64,
}

/// A generated image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageGenerationThreadItem {
    /// Item id.
    pub id: String,
    /// State as the provider names it.
    pub status: String,
    /// Prompt that was used.
    #[serde(default)]
    pub revised_prompt: Option<String>,
    /// The image in base64; left out when `fileId` stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub result: Option<String>,
    /// Id of the uploaded image; left out when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub file_id: Option<String>,
    /// Whether the background is transparent.
    #[serde(default)]
    pub transparent_background: Option<bool>,
    /// Why there is no image.
    #[serde(default)]
    pub failure: Option<ImageGenerationFailure>,
    /// Id of the generation.
    #[serde(default)]
    pub generation_id: Option<String>,
    /// Where the image was stored; left out when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub saved_path: Option<String>,
    /// Images that it was made from; left out when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub input_images: Option<Vec<ImageGenerationInputImage>>,
}

/// A review began or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ReviewModeThreadItem {
    /// Item id.
    pub id: String,
    /// Text to show.
    pub review: String,
}

/// The conversation was compacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ContextCompactionThreadItem {
    /// Item id.
    pub id: String,
}
