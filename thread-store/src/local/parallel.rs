//! Does many small pieces of work on the cores there are; one thread takes the results.
//!
//! Few pieces are done one after the other in their order: starting threads would cost more than it saves.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::answer_room::AnswerRoom;
use crate::error::StoreResult;

/// Pieces from which on several threads work.
const MIN_PARALLEL_PIECES: usize = 32;
/// Threads that work at most.
const MAX_WORKERS: usize = 4;
/// Results that wait to be taken; further ones wait in their workers.
const MAX_WAITING_RESULTS: usize = 32;

/// Does the pieces `0..count` and hands each result to `take`, in about their order, until `work` has none or `take` fails.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Option<T> + Sync,
    take: &mut dyn FnMut(T) -> StoreResult<()>,
) -> StoreResult<()> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_WORKERS);
    if workers == 1 || count < MIN_PARALLEL_PIECES {
        return (0..count).map_while(work).try_for_each(take);
    }
    let next = AtomicUsize::new(0);
    let next_result = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        (at < count).then(|| work(at)).flatten()
    };
    // They work for the same request: if it holds memory already, they wait for no more.
    let room = AnswerRoom::of_thread();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(MAX_WAITING_RESULTS);
        for _ in 0..workers {
            let (sender, room) = (sender.clone(), room.clone());
            scope.spawn(move || {
                let _entered = room.map(AnswerRoom::enter);
                while let Some(result) = next_result() {
                    if sender.send(result).is_err() {
                        break; // the taker has failed, and says why
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().try_for_each(take)
    })
}

#[cfg(test)]
#[path = "parallel_tests.rs"]
mod parallel_tests;
