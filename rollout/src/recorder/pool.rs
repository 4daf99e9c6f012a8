//! The threads that write and sync for all open rollouts of a process.
//!
//! Two small pools, so that a write never waits behind syncs of other files. A rollout is in at most one place at a time:
//! nowhere, in one of the two queues, or with one thread. What is done with it there is decided by its queue.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::queue::{RolloutQueue, SyncWork};
use super::recorder::Recorder;
use super::writer::RolloutWriter;

/// Threads that write batches.
pub const WRITE_THREADS: usize = 2;
/// Threads that sync files: as many files are synced at once.
pub const SYNC_THREADS: usize = 16;
/// Most batches that wait for one rollout; an append waits beyond that.
pub const MAX_QUEUED_BATCHES: usize = 1024;
/// Most bytes that wait for one rollout; an append waits beyond that. One batch always fits.
pub const MAX_QUEUED_BYTES: u64 = 16 * 1024 * 1024;

/// How a [`RecorderPool`] is sized; the default is the named constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecorderOptions {
    /// See [`WRITE_THREADS`]; at least 1.
    pub write_threads: usize,
    /// See [`SYNC_THREADS`]; at least 1.
    pub sync_threads: usize,
    /// See [`MAX_QUEUED_BATCHES`].
    pub max_queued_batches: usize,
    /// See [`MAX_QUEUED_BYTES`].
    pub max_queued_bytes: u64,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self {
            write_threads: WRITE_THREADS,
            sync_threads: SYNC_THREADS,
            max_queued_batches: MAX_QUEUED_BATCHES,
            max_queued_bytes: MAX_QUEUED_BYTES,
        }
    }
}

/// Returns the time of the lines being written, milliseconds since 1970.
pub type NowMs = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Owns the threads. Dropping it writes what is queued, then ends them.
pub struct RecorderPool {
    shared: Arc<PoolShared>,
    options: RecorderOptions,
    now_ms: NowMs,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads wait for.
pub(super) struct PoolShared {
    work: Mutex<Work>,
    /// One thread of a duty is woken per rollout that arrives in its queue.
    write_due: Condvar,
    sync_due: Condvar,
}

#[derive(Default)]
struct Work {
    to_write: VecDeque<Arc<RolloutQueue>>,
    to_sync: VecDeque<SyncWork>,
    /// Rollouts that are with a thread.
    busy: usize,
    stopping: bool,
}

#[derive(Clone, Copy)]
enum Duty {
    Write,
    Sync,
}

impl RecorderPool {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn new(options: RecorderOptions, now_ms: NowMs) -> io::Result<Self> {
        let mut pool = Self {
            shared: Arc::new(PoolShared {
                work: Mutex::default(),
                write_due: Condvar::new(),
                sync_due: Condvar::new(),
            }),
            options,
            now_ms,
            threads: Vec::new(),
        };
        let duties = [
            (Duty::Write, "rollout-write", options.write_threads),
            (Duty::Sync, "rollout-sync", options.sync_threads),
        ];
        for (duty, name, count) in duties {
            for number in 0..count.max(1) {
                let shared = Arc::clone(&pool.shared);
                let thread = std::thread::Builder::new()
                    .name(format!("{name}-{number}"))
                    .spawn(move || shared.run(duty))?;
                pool.threads.push(thread);
            }
        }
        Ok(pool)
    }

    /// Takes over a writer.
    pub fn open(&self, writer: RolloutWriter) -> Recorder {
        Recorder::new(Arc::clone(&self.shared), self.options, Arc::clone(&self.now_ms), writer)
    }
}

impl Drop for RecorderPool {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.wake_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                // The panic was reported when it happened; its rollout's waiters were answered.
                tracing::error!("a recorder thread ended in a panic");
            }
        }
    }
}

impl fmt::Debug for RecorderPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderPool")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl PoolShared {
    /// Puts a rollout, which must be nowhere, into the queue of writes. False once the pool is stopping.
    pub(super) fn schedule(&self, queue: Arc<RolloutQueue>) -> bool {
        let mut work = self.lock();
        if work.stopping {
            return false;
        }
        work.to_write.push_back(queue);
        drop(work);
        self.write_due.notify_one();
        true
    }

    fn wake_all(&self) {
        self.write_due.notify_all();
        self.sync_due.notify_all();
    }

    fn run(&self, duty: Duty) {
        let mut work = self.lock();
        loop {
            let job = match duty {
                Duty::Write => work.to_write.pop_front().map(Job::Write),
                Duty::Sync => work.to_sync.pop_front().map(Job::Sync),
            };
            if let Some(job) = job {
                work.busy += 1;
                drop(work);
                let done = job.run();
                work = self.lock();
                work.busy -= 1;
                match done {
                    Done::Nothing => {}
                    Done::Write(queue) => {
                        work.to_write.push_back(queue);
                        self.write_due.notify_one();
                    }
                    Done::Sync(sync) => {
                        work.to_sync.push_back(sync);
                        self.sync_due.notify_one();
                    }
                }
                if work.stopping {
                    // This may have been the last job that the others waited for.
                    self.wake_all();
                }
            } else if work.stopping && work.busy == 0 && work.to_write.is_empty() && work.to_sync.is_empty() {
                return;
            } else {
                let due = match duty {
                    Duty::Write => &self.write_due,
                    Duty::Sync => &self.sync_due,
                };
                work = due.wait(work).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Job {
    Write(Arc<RolloutQueue>),
    Sync(SyncWork),
}

/// Where a rollout goes after a job.
pub(super) enum Done {
    Nothing,
    Write(Arc<RolloutQueue>),
    Sync(SyncWork),
}

impl Job {
    fn run(self) -> Done {
        let queue = match &self {
            Self::Write(queue) => Arc::clone(queue),
            Self::Sync(work) => Arc::clone(work.queue()),
        };
        let done = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Write(queue) => queue.write(),
            Self::Sync(work) => work.sync(),
        }));
        done.unwrap_or_else(|_| {
            // A bug. Whoever waits is told that the rollout is closed, and the other rollouts go on.
            queue.abandon();
            Done::Nothing
        })
    }
}
