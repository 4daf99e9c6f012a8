//! How far the index of a home is. Additions of this project: `index/state` and `index/progress`.
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Parameters of `index/state`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct IndexStateParams {}

/// Result of `index/state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct IndexStateResponse {
    /// In one word.
    pub state: IndexingState,
    /// Rollouts whose turns and items are not indexed yet; 0 while only texts are left, and null where that is not known.
    pub rollouts_left: Option<u64>,
    /// Their bytes as stored.
    pub bytes_left: Option<u64>,
}

/// Content of `index/progress`, which is sent about once a second while the server indexes, and when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct IndexProgressNotification {
    /// In one word.
    pub state: IndexingState,
    /// As in the result of `index/state`.
    pub rollouts_left: Option<u64>,
    /// As in the result of `index/state`.
    pub bytes_left: Option<u64>,
}

/// What the server does about the index behind its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum IndexingState {
    /// It does not index behind its answers; each request catches up what it needs.
    Idle,
    /// It indexes, newest threads first.
    Indexing,
    /// Another process indexes.
    Elsewhere,
    /// What there was when it started is indexed; each request catches up what is new.
    Done,
    /// It gave up; each request catches up what it needs.
    Failed,
}
