//! What the journal records.
//!
//! The payload is any JSON: its meaning belongs to the store above. Facts of unknown kinds are kept.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Parts a kind from a key in the key of a [`FactKind::CodexSeen`] fact.
pub const SEEN_KEY_SEPARATOR: char = ':';

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
    /// A section of the list, by key.
    Section,
    /// The section that the thread is in, and where.
    SectionMember,
    /// A project, by key.
    Project,
    /// The project that an idempotency key made, by key.
    ProjectKey,
    /// The project that the thread belongs to.
    ProjectMember,
    /// Whether the thread takes part in the daybreak feature.
    Daybreak,
    /// The thread's goal.
    Goal,
    /// A submission that waits in the thread's queue, by key.
    QueuedSubmission,
    /// Something attached to the thread, by key.
    Attachment,
    /// What of the thread was read.
    ReadState,
    /// A value as it was last seen in Codex's databases, by key.
    CodexSeen,
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
            Self::Section => "section",
            Self::SectionMember => "section_member",
            Self::Project => "project",
            Self::ProjectKey => "project_key",
            Self::ProjectMember => "project_member",
            Self::Daybreak => "daybreak",
            Self::Goal => "goal",
            Self::QueuedSubmission => "queued_submission",
            Self::Attachment => "attachment",
            Self::ReadState => "read_state",
            Self::CodexSeen => "codex_seen",
            Self::Other(word) => word,
        }
    }

    /// Tells whether a newer fact of this kind about the same thread and key makes this one meaningless.
    pub(super) fn newest_counts(&self) -> bool {
        match self {
            Self::ThreadName
            | Self::MemoryMode
            | Self::CurrentRevision
            | Self::Section
            | Self::SectionMember
            | Self::Project
            | Self::ProjectKey
            | Self::ProjectMember
            | Self::Daybreak
            | Self::Goal
            | Self::QueuedSubmission
            | Self::Attachment
            | Self::ReadState
            | Self::CodexSeen => true,
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
            "section" => Self::Section,
            "section_member" => Self::SectionMember,
            "project" => Self::Project,
            "project_key" => Self::ProjectKey,
            "project_member" => Self::ProjectMember,
            "daybreak" => Self::Daybreak,
            "goal" => Self::Goal,
            "queued_submission" => Self::QueuedSubmission,
            "attachment" => Self::Attachment,
            "read_state" => Self::ReadState,
            "codex_seen" => Self::CodexSeen,
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
    /// Which one of several of its kind, if there can be several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When it was recorded, milliseconds since 1970.
    pub at_ms: i64,
    /// What is said; for kinds whose newest fact counts, `null` says that there is none any more.
    pub value: RawJson,
}

impl JournalFact {
    /// Makes a fact about a thread.
    pub fn of_thread(kind: FactKind, thread_id: ThreadId, at_ms: i64, value: RawJson) -> Self {
        Self {
            kind,
            thread_id: Some(thread_id),
            key: None,
            at_ms,
            value,
        }
    }

    /// Makes a fact about one of several of its kind, of all of the home.
    pub fn of_key(kind: FactKind, key: impl Into<String>, at_ms: i64, value: RawJson) -> Self {
        Self {
            kind,
            thread_id: None,
            key: Some(key.into()),
            at_ms,
            value,
        }
    }

    /// Makes a fact about one of several of its kind, of a thread.
    pub fn of_thread_key(
        kind: FactKind,
        thread_id: ThreadId,
        key: impl Into<String>,
        at_ms: i64,
        value: RawJson,
    ) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::of_thread(kind, thread_id, at_ms, value)
        }
    }
}
