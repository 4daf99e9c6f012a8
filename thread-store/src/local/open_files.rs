//! Bounds the files that all calls of a store hold open together: so many calls run at a time, and few of those that open
//! many rollouts.
//!
//! Counts calls; opens nothing. Who waits here holds no memory of the budget, so whoever waits for memory while it is inside is
//! waited for by nobody who could give some: a request that holds a share already never waits here, nor does a thread for itself.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use codex_rollout::lines::{LineBudget, TurnOwner};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::answer_room::AnswerRoom;

/// Rollouts that any call may hold open; one that needs more of its lineage is a deep read.
pub(super) const SHALLOW_ROLLOUTS: usize = 8;
/// Deep reads at the same time.
const MAX_DEEP_READS: usize = 2;

thread_local! {
    /// Whether this thread is inside of a deep read.
    static IS_DEEP: Cell<bool> = const { Cell::new(false) };
}

/// What counts the calls of a store.
#[derive(Debug)]
pub(super) struct OpenFiles {
    calls: Arc<Semaphore>,
    deep_reads: Mutex<usize>,
    left: Condvar,
}

/// A call that runs; another one may when it is dropped.
#[derive(Debug)]
#[must_use = "it counts while it lives"]
pub(super) struct RunningCall {
    _permit: Option<OwnedSemaphorePermit>,
}

/// A deep read of this thread.
#[derive(Debug)]
#[must_use = "it counts while it lives"]
pub(super) struct DeepRead<'g> {
    gate: &'g OpenFiles,
    /// Noted in the thread that made it.
    _thread: PhantomData<*const ()>,
}

impl OpenFiles {
    /// Lets so many calls run at the same time, at least one.
    pub(super) fn new(max_calls_at_once: usize) -> Self {
        Self {
            calls: Arc::new(Semaphore::new(max_calls_at_once.max(1))),
            deep_reads: Mutex::default(),
            left: Condvar::new(),
        }
    }

    /// Waits behind those who came earlier until a call may run for the request that has this room.
    pub(super) async fn call(&self, room: Option<&AnswerRoom>) -> RunningCall {
        if room.is_some_and(AnswerRoom::holds_any) {
            return RunningCall { _permit: None };
        }
        let permit = Arc::clone(&self.calls).acquire_owned().await;
        RunningCall {
            _permit: Some(permit.expect("the semaphore is never closed")),
        }
    }

    /// Waits until this thread may open many rollouts; `None` where it must not wait: it holds memory, has a turn that such a
    /// one may wait for, or may already.
    pub(super) fn deep_read(&self, budget: &LineBudget) -> Option<DeepRead<'_>> {
        if budget.is_held_here() || TurnOwner::is_here() || IS_DEEP.get() {
            return None;
        }
        let reads = self.deep_reads.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reads = self
            .left
            .wait_while(reads, |reads| *reads >= MAX_DEEP_READS)
            .unwrap_or_else(PoisonError::into_inner);
        *reads += 1;
        IS_DEEP.set(true);
        Some(DeepRead {
            gate: self,
            _thread: PhantomData,
        })
    }
}

impl Drop for DeepRead<'_> {
    fn drop(&mut self) {
        IS_DEEP.set(false);
        *self.gate.deep_reads.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.gate.left.notify_one();
    }
}

#[cfg(test)]
#[path = "open_files_tests.rs"]
mod open_files_tests;
