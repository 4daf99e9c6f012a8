//! What is read from Codex's databases, as plain values.
//!
//! Ids are texts as stored: whether they are ids is decided by whoever uses them.

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cell<T> {
    /// The table has no such column, or its value cannot be understood: nothing is said.
    #[default]
    Unknown,
    /// Nothing, explicitly.
    Null,
    /// A value.
    Is(T),
}

impl<T> Cell<T> {
    /// Returns the value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Returns the value, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Returns what is stated: a value or nothing; `None` if nothing is said.
    pub fn stated(&self) -> Option<Option<&T>> {
        match self {
            Self::Unknown => None,
            Self::Null => Some(None),
            Self::Is(value) => Some(Some(value)),
        }
    }

    /// Changes the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Cell<U> {
        match self {
            Self::Unknown => Cell::Unknown,
            Self::Null => Cell::Null,
            Self::Is(value) => Cell::Is(change(value)),
        }
    }

    /// Keeps a value only if it says something; one that does not is nothing.
    pub(super) fn non_null_if(self, says_something: impl FnOnce(&T) -> bool) -> Self {
        match self {
            Self::Is(value) if !says_something(&value) => Self::Null,
            other => other,
        }
    }

    /// Returns this cell, or the other one if this one has no value.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Is(value), _) | (_, Self::Is(value)) => Self::Is(value),
            (Self::Null, _) | (_, Self::Null) => Self::Null,
            (Self::Unknown, Self::Unknown) => Self::Unknown,
        }
    }
}

/// How much of a table was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Extent {
    /// There is no such table, or not the columns that name its rows.
    #[default]
    Absent,
    /// Some rows could not be read: that one is missing here means nothing.
    Partial,
    /// All of it: what is missing here is not there.
    Whole,
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<T> {
    /// The rows that could be read, in the order in which they were found.
    pub rows: Vec<T>,
    /// How much of the table they are.
    pub extent: Extent,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            extent: Extent::Absent,
        }
    }
}

/// What `state_<n>.sqlite` knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateDb {
    /// When the database was made, as it tells itself: another one is another database, which has forgotten what the one
    /// before it knew.
    pub made_at: Option<String>,
    /// Threads.
    pub threads: Table<ThreadFactsRow>,
    /// Sections that threads are sorted into.
    pub sections: Table<SectionRow>,
    /// Projects.
    pub projects: Table<ProjectRow>,
    /// Requests that made projects.
    pub idempotency_keys: Table<IdempotencyRow>,
    /// Attachments of threads.
    pub attachments: Table<AttachmentRow>,
    /// How far threads were read.
    pub read_receipts: Table<ReadReceiptRow>,
}

/// What the `threads` table knows and no rollout tells, or tells otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadFactsRow {
    /// Thread id.
    pub id: String,
    /// Absolute path of the current rollout, as it was where the database was written.
    pub rollout_path: Cell<String>,
    /// Name as Codex shows it: of legacy threads it is the title, unless that is the first user message.
    pub name: Cell<String>,
    /// Commit.
    pub git_sha: Cell<String>,
    /// Branch.
    pub git_branch: Cell<String>,
    /// Remote.
    pub git_origin_url: Cell<String>,
    /// `legacy` or `paginated`.
    pub history_mode: Cell<String>,
    /// `enabled`, `disabled` or `polluted`.
    pub memory_mode: Cell<String>,
    /// Section.
    pub section_id: Cell<String>,
    /// Rank in the section.
    pub section_position: Cell<i64>,
    /// When the thread came into the section.
    pub section_entered_at_ms: Cell<i64>,
    /// Project.
    pub project_id: Cell<String>,
    /// Whether it is a daybreak thread.
    pub daybreak_enabled: Cell<bool>,
    /// The thread that it is attached to.
    pub attached_to: Cell<String>,
    /// Pinned, in schemas before there were sections.
    pub pinned: Cell<bool>,
    /// Whether it is archived.
    pub archived: Cell<bool>,
    /// When it was archived, in seconds.
    pub archived_at: Cell<i64>,
    /// When its last turn began.
    pub recency_at_ms: Cell<i64>,
    /// When it was last written.
    pub updated_at_ms: Cell<i64>,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectionRow {
    /// Section id.
    pub id: String,
    /// Its name.
    pub name: Cell<String>,
    /// A JSON object, as text.
    pub appearance: Cell<String>,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectRow {
    /// Project id.
    pub id: String,
    /// Its name.
    pub name: Cell<String>,
    /// A JSON object of texts, as text.
    pub metadata: Cell<String>,
    /// Rank among the projects.
    pub position: Cell<i64>,
    /// When it was made.
    pub created_at_ms: Cell<i64>,
    /// When it was last changed.
    pub updated_at_ms: Cell<i64>,
    /// Its folders in their order; unknown unless all of them could be read.
    pub roots: Cell<Vec<String>>,
}

/// A request that made a project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdempotencyRow {
    /// The key that the client gave.
    pub key: String,
    /// The project that was made; it may be deleted.
    pub project_id: Cell<String>,
    /// When.
    pub created_at_ms: Cell<i64>,
}

/// An attachment of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttachmentRow {
    /// Attachment id.
    pub id: String,
    /// The thread.
    pub thread_id: Cell<String>,
    /// Its kind.
    pub attachment_type: Cell<String>,
    /// What it is, within its kind.
    pub identity_key: Cell<String>,
    /// Any JSON, as text.
    pub payload: Cell<String>,
    /// When it was attached, in seconds.
    pub created_at: Cell<i64>,
}

/// How far a thread was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadReceiptRow {
    /// The thread.
    pub thread_id: String,
    /// The first turn that is unread.
    pub first_unread_turn: Cell<String>,
    /// Changes with every change.
    pub revision: Cell<String>,
    /// The last turn that became unread.
    pub last_published_turn: Cell<String>,
}

/// What `goals_<n>.sqlite` knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoalsDb {
    /// When the database was made, as it tells itself.
    pub made_at: Option<String>,
    /// Goals of threads.
    pub goals: Table<GoalRow>,
}

/// The goal of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoalRow {
    /// The thread.
    pub thread_id: String,
    /// Goal id.
    pub goal_id: Cell<String>,
    /// What is to be reached.
    pub objective: Cell<String>,
    /// `active`, `paused`, `blocked`, `usage_limited`, `budget_limited` or `complete`.
    pub status: Cell<String>,
    /// Most tokens it may cost.
    pub token_budget: Cell<i64>,
    /// What it has cost.
    pub tokens_used: Cell<i64>,
    /// How long it has taken.
    pub time_used_seconds: Cell<i64>,
    /// When it was set.
    pub created_at_ms: Cell<i64>,
    /// When it was last changed.
    pub updated_at_ms: Cell<i64>,
}

/// What `queue_<n>.sqlite` knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueDb {
    /// When the database was made, as it tells itself.
    pub made_at: Option<String>,
    /// What waits to be submitted.
    pub items: Table<QueuedRow>,
}

/// Something that waits to be submitted to a thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueuedRow {
    /// Its id.
    pub id: String,
    /// The thread.
    pub thread_id: Cell<String>,
    /// A JSON object, as text.
    pub payload_json: Cell<String>,
    /// Rank in the queue of its thread.
    pub queue_order: Cell<i64>,
    /// When it was queued.
    pub created_at_ms: Cell<i64>,
    /// When it was last changed.
    pub updated_at_ms: Cell<i64>,
}
