//! Homes on disk for the tests of the local store: files with chosen times, a clock that always moves on.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use codex_protocol::ids::ThreadId;
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, MemoryRollout};

/// How far the clock moves whenever it is asked: beyond the time that a sweep is trusted.
const CLOCK_STEP_MS: i64 = 10_000;

/// A home in a temporary folder with a store over it.
pub(crate) struct LocalHome {
    folder: tempfile::TempDir,
    clock: Clock,
    store: Mutex<Option<Arc<LocalStore>>>,
}

impl LocalHome {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::create_dir_all(folder.path().join("sessions")).expect("folder");
        let now = AtomicI64::new(1_800_000_000_000);
        let clock = Clock::from_fn(move || now.fetch_add(CLOCK_STEP_MS, Ordering::Relaxed));
        let home = Self {
            folder,
            clock,
            store: Mutex::new(None),
        };
        home.reopen();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn options(&self) -> LocalStoreOptions {
        LocalStoreOptions {
            clock: self.clock.clone(),
            ..LocalStoreOptions::new(self.path())
        }
    }

    pub(crate) fn store(&self) -> Arc<LocalStore> {
        self.store
            .lock()
            .expect("no panic while locked")
            .clone()
            .expect("opened")
    }

    /// Opens the store again, as a new process does.
    pub(crate) fn reopen(&self) {
        let mut store = self.store.lock().expect("no panic while locked");
        *store = None;
        *store = Some(LocalStore::open(self.options()).expect("a home"));
    }

    /// Closes the store, changes files of the index, and opens it again.
    pub(crate) fn with_closed_store(&self, change: impl FnOnce(&Path)) {
        *self.store.lock().expect("no panic while locked") = None;
        change(&self.index_path());
        self.reopen();
    }

    pub(crate) fn index_path(&self) -> PathBuf {
        index_path(self.path())
    }

    /// Writes a rollout, replacing what is at its path, and returns the path.
    pub(crate) fn put(&self, rollout: &MemoryRollout) -> PathBuf {
        let path = self.path().join(rollout.relative_path());
        fs::create_dir_all(path.parent().expect("below the home")).expect("folder");
        fs::write(&path, &rollout.bytes).expect("write");
        set_mtime(&path, rollout.mtime_ms);
        path
    }

    /// Appends to the rollouts with this file name.
    pub(crate) fn append(&self, file_name: &str, bytes: &[u8], mtime_ms: i64) {
        for path in self.files_named(file_name) {
            let mut file = fs::OpenOptions::new().append(true).open(&path).expect("open");
            file.write_all(bytes).expect("append");
            drop(file);
            set_mtime(&path, mtime_ms);
        }
    }

    pub(crate) fn remove(&self, file_name: &str) {
        for path in self.files_named(file_name) {
            fs::remove_file(path).expect("remove");
        }
    }

    pub(crate) fn set_name(&self, thread_id: ThreadId, name: &str) {
        let name = serde_json::Value::from(name);
        let line =
            format!("{{\"id\":\"{thread_id}\",\"thread_name\":{name},\"updated_at\":\"2026-01-01T00:00:00Z\"}}\n");
        let path = self.path().join("session_index.jsonl");
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .expect("open");
        file.write_all(line.as_bytes()).expect("append");
    }

    pub(crate) fn files_named(&self, file_name: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().join("sessions"), self.path().join("archived_sessions")];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.expect("entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name == file_name) {
                    found.push(path);
                }
            }
        }
        found
    }
}

/// Returns the index of a home.
pub(crate) fn index_path(home: &Path) -> PathBuf {
    let schema = codex_state::db::SCHEMA_VERSION;
    home.join(format!("codex-threads/index/index-{schema}.sqlite"))
}

fn set_mtime(path: &Path, mtime_ms: i64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(mtime_ms.unsigned_abs());
    let file = fs::OpenOptions::new().write(true).open(path).expect("open");
    file.set_modified(time).expect("set time");
}

/// Runs async code to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("runtime")
        .block_on(work)
}
