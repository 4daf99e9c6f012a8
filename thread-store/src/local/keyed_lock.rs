//! One lock per rollout, so that concurrent requests do not fold the same lines twice.
//!
//! Entries live as long as somebody holds or waits for them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use codex_rollout::lines::LineBudget;

/// Locks by key.
#[derive(Debug)]
pub(super) struct KeyedLocks<K> {
    locks: Mutex<HashMap<K, Arc<Mutex<()>>>>,
}

impl<K: Hash + Eq + Clone> KeyedLocks<K> {
    /// Makes an empty set.
    pub(super) fn new() -> Self {
        Self {
            locks: Mutex::new(HashMap::new()),
        }
    }

    /// Runs `work` while no other caller runs one for the same key.
    pub(super) fn with<T>(&self, budget: &LineBudget, key: &K, work: impl FnOnce() -> T) -> T {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(key.clone()).or_default())
        };
        let value = {
            // The lock guards no data, only turns: a panic of its holder leaves nothing half done.
            let _turn = budget.turn(|| lock.lock().unwrap_or_else(PoisonError::into_inner));
            work()
        };
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::strong_count(&lock) == 2 {
            locks.remove(key);
        }
        value
    }
}
