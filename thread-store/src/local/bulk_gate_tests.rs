//! As many as may be are inside at once, and a failure makes room.

use std::sync::atomic::{AtomicUsize, Ordering};

use codex_rollout::lines::LineBudget;

use super::{BulkGate, MAX_BULK_READERS};

#[test]
fn as_many_as_the_limit_are_inside_and_the_next_one_waits() {
    let gate = BulkGate::default();
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 * MAX_BULK_READERS {
            scope.spawn(|| {
                for _ in 0..200 {
                    gate.pass(&LineBudget::new(1), || {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            });
        }
    });
    assert!(
        (1..=MAX_BULK_READERS).contains(&most.load(Ordering::SeqCst)),
        "{most:?}"
    );
}

#[test]
fn work_that_panics_makes_room() {
    let gate = BulkGate::default();
    for _ in 0..=MAX_BULK_READERS {
        let work = std::panic::AssertUnwindSafe(|| gate.pass(&LineBudget::new(1), || panic!("on purpose")));
        assert!(std::panic::catch_unwind(work).is_err());
    }
    assert_eq!(gate.pass(&LineBudget::new(1), || 7), 7);
}
