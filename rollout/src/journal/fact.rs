//! What the journal records.
//!
//! The payload is any JSON: its meaning belongs to the store above. Facts of unknown kinds are kept.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// The thread's name; the newest one counts.
    ThreadName,
    /// A change of the thread's git state; all count, in order.
    GitPatch,
    /// The thread's memory mode; the newest one counts.
    MemoryMode,
    /// Which rollout of a reverted thread is current; the newest one counts.
    CurrentRevision,
    /// The thread was deleted: earlier facts about it mean nothing any more.
    ThreadDeleted,
    /// A kind of another version, as written.
    Other(String),
}

impl FactKind {
    /// Returns the stored word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ThreadName => "thread_name",
            Self::GitPatch => "git_patch",
            Self::MemoryMode => "memory_mode",
            Self::CurrentRevision => "current_revision",
            Self::ThreadDeleted => "thread_deleted",
            Self::Other(word) => word,
        }
    }

    /// Tells whether a newer fact of this kind about the same thread makes this one meaningless.
    pub(super) fn newest_counts(&self) -> bool {
        match self {
            Self::ThreadName | Self::MemoryMode | Self::CurrentRevision => true,
            Self::GitPatch | Self::ThreadDeleted | Self::Other(_) => false,
        }
    }
}

impl From<&str> for FactKind {
    fn from(word: &str) -> Self {
        match word {
            "thread_name" => Self::ThreadName,
            "git_patch" => Self::GitPatch,
            "memory_mode" => Self::MemoryMode,
            "current_revision" => Self::CurrentRevision,
            "thread_deleted" => Self::ThreadDeleted,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Serialize for FactKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FactKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalFact {
    /// What it is about.
    pub kind: FactKind,
    /// The thread that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ThreadId>,
    /// When it was recorded, milliseconds since 1970.
    pub at_ms: i64,
    /// What is said.
    pub value: RawJson,
}
