//! Turn boundaries and items together (`app-server-api.md` 3.9, 3.26).
//!
//! Wire types only; members are camelCase, unlike in the schema that Codex generates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::item::{TimedItem, TurnError, TurnStatus};

/// Parameters of `thread/timeline/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadTimelineListParams {
    /// The thread.
    pub thread_id: String,
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `thread/timeline/list`: the newest page first, ascending inside the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTimelineListResponse {
    /// The entries.
    pub data: Vec<ThreadTimelineEntry>,
    /// Continues with older entries; null at the start of the thread.
    pub next_cursor: Option<String>,
    /// Voice session that is open where the page starts.
    pub active_realtime_session_at_page_start: Option<String>,
}

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ThreadTimelineEntry {
    /// An item.
    Item {
        /// Ordinal of its line.
        position: u64,
        /// Its turn.
        turn_id: String,
        /// The item.
        item: TimedItem,
    },
    /// An entry of a voice session.
    Realtime {
        /// Ordinal of its line.
        position: u64,
        /// The entry as stored.
        #[ts(type = "unknown")]
        item: Value,
    },
    /// A turn begins.
    TurnStarted {
        /// Ordinal of its line.
        position: u64,
        /// The turn.
        turn_id: String,
        /// Start, Unix seconds.
        started_at: Option<i64>,
    },
    /// A turn ends.
    TurnCompleted {
        /// Ordinal of its line.
        position: u64,
        /// The turn.
        turn_id: String,
        /// State at the end.
        status: TurnStatus,
        /// Error of a failed turn.
        error: Option<TurnError>,
        /// Start, Unix seconds.
        started_at: Option<i64>,
        /// End, Unix seconds.
        completed_at: Option<i64>,
        /// Duration in milliseconds.
        duration_ms: Option<i64>,
    },
}
