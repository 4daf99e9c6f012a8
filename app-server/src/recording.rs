//! What the server knows about recording besides what clients say: parts of Codex's configuration.
//!
//! Pure. Settings that only a model needs are echoed to clients and otherwise unused.

use std::time::Duration;

use codex_protocol::rpc::settings::{AskForApproval, SandboxMode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{table_names, top_level_integer, top_level_string};

/// How long a thread stays loaded without listeners when the configuration says nothing.
pub const DEFAULT_UNLOAD_DELAY_SECONDS: u64 = 30 * 60;

/// What becomes of a thread that is deleted, if the client says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deletion {
    /// It is gone, as with Codex.
    #[default]
    ForGood,
    /// It is kept in the trash.
    ToTrash,
}

/// Settings for recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingSettings {
    /// The model that new threads name when the client names none.
    pub model: Option<String>,
    /// Providers of the configuration; the exact view refuses others, as Codex does.
    pub providers: Vec<String>,
    /// When users are asked, if the client says nothing.
    pub approval_policy: AskForApproval,
    /// The sandbox, if the client says nothing.
    pub sandbox: SandboxMode,
    /// How long a thread stays loaded without listeners.
    pub unload_delay: Duration,
    /// What becomes of deleted threads.
    pub deletion: Deletion,
}

impl Default for RecordingSettings {
    fn default() -> Self {
        Self {
            model: None,
            providers: Vec::new(),
            approval_policy: AskForApproval::OnRequest,
            sandbox: SandboxMode::ReadOnly,
            unload_delay: Duration::from_secs(DEFAULT_UNLOAD_DELAY_SECONDS),
            deletion: Deletion::default(),
        }
    }
}

impl RecordingSettings {
    /// Reads the settings out of a `config.toml`; words that are not known count as absent.
    pub fn from_config(toml: &str) -> Self {
        let default = Self::default();
        Self {
            model: top_level_string(toml, "model"),
            providers: table_names(toml, "model_providers"),
            approval_policy: word(toml, "approval_policy").unwrap_or(default.approval_policy),
            sandbox: word(toml, "sandbox_mode").unwrap_or(default.sandbox),
            unload_delay: top_level_integer(toml, "thread_unload_delay_secs")
                .map_or(default.unload_delay, Duration::from_secs),
            deletion: default.deletion,
        }
    }
}

fn word<T: DeserializeOwned>(toml: &str, key: &str) -> Option<T> {
    serde_json::from_value(Value::String(top_level_string(toml, key)?)).ok()
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod recording_tests;
