//! Values that occur inside stored items and legacy events (format 3.2, 4).
//!
//! Stored spelling only: snake_case names as Codex writes them. The wire has its own types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::RawJson;
use crate::log::tagged::{known_word, tagged_deserialize};

/// A length of time as stored in tool records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDuration {
    /// Whole seconds.
    pub secs: u64,
    /// Rest in nanoseconds.
    pub nanos: u32,
}

impl StoredDuration {
    /// Returns whole milliseconds, truncated (format 13.3), at most `i64::MAX`.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        let millis = u128::from(self.secs) * 1000 + u128::from(self.nanos / 1_000_000);
        i64::try_from(millis).unwrap_or(i64::MAX)
    }
}

/// One part of a user's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StoredUserInput {
    /// Text.
    Text(StoredText),
    /// An image by URL or file id.
    Image(StoredImage),
    /// An image file of the user's machine.
    LocalImage(StoredLocalImage),
    /// Audio by URL or file id.
    Audio(StoredAudio),
    /// An audio file of the user's machine.
    LocalAudio(StoredPath),
    /// A chosen skill.
    Skill(StoredNamedPath),
    /// A mentioned file or app.
    Mention(StoredNamedPath),
}

tagged_deserialize! {
    stored StoredUserInput by "type" {
        "text" => Text newtype,
        "image" => Image newtype,
        "local_image" => LocalImage newtype,
        "audio" => Audio newtype,
        "local_audio" => LocalAudio newtype,
        "skill" => Skill newtype,
        "mention" => Mention newtype,
    }
}

/// Text of a user's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredText {
    /// The text.
    pub text: String,
    /// Spans of the text that stand for something else.
    #[serde(default)]
    pub text_elements: Vec<StoredTextElement>,
}

/// A span of the text that the client renders in its own way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTextElement {
    /// Byte range in the text.
    #[serde(alias = "byteRange")]
    pub byte_range: ByteSpan,
    /// Text to show instead.
    #[serde(default)]
    pub placeholder: Option<String>,
}

/// A range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteSpan {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// An image that is not a local file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImage {
    /// URL, usually a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Id of an uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// Requested detail.
    #[serde(default, deserialize_with = "known_word", skip_serializing_if = "Option::is_none")]
    pub detail: Option<super::wire::ImageDetail>,
}

/// An image file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLocalImage {
    /// Path as given.
    pub path: String,
    /// Requested detail.
    #[serde(default, deserialize_with = "known_word", skip_serializing_if = "Option::is_none")]
    pub detail: Option<super::wire::ImageDetail>,
}

/// Audio that is not a local file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAudio {
    /// URL, usually a data URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_url: Option<String>,
    /// Id of an uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// A path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPath {
    /// Path as given.
    pub path: String,
}

/// A name with its path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredNamedPath {
    /// Shown name.
    pub name: String,
    /// Path it stands for.
    pub path: String,
}

/// One changed file of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FileChange {
    /// A new file.
    Add(FileContent),
    /// A removed file.
    Delete(FileContent),
    /// A changed, and possibly moved, file.
    Update(FileUpdate),
}

tagged_deserialize! {
    stored FileChange by "type" {
        "add" => Add newtype,
        "delete" => Delete newtype,
        "update" => Update newtype,
    }
}

/// The whole content of an added or removed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    /// Content before removal, or after creation.
    #[serde(default)]
    pub content: String,
}

/// The change of an existing file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUpdate {
    /// Unified diff without file headers.
    pub unified_diff: String,
    /// New path, if the file moved.
    #[serde(default)]
    pub move_path: Option<String>,
}

/// Changed files by path.
pub type FileChanges = BTreeMap<String, FileChange>;

/// What an MCP tool returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallToolResult {
    /// Content blocks.
    pub content: Vec<RawJson>,
    /// Structured result beside the blocks.
    #[serde(rename = "structuredContent", default, skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<RawJson>,
    /// Whether the tool itself reported a failure.
    #[serde(rename = "isError", default, skip_serializing_if = "Option::is_none")]
    pub is_error: Option<bool>,
    /// Protocol metadata.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<RawJson>,
}

/// What a web search did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StoredWebSearchAction {
    /// Searched.
    Search(SearchAction),
    /// Opened a page.
    OpenPage(OpenPageAction),
    /// Searched inside a page.
    FindInPage(FindInPageAction),
    /// Anything else; kept as written.
    #[serde(untagged)]
    Other(RawJson),
}

tagged_deserialize! {
    stored StoredWebSearchAction by "type" {
        "search" => Search newtype,
        "open_page" | "openPage" => OpenPage newtype,
        "find_in_page" | "findInPage" => FindInPage newtype,
    }
    other => Other
}

/// Terms of a web search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchAction {
    /// The only, or first, query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// All queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queries: Option<Vec<String>>,
}

/// An opened page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPageAction {
    /// Its URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A search inside a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindInPageAction {
    /// URL of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Text looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// What a command does, as far as its writer understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParsedCommand {
    /// Reads a file.
    Read(ParsedRead),
    /// Lists files.
    ListFiles(ParsedListFiles),
    /// Searches.
    Search(ParsedSearch),
    /// Not understood.
    Unknown(ParsedUnknown),
    /// A kind of newer or older writers (`format`, `test`, ...), kept as written.
    #[serde(untagged)]
    Other(RawJson),
}

tagged_deserialize! {
    stored ParsedCommand by "type" {
        "read" => Read newtype,
        "list_files" => ListFiles newtype,
        "search" => Search newtype,
        "unknown" => Unknown newtype,
    }
    other => Other
}

/// A command that reads a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedRead {
    /// The part of the command.
    pub cmd: String,
    /// Shown name of the file.
    pub name: String,
    /// Path as written; old writers left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A command that lists files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedListFiles {
    /// The part of the command.
    pub cmd: String,
    /// Path as written.
    #[serde(default)]
    pub path: Option<String>,
}

/// A command that searches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedSearch {
    /// The part of the command.
    pub cmd: String,
    /// What it looks for.
    #[serde(default)]
    pub query: Option<String>,
    /// Where it looks.
    #[serde(default)]
    pub path: Option<String>,
}

/// A command that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedUnknown {
    /// The part of the command.
    pub cmd: String,
}

/// State of a sub-agent as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Not started yet.
    PendingInit,
    /// Running.
    Running,
    /// Interrupted.
    Interrupted,
    /// Shut down.
    Shutdown,
    /// No such agent.
    NotFound,
    /// Done, with its last message.
    Completed(Option<String>),
    /// Failed, with the reason.
    Errored(String),
}
