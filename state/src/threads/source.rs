//! Kinds of session sources, and which of them a list filter accepts (`app-server-api.md` 5).
//!
//! Reads the stored text form of a source: a plain word, or compact JSON (`rollout-format.md` 2.3, 9.1).

use serde_json::Value;

/// Kind of a session source, as far as list filters tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SourceKind {
    /// `cli`.
    Cli = 0,
    /// `vscode`.
    Vscode = 1,
    /// `exec`.
    Exec = 2,
    /// `mcp`, shown as `appServer`.
    Mcp = 3,
    /// `unknown`, and every unknown word.
    Unknown = 4,
    /// Custom `atlas` or `chatgpt`: front ends that count as interactive.
    CustomInteractive = 5,
    /// Any other custom source; no filter reaches it.
    Custom = 6,
    /// Internal sessions; no filter reaches them.
    Internal = 7,
    /// Review sub-agent.
    SubAgentReview = 8,
    /// Compaction sub-agent.
    SubAgentCompact = 9,
    /// Spawned sub-agent.
    SubAgentThreadSpawn = 10,
    /// Sub-agent with a free label.
    SubAgentOther = 11,
    /// Memory consolidation sub-agent; only the filter for any sub-agent reaches it.
    SubAgentMemory = 12,
}

impl SourceKind {
    /// Every kind, in the order of the stored numbers.
    pub const ALL: [Self; 13] = [
        Self::Cli,
        Self::Vscode,
        Self::Exec,
        Self::Mcp,
        Self::Unknown,
        Self::CustomInteractive,
        Self::Custom,
        Self::Internal,
        Self::SubAgentReview,
        Self::SubAgentCompact,
        Self::SubAgentThreadSpawn,
        Self::SubAgentOther,
        Self::SubAgentMemory,
    ];

    /// Returns the kind of a source in its stored text form.
    pub fn of_stored(source: &str) -> Self {
        match source {
            "cli" => Self::Cli,
            "vscode" => Self::Vscode,
            "exec" => Self::Exec,
            "mcp" => Self::Mcp,
            _ => serde_json::from_str(source).map_or(Self::Unknown, |value| Self::of_value(&value)),
        }
    }

    fn of_value(value: &Value) -> Self {
        if let Some(name) = value.get("custom").and_then(Value::as_str) {
            return if matches!(name, "atlas" | "chatgpt") {
                Self::CustomInteractive
            } else {
                Self::Custom
            };
        }
        if value.get("internal").is_some() {
            return Self::Internal;
        }
        match value.get("subagent") {
            Some(Value::String(name)) => match name.as_str() {
                "review" => Self::SubAgentReview,
                "compact" => Self::SubAgentCompact,
                "memory_consolidation" => Self::SubAgentMemory,
                _ => Self::SubAgentOther,
            },
            Some(spawn) if spawn.get("thread_spawn").is_some() => Self::SubAgentThreadSpawn,
            Some(_) => Self::SubAgentOther,
            None => Self::Unknown,
        }
    }

    /// Returns whether threads of this kind are listed when no source is asked for.
    pub fn is_interactive(self) -> bool {
        matches!(self, Self::Cli | Self::Vscode | Self::CustomInteractive)
    }

    /// Returns the stored number.
    pub fn code(self) -> i64 {
        i64::from(self as u8)
    }

    /// Decodes the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code)).copied()
    }
}

/// A source kind that a list is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceSelector {
    /// `cli`.
    Cli,
    /// `vscode`, and custom `atlas` and `chatgpt`.
    Vscode,
    /// `exec`.
    Exec,
    /// Stored `mcp`.
    AppServer,
    /// Any sub-agent.
    SubAgent,
    /// Review sub-agents.
    SubAgentReview,
    /// Compaction sub-agents.
    SubAgentCompact,
    /// Spawned sub-agents.
    SubAgentThreadSpawn,
    /// Sub-agents with a free label.
    SubAgentOther,
    /// Unknown sources.
    Unknown,
}

impl SourceSelector {
    /// Returns whether threads of `kind` are accepted.
    pub fn accepts(self, kind: SourceKind) -> bool {
        match self {
            Self::Cli => kind == SourceKind::Cli,
            Self::Vscode => matches!(kind, SourceKind::Vscode | SourceKind::CustomInteractive),
            Self::Exec => kind == SourceKind::Exec,
            Self::AppServer => kind == SourceKind::Mcp,
            Self::SubAgent => matches!(
                kind,
                SourceKind::SubAgentReview
                    | SourceKind::SubAgentCompact
                    | SourceKind::SubAgentThreadSpawn
                    | SourceKind::SubAgentOther
                    | SourceKind::SubAgentMemory
            ),
            Self::SubAgentReview => kind == SourceKind::SubAgentReview,
            Self::SubAgentCompact => kind == SourceKind::SubAgentCompact,
            Self::SubAgentThreadSpawn => kind == SourceKind::SubAgentThreadSpawn,
            Self::SubAgentOther => kind == SourceKind::SubAgentOther,
            Self::Unknown => kind == SourceKind::Unknown,
        }
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod source_tests;
