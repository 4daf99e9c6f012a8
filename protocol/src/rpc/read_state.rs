//! Changes of how far a thread was read (`app-server-api.md` 3.23).
//!
//! Wire types only; the state itself is in `thread.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::thread::ThreadReadState;

/// What a user says of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ThreadReadStateOperation {
    /// All of it was read.
    Read,
    /// Nothing of it was read.
    Unread,
}

/// Parameters of `thread/readState/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateUpdateParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// What is said.
    pub operation: ThreadReadStateOperation,
    /// The revision that it is said of; with another one nothing changes.
    pub expected_revision: String,
}

/// Result of `thread/readState/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateUpdateResponse {
    /// How far it was read now.
    pub read_state: ThreadReadState,
}

/// What the error for another revision carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateConflict {
    /// Always `readStateConflict`.
    pub reason: String,
    /// How far the thread was read.
    pub read_state: ThreadReadState,
}
