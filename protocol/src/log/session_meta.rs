//! `session_meta`: identity and circumstances of a thread (format 2.3, 13.5).
//!
//! Reads every older shape. An unknown history mode is its own error, because a thread whose mode
//! we do not know must not be read as legacy.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::dynamic_tools::DynamicTools;
use super::error::LineError;
use super::head::member_text;
use super::raw_json::RawJson;
use super::session_source::SessionSource;
use crate::ids::{RolloutId, ThreadId};

/// How a thread's history is stored; chosen at creation, never changed in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryMode {
    /// Flat compatibility events, no ordinals; the meaning of an absent mode.
    #[default]
    Legacy,
    /// Canonical items with ordinals.
    Paginated,
}

impl HistoryMode {
    /// Returns the stored word, which is also the word of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Paginated => "paginated",
        }
    }
}

/// The part of another rollout that precedes this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryBase {
    /// Rollout that holds the prefix (the stored name is `thread_id`).
    pub thread_id: RolloutId,
    /// First ordinal that is not inherited.
    pub end_ordinal_exclusive: u64,
    /// Offset right after the last inherited line in the plain file.
    pub end_byte_offset: u64,
}

/// State of the git repository around the working directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GitInfo {
    /// Commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_hash: Option<String>,
    /// Branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// URL of the origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
}

/// Payload of a `session_meta` line; members in the order in which 0.169 writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionMeta {
    /// Whether the thread belongs to an account (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_scoped: Option<bool>,
    /// Root of the session tree; the thread's own id in old files.
    pub session_id: ThreadId,
    /// The thread.
    pub id: ThreadId,
    /// Thread that was forked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forked_from_id: Option<ThreadId>,
    /// Mark of an attached fork, as written (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_thread: Option<RawJson>,
    /// Cut of a paginated fork (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forked_from_ordinal_exclusive: Option<u64>,
    /// Controlling parent of a sub-agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread_id: Option<ThreadId>,
    /// Creation of the thread; RFC 3339, or the old form with dashes.
    pub timestamp: String,
    /// Working directory; may be empty.
    pub cwd: String,
    /// Roots of the workspace (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_workspace_roots: Option<Vec<String>>,
    /// Name of the client; empty means unknown.
    pub originator: String,
    /// Version of the writer.
    pub cli_version: String,
    /// Where the thread was started.
    pub source: SessionSource,
    /// Feature that made the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_source: Option<String>,
    /// Nickname of a sub-agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_nickname: Option<String>,
    /// Role of a sub-agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_role: Option<String>,
    /// Path of a sub-agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_path: Option<String>,
    /// Model provider; written as null when it is not known.
    pub model_provider: Option<String>,
    /// Base instructions as written; written as null when there are none.
    pub base_instructions: Option<RawJson>,
    /// Tools of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_tools: Option<DynamicTools>,
    /// Chosen capability roots as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selected_capability_roots: Vec<RawJson>,
    /// `disabled` or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mode: Option<String>,
    /// How the history is stored.
    pub history_mode: HistoryMode,
    /// What precedes this rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_base: Option<HistoryBase>,
    /// First ordinal of a sub-agent's own history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagent_history_start_ordinal: Option<u64>,
    /// Version of the agent tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_agent_version: Option<String>,
    /// Context window as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<RawJson>,
    /// Creator (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_user_id: Option<String>,
    /// Creator's account (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_account_id: Option<String>,
    /// State of the git repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<GitInfo>,
}

#[derive(Deserialize)]
struct Fields {
    account_scoped: Option<bool>,
    session_id: Option<ThreadId>,
    id: ThreadId,
    forked_from_id: Option<ThreadId>,
    forked_from_ordinal_exclusive: Option<u64>,
    parent_thread_id: Option<ThreadId>,
    attached_thread: Option<RawJson>,
    timestamp: String,
    #[serde(default)]
    cwd: String,
    runtime_workspace_roots: Option<Vec<String>>,
    #[serde(default)]
    originator: String,
    #[serde(default)]
    cli_version: String,
    #[serde(default)]
    source: SessionSource,
    thread_source: Option<String>,
    agent_nickname: Option<String>,
    #[serde(alias = "agent_type")]
    agent_role: Option<String>,
    agent_path: Option<String>,
    model_provider: Option<String>,
    base_instructions: Option<RawJson>,
    dynamic_tools: Option<DynamicTools>,
    selected_capability_roots: Option<Vec<RawJson>>,
    memory_mode: Option<String>,
    history_mode: Option<HistoryMode>,
    history_base: Option<HistoryBase>,
    subagent_history_start_ordinal: Option<u64>,
    multi_agent_version: Option<String>,
    context_window: Option<RawJson>,
    creator_user_id: Option<String>,
    creator_account_id: Option<String>,
    git: Option<GitInfo>,
}

impl SessionMeta {
    /// Decodes the payload of a `session_meta` line.
    ///
    /// # Errors
    /// `UnknownHistoryMode` for a mode that we do not know, `Shape` for malformed members.
    pub fn decode(payload: &RawValue) -> Result<Self, LineError> {
        if let Some(mode) = member_text(payload, "history_mode")
            && mode != "legacy"
            && mode != "paginated"
        {
            return Err(LineError::UnknownHistoryMode {
                mode: mode.into_owned(),
            });
        }
        let fields: Fields = serde_json::from_str(payload.get()).map_err(LineError::shape("session_meta"))?;
        Ok(Self::from_fields(fields))
    }

    /// Tells whether the thread is an attached fork, which lists hide (0.169).
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.attached_thread
            .as_ref()
            .is_some_and(|mark| !mark.is_null() && mark.get() != "false")
    }

    fn from_fields(fields: Fields) -> Self {
        Self {
            account_scoped: fields.account_scoped,
            session_id: fields.session_id.unwrap_or(fields.id),
            id: fields.id,
            forked_from_id: fields.forked_from_id,
            forked_from_ordinal_exclusive: fields.forked_from_ordinal_exclusive,
            parent_thread_id: fields.parent_thread_id,
            attached_thread: fields.attached_thread,
            timestamp: fields.timestamp,
            cwd: fields.cwd,
            runtime_workspace_roots: fields.runtime_workspace_roots,
            originator: fields.originator,
            cli_version: fields.cli_version,
            source: fields.source,
            thread_source: fields.thread_source,
            agent_nickname: fields.agent_nickname,
            agent_role: fields.agent_role,
            agent_path: fields.agent_path,
            model_provider: fields.model_provider,
            base_instructions: fields.base_instructions,
            dynamic_tools: fields.dynamic_tools,
            selected_capability_roots: fields.selected_capability_roots.unwrap_or_default(),
            memory_mode: fields.memory_mode,
            history_mode: fields.history_mode.unwrap_or_default(),
            history_base: fields.history_base,
            subagent_history_start_ordinal: fields.subagent_history_start_ordinal,
            multi_agent_version: fields.multi_agent_version,
            context_window: fields.context_window,
            creator_user_id: fields.creator_user_id,
            creator_account_id: fields.creator_account_id,
            git: fields.git,
        }
    }
}
