//! A home on a simulated disk with a local store over it; only the index is on the real disk.
//!
//! One thread does all that the store does aside, in order, so that a run is the same every time.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::{FaultFs, LogFs as _, SimFs};
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, MemoryRollout, MemoryStore, StoreResult};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::agent::NOW_MS;
use crate::split_fs::SplitFs;

/// Where the home is on the simulated disk.
pub(crate) const HOME: &str = "/home";
/// How far the clock moves whenever it is asked.
const CLOCK_STEP_MS: i64 = 1;

/// A home, and everything to run a store over it.
pub(crate) struct SimHome {
    pub(crate) disk: SimFs,
    pub(crate) faults: FaultFs,
    index: TempDir,
    clock: Clock,
    runtime: Runtime,
}

impl SimHome {
    /// Uses a disk, without faults and with an empty index; the clock starts at so many milliseconds behind the agent's.
    pub(crate) fn new(disk: SimFs, clock_ms: i64) -> Self {
        disk.put(&Path::new(HOME).join("config.toml"), b"").expect("in memory");
        let now = AtomicI64::new(NOW_MS + clock_ms);
        Self {
            faults: FaultFs::new(Arc::new(disk.clone())),
            disk,
            index: tempfile::tempdir().expect("temporary folder"),
            clock: Clock::from_fn(move || now.fetch_add(CLOCK_STEP_MS, Ordering::Relaxed)),
            runtime: Builder::new_current_thread()
                .enable_time()
                .max_blocking_threads(1)
                .build()
                .expect("runtime"),
        }
    }

    /// Takes a copy of the index of another home, whose store is closed.
    pub(crate) fn with_index_of(self, other: &Self) -> Self {
        for entry in fs::read_dir(other.index.path()).expect("folder") {
            let entry = entry.expect("entry");
            fs::copy(entry.path(), self.index.path().join(entry.file_name())).expect("copy");
        }
        self
    }

    /// Opens the store, as a new process does.
    pub(crate) fn open(&self) -> StoreResult<Arc<LocalStore>> {
        LocalStore::open(LocalStoreOptions {
            index_dir: Some(self.index.path().to_owned()),
            fs: Arc::new(SplitFs {
                real_folder: self.index.path().to_owned(),
                rest: Arc::new(self.faults.clone()),
            }),
            clock: self.clock.clone(),
            ..LocalStoreOptions::new(HOME)
        })
    }

    /// Runs async code to its end, and what it left to be done aside.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            let done = work.await;
            tokio::task::spawn_blocking(|| ()).await.expect("nothing to panic");
            done
        })
    }

    /// Returns the rollout of a thread, if there is a file: a memory store with the same bytes says what it means.
    pub(crate) fn rollout_of(&self, thread_id: ThreadId) -> Option<MemoryRollout> {
        let mut folders = vec![Path::new(HOME).join("sessions")];
        let name_end = format!("{thread_id}.jsonl");
        while let Some(folder) = folders.pop() {
            for entry in self.disk.read_dir(&folder).unwrap_or_default() {
                let name = entry.name.to_string_lossy().into_owned();
                let path = folder.join(&name);
                if name.ends_with(&name_end) {
                    return Some(MemoryRollout {
                        file_name: name,
                        bytes: self.disk.bytes(&path).expect("a file"),
                        mtime_ms: NOW_MS,
                        archived: false,
                    });
                }
                folders.push(path);
            }
        }
        None
    }
}

/// Makes a store that folds a rollout anew for every answer.
pub(crate) fn plain_store(rollout: MemoryRollout) -> MemoryStore {
    let store = MemoryStore::with_clock(Clock::from_fn(|| NOW_MS));
    store.insert(rollout);
    store
}
