//! Figures about the server itself, care of its files (`app-server-api.md` 3.24), and the index of a thread (design section 6).
//!
//! Wire types only. `thread/indexState` is an addition of this project.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Parameters of `server/diagnostics`: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ServerDiagnosticsParams {}

/// Parameters of `rollout/compress`: none, and they may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RolloutCompressParams {}

/// Result of `rollout/compress`: it has begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RolloutCompressResponse {}

/// Result of `server/diagnostics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerDiagnosticsResponse {
    /// The process.
    pub process: ServerDiagnosticsProcess,
    /// Named figures.
    pub gauges: Vec<ServerDiagnosticsGauge>,
}

/// Figures of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerDiagnosticsProcess {
    /// Process id.
    pub id: u32,
    /// Resident memory; null where it cannot be told.
    pub resident_memory_bytes: Option<u64>,
    /// Memory as macOS counts it; null elsewhere.
    pub physical_footprint_bytes: Option<u64>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerDiagnosticsGauge {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// Parameters of `thread/indexState`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadIndexStateParams {
    /// The thread.
    pub thread_id: String,
}

/// Result of `thread/indexState`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadIndexStateResponse {
    /// First byte of the current rollout that is not indexed.
    pub projected_offset: u64,
    /// Plain length of the current rollout.
    pub file_bytes: u64,
    /// Bytes that are not indexed yet.
    pub lag_bytes: u64,
    /// In one word.
    pub state: ThreadIndexStateKind,
    /// Damaged lines, oldest first.
    pub damage: Vec<ThreadDamage>,
}

/// State of an index in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadIndexStateKind {
    /// Nothing is left to index.
    Current,
    /// Lines wait to be indexed.
    Behind,
    /// The index of this thread is made anew.
    Rebuilding,
    /// Indexed, but lines of the rollout are damaged.
    Damaged,
}

/// One damaged line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadDamage {
    /// The rollout that holds the line.
    pub rollout_id: String,
    /// Start of the line in the plain file.
    pub offset: u64,
    /// Length of the line.
    pub length: u64,
    /// What is wrong.
    pub kind: ThreadDamageKind,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadDamageKind {
    /// Not JSON.
    MalformedJson,
    /// JSON of an unknown kind or shape.
    UnknownLine,
    /// Not UTF-8.
    InvalidUtf8,
    /// No ordinal where one is due; projected.
    MissingOrdinal,
    /// An ordinal not above an earlier one; projected.
    RegressedOrdinal,
    /// Ordinals were skipped; projected.
    OrdinalGap,
    /// A timestamp that cannot be read.
    InvalidTimestamp,
    /// Longer than a line may be; not read.
    Oversized,
    /// The last line is incomplete.
    TornTail,
}
