//! The capability of forking, reverting, archiving and deleting threads, and the values that cross it.
//!
//! Signatures and promises only. Each call leaves the state before or the state after, also when the machine goes down
//! during it; a thread is never lost and never listed twice.

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_protocol::log::SessionSource;

use crate::error::StoreResult;
use crate::types::{GitInfo, ThreadRecord};
use crate::writes::TokenUse;

/// Changes what threads there are, and where their history ends.
///
/// A thread that is open here keeps its lock during a call; what was appended before the call is part of it.
#[async_trait]
pub trait ThreadLifecycle: Send + Sync {
    /// Makes a thread that begins with the history of another one, and returns it. It is not open.
    ///
    /// Paginated threads are referenced, legacy threads copied; the history mode is the source's. The source may be
    /// archived, compressed, open here or elsewhere; its name is inherited. Where the inherited history ends inside a
    /// turn, the fork records that turn as interrupted.
    ///
    /// # Errors
    /// `ThreadNotFound`, `TurnNotFound`, `TurnInProgress`, `NoTurnStart`, `BeyondInheritedHistory`, `Unsupported` for
    /// attached forks of legacy threads and for forks of rollouts without envelopes, `WriterConflict` when somebody
    /// writes a thread of the new id, and what reading the source can meet.
    async fn fork_thread(&self, request: ForkRequest) -> StoreResult<ThreadRecord>;

    /// Returns what a fork of a recorded thread would begin with, and makes nothing.
    ///
    /// # Errors
    /// What [`fork_thread`](Self::fork_thread) refuses because of the source or the cut.
    async fn inherited_history(&self, source: ThreadId, cut: ForkCut) -> StoreResult<InheritedHistory>;

    /// Drops a turn and all later ones from a thread's history, and returns the thread.
    ///
    /// A paginated thread goes on in a new rollout that continues the kept prefix; nothing is rewritten, and what points
    /// into the dropped part stays valid. A legacy thread gets a rollback marker. A thread that is open here stays open
    /// and goes on behind the kept prefix.
    ///
    /// # Errors
    /// `ThreadNotFound`, `Archived`, `TurnNotFound`, `NoTurnStart`, `Unsupported` for legacy turns that a marker cannot
    /// name, `WriterConflict`, and what reading the thread can meet.
    async fn revert_thread(&self, thread_id: ThreadId, before_turn_id: &str) -> StoreResult<ThreadRecord>;

    /// Archives a thread and the live threads that it spawned; returns what was archived, the thread first, then its
    /// descendants, deepest first. What is open here is closed; a thread without records is recorded first.
    ///
    /// The thread itself is archived with all its rollouts or not at all. A descendant whose files cannot be moved stays.
    ///
    /// # Errors
    /// `ThreadNotFound`, also for threads that are archived already; `WriterConflict` when somebody else writes the
    /// thread or one of its descendants: then nothing is archived.
    async fn archive_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>>;

    /// Brings a thread back from the archive with the archived threads that it spawned; returns what was brought back,
    /// parents first.
    ///
    /// # Errors
    /// `ThreadNotFound`, `NotArchived`, `WriterConflict`.
    async fn unarchive_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>>;

    /// Deletes a thread, active or archived, with all its rollouts and the threads that it spawned, and what is known of
    /// them; returns what was deleted, descendants first. What is open here is closed.
    ///
    /// # Errors
    /// `ThreadNotFound`, `WriterConflict`, `HasAttachedThread` and `HasForks`: then nothing has changed.
    async fn delete_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>>;
}

/// A fork to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct ForkRequest {
    /// Thread whose history the fork begins with.
    pub source: ThreadId,
    /// Id of the fork.
    pub new_thread_id: ThreadId,
    /// How much of the history it begins with.
    pub cut: ForkCut,
    /// Whether it is attached to its source.
    pub attachment: ForkAttachment,
    /// What it does not take from its source.
    pub overrides: ForkOverrides,
}

impl ForkRequest {
    /// Makes a fork of the whole history.
    #[must_use]
    pub fn new(source: ThreadId, new_thread_id: ThreadId) -> Self {
        Self {
            source,
            new_thread_id,
            cut: ForkCut::Whole,
            attachment: ForkAttachment::Independent,
            overrides: ForkOverrides::default(),
        }
    }
}

/// How much of a history a fork begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkCut {
    /// All that is recorded.
    Whole,
    /// Everything to the end of this turn, which must have ended.
    LastTurn(String),
    /// Everything before this turn.
    BeforeTurn(String),
}

/// What a fork begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InheritedHistory {
    /// Offset along the source's lineage where it ends: the turns and items whose positions are before it are inherited.
    pub end_offset: u64,
    /// First user text in it; empty if there is none.
    pub preview: String,
    /// The latest use of tokens in it, if its end tells it.
    pub token_use: Option<TokenUse>,
}

/// Whether a fork belongs to its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForkAttachment {
    /// It is a thread of its own.
    Independent,
    /// It is attached: ordinary lists hide it, and its source cannot be deleted before it.
    Attached,
}

/// What a fork does not take from its source; absent members are taken from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForkOverrides {
    /// Working directory.
    pub cwd: Option<String>,
    /// Roots of the workspace.
    pub runtime_workspace_roots: Option<Vec<String>>,
    /// Name of the client.
    pub originator: Option<String>,
    /// Version of the writing program; our own when absent.
    pub cli_version: Option<String>,
    /// Where the fork was made. A fork of a sub-agent is none: it takes `vscode`.
    pub source: Option<SessionSource>,
    /// Feature that made the fork; not inherited.
    pub thread_source: Option<String>,
    /// Provider of the model.
    pub model_provider: Option<String>,
    /// Base instructions.
    pub base_instructions: Option<String>,
    /// State of the repository; not inherited.
    pub git: Option<GitInfo>,
}
