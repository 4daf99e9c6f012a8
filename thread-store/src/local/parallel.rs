//! Does many small pieces of work on the cores there are: files to index, whose results one thread takes; items to decode.
//!
//! Few pieces are done one after the other in their order: starting threads would cost more than it saves. Requests share
//! the cores: while others use them, a request works alone.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use codex_rollout::lines::TurnOwner;

use crate::answer_room::AnswerRoom;
use crate::error::StoreResult;

/// Pieces from which on several threads work.
const MIN_PARALLEL_PIECES: usize = 32;
/// Threads that work at most.
const MAX_WORKERS: usize = 4;
/// Results that wait to be taken; further ones wait in their workers.
const MAX_WAITING_RESULTS: usize = 32;

/// Pieces of a request that each thread should have at least.
const MIN_PIECES_OF_A_HELPER: usize = 48;

/// Threads that help requests now, in this process.
static HELPERS: AtomicUsize = AtomicUsize::new(0);

/// Threads that work at a time: as many as there are cores, up to a limit. Asked once: the answer is read from files.
static WORKERS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get).min(MAX_WORKERS));

/// The right to have helping threads, given back when dropped.
struct Helpers(usize);

impl Helpers {
    /// Takes up to `wanted` of those that no other request has.
    fn take(wanted: usize) -> Self {
        let all = *WORKERS - 1;
        let mut taken = 0;
        let _all_taken = HELPERS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |busy| {
            taken = wanted.min(all.saturating_sub(busy));
            (taken > 0).then_some(busy + taken)
        });
        Self(taken)
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        HELPERS.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Maps pieces that take about equally long, in their order.
pub(super) fn map_in_parallel<T: Sync, R: Send>(pieces: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let helpers = Helpers::take((pieces.len() / MIN_PIECES_OF_A_HELPER).saturating_sub(1));
    let share = pieces.len().div_ceil(helpers.0 + 1);
    if helpers.0 == 0 {
        return pieces.iter().map(work).collect();
    }
    let (own, others) = pieces.split_at(share);
    let work = &work;
    thread::scope(|scope| {
        let others: Vec<_> = others
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut results: Vec<R> = own.iter().map(work).collect();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
}

/// Does the pieces `0..count` and hands each result to `take`, in about their order, until `work` has none or `take` fails.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Option<T> + Sync,
    take: &mut dyn FnMut(T) -> StoreResult<()>,
) -> StoreResult<()> {
    let workers = *WORKERS;
    if workers == 1 || count < MIN_PARALLEL_PIECES {
        return (0..count).map_while(work).try_for_each(take);
    }
    let next = AtomicUsize::new(0);
    let next_result = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        (at < count).then(|| work(at)).flatten()
    };
    // They work for the same request: if it holds memory already, or keeps one that does waiting, they wait for no more.
    let room = AnswerRoom::of_thread();
    let has_turn = TurnOwner::is_here();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(MAX_WAITING_RESULTS);
        for _ in 0..workers {
            let (sender, room) = (sender.clone(), room.clone());
            scope.spawn(move || {
                let _entered = room.map(AnswerRoom::enter);
                let _owner = has_turn.then(TurnOwner::here);
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
