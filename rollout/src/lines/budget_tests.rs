//! Shares of the budget: at the limit, beyond it, and in order.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use super::{LineBudget, TurnOwner};

#[test]
fn shares_fit_up_to_the_limit() {
    let budget = LineBudget::new(100);
    let first = budget.hold(60).keep();
    let second = budget.hold(40).keep();
    assert_eq!(budget.in_use_bytes(), 100);
    drop((first, second));
    assert_eq!((budget.in_use_bytes(), budget.peak_bytes()), (0, 100));
}

#[test]
fn one_byte_more_waits_until_there_is_room() {
    let budget = LineBudget::new(100);
    let first = budget.hold(60).keep();
    let (told, heard) = mpsc::channel();
    let waiting = thread::spawn({
        let budget = budget.clone();
        move || {
            let hold = budget.hold(41);
            told.send(()).expect("somebody listens");
            drop(hold);
        }
    });
    while budget.state().next_number < 2 {
        thread::yield_now();
    }
    assert!(heard.try_recv().is_err(), "60 and 41 are more than 100");
    drop(first);
    heard.recv().expect("it was let in");
    waiting.join().expect("no panic");
    assert_eq!(budget.peak_bytes(), 60);
}

#[test]
fn whoever_comes_later_does_not_pass_whoever_waits() {
    let budget = LineBudget::new(100);
    let first = budget.hold(60).keep();
    let (told, heard) = mpsc::channel();
    let mut threads = Vec::new();
    for (number, bytes) in [(1, 90), (2, 10)] {
        let (budget, told) = (budget.clone(), told.clone());
        let seen = budget.state().next_number;
        threads.push(thread::spawn({
            let budget = budget.clone();
            move || {
                let hold = budget.hold(bytes);
                told.send(number).expect("somebody listens");
                drop(hold);
            }
        }));
        while budget.state().next_number == seen {
            thread::yield_now();
        }
    }
    assert!(heard.try_recv().is_err(), "the small one would fit, but waits its turn");
    drop(first);
    assert_eq!([heard.recv(), heard.recv()], [Ok(1), Ok(2)]);
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

#[test]
fn more_than_there_is_means_all_of_it_alone() {
    let budget = LineBudget::new(100);
    let hold = budget.hold(1_000).keep();
    assert_eq!(hold.bytes(), 100);
    drop(hold);
    assert_eq!(budget.in_use_bytes(), 0);
}

#[test]
fn a_thread_never_waits_for_itself() {
    let budget = LineBudget::new(100);
    let first = budget.hold(80);
    let second = budget.hold(80);
    assert_eq!(budget.in_use_bytes(), 160);
    drop((first, second));
    let mut kept = budget.hold(80).keep();
    let admitted = kept.admit();
    drop(budget.hold(80));
    drop(admitted);
    kept.shrink_to(10);
    assert_eq!(budget.in_use_bytes(), 10);
}

/// Starts a thread that takes the lock as a turn and then a share; returns once it waits for that.
fn owner_that_waits(budget: &LineBudget, lock: &Arc<Mutex<()>>, bytes: u64) -> thread::JoinHandle<()> {
    let seen = budget.state().next_number;
    let thread = thread::spawn({
        let (budget, lock) = (budget.clone(), Arc::clone(lock));
        move || {
            let _turn = budget.turn(|| lock.lock().expect("no panic"));
            drop(budget.hold(bytes));
        }
    });
    while budget.state().next_number == seen {
        thread::yield_now();
    }
    thread
}

#[test]
fn a_holder_that_waits_for_a_turn_is_not_kept_waiting_by_its_owner() {
    let (budget, lock) = (LineBudget::new(100), Arc::new(Mutex::new(())));
    let held = budget.hold(60);
    let owner = owner_that_waits(&budget, &lock, 50);
    // It comes later, and gets its share first.
    let turn = budget.turn(|| lock.lock().expect("no panic"));
    owner.join().expect("no panic");
    assert_eq!(budget.peak_bytes(), 110);
    drop((turn, held));
    // The number that was let in early is passed over.
    drop(budget.hold(100));
    assert_eq!((budget.in_use_bytes(), budget.state().let_in.len()), (0, 0));
}

#[test]
fn an_owner_waits_while_it_keeps_no_holder_waiting() {
    let (budget, lock) = (LineBudget::new(100), Arc::new(Mutex::new(())));
    let kept = budget.hold(60).keep();
    let owner = owner_that_waits(&budget, &lock, 50);
    // This one holds nothing.
    let other = thread::spawn({
        let (budget, lock) = (budget.clone(), Arc::clone(&lock));
        move || drop(budget.turn(|| lock.lock().expect("no panic")))
    });
    assert!(lock.try_lock().is_err());
    drop(kept);
    owner.join().expect("no panic");
    other.join().expect("no panic");
    assert_eq!(budget.peak_bytes(), 60);
    assert!(!TurnOwner::is_here());
}
