//! What the first line of a rollout says: `session_meta` in Codex' key order, or the bare header of mid 2025.

use serde_json::{Map, Value, json};

use crate::clock;

/// How a rollout keeps its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Flat compatibility events, no ordinals.
    Legacy,
    /// Canonical items, an ordinal on each line.
    Paginated,
    /// No envelope at all: the header and plain Responses items of mid 2025 (rollout format 12).
    Bare,
}

/// The position after the last line that a fork or revert inherits (rollout format 2.3, `history_base`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The rollout that holds the inherited lines.
    pub rollout_id: String,
    /// The first ordinal that is not inherited.
    pub end_ordinal_exclusive: u64,
    /// The offset right behind the last inherited line.
    pub end_byte_offset: u64,
}

/// All that the first line and the file name are made of. Change the fields before building.
#[derive(Clone, Debug)]
pub struct Header {
    /// Which kind of lines follow.
    pub mode: Mode,
    /// The thread; also the rollout unless `rollout_id` says otherwise.
    pub thread_id: String,
    /// Set only for the file of a revert.
    pub rollout_id: Option<String>,
    /// The root of the session tree; the thread itself by default.
    pub session_id: Option<String>,
    /// Creation time: header, file name and date folder.
    pub created_ms: i64,
    /// The working directory.
    pub cwd: String,
    /// The client's name.
    pub originator: String,
    /// The writer's version.
    pub cli_version: String,
    /// Any `SessionSource` encoding.
    pub source: Value,
    /// `user`, `subagent`, or the name of a feature.
    pub thread_source: Option<String>,
    /// The provider's id.
    pub model_provider: Option<String>,
    /// The model that turns run on; not part of the header line.
    pub model: String,
    /// The instruction text, if any.
    pub base_instructions: Option<String>,
    /// `{commit_hash?, branch?, repository_url?}`.
    pub git: Option<Value>,
    /// The thread that this one was forked from.
    pub forked_from_id: Option<String>,
    /// The controlling thread of a sub-agent.
    pub parent_thread_id: Option<String>,
    /// Where the inherited history ends.
    pub history_base: Option<Cut>,
    /// Further members, written at the end of the payload.
    pub extra: Vec<(String, Value)>,
}

impl Header {
    /// A thread started over JSON-RPC in a small project.
    pub fn new(mode: Mode, thread_id: &str) -> Self {
        Self {
            mode,
            thread_id: thread_id.to_owned(),
            rollout_id: None,
            session_id: None,
            created_ms: clock::DEFAULT_START_MS,
            cwd: "/home/user/project".to_owned(),
            originator: "test".to_owned(),
            cli_version: "0.169.0".to_owned(),
            source: json!("vscode"),
            thread_source: None,
            model_provider: Some("mock".to_owned()),
            model: "mock-model".to_owned(),
            base_instructions: None,
            git: None,
            forked_from_id: None,
            parent_thread_id: None,
            history_base: None,
            extra: Vec::new(),
        }
    }

    /// A paginated thread that continues another one from `cut` by reference.
    pub fn fork(thread_id: &str, source_thread_id: &str, cut: Cut) -> Self {
        Self {
            forked_from_id: Some(source_thread_id.to_owned()),
            history_base: Some(cut),
            ..Self::new(Mode::Paginated, thread_id)
        }
    }

    /// The new file of a reverted thread: same thread id, own rollout id.
    pub fn revert(thread_id: &str, rollout_id: &str, cut: Option<Cut>) -> Self {
        Self {
            rollout_id: Some(rollout_id.to_owned()),
            history_base: cut,
            ..Self::new(Mode::Paginated, thread_id)
        }
    }

    /// Returns the same header with another creation time.
    pub fn created_at(self, unix_ms: i64) -> Self {
        Self {
            created_ms: unix_ms,
            ..self
        }
    }

    /// Returns the same header with another working directory.
    pub fn in_dir(self, cwd: &str) -> Self {
        Self {
            cwd: cwd.to_owned(),
            ..self
        }
    }

    /// Returns the same header with another source.
    pub fn from_source(self, source: Value) -> Self {
        Self { source, ..self }
    }

    /// The id of the file: the thread's, unless reverted.
    pub fn rollout_id(&self) -> &str {
        self.rollout_id.as_deref().unwrap_or(&self.thread_id)
    }

    /// The first line of a bare rollout.
    pub(super) fn bare_line(&self) -> Value {
        let mut line = Map::new();
        line.insert("id".into(), json!(self.thread_id));
        line.insert("timestamp".into(), json!(clock::line_time(self.created_ms)));
        line.insert("instructions".into(), json!(self.base_instructions));
        if let Some(git) = &self.git {
            line.insert("git".into(), git.clone());
        }
        Value::Object(line)
    }

    /// The payload of `session_meta`, members in the order of rollout format 13.5.
    pub(super) fn session_meta(&self) -> Value {
        let mut meta = Map::new();
        let mut put = |key: &str, value: Value| {
            meta.insert(key.to_owned(), value);
        };
        put("session_id", json!(self.session_id.as_ref().unwrap_or(&self.thread_id)));
        put("id", json!(self.thread_id));
        if let Some(source) = &self.forked_from_id {
            put("forked_from_id", json!(source));
            if let Some(cut) = &self.history_base {
                put("forked_from_ordinal_exclusive", json!(cut.end_ordinal_exclusive));
            }
        }
        if let Some(parent) = &self.parent_thread_id {
            put("parent_thread_id", json!(parent));
        }
        put("timestamp", json!(clock::line_time(self.created_ms)));
        put("cwd", json!(self.cwd));
        put("runtime_workspace_roots", json!([self.cwd]));
        put("originator", json!(self.originator));
        put("cli_version", json!(self.cli_version));
        put("source", self.source.clone());
        if let Some(name) = &self.thread_source {
            put("thread_source", json!(name));
        }
        put("model_provider", json!(self.model_provider));
        put(
            "base_instructions",
            self.base_instructions
                .as_ref()
                .map_or(Value::Null, |text| json!({ "text": text })),
        );
        put(
            "history_mode",
            json!(if self.mode == Mode::Paginated {
                "paginated"
            } else {
                "legacy"
            }),
        );
        if let Some(cut) = &self.history_base {
            put(
                "history_base",
                json!({
                    "thread_id": cut.rollout_id,
                    "end_ordinal_exclusive": cut.end_ordinal_exclusive,
                    "end_byte_offset": cut.end_byte_offset,
                }),
            );
        }
        if let Some(git) = &self.git {
            put("git", git.clone());
        }
        for (key, value) in &self.extra {
            put(key, value.clone());
        }
        Value::Object(meta)
    }
}
