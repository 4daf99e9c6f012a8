//! Threads that are kept nowhere (`app-server-api.md` 3.1): their records are numbered and forgotten.
//!
//! Nothing can read the history of such a thread, so none is held: it costs the same memory after a year as at its start.
//! No files, no index, no lock: nobody else can know of the thread.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;

use crate::error::{StoreError, StoreResult};
use crate::report::IndexState;
use crate::store::ThreadStore;
use crate::types::{
    ItemEntry, ItemPage, ItemPageQuery, ListPage, ListQuery, ThreadReadQuery, ThreadRecord, ThreadSelector,
    TimelinePage, TimelineQuery, TurnPage, TurnPageQuery, View,
};
use crate::writes::{
    AppendAck, Durability, DurableLine, MetadataPatch, ModelContext, NewThread, OpenThread, OrdinalRange, StoredLines,
    ThreadWrites, WriterKey,
};

/// A store that new threads are recorded into and that keeps nothing of them.
///
/// A thread is there while it is open. Whatever class an append asks for, it is acknowledged as
/// [`Queued`](Durability::Queued), which promises order and nothing else.
#[derive(Debug, Default)]
pub struct EphemeralStore {
    writers: Mutex<Writers>,
}

#[derive(Debug, Default)]
struct Writers {
    open: HashMap<ThreadId, Writer>,
    /// Openings so far.
    count: u64,
}

#[derive(Debug)]
struct Writer {
    number: u64,
    mode: HistoryMode,
    /// Records so far: the ordinal of the next one, and its place, which ids follow from.
    lines: u64,
}

impl EphemeralStore {
    fn writers(&self) -> MutexGuard<'_, Writers> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, key: WriterKey) -> StoreResult<()> {
        let mut writers = self.writers();
        writers.of(key)?;
        writers.open.remove(&key.thread_id);
        Ok(())
    }
}

impl Writers {
    /// Returns the writer that a key names.
    fn of(&mut self, key: WriterKey) -> StoreResult<&mut Writer> {
        let thread_id = key.thread_id;
        let writer = self.open.get_mut(&thread_id);
        let named = writer.filter(|writer| writer.number == key.number);
        named.ok_or(StoreError::NotOpen { thread_id })
    }
}

#[async_trait]
impl ThreadWrites for EphemeralStore {
    async fn create_thread(&self, new: NewThread) -> StoreResult<OpenThread> {
        let thread_id = new.thread_id;
        let mut writers = self.writers();
        if writers.open.contains_key(&thread_id) {
            return Err(StoreError::WriterConflict { thread_id });
        }
        writers.count += 1;
        let number = writers.count;
        let writer = Writer {
            number,
            mode: new.history_mode,
            lines: 0,
        };
        writers.open.insert(thread_id, writer);
        Ok(OpenThread {
            key: WriterKey { thread_id, number },
            rollout_id: thread_id.into(),
            history_mode: new.history_mode,
            path: PathBuf::new(),
            materialized: false,
            open_turns: Vec::new(),
            token_use: None,
        })
    }

    /// Nothing is recorded that could be continued.
    async fn resume_thread(&self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        Err(StoreError::ThreadNotFound { thread_id })
    }

    async fn append_items(&self, key: WriterKey, lines: &[DurableLine], _: Durability) -> StoreResult<StoredLines> {
        let mut writers = self.writers();
        let writer = writers.of(key)?;
        let first = writer.lines;
        writer.lines += lines.len() as u64;
        let next = writer.lines;
        Ok(StoredLines {
            ack: AppendAck {
                durability: Durability::Queued,
                line_count: lines.len() as u64,
                ordinals: (writer.mode == HistoryMode::Paginated).then_some(OrdinalRange { first, next }),
                bytes: None,
            },
            offsets: (first..next).collect(),
        })
    }

    async fn persist_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.writers().of(key).map(|_| ())
    }

    async fn flush_thread(&self, key: WriterKey, _: Durability) -> StoreResult<()> {
        self.writers().of(key).map(|_| ())
    }

    async fn close_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.close(key)
    }

    async fn discard_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.close(key)
    }

    fn abandon_thread(&self, key: WriterKey) {
        // One that is not open has nothing to give back.
        let _ = self.close(key);
    }

    async fn update_metadata(&self, thread_id: ThreadId, _: MetadataPatch) -> StoreResult<()> {
        Err(StoreError::ThreadNotFound { thread_id })
    }

    /// No view shows items of these threads, so their ids follow from their places alone.
    async fn item_ids_at(&self, _: ThreadId, offsets: Vec<u64>, _: View) -> StoreResult<Vec<Option<String>>> {
        Ok(vec![None; offsets.len()])
    }

    async fn load_model_context(&self, thread_id: ThreadId) -> StoreResult<ModelContext> {
        Err(StoreError::ThreadNotFound { thread_id })
    }
}

/// To readers none of the threads exists.
#[async_trait]
impl ThreadStore for EphemeralStore {
    async fn list_threads(&self, _: ListQuery) -> StoreResult<ListPage> {
        Ok(ListPage {
            threads: Vec::new(),
            has_more: false,
        })
    }

    async fn read_thread(&self, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
        Err(not_found(query.thread_id))
    }

    async fn list_turns(&self, query: TurnPageQuery) -> StoreResult<TurnPage> {
        Err(not_found(query.thread_id))
    }

    async fn list_items(&self, query: ItemPageQuery) -> StoreResult<ItemPage> {
        Err(not_found(query.thread_id))
    }

    async fn read_items(&self, thread_id: ThreadId, _: &str, _: &[String], _: View) -> StoreResult<Vec<ItemEntry>> {
        Err(not_found(thread_id))
    }

    async fn list_timeline(&self, query: TimelineQuery) -> StoreResult<TimelinePage> {
        Err(not_found(query.thread_id))
    }

    async fn index_state(&self, thread_id: ThreadId) -> StoreResult<IndexState> {
        Err(not_found(thread_id))
    }

    async fn resolve(&self, _: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>> {
        Ok(Vec::new())
    }

    fn writes(&self) -> Option<&dyn ThreadWrites> {
        Some(self)
    }
}

fn not_found(thread_id: ThreadId) -> StoreError {
    StoreError::ThreadNotFound { thread_id }
}

#[cfg(test)]
#[path = "ephemeral_tests.rs"]
mod ephemeral_tests;
