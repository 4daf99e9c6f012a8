//! The writers of the threads that are open here: locks, appends, and the index right behind them.
//!
//! Appends go through the recorder's own threads; everything else runs on blocking threads. A failing index never
//! fails an append.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use codex_rollout::fs::LogFs;
use codex_rollout::locks::{LockError, WriterLease, WriterLocks, WriterProbe};
use codex_rollout::recorder::{
    AppendAck, Durability, EncodedItem, RecordError, Recorder, RecorderOptions, RecorderPool, RolloutWriter,
    WriterState,
};

use super::catalog::Freshness;
use super::store::Inner;
use crate::clock::Clock;
use crate::error::{StoreError, StoreResult};
use crate::types::View;
use crate::writes::{DurableLine, StoredLines, WriterKey};

/// How long appends wait for others before they are indexed together.
const INDEX_DELAY: Duration = Duration::from_millis(20);
/// How often they wait as long as the last pass took: under load a pass takes in more appends, and leaves most of the time
/// to those who record.
const INDEX_PAUSE: u64 = 5;
/// How long they wait at most.
const MAX_INDEX_DELAY_MS: u64 = 250;

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
    /// Threads that are about to be opened; changes for more only while `open` is held.
    opening: AtomicUsize,
    /// Openings so far.
    count: AtomicU64,
    probes: Probes,
    /// Whether somebody is on the way to offer appends to the index.
    indexing: AtomicBool,
    /// How long the last pass over the writers took.
    last_pass_ms: AtomicU64,
}

/// The place of a thread that is about to be opened, so that no more are opened than may be.
pub(super) struct Place<'w>(&'w Writers);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.opening.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What was found out about the locks of threads that are not open here.
#[derive(Default)]
struct Probes(Mutex<HashMap<ThreadId, Probe>>);

/// Whether another process held a thread's lock, and when.
struct Probe {
    at_ms: i64,
    is_held: bool,
}

/// One thread that is being written.
pub(super) struct Writer {
    key: WriterKey,
    pub(super) recorder: Recorder,
    /// The thread's lock as long as the recorder holds it.
    lease: Weak<WriterLease>,
    /// Whether there is a file.
    born: AtomicBool,
    /// Whether lines were appended that the index has not been offered yet.
    unseen: AtomicBool,
    /// Whether lines were appended since lists last looked at the files.
    unlisted: AtomicBool,
    /// Whether lines were appended that the next pass over the writers is to offer.
    due: AtomicBool,
    /// Held while they are offered, so that a reader waits for an offer that has begun.
    offering: Mutex<()>,
}

/// Somebody who is on the way to offer appends to the index, until it is dropped: also when its runtime ends.
struct OnTheWay(Weak<Inner>);

impl Drop for OnTheWay {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.writers.indexing.store(false, Ordering::SeqCst);
        }
    }
}

impl Probes {
    /// Returns whether another process held a thread's lock, if that was found out just now.
    fn get(&self, thread_id: ThreadId, now_ms: i64) -> Option<bool> {
        let probes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let probe = probes.get(&thread_id)?;
        let is_fresh = (0..PROBE_TRUST_MS).contains(&(now_ms - probe.at_ms));
        is_fresh.then_some(probe.is_held)
    }

    /// Remembers what was found out; all others are forgotten when there are too many.
    fn insert(&self, thread_id: ThreadId, probe: Probe) {
        let mut probes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if probes.len() >= MAX_PROBES {
            probes.clear();
        }
        probes.insert(thread_id, probe);
    }
}

impl Writers {
    /// Starts without any.
    pub(super) fn new(fs: Arc<dyn LogFs>, home: &Path) -> Self {
        Self {
            locks: WriterLocks::new(fs, home),
            pool: Mutex::default(),
            open: Mutex::default(),
            opening: AtomicUsize::new(0),
            count: AtomicU64::new(0),
            probes: Probes::default(),
            indexing: AtomicBool::new(false),
            last_pass_ms: AtomicU64::new(0),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ThreadId, Arc<Writer>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the writer that a key names, unless it was closed.
    pub(super) fn get(&self, key: WriterKey) -> StoreResult<Arc<Writer>> {
        let writer = self.of_thread(key.thread_id).filter(|writer| writer.key == key);
        writer.ok_or(StoreError::NotOpen {
            thread_id: key.thread_id,
        })
    }

    /// Returns the writer of a thread that is open.
    pub(super) fn of_thread(&self, thread_id: ThreadId) -> Option<Arc<Writer>> {
        self.open().get(&thread_id).cloned()
    }

    /// Keeps a place for a thread that is about to be opened; of several at once that want the last one, all may be refused.
    ///
    /// # Errors
    /// [`StoreError::TooManyOpen`] if `limit` threads are open, or about to be.
    pub(super) fn place(&self, limit: usize) -> StoreResult<Place<'_>> {
        let open = self.open();
        if open.len() + self.opening.load(Ordering::Relaxed) >= limit {
            return Err(StoreError::TooManyOpen { limit });
        }
        self.opening.fetch_add(1, Ordering::Relaxed);
        Ok(Place(self))
    }

    /// Returns all of them, in the same order in every run.
    fn in_order(&self) -> Vec<Arc<Writer>> {
        let mut open: Vec<Arc<Writer>> = self.open().values().cloned().collect();
        open.sort_by_key(|writer| writer.key.number);
        open
    }

    /// Names the next opening of a thread.
    pub(super) fn next_key(&self, thread_id: ThreadId) -> WriterKey {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        WriterKey { thread_id, number }
    }

    /// Takes a writer in.
    pub(super) fn insert(&self, writer: Writer) {
        self.open().insert(writer.key.thread_id, Arc::new(writer));
    }

    /// Forgets a writer that is closed; returns the one that has its key now, if a revert put one there meanwhile.
    pub(super) fn forget(&self, closed: &Arc<Writer>) -> Option<Arc<Writer>> {
        let mut open = self.open();
        let found = open
            .get(&closed.key.thread_id)
            .filter(|writer| writer.key == closed.key)?;
        if !Arc::ptr_eq(found, closed) {
            return Some(Arc::clone(found));
        }
        open.remove(&closed.key.thread_id);
        None
    }

    /// Puts a writer in the place of the one with its key, unless that was forgotten meanwhile.
    pub(super) fn replace(&self, writer: Writer) {
        let mut open = self.open();
        if open.get(&writer.key.thread_id).is_some_and(|old| old.key == writer.key) {
            open.insert(writer.key.thread_id, Arc::new(writer));
        }
    }

    /// Takes the lock of a thread; one that is open here lends its own.
    pub(super) fn hold(&self, thread_id: ThreadId) -> StoreResult<Arc<WriterLease>> {
        let open = self.open().get(&thread_id).and_then(|writer| writer.lease.upgrade());
        match open {
            Some(lease) => Ok(lease),
            None => self.acquire(thread_id),
        }
    }

    /// Syncs and closes a thread if it is open here; whoever holds its lock keeps it. Blocks.
    pub(super) fn close_held(&self, thread_id: ThreadId) -> StoreResult<()> {
        if let Some(writer) = self.suspend(thread_id)? {
            self.forget(&writer);
        }
        Ok(())
    }

    /// Does the same, but keeps the place of the writer, so that its owner can close it meanwhile.
    pub(super) fn suspend(&self, thread_id: ThreadId) -> StoreResult<Option<Arc<Writer>>> {
        let Some(writer) = self.of_thread(thread_id) else {
            return Ok(None);
        };
        let synced = writer.recorder.sync().wait();
        synced.map_err(|error| record_error(thread_id, error))?;
        if let Err(error) = writer.recorder.close().wait() {
            self.forget(&writer);
            return Err(record_error(thread_id, error));
        }
        Ok(Some(writer))
    }

    pub(super) fn acquire(&self, thread_id: ThreadId) -> StoreResult<Arc<WriterLease>> {
        match self.locks.acquire(thread_id) {
            Ok(lease) => Ok(Arc::new(lease)),
            Err(error) => Err(lock_error(thread_id, error)),
        }
    }

    pub(super) fn pool(&self, clock: &Clock) -> std::io::Result<Arc<RecorderPool>> {
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
    /// Starts to record into an open log.
    pub(super) fn new(key: WriterKey, pool: &RecorderPool, log: RolloutWriter) -> Self {
        Self {
            key,
            lease: Arc::downgrade(log.lease()),
            born: AtomicBool::new(log.state() != WriterState::Pending),
            recorder: pool.open(log),
            unseen: AtomicBool::new(false),
            unlisted: AtomicBool::new(false),
            due: AtomicBool::new(false),
            offering: Mutex::default(),
        }
    }

    /// Which opening of the thread this is.
    pub(super) fn key(&self) -> WriterKey {
        self.key
    }

    /// Returns whether there is a file.
    pub(super) fn is_born(&self) -> bool {
        self.born.load(Ordering::Acquire)
    }

    /// Looks at the log again after a failure: nobody else does before the thread's own next append. Blocks.
    pub(super) fn recover(&self) -> StoreResult<()> {
        if !self.recorder.is_poisoned() {
            return Ok(());
        }
        let reopened = self.recorder.reopen().wait();
        reopened.map_err(|error| record_error(self.key.thread_id, error))?;
        Ok(())
    }

    /// Appends and syncs. Blocks.
    pub(super) fn append_synced(&self, items: &[EncodedItem]) -> StoreResult<()> {
        self.recover()?;
        let appended = self.recorder.append_blocking(items.to_vec(), Durability::Synced);
        appended.map_err(|error| append_error(self.key.thread_id, error))?;
        self.note_append();
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.due.load(Ordering::SeqCst)
    }

    fn note_append(&self) {
        self.unseen.store(true, Ordering::Release);
        self.unlisted.store(true, Ordering::Release);
    }

    /// Appends lines; `unseen` tells readers to look.
    pub(super) async fn append(&self, lines: &[DurableLine], durability: Durability) -> StoreResult<StoredLines> {
        // Ids of legacy items follow from positions, which only written lines have.
        let durability = match self.recorder.history_mode() {
            HistoryMode::Legacy => durability.max(Durability::Written),
            HistoryMode::Paginated => durability,
        };
        let items = encoded(lines);
        let lengths: Vec<u64> = items.iter().map(EncodedItem::encoded_bytes).collect();
        let appended = self.recorder.append(items, durability).await;
        let ack = appended.map_err(|error| append_error(self.recorder.thread_id(), error))?;
        self.note_append();
        let offsets = offsets_of(&lengths, &ack);
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
    /// Notes that a thread may have a file that no sweep has seen.
    pub(super) fn note_birth(&self, writer: &Writer) {
        if !writer.born.swap(true, Ordering::AcqRel) {
            self.catalog.expire();
        }
    }

    /// Returns whether a thread is open here and has no file yet.
    pub(super) fn is_unborn(&self, thread_id: ThreadId) -> bool {
        let writer = self.writers.of_thread(thread_id);
        writer.is_some_and(|writer| !writer.is_born())
    }

    /// Becomes the writer of a thread for a moment.
    pub(super) fn acquire_lease(&self, thread_id: ThreadId) -> StoreResult<Arc<WriterLease>> {
        self.writers.acquire(thread_id)
    }

    /// Appends and syncs if the thread is open here; tells whether it is. Blocks.
    pub(super) fn append_to_open(&self, thread_id: ThreadId, items: &[EncodedItem]) -> StoreResult<bool> {
        let Some(writer) = self.writers.of_thread(thread_id) else {
            return Ok(false);
        };
        writer.append_synced(items)?;
        Ok(true)
    }

    /// Offers what was appended to the index, after the appends of a moment have come together: those of a thread in one
    /// transaction, and those of all threads in one pass.
    ///
    /// Nobody waits for it: reads that come first do it themselves.
    pub(super) fn index_behind(self: &Arc<Self>, writer: &Writer) {
        // In this order: whoever ends a pass looks for appends that found him still at it.
        writer.due.store(true, Ordering::SeqCst);
        self.index_due();
    }

    fn index_due(self: &Arc<Self>) {
        if self.writers.indexing.swap(true, Ordering::SeqCst) {
            return;
        }
        let on_the_way = OnTheWay(Arc::downgrade(self));
        let delay = index_delay(self.writers.last_pass_ms.load(Ordering::Relaxed));
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let Some(inner) = on_the_way.0.upgrade() else {
                return;
            };
            let running = inner.open_files.call(None).await;
            tokio::task::spawn_blocking(move || {
                let _running = running;
                inner.index_pass();
                drop(on_the_way);
                if inner.writers.in_order().iter().any(|writer| writer.is_due()) {
                    inner.index_due();
                }
            });
        });
    }

    /// Offers what is due of all writers, one after the other.
    fn index_pass(&self) {
        let began_ms = self.clock.now_ms();
        for writer in self.writers.in_order() {
            if writer.due.swap(false, Ordering::SeqCst) {
                self.offer_unseen(&writer);
            }
        }
        let took_ms = self.clock.now_ms().saturating_sub(began_ms).max(0);
        self.writers
            .last_pass_ms
            .store(took_ms.unsigned_abs(), Ordering::Relaxed);
    }

    /// Brings what this process appended into the index before an answer depends on it.
    pub(super) fn index_own_appends(&self) {
        let open = self.writers.in_order();
        // Rows of lists follow the files, so these must be looked at again.
        let unlisted = open
            .iter()
            .filter(|writer| writer.unlisted.swap(false, Ordering::AcqRel));
        if unlisted.count() > 0 {
            self.catalog.expire();
        }
        for writer in open {
            self.offer_unseen(&writer);
        }
    }

    fn offer_unseen(&self, writer: &Writer) {
        let _offering = self
            .budget
            .turn(|| writer.offering.lock().unwrap_or_else(PoisonError::into_inner));
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
            let thread_id = writer.key.thread_id;
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
        if let Some(is_held) = self.writers.probes.get(thread_id, now_ms) {
            return is_held;
        }
        // A slow disk keeps only those waiting who ask about this thread.
        let is_held = matches!(self.writers.locks.probe(thread_id), Ok(WriterProbe::Elsewhere));
        self.writers.probes.insert(thread_id, Probe { at_ms: now_ms, is_held });
        is_held
    }
}

/// Returns how long appends wait for others after a pass that took as long.
fn index_delay(last_pass_ms: u64) -> Duration {
    let pause_ms = last_pass_ms.saturating_mul(INDEX_PAUSE).min(MAX_INDEX_DELAY_MS);
    INDEX_DELAY.max(Duration::from_millis(pause_ms))
}

fn encoded(lines: &[DurableLine]) -> Vec<EncodedItem> {
    let encode = |line: &DurableLine| EncodedItem::from_parts(line.item.kind(), &line.payload, line.metadata.as_ref());
    lines.iter().map(encode).collect()
}

/// Returns where lines begin whose encoded parts are as long.
fn offsets_of(lengths: &[u64], ack: &AppendAck) -> Vec<u64> {
    let Some(bytes) = &ack.bytes else {
        return Vec::new();
    };
    let mut offset = bytes.start;
    let mut ordinal = ack.ordinals.map(|ordinals| ordinals.first);
    let mut offsets = Vec::with_capacity(lengths.len());
    for length in lengths {
        offsets.push(offset);
        offset += EncodedItem::line_bytes_of(*length, ordinal);
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

fn append_error(thread_id: ThreadId, error: RecordError) -> StoreError {
    match error {
        RecordError::InDoubt(source) => StoreError::InDoubt {
            thread_id,
            source: Box::new(source),
        },
        error => record_error(thread_id, error),
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

#[cfg(test)]
#[path = "writers_tests.rs"]
mod writers_tests;
