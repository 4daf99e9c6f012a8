//! A machine with a simulated disk, the processes that run on it, and the folder of the index, which is real.
//!
//! Nothing happens by itself: time stands still unless a test lets it pass, ids count up, and what a store would do a
//! moment later is never done. So the same steps make the same operations in every run.

use std::fs;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use codex_rollout::fs::{FaultFs, SimFs};
use codex_test_support::agent::Form;
use codex_thread_store::live::{IdSource, LiveOptions};
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, StoreResult};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::agent;
use crate::split_fs::SplitFs;

/// Where the home is on the simulated disk.
pub(crate) const HOME: &str = "/home";

/// A disk and a clock.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) disk: SimFs,
    now_ms: Arc<AtomicI64>,
}

impl Machine {
    /// Switches on a machine at a time.
    pub(crate) fn new(disk: SimFs, now_ms: i64) -> Self {
        disk.set_time_ms(now_ms);
        Self {
            disk,
            now_ms: Arc::new(AtomicI64::new(now_ms)),
        }
    }

    /// Returns the time.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Lets time pass, or turns it back.
    pub(crate) fn wait(&self, ms: i64) {
        self.set_time(self.now_ms() + ms);
    }

    /// Sets the clock.
    pub(crate) fn set_time(&self, now_ms: i64) {
        self.now_ms.store(now_ms, Ordering::Relaxed);
        self.disk.set_time_ms(now_ms);
    }

    fn clock(&self) -> Clock {
        let now_ms = Arc::clone(&self.now_ms);
        Clock::from_fn(move || now_ms.load(Ordering::Relaxed))
    }
}

/// Ids that count up from a number.
struct Ids(AtomicU64);

impl IdSource for Ids {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x01a4_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

/// Files of an index, by name.
pub(crate) type IndexFiles = Vec<(String, Vec<u8>)>;

/// The folder of an index.
pub(crate) struct IndexFolder(TempDir);

impl IndexFolder {
    /// A folder without an index.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("temporary folder"))
    }

    /// A folder with an index.
    pub(crate) fn of(files: &IndexFiles) -> Self {
        let folder = Self::empty();
        folder.replace(files);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts other files there.
    pub(crate) fn replace(&self, files: &IndexFiles) {
        for entry in fs::read_dir(self.path()).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_file() {
                fs::remove_file(path).expect("removable");
            }
        }
        for (name, bytes) in files {
            fs::write(self.path().join(name), bytes).expect("writable");
        }
    }

    /// Copies the files as they are now, also while a store has them open: as a process that dies leaves them.
    pub(crate) fn files(&self) -> IndexFiles {
        let mut files = IndexFiles::new();
        for entry in fs::read_dir(self.path()).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            // SQLite makes the shared memory anew from the log.
            if path.is_file() && !name.ends_with("-shm") {
                files.push((name, fs::read(&path).expect("readable")));
            }
        }
        files.sort();
        files
    }
}

/// A running process with a store.
pub(crate) struct Process {
    pub(crate) faults: FaultFs,
    pub(crate) store: Arc<LocalStore>,
    clock: Clock,
    first_id: u64,
    runtime: Runtime,
}

impl Process {
    /// Starts a process whose new ids begin at a number.
    pub(crate) fn start(machine: &Machine, index: &Path, first_id: u64) -> StoreResult<Self> {
        Self::start_over(machine, FaultFs::new(Arc::new(machine.disk.clone())), index, first_id)
    }

    /// Does the same over a file system that may fail already.
    pub(crate) fn start_over(machine: &Machine, faults: FaultFs, index: &Path, first_id: u64) -> StoreResult<Self> {
        let store = LocalStore::open(LocalStoreOptions {
            index_dir: Some(index.to_owned()),
            fs: Arc::new(SplitFs {
                real_folder: index.to_owned(),
                rest: Arc::new(faults.clone()),
            }),
            clock: machine.clock(),
            ids: Some(Arc::new(Ids(AtomicU64::new(first_id)))),
            ..LocalStoreOptions::new(HOME)
        })?;
        Ok(Self {
            faults,
            store,
            clock: machine.clock(),
            first_id,
            // One thread, so that nothing overtakes anything.
            runtime: Builder::new_current_thread()
                .max_blocking_threads(1)
                .build()
                .expect("runtime"),
        })
    }

    /// Options of an agent in this process.
    pub(crate) fn options(&self, number: u64) -> LiveOptions {
        LiveOptions {
            ids: Arc::new(Ids(AtomicU64::new(self.first_id + ((number + 1) << 20)))),
            clock: self.clock.clone(),
            ..agent::options(Form::Canonical)
        }
    }

    /// Runs async code to its end, and what it left to be done aside, but nothing that is due later.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let _context = self.runtime.enter();
        let done = block_on(work);
        block_on(tokio::task::spawn_blocking(|| ())).expect("nothing to panic");
        done
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls one future and nothing else: what it spawns waits for ever.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}
