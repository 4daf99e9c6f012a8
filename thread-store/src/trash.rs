//! The capability of keeping what is deleted, and of bringing it back.
//!
//! Signatures and promises only. Each call leaves the state before or the state after, also when the machine goes down
//! during it.

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;

use crate::error::StoreResult;

/// Characters of a first message that the trash shows.
const PREVIEW_CHARS: usize = 200;

/// Deletes threads so that they can come back.
#[async_trait]
pub trait ThreadTrash: Send + Sync {
    /// Deletes a thread as [`delete_thread`](crate::ThreadLifecycle::delete_thread), but keeps its rollouts, byte for byte,
    /// and what is known of it. A thread without records leaves nothing to keep.
    ///
    /// # Errors
    /// As there.
    async fn trash_thread(&self, thread_id: ThreadId) -> StoreResult<Trashed>;

    /// Lists what is in the trash, last deleted first.
    ///
    /// # Errors
    /// If the trash cannot be read.
    async fn list_trash(&self, query: TrashQuery) -> StoreResult<TrashPage>;

    /// Brings back what one deletion took, to where it was, with what was known of it; returns the threads, parents first.
    ///
    /// # Errors
    /// `TrashNotFound`, `RestoreBlocked` when something has taken a place meanwhile or what the history continues is
    /// gone, `WriterConflict` when somebody writes a thread of one of the ids: then nothing has changed.
    async fn restore_trash(&self, trash_id: &str) -> StoreResult<Vec<ThreadId>>;

    /// Removes what some deletions took, or all of them, for good; returns the ids of those that are gone, last deleted
    /// first. One that cannot be removed, or that somebody else brings back meanwhile, is not among them.
    ///
    /// # Errors
    /// `TrashNotFound`, or if none can be removed: then nothing has changed.
    async fn empty_trash(&self, which: TrashSelection) -> StoreResult<Vec<String>>;
}

/// What became of a thread that was put into the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// What was deleted, descendants first.
    pub threads: Vec<ThreadId>,
    /// The deletion, to be brought back by; `None` when there was nothing to keep.
    pub trash_id: Option<String>,
}

/// Asks for a page of the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashQuery {
    /// Begins behind this deletion, whether it is still there or not.
    pub after: Option<String>,
    /// Most deletions to return.
    pub limit: usize,
}

/// A page of the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashPage {
    /// Deletions, the last one first.
    pub entries: Vec<TrashEntry>,
    /// Whether there are earlier ones.
    pub has_more: bool,
}

/// What one deletion took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashEntry {
    /// Names the deletion.
    pub trash_id: String,
    /// The thread that was deleted.
    pub thread_id: ThreadId,
    /// It and the threads that were deleted with it, parents first.
    pub threads: Vec<ThreadId>,
    /// When, Unix milliseconds.
    pub deleted_at_ms: i64,
    /// What the thread was called.
    pub name: Option<String>,
    /// Beginning of its first message.
    pub preview: String,
    /// Where its rollouts were, below the home.
    pub files: Vec<String>,
    /// Bytes that they take.
    pub bytes: u64,
}

/// Which deletions are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrashSelection {
    /// Every one.
    All,
    /// These.
    Of(Vec<String>),
}

/// Why something cannot be brought back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreObstacle {
    /// There is a thread of this id.
    #[error("thread {thread_id} exists")]
    ThreadExists {
        /// The thread.
        thread_id: ThreadId,
    },
    /// A file is where one has to go back.
    #[error("{path} exists")]
    FileInTheWay {
        /// The file, below the home.
        path: String,
    },
    /// A rollout that the history continues is not there.
    #[error("rollout {rollout_id}, which the history continues, is gone")]
    MissingBase {
        /// The rollout.
        rollout_id: String,
    },
}

/// Returns what the trash shows of a first message.
pub(crate) fn preview_of(text: &str) -> String {
    text.chars().take(PREVIEW_CHARS).collect()
}
