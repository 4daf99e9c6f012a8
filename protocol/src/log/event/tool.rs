//! Events of tool calls (format 3.2, 7.2).
//!
//! Struct definitions with the old shapes; mapping to items is done in `item::legacy`.

use serde::{Deserialize, Serialize};

use crate::item::{
    CallToolResult, DynamicToolCallOutputContentItem, FileChanges, ImageGenerationFailure, McpAppUi, ParsedCommand,
    StoredCommandSource, StoredCommandStatus, StoredDuration, StoredPatchStatus, StoredWebSearchAction,
    SubAgentActivityKind,
};
use crate::log::RawJson;

/// A patch begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchApplyBeginEvent {
    /// Call id.
    pub call_id: String,
    /// Turn id; empty in old files.
    #[serde(default)]
    pub turn_id: String,
    /// Whether nobody was asked.
    #[serde(default)]
    pub auto_approved: bool,
    /// Changes by path.
    #[serde(default)]
    pub changes: FileChanges,
}

/// A patch ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchApplyEndEvent {
    /// Call id.
    pub call_id: String,
    /// Turn id; empty in old files.
    #[serde(default)]
    pub turn_id: String,
    /// Standard output of the tool.
    #[serde(default)]
    pub stdout: String,
    /// Standard error of the tool.
    #[serde(default)]
    pub stderr: String,
    /// Whether it was applied.
    pub success: bool,
    /// Changes by path.
    #[serde(default)]
    pub changes: FileChanges,
    /// Outcome; old files have `success` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StoredPatchStatus>,
}

/// The user is asked whether a patch may be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyPatchApprovalRequestEvent {
    /// Call id.
    pub call_id: String,
    /// Turn id; empty in old files.
    #[serde(default)]
    pub turn_id: String,
    /// Changes by path.
    #[serde(default)]
    pub changes: FileChanges,
}

/// What an MCP call asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpInvocation {
    /// Server.
    pub server: String,
    /// Tool.
    pub tool: String,
    /// Arguments as written.
    #[serde(default)]
    pub arguments: Option<RawJson>,
}

/// An MCP call begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpToolCallBeginEvent {
    /// Call id.
    pub call_id: String,
    /// Turn id (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// What is called.
    pub invocation: McpInvocation,
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
}

/// An MCP call ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpToolCallEndEvent {
    /// Call id.
    pub call_id: String,
    /// Turn id (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// What was called.
    pub invocation: McpInvocation,
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
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "mcpAppUi")]
    pub mcp_app_ui: Option<McpAppUi>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<StoredDuration>,
    /// What it returned.
    pub result: McpResult,
}

/// What an MCP call returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum McpResult {
    /// A result of the tool, which may itself report a failure.
    Ok(CallToolResult),
    /// The call failed.
    Err(String),
}

/// A web search begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSearchBeginEvent {
    /// Call id.
    pub call_id: String,
}

/// A web search ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSearchEndEvent {
    /// Call id.
    pub call_id: String,
    /// What was searched.
    #[serde(default)]
    pub query: String,
    /// What was done; very old files have the query only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<StoredWebSearchAction>,
    /// Results as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<RawJson>>,
}

/// An image generation begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageGenerationBeginEvent {
    /// Call id.
    pub call_id: String,
}

/// An image generation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageGenerationEndEvent {
    /// Call id.
    pub call_id: String,
    /// State as the provider names it.
    pub status: String,
    /// Prompt that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revised_prompt: Option<String>,
    /// The image in base64.
    #[serde(default)]
    pub result: String,
    /// Whether the background is transparent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transparent_background: Option<bool>,
    /// Why there is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ImageGenerationFailure>,
    /// Where the image was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_path: Option<String>,
}

/// A sub-agent did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubAgentActivityEvent {
    /// Model of the agent (0.169).
    #[serde(default)]
    pub model: Option<String>,
    /// Effort of the agent (0.169).
    #[serde(default)]
    pub reasoning_effort: Option<String>,
    /// Id of the item.
    pub event_id: String,
    /// When; 0 means unknown.
    #[serde(default)]
    pub occurred_at_ms: i64,
    /// Thread of the agent.
    pub agent_thread_id: String,
    /// Path of the agent.
    pub agent_path: String,
    /// What it did.
    pub kind: SubAgentActivityKind,
}

/// A command begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecCommandBeginEvent {
    /// Call id.
    pub call_id: String,
    /// Plugin that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_id: Option<String>,
    /// Script of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_path: Option<String>,
    /// Terminal session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
    /// Turn id; missing in old files.
    #[serde(default)]
    pub turn_id: String,
    /// When it began; 0 means unknown.
    #[serde(default)]
    pub started_at_ms: i64,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Working directory: a file URI, or a plain path in old files.
    pub cwd: String,
    /// What the command does.
    #[serde(default)]
    pub parsed_cmd: Vec<ParsedCommand>,
    /// Who runs it.
    #[serde(default)]
    pub source: StoredCommandSource,
    /// Text written to a running session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction_input: Option<String>,
}

/// A command ends; very old files have only the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecCommandEndEvent {
    /// Call id.
    pub call_id: String,
    /// Plugin that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_id: Option<String>,
    /// Script of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_path: Option<String>,
    /// Terminal session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
    /// Turn id; missing in old files.
    #[serde(default)]
    pub turn_id: String,
    /// When it began; 0 means unknown.
    #[serde(default)]
    pub started_at_ms: i64,
    /// When it ended; 0 means unknown.
    #[serde(default)]
    pub completed_at_ms: i64,
    /// Program and arguments.
    #[serde(default)]
    pub command: Vec<String>,
    /// Working directory: a file URI, or a plain path in old files.
    #[serde(default)]
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
    /// Standard output.
    #[serde(default)]
    pub stdout: String,
    /// Standard error.
    #[serde(default)]
    pub stderr: String,
    /// Both, as they came.
    #[serde(default)]
    pub aggregated_output: String,
    /// Exit code.
    pub exit_code: i32,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<StoredDuration>,
    /// Text that the model saw.
    #[serde(default)]
    pub formatted_output: String,
    /// Outcome; old files have the exit code only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StoredCommandStatus>,
}

/// The agent looked at an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewImageToolCallEvent {
    /// Call id.
    pub call_id: String,
    /// A file URI or a plain path.
    pub path: String,
}

/// A tool of the client is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicToolCallRequestEvent {
    /// Call id.
    #[serde(alias = "callId")]
    pub call_id: String,
    /// Turn id.
    #[serde(default, alias = "turnId")]
    pub turn_id: String,
    /// Namespace of the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the tool.
    pub tool: String,
    /// Arguments as written.
    #[serde(default = "RawJson::null")]
    pub arguments: RawJson,
}

/// A tool of the client answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicToolCallResponseEvent {
    /// Call id.
    #[serde(alias = "callId")]
    pub call_id: String,
    /// Turn id.
    #[serde(default, alias = "turnId")]
    pub turn_id: String,
    /// Namespace of the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the tool.
    pub tool: String,
    /// Arguments as written.
    #[serde(default = "RawJson::null")]
    pub arguments: RawJson,
    /// Result parts.
    #[serde(default, alias = "contentItems")]
    pub content_items: Vec<DynamicToolCallOutputContentItem>,
    /// Whether the tool succeeded.
    pub success: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<StoredDuration>,
}

/// A guardian judged an action; retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardianAssessmentEvent {
    /// Id of the assessment.
    #[serde(default)]
    pub id: String,
    /// Item that the action belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_item_id: Option<String>,
    /// Turn id.
    #[serde(default)]
    pub turn_id: String,
    /// `in_progress`, `approved`, `denied`, `aborted`, `timed_out`; others mean nothing to us.
    #[serde(default)]
    pub status: String,
    /// The action as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<RawJson>,
    /// Unix milliseconds; 0 means unknown.
    #[serde(default)]
    pub started_at_ms: i64,
    /// Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at_ms: Option<i64>,
}
