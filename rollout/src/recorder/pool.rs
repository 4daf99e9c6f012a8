//! The threads that write and sync for all open rollouts of a process.
//!
//! Two pools, so that a write never waits behind syncs of other files. A rollout is in at most one place at a time:
//! nowhere, in one of the two queues, or with one thread, which may be that of a caller who writes a batch himself. What is
//! done with it there is decided by its queue.

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
/// Most threads that sync files: as many files are synced at once. They only wait for the disk; each is started when a
/// file is due and all others are at work.
pub const SYNC_THREADS: usize = 64;
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

/// Largest batch that its caller writes himself; a larger one is copied to the system by a thread of the pool.
pub const MAX_CALLER_WRITE_BYTES: u64 = 256 * 1024;
/// A write that took as long makes the rollout's next one wait for a thread of the pool, so that a slow disk does not hold
/// up those who append from tasks.
pub const SLOW_WRITE_MS: i64 = 10;

/// Returns the time of the lines being written, milliseconds since 1970.
pub type NowMs = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Owns the threads. Dropping it writes what is queued, then ends them.
pub struct RecorderPool {
    shared: Arc<PoolShared>,
    options: RecorderOptions,
    now_ms: NowMs,
}

/// What the threads wait for.
pub(super) struct PoolShared {
    work: Mutex<Work>,
    /// One thread of a duty is woken per rollout that arrives in its queue, if one waits.
    write_due: Condvar,
    sync_due: Condvar,
    max_sync_threads: usize,
}

#[derive(Default)]
struct Work {
    to_write: VecDeque<Arc<RolloutQueue>>,
    to_sync: VecDeque<SyncWork>,
    /// Rollouts that are with a thread.
    busy: usize,
    /// Threads that wait, or were woken and have not looked yet: each takes one of the rollouts that are due.
    idle_writers: usize,
    idle_syncers: usize,
    sync_threads: usize,
    threads: Vec<JoinHandle<()>>,
    stopping: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Duty {
    Write,
    Sync,
}

impl RecorderPool {
    /// Starts the threads that write and the first one that syncs.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn new(options: RecorderOptions, now_ms: NowMs) -> io::Result<Self> {
        let pool = Self {
            shared: Arc::new(PoolShared {
                work: Mutex::default(),
                write_due: Condvar::new(),
                sync_due: Condvar::new(),
                max_sync_threads: options.sync_threads.max(1),
            }),
            options,
            now_ms,
        };
        for number in 0..options.write_threads.max(1) {
            let thread = pool.shared.start(Duty::Write, number)?;
            pool.shared.lock().threads.push(thread);
        }
        let thread = pool.shared.start(Duty::Sync, 0)?;
        let mut work = pool.shared.lock();
        work.threads.push(thread);
        work.sync_threads = 1;
        drop(work);
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
        loop {
            // The last jobs may have started more of them.
            let threads = std::mem::take(&mut self.shared.lock().threads);
            if threads.is_empty() {
                return;
            }
            for thread in threads {
                if thread.join().is_err() {
                    // The panic was reported when it happened; its rollout's waiters were answered.
                    tracing::error!("a recorder thread ended in a panic");
                }
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
    pub(super) fn schedule(self: &Arc<Self>, queue: Arc<RolloutQueue>) -> bool {
        let work = self.lock();
        if work.stopping {
            return false;
        }
        self.pass_on(work, Done::Write(queue));
        true
    }

    /// Writes what is queued for a rollout, which must be nowhere, on the thread of the caller. False once the pool is
    /// stopping.
    pub(super) fn write_here(self: &Arc<Self>, queue: Arc<RolloutQueue>) -> bool {
        let mut work = self.lock();
        if work.stopping {
            return false;
        }
        // The threads outlive this job: what it leaves to be done is theirs.
        work.busy += 1;
        drop(work);
        let done = Job::Write(queue).run();
        self.finish(done);
        true
    }

    fn start(self: &Arc<Self>, duty: Duty, number: usize) -> io::Result<JoinHandle<()>> {
        let name = match duty {
            Duty::Write => "rollout-write",
            Duty::Sync => "rollout-sync",
        };
        let shared = Arc::clone(self);
        std::thread::Builder::new()
            .name(format!("{name}-{number}"))
            .spawn(move || shared.run(duty))
    }

    fn wake_all(&self) {
        self.write_due.notify_all();
        self.sync_due.notify_all();
    }

    /// Puts a rollout where it goes after a job, and sees to it that a thread takes it from there.
    fn finish(self: &Arc<Self>, done: Done) {
        let mut work = self.lock();
        work.busy -= 1;
        if work.stopping {
            // This may have been the last job that the others waited for.
            self.wake_all();
        }
        self.pass_on(work, done);
    }

    fn pass_on(self: &Arc<Self>, mut work: MutexGuard<'_, Work>, done: Done) {
        match done {
            Done::Nothing => {}
            Done::Write(queue) => {
                work.to_write.push_back(queue);
                let has_idle = work.to_write.len() <= work.idle_writers;
                // Woken once unlocked, or the thread would wake only to wait for the lock.
                drop(work);
                if has_idle {
                    self.write_due.notify_one();
                }
            }
            Done::Sync(sync) => {
                work.to_sync.push_back(sync);
                if work.to_sync.len() <= work.idle_syncers {
                    drop(work);
                    self.sync_due.notify_one();
                } else if work.sync_threads < self.max_sync_threads {
                    self.start_syncer(work);
                }
            }
        }
    }

    fn start_syncer(self: &Arc<Self>, mut work: MutexGuard<'_, Work>) {
        match self.start(Duty::Sync, work.sync_threads) {
            Ok(thread) => {
                work.sync_threads += 1;
                work.threads.push(thread);
            }
            // Those that there are take the file as soon as they are done with theirs.
            Err(error) => tracing::warn!(%error, "no more threads to sync with"),
        }
    }

    fn run(self: &Arc<Self>, duty: Duty) {
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
                self.finish(done);
                work = self.lock();
            } else if work.stopping && work.busy == 0 && work.to_write.is_empty() && work.to_sync.is_empty() {
                return;
            } else {
                work = self.wait(work, duty);
            }
        }
    }

    fn wait<'a>(&'a self, mut work: MutexGuard<'a, Work>, duty: Duty) -> MutexGuard<'a, Work> {
        *work.idle(duty) += 1;
        let due = match duty {
            Duty::Write => &self.write_due,
            Duty::Sync => &self.sync_due,
        };
        let mut work = due.wait(work).unwrap_or_else(PoisonError::into_inner);
        *work.idle(duty) -= 1;
        work
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    fn idle(&mut self, duty: Duty) -> &mut usize {
        match duty {
            Duty::Write => &mut self.idle_writers,
            Duty::Sync => &mut self.idle_syncers,
        }
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
