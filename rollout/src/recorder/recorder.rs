//! The shared front of one rollout's writer: many callers, bounded queue, one writer.
//!
//! Usable from threads and from tasks of any runtime; the work is done by the threads of a [`RecorderPool`](super::RecorderPool).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::HistoryMode;

use super::durability::{AppendAck, Durability, SyncedThrough};
use super::encoded_item::EncodedItem;
use super::error::WriteError;
use super::pool::{NowMs, PoolShared, RecorderOptions};
use super::queue::{Command, Due, RolloutQueue, Submitted};
use super::ticket::{Answer, Ticket, ticket};
use super::writer::{Reopened, RolloutWriter};

/// Shorthand for results of a recorder.
pub type RecordResult<T> = Result<T, RecordError>;

/// A recorder did not do what it was asked for. Cheap to clone, because one failure may have many waiters.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The writer failed, now or earlier; after an earlier failure nothing is accepted until the rollout is reopened.
    #[error(transparent)]
    Write(Arc<WriteError>),
    /// A batch is not acknowledged, and lines of it may be in the log all the same: they were written and could not be
    /// synced, or what a failed write left could not be cut off. Whoever would append them again looks first.
    #[error("lines of the batch may be in the log nevertheless")]
    InDoubt(#[source] Arc<WriteError>),
    /// The recorder was closed.
    #[error("rollout {path} is closed for writing")]
    Closed {
        /// The rollout.
        path: PathBuf,
    },
}

impl From<WriteError> for RecordError {
    fn from(error: WriteError) -> Self {
        Self::Write(Arc::new(error))
    }
}

/// Records one rollout. Cheap to clone; clones share the queue and the writer.
#[derive(Clone)]
pub struct Recorder {
    pool: Arc<PoolShared>,
    queue: Arc<RolloutQueue>,
    thread_id: ThreadId,
    rollout_id: RolloutId,
    history_mode: HistoryMode,
}

impl Recorder {
    pub(super) fn new(pool: Arc<PoolShared>, options: RecorderOptions, now_ms: NowMs, writer: RolloutWriter) -> Self {
        Self {
            pool,
            thread_id: writer.thread_id(),
            rollout_id: writer.rollout_id(),
            history_mode: writer.history_mode(),
            queue: Arc::new(RolloutQueue::new(options, now_ms, writer)),
        }
    }

    /// The thread.
    pub fn thread_id(&self) -> ThreadId {
        self.thread_id
    }

    /// The rollout.
    pub fn rollout_id(&self) -> RolloutId {
        self.rollout_id
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> &Path {
        &self.queue.path
    }

    /// How the rollout stores its history.
    pub fn history_mode(&self) -> HistoryMode {
        self.history_mode
    }

    /// Ordinal of the next item if everything accepted so far is written; `None` if lines have none.
    pub fn next_ordinal(&self) -> Option<u64> {
        self.queue.next_ordinal()
    }

    /// Tells whether nothing is accepted until the rollout is reopened.
    pub fn is_poisoned(&self) -> bool {
        self.queue.is_poisoned()
    }

    /// Appends a batch, in the order of the calls, and returns once it has come as far as asked.
    ///
    /// Waits while the queue is full. A batch that is to be written or synced is handed to the system by the calling thread
    /// itself if it is not large, nothing else is under way for the rollout and its latest write was quick; all else is done
    /// by the pool. A write that fails is tried once more with the log reopened; a sync never is. A batch acknowledged as
    /// queued outlives a failure: it is written first by [`reopen`](Self::reopen). Dropping the future gives up the answer;
    /// a batch that was accepted is written nevertheless.
    ///
    /// # Errors
    /// [`InDoubt`](RecordError::InDoubt) when lines of the batch may be in the log; after every other error there are none,
    /// and there will be none.
    pub async fn append(&self, items: Vec<EncodedItem>, durability: Durability) -> RecordResult<AppendAck> {
        let mut items = items;
        loop {
            match self.submit(items, durability)? {
                Submitted::Queued(ack) => return Ok(ack),
                Submitted::Waiting(ticket) => return ticket.await,
                Submitted::Full(back, room) => {
                    room.await;
                    items = back;
                }
            }
        }
    }

    /// [`append`](Self::append) for a thread that may block.
    pub fn append_blocking(&self, items: Vec<EncodedItem>, durability: Durability) -> RecordResult<AppendAck> {
        let mut items = items;
        loop {
            match self.submit(items, durability)? {
                Submitted::Queued(ack) => return Ok(ack),
                Submitted::Waiting(ticket) => return ticket.wait(),
                Submitted::Full(back, room) => {
                    room.wait();
                    items = back;
                }
            }
        }
    }

    /// Makes the file with its session metadata if nothing was appended yet.
    pub fn persist(&self) -> Ticket<RecordResult<()>> {
        self.ask(Command::Persist)
    }

    /// Waits until everything accepted before is handed to the operating system.
    pub fn flush(&self) -> Ticket<RecordResult<()>> {
        self.ask(Command::Flush)
    }

    /// Waits until everything accepted before is on stable storage. Callers that wait together share a sync.
    pub fn sync(&self) -> Ticket<RecordResult<SyncedThrough>> {
        self.ask(Command::Sync)
    }

    /// Looks at the log again after a failure, as [`RolloutWriter::reopen`] does, and writes the batches that were
    /// acknowledged as queued. Does nothing to a recorder that is not poisoned.
    pub fn reopen(&self) -> Ticket<RecordResult<Reopened>> {
        self.ask(Command::Reopen)
    }

    /// Accepts nothing more, writes what was accepted, and gives up the writer's lease.
    ///
    /// # Errors
    /// Batches that were acknowledged as queued could not be written.
    pub fn close(&self) -> Ticket<RecordResult<()>> {
        self.ask(Command::Close)
    }

    fn submit(&self, items: Vec<EncodedItem>, durability: Durability) -> RecordResult<Submitted> {
        let (submitted, due) = self.queue.submit(items, durability)?;
        self.see_to(due)?;
        Ok(submitted)
    }

    fn ask<T>(&self, command: impl FnOnce(Answer<RecordResult<T>>) -> Command) -> Ticket<RecordResult<T>> {
        let (answer, waiting) = ticket(Err(self.queue.closed()));
        let pushed = self
            .queue
            .push(command(answer))
            .and_then(|is_due| self.see_to(if is_due { Due::Threads } else { Due::Already }));
        match pushed {
            Ok(()) => waiting,
            Err(error) => {
                let (answer, refused) = ticket(Err(self.queue.closed()));
                answer.give(Err(error));
                refused
            }
        }
    }

    fn see_to(&self, due: Due) -> RecordResult<()> {
        let is_seen_to = match due {
            Due::Already => true,
            Due::Threads => self.pool.schedule(Arc::clone(&self.queue)),
            Due::Here => self.pool.write_here(Arc::clone(&self.queue)),
        };
        if !is_seen_to {
            self.queue.abandon();
            return Err(self.queue.closed());
        }
        Ok(())
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("path", &self.queue.path)
            .field("is_poisoned", &self.is_poisoned())
            .finish_non_exhaustive()
    }
}
