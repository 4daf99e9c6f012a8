//! Search for threads and inside one thread (`app-server-api.md` 6).
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::common::SortDirection;
use super::list::ThreadSourceKind;
use super::thread::Thread;

/// Parameters of `thread/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadSearchParams {
    /// Also attached threads.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub include_attached_threads: bool,
    /// Only what the signed-in account may see; makes no difference to a local home.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub current_account_only: bool,
    /// Where to continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Page size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Order; creation by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<ThreadSearchSortKey>,
    /// Direction; newest first by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_direction: Option<SortDirection>,
    /// Accepted sources; the interactive ones by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_kinds: Option<Vec<ThreadSourceKind>>,
    /// Archived threads instead of live ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// The text to find; trimmed, and not empty.
    pub search_term: String,
}

/// Order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThreadSearchSortKey {
    /// By creation.
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By start of the newest turn.
    RecencyAt,
}

/// One hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSearchResult {
    /// The thread.
    pub thread: Thread,
    /// The first match in its surroundings.
    pub snippet: String,
}

/// Result of `thread/search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSearchResponse {
    /// The hits.
    pub data: Vec<ThreadSearchResult>,
    /// Continues after the last hit; null at the end.
    pub next_cursor: Option<String>,
    /// Starts at the first hit, for the opposite direction.
    pub backwards_cursor: Option<String>,
}

/// Parameters of `thread/searchOccurrences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadSearchOccurrencesParams {
    /// The thread.
    pub thread_id: String,
    /// The text to find; not trimmed, not blank.
    pub search_term: String,
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `thread/searchOccurrences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSearchOccurrencesResponse {
    /// The occurrences, oldest first.
    pub data: Vec<ThreadSearchOccurrence>,
    /// Continues after the last occurrence; null at the end.
    pub next_cursor: Option<String>,
}

/// One occurrence of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSearchOccurrence {
    /// Turn of the item.
    pub turn_id: String,
    /// The item.
    pub item_id: String,
    /// The match in its surroundings.
    pub snippet: String,
    /// Where in the snippet.
    pub snippet_match_range: ThreadSearchTextRange,
    /// A cursor of `thread/turns/list` that starts at the turn.
    pub turn_cursor: String,
}

/// A range of UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSearchTextRange {
    /// First unit.
    pub start: u32,
    /// One past the last unit.
    pub end: u32,
}
