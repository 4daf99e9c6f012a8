//! Both stores, which see the same time and give the same ids; the local one on a simulated disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::SimFs;
use codex_test_support::agent::Form;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread};
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, MemoryStore, ThreadStore};
use tempfile::TempDir;
use uuid::Uuid;

use crate::agent::{NOW_MS, options, thread};
use crate::probe::Pair;
use crate::split_fs::SplitFs;

pub(crate) const HOME: &str = "/home";

/// One id per step: however often a store asks, both get the same.
struct StepIds(Arc<AtomicU64>);

impl IdSource for StepIds {
    fn uuid_v7(&self) -> Uuid {
        let step = self.0.load(Ordering::Relaxed);
        Uuid::from_u128(0x01a2_0000_0000_7000_8000_0000_0000_0000 + u128::from(step))
    }
}

/// Ids that count up.
struct CountedIds(AtomicU64);

impl IdSource for CountedIds {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x01a3_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

/// The handles of a thread that is open, one per store.
pub(crate) struct Handles {
    pub local: LiveThread,
    pub memory: LiveThread,
}

/// A thread that was begun.
pub(crate) struct Known {
    pub thread_id: ThreadId,
    pub form: Form,
    /// The turn that began last.
    pub turn: String,
}

/// Both stores, and what happened so far.
pub(crate) struct Home {
    disk: SimFs,
    index: TempDir,
    now_ms: Arc<AtomicI64>,
    pub step: Arc<AtomicU64>,
    local: Option<Arc<LocalStore>>,
    pub memory: Arc<MemoryStore>,
    pub threads: Vec<Known>,
    pub open: BTreeMap<usize, Handles>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let now_ms = Arc::new(AtomicI64::new(NOW_MS));
        let step = Arc::new(AtomicU64::new(0));
        let disk = SimFs::new();
        disk.put(&Path::new(HOME).join("config.toml"), b"").expect("in memory");
        let memory = MemoryStore::with_clock(clock(&now_ms)).with_ids(Arc::new(StepIds(Arc::clone(&step))));
        let mut home = Self {
            disk,
            index: tempfile::tempdir().expect("temporary folder"),
            now_ms,
            step,
            local: None,
            memory: Arc::new(memory),
            threads: Vec::new(),
            open: BTreeMap::new(),
        };
        home.restart();
        home
    }

    pub(crate) fn local(&self) -> Arc<dyn ThreadStore> {
        self.local.clone().expect("opened")
    }

    pub(crate) fn memory(&self) -> Arc<dyn ThreadStore> {
        Arc::clone(&self.memory) as Arc<dyn ThreadStore>
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, ms: i64) {
        let now_ms = self.now_ms.fetch_add(ms, Ordering::Relaxed) + ms;
        self.disk.set_time_ms(now_ms);
        self.step.fetch_add(1, Ordering::Relaxed);
    }

    /// Drops all handles and opens the local store anew.
    pub(crate) fn restart(&mut self) {
        self.open.clear();
        self.local = None;
        self.local = Some(self.open_local());
    }

    /// Does the same, without the index.
    pub(crate) fn lose_index(&mut self) {
        self.open.clear();
        self.local = None;
        for entry in fs::read_dir(self.index.path()).expect("folder") {
            fs::remove_file(entry.expect("entry").path()).expect("removable");
        }
        self.local = Some(self.open_local());
    }

    fn open_local(&self) -> Arc<LocalStore> {
        let options = LocalStoreOptions {
            index_dir: Some(self.index.path().to_owned()),
            fs: Arc::new(SplitFs {
                real_folder: self.index.path().to_owned(),
                rest: Arc::new(self.disk.clone()),
            }),
            clock: clock(&self.now_ms),
            ids: Some(Arc::new(StepIds(Arc::clone(&self.step)))),
            ..LocalStoreOptions::new(HOME)
        };
        LocalStore::open(options).expect("a home")
    }

    /// Gives a thread that is to be made its number and id.
    pub(crate) fn next_id(&self) -> ThreadId {
        thread(u32::try_from(self.threads.len()).expect("few") + 1)
    }

    /// Options of a handle; both stores get the same ids.
    pub(crate) fn options(&self, form: Form) -> LiveOptions {
        let first = self.step.load(Ordering::Relaxed) << 32;
        LiveOptions {
            ids: Arc::new(CountedIds(AtomicU64::new(first))),
            clock: clock(&self.now_ms),
            ..options(form)
        }
    }

    /// Both stores with a thread.
    pub(crate) fn pair(&self, at: usize) -> Pair<'_> {
        Pair {
            local: self.local(),
            memory: &*self.memory,
            home: HOME.into(),
            thread_id: self.threads[at].thread_id,
        }
    }
}

fn clock(now_ms: &Arc<AtomicI64>) -> Clock {
    let now_ms = Arc::clone(now_ms);
    Clock::from_fn(move || now_ms.load(Ordering::Relaxed))
}
