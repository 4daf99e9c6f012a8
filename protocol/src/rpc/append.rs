//! `thread/append`, an addition of this project: how an agent that brings its own model records (design section 4).
//!
//! Wire types only. Timestamps and ordinals are the server's to give: their members are decoded so that they can be
//! refused by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::log::RawJson;

/// Parameters of `thread/append`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadAppendParams {
    /// The thread; must be loaded.
    pub thread_id: String,
    /// Records in order, at least one; all of them are taken, or none.
    pub items: Vec<ThreadAppendItem>,
    /// How far they must have come before the answer; `synced` for the end of a turn and else `written` by default.
    pub durability: Option<ThreadDurability>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadAppendItem {
    /// Kind of the record: `event_msg`, `response_item`, `turn_context`, `compacted` and so on.
    #[serde(rename = "type")]
    #[ts(rename = "type")]
    pub kind: String,
    /// Content of the record, kept as written.
    pub payload: RawJson,
    /// What stands beside a Responses item.
    pub metadata: Option<RawJson>,
    /// Whether the record is output that a model's server streamed; in paginated threads such a record must bring its id.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub streamed: bool,
    /// Refused: the server gives it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(skip)]
    #[ts(skip)]
    pub timestamp: Option<RawJson>,
    /// Refused: the server gives it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(skip)]
    #[ts(skip)]
    pub ordinal: Option<RawJson>,
}

/// Keeps null, which is as much a member as any other value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<RawJson>, D::Error> {
    RawJson::deserialize(deserializer).map(Some)
}

/// How far recorded lines have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadDurability {
    /// Accepted in order; a crash of the server may lose them.
    Queued,
    /// Handed to the operating system; they survive a crash of the server.
    Written,
    /// On stable storage; they survive a loss of power.
    Synced,
}

/// Result of `thread/append`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAppendResponse {
    /// Ordinal of the first line; null in legacy threads and when nothing was kept.
    pub first_ordinal: Option<u64>,
    /// Ordinal that the next line will have; null in legacy threads and when nothing was kept.
    pub next_ordinal: Option<u64>,
    /// How many lines were written.
    pub persisted: u64,
    /// Records without a line.
    pub dropped: Vec<ThreadAppendDropped>,
    /// How far the lines have come.
    pub durability: ThreadDurability,
    /// Ids, one entry per record.
    pub ids: Vec<ThreadAppendIds>,
}

/// A record without a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAppendDropped {
    /// Its place in `items`.
    pub index: u64,
    /// Why.
    pub reason: String,
}

/// Ids of one record, given or confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadAppendIds {
    /// Id of the Responses item.
    pub response_item_id: Option<String>,
    /// Id of the item under which every read shows it; null for reasoning that may continue.
    pub item_id: Option<String>,
    /// Turn that the record belongs to.
    pub turn_id: Option<String>,
}
