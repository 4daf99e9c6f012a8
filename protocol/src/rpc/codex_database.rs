//! What an answer says of Codex's own databases, an addition of this project: they are read here and never written.
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Says that a change is not shown by Codex, whose database has the thread and goes on showing what that says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CodexDatabaseNotice {
    /// What Codex shows as it was before this change, until Codex changes it itself or its database is made anew.
    pub keeps_showing: Vec<CodexDatabaseField>,
}

/// What a database of Codex has of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum CodexDatabaseField {
    /// Which rollout is the current one: the turns that a revert dropped are still shown.
    Revision,
    /// The name.
    Name,
    /// The state of the repository.
    GitInfo,
    /// The memory mode.
    MemoryMode,
    /// The project.
    Project,
    /// The daybreak choice.
    DaybreakEnabled,
    /// The section, and the place in it.
    Section,
    /// The goal.
    Goal,
}
