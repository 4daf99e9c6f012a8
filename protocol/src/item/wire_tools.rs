//! Values that occur inside served tool calls (api 2.3).
//!
//! Names and spelling are those of Codex' JSON schema. No mapping here; see `convert`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::log::RawJson;
use crate::log::tagged::tagged_deserialize;

macro_rules! wire_words {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident ),+ $(,)? } )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
        #[serde(rename_all = "camelCase")]
        pub enum $name { $( $(#[$variant_doc])* $variant ),+ }
    )+ };
}

wire_words! {
    /// State of a command.
    CommandExecutionStatus {
        /// Running.
        InProgress,
        /// Ended with success.
        Completed,
        /// Ended without success.
        Failed,
        /// Not allowed to run.
        Declined,
    }
    /// Who ran a command.
    CommandExecutionSource {
        /// The agent.
        Agent,
        /// The user's own shell command.
        UserShell,
        /// The agent, opening a terminal session.
        UnifiedExecStartup,
        /// The agent, writing to a terminal session.
        UnifiedExecInteraction,
    }
    /// Outcome of a patch.
    PatchApplyStatus {
        /// Not known yet.
        InProgress,
        /// Applied.
        Completed,
        /// Not applied.
        Failed,
        /// Not allowed.
        Declined,
    }
    /// State of an MCP tool call; the same words are stored.
    McpToolCallStatus {
        /// Running.
        InProgress,
        /// Ended with success.
        Completed,
        /// Ended without success.
        Failed,
    }
    /// State of a dynamic tool call.
    DynamicToolCallStatus {
        /// Running.
        InProgress,
        /// Ended with success.
        Completed,
        /// Ended without success.
        Failed,
    }
    /// Collaboration tool.
    CollabAgentTool {
        /// Starts an agent.
        SpawnAgent,
        /// Sends text to an agent.
        SendInput,
        /// Continues an agent.
        ResumeAgent,
        /// Waits for agents.
        Wait,
        /// Ends an agent.
        CloseAgent,
        /// Sends a message.
        SendMessage,
        /// Gives a further task.
        FollowupTask,
        /// Interrupts an agent.
        InterruptAgent,
        /// Lists agents.
        ListAgents,
    }
    /// State of a collaboration call.
    CollabAgentToolCallStatus {
        /// Running.
        InProgress,
        /// Ended with success.
        Completed,
        /// Ended without success.
        Failed,
        /// Interrupted.
        Interrupted,
    }
    /// State of a sub-agent.
    CollabAgentStatus {
        /// Not started yet.
        PendingInit,
        /// Running.
        Running,
        /// Interrupted.
        Interrupted,
        /// Done.
        Completed,
        /// Failed.
        Errored,
        /// Shut down.
        Shutdown,
        /// No such agent.
        NotFound,
    }
    /// What a sub-agent did; the same words are stored.
    SubAgentActivityKind {
        /// It was started.
        Started,
        /// It was talked to.
        Interacted,
        /// It was interrupted.
        Interrupted,
        /// It ended.
        Completed,
    }
    /// How an MCP app wants to be shown.
    McpAppDisplayMode {
        /// Inside the conversation.
        Inline,
        /// On the whole screen.
        Fullscreen,
    }
}

/// State of a sub-agent with its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct CollabAgentState {
    /// The state.
    pub status: CollabAgentStatus,
    /// Last message, or reason of the failure.
    #[serde(default)]
    pub message: Option<String>,
}

/// App behind an MCP tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct McpToolCallAppContext {
    /// Connector.
    pub connector_id: String,
    /// Link of the connector.
    #[serde(default)]
    pub link_id: Option<String>,
    /// Resource with a user interface.
    #[serde(default)]
    pub resource_uri: Option<String>,
    /// Name of the app.
    #[serde(default)]
    pub app_name: Option<String>,
    /// Name of the action.
    #[serde(default)]
    pub action_name: Option<String>,
}

/// User interface of an MCP tool's result; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct McpAppUi {
    /// Resource to show.
    pub resource_uri: String,
    /// How to show it.
    pub preferred_model_display_mode: McpAppDisplayMode,
}

/// Why an MCP tool call returned nothing; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct McpToolCallError {
    /// The reason.
    pub message: String,
}

/// What an MCP tool returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct McpToolCallResult {
    /// Content blocks.
    pub content: Vec<RawJson>,
    /// Structured result beside the blocks.
    #[serde(rename = "structuredContent", default)]
    pub structured_content: Option<RawJson>,
    /// Protocol metadata.
    #[serde(rename = "_meta", default)]
    pub meta: Option<RawJson>,
}

/// One part of a dynamic tool's result; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum DynamicToolCallOutputContentItem {
    /// Text.
    InputText(DynamicText),
    /// An image.
    InputImage(DynamicImage),
    /// Audio.
    InputAudio(DynamicAudio),
}

tagged_deserialize! {
    wire DynamicToolCallOutputContentItem by "type" {
        "inputText" | "input_text" => InputText newtype,
        "inputImage" | "input_image" => InputImage newtype,
        "inputAudio" | "input_audio" => InputAudio newtype,
    }
}

/// Text of a dynamic tool's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DynamicText {
    /// The text.
    pub text: String,
}

/// Image of a dynamic tool's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DynamicImage {
    /// URL, usually a data URL.
    #[serde(alias = "image_url")]
    pub image_url: String,
}

/// Audio of a dynamic tool's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DynamicAudio {
    /// URL, usually a data URL.
    #[serde(alias = "audio_url")]
    pub audio_url: String,
}

/// What a web search did; the same form is stored by the web extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum WebSearchAction {
    /// Searched.
    Search(WebSearchTerms),
    /// Opened a page.
    OpenPage(WebOpenPage),
    /// Searched inside a page.
    FindInPage(WebFindInPage),
    /// Anything else.
    Other,
}

tagged_deserialize! {
    wire WebSearchAction by "type" {
        "search" => Search newtype,
        "openPage" | "open_page" => OpenPage newtype,
        "findInPage" | "find_in_page" => FindInPage newtype,
        "other" => Other unit,
    }
}

/// Terms of a web search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct WebSearchTerms {
    /// The only, or first, query.
    #[serde(default)]
    pub query: Option<String>,
    /// All queries.
    #[serde(default)]
    pub queries: Option<Vec<String>>,
}

/// An opened page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct WebOpenPage {
    /// Its URL.
    #[serde(default)]
    pub url: Option<String>,
}

/// A search inside a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct WebFindInPage {
    /// URL of the page.
    #[serde(default)]
    pub url: Option<String>,
    /// Text looked for.
    #[serde(default)]
    pub pattern: Option<String>,
}

/// Why there is no image; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ImageGenerationFailure {
    /// A usage limit is reached.
    UsageLimitExceeded(ImageUsageLimit),
}

tagged_deserialize! {
    wire ImageGenerationFailure by "type" {
        "usageLimitExceeded" | "usage_limit_exceeded" => UsageLimitExceeded newtype,
    }
}

/// The usage limit that is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageUsageLimit {
    /// Its id.
    #[serde(alias = "limit_id")]
    pub limit_id: String,
    /// Unix second at which it is lifted.
    #[serde(default, alias = "resets_at")]
    pub resets_at: Option<i64>,
}

/// An image that another was made from; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ImageGenerationInputImage {
    /// Its path.
    pub path: String,
    /// Hash of its bytes.
    pub sha256: String,
}
