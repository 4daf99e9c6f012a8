//! Stored form of the items that are tool calls (format 4).
//!
//! Struct definitions, and the decoding of the extension kinds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::stored::{AgentStatus, CallToolResult, FileChanges, ParsedCommand, StoredDuration, StoredWebSearchAction};
use super::stored_enums::{
    StoredCollabStatus, StoredCollabTool, StoredCommandSource, StoredCommandStatus, StoredDynamicStatus,
    StoredPatchStatus,
};
use super::turn_item::members;
use super::wire_tools::{
    DynamicToolCallOutputContentItem, ImageGenerationFailure, ImageGenerationInputImage, McpAppUi, McpToolCallError,
    McpToolCallStatus, SubAgentActivityKind, WebSearchAction,
};
use crate::log::{LineError, RawJson};

/// A command that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandExecutionItem {
    /// Item id; the call id.
    pub id: String,
    /// Plugin that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_id: Option<String>,
    /// Script of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_path: Option<String>,
    /// Terminal session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Working directory: a file URI, or a plain path in old files.
    pub cwd: String,
    /// What the command does.
    #[serde(default)]
    pub parsed_cmd: Vec<ParsedCommand>,
    /// Who ran it.
    #[serde(default)]
    pub source: StoredCommandSource,
    /// Text written to a running session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction_input: Option<String>,
    /// State.
    pub status: StoredCommandStatus,
    /// Standard output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// Standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// Both, as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregated_output: Option<String>,
    /// Exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<StoredDuration>,
    /// Text that the model saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted_output: Option<String>,
}

/// A call of a tool that the client provides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicToolCallItem {
    /// Item id; the call id.
    pub id: String,
    /// Namespace of the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the tool.
    pub tool: String,
    /// Arguments as written.
    pub arguments: RawJson,
    /// State.
    pub status: StoredDynamicStatus,
    /// Result parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_items: Option<Vec<DynamicToolCallOutputContentItem>>,
    /// Whether the tool succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<StoredDuration>,
}

/// A call of a collaboration tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabAgentToolCallItem {
    /// Item id; the call id.
    pub id: String,
    /// Which tool.
    pub tool: StoredCollabTool,
    /// State.
    pub status: StoredCollabStatus,
    /// Thread that called.
    pub sender_thread_id: String,
    /// Threads that were called.
    #[serde(default)]
    pub receiver_thread_ids: Vec<String>,
    /// The same, with names.
    #[serde(default)]
    pub receiver_agents: Vec<CollabReceiver>,
    /// Text for the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Model of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Effort of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// State of each agent.
    #[serde(default)]
    pub agents_states: BTreeMap<String, AgentStatus>,
}

/// An agent that was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabReceiver {
    /// Its thread.
    pub thread_id: String,
    /// Its nickname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_nickname: Option<String>,
    /// Its role.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "agent_type")]
    pub agent_role: Option<String>,
}

/// Something that a sub-agent did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubAgentActivityItem {
    /// Model of the agent (0.169).
    #[serde(default)]
    pub model: Option<String>,
    /// Effort of the agent (0.169).
    #[serde(default)]
    pub reasoning_effort: Option<String>,
    /// Item id.
    pub id: String,
    /// What it did.
    pub kind: SubAgentActivityKind,
    /// Its thread.
    pub agent_thread_id: String,
    /// Its path.
    pub agent_path: String,
}

/// A web search that the model's provider ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSearchItem {
    /// Item id.
    pub id: String,
    /// What was searched.
    pub query: String,
    /// What was done; not known while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<StoredWebSearchAction>,
    /// Results as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<RawJson>>,
}

/// An image that the agent looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageViewItem {
    /// Item id; the call id.
    pub id: String,
    /// A file URI, or a plain path in old files.
    pub path: String,
}

/// An image that the model's provider made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageGenerationItem {
    /// Item id.
    pub id: String,
    /// State as the provider names it.
    pub status: String,
    /// Prompt that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revised_prompt: Option<String>,
    /// The image in base64.
    pub result: String,
    /// Whether the background is transparent; legacy events only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transparent_background: Option<bool>,
    /// Why there is no image; legacy events only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ImageGenerationFailure>,
    /// Where the image was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_path: Option<String>,
}

/// An item of a built-in extension; the body is camelCase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind")]
pub enum ExtensionItem {
    /// A generated image.
    #[serde(rename = "image_gen.generation")]
    ImageGeneration(Box<ExtensionImage>),
    /// A pause.
    #[serde(rename = "clock.sleep")]
    Sleep(ExtensionSleep),
    /// A web search.
    #[serde(rename = "web.search")]
    WebSearch(ExtensionWebSearch),
}

impl ExtensionItem {
    /// Decodes the body of a stored `Extension` item.
    ///
    /// # Errors
    /// `UnknownKind` for an unknown kind, `Shape` for a malformed body.
    pub fn decode(raw: &RawValue) -> Result<Self, LineError> {
        let kind = crate::log::member_text(raw, "kind").ok_or(LineError::Missing("item.kind"))?;
        let path = format!("Extension/{kind}");
        Ok(match kind.as_ref() {
            "image_gen.generation" => Self::ImageGeneration(members(raw.get(), &path)?),
            "clock.sleep" => Self::Sleep(members(raw.get(), &path)?),
            "web.search" => Self::WebSearch(members(raw.get(), &path)?),
            _ => {
                return Err(LineError::UnknownKind {
                    kind: format!("item_completed/{path}"),
                });
            }
        })
    }

    /// Returns the item's id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::ImageGeneration(item) => &item.id,
            Self::Sleep(item) => &item.id,
            Self::WebSearch(item) => &item.id,
        }
    }
}

/// A generated image of the image extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionImage {
    /// Item id.
    pub id: String,
    /// State as the extension names it.
    pub status: String,
    /// Prompt that was used.
    #[serde(default)]
    pub revised_prompt: Option<String>,
    /// The image in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Whether the background is transparent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transparent_background: Option<bool>,
    /// Why there is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ImageGenerationFailure>,
    /// Where the image was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_path: Option<String>,
    /// Images that it was made from (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_images: Option<Vec<ImageGenerationInputImage>>,
    /// Id of the generation (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation_id: Option<String>,
    /// Id of the uploaded image, instead of `result` (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// A pause of the clock extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionSleep {
    /// Item id; the call id.
    pub id: String,
    /// Length of the pause.
    pub duration_ms: u64,
}

/// A search of the web extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionWebSearch {
    /// Item id.
    pub id: String,
    /// What was searched.
    pub query: String,
    /// What was done.
    #[serde(default)]
    pub action: Option<WebSearchAction>,
    /// Results as written.
    #[serde(default)]
    pub results: Option<Vec<RawJson>>,
}

/// Changed files of one patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChangeItem {
    /// Item id; the call id.
    pub id: String,
    /// Changes by path.
    pub changes: FileChanges,
    /// Outcome; absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StoredPatchStatus>,
    /// Whether nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_approved: Option<bool>,
    /// Standard output of the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// Standard error of the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
}

/// A call of an MCP tool; the only stored item with camelCase names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct McpToolCallItem {
    /// Item id; the call id.
    pub id: String,
    /// MCP server.
    pub server: String,
    /// Tool of the server.
    pub tool: String,
    /// Arguments as written.
    #[serde(default = "RawJson::null")]
    pub arguments: RawJson,
    /// Connector behind the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// Resource with a user interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_app_resource_uri: Option<String>,
    /// Link of the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// Name of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// Name of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_name: Option<String>,
    /// Plugin that brought the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_id: Option<String>,
    /// Whether the tool says that it only reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// User interface of the result (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_app_ui: Option<McpAppUi>,
    /// State.
    pub status: McpToolCallStatus,
    /// What the tool returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<CallToolResult>,
    /// Why it returned nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<McpToolCallError>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<StoredDuration>,
}
