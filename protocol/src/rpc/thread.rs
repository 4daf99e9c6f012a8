//! A thread as clients see it (`app-server-api.md` 2.1): every key is always present.
//!
//! Wire types only. The order of the fields is the order on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::source::SessionSource;
use super::turn::Turn;

/// One thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// Identity.
    pub id: String,
    /// Environments of a loaded thread; null when it is not loaded.
    pub environments: Option<Vec<ThreadEnvironment>>,
    /// Room for data of an implementation; always null here.
    #[ts(type = "Record<string, never> | null")]
    pub extra: Option<BTreeMap<String, Value>>,
    /// Shared by the threads of one session tree while loaded; else the id.
    pub session_id: String,
    /// Source of a fork.
    pub forked_from_id: Option<String>,
    /// Owner of an attached thread.
    pub attached_to_thread_id: Option<String>,
    /// Thread that spawned this one.
    pub parent_thread_id: Option<String>,
    /// First user text.
    pub preview: String,
    /// Whether the thread lives in memory only.
    pub ephemeral: bool,
    /// Section that the thread was put into.
    pub section: Option<ThreadSection>,
    /// When it entered the section, Unix seconds.
    pub section_entered_at: Option<i64>,
    /// Project of the thread.
    pub project_id: Option<String>,
    /// How the thread is stored.
    pub history_mode: ThreadHistoryMode,
    /// Provider of the model.
    pub model_provider: String,
    /// Latest model.
    pub model: Option<String>,
    /// Latest reasoning effort.
    pub reasoning_effort: Option<String>,
    /// Creation, Unix seconds.
    pub created_at: i64,
    /// Last change, Unix seconds.
    pub updated_at: i64,
    /// Start of the newest turn, Unix seconds.
    pub recency_at: Option<i64>,
    /// What the thread is doing.
    pub status: ThreadStatus,
    /// Rollout file.
    pub path: Option<String>,
    /// Working directory.
    pub cwd: String,
    /// Version of the program that recorded the thread.
    pub cli_version: String,
    /// Client that recorded the thread.
    pub originator: Option<String>,
    /// Where the thread came from.
    pub source: SessionSource,
    /// Whether a loaded thread accepts input; null when it is not loaded.
    pub can_accept_direct_input: Option<bool>,
    /// Free-form classification of the source.
    pub thread_source: Option<String>,
    /// Nickname of a spawned agent.
    pub agent_nickname: Option<String>,
    /// Role of a spawned agent.
    pub agent_role: Option<String>,
    /// Git state at creation.
    pub git_info: Option<GitInfo>,
    /// Name given by a person.
    pub name: Option<String>,
    /// A saved choice of the user.
    pub daybreak_enabled: Option<bool>,
    /// Turns; empty except where a method says otherwise.
    pub turns: Vec<Turn>,
}

/// How a thread is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThreadHistoryMode {
    /// As a stream of events that is replayed.
    Legacy,
    /// As completed items with stable ids.
    Paginated,
}

/// An environment of a loaded thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadEnvironment {
    /// Its name.
    pub environment_id: String,
    /// Its working directory.
    pub cwd: String,
    /// Folders that it may work in.
    pub runtime_workspace_roots: Vec<String>,
}

/// A section of the thread list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSection {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Looks.
    pub appearance: Option<ThreadSectionAppearance>,
}

/// Looks of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionAppearance {
    /// Icon.
    pub icon: Option<String>,
    /// Colour.
    pub color: Option<String>,
}

/// What a thread is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ThreadStatus {
    /// It is only stored.
    NotLoaded,
    /// It waits for input.
    Idle,
    /// It broke down.
    SystemError,
    /// A turn runs.
    Active {
        /// What the turn waits for.
        active_flags: Vec<ThreadActiveFlag>,
    },
}

/// What a running turn waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadActiveFlag {
    /// For an approval.
    WaitingOnApproval,
    /// For an answer of the user.
    WaitingOnUserInput,
}

/// Git state recorded with a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct GitInfo {
    /// Commit.
    pub sha: Option<String>,
    /// Branch.
    pub branch: Option<String>,
    /// Remote address.
    pub origin_url: Option<String>,
}

/// How far a user has read a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadState {
    /// First unread place; null when everything was read.
    pub first_unread: Option<ThreadUnreadPosition>,
    /// Changes with every change of the state.
    pub revision: String,
}

/// A place that was not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ThreadUnreadPosition {
    /// The whole thread.
    ThreadStart,
    /// From a turn on.
    Turn {
        /// The turn.
        turn_id: String,
    },
}

/// Parameters of `thread/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadReadParams {
    /// The thread.
    pub thread_id: String,
    /// Whether all turns are wanted.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub include_turns: bool,
}

/// Result of `thread/read`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadResponse {
    /// The thread.
    pub thread: Thread,
    /// How far it was read; null where that is not tracked.
    pub read_state: Option<ThreadReadState>,
}
