//! The threads that this store writes: locks, writers, and the index right behind them.
//!
//! Appends go through the recorder's own threads; everything else runs on blocking threads. A failing index never
//! fails an append.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_rollout::discover::Location;
use codex_rollout::fs::LogFs;
use codex_rollout::lines::LineEvent;
use codex_rollout::locks::{LockError, WriterLease, WriterLocks, WriterProbe};
use codex_rollout::recorder::{
    AppendAck, Durability, EncodedItem, LocalTime, NewRollout, Recorder, RecorderOptions, RecorderPool, RolloutWriter,
    TornTailRule, WriteError, WriterState,
};
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{RowSet, TurnRow, TurnState};

use super::catalog::Freshness;
use super::open_rollout::{OpenRollout, index_error, read_error};
use super::segments::History;
use super::store::Inner;
use crate::clock::Clock;
use crate::error::{StoreError, StoreResult};
use crate::live::session_meta;
use crate::token_use::{TOKEN_SCAN_BYTES, usage_of_line};
use crate::types::View;
use crate::writes::{DurableLine, NewThread, OpenThread, StoredLines, TokenUse};

/// How long appends wait for others before they are indexed together.
const INDEX_DELAY: Duration = Duration::from_millis(20);

/// How long it is trusted that another process holds a lock, or does not.
const PROBE_TRUST_MS: i64 = 1_000;
/// Threads whose probes are remembered.
const MAX_PROBES: usize = 4_096;

/// The writers of a home in this process.
pub(super) struct Writers {
    locks: WriterLocks,
    /// Started with the first thread that is recorded.
    pool: Mutex<Option<Arc<RecorderPool>>>,
    open: Mutex<HashMap<ThreadId, Arc<Writer>>>,
    probes: Mutex<HashMap<ThreadId, Probe>>,
}

/// Whether another process held a thread's lock, and when.
struct Probe {
    at_ms: i64,
    is_held: bool,
}

/// One thread that is being written.
pub(super) struct Writer {
    pub(super) recorder: Recorder,
    /// The thread's lock as long as the recorder holds it.
    lease: Weak<WriterLease>,
    /// Whether there is a file.
    born: AtomicBool,
    /// Whether lines were appended that the index has not been offered yet.
    unseen: AtomicBool,
    /// Whether somebody is on the way to offer them.
    indexing: AtomicBool,
    /// Held while they are offered, so that a reader waits for an offer that has begun.
    offering: Mutex<()>,
}

impl Writers {
    /// Starts without any.
    pub(super) fn new(fs: Arc<dyn LogFs>, home: &Path) -> Self {
        Self {
            locks: WriterLocks::new(fs, home),
            pool: Mutex::default(),
            open: Mutex::default(),
            probes: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ThreadId, Arc<Writer>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the writer of a thread that is open.
    pub(super) fn get(&self, thread_id: ThreadId) -> StoreResult<Arc<Writer>> {
        self.open()
            .get(&thread_id)
            .cloned()
            .ok_or(StoreError::NotOpen { thread_id })
    }

    /// Takes the lock of a thread; one that is open here lends its own.
    pub(super) fn hold(&self, thread_id: ThreadId) -> StoreResult<Arc<WriterLease>> {
        let open = self.open().get(&thread_id).and_then(|writer| writer.lease.upgrade());
        match open {
            Some(lease) => Ok(lease),
            None => self.acquire(thread_id),
        }
    }

    /// Syncs and closes a thread if it is open here, and tells whether it was; whoever holds its lock keeps it. Blocks.
    pub(super) fn close_held(&self, thread_id: ThreadId) -> StoreResult<bool> {
        let Ok(writer) = self.get(thread_id) else {
            return Ok(false);
        };
        let synced = writer.recorder.sync().wait();
        synced.map_err(|error| record_error(thread_id, error))?;
        let closed = writer.recorder.close().wait();
        self.open().remove(&thread_id);
        closed.map_err(|error| record_error(thread_id, error))?;
        Ok(true)
    }

    fn acquire(&self, thread_id: ThreadId) -> StoreResult<Arc<WriterLease>> {
        match self.locks.acquire(thread_id) {
            Ok(lease) => Ok(Arc::new(lease)),
            Err(error) => Err(lock_error(thread_id, error)),
        }
    }

    fn pool(&self, clock: &Clock) -> std::io::Result<Arc<RecorderPool>> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*pool {
            return Ok(Arc::clone(pool));
        }
        let clock = clock.clone();
        let started = RecorderPool::new(RecorderOptions::default(), Arc::new(move || clock.now_ms()))?;
        Ok(Arc::clone(pool.insert(Arc::new(started))))
    }
}

impl Writer {
    /// Appends lines; `unseen` tells readers to look.
    pub(super) async fn append(&self, lines: &[DurableLine], durability: Durability) -> StoreResult<StoredLines> {
        // Ids of legacy items follow from positions, which only written lines have.
        let durability = match self.recorder.history_mode() {
            HistoryMode::Legacy => durability.max(Durability::Written),
            HistoryMode::Paginated => durability,
        };
        let items = encoded(lines);
        let appended = self.recorder.append(items.clone(), durability).await;
        let ack = appended.map_err(|error| record_error(self.recorder.thread_id(), error))?;
        self.unseen.store(true, Ordering::Release);
        let offsets = offsets_of(&items, &ack);
        Ok(StoredLines { ack, offsets })
    }

    /// Waits until everything appended is as safe as asked for.
    pub(super) async fn flush(&self, durability: Durability) -> StoreResult<()> {
        let flushed = match durability {
            Durability::Queued => return Ok(()),
            Durability::Written => self.recorder.flush().await,
            Durability::Synced => self.recorder.sync().await.map(|_| ()),
        };
        flushed.map_err(|error| record_error(self.recorder.thread_id(), error))
    }
}

impl Inner {
    /// Opens a new thread.
    pub(super) fn create_thread(&self, new: &NewThread) -> StoreResult<OpenThread> {
        let thread_id = new.thread_id;
        let lease = self.writers.acquire(thread_id)?;
        if self.is_recorded(thread_id)? {
            return Err(StoreError::ThreadExists { thread_id });
        }
        let now_ms = self.clock.now_ms();
        let meta = session_meta(new, now_ms).ok_or(StoreError::Record {
            thread_id,
            source: Box::new(WriteError::TimeOutOfRange { unix_ms: now_ms }),
        })?;
        let rollout = NewRollout {
            rollout_id: thread_id.into(),
            meta,
            prepared: LocalTime {
                unix_ms: now_ms,
                utc_offset_seconds: self.clock.utc_offset_seconds(now_ms),
            },
        };
        let writer = RolloutWriter::create(Arc::clone(&self.fs), &self.home, lease, rollout)
            .map_err(|error| record_error(thread_id, error))?;
        self.adopt(thread_id, writer, Vec::new())
    }

    /// Returns whether a thread has a rollout with a header; a crash may have left a file without.
    fn is_recorded(&self, thread_id: ThreadId) -> StoreResult<bool> {
        if self.sweep(Freshness::Recent).named(thread_id.0).is_empty() {
            return Ok(false);
        }
        let header_error = self.with_history(thread_id, View::Full, |history| {
            Ok(history.current().header_error.is_some())
        });
        match header_error {
            Ok(is_unreadable) => Ok(!is_unreadable),
            Err(StoreError::ThreadNotFound { .. } | StoreError::Header { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a recorded thread.
    pub(super) fn resume_thread(&self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        // The lock first: what is read afterwards is what is continued.
        let lease = self.writers.acquire(thread_id)?;
        self.catalog.expire();
        let found = self.with_history(thread_id, View::Full, |history| {
            let current = history.current();
            if let Some(problem) = &current.header_error {
                return Err(StoreError::Header {
                    path: current.file.path.clone(),
                    source: problem.clone().into(),
                });
            }
            Ok((current.file.clone(), open_turns(history)?, token_use(current)?))
        });
        let (file, open_turns, token_use) = found.map_err(|error| self.or_hidden(error))?;
        if file.location == Location::Archived {
            return Err(StoreError::Archived { thread_id });
        }
        let rule = TornTailRule::CutAside;
        let resumed = RolloutWriter::resume(Arc::clone(&self.fs), &self.home, lease, &file, rule)
            .map_err(|error| record_error(thread_id, error))?;
        let open = self.adopt(thread_id, resumed.writer, open_turns)?;
        Ok(OpenThread { token_use, ..open })
    }

    /// Takes back that a thread is not there if a folder could not be looked into: a writer must be sure.
    pub(super) fn or_hidden(&self, error: StoreError) -> StoreError {
        let problem = self.catalog.last_sweep().problems.first().cloned();
        match (error, problem) {
            (StoreError::ThreadNotFound { .. }, Some((path, reason))) => StoreError::Read {
                path,
                offset: 0,
                source: reason.into(),
            },
            (error, _) => error,
        }
    }

    pub(super) fn adopt(
        &self,
        thread_id: ThreadId,
        log: RolloutWriter,
        open_turns: Vec<String>,
    ) -> StoreResult<OpenThread> {
        let open = OpenThread {
            thread_id,
            rollout_id: log.rollout_id(),
            history_mode: log.history_mode(),
            path: log.path().to_owned(),
            materialized: log.state() != WriterState::Pending,
            open_turns,
            token_use: None,
        };
        let pool = self.writers.pool(&self.clock);
        let pool = pool.map_err(|error| record_error(thread_id, error))?;
        let lease = Arc::downgrade(log.lease());
        let writer = Writer {
            lease,
            recorder: pool.open(log),
            born: AtomicBool::new(open.materialized),
            unseen: AtomicBool::new(false),
            indexing: AtomicBool::new(false),
            offering: Mutex::default(),
        };
        self.writers.open().insert(thread_id, Arc::new(writer));
        Ok(open)
    }

    /// Notes that a thread may have a file that no sweep has seen.
    pub(super) fn note_birth(&self, writer: &Writer) {
        if !writer.born.swap(true, Ordering::AcqRel) {
            self.catalog.expire();
        }
    }

    /// Makes the file of a thread that has recorded nothing.
    pub(super) async fn persist_thread(&self, thread_id: ThreadId) -> StoreResult<()> {
        let writer = self.writers.get(thread_id)?;
        let persisted = writer.recorder.persist().await;
        persisted.map_err(|error| record_error(thread_id, error))?;
        self.note_birth(&writer);
        Ok(())
    }

    /// Syncs and gives the lock back. After a failure, what was acknowledged as queued is tried once more.
    pub(super) async fn close_thread(&self, thread_id: ThreadId) -> StoreResult<()> {
        let writer = self.writers.get(thread_id)?;
        let reopened = match writer.recorder.is_poisoned() {
            true => writer.recorder.reopen().await.map(|_| ()),
            false => Ok(()),
        };
        let synced = match &reopened {
            Ok(()) => writer.recorder.sync().await.map(|_| ()),
            Err(_) => Ok(()),
        };
        let closed = writer.recorder.close().await;
        self.writers.open().remove(&thread_id);
        // Lists look at the file themselves from now on.
        self.catalog.expire();
        reopened
            .and(synced)
            .and(closed)
            .map_err(|error| record_error(thread_id, error))
    }

    /// Gives the lock back.
    pub(super) async fn discard_thread(&self, thread_id: ThreadId) -> StoreResult<()> {
        let writer = self.writers.get(thread_id)?;
        let closed = writer.recorder.close().await;
        self.writers.open().remove(&thread_id);
        if let Err(error) = closed {
            tracing::warn!(%error, %thread_id, "records that were only queued are lost with the thread");
        }
        Ok(())
    }

    /// Gives the lock back; waits only for records that are queued.
    pub(super) fn abandon_thread(&self, thread_id: ThreadId) {
        let removed = self.writers.open().remove(&thread_id);
        if let Some(writer) = removed
            && let Err(error) = writer.recorder.close().wait()
        {
            tracing::warn!(%error, %thread_id, "records that were only queued are lost with their owner");
        }
        self.catalog.expire();
    }

    /// Returns whether a thread is open here and has no file yet.
    pub(super) fn is_unborn(&self, thread_id: ThreadId) -> bool {
        let writer = self.writers.get(thread_id);
        writer.is_ok_and(|writer| !writer.born.load(Ordering::Acquire))
    }

    /// Becomes the writer of a thread for a moment.
    pub(super) fn acquire_lease(&self, thread_id: ThreadId) -> StoreResult<Arc<WriterLease>> {
        self.writers.acquire(thread_id)
    }

    /// Appends and syncs if the thread is open here; tells whether it is. Blocks.
    pub(super) fn append_to_open(&self, thread_id: ThreadId, items: &[EncodedItem]) -> StoreResult<bool> {
        let Ok(writer) = self.writers.get(thread_id) else {
            return Ok(false);
        };
        if writer.recorder.is_poisoned() {
            // Nobody else looks at the log again before the thread's own next append.
            let reopened = writer.recorder.reopen().wait();
            reopened.map_err(|error| record_error(thread_id, error))?;
        }
        let appended = writer.recorder.append_blocking(items.to_vec(), Durability::Synced);
        appended.map_err(|error| record_error(thread_id, error))?;
        writer.unseen.store(true, Ordering::Release);
        Ok(true)
    }

    /// Offers what was appended to the index, after the appends of a moment have come together in one transaction.
    ///
    /// Nobody waits for it: reads that come first do it themselves.
    pub(super) fn index_behind(self: &Arc<Self>, thread_id: ThreadId, writer: Arc<Writer>) {
        if writer.indexing.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(INDEX_DELAY).await;
            writer.indexing.store(false, Ordering::Release);
            tokio::task::spawn_blocking(move || inner.offer_unseen(thread_id, &writer));
        });
    }

    /// Brings what this process appended into the index before an answer depends on it.
    pub(super) fn index_own_appends(&self) {
        let open: Vec<(ThreadId, Arc<Writer>)> = self
            .writers
            .open()
            .iter()
            .map(|(thread_id, writer)| (*thread_id, Arc::clone(writer)))
            .collect();
        for (thread_id, writer) in open {
            self.offer_unseen(thread_id, &writer);
        }
    }

    fn offer_unseen(&self, thread_id: ThreadId, writer: &Writer) {
        let _offering = writer.offering.lock().unwrap_or_else(PoisonError::into_inner);
        if !writer.unseen.swap(false, Ordering::AcqRel) {
            return;
        }
        let offered = || -> StoreResult<()> {
            let sweep = self.sweep(Freshness::Recent);
            let Some(file) = sweep.rollout(writer.recorder.rollout_id().0).cloned() else {
                return Ok(()); // archived or removed meanwhile: the next sweep decides
            };
            let index = self.index();
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            self.open_rollout(&reader, &file).map(|_| ())
        };
        if let Err(error) = offered() {
            writer.unseen.store(true, Ordering::Release);
            tracing::warn!(%error, %thread_id, "the index stays behind an append; reads catch up");
        }
    }

    /// Returns whether somebody may still append to the thread's open turn.
    pub(super) fn has_writer(&self, thread_id: ThreadId, view: View) -> bool {
        if self.writers.open().contains_key(&thread_id) {
            return true;
        }
        // Codex shows the open turns of other processes as interrupted.
        view == View::Full && self.has_foreign_writer(thread_id)
    }

    fn has_foreign_writer(&self, thread_id: ThreadId) -> bool {
        let now_ms = self.clock.now_ms();
        let probed = |probes: &HashMap<ThreadId, Probe>| {
            let probe = probes.get(&thread_id)?;
            let is_fresh = (0..PROBE_TRUST_MS).contains(&(now_ms - probe.at_ms));
            is_fresh.then_some(probe.is_held)
        };
        let mut probes = self.writers.probes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(is_held) = probed(&probes) {
            return is_held;
        }
        let is_held = matches!(self.writers.locks.probe(thread_id), Ok(WriterProbe::Elsewhere));
        if probes.len() >= MAX_PROBES {
            probes.clear();
        }
        let at_ms = now_ms;
        probes.insert(thread_id, Probe { at_ms, is_held });
        is_held
    }
}

/// Returns the newest turn of a rollout if it has no end.
pub(super) fn newest_open_turn(rollout: &OpenRollout<'_>, set: RowSet) -> StoreResult<Option<TurnRow>> {
    let newest = rollout
        .rows
        .turns(set, KeyRange::ALL, Order::Descending, 1)
        .map_err(|error| index_error(&rollout.file.path, error))?;
    let is_open = |turn: &TurnRow| turn.state == TurnState::InProgress && turn.end.is_none();
    Ok(newest.into_iter().find(is_open))
}

/// Turns that an agent may go on with; those without an id of their own cannot be named.
pub(super) fn open_turns(history: &History<'_>) -> StoreResult<Vec<String>> {
    // What records began, also where raw messages are shown because no event of a user was seen so far.
    let open = newest_open_turn(history.current(), RowSet::Full)?.filter(|turn| turn.alias.is_none());
    Ok(open.map(|turn| turn.turn_id).into_iter().collect())
}

fn token_use(rollout: &OpenRollout<'_>) -> StoreResult<Option<TokenUse>> {
    let rows = &rollout.rows;
    let newest = rows.turns(RowSet::Full, KeyRange::ALL, Order::Descending, 1);
    let newest = newest.map_err(|error| index_error(&rollout.file.path, error))?;
    let Some(turn) = newest.into_iter().next() else {
        return Ok(None);
    };
    let mut lines = rollout.source.lines_rev(rollout.plain_len);
    let lowest = rollout.plain_len.saturating_sub(TOKEN_SCAN_BYTES);
    while let Some(event) = lines
        .next()
        .map_err(|error| read_error(&rollout.source, lowest, error))?
    {
        if let LineEvent::Line { bytes, .. } = &event
            && let Some(usage) = usage_of_line(bytes)
        {
            let turn_id = turn.turn_id;
            return Ok(Some(TokenUse { turn_id, usage }));
        }
        if event.offset() <= lowest {
            break;
        }
    }
    Ok(None)
}

fn encoded(lines: &[DurableLine]) -> Vec<EncodedItem> {
    let encode = |line: &DurableLine| EncodedItem::from_parts(line.item.kind(), &line.payload, line.metadata.as_ref());
    lines.iter().map(encode).collect()
}

fn offsets_of(items: &[EncodedItem], ack: &AppendAck) -> Vec<u64> {
    let Some(bytes) = &ack.bytes else {
        return Vec::new();
    };
    let mut offset = bytes.start;
    let mut ordinal = ack.ordinals.map(|ordinals| ordinals.first);
    let mut offsets = Vec::with_capacity(items.len());
    for item in items {
        offsets.push(offset);
        offset += item.line_bytes(ordinal);
        ordinal = ordinal.map(|ordinal| ordinal + 1);
    }
    offsets
}

/// Wraps a failure to write.
pub(super) fn record_error(thread_id: ThreadId, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Record {
        thread_id,
        source: Box::new(error),
    }
}

fn lock_error(thread_id: ThreadId, error: LockError) -> StoreError {
    match error {
        LockError::Conflict { .. } => StoreError::WriterConflict { thread_id },
        error => StoreError::Record {
            thread_id,
            source: Box::new(error),
        },
    }
}
