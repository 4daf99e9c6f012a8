//! The JSON texts that Codex uses as cursors (`app-server-api.md` 4.1), in its key order.
//!
//! Cursors are not signed: a hand-made one is honoured. Each may carry an `offset` member of ours, which breaks the tie
//! where an ordinal occurs twice; Codex ignores it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Cursor of `thread/turns/list` and `thread/items/list` by position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryCursor {
    /// The thread that was asked for.
    pub requested_thread_id: String,
    /// Ordinal of the anchor's first line.
    pub rollout_ordinal: u64,
    /// Whether the anchor itself is part of the page.
    pub include_anchor: bool,
    /// Which list the cursor belongs to.
    pub scope: CursorScope,
    /// Byte offset of the anchor along the lineage, where the ordinal alone does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// The list that a [`HistoryCursor`] belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum CursorScope {
    /// `thread/turns/list`.
    Turns,
    /// `thread/items/list`.
    ItemsByCreatedAtOrdinal,
}

/// Cursor of `thread/turns/list` of legacy threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyTurnCursor {
    /// The anchor.
    pub turn_id: String,
    /// Whether the anchor itself is part of the page.
    pub include_anchor: bool,
}

/// Cursor of `thread/searchOccurrences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OccurrenceCursor {
    /// The thread that was searched.
    pub thread_id: String,
    /// The text that was searched for.
    pub search_term: String,
    /// Ordinal of the item to continue in.
    pub next_rollout_ordinal: u64,
    /// Index of the occurrence within that item.
    pub next_occurrence_index: usize,
    /// Byte offset of the item along the lineage, where the ordinal alone does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Cursor of `thread/timeline/list`: the oldest entry of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineCursor {
    /// The thread.
    pub thread_id: String,
    /// Ordinal of the entry.
    pub position: u64,
    /// Kind of the entry: 0 turn started, 1 item, 2 realtime, 3 turn completed.
    pub kind: u8,
    /// Turn or item id of the entry.
    pub id: String,
    /// Byte offset of the entry along the lineage, where the ordinal alone does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Cursor of `history/search`, a method of ours: the last thread of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistorySearchCursor {
    /// Stands for the query and the order.
    pub question: String,
    /// When the first page was made, Unix milliseconds.
    pub as_of_ms: i64,
    /// The thread's score as its bits, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// The thread's time of the last change, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
    /// The thread.
    pub thread_id: String,
}

/// Encodes a cursor as its JSON text.
pub fn encode_cursor<C: Serialize>(cursor: &C) -> String {
    serde_json::to_string(cursor).expect("cursors hold only text, numbers and booleans")
}

/// Decodes a cursor; `None` when the text is not one of this kind.
pub fn decode_cursor<C: DeserializeOwned>(text: &str) -> Option<C> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod cursor_tests;
