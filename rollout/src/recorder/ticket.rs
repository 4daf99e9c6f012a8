//! An answer that is still to come: waited for by a thread, or awaited by a task of any runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The side that waits. Dropping it gives up the answer, not the work.
#[derive(Debug)]
pub struct Ticket<T> {
    slot: Arc<Slot<T>>,
}

/// The side that answers. Dropped without an answer, it answers with what it was given for that case.
#[derive(Debug)]
pub(super) struct Answer<T> {
    slot: Arc<Slot<T>>,
    if_dropped: Option<T>,
}

#[derive(Debug)]
struct Slot<T> {
    state: Mutex<SlotState<T>>,
    answered: Condvar,
}

#[derive(Debug)]
struct SlotState<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// Whether a thread waits: waking nobody costs a call of the system, too.
    is_waited_for: bool,
}

/// Makes the two sides of an answer.
pub(super) fn ticket<T>(if_dropped: T) -> (Answer<T>, Ticket<T>) {
    let slot = Arc::new(Slot {
        state: Mutex::new(SlotState {
            value: None,
            waker: None,
            is_waited_for: false,
        }),
        answered: Condvar::new(),
    });
    let answer = Answer {
        slot: Arc::clone(&slot),
        if_dropped: Some(if_dropped),
    };
    (answer, Ticket { slot })
}

impl<T> Ticket<T> {
    /// Waits for the answer; blocks the thread.
    pub fn wait(self) -> T {
        let mut state = self.slot.lock();
        loop {
            match state.value.take() {
                Some(value) => return value,
                None => {
                    state.is_waited_for = true;
                    state = self.slot.answered.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

impl<T> Future for Ticket<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.slot.lock();
        match state.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> Answer<T> {
    pub(super) fn give(mut self, value: T) {
        self.if_dropped = None;
        self.slot.put(value);
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        if let Some(value) = self.if_dropped.take() {
            self.slot.put(value);
        }
    }
}

impl<T> Slot<T> {
    fn put(&self, value: T) {
        let mut state = self.lock();
        state.value = Some(value);
        let waker = state.waker.take();
        let is_waited_for = state.is_waited_for;
        drop(state);
        if is_waited_for {
            self.answered.notify_all();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, SlotState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
