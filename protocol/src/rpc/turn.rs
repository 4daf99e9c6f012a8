//! Turns and their pages (`app-server-api.md` 2.2, 3.6).
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::common::{SortDirection, TurnItemsView};
use crate::item::{TimedItem, TurnError, TurnStatus};

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// Identity.
    pub id: String,
    /// First turn of the chain of work that led to this one.
    pub root_turn_id: Option<String>,
    /// Items, as many as `itemsView` says.
    pub items: Vec<TimedItem>,
    /// How much of the items is here.
    pub items_view: TurnItemsView,
    /// State.
    pub status: TurnStatus,
    /// Error of a failed turn.
    pub error: Option<TurnError>,
    /// Start, Unix seconds.
    pub started_at: Option<i64>,
    /// End, Unix seconds.
    pub completed_at: Option<i64>,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
}

/// Parameters of `thread/turns/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadTurnsListParams {
    /// The thread.
    pub thread_id: String,
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
    /// Direction; newest first by default.
    pub sort_direction: Option<SortDirection>,
    /// How much of the items; a summary by default.
    pub items_view: Option<TurnItemsView>,
}

/// Result of `thread/turns/list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTurnsListResponse {
    /// The turns.
    pub data: Vec<Turn>,
    /// Continues after the last turn; null at the end.
    pub next_cursor: Option<String>,
    /// Starts at the first turn, for the opposite direction.
    pub backwards_cursor: Option<String>,
}
