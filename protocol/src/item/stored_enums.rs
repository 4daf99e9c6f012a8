//! Stored spelling of the closed word lists of section 4.
//!
//! Each has a twin in `wire` with the spelling of the API; `convert` maps one to the other.

use serde::{Deserialize, Serialize};

/// State of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredCommandStatus {
    /// Running.
    InProgress,
    /// Ended with success.
    Completed,
    /// Ended without success.
    Failed,
    /// Not allowed to run.
    Declined,
}

/// Who ran a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredCommandSource {
    /// The agent.
    #[default]
    Agent,
    /// The user's own shell command.
    UserShell,
    /// The agent, opening a terminal session.
    UnifiedExecStartup,
    /// The agent, writing to a terminal session.
    UnifiedExecInteraction,
}

/// State of a dynamic tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredDynamicStatus {
    /// Running.
    InProgress,
    /// Ended with success.
    Completed,
    /// Ended without success.
    Failed,
}

/// State of a collaboration call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredCollabStatus {
    /// Running.
    InProgress,
    /// Ended with success.
    Completed,
    /// Ended without success.
    Failed,
    /// Interrupted (0.169).
    Interrupted,
}

/// Outcome of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredPatchStatus {
    /// Being applied; only from begin events.
    InProgress,
    /// Applied.
    Completed,
    /// Not applied.
    Failed,
    /// Not allowed.
    Declined,
}

/// Collaboration tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredCollabTool {
    /// Starts an agent.
    SpawnAgent,
    /// Sends text to an agent.
    SendInput,
    /// Continues an agent.
    ResumeAgent,
    /// Waits for agents.
    Wait,
    /// Ends an agent.
    CloseAgent,
    /// Sends a message (0.169).
    SendMessage,
    /// Gives a further task (0.169).
    FollowupTask,
    /// Interrupts an agent (0.169).
    InterruptAgent,
    /// Lists agents (0.169).
    ListAgents,
}
