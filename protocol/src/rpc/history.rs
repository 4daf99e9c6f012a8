//! `history/search`, an addition of this project: anything that was ever said or done, ranked and grouped by thread.
//!
//! Wire types only. The language of queries is described in docs/queries.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::search::ThreadSearchTextRange;
use super::thread::Thread;

/// Parameters of `history/search`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct HistorySearchParams {
    /// What to find, in the language of queries; empty for everything.
    pub query: String,
    /// Where to continue: of the same query and order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Threads of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Hits that are shown of a thread; 3 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits_per_thread: Option<u32>,
    /// Order of the threads; the best first by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<HistorySearchOrder>,
    /// Whether hits are counted by project, kind and month.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub facets: bool,
    /// Whether the query is still being typed: its last word may go on, and quotes and parentheses may be open at its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub typing: bool,
}

/// Order of the threads of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum HistorySearchOrder {
    /// The best first.
    Ranked,
    /// By last change, newest first.
    Newest,
}

/// Result of `history/search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchResponse {
    /// Threads with hits.
    pub data: Vec<HistorySearchThread>,
    /// Continues after the last thread; null at the end.
    pub next_cursor: Option<String>,
    /// Threads with hits on all pages; by last change, as far as was looked at for this page.
    pub thread_count: u64,
    /// Items that match in these.
    pub hit_count: u64,
    /// How the hits are distributed, if that was asked for.
    pub facets: Option<HistorySearchFacets>,
    /// Why there may be more than is answered; null if there is not.
    pub incomplete: Option<HistorySearchIncomplete>,
}

/// A thread with hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchThread {
    /// The thread, without its turns.
    pub thread: Thread,
    /// How good it is; comparable within one answer only.
    pub score: f64,
    /// Items of it that match, those that are not shown included.
    pub matched: u64,
    /// The best (or newest) of them.
    pub hits: Vec<HistorySearchHit>,
}

/// A text that matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchHit {
    /// What the text is.
    pub kind: HistoryTextKind,
    /// How good it is; comparable within one answer only.
    pub score: f64,
    /// Matches in their surroundings, white space shown as one space.
    pub snippet: String,
    /// Matches inside the snippet, ascending.
    pub highlights: Vec<ThreadSearchTextRange>,
    /// The match that is shown first, inside the whole text.
    pub match_range: ThreadSearchTextRange,
    /// When it was said or done, Unix seconds.
    pub at: i64,
    /// Where it is; null for what a thread as a whole says: its name, its goal.
    pub place: Option<HistorySearchPlace>,
}

/// Where a hit is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchPlace {
    /// Turn of the item.
    pub turn_id: String,
    /// The item.
    pub item_id: String,
    /// A cursor of `thread/turns/list` that starts at the turn; null for an item without one.
    pub turn_cursor: Option<String>,
    /// A cursor of `thread/items/list` that starts at the item.
    pub item_cursor: String,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum HistoryTextKind {
    /// Name of the thread.
    Name,
    /// Goal of the thread.
    Goal,
    /// Message of the user or of the agent.
    Message,
    /// Plan.
    Plan,
    /// Summary or text of reasoning.
    Reasoning,
    /// Request or outcome of a review.
    Review,
    /// Command line.
    Command,
    /// Output of a command.
    Output,
    /// Changed lines.
    Patch,
    /// Path of a file.
    Path,
    /// Tool call with its arguments.
    Call,
    /// Result or error of a tool call.
    Result,
    /// Web search or page.
    Web,
}

/// How hits are distributed, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchFacets {
    /// By working directory of the thread.
    pub projects: Vec<HistorySearchCount>,
    /// By kind of text.
    pub kinds: Vec<HistorySearchCount>,
    /// By month (`2026-03`, UTC), newest first.
    pub months: Vec<HistorySearchCount>,
}

/// How many hits have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchCount {
    /// What they have in common.
    pub value: String,
    /// How many there are.
    pub count: u64,
}

/// Why an answer may lack something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistorySearchIncomplete {
    /// What was reached.
    pub reason: HistorySearchLimit,
    /// The limit: items that are looked at, or milliseconds.
    pub limit: u64,
}

/// A limit of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum HistorySearchLimit {
    /// More items may match than are looked at; the newest were.
    Candidates,
    /// Looking took too long.
    Time,
}

/// Data of the error for a query that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryQueryFault {
    /// `invalidQuery`.
    pub reason: String,
    /// Where the fault begins in the query; null if it has no place.
    pub start: Option<HistoryQueryPlace>,
    /// Where it ends.
    pub end: Option<HistoryQueryPlace>,
}

/// A place in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryQueryPlace {
    /// Bytes before it, in UTF-8.
    pub byte: u32,
    /// Characters before it.
    pub character: u32,
    /// UTF-16 code units before it.
    pub utf16: u32,
}
