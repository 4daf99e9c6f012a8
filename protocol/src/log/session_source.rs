//! Where a thread was started (format 2.3, "SessionSource encodings").
//!
//! Stored encodings, the text form for an index, the wire form, and the classification used by
//! list filters. Unknown words read as `unknown` so that no thread becomes invisible.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// Where a thread was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SessionSource {
    /// Terminal interface.
    Cli,
    /// Editor extension, and everything over JSON-RPC; the default of old files.
    #[default]
    VsCode,
    /// `codex exec`.
    Exec,
    /// App server in its MCP role.
    Mcp,
    /// Not known.
    Unknown,
    /// A named product.
    Custom(String),
    /// Codex itself (`memory_consolidation`, `guardian`).
    Internal(String),
    /// A sub-agent.
    SubAgent(SubAgentSource),
}

/// Why a sub-agent was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubAgentSource {
    /// A review.
    Review,
    /// A compaction.
    Compact,
    /// Consolidation of memories.
    MemoryConsolidation,
    /// Another agent asked for it.
    ThreadSpawn(ThreadSpawn),
    /// Anything else.
    Other(String),
}

/// The agent that was spawned, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadSpawn {
    /// Parent thread, as written.
    pub parent_thread_id: String,
    /// Depth in the agent tree.
    #[serde(default)]
    pub depth: i32,
    /// Path in the agent tree.
    #[serde(default)]
    pub agent_path: Option<String>,
    /// Nickname.
    #[serde(default)]
    pub agent_nickname: Option<String>,
    /// Role.
    #[serde(default, alias = "agent_type")]
    pub agent_role: Option<String>,
}

/// Classification of a source for list filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the words of api 5")]
pub enum SourceKind {
    Cli,
    VsCode,
    Exec,
    AppServer,
    Unknown,
    Custom,
    Internal,
    SubAgentReview,
    SubAgentCompact,
    SubAgentThreadSpawn,
    SubAgentMemoryConsolidation,
    SubAgentOther,
}

impl SourceKind {
    /// Returns the word that names the kind in filters and in an index.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::VsCode => "vscode",
            Self::Exec => "exec",
            Self::AppServer => "appServer",
            Self::Unknown => "unknown",
            Self::Custom => "custom",
            Self::Internal => "internal",
            Self::SubAgentReview => "subAgentReview",
            Self::SubAgentCompact => "subAgentCompact",
            Self::SubAgentThreadSpawn => "subAgentThreadSpawn",
            Self::SubAgentMemoryConsolidation => "subAgentMemoryConsolidation",
            Self::SubAgentOther => "subAgentOther",
        }
    }

    /// Tells whether this is any kind of sub-agent.
    #[must_use]
    pub fn is_sub_agent(self) -> bool {
        match self {
            Self::SubAgentReview
            | Self::SubAgentCompact
            | Self::SubAgentThreadSpawn
            | Self::SubAgentMemoryConsolidation
            | Self::SubAgentOther => true,
            Self::Cli | Self::VsCode | Self::Exec | Self::AppServer | Self::Unknown | Self::Custom | Self::Internal => {
                false
            }
        }
    }
}

impl SessionSource {
    /// Decodes any stored encoding.
    #[must_use]
    pub fn from_stored(value: &Value) -> Self {
        match value {
            Value::String(word) => Self::from_word(word),
            Value::Object(members) => Self::from_members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Self::Unknown,
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "cli" => Self::Cli,
            "vscode" => Self::VsCode,
            "exec" => Self::Exec,
            "mcp" | "app_server" | "appServer" => Self::Mcp,
            _ => Self::Unknown,
        }
    }

    fn from_members(members: &Map<String, Value>) -> Self {
        let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(name) = text("custom") {
            return Self::Custom(name);
        }
        if let Some(name) = text("internal") {
            return Self::Internal(name);
        }
        match members.get("subagent").or_else(|| members.get("subAgent")) {
            Some(agent) => Self::SubAgent(SubAgentSource::from_stored(agent)),
            None => Self::Unknown,
        }
    }

    /// Returns the stored encoding.
    #[must_use]
    pub fn to_stored(&self) -> Value {
        match self {
            Self::Cli => json!("cli"),
            Self::VsCode => json!("vscode"),
            Self::Exec => json!("exec"),
            Self::Mcp => json!("mcp"),
            Self::Unknown => json!("unknown"),
            Self::Custom(name) => json!({ "custom": name }),
            Self::Internal(name) => json!({ "internal": name }),
            Self::SubAgent(agent) => json!({ "subagent": agent.to_stored() }),
        }
    }

    /// Returns the text kept in an index: the bare word, or compact JSON (format 9.1).
    #[must_use]
    pub fn to_index_text(&self) -> String {
        match self.to_stored() {
            Value::String(word) => word,
            object => object.to_string(),
        }
    }

    /// Reads the text kept in an index.
    #[must_use]
    pub fn from_index_text(text: &str) -> Self {
        match serde_json::from_str::<Value>(text) {
            Ok(value @ Value::Object(_)) => Self::from_stored(&value),
            // A bare word is not JSON; neither is anything else that we store.
            Ok(_) | Err(_) => Self::from_word(text),
        }
    }

    /// Returns the form that is served (api 2.1). Codex' own threads have no word there.
    #[must_use]
    pub fn to_wire(&self) -> Value {
        match self {
            Self::Cli => json!("cli"),
            Self::VsCode => json!("vscode"),
            Self::Exec => json!("exec"),
            Self::Mcp => json!("appServer"),
            Self::Unknown | Self::Internal(_) => json!("unknown"),
            Self::Custom(name) => json!({ "custom": name }),
            Self::SubAgent(agent) => json!({ "subAgent": agent.to_stored() }),
        }
    }

    /// Returns the classification for list filters.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Cli => SourceKind::Cli,
            Self::VsCode => SourceKind::VsCode,
            Self::Exec => SourceKind::Exec,
            Self::Mcp => SourceKind::AppServer,
            Self::Unknown => SourceKind::Unknown,
            Self::Custom(_) => SourceKind::Custom,
            Self::Internal(_) => SourceKind::Internal,
            Self::SubAgent(SubAgentSource::Review) => SourceKind::SubAgentReview,
            Self::SubAgent(SubAgentSource::Compact) => SourceKind::SubAgentCompact,
            Self::SubAgent(SubAgentSource::ThreadSpawn(_)) => SourceKind::SubAgentThreadSpawn,
            Self::SubAgent(SubAgentSource::MemoryConsolidation) => SourceKind::SubAgentMemoryConsolidation,
            Self::SubAgent(SubAgentSource::Other(_)) => SourceKind::SubAgentOther,
        }
    }

    /// Tells whether lists show the source when no filter is given (format 2.3).
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        match self {
            Self::Cli | Self::VsCode => true,
            Self::Custom(name) => name == "atlas" || name == "chatgpt",
            Self::Exec | Self::Mcp | Self::Unknown | Self::Internal(_) | Self::SubAgent(_) => false,
        }
    }

    /// Returns the spawn record of an agent that another agent asked for.
    #[must_use]
    pub fn thread_spawn(&self) -> Option<&ThreadSpawn> {
        match self {
            Self::SubAgent(SubAgentSource::ThreadSpawn(spawn)) => Some(spawn),
            _ => None,
        }
    }

    /// Returns the parent thread of a spawned agent.
    #[must_use]
    pub fn parent_thread_id(&self) -> Option<&str> {
        self.thread_spawn().map(|spawn| spawn.parent_thread_id.as_str())
    }

    /// Returns the nickname of a spawned agent.
    #[must_use]
    pub fn agent_nickname(&self) -> Option<&str> {
        self.thread_spawn()?.agent_nickname.as_deref()
    }

    /// Returns the role of a spawned agent.
    #[must_use]
    pub fn agent_role(&self) -> Option<&str> {
        self.thread_spawn()?.agent_role.as_deref()
    }

    /// Returns the path of a spawned agent.
    #[must_use]
    pub fn agent_path(&self) -> Option<&str> {
        self.thread_spawn()?.agent_path.as_deref()
    }
}

impl SubAgentSource {
    fn from_stored(value: &Value) -> Self {
        match value {
            Value::String(word) => match word.as_str() {
                "review" => Self::Review,
                "compact" => Self::Compact,
                "memory_consolidation" => Self::MemoryConsolidation,
                other => Self::Other(other.to_owned()),
            },
            Value::Object(members) => {
                if let Some(label) = members.get("other").and_then(Value::as_str) {
                    return Self::Other(label.to_owned());
                }
                let spawn = members.get("thread_spawn").map(ThreadSpawn::deserialize);
                match spawn {
                    Some(Ok(spawn)) => Self::ThreadSpawn(spawn),
                    // Still a sub-agent, of a kind that we cannot read: keep what was written.
                    Some(Err(_)) | None => Self::Other(value.to_string()),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Self::Other(value.to_string()),
        }
    }

    fn to_stored(&self) -> Value {
        match self {
            Self::Review => json!("review"),
            Self::Compact => json!("compact"),
            Self::MemoryConsolidation => json!("memory_consolidation"),
            Self::ThreadSpawn(spawn) => json!({ "thread_spawn": spawn }),
            Self::Other(label) => json!({ "other": label }),
        }
    }
}

impl Serialize for SessionSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_stored().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SessionSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::from_stored(&value))
    }
}
