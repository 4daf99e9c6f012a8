//! Opening and closing the threads that this store writes.
//!
//! A thread is opened under its lock, so what is read then is what is continued.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::{Location, RolloutFile};
use codex_rollout::locks::WriterLease;
use codex_rollout::recorder::{
    LocalTime, NewRollout, RecordError, RecordResult, RolloutWriter, TornTailRule, WriterState,
};
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::{RowSet, TurnRow, TurnState};

use super::catalog::Freshness;
use super::open_rollout::{OpenRollout, index_error};
use super::segments::History;
use super::store::Inner;
use super::token_use::{end_of, token_use_before};
use super::writers::{Writer, record_error};
use crate::error::{StoreError, StoreResult};
use crate::live::session_meta;
use crate::types::View;
use crate::writes::{NewThread, OpenThread, WriterKey};

/// A thread that was opened and not handed to its owner yet: if nobody waits for it any more, it is closed again.
pub(super) struct Opened {
    inner: Arc<Inner>,
    open: Option<OpenThread>,
}

impl Opened {
    /// Wraps what was opened.
    pub(super) fn new(inner: Arc<Inner>, open: OpenThread) -> Self {
        Self {
            inner,
            open: Some(open),
        }
    }

    /// Hands the thread over; whoever takes it closes it.
    pub(super) fn hand_over(mut self) -> OpenThread {
        self.open
            .take()
            .expect("it is handed over once, because that takes the value")
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            self.inner.abandon_thread(open.key);
        }
    }
}

impl Inner {
    /// Opens a new thread.
    pub(super) fn create_thread(&self, new: &NewThread) -> StoreResult<OpenThread> {
        let thread_id = new.thread_id;
        let _place = self.writers.place(self.limits.max_open_threads)?;
        let lease = self.writers.acquire(thread_id)?;
        if self.is_recorded(thread_id)? {
            return Err(StoreError::ThreadExists { thread_id });
        }
        let now_ms = self.clock.now_ms();
        let meta = session_meta(new, now_ms).map_err(|error| record_error(thread_id, error))?;
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
        self.adopt(self.writers.next_key(thread_id), writer, Vec::new())
    }

    /// Returns whether a thread has a rollout with a header; a crash may have left a file without.
    fn is_recorded(&self, thread_id: ThreadId) -> StoreResult<bool> {
        if self.sweep(Freshness::Recent).named(thread_id.0).is_empty() {
            return Ok(false);
        }
        let header_error = self.repairing(|| {
            self.with_history(thread_id, View::Full, |history| {
                Ok(history.current().header_error.is_some())
            })
        });
        match header_error {
            Ok(is_unreadable) => Ok(!is_unreadable),
            Err(StoreError::ThreadNotFound { .. } | StoreError::Header { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a recorded thread.
    pub(super) fn resume_thread(&self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        let _place = self.writers.place(self.limits.max_open_threads)?;
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
            let token_use = token_use_before(history, end_of(history))?;
            Ok((current.file.clone(), open_turns(history)?, token_use))
        });
        let (file, open_turns, token_use) = found.map_err(|error| self.or_hidden(error))?;
        if file.location == Location::Archived {
            return Err(StoreError::Archived { thread_id });
        }
        let rule = TornTailRule::CutAside;
        let resumed = RolloutWriter::resume(Arc::clone(&self.fs), &self.home, lease, &file, rule)
            .map_err(|error| record_error(thread_id, error))?;
        let open = self.adopt(self.writers.next_key(thread_id), resumed.writer, open_turns)?;
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

    fn adopt(&self, key: WriterKey, log: RolloutWriter, open_turns: Vec<String>) -> StoreResult<OpenThread> {
        let open = OpenThread {
            key,
            rollout_id: log.rollout_id(),
            history_mode: log.history_mode(),
            path: log.path().to_owned(),
            materialized: log.state() != WriterState::Pending,
            open_turns,
            token_use: None,
        };
        self.writers.insert(self.writer(key, log)?);
        Ok(open)
    }

    /// Opens another rollout in the place of a writer that was suspended.
    pub(super) fn resume_suspended(
        &self,
        suspended: &Writer,
        lease: Arc<WriterLease>,
        file: &RolloutFile,
    ) -> StoreResult<()> {
        let writer = self.reopen_suspended(suspended, lease, file)?;
        // Its owner may have closed it meanwhile; then nobody would close this one.
        self.writers.replace(writer);
        Ok(())
    }

    /// Opens a rollout with the key of a writer that was suspended; nobody appends before it is put in its place.
    pub(super) fn reopen_suspended(
        &self,
        suspended: &Writer,
        lease: Arc<WriterLease>,
        file: &RolloutFile,
    ) -> StoreResult<Writer> {
        let key = suspended.key();
        let rule = TornTailRule::CutAside;
        let resumed = RolloutWriter::resume(Arc::clone(&self.fs), &self.home, lease, file, rule)
            .map_err(|error| record_error(key.thread_id, error))?;
        self.writer(key, resumed.writer)
    }

    fn writer(&self, key: WriterKey, log: RolloutWriter) -> StoreResult<Writer> {
        let pool = self.writers.pool(&self.clock);
        let pool = pool.map_err(|error| record_error(key.thread_id, error))?;
        Ok(Writer::new(key, &pool, log))
    }

    /// Makes the file of a thread that has recorded nothing.
    pub(super) async fn persist_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.persist(&*self.writers.get(key)?).await
    }

    /// Makes the file of a thread that is open here without one.
    pub(super) async fn persist_unborn(&self, thread_id: ThreadId) -> StoreResult<()> {
        match self.writers.of_thread(thread_id) {
            Some(writer) if !writer.is_born() => self.persist(&writer).await,
            _ => Ok(()),
        }
    }

    async fn persist(&self, writer: &Writer) -> StoreResult<()> {
        let persisted = writer.recorder.persist().await;
        persisted.map_err(|error| record_error(writer.key().thread_id, error))?;
        self.note_birth(writer);
        Ok(())
    }

    /// Syncs and gives the lock back. After a failure, what was acknowledged as queued is tried once more.
    pub(super) async fn close_thread(&self, key: WriterKey) -> StoreResult<()> {
        let mut writer = self.writers.get(key)?;
        loop {
            let closed = sync_and_close(&writer).await;
            let successor = self.writers.forget(&writer);
            // Lists look at the file themselves from now on.
            self.catalog.expire();
            match (closed, successor) {
                // A revert went on with the thread meanwhile, which is over now.
                (_, Some(successor)) => writer = successor,
                (closed, None) => return closed.map_err(|error| record_error(key.thread_id, error)),
            }
        }
    }

    /// Gives the lock back.
    pub(super) async fn discard_thread(&self, key: WriterKey) -> StoreResult<()> {
        let mut next = Some(self.writers.get(key)?);
        while let Some(writer) = next {
            warn_of_lost(key, writer.recorder.close().await);
            next = self.writers.forget(&writer);
        }
        self.catalog.expire();
        Ok(())
    }

    /// Gives the lock back; waits only for records that are queued.
    pub(super) fn abandon_thread(&self, key: WriterKey) {
        let mut next = self.writers.get(key).ok();
        while let Some(writer) = next {
            warn_of_lost(key, writer.recorder.close().wait());
            next = self.writers.forget(&writer);
        }
        self.catalog.expire();
    }
}

async fn sync_and_close(writer: &Writer) -> RecordResult<()> {
    let reopened = match writer.recorder.is_poisoned() {
        true => writer.recorder.reopen().await.map(|_| ()),
        false => Ok(()),
    };
    let synced = match &reopened {
        Ok(()) => writer.recorder.sync().await.map(|_| ()),
        Err(_) => Ok(()),
    };
    let closed = writer.recorder.close().await;
    match reopened.and(synced).and(closed) {
        // Whoever closed it has synced it.
        Err(RecordError::Closed { .. }) => Ok(()),
        closed => closed,
    }
}

fn warn_of_lost(key: WriterKey, closed: RecordResult<()>) {
    if let Err(error @ (RecordError::Write(_) | RecordError::InDoubt(_))) = closed {
        tracing::warn!(%error, thread_id = %key.thread_id, "records that were only queued are lost with their owner");
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
