//! Memory that an answer occupies, until whoever asked for it has it out of the way.
//!
//! A store takes a share of its budget before it reads a large page. Whoever encodes and sends the page calls the store
//! inside an [`AnswerRoom`] and keeps it until then; without one the share ends with the call.

use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codex_rollout::lines::{Admitted, KeptHold};

tokio::task_local! {
    /// The room of the request that a task works on.
    static OF_TASK: AnswerRoom;
}

thread_local! {
    /// The request that a blocking thread works for.
    static OF_THREAD: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// What one request holds; free again when the last clone is dropped.
#[derive(Debug, Clone, Default)]
pub struct AnswerRoom(Arc<Mutex<Vec<KeptHold>>>);

/// What a blocking thread works for.
struct Work {
    room: AnswerRoom,
    /// The request holds a share, so its thread waits for no other.
    admitted: Option<Admitted>,
}

/// A blocking thread works for a request while this lives.
pub(crate) struct Entered(PhantomData<*const ()>);

impl AnswerRoom {
    /// Runs calls of a store whose answers are kept in this room.
    pub async fn around<F: Future>(&self, calls: F) -> F::Output {
        OF_TASK.scope(self.clone(), calls).await
    }

    /// Bytes that are held for the answer, with the copies that encoding it makes.
    pub fn bytes(&self) -> u64 {
        self.holds().iter().map(KeptHold::bytes).sum()
    }

    /// Tells whether any share is held.
    pub(crate) fn holds_any(&self) -> bool {
        !self.holds().is_empty()
    }

    /// Returns the room of this task, if it has one.
    pub(crate) fn of_task() -> Option<Self> {
        OF_TASK.try_with(Self::clone).ok()
    }

    /// Returns the room of the request that this thread works on, for threads that it starts.
    pub(crate) fn of_thread() -> Option<Self> {
        OF_THREAD.with_borrow(|work| work.as_ref().map(|work| work.room.clone()))
    }

    /// Lets this thread work for the request. One that holds a share already waits for no other.
    pub(crate) fn enter(self) -> Entered {
        let admitted = self.holds().first().map(KeptHold::admit);
        OF_THREAD.set(Some(Work { room: self, admitted }));
        Entered(PhantomData)
    }

    /// Keeps a share in the room of this thread, which waits for no other then; where there is none it is free again at once.
    pub(crate) fn keep(hold: KeptHold) {
        OF_THREAD.with_borrow_mut(|work| {
            if let Some(work) = work {
                work.admitted.get_or_insert_with(|| hold.admit());
                work.room.holds().push(hold);
            }
        });
    }

    fn holds(&self) -> MutexGuard<'_, Vec<KeptHold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        OF_THREAD.set(None);
    }
}
