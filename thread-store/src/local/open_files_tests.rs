//! As many calls and deep reads as may be, and who never waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use codex_rollout::lines::LineBudget;

use super::{MAX_DEEP_READS, OpenFiles};
use crate::answer_room::AnswerRoom;

/// Tells whether a future is ready now.
async fn is_ready<F: Future>(future: F) -> bool {
    tokio::select! {
        biased;
        _ = future => true,
        () = tokio::task::yield_now() => false,
    }
}

#[tokio::test]
async fn as_many_calls_as_the_limit_run_and_the_next_one_waits() {
    let files = OpenFiles::new(3);
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(files.call(None).await);
    }
    let empty = AnswerRoom::default();
    assert!(!is_ready(files.call(None)).await);
    assert!(
        !is_ready(files.call(Some(&empty))).await,
        "a request that holds nothing waits"
    );
    calls.pop();
    assert!(is_ready(files.call(None)).await);
}

#[tokio::test]
async fn a_request_that_holds_memory_never_waits() {
    let (files, budget) = (OpenFiles::new(1), LineBudget::new(100));
    let _running = files.call(None).await;
    let room = AnswerRoom::default();
    {
        let _entered = room.clone().enter();
        AnswerRoom::keep(budget.hold(1).keep());
    }
    assert!(is_ready(files.call(Some(&room))).await);
}

#[test]
fn as_many_deep_reads_as_the_limit_are_inside_and_the_next_one_waits() {
    let (files, budget) = (OpenFiles::new(1), LineBudget::new(100));
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 * MAX_DEEP_READS {
            scope.spawn(|| {
                for _ in 0..200 {
                    let deep = files.deep_read(&budget);
                    assert!(deep.is_some());
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!((1..=MAX_DEEP_READS).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[test]
fn a_thread_with_memory_or_inside_of_a_deep_read_waits_for_no_other() {
    let (files, budget) = (OpenFiles::new(1), LineBudget::new(100));
    std::thread::scope(|scope| {
        let mut leave = Vec::new();
        let (told, heard) = mpsc::channel();
        for _ in 0..MAX_DEEP_READS {
            let (stay, stayed) = mpsc::channel::<()>();
            leave.push(stay);
            let (files, budget, told) = (&files, &budget, told.clone());
            scope.spawn(move || {
                let _deep = files.deep_read(budget).expect("room");
                assert!(files.deep_read(budget).is_none(), "it is inside already");
                told.send(()).expect("somebody listens");
                stayed.recv().expect_err("nobody sends");
            });
        }
        for _ in 0..MAX_DEEP_READS {
            heard.recv().expect("it is inside");
        }
        let hold = budget.hold(1);
        assert!(files.deep_read(&budget).is_none(), "it holds memory");
        drop(hold);
        drop(leave);
        assert!(files.deep_read(&budget).is_some());
    });
}
