//! Pages of items and items by id (`app-server-api.md` 3.7, 3.8).
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::common::SortDirection;
use crate::item::TimedItem;

/// Parameters of `thread/items/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadItemsListParams {
    /// The thread.
    pub thread_id: String,
    /// Only items of this turn.
    pub turn_id: Option<String>,
    /// Where to continue.
    pub cursor: Option<ThreadItemsListCursor>,
    /// Page size.
    pub limit: Option<u32>,
    /// Direction; oldest first by default.
    pub sort_direction: Option<SortDirection>,
    /// Outputs to leave out; needs a turn.
    pub defer_output: Option<ThreadItemOutputDeferral>,
}

/// Where a page of items starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum ThreadItemsListCursor {
    /// A cursor of an earlier page.
    Text(String),
    /// After or before an item of the turn.
    Anchor(ThreadItemsListAnchor),
}

/// An item that a page starts after or before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ThreadItemsListAnchor {
    /// By item id; exclusive.
    Item {
        /// The item.
        item_id: String,
    },
}

/// Outputs to leave out of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemOutputDeferral {
    /// Non-empty output of successful commands.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub command_execution: bool,
    /// Non-empty text results of successful MCP calls.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub mcp_tool_call: bool,
}

/// One item of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemEntry {
    /// Turn of the item.
    pub turn_id: String,
    /// The item.
    pub item: TimedItem,
    /// Present and true when the output was left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub output_deferred: bool,
    /// Start, Unix milliseconds.
    pub started_at_ms: Option<i64>,
    /// End, Unix milliseconds.
    pub completed_at_ms: Option<i64>,
}

/// Result of `thread/items/list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemsListResponse {
    /// The items.
    pub data: Vec<ThreadItemEntry>,
    /// Continues after the last item; null at the end.
    pub next_cursor: Option<String>,
    /// Starts at the first item, for the opposite direction.
    pub backwards_cursor: Option<String>,
}

/// Parameters of `thread/items/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadItemsReadParams {
    /// The thread.
    pub thread_id: String,
    /// Turn of the items.
    pub turn_id: String,
    /// 1 to 100 ids.
    pub item_ids: Vec<String>,
}

/// Result of `thread/items/read`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadItemsReadResponse {
    /// The items that exist, in stored order.
    pub data: Vec<ThreadItemEntry>,
}
