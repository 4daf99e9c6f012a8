//! Queues of submissions (`app-server-api.md` 3.21).
//!
//! Wire types only. `thread/queue/start` has parameters only: a server without a model starts nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::item::UserInput;

/// A submission that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct QueuedSubmission {
    /// Identity.
    pub id: String,
    /// What the user says.
    pub input: Vec<UserInput>,
    /// The client's name for the message; several may have the same.
    pub client_user_message_id: String,
    /// What the client adds to the request.
    pub responsesapi_client_metadata: Option<BTreeMap<String, String>>,
}

/// Parameters of `thread/queue/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueAddParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// What the user says, at least something.
    pub input: Vec<UserInput>,
    /// The client's name for the message.
    pub client_user_message_id: String,
    /// What the client adds to the request.
    #[ts(optional = nullable)]
    pub responsesapi_client_metadata: Option<BTreeMap<String, String>>,
}

/// Result of `thread/queue/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueAddResponse {
    /// The submission, at the end of the queue.
    pub queued_submission: QueuedSubmission,
}

/// Parameters of `thread/queue/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadQueueListParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// How many submissions come before the page.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `thread/queue/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueListResponse {
    /// The submissions, first things first.
    pub data: Vec<QueuedSubmission>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// Parameters of `thread/queue/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueUpdateParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// The submission.
    pub queued_submission_id: String,
    /// What the user says instead, at least something.
    pub input: Vec<UserInput>,
    /// What the client adds to the request; absent keeps.
    #[ts(optional = nullable)]
    pub responsesapi_client_metadata: Option<BTreeMap<String, String>>,
}

/// Result of `thread/queue/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueUpdateResponse {
    /// The submission after the change.
    pub queued_submission: QueuedSubmission,
}

/// Parameters of `thread/queue/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueDeleteParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// The submission.
    pub queued_submission_id: String,
}

/// Result of `thread/queue/delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueDeleteResponse {
    /// Whether it was there.
    pub deleted: bool,
}

/// Parameters of `thread/queue/reorder`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueReorderParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// Every submission exactly once, first things first.
    pub queued_submission_ids: Vec<String>,
}

/// Result of `thread/queue/reorder`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ThreadQueueReorderResponse {}

/// Parameters of `thread/queue/start`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadQueueStartParams {
    /// The thread.
    pub thread_id: String,
    /// The submission; absent means the first one.
    pub queued_submission_id: Option<String>,
}

/// Content of `thread/queue/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadQueueChangedNotification {
    /// The thread.
    pub thread_id: String,
}
