//! Attachments of threads (`app-server-api.md` 3.22).
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::log::RawJson;

/// Something that is attached to a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachment {
    /// Identity of this attachment.
    pub id: String,
    /// What kind of thing it is.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
    /// Any JSON.
    pub payload: RawJson,
    /// When it was attached, Unix seconds.
    pub created_at: i64,
}

/// Parameters of `thread/attachment/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentAddParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// What kind of thing it is.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
    /// Any JSON.
    pub payload: RawJson,
}

/// Result of `thread/attachment/add`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentAddResponse {
    /// Whether it was there.
    pub outcome: ThreadAttachmentAddOutcome,
    /// What is attached.
    pub attachment: ThreadAttachment,
}

/// Whether something was attached before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadAttachmentAddOutcome {
    /// It is new.
    Created,
    /// It was, and stays as it is.
    Existing,
}

/// Parameters of `thread/attachment/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadAttachmentListParams {
    /// The thread.
    pub thread_id: String,
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `thread/attachment/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentListResponse {
    /// What is attached, oldest first.
    pub data: Vec<ThreadAttachment>,
    /// Continues after the last one; null at the end.
    pub next_cursor: Option<String>,
}

/// Parameters of `thread/attachment/remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentRemoveParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// What kind of thing it is.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
}

/// Result of `thread/attachment/remove`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ThreadAttachmentRemoveResponse {}

/// Parameters of `thread/attachmentOwner/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadAttachmentOwnerListParams {
    /// What kind of thing is attached.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
    /// Only archived threads, or only others; absent means both.
    pub archived: Option<bool>,
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `thread/attachmentOwner/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentOwnerListResponse {
    /// The threads, by id.
    pub data: Vec<ThreadAttachmentOwner>,
    /// Continues after the last one; null at the end.
    pub next_cursor: Option<String>,
}

/// A thread that something is attached to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentOwner {
    /// The thread.
    pub thread_id: String,
    /// Whether it is archived.
    pub archived: bool,
}

/// Content of `thread/attachment/updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAttachmentUpdatedNotification {
    /// The thread.
    pub thread_id: String,
    /// What kind of thing it is.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
    /// Identity of the attachment.
    pub attachment_id: String,
    /// What happened to it.
    pub operation: ThreadAttachmentOperation,
}

/// What happened to an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadAttachmentOperation {
    /// It was attached.
    Created,
    /// It was detached.
    Deleted,
}

/// Cursor of `thread/attachmentOwner/list`; its members are snake_case on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentOwnerCursor {
    /// The kind that was asked for.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
    /// The filter.
    pub archived: Option<bool>,
    /// The last thread of the page.
    pub thread_id: String,
}
