//! Which rollout files the home holds, as of the last sweep.
//!
//! A sweep walks the folders and compares fingerprints; it reads no rollout. Lists and pages sweep at most once a second; who must know sweeps at once.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use codex_rollout::discover::{RolloutFile, visit};
use uuid::Uuid;

use super::catch_up::{fingerprint_text, rollout_uuid};
use super::facts::Facts;
use super::store::Inner;

/// How long a sweep is trusted.
const SWEEP_TRUST_MS: i64 = 1_000;

/// The files of a home.
#[derive(Debug)]
pub(super) struct Catalog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    swept_at_ms: Option<i64>,
    /// Counts the times that this process made or moved files: a sweep that was under way then proves nothing.
    changes: u64,
    sweep: Arc<Sweep>,
    /// Fingerprints of files whose rows and thread row are known to be current.
    current: HashMap<Uuid, String>,
    /// The sweep that the index was last brought up to date with.
    synced: Option<Arc<Sweep>>,
    /// The sweep that the word index was last brought up to date with.
    text_synced: Option<Arc<Sweep>>,
    /// Digests of the facts that thread rows carry.
    facts: HashMap<String, String>,
    /// Files that cannot be read, with the fingerprint they had.
    unreadable: HashMap<Uuid, (String, String)>,
}

/// What one sweep found.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// Files, newest name first.
    pub(super) files: Vec<RolloutFile>,
    /// Place in `files` by rollout id.
    by_rollout: HashMap<Uuid, usize>,
    /// Places in `files` by the thread id of the file name.
    by_thread: HashMap<Uuid, Vec<usize>>,
    /// What could not be looked into.
    pub(super) problems: Vec<(std::path::PathBuf, String)>,
    /// Files that another file hides, with that file.
    pub(super) shadowed: Vec<(std::path::PathBuf, std::path::PathBuf)>,
}

/// Digests of facts, by thread.
#[derive(Debug)]
pub(super) struct FactDigests(HashMap<String, String>);

impl Sweep {
    /// Returns the file of a rollout.
    pub(super) fn rollout(&self, rollout_id: Uuid) -> Option<&RolloutFile> {
        self.by_rollout.get(&rollout_id).and_then(|at| self.files.get(*at))
    }

    /// Returns the files whose names carry a thread id.
    pub(super) fn named(&self, thread_id: Uuid) -> Vec<&RolloutFile> {
        let places = self.by_thread.get(&thread_id).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.files.get(*at)).collect()
    }
}

impl Catalog {
    /// Starts without having looked.
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::default()),
        }
    }

    /// Forgets what is known to be indexed.
    pub(super) fn forget_index(&self) {
        let mut state = self.lock();
        state.current.clear();
        state.synced = None;
        state.text_synced = None;
        state.facts.clear();
    }

    /// Forgets a rollout that is gone: the very same file may come back.
    pub(super) fn forget_rollout(&self, rollout_id: Uuid) {
        let mut state = self.lock();
        state.current.remove(&rollout_id);
        state.unreadable.remove(&rollout_id);
    }

    /// Makes the next request look again: this process has just made or renamed a file.
    pub(super) fn expire(&self) {
        let mut state = self.lock();
        state.swept_at_ms = None;
        state.changes += 1;
    }

    /// Returns what the last sweep found, however long ago.
    pub(super) fn last_sweep(&self) -> Arc<Sweep> {
        Arc::clone(&self.lock().sweep)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file is known as: moving it need not change its status.
fn known_as(file: &RolloutFile) -> String {
    format!("{} {}", fingerprint_text(file), file.relative)
}

/// Whether an older sweep will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// A sweep of the last second will do.
    Recent,
    /// Look now.
    Now,
}

impl Inner {
    /// Returns the files of the home.
    pub(super) fn sweep(&self, freshness: Freshness) -> Arc<Sweep> {
        let now_ms = self.clock.now_ms();
        let changes = {
            let state = self.catalog.lock();
            let recent = state
                .swept_at_ms
                .is_some_and(|at| (0..SWEEP_TRUST_MS).contains(&(now_ms - at)));
            if recent && freshness == Freshness::Recent {
                return Arc::clone(&state.sweep);
            }
            state.changes
        };
        let sweep = Arc::new(self.look());
        let mut state = self.catalog.lock();
        if state.changes != changes {
            // Something was made or moved meanwhile: it is looked at again, and by the next request, too.
            drop(state);
            let again = Arc::new(self.look());
            self.catalog.lock().sweep = Arc::clone(&again);
            return again;
        }
        state.swept_at_ms = Some(now_ms);
        state.sweep = Arc::clone(&sweep);
        sweep
    }

    fn look(&self) -> Sweep {
        let mut sweep = Sweep::default();
        let report = visit(self.fs.as_ref(), &self.home, &mut |file| {
            let place = sweep.files.len();
            sweep.by_rollout.entry(rollout_uuid(&file)).or_insert(place);
            let thread = file
                .name
                .as_ref()
                .map(|name| name.thread_id.0)
                .or(file.weak_id.map(|id| id.0));
            if let Some(thread) = thread {
                sweep.by_thread.entry(thread).or_default().push(place);
            }
            sweep.files.push(file);
            ControlFlow::Continue(())
        });
        sweep.problems = report
            .problems
            .into_iter()
            .map(|it| (it.path, it.error.to_string()))
            .collect();
        let shadowed = report.shadowed.into_iter();
        sweep.shadowed = shadowed.map(|hidden| (hidden.file.path, hidden.by)).collect();
        sweep
    }

    /// Returns the files that changed since they were last brought up to date.
    pub(super) fn dirty_files(&self, sweep: &Sweep) -> Vec<RolloutFile> {
        let state = self.catalog.lock();
        let known = |file: &&RolloutFile| {
            let id = rollout_uuid(file);
            let print = known_as(file);
            state.current.get(&id) == Some(&print) || state.unreadable.get(&id).is_some_and(|(seen, _)| *seen == print)
        };
        sweep.files.iter().filter(|file| !known(file)).cloned().collect()
    }

    /// Returns whether the index is up to date with a sweep.
    pub(super) fn is_synced(&self, sweep: &Arc<Sweep>) -> bool {
        self.catalog
            .lock()
            .synced
            .as_ref()
            .is_some_and(|synced| Arc::ptr_eq(synced, sweep))
    }

    /// Remembers that the index is up to date with a sweep.
    pub(super) fn mark_synced(&self, sweep: &Arc<Sweep>) {
        self.catalog.lock().synced = Some(Arc::clone(sweep));
    }

    /// Returns whether the word index is up to date with a sweep.
    pub(super) fn is_text_synced(&self, sweep: &Arc<Sweep>) -> bool {
        self.catalog
            .lock()
            .text_synced
            .as_ref()
            .is_some_and(|synced| Arc::ptr_eq(synced, sweep))
    }

    /// Remembers that the word index is up to date with a sweep.
    pub(super) fn mark_text_synced(&self, sweep: &Arc<Sweep>) {
        self.catalog.lock().text_synced = Some(Arc::clone(sweep));
    }

    /// Returns the threads whose facts changed since they were last stored, and what is to be remembered once these are.
    pub(super) fn changed_facts(&self, facts: &Facts) -> (Vec<String>, FactDigests) {
        let newest = facts.digests();
        let state = self.catalog.lock();
        let changed = newest
            .iter()
            .filter(|(id, digest)| state.facts.get(*id) != Some(digest));
        let removed = state.facts.keys().filter(|id| !newest.contains_key(*id));
        let threads = changed.map(|(id, _)| id.clone()).chain(removed.cloned()).collect();
        (threads, FactDigests(newest))
    }

    /// Remembers the facts that thread rows were stored with.
    pub(super) fn remember_facts(&self, stored: FactDigests) {
        self.catalog.lock().facts = stored.0;
    }

    /// Returns whether nothing speaks against reading a file.
    pub(super) fn is_readable(&self, file: &RolloutFile) -> bool {
        !self.catalog.lock().unreadable.contains_key(&rollout_uuid(file))
    }

    /// Remembers that a file's rows and thread row are current.
    pub(super) fn mark_current(&self, file: &RolloutFile) {
        let mut state = self.catalog.lock();
        state.unreadable.remove(&rollout_uuid(file));
        state.current.insert(rollout_uuid(file), known_as(file));
    }

    /// Remembers that a file cannot be read as a thread.
    pub(super) fn mark_unreadable(&self, file: &RolloutFile, reason: String) {
        let mut state = self.catalog.lock();
        state.unreadable.insert(rollout_uuid(file), (known_as(file), reason));
    }

    /// Remembers that a file could not be read at this time; the next sweep tries again.
    pub(super) fn mark_unread(&self, file: &RolloutFile, reason: String) {
        let no_fingerprint = String::new();
        let mut state = self.catalog.lock();
        state.unreadable.insert(rollout_uuid(file), (no_fingerprint, reason));
    }

    /// Takes back that a file could not be read: it just was.
    pub(super) fn forget_unread(&self, file: &RolloutFile) {
        self.catalog.lock().unreadable.remove(&rollout_uuid(file));
    }

    /// Returns the files that cannot be read as threads, with the reason.
    pub(super) fn unreadable(&self, sweep: &Sweep) -> Vec<(std::path::PathBuf, String)> {
        let state = self.catalog.lock();
        let mut found: BTreeMap<std::path::PathBuf, String> = sweep.problems.iter().cloned().collect();
        for file in &sweep.files {
            // One without a byte holds nothing that could not be read: its writer ended before it wrote.
            if file.stat.len > 0
                && let Some((_, reason)) = state.unreadable.get(&rollout_uuid(file))
            {
                found.insert(file.path.clone(), reason.clone());
            }
        }
        found.into_iter().collect()
    }
}
