//! Lets requests that wait for the index go before the indexing behind the answers.
//!
//! Counts who waits; does no work of its own.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many requests wait for the index.
#[derive(Debug, Default)]
pub(super) struct Priority {
    waiting: Mutex<usize>,
    free: Condvar,
}

impl Priority {
    /// Makes what can wait give way until the value is dropped.
    pub(super) fn urgent(&self) -> Urgent<'_> {
        *self.lock() += 1;
        Urgent(self)
    }

    /// Whether what can wait should give way.
    pub(super) fn is_wanted(&self) -> bool {
        *self.lock() > 0
    }

    /// Waits until no request waits for the index.
    pub(super) fn wait_until_free(&self) {
        let waiting = self.lock();
        let freed = self.free.wait_while(waiting, |waiting| *waiting > 0);
        drop(freed.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Urgent<'a>(&'a Priority);

impl Drop for Urgent<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        *waiting -= 1;
        if *waiting == 0 {
            self.0.free.notify_all();
        }
    }
}
