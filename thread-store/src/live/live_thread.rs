//! One thread that an agent records into.
//!
//! Appends are serialized; what subscribers are told follows the acknowledgement and carries the ids that were persisted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_rollout::canonical::{
    CanonicalOptions, Canonicalizer, Dropped, DurableBatch, EventStyle, IdSource, ItemIdFeature, RawItem,
};
use codex_state::rows::{SyntheticKind, synthetic_id};
use tokio::sync::{Mutex, MutexGuard};

use super::ids::SystemIds;
use super::updates::{ItemIds, LineIds, LiveUpdate, ids_of, naming_lines, updates_of};
use crate::clock::Clock;
use crate::error::{StoreError, StoreErrorKind, StoreResult};
use crate::store::ThreadStore;
use crate::types::{ThreadRecord, View};
use crate::writes::{Durability, NewThread, OpenThread, ThreadWrites, TokenUse, WriterKey};

/// How an agent records.
#[derive(Clone)]
pub struct LiveOptions {
    /// In which form it emits its items.
    pub event_style: EventStyle,
    /// Whether Responses items of legacy threads get ids; those of paginated threads always do.
    pub item_ids: ItemIdFeature,
    /// Time.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The view whose ids subscribers are told.
    pub view: View,
}

impl LiveOptions {
    /// Makes the defaults: canonical items, ids for all Responses items.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            event_style: EventStyle::default(),
            item_ids: ItemIdFeature::default(),
            ids: Arc::new(SystemIds::new(clock.clone())),
            clock,
            view: View::Full,
        }
    }
}

impl std::fmt::Debug for LiveOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveOptions")
            .field("event_style", &self.event_style)
            .field("item_ids", &self.item_ids)
            .finish_non_exhaustive()
    }
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// Ordinal of the first line; `None` in legacy threads and when nothing was kept.
    pub first_ordinal: Option<u64>,
    /// Ordinal that the next line will have; `None` in legacy threads and when nothing was kept.
    pub next_ordinal: Option<u64>,
    /// How many lines were written.
    pub persisted: u64,
    /// How far they have come.
    pub durability: Durability,
    /// Items without a line, and why.
    pub dropped: Vec<Dropped>,
    /// Ids, one entry per item of the batch.
    pub ids: Vec<ItemIds>,
    /// What subscribers are told, in order.
    pub updates: Vec<LiveUpdate>,
}

/// A thread that is being recorded; its writer until it is closed.
///
/// Dropping it without [`close`](Self::close) gives the writer lock back too, but waits for no sync: whatever fails while an
/// agent starts up, no lock stays behind.
pub struct LiveThread {
    store: Arc<dyn ThreadStore>,
    options: LiveOptions,
    thread_id: ThreadId,
    history_mode: HistoryMode,
    token_use: Option<TokenUse>,
    new: Option<NewThread>,
    materialized: AtomicBool,
    /// Where the rollout is, as of the latest opening.
    path: std::sync::Mutex<PathBuf>,
    state: Mutex<State>,
}

struct State {
    /// The latest opening.
    open: OpenThread,
    canonicalizer: Canonicalizer,
    /// Offsets of lines that ids may still follow from, by number.
    offsets: BTreeMap<u64, u64>,
    line_ids: LineIds,
    /// Whether the last append failed or was given up; the next one starts by opening the thread again.
    failed: bool,
    closed: bool,
}

impl LiveThread {
    /// Opens a new thread. Nothing is on disk before something is kept.
    ///
    /// # Errors
    /// `ReadOnly`, `WriterConflict`.
    pub async fn create(store: Arc<dyn ThreadStore>, new: NewThread, options: LiveOptions) -> StoreResult<Self> {
        let open = writes(&store)?.create_thread(new.clone()).await?;
        Ok(Self::over(store, open, Some(new), options))
    }

    /// Opens a recorded thread to continue it; its history is not loaded.
    ///
    /// # Errors
    /// `ReadOnly`, `ThreadNotFound`, `Archived`, `WriterConflict`, `Header`, `Record`.
    pub async fn resume(store: Arc<dyn ThreadStore>, thread_id: ThreadId, options: LiveOptions) -> StoreResult<Self> {
        let open = writes(&store)?.resume_thread(thread_id).await?;
        Ok(Self::over(store, open, None, options))
    }

    fn over(store: Arc<dyn ThreadStore>, open: OpenThread, new: Option<NewThread>, options: LiveOptions) -> Self {
        Self {
            store,
            thread_id: open.key.thread_id,
            history_mode: open.history_mode,
            token_use: open.token_use.clone(),
            new,
            materialized: AtomicBool::new(open.materialized),
            path: std::sync::Mutex::new(open.path.clone()),
            state: Mutex::new(State::new(open, &options)),
            options,
        }
    }

    /// Returns the thread.
    pub fn thread_id(&self) -> ThreadId {
        self.thread_id
    }

    /// Returns how the history is stored.
    pub fn history_mode(&self) -> HistoryMode {
        self.history_mode
    }

    /// Returns where the rollout is, or will be.
    pub fn path(&self) -> PathBuf {
        self.path.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether there is a rollout.
    pub fn is_materialized(&self) -> bool {
        self.materialized.load(Ordering::Acquire)
    }

    /// Returns the use of tokens that the log told when the thread was resumed.
    pub fn token_use(&self) -> Option<&TokenUse> {
        self.token_use.as_ref()
    }

    /// Returns what the thread was made with, if it was made here.
    pub fn new_thread(&self) -> Option<&NewThread> {
        self.new.as_ref()
    }

    /// Records items. Ends of turns are synced unless something else is asked for.
    ///
    /// # Errors
    /// `Rejected` names the item and what is wrong with it; the thread goes on. `Record` when the log could not be
    /// written: nothing of the items is in it. `InDoubt` when they may be in the log, but could not be synced: read the
    /// thread before recording them again. After both the next append looks at the log again first.
    pub async fn append(&self, items: &[RawItem], durability: Option<Durability>) -> StoreResult<Appended> {
        let mut state = self.usable_state().await?;
        let now_ms = self.options.clock.now_ms();
        let batch = state
            .canonicalizer
            .canonicalize(items, now_ms)
            .map_err(|error| StoreError::Rejected {
                index: error.index,
                source: Box::new(error),
            })?;
        self.write(&mut state, batch, durability).await
    }

    /// Records reasoning that waits for what follows it; for agents that pause in mid-turn.
    ///
    /// Legacy lines do not tell where one reasoning ends and the next one begins: if the agent goes on reasoning, readers
    /// of a legacy thread see one item where subscribers were told two.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub async fn settle(&self) -> StoreResult<Appended> {
        let mut state = self.usable_state().await?;
        let batch = state.canonicalizer.finish(self.options.clock.now_ms());
        self.write(&mut state, batch, None).await
    }

    /// Makes the file of a thread that has recorded nothing yet.
    ///
    /// # Errors
    /// `Record`.
    pub async fn persist(&self) -> StoreResult<()> {
        let mut state = self.usable_state().await?;
        let persisted = writes(&self.store)?.persist_thread(state.open.key).await;
        state.failed = persisted.is_err();
        persisted?;
        self.materialized.store(true, Ordering::Release);
        Ok(())
    }

    /// Waits until everything recorded has come as far as `durability`.
    ///
    /// # Errors
    /// `Record`.
    pub async fn flush(&self, durability: Durability) -> StoreResult<()> {
        let mut state = self.usable_state().await?;
        let flushed = writes(&self.store)?.flush_thread(state.open.key, durability).await;
        state.failed = flushed.is_err();
        flushed
    }

    /// Drops a turn and everything after it, and goes on behind the rest: turns that were open are forgotten with it.
    ///
    /// # Errors
    /// As [`append`](Self::append) and [`revert_thread`](crate::ThreadLifecycle::revert_thread); the thread goes on where
    /// it was.
    pub async fn revert(&self, before_turn_id: &str) -> StoreResult<ThreadRecord> {
        let lifecycle = self.store.lifecycle().ok_or(StoreError::ReadOnly)?;
        let mut state = self.usable_state().await?;
        let waiting = state.canonicalizer.finish(self.options.clock.now_ms());
        self.write(&mut state, waiting, None).await?;
        // Also if this future is dropped half way: nobody knows then what the thread ends with.
        state.failed = true;
        let reverted = lifecycle.revert_thread(self.thread_id, before_turn_id).await;
        match &reverted {
            Ok(_) => {
                if let Err(error) = self.look_again(&mut state).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, thread_id = %self.thread_id, "a reverted thread is opened by its next append");
                }
            }
            // A refusal left everything as it was; after a failure the log is looked at again.
            Err(error) => state.failed = error.kind() == StoreErrorKind::Internal,
        }
        reverted
    }

    /// Records what waits, syncs, and gives the writer lock back. Closing twice is one close.
    ///
    /// # Errors
    /// `Record` when something is not on stable storage; the lock is given back all the same.
    pub async fn close(&self) -> StoreResult<()> {
        let mut state = self.state.lock().await;
        if state.closed {
            return Ok(());
        }
        let waiting = match state.failed {
            true => Ok(()),
            false => {
                let batch = state.canonicalizer.finish(self.options.clock.now_ms());
                self.write(&mut state, batch, None).await.map(|_| ())
            }
        };
        state.closed = true;
        let closed = writes(&self.store)?.close_thread(state.open.key).await;
        waiting.and(closed)
    }

    /// Gives the writer lock back at once; a thread that has recorded nothing leaves nothing.
    ///
    /// # Errors
    /// `NotOpen`.
    pub async fn discard(&self) -> StoreResult<()> {
        let mut state = self.state.lock().await;
        if state.closed {
            return Ok(());
        }
        state.closed = true;
        writes(&self.store)?.discard_thread(state.open.key).await
    }

    async fn write(
        &self,
        state: &mut State,
        batch: DurableBatch,
        durability: Option<Durability>,
    ) -> StoreResult<Appended> {
        let by_default = if batch.ends_turn {
            Durability::Synced
        } else {
            Durability::Written
        };
        let durability = durability.unwrap_or(by_default);
        let stored = if batch.lines.is_empty() {
            None
        } else {
            // Also if this future is dropped half way: the canonicalizer is ahead of what is known of the log.
            state.failed = true;
            let stored = writes(&self.store)?
                .append_items(state.open.key, &batch.lines, durability)
                .await;
            state.failed = stored.is_err();
            Some(stored?)
        };
        if let Some(stored) = &stored {
            self.materialized.store(true, Ordering::Release);
            let numbers = batch.lines.iter().map(|line| line.number);
            state.offsets.extend(numbers.zip(stored.offsets.iter().copied()));
        }
        self.name_lines(state, naming_lines(&batch)).await;
        let turn_id = state.canonicalizer.current_turn();
        let updates = updates_of(batch.live, &batch.lines, &state.line_ids, turn_id);
        let ids = ids_of(&batch.ids, &state.line_ids);
        let oldest = state.canonicalizer.oldest_open_line();
        state.line_ids.keep_from(oldest);
        state.offsets = oldest.map_or_else(BTreeMap::new, |oldest| state.offsets.split_off(&oldest));
        let ordinals = stored.as_ref().and_then(|stored| stored.ack.ordinals);
        Ok(Appended {
            first_ordinal: ordinals.map(|ordinals| ordinals.first),
            next_ordinal: ordinals.map(|ordinals| ordinals.next),
            persisted: batch.lines.len() as u64,
            durability: stored.map_or(durability, |stored| stored.ack.durability),
            dropped: batch.dropped,
            ids,
            updates,
        })
    }

    /// Finds the ids that follow from lines: in the full view from their position alone, in the exact view from what
    /// came before them.
    async fn name_lines(&self, state: &mut State, numbers: Vec<u64>) {
        let placed: Vec<(u64, u64)> = numbers
            .into_iter()
            .filter_map(|number| Some((number, *state.offsets.get(&number)?)))
            .collect();
        if placed.is_empty() {
            return;
        }
        let offsets = placed.iter().map(|(_, offset)| *offset);
        let rollout_id = state.open.rollout_id;
        let own_id = |offset: u64| synthetic_id(rollout_id.0, SyntheticKind::Item, offset, 0);
        let ids: Vec<String> = match self.options.view {
            View::Full => offsets.map(own_id).collect(),
            View::Codex => {
                let shown = self.shown_ids(offsets.clone().collect()).await;
                shown
                    .into_iter()
                    .zip(offsets)
                    .map(|(id, offset)| id.unwrap_or_else(|| own_id(offset)))
                    .collect()
            }
        };
        state.line_ids.add(placed.into_iter().map(|(number, _)| number), ids);
    }

    /// Asks which ids the exact view shows. The lines are in the log, so a reader that fails makes no append fail: whoever
    /// was told so would append them again.
    async fn shown_ids(&self, offsets: Vec<u64>) -> Vec<Option<String>> {
        let count = offsets.len();
        let shown = match writes(&self.store) {
            Ok(writes) => writes.item_ids_at(self.thread_id, offsets, View::Codex).await,
            Err(error) => Err(error),
        };
        shown.unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, thread_id = %self.thread_id, "subscribers are told ids that the exact view does not show");
            vec![None; count]
        })
    }

    /// Returns the state, of a thread that is open; after a failure the log is looked at again first.
    async fn usable_state(&self) -> StoreResult<MutexGuard<'_, State>> {
        let mut state = self.state.lock().await;
        if state.closed {
            return Err(StoreError::NotOpen {
                thread_id: self.thread_id(),
            });
        }
        if state.failed {
            self.look_again(&mut state).await?;
        }
        Ok(state)
    }

    /// Opens the thread anew, and starts from what is in the log.
    async fn look_again(&self, state: &mut State) -> StoreResult<()> {
        let open = self.reopen(state.open.key).await?;
        self.path
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&open.path);
        *state = State::new(open, &self.options);
        Ok(())
    }

    async fn reopen(&self, failed: WriterKey) -> StoreResult<OpenThread> {
        let writes = writes(&self.store)?;
        match writes.close_thread(failed).await {
            // What went wrong is known; whether the log can be continued is decided by opening it. And an earlier
            // attempt may have failed after this point, or somebody else closed the thread.
            Ok(()) | Err(StoreError::NotOpen { .. } | StoreError::Record { .. }) => {}
            Err(error) => return Err(error),
        }
        match (writes.resume_thread(self.thread_id()).await, &self.new) {
            // The very first write failed and left no file. Behind an acknowledged one it would be a second history.
            (Err(StoreError::ThreadNotFound { .. }), Some(new)) if !self.is_materialized() => {
                writes.create_thread(new.clone()).await
            }
            (opened, _) => opened,
        }
    }
}

impl Drop for LiveThread {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if !state.closed
            && let Some(writes) = self.store.writes()
        {
            writes.abandon_thread(state.open.key);
        }
    }
}

impl State {
    fn new(open: OpenThread, options: &LiveOptions) -> Self {
        let canonical = CanonicalOptions {
            event_style: options.event_style,
            item_ids: options.item_ids,
            open_turns: open.open_turns.clone(),
            ..CanonicalOptions::new(open.key.thread_id, open.history_mode)
        };
        Self {
            open,
            canonicalizer: Canonicalizer::new(canonical, Arc::clone(&options.ids)),
            offsets: BTreeMap::new(),
            line_ids: LineIds::default(),
            failed: false,
            closed: false,
        }
    }
}

fn writes(store: &Arc<dyn ThreadStore>) -> StoreResult<&dyn ThreadWrites> {
    store.writes().ok_or(StoreError::ReadOnly)
}

impl std::fmt::Debug for LiveThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveThread")
            .field("thread_id", &self.thread_id)
            .finish_non_exhaustive()
    }
}
