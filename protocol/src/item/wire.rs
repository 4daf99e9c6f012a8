//! Values that occur inside served items: the wire's words and small objects (api 2.3).
//!
//! Names and spelling are those of Codex' JSON schema. No mapping here; see `convert`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::log::tagged::tagged_deserialize;

/// Commentary or answer; the same words are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum MessagePhase {
    /// Said on the way.
    Commentary,
    /// A part of the answer.
    PartialAnswer,
    /// The answer.
    FinalAnswer,
}

/// Requested image detail; the same words are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are the words of the Responses API")]
pub enum ImageDetail {
    Auto,
    Low,
    High,
    Original,
}

/// How an agent message was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum AgentMessageDelivery {
    /// Outside the turn's own flow.
    Async,
}

/// Moderation verdict on an agent message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct AgentMessageModeration {
    /// Whether the message was moderated.
    pub moderated: bool,
    /// What to show instead.
    #[serde(default)]
    pub display: Option<AgentMessageDisplay>,
}

/// What to show in place of a moderated message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct AgentMessageDisplay {
    /// What the client should do.
    pub action: String,
    /// Kind of block.
    #[serde(default, alias = "block_type")]
    pub block_type: Option<String>,
    /// Whether to offer trusted contacts.
    #[serde(default, alias = "check_trusted_contacts")]
    pub check_trusted_contacts: Option<bool>,
    /// Whether trusted access is offered.
    #[serde(default, alias = "cyber_trusted_access")]
    pub cyber_trusted_access: Option<bool>,
}

/// A question to the user that does not stop the turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct AsyncUserInputQuestion {
    /// The question.
    pub title: String,
    /// Answers to choose from.
    #[serde(default)]
    pub options: Option<Vec<String>>,
}

/// One part of a hook prompt; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HookPromptFragment {
    /// The text.
    pub text: String,
    /// Run of the hook.
    pub hook_run_id: String,
}

/// Memories that a message cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemoryCitation {
    /// Cited places.
    pub entries: Vec<MemoryCitationEntry>,
    /// Threads that the memories come from.
    pub thread_ids: Vec<String>,
}

/// One cited place; the same form is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemoryCitationEntry {
    /// Memory file.
    pub path: String,
    /// First line.
    #[serde(alias = "line_start")]
    pub line_start: u32,
    /// Last line.
    #[serde(alias = "line_end")]
    pub line_end: u32,
    /// Why it is cited.
    pub note: String,
}

/// One part of a user's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum UserInput {
    /// Text.
    Text(TextUserInput),
    /// An image by URL or file id.
    Image(ImageUserInput),
    /// An image file of the user's machine.
    LocalImage(LocalImageUserInput),
    /// Audio by URL or file id.
    Audio(AudioUserInput),
    /// An audio file of the user's machine.
    LocalAudio(LocalAudioUserInput),
    /// A chosen skill.
    Skill(NamedPathUserInput),
    /// A mentioned file or app.
    Mention(NamedPathUserInput),
}

tagged_deserialize! {
    wire UserInput by "type" {
        "text" => Text newtype,
        "image" => Image newtype,
        "localImage" => LocalImage newtype,
        "audio" => Audio newtype,
        "localAudio" => LocalAudio newtype,
        "skill" => Skill newtype,
        "mention" => Mention newtype,
    }
}

/// Text of a user's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct TextUserInput {
    /// The text.
    pub text: String,
    /// Spans of the text that stand for something else; this key is snake_case on the wire.
    #[serde(default)]
    pub text_elements: Vec<TextElement>,
}

/// A span of the text that the client renders in its own way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TextElement {
    /// Byte range in the text.
    pub byte_range: ByteRange,
    /// Text to show instead.
    #[serde(default)]
    pub placeholder: Option<String>,
}

/// A range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// An image that is not a local file; one of `url` and `fileId` is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageUserInput {
    /// URL, usually a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    /// Id of an uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub file_id: Option<String>,
    /// Requested detail.
    #[serde(default)]
    pub detail: Option<ImageDetail>,
}

/// An image file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct LocalImageUserInput {
    /// Its path.
    pub path: String,
    /// Requested detail.
    #[serde(default)]
    pub detail: Option<ImageDetail>,
}

/// Audio that is not a local file; one of `url` and `fileId` is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct AudioUserInput {
    /// URL, usually a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub url: Option<String>,
    /// Id of an uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub file_id: Option<String>,
}

/// An audio file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct LocalAudioUserInput {
    /// Its path.
    pub path: String,
}

/// A skill or mention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct NamedPathUserInput {
    /// Shown name.
    pub name: String,
    /// Path it stands for.
    pub path: String,
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum CommandAction {
    /// Reads a file.
    Read(ReadAction),
    /// Lists files.
    ListFiles(ListFilesAction),
    /// Searches.
    Search(SearchFilesAction),
    /// Not understood.
    Unknown(UnknownAction),
}

tagged_deserialize! {
    wire CommandAction by "type" {
        "read" => Read newtype,
        "listFiles" => ListFiles newtype,
        "search" => Search newtype,
        "unknown" => Unknown newtype,
    }
}

/// A command that reads a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ReadAction {
    /// The part of the command, redacted.
    pub command: String,
    /// Shown name of the file.
    pub name: String,
    /// Absolute path.
    pub path: String,
}

/// A command that lists files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ListFilesAction {
    /// The part of the command, redacted.
    pub command: String,
    /// Path as written.
    #[serde(default)]
    pub path: Option<String>,
}

/// A command that searches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SearchFilesAction {
    /// The part of the command, redacted.
    pub command: String,
    /// What it looks for, redacted.
    #[serde(default)]
    pub query: Option<String>,
    /// Where it looks, as written.
    #[serde(default)]
    pub path: Option<String>,
}

/// A command that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct UnknownAction {
    /// The part of the command, redacted.
    pub command: String,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct FileUpdateChange {
    /// Its path.
    pub path: String,
    /// What happened to it.
    pub kind: PatchChangeKind,
    /// Content of an added or removed file, else a unified diff.
    pub diff: String,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum PatchChangeKind {
    /// It was added.
    Add,
    /// It was removed.
    Delete,
    /// It was changed.
    Update(UpdateChange),
}

tagged_deserialize! {
    wire PatchChangeKind by "type" {
        "add" => Add unit,
        "delete" => Delete unit,
        "update" => Update newtype,
    }
}

/// Where a changed file went; this key is snake_case on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct UpdateChange {
    /// New path, if the file moved.
    #[serde(default)]
    pub move_path: Option<String>,
}
