//! The one error type that callers of a store see.
//!
//! A kind to act on, fields to name what and where, and the source; never a JSON-RPC code.

use std::error::Error;
use std::path::PathBuf;

use codex_protocol::ids::ThreadId;

use crate::organise::OrganiseRefusal;
use crate::trash::RestoreObstacle;

/// Result of a store operation.
pub type StoreResult<T> = Result<T, StoreError>;

/// What a caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The thread, turn or file does not exist.
    NotFound,
    /// The request contradicts itself or names a position that does not exist.
    InvalidRequest,
    /// The store does not offer this for this thread or view.
    Unsupported,
    /// Somebody else writes the thread.
    Conflict,
    /// Another thread needs the thread.
    Referenced,
    /// The thread's rollout, or one it inherits from, cannot be read as a thread.
    Unreadable,
    /// The answer would exceed a named limit; a paged method serves the same data.
    TooLarge,
    /// As much is open as a named limit allows; there is room when something was closed.
    Exhausted,
    /// The store or its files fail.
    Internal,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No rollout of this thread exists in the home.
    #[error("no rollout found for thread id {thread_id}")]
    ThreadNotFound {
        /// The thread that was asked for.
        thread_id: ThreadId,
    },
    /// A rollout path does not exist.
    #[error("failed to resolve rollout path `{}`: file does not exist", path.display())]
    RolloutPathNotFound {
        /// The path as the caller gave it.
        path: PathBuf,
    },
    /// A cursor does not belong to the thread, scope or query it is used with.
    #[error("cursor does not belong to this request")]
    CursorMismatch,
    /// A cursor names a position before the first line of the thread's lineage.
    #[error("position outside thread lineage")]
    PositionOutsideLineage,
    /// The turn that a cursor names is not (or no longer) part of the thread.
    #[error("anchor turn is no longer present")]
    AnchorTurnMissing,
    /// The item that a cursor names is not part of the requested scope.
    #[error("item anchor is not in the requested history scope")]
    AnchorItemMissing,
    /// A query cannot be asked.
    #[error("query cannot be asked: {source}")]
    Query {
        /// What is wrong with it, and where.
        source: codex_state::query::QueryError,
    },
    /// The view that was asked for does not offer this for the thread.
    #[error("{operation} is not supported for thread {thread_id} in this view")]
    Unsupported {
        /// The operation.
        operation: &'static str,
        /// The thread.
        thread_id: ThreadId,
    },
    /// The rollout has no usable header (`rollout-format.md` 6): what is wrong is in the source.
    #[error("failed to read session metadata {}", path.display())]
    Header {
        /// The rollout file.
        path: PathBuf,
        /// What is wrong with its head.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The chain of rollouts that the thread inherits from is broken (`rollout-format.md` 8.5).
    #[error("invalid paginated history lineage for thread {thread_id}")]
    Lineage {
        /// The thread.
        thread_id: ThreadId,
        /// What is wrong with the chain.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer exceeds `max_answer_bytes`.
    #[error("the answer would exceed {limit_bytes} bytes; page with {paged_method} instead")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
        /// The method that serves the same data in pages.
        paged_method: &'static str,
    },
    /// A rollout could not be read.
    #[error("read rollout {} at byte {offset}", path.display())]
    Read {
        /// The rollout file.
        path: PathBuf,
        /// Where in its plain bytes.
        offset: u64,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The home is not one, or cannot be entered.
    #[error("{} is not a Codex home", path.display())]
    NotAHome {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The index could not be used and not be rebuilt either.
    #[error("index {}", path.display())]
    Index {
        /// The index file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A search term is longer than the search looks for.
    #[error("search term of {bytes} bytes exceeds the limit of {limit_bytes}")]
    TermTooLong {
        /// Length of the term.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// Another process, or another part of this one, writes the thread.
    #[error("thread {thread_id} already has an active writer")]
    WriterConflict {
        /// The thread.
        thread_id: ThreadId,
    },
    /// As many threads are open for writing as may be; nothing has changed.
    #[error("{limit} threads are open for writing, and no more may be; close one first")]
    TooManyOpen {
        /// The limit.
        limit: usize,
    },
    /// The thread is archived and cannot be continued before it is unarchived.
    #[error("thread {thread_id} is archived")]
    Archived {
        /// The thread.
        thread_id: ThreadId,
    },
    /// A thread of this id is recorded already.
    #[error("thread {thread_id} exists already")]
    ThreadExists {
        /// The thread.
        thread_id: ThreadId,
    },
    /// The thread was not opened for writing, or has been closed.
    #[error("thread {thread_id} is not open for writing")]
    NotOpen {
        /// The thread.
        thread_id: ThreadId,
    },
    /// One item of a batch cannot be recorded; nothing of the batch was.
    #[error("item {index} cannot be recorded")]
    Rejected {
        /// Index in the batch.
        index: usize,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The log of a thread could not be written; it accepts no more appends until the thread is resumed.
    #[error("record thread {thread_id}")]
    Record {
        /// The thread.
        thread_id: ThreadId,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Lines were not acknowledged, but are in the log, or may be: they could not be synced, or what a failed write left
    /// could not be cut off. Read the thread before appending them again.
    #[error("record thread {thread_id}; its new lines may be in the log nevertheless")]
    InDoubt {
        /// The thread.
        thread_id: ThreadId,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A turn does not exist in the visible history.
    #[error("turn not found: {turn_id}")]
    TurnNotFound {
        /// The thread.
        thread_id: ThreadId,
        /// The turn as the caller named it.
        turn_id: String,
    },
    /// A turn that is to be the last one has not ended.
    #[error("turn {turn_id} is in progress")]
    TurnInProgress {
        /// The thread.
        thread_id: ThreadId,
        /// The turn.
        turn_id: String,
    },
    /// A turn has a recorded end only; no history ends before it.
    #[error("turn {turn_id} has no persisted start boundary")]
    NoTurnStart {
        /// The thread.
        thread_id: ThreadId,
        /// The turn.
        turn_id: String,
    },
    /// A turn ended after the place where the thread stopped inheriting.
    #[error("turn {turn_id} exceeds inherited source history")]
    BeyondInheritedHistory {
        /// The thread.
        thread_id: ThreadId,
        /// The turn.
        turn_id: String,
    },
    /// The thread is not archived.
    #[error("no archived rollout found for thread id {thread_id}")]
    NotArchived {
        /// The thread.
        thread_id: ThreadId,
    },
    /// The history of another thread continues a rollout of this one.
    #[error("cannot delete thread {thread_id}: forked history still references it")]
    HasForks {
        /// The thread that was to be deleted.
        thread_id: ThreadId,
        /// A thread that needs it.
        fork: ThreadId,
    },
    /// A fork is attached to the thread.
    #[error("cannot delete thread {thread_id} while attached thread {attached} exists")]
    HasAttachedThread {
        /// The thread that was to be deleted.
        thread_id: ThreadId,
        /// The attached fork.
        attached: ThreadId,
    },
    /// Files or facts of a thread could not be changed; the thread is as it was.
    #[error("{operation} thread {thread_id}")]
    Lifecycle {
        /// What was to be done.
        operation: &'static str,
        /// The thread.
        thread_id: ThreadId,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no such deletion in the trash.
    #[error("nothing in the trash has the id {trash_id}")]
    TrashNotFound {
        /// The deletion as the caller named it.
        trash_id: String,
    },
    /// What a deletion took has no place any more; nothing has changed.
    #[error("cannot restore {trash_id}: {obstacle}")]
    RestoreBlocked {
        /// The deletion.
        trash_id: String,
        /// What is in the way.
        obstacle: RestoreObstacle,
    },
    /// How threads are organised cannot be changed like this; nothing has changed.
    #[error(transparent)]
    Organise(#[from] OrganiseRefusal),
    /// The store cannot record threads.
    #[error("this store does not record threads")]
    ReadOnly,
    /// A background task of the store died.
    #[error("a store task stopped before it answered")]
    TaskStopped,
}

impl StoreError {
    /// Returns what the caller can do about this error.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::ThreadNotFound { .. }
            | Self::RolloutPathNotFound { .. }
            | Self::TurnNotFound { .. }
            | Self::NotArchived { .. }
            | Self::TrashNotFound { .. } => StoreErrorKind::NotFound,
            Self::RestoreBlocked { .. }
            | Self::TurnInProgress { .. }
            | Self::NoTurnStart { .. }
            | Self::BeyondInheritedHistory { .. }
            | Self::Organise(_) => StoreErrorKind::InvalidRequest,
            Self::HasForks { .. } | Self::HasAttachedThread { .. } => StoreErrorKind::Referenced,
            Self::CursorMismatch
            | Self::PositionOutsideLineage
            | Self::AnchorTurnMissing
            | Self::AnchorItemMissing
            | Self::Query { .. }
            | Self::TermTooLong { .. } => StoreErrorKind::InvalidRequest,
            Self::Archived { .. } | Self::NotOpen { .. } | Self::Rejected { .. } | Self::ThreadExists { .. } => {
                StoreErrorKind::InvalidRequest
            }
            Self::WriterConflict { .. } => StoreErrorKind::Conflict,
            Self::TooManyOpen { .. } => StoreErrorKind::Exhausted,
            Self::Unsupported { .. } | Self::ReadOnly => StoreErrorKind::Unsupported,
            Self::Header { .. } | Self::Lineage { .. } => StoreErrorKind::Unreadable,
            Self::TooLarge { .. } => StoreErrorKind::TooLarge,
            Self::Read { .. }
            | Self::NotAHome { .. }
            | Self::Index { .. }
            | Self::Record { .. }
            | Self::InDoubt { .. }
            | Self::Lifecycle { .. }
            | Self::TaskStopped => StoreErrorKind::Internal,
        }
    }
}
