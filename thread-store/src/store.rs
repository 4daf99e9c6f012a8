//! The traits that a thread store implements.
//!
//! Signatures and promises only; every promise is a function of the conformance suite.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;

use crate::error::StoreResult;
use crate::history_query::{HistoryPage, HistoryQuery};
use crate::lifecycle::ThreadLifecycle;
use crate::organise::FactStore;
use crate::report::{CompressionReport, DoctorReport, HomeReport, IndexReport, IndexState, VerifyReport};
use crate::trash::ThreadTrash;
use crate::types::{
    ItemEntry, ItemPage, ItemPageQuery, ListPage, ListQuery, OccurrencePage, OccurrenceQuery, SearchPage, SearchQuery,
    ThreadReadQuery, ThreadRecord, ThreadSelector, TimelinePage, TimelineQuery, TurnPage, TurnPageQuery, TurnRecord,
    View,
};
use crate::writes::ThreadWrites;

/// Takes the turns of a whole thread one by one, oldest first, as they are read.
///
/// Called on a thread that may block, for all turns of one state of the log; it must not call the store.
pub trait TurnSink: Send {
    /// Turns follow, from the first one on. What was taken before does not count: the store had to begin again.
    fn begin(&mut self);

    /// Takes the next turn.
    fn take(&mut self, turn: TurnRecord);
}

/// A sink that the store fills and the caller keeps.
pub type SharedTurnSink = Arc<Mutex<dyn TurnSink>>;

/// Reads recorded threads.
///
/// Every method but [`index_state`](Self::index_state) first catches up with the log, so that what was appended before
/// the call is in the answer. A *file* that is new (a thread for lists and searches, a newer revision) may be seen up to a
/// second late, because folders are swept at most once a second. No method writes to a rollout. Answers never depend on
/// the state of an index: a missing, stale or corrupt one is rebuilt.
#[async_trait]
pub trait ThreadStore: Send + Sync {
    /// Lists threads by metadata, one row per thread, in a total order.
    async fn list_threads(&self, query: ListQuery) -> StoreResult<ListPage>;

    /// Reads one thread's metadata and, if asked for, all of its turns in chronological order.
    ///
    /// # Errors
    /// `ThreadNotFound`, `Header`, `Lineage`, and `TooLarge` when the turns exceed `max_answer_bytes`.
    async fn read_thread(&self, query: ThreadReadQuery) -> StoreResult<ThreadRecord>;

    /// Reads one thread like [`read_thread`](Self::read_thread), but hands the turns over one by one, so that not all of
    /// them are in memory at once; the record has none.
    ///
    /// # Errors
    /// The same. `TooLarge` is found out before the first turn is handed over; after another error some may have been.
    async fn read_thread_into(&self, query: ThreadReadQuery, sink: SharedTurnSink) -> StoreResult<ThreadRecord> {
        let mut record = self.read_thread(query).await?;
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.begin();
        std::mem::take(&mut record.turns)
            .into_iter()
            .for_each(|turn| sink.take(turn));
        Ok(record)
    }

    /// Pages through the turns of a thread, its inherited ones included.
    async fn list_turns(&self, query: TurnPageQuery) -> StoreResult<TurnPage>;

    /// Pages through the items of a thread or of one of its turns, ordered by creation.
    async fn list_items(&self, query: ItemPageQuery) -> StoreResult<ItemPage>;

    /// Reads named items of one turn, in stored order; unknown ids are simply absent.
    async fn read_items(
        &self,
        thread_id: ThreadId,
        turn_id: &str,
        item_ids: &[String],
        view: View,
    ) -> StoreResult<Vec<ItemEntry>>;

    /// Pages through turn boundaries and items together, newest page first.
    async fn list_timeline(&self, query: TimelineQuery) -> StoreResult<TimelinePage>;

    /// Tells how far the index of a thread is behind its log, and what is damaged.
    async fn index_state(&self, thread_id: ThreadId) -> StoreResult<IndexState>;

    /// Finds the thread that a selector means: an id, a unique id prefix, a name, or a rollout path.
    ///
    /// Returns the candidates when the selector is ambiguous (at most 20), none when nothing matches.
    async fn resolve(&self, selector: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>>;

    /// Returns the search capability, if the store has one.
    fn search(&self) -> Option<&dyn ThreadSearch> {
        None
    }

    /// Returns the capability to record threads, if the store has it.
    fn writes(&self) -> Option<&dyn ThreadWrites> {
        None
    }

    /// Returns the capability to fork, revert, archive and delete threads, if the store has it.
    fn lifecycle(&self) -> Option<&dyn ThreadLifecycle> {
        None
    }

    /// Returns the capability to keep deleted threads, if the store has it.
    fn trash(&self) -> Option<&dyn ThreadTrash> {
        None
    }

    /// Returns what databases of Codex have of a thread. They are never written here, so Codex goes on showing that.
    ///
    /// # Errors
    /// If what they say cannot be kept.
    async fn kept_by_codex(&self, _thread_id: ThreadId) -> StoreResult<KeptByCodex> {
        Ok(KeptByCodex::default())
    }

    /// Returns the capability to organise threads, if the store has it.
    fn facts(&self) -> Option<&dyn FactStore> {
        None
    }

    /// Returns the index maintenance capability, if the store has one.
    fn maintenance(&self) -> Option<&dyn StoreMaintenance> {
        None
    }
}

/// What databases of Codex have of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptByCodex {
    /// There is a row of the thread: its name, repository, section, project, and which rollout is current.
    pub thread: bool,
    /// There is a row of the thread, and goals are kept.
    pub goal: bool,
}

/// Finds text in recorded threads.
#[async_trait]
pub trait ThreadSearch: Send + Sync {
    /// Finds threads whose messages contain a literal text, case-insensitively (Unicode simple folding).
    async fn search_threads(&self, query: SearchQuery) -> StoreResult<SearchPage>;

    /// Finds the occurrences of a literal text in the messages of one thread, oldest first.
    async fn search_occurrences(&self, query: OccurrenceQuery) -> StoreResult<OccurrencePage>;

    /// Finds everything that was said or done: items of the visible histories of threads, the default view's, and names of
    /// threads.
    ///
    /// An answer that may lack something says so. What only the model saw is not found.
    ///
    /// # Errors
    /// `Query` for a regular expression that is too large, and whatever reading the index and the log can fail with.
    async fn search_history(&self, query: HistoryQuery) -> StoreResult<HistoryPage>;
}

/// Called with the progress of a long operation.
pub trait IndexProgress: Send + Sync {
    /// Reports bytes and threads done so far, and the totals known so far.
    fn advance(&self, bytes_done: u64, bytes_total: u64, threads_done: u64, threads_total: u64);
}

/// What one step of indexing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexStep {
    /// Nothing is left: positions and texts of every rollout that was there are indexed.
    Done,
    /// More is left.
    More {
        /// Rollouts whose positions are not indexed; 0 when only texts are left.
        rollouts_left: u64,
        /// Their bytes as stored.
        bytes_left: u64,
    },
    /// Another process is indexing.
    Elsewhere,
}

/// Builds, checks and explains the index.
#[async_trait]
pub trait StoreMaintenance: Send + Sync {
    /// Brings the whole index up to date, positions and text.
    async fn index_all(&self, progress: std::sync::Arc<dyn IndexProgress>) -> StoreResult<IndexReport>;

    /// Makes the whole index anew from the log; the old one is kept aside until the next time. Other processes that have it open
    /// go on with the old one until they are started again.
    async fn rebuild(&self, progress: std::sync::Arc<dyn IndexProgress>) -> StoreResult<IndexReport>;

    /// Does the next step of bringing the index up to date, newest threads first; takes about a second but for a single large
    /// rollout. What a step did stays done, whenever the process ends.
    async fn index_step(&self) -> StoreResult<IndexStep>;

    /// Looks for decay inside the index as a whole, which single answers would not meet; makes it anew if there is any.
    async fn check_index(&self) -> StoreResult<()>;

    /// Compares the index of every thread with a fresh fold of its log.
    async fn verify(&self, progress: std::sync::Arc<dyn IndexProgress>) -> StoreResult<VerifyReport>;

    /// Compresses rollouts that nobody has touched for seven days and no other history needs (`rollout-format.md` 1.3).
    ///
    /// One that cannot be compressed stays as it is and stops nothing.
    async fn compress(&self) -> StoreResult<CompressionReport>;

    /// Explains how the home as a whole is seen: folders, index, journal, Codex's databases.
    async fn doctor_home(&self) -> StoreResult<HomeReport>;

    /// Explains how a thread id or a file is seen: is it listed, and if not, why not?
    async fn doctor(&self, subject: &str) -> StoreResult<DoctorReport>;
}
