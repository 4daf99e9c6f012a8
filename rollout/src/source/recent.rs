//! A map of bounded cost that keeps what was used last.
//!
//! Knows neither what it keeps nor who shares it.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, each with a cost; the least recently used ones make room.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    entries: HashMap<K, Entry<V>>,
    max_cost: u64,
    max_entries: usize,
    cost: u64,
    /// Counts uses; the entry with the smallest count is the least recently used one.
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    cost: u64,
    used: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Keeps at most so many entries of so much cost together.
    pub(super) fn new(max_cost: u64, max_entries: usize) -> Self {
        Self {
            entries: HashMap::new(),
            max_cost,
            max_entries,
            cost: 0,
            uses: 0,
        }
    }

    /// Returns a kept value, which becomes the most recently used one.
    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.get_mut(key)?;
        self.uses += 1;
        entry.used = self.uses;
        Some(entry.value.clone())
    }

    /// Keeps a value. One that costs more than everything together may is not kept.
    pub(super) fn put(&mut self, key: K, value: V, cost: u64) {
        if let Some(old) = self.entries.remove(&key) {
            self.cost -= old.cost;
        }
        if cost > self.max_cost || self.max_entries == 0 {
            return;
        }
        while self.cost + cost > self.max_cost || self.entries.len() >= self.max_entries {
            // A look at all of them: there are few, and making an entry costs a thousand times as much.
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            if let Some(old) = self.entries.remove(&key) {
                self.cost -= old.cost;
            }
        }
        self.uses += 1;
        self.cost += cost;
        let used = self.uses;
        self.entries.insert(key, Entry { value, cost, used });
    }

    /// Entries and their cost.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, u64) {
        (self.entries.len(), self.cost)
    }
}

#[cfg(test)]
#[path = "recent_tests.rs"]
mod recent_tests;
