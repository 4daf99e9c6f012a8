//! Tests of parallel work.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::StoreError;

use super::{Helpers, MAX_WAITING_RESULTS, MAX_WORKERS, in_parallel, map_in_parallel};

fn taken(count: usize, last: usize) -> Vec<usize> {
    let mut taken = Vec::new();
    let done = in_parallel(count, |at| (at <= last).then_some(at), &mut |at| {
        taken.push(at);
        Ok(())
    });
    done.expect("nothing fails");
    taken.sort_unstable();
    taken
}

#[test]
fn every_piece_is_taken_once_whether_they_are_few_or_many() {
    for count in [0, 1, 31, 32, 1_000] {
        assert_eq!(taken(count, usize::MAX), (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn work_that_has_no_more_results_ends_all() {
    assert_eq!(taken(10, 4), [0, 1, 2, 3, 4]);
    assert_eq!(taken(1_000, 99), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_taker_that_fails_ends_all_and_its_error_is_returned() {
    for count in [10, 1_000] {
        let mut taken = 0;
        let done = in_parallel(count, Some, &mut |_| {
            taken += 1;
            match taken {
                5 => Err(StoreError::TermTooLong {
                    bytes: 5,
                    limit_bytes: 4,
                }),
                _ => Ok(()),
            }
        });
        assert!(matches!(done, Err(StoreError::TermTooLong { bytes: 5, .. })));
        assert_eq!(taken, 5);
    }
}

#[test]
fn mapped_pieces_keep_their_order_whoever_does_them() {
    for count in [0, 1, 47, 95, 96, 97, 1_000] {
        let pieces: Vec<usize> = (0..count).collect();
        let doubled: Vec<usize> = pieces.iter().map(|piece| piece * 2).collect();
        assert_eq!(map_in_parallel(&pieces, |piece| piece * 2), doubled);
        let _all_are_busy = Helpers::take(usize::MAX);
        assert_eq!(map_in_parallel(&pieces, |piece| piece * 2), doubled);
    }
}

#[test]
fn few_pieces_are_worked_on_at_once_and_few_results_wait() {
    let (working, most_working, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut taken = 0;
    let work = |at: usize| {
        most_working.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        working.fetch_sub(1, Ordering::SeqCst);
        done.fetch_add(1, Ordering::SeqCst);
        Some(at)
    };
    // Those that wait, one in the hands of each worker, and the one that is being taken.
    let most_ahead = MAX_WAITING_RESULTS + MAX_WORKERS + 1;
    let all = in_parallel(4 * most_ahead, work, &mut |_| {
        for _ in 0..1_000 {
            std::thread::yield_now();
        }
        let ahead = done.load(Ordering::SeqCst) - taken;
        assert!(ahead <= most_ahead, "{ahead} results ahead");
        taken += 1;
        Ok(())
    });
    all.expect("nothing fails");
    assert_eq!(taken, 4 * most_ahead);
    assert!((1..=MAX_WORKERS).contains(&most_working.into_inner()));
}
