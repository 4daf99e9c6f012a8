//! `thread/trash/*`, an addition of this project: deleted threads that are kept, and the way back.
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::thread::Thread;

/// Parameters of `thread/trash/list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadTrashListParams {
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `thread/trash/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTrashListResponse {
    /// Deletions, the last one first.
    pub data: Vec<ThreadTrashEntry>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

/// What one deletion took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTrashEntry {
    /// Names the deletion.
    pub trash_id: String,
    /// The thread that was deleted.
    pub thread_id: String,
    /// It and the threads that were deleted with it, parents first.
    pub thread_ids: Vec<String>,
    /// When, Unix seconds.
    pub deleted_at: i64,
    /// What the thread was called.
    pub name: Option<String>,
    /// Beginning of its first message.
    pub preview: String,
    /// Where its rollouts were, below the home.
    pub paths: Vec<String>,
    /// Bytes that they take.
    pub bytes: u64,
}

/// Parameters of `thread/trash/restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTrashRestoreParams {
    /// The deletion to be undone.
    pub trash_id: String,
}

/// Result of `thread/trash/restore`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTrashRestoreResponse {
    /// The thread that was deleted, not loaded, without its turns.
    pub thread: Thread,
    /// Every thread that came back, parents first.
    pub thread_ids: Vec<String>,
}

/// Parameters of `thread/trash/empty`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadTrashEmptyParams {
    /// The deletions whose files are to be removed for good; all of them when absent.
    pub trash_ids: Option<Vec<String>>,
}

/// Result of `thread/trash/empty`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTrashEmptyResponse {
    /// The deletions that cannot be undone any more, the last one first.
    pub trash_ids: Vec<String>,
}

/// Content of `thread/restored`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadRestoredNotification {
    /// The thread whose deletion was undone.
    pub thread_id: String,
}
