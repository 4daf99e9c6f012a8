//! Which rollout files the home holds, as of the last sweep.
//!
//! A sweep walks the folders and compares fingerprints; it reads no rollout. Lists and pages sweep at most once a second, and hardly
//! ever where the system tells of changes; who must know sweeps at once.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash as _, Hasher as _};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use codex_rollout::discover::{Encoding, Location, RolloutFile, visit};
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3Default;

use super::catch_up::rollout_uuid;
use super::first_page::HeadKey;
use super::freshness::named_thread;
use super::store::Inner;
use super::text_index::TextPart;
use super::watch::{Watch, Watching};

/// How long a sweep is trusted at most where nobody tells of changes.
const SWEEP_TRUST_MS: i64 = 1_000;
/// How long a sweep is trusted while no change is told: a change could be told late, or behind a link.
const QUIET_TRUST_MS: i64 = 10_000;
/// After a change the next sweep waits for so many times what the last one took, so that a busy home is not walked all the time.
const SWEEP_PAUSE: i64 = 20;

/// The files of a home.
#[derive(Debug)]
pub(super) struct Catalog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    swept_at_ms: Option<i64>,
    /// How long the last sweep took.
    sweep_cost_ms: i64,
    /// How many changes had been told before the last sweep.
    told_changes: Option<u64>,
    /// Counts the times that this process made or moved files: a sweep that was under way then proves nothing.
    changes: u64,
    sweep: Arc<Sweep>,
    /// Marks of files whose rows and thread row are known to be current.
    current: HashMap<Uuid, i64>,
    /// Whether `current` has what the index says of itself.
    recalled: bool,
    /// The sweep that the index was last brought up to date with.
    synced: Weak<Sweep>,
    /// The sweep that the word index was last brought up to date with.
    text_synced: [Weak<Sweep>; 2],
    /// Beginnings of files that are not indexed yet, with the marks of the files.
    heads: HashMap<Uuid, (i64, HeadKey)>,
    /// Digests of the facts that thread rows carry.
    facts: FactDigests,
    /// Files that cannot be read, with the mark they had.
    unreadable: HashMap<Uuid, (i64, String)>,
}

/// What one sweep found. Files that are as they were are shared with the sweep before.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// Files, newest name first.
    pub(super) files: Vec<Arc<RolloutFile>>,
    /// Place in `files` by rollout id.
    by_rollout: HashMap<Uuid, usize>,
    /// Places in `files` by the thread id of the file name, where that is not the rollout id.
    by_thread: HashMap<Uuid, Vec<usize>>,
    /// What could not be looked into.
    pub(super) problems: Vec<(std::path::PathBuf, String)>,
    /// Files that another file hides, with that file.
    pub(super) shadowed: Vec<(std::path::PathBuf, std::path::PathBuf)>,
}

impl Sweep {
    /// Returns the file of a rollout.
    pub(super) fn rollout(&self, rollout_id: Uuid) -> Option<&RolloutFile> {
        self.shared(rollout_id).map(Arc::as_ref)
    }

    fn shared(&self, rollout_id: Uuid) -> Option<&Arc<RolloutFile>> {
        self.by_rollout.get(&rollout_id).and_then(|at| self.files.get(*at))
    }

    /// Returns the files whose names carry a thread id, newest name first.
    pub(super) fn named(&self, thread_id: Uuid) -> Vec<&RolloutFile> {
        self.shared_named(thread_id).into_iter().map(Arc::as_ref).collect()
    }

    /// Returns the files whose names carry a thread id, for keeping.
    pub(super) fn shared_named(&self, thread_id: Uuid) -> Vec<&Arc<RolloutFile>> {
        let others = self.by_thread.get(&thread_id).map_or(&[][..], Vec::as_slice);
        let of_that_name = self.by_rollout.get(&thread_id).filter(|at| {
            let file = self.files.get(**at);
            file.is_some_and(|file| thread_of(file) == Some(thread_id))
        });
        let mut places: Vec<usize> = others.iter().chain(of_that_name).copied().collect();
        places.sort_unstable();
        places.into_iter().filter_map(|at| self.files.get(at)).collect()
    }

    /// Adds a file, or the one that another sweep found, if that says the same.
    fn add(&mut self, file: Arc<RolloutFile>, before: &Self) {
        let rollout_id = rollout_uuid(&file);
        let same = before.shared(rollout_id).filter(|known| **known == file);
        let file = same.map_or(file, Arc::clone);
        let place = self.files.len();
        self.by_rollout.entry(rollout_id).or_insert(place);
        if let Some(thread_id) = thread_of(&file).filter(|thread_id| *thread_id != rollout_id) {
            self.by_thread.entry(thread_id).or_default().push(place);
        }
        self.files.push(file);
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
        state.recalled = false;
        state.synced = Weak::new();
        state.text_synced = [Weak::new(), Weak::new()];
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

/// Returns the thread id that a file's name carries.
pub(super) fn thread_of(file: &RolloutFile) -> Option<Uuid> {
    let name = file.name.as_ref().map(|name| name.thread_id.0);
    name.or(file.weak_id.map(|id| id.0))
}

/// A digest of the facts of each thread that has any.
pub(super) type FactDigests = HashMap<String, String>;

/// Mark of a file that is to be looked at again, whatever its status.
const NO_MARK: i64 = 0;

/// Returns what a file is known as: it changes whenever a sweep can see that the file changed or was moved.
fn mark_of(file: &RolloutFile) -> i64 {
    let mut hasher = Xxh3Default::new();
    file.relative.hash(&mut hasher);
    file.stat.fingerprint.hash(&mut hasher);
    (file.encoding == Encoding::Zstd, file.location == Location::Archived).hash(&mut hasher);
    mark_from(&hasher)
}

fn mark_from(hasher: &Xxh3Default) -> i64 {
    hasher.finish().max(1).cast_signed()
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
        let told_changes = self.told_changes();
        let changes = {
            let state = self.catalog.lock();
            let trust_ms = match (state.told_changes, told_changes) {
                (Some(before), Some(now)) if before == now => QUIET_TRUST_MS,
                (Some(_), Some(_)) => (state.sweep_cost_ms * SWEEP_PAUSE).min(SWEEP_TRUST_MS),
                _ => SWEEP_TRUST_MS,
            };
            let recent = state
                .swept_at_ms
                .is_some_and(|at| (0..trust_ms).contains(&(now_ms - at)));
            if recent && freshness == Freshness::Recent {
                return Arc::clone(&state.sweep);
            }
            state.changes
        };
        let sweep = Arc::new(self.look());
        let cost_ms = self.clock.now_ms() - now_ms;
        let mut state = self.catalog.lock();
        if state.changes != changes {
            // Something was made or moved meanwhile: it is looked at again, and by the next request, too.
            drop(state);
            let again = Arc::new(self.look());
            self.catalog.lock().sweep = Arc::clone(&again);
            return again;
        }
        state.swept_at_ms = Some(now_ms);
        state.sweep_cost_ms = cost_ms.clamp(1, SWEEP_TRUST_MS);
        state.told_changes = told_changes;
        state.sweep = Arc::clone(&sweep);
        sweep
    }

    /// Returns how many changes of files the system has told, if it tells them reliably.
    fn told_changes(&self) -> Option<u64> {
        let watch = match self.watching {
            Watching::Off => return None,
            Watching::On => self.watch.get_or_init(|| Watch::begin(self.fs.as_ref(), &self.home)),
        };
        watch.as_ref().and_then(Watch::changes)
    }

    fn look(&self) -> Sweep {
        let (mut sweep, before) = (Sweep::default(), self.catalog.last_sweep());
        let report = visit(self.fs.as_ref(), &self.home, &mut |file| {
            sweep.add(file, &before);
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
    pub(super) fn dirty_files(&self, sweep: &Sweep) -> Vec<Arc<RolloutFile>> {
        let state = self.catalog.lock();
        let known = |file: &Arc<RolloutFile>| {
            let id = rollout_uuid(file);
            let print = mark_of(file);
            state.current.get(&id) == Some(&print) || state.unreadable.get(&id).is_some_and(|(seen, _)| *seen == print)
        };
        sweep.files.iter().filter(|file| !known(file)).cloned().collect()
    }

    /// Returns whether the index is up to date with a sweep.
    pub(super) fn is_synced(&self, sweep: &Arc<Sweep>) -> bool {
        self.catalog
            .lock()
            .synced
            .upgrade()
            .as_ref()
            .is_some_and(|synced| Arc::ptr_eq(synced, sweep))
    }

    /// Remembers that the index is up to date with a sweep.
    pub(super) fn mark_synced(&self, sweep: &Arc<Sweep>) {
        let mut state = self.catalog.lock();
        state.synced = Arc::downgrade(sweep);
        // They tell what is to be caught up first; now there is nothing.
        state.heads = HashMap::new();
    }

    /// Returns what is known of the beginnings of files, each `None` where nothing is.
    pub(super) fn known_heads(&self, files: &[Arc<RolloutFile>]) -> Vec<Option<HeadKey>> {
        let state = self.catalog.lock();
        let known = |file: &Arc<RolloutFile>| {
            let (mark, head) = state.heads.get(&rollout_uuid(file))?;
            (*mark == mark_of(file)).then_some(*head)
        };
        files.iter().map(known).collect()
    }

    /// Remembers the beginnings of files until everything is indexed.
    pub(super) fn remember_heads(&self, files: &[Arc<RolloutFile>], heads: &[HeadKey]) {
        let mut state = self.catalog.lock();
        for (file, head) in files.iter().zip(heads) {
            state.heads.insert(rollout_uuid(file), (mark_of(file), *head));
        }
    }

    /// Returns whether a part of the word index is up to date with a sweep.
    pub(super) fn is_text_synced(&self, sweep: &Arc<Sweep>, part: TextPart) -> bool {
        self.catalog.lock().text_synced[part as usize]
            .upgrade()
            .as_ref()
            .is_some_and(|synced| Arc::ptr_eq(synced, sweep))
    }

    /// Remembers that a part of the word index is up to date with a sweep.
    pub(super) fn mark_text_synced(&self, sweep: &Arc<Sweep>, part: TextPart) {
        self.catalog.lock().text_synced[part as usize] = Arc::downgrade(sweep);
    }

    /// Returns the mark that a settled rollout has in the index: what its file is, and what else its thread's row shows.
    pub(super) fn settled_mark(&self, file: &RolloutFile, digests: &FactDigests) -> i64 {
        let mut hasher = Xxh3Default::new();
        mark_of(file).hash(&mut hasher);
        self.default_provider.hash(&mut hasher);
        // Most homes have few facts: the name's text is made for nothing else.
        let named = (!digests.is_empty()).then(|| named_thread(file)).flatten();
        named.and_then(|id| digests.get(&id)).hash(&mut hasher);
        mark_from(&hasher)
    }

    /// Learns, once for each index, what it says to be settled.
    pub(super) fn recall_settled(&self, sweep: &Sweep, stored: &[(Uuid, i64)], digests: &FactDigests) {
        if std::mem::replace(&mut self.catalog.lock().recalled, true) {
            return;
        }
        let settled = stored.iter().filter_map(|(rollout_id, mark)| {
            let file = sweep.rollout(*rollout_id)?;
            let is_settled = *mark != NO_MARK && self.settled_mark(file, digests) == *mark;
            // After a power loss the index may know more than the log.
            (is_settled && !self.earlier_index.may_be_ahead_of(file)).then(|| (*rollout_id, mark_of(file)))
        });
        let settled: HashMap<Uuid, i64> = settled.collect();
        let has_settled_rows = |thread_id: &String| {
            let files = thread_id.parse().map(|id| sweep.named(id)).unwrap_or_default();
            files.iter().all(|file| settled.contains_key(&rollout_uuid(file)))
        };
        let facts = digests.iter().filter(|(thread_id, _)| has_settled_rows(thread_id));
        let facts: FactDigests = facts.map(|(id, digest)| (id.clone(), digest.clone())).collect();
        let mut state = self.catalog.lock();
        state.facts = facts;
        state.current.extend(settled);
    }

    /// Returns the threads whose facts changed since they were last stored.
    pub(super) fn changed_facts(&self, newest: &FactDigests) -> Vec<String> {
        let state = self.catalog.lock();
        let changed = newest
            .iter()
            .filter(|(id, digest)| state.facts.get(*id) != Some(digest));
        let removed = state.facts.keys().filter(|id| !newest.contains_key(*id));
        changed.map(|(id, _)| id.clone()).chain(removed.cloned()).collect()
    }

    /// Remembers that the rows of threads show these facts.
    pub(super) fn remember_facts(&self, stored: &FactDigests) {
        self.catalog.lock().facts.clone_from(stored);
    }

    /// Returns whether a file's rows and thread row are known to be current.
    pub(super) fn is_current(&self, file: &RolloutFile) -> bool {
        self.catalog.lock().current.get(&rollout_uuid(file)) == Some(&mark_of(file))
    }

    /// Returns whether nothing speaks against reading a file.
    pub(super) fn is_readable(&self, file: &RolloutFile) -> bool {
        !self.catalog.lock().unreadable.contains_key(&rollout_uuid(file))
    }

    /// Remembers that a file's rows and thread row are current.
    pub(super) fn mark_current(&self, file: &RolloutFile) {
        let mut state = self.catalog.lock();
        state.unreadable.remove(&rollout_uuid(file));
        state.current.insert(rollout_uuid(file), mark_of(file));
    }

    /// Remembers that a file cannot be read as a thread.
    pub(super) fn mark_unreadable(&self, file: &RolloutFile, reason: String) {
        let mut state = self.catalog.lock();
        state.unreadable.insert(rollout_uuid(file), (mark_of(file), reason));
    }

    /// Remembers that a file could not be read at this time; the next sweep tries again.
    pub(super) fn mark_unread(&self, file: &RolloutFile, reason: String) {
        let mut state = self.catalog.lock();
        state.unreadable.insert(rollout_uuid(file), (NO_MARK, reason));
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

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod catalog_tests;
