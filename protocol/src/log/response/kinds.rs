//! Members of each Responses item kind (format 3.3).
//!
//! Struct definitions in the order in which 0.169 writes the members.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::output::ToolOutput;
use crate::item::{ImageDetail, StoredWebSearchAction};
use crate::log::raw_json::RawJson;
use crate::log::tagged::{known_word, tagged_deserialize};

macro_rules! response_structs {
    ($( $(#[$doc:meta])* $name:ident { $($fields:tt)* } )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            /// The item's own id.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub id: Option<String>,
            $($fields)*
            /// Turn stamp and provenance, as written (format 2.11).
            #[serde(
                rename = "internal_chat_message_metadata_passthrough",
                default,
                skip_serializing_if = "Option::is_none"
            )]
            pub stamp: Option<RawJson>,
        }
    )+ };
}

response_structs! {
    /// A message of any role.
    ResponseMessage {
        /// `user`, `assistant`, `developer` or `system`.
        pub role: String,
        /// Parts in order; a bare text, as some importers write it, reads as one part.
        #[serde(deserialize_with = "message_content")]
        pub content: Vec<ContentPart>,
        /// Commentary or answer, as written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub phase: Option<String>,
    }
    /// A message between agents.
    ResponseAgentMessage {
        /// Path of the writing agent.
        pub author: String,
        /// Path of the reading agent.
        pub recipient: String,
        /// Parts in order.
        pub content: Vec<ContentPart>,
    }
    /// What the model thought.
    ResponseReasoning {
        /// Summaries in order.
        #[serde(default)]
        pub summary: Vec<ReasoningPartRecord>,
        /// Raw thoughts in order; written as null when there are none.
        #[serde(default)]
        pub content: Option<Vec<ReasoningPartRecord>>,
        /// Thoughts that only the provider can read.
        #[serde(default)]
        pub encrypted_content: Option<String>,
    }
    /// A call of the provider's shell tool.
    LocalShellCall {
        /// Call id.
        #[serde(default)]
        pub call_id: Option<String>,
        /// State as written.
        #[serde(default)]
        pub status: String,
        /// What to run.
        pub action: LocalShellAction,
    }
    /// A call of a function tool.
    FunctionCall {
        /// Name of the function.
        pub name: String,
        /// Namespace of the function.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub namespace: Option<String>,
        /// Arguments as JSON text.
        pub arguments: String,
        /// Arguments that only the provider can read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub encrypted_function_args: Option<RawJson>,
        /// Call id.
        pub call_id: String,
    }
    /// What a function tool returned.
    FunctionCallOutput {
        /// Call id; absent for output without a call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub call_id: Option<String>,
        /// Name of the function.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// Namespace of the function.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub namespace: Option<String>,
        /// The output.
        pub output: ToolOutput,
    }
    /// A call of a tool that takes free text.
    CustomToolCall {
        /// State as written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<String>,
        /// Call id.
        pub call_id: String,
        /// Name of the tool.
        pub name: String,
        /// Namespace of the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub namespace: Option<String>,
        /// The text.
        pub input: String,
    }
    /// What such a tool returned.
    CustomToolCallOutput {
        /// Call id.
        pub call_id: String,
        /// Name of the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// The output.
        pub output: ToolOutput,
    }
    /// A search for tools.
    ToolSearchCall {
        /// Call id.
        #[serde(default)]
        pub call_id: Option<String>,
        /// State as written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<String>,
        /// Who runs it.
        #[serde(default)]
        pub execution: String,
        /// Arguments as written.
        pub arguments: RawJson,
    }
    /// Tools that were found.
    ToolSearchOutput {
        /// Call id.
        #[serde(default)]
        pub call_id: Option<String>,
        /// State as written.
        #[serde(default)]
        pub status: String,
        /// Who ran it.
        #[serde(default)]
        pub execution: String,
        /// The tools as written.
        pub tools: RawJson,
    }
    /// A web search of the provider.
    WebSearchCall {
        /// State as written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<String>,
        /// What was done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub action: Option<StoredWebSearchAction>,
    }
    /// An image generation of the provider.
    ImageGenerationCall {
        /// State as written.
        pub status: String,
        /// Prompt that was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub revised_prompt: Option<String>,
        /// The image in base64.
        #[serde(default)]
        pub result: String,
    }
    /// A summary that only the provider can read.
    CompactionCall {
        /// The summary.
        pub encrypted_content: String,
    }
    /// The same, of the provider's own compaction.
    ContextCompactionCall {
        /// The summary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub encrypted_content: Option<String>,
    }
}

fn message_content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ContentPart>, D::Error> {
    let raw = RawJson::deserialize(deserializer)?;
    match raw.as_text() {
        Some(text) => {
            let text = text.into_owned();
            Ok(vec![ContentPart::InputText(TextPart {
                text,
                annotations: None,
                logprobs: None,
            })])
        }
        None => raw.parse().map_err(D::Error::custom),
    }
}

/// What the provider's shell tool is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalShellAction {
    /// Kind; `exec` is the only one.
    #[serde(rename = "type", default)]
    pub tag: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Time limit.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Working directory.
    #[serde(default)]
    pub working_directory: Option<String>,
    /// Environment as written.
    #[serde(default)]
    pub env: Option<RawJson>,
    /// User to run as.
    #[serde(default)]
    pub user: Option<String>,
}

/// One part of reasoning: `summary_text`, `reasoning_text` or `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasoningPartRecord {
    /// Tag as written.
    #[serde(rename = "type")]
    pub tag: String,
    /// The text.
    #[serde(default)]
    pub text: String,
}

/// One part of a message or of a tool's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentPart {
    /// Text for the model.
    InputText(TextPart),
    /// An image for the model.
    InputImage(ImagePart),
    /// Audio for the model.
    InputAudio(AudioPart),
    /// Text of the model.
    OutputText(TextPart),
    /// Text that only the provider can read.
    EncryptedContent(EncryptedPart),
    /// A part that we do not know, as written.
    #[serde(untagged)]
    Other(RawJson),
}

tagged_deserialize! {
    wire ContentPart by "type" {
        "input_text" => InputText newtype,
        "input_image" => InputImage newtype,
        "input_audio" => InputAudio newtype,
        "output_text" => OutputText newtype,
        "encrypted_content" => EncryptedContent newtype,
    }
    other => Other
}

/// A text part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPart {
    /// The text.
    pub text: String,
    /// Annotations as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<RawJson>,
    /// Log probabilities as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<RawJson>,
}

/// An image part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePart {
    /// URL, usually a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Id of an uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// Requested detail.
    #[serde(default, deserialize_with = "known_word", skip_serializing_if = "Option::is_none")]
    pub detail: Option<ImageDetail>,
}

/// An audio part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioPart {
    /// URL, usually a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_url: Option<String>,
    /// Id of an uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// A part that only the provider can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedPart {
    /// The content.
    pub encrypted_content: String,
}
