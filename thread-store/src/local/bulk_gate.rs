//! Lets few requests at a time read long stretches of rollouts: each may come upon a line of the permitted length, and all
//! of them together must not fill the memory.
//!
//! Counts who is inside; reads nothing. Nobody inside may wait for anything that somebody at the gate holds, but for
//! files and for shares of the budget, which knows who is inside.

use std::sync::{Condvar, Mutex, PoisonError};

use codex_rollout::lines::LineBudget;

/// Requests that read long stretches at the same time.
const MAX_BULK_READERS: usize = 2;

/// The gate of a store.
#[derive(Debug, Default)]
pub(super) struct BulkGate {
    inside: Mutex<usize>,
    left: Condvar,
}

impl BulkGate {
    /// Waits for room, then does the work.
    pub(super) fn pass<T>(&self, budget: &LineBudget, work: impl FnOnce() -> T) -> T {
        let _inside = budget.turn(|| {
            let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
            let mut inside = self
                .left
                .wait_while(inside, |inside| *inside >= MAX_BULK_READERS)
                .unwrap_or_else(PoisonError::into_inner);
            *inside += 1;
            Leaving(self)
        });
        work()
    }
}

/// Makes room again, however the work ends.
struct Leaving<'a>(&'a BulkGate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        *self.0.inside.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
#[path = "bulk_gate_tests.rs"]
mod bulk_gate_tests;
