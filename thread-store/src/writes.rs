//! The capability of recording threads, and the values that cross it.
//!
//! Signatures and promises only. A store applies no persistence policy: what reaches it is already filtered (design
//! section 4).

use std::path::PathBuf;

use async_trait::async_trait;
use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::event::TokenUsageInfo;
use codex_protocol::log::{HistoryMode, RolloutLine, SessionSource};
pub use codex_rollout::canonical::DurableLine;
pub use codex_rollout::recorder::{AppendAck, Durability, OrdinalRange};

use crate::error::StoreResult;
use crate::types::{GitInfo, View};

/// Records threads.
///
/// A thread is *open* between [`create_thread`](Self::create_thread) or [`resume_thread`](Self::resume_thread) and
/// [`close_thread`](Self::close_thread) or [`discard_thread`](Self::discard_thread). An open thread has this store as its
/// only writer, across processes; the calls that append need one. They name it by the [`WriterKey`] that opening
/// returned: a key whose writer was closed meanwhile, by whomever, does nothing to the writer that came after it.
#[async_trait]
pub trait ThreadWrites: Send + Sync {
    /// Opens a new thread. Nothing is on disk before the first append.
    ///
    /// # Errors
    /// `WriterConflict` when somebody writes a thread of this id, `ThreadExists` when somebody did.
    async fn create_thread(&self, new: NewThread) -> StoreResult<OpenThread>;

    /// Opens a recorded thread, to continue after its last record. Reads the end of the rollout, never all of it.
    ///
    /// # Errors
    /// `ThreadNotFound`, `Archived`, `WriterConflict`, `Header`, and `Record` when the log cannot be continued.
    async fn resume_thread(&self, thread_id: ThreadId) -> StoreResult<OpenThread>;

    /// Appends lines and returns once they have come as far as `durability`.
    ///
    /// # Errors
    /// `NotOpen`; `Record` when they could not be written: none of them is in the log. `InDoubt` when they, or the first
    /// ones of them, may be in the log all the same, because they could not be synced or not be taken back. After both the
    /// thread refuses appends until it is resumed.
    async fn append_items(
        &self,
        key: WriterKey,
        lines: &[DurableLine],
        durability: Durability,
    ) -> StoreResult<StoredLines>;

    /// Makes the file of a thread that has recorded nothing yet.
    ///
    /// # Errors
    /// As [`append_items`](Self::append_items).
    async fn persist_thread(&self, key: WriterKey) -> StoreResult<()>;

    /// Waits until everything appended so far has come as far as `durability`.
    ///
    /// # Errors
    /// As [`append_items`](Self::append_items).
    async fn flush_thread(&self, key: WriterKey, durability: Durability) -> StoreResult<()>;

    /// Syncs an open thread and gives its writer lock back.
    ///
    /// # Errors
    /// `NotOpen`, and `Record` when the sync failed; the thread is closed all the same.
    async fn close_thread(&self, key: WriterKey) -> StoreResult<()>;

    /// Gives the writer lock back without syncing; a thread that has recorded nothing leaves nothing.
    ///
    /// # Errors
    /// `NotOpen`.
    async fn discard_thread(&self, key: WriterKey) -> StoreResult<()>;

    /// Gives the writer lock of a thread back, for an owner that is gone; blocks until records that were queued are
    /// written, syncs nothing. Does nothing if the writer is closed already.
    fn abandon_thread(&self, key: WriterKey);

    /// Changes what is known of a thread besides its history; works on open and other threads alike.
    ///
    /// The facts are durable before this returns, and survive a deleted index.
    ///
    /// # Errors
    /// `ThreadNotFound`, also for archived threads; `Organise` for a project that does not exist; `WriterConflict` where a foreign writer holds a legacy thread whose
    /// rollout has to carry the fact (`rollout-format.md` 9.5).
    async fn update_metadata(&self, thread_id: ThreadId, patch: MetadataPatch) -> StoreResult<()>;

    /// Returns the ids under which a view shows the items that the lines at these offsets of the thread's newest rollout
    /// made; `None` where a line made none.
    ///
    /// # Errors
    /// `ThreadNotFound`, `Header`, `Lineage`, `Read`.
    async fn item_ids_at(&self, thread_id: ThreadId, offsets: Vec<u64>, view: View)
    -> StoreResult<Vec<Option<String>>>;

    /// Returns what a model needs to continue the thread (`rollout-format.md` 6.1).
    ///
    /// # Errors
    /// `ThreadNotFound`, `Header`, `Lineage`, `Read`.
    async fn load_model_context(&self, thread_id: ThreadId) -> StoreResult<ModelContext>;
}

/// A thread to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewThread {
    /// Its id.
    pub thread_id: ThreadId,
    /// How its history is stored; never changes.
    pub history_mode: HistoryMode,
    /// Working directory.
    pub cwd: String,
    /// Roots of the workspace.
    pub runtime_workspace_roots: Vec<String>,
    /// Name of the client.
    pub originator: String,
    /// Version of the writing program.
    pub cli_version: String,
    /// Where the thread was started.
    pub source: SessionSource,
    /// Feature that made the thread.
    pub thread_source: Option<String>,
    /// Provider of the model.
    pub model_provider: String,
    /// Base instructions.
    pub base_instructions: Option<String>,
    /// State of the working directory's repository.
    pub git: Option<GitInfo>,
}

impl NewThread {
    /// Makes a thread of an agent that is embedded: source and client name are its own.
    #[must_use]
    pub fn new(thread_id: ThreadId, history_mode: HistoryMode, cwd: impl Into<String>) -> Self {
        let cwd = cwd.into();
        Self {
            thread_id,
            history_mode,
            runtime_workspace_roots: vec![cwd.clone()],
            cwd,
            originator: "codex-threads".to_owned(),
            cli_version: env!("CARGO_PKG_VERSION").to_owned(),
            source: SessionSource::Exec,
            thread_source: None,
            model_provider: "openai".to_owned(),
            base_instructions: None,
            git: None,
        }
    }
}

/// Names one opening of a thread; of those of one store no two are equal.
///
/// A revert keeps the thread open under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriterKey {
    /// The thread.
    pub thread_id: ThreadId,
    /// Which opening in the store.
    pub number: u64,
}

/// A thread that this store writes.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenThread {
    /// What the calls that append name it by.
    pub key: WriterKey,
    /// The rollout that is appended to.
    pub rollout_id: RolloutId,
    /// How its history is stored.
    pub history_mode: HistoryMode,
    /// Where the rollout is, or will be.
    pub path: PathBuf,
    /// Whether there is a rollout already.
    pub materialized: bool,
    /// Turns without an end, oldest first.
    pub open_turns: Vec<String>,
    /// The latest use of tokens, if the end of the log tells it.
    pub token_use: Option<TokenUse>,
}

/// How many tokens a thread had used at one of its turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The turn that this was recorded in; the newest one that began before it.
    pub turn_id: String,
    /// As recorded.
    pub usage: TokenUsageInfo,
}

/// Lines that were appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLines {
    /// How far they have come, and their ordinals.
    pub ack: AppendAck,
    /// Offset of each line in the plain rollout, in order.
    pub offsets: Vec<u64>,
}

/// A change of what is known of a thread; absent members stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetadataPatch {
    /// A new name.
    pub name: Option<String>,
    /// Changes of the repository's state.
    pub git: GitPatch,
    /// Whether memories are made of the thread.
    pub memory_mode: Option<MemoryMode>,
    /// The project that the thread belongs to; `Some(None)` takes it out of the one it is in.
    pub project: Option<Option<String>>,
    /// Whether the thread takes part in the daybreak feature.
    pub daybreak_enabled: Option<bool>,
}

/// Changes of a repository's state: absent stays, `Some(None)` clears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitPatch {
    /// Commit.
    pub sha: Option<Option<String>>,
    /// Branch.
    pub branch: Option<Option<String>>,
    /// Remote.
    pub origin_url: Option<Option<String>>,
}

impl GitPatch {
    /// Returns whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a later change.
    pub(crate) fn merge(&mut self, later: &Self) {
        let take = |mine: &mut Option<Option<String>>, later: &Option<Option<String>>| {
            if later.is_some() {
                mine.clone_from(later);
            }
        };
        take(&mut self.sha, &later.sha);
        take(&mut self.branch, &later.branch);
        take(&mut self.origin_url, &later.origin_url);
    }

    /// Returns the state after the change.
    #[must_use]
    pub fn applied(&self, git: Option<&GitInfo>) -> Option<GitInfo> {
        let git = git.cloned().unwrap_or_default();
        let take = |patch: &Option<Option<String>>, old| patch.clone().unwrap_or(old);
        let git = GitInfo {
            sha: take(&self.sha, git.sha),
            branch: take(&self.branch, git.branch),
            origin_url: take(&self.origin_url, git.origin_url),
        };
        (git != GitInfo::default()).then_some(git)
    }
}

/// Whether memories are made of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryMode {
    /// They are.
    Enabled,
    /// They are not.
    Disabled,
}

impl MemoryMode {
    /// Returns the word of the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// What a model needs to continue a thread.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelContext {
    /// Records, oldest first; the first one is the thread's own session metadata.
    pub records: Vec<RolloutLine>,
    /// Whether they are the whole history, and not only from the latest usable compaction on.
    pub is_whole: bool,
}
