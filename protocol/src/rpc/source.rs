//! Where a thread came from, in the words of the wire (`app-server-api.md` 2.1).
//!
//! Stored sources use other words: [`SessionSource::from`] is the mapping.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::log;

/// Where a thread came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SessionSource {
    /// The terminal program.
    Cli,
    /// An editor.
    Vscode,
    /// A script.
    Exec,
    /// A program that speaks to a server; stored as `mcp`.
    AppServer,
    /// Something with a name of its own.
    Custom(String),
    /// Another thread.
    SubAgent(SubAgentSource),
    /// Not recorded, or not understood.
    Unknown,
}

/// Which kind of sub-agent a thread belongs to; members stay in snake case on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum SubAgentSource {
    /// Reviews a change.
    Review,
    /// Compacts a context.
    Compact,
    /// Spawned by a model.
    ThreadSpawn {
        /// The spawning thread.
        parent_thread_id: String,
        /// Distance from the root.
        depth: i32,
        /// Name of the agent in its tree.
        agent_path: Option<String>,
        /// Nickname.
        agent_nickname: Option<String>,
        /// Role.
        agent_role: Option<String>,
    },
    /// Consolidates memories.
    MemoryConsolidation,
    /// Anything else.
    Other(String),
}

impl From<&log::SessionSource> for SessionSource {
    /// Codex's own internal threads have no word on the wire.
    fn from(stored: &log::SessionSource) -> Self {
        match stored {
            log::SessionSource::Cli => Self::Cli,
            log::SessionSource::VsCode => Self::Vscode,
            log::SessionSource::Exec => Self::Exec,
            log::SessionSource::Mcp => Self::AppServer,
            log::SessionSource::Unknown | log::SessionSource::Internal(_) => Self::Unknown,
            log::SessionSource::Custom(name) => Self::Custom(name.clone()),
            log::SessionSource::SubAgent(agent) => Self::SubAgent(SubAgentSource::from(agent)),
        }
    }
}

impl From<&log::SubAgentSource> for SubAgentSource {
    fn from(stored: &log::SubAgentSource) -> Self {
        match stored {
            log::SubAgentSource::Review => Self::Review,
            log::SubAgentSource::Compact => Self::Compact,
            log::SubAgentSource::MemoryConsolidation => Self::MemoryConsolidation,
            log::SubAgentSource::ThreadSpawn(spawn) => Self::ThreadSpawn {
                parent_thread_id: spawn.parent_thread_id.clone(),
                depth: spawn.depth,
                agent_path: spawn.agent_path.clone(),
                agent_nickname: spawn.agent_nickname.clone(),
                agent_role: spawn.agent_role.clone(),
            },
            log::SubAgentSource::Other(label) => Self::Other(label.clone()),
        }
    }
}
