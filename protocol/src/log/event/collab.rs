//! Events of collaboration calls, in old files only (format 7.2).
//!
//! Struct definitions; the status rules are in `item::legacy`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::item::AgentStatus;

/// An agent is to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabSpawnBegin {
    /// Call id.
    pub call_id: String,
    /// Thread that calls.
    pub sender_thread_id: String,
    /// Text for the agent.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
}

/// An agent was started, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabSpawnEnd {
    /// Call id.
    pub call_id: String,
    /// Thread that called.
    pub sender_thread_id: String,
    /// Thread of the agent; none when it could not be started.
    #[serde(default)]
    pub new_thread_id: Option<String>,
    /// Text for the agent.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// Its state.
    pub status: AgentStatus,
}

/// Text is to be sent to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabInteractionBegin {
    /// Call id.
    pub call_id: String,
    /// Thread that calls.
    pub sender_thread_id: String,
    /// Thread of the agent.
    pub receiver_thread_id: String,
    /// Text for the agent.
    #[serde(default)]
    pub prompt: Option<String>,
}

/// Text was sent to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabInteractionEnd {
    /// Call id.
    pub call_id: String,
    /// Thread that called.
    pub sender_thread_id: String,
    /// Thread of the agent.
    pub receiver_thread_id: String,
    /// Text for the agent.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Its state.
    pub status: AgentStatus,
}

/// Agents are waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabWaitingBegin {
    /// Call id.
    pub call_id: String,
    /// Thread that calls.
    pub sender_thread_id: String,
    /// Threads of the agents.
    #[serde(default)]
    pub receiver_thread_ids: Vec<String>,
}

/// Waiting is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabWaitingEnd {
    /// Call id.
    pub call_id: String,
    /// Thread that called.
    pub sender_thread_id: String,
    /// State of each agent.
    #[serde(default)]
    pub statuses: BTreeMap<String, AgentStatus>,
}

/// An agent is to be ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabCloseBegin {
    /// Call id.
    pub call_id: String,
    /// Thread that calls.
    pub sender_thread_id: String,
    /// Thread of the agent.
    pub receiver_thread_id: String,
}

/// An agent was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabCloseEnd {
    /// Call id.
    pub call_id: String,
    /// Thread that called.
    pub sender_thread_id: String,
    /// Thread of the agent.
    pub receiver_thread_id: String,
    /// Its state.
    pub status: AgentStatus,
}

/// An agent is to be continued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabResumeBegin {
    /// Call id.
    pub call_id: String,
    /// Thread that calls.
    pub sender_thread_id: String,
    /// Thread of the agent.
    pub receiver_thread_id: String,
}

/// An agent was continued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollabResumeEnd {
    /// Call id.
    pub call_id: String,
    /// Thread that called.
    pub sender_thread_id: String,
    /// Thread of the agent.
    pub receiver_thread_id: String,
    /// Its state.
    pub status: AgentStatus,
}
