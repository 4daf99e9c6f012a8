//! A budget of memory for long lines, shared by all readers of a process: many of them at once must not fill the memory.
//!
//! Counts bytes and lets threads wait in the order of their arrival; reads and allocates nothing. A thread that holds
//! a share already is given more without waiting, so that nobody waits for himself: what it asks for in advance is what
//! it needs at most. For the same reason nobody who holds a share is kept waiting by somebody who waits for one: turns that
//! are taken through the budget say who that is.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

thread_local! {
    /// Shares that this thread holds.
    static HELD_HERE: Cell<u32> = const { Cell::new(0) };
    /// Turns that this thread has.
    static TURNS_HERE: Cell<u32> = const { Cell::new(0) };
}

/// The budget. Clones share it.
#[derive(Debug, Clone)]
pub struct LineBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total_bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    in_use_bytes: u64,
    peak_bytes: u64,
    /// Number that the next one who waits draws, and the number whose turn it is.
    next_number: u64,
    turn: u64,
    /// Numbers behind the turn that were let in before it.
    let_in: BTreeSet<u64>,
    /// Holders of shares that wait for a turn which somebody else has.
    holders_kept_waiting: u32,
}

/// A share of the budget, held by the thread that took it; free again when dropped.
#[derive(Debug)]
#[must_use = "dropping it gives the bytes back"]
pub struct LineHold {
    kept: KeptHold,
    /// Counted in the thread that made it.
    _thread: PhantomData<*const ()>,
}

/// A share of the budget that no thread waits with; free again when dropped.
#[derive(Debug)]
#[must_use = "dropping it gives the bytes back"]
pub struct KeptHold {
    budget: LineBudget,
    bytes: u64,
}

/// Something that one thread has at a time and others wait for, such as the guard of a lock, and that its owner may wait for a
/// share with.
#[derive(Debug)]
#[must_use = "the turn ends when it is dropped"]
pub struct Turn<T> {
    _guard: T,
    _owner: TurnOwner,
}

/// While it lives, its thread counts as one that has a turn: it works for somebody who has one.
#[derive(Debug)]
#[must_use = "it counts while it lives"]
pub struct TurnOwner(PhantomData<*const ()>);

/// While it lives, its thread is given what it asks for without waiting: it works for somebody who holds a share.
#[derive(Debug)]
#[must_use = "it counts while it lives"]
pub struct Admitted(PhantomData<*const ()>);

impl LineBudget {
    /// Makes a budget of so many bytes.
    pub fn new(total_bytes: u64) -> Self {
        Self(Arc::new(Shared {
            total_bytes,
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Takes a share, waiting behind those who came earlier until there is room.
    ///
    /// Whoever needs more than there is gets all of it, alone. Whoever has a [`Turn`] that a holder of a share waits for does not
    /// wait, and may get more than there is: the holder gives nothing back before the turn is over.
    pub fn hold(&self, bytes: u64) -> LineHold {
        let bytes = bytes.min(self.0.total_bytes);
        let mut state = self.state();
        if HELD_HERE.get() == 0 {
            let number = state.next_number;
            state.next_number += 1;
            let keeps_holders_waiting = |state: &State| TURNS_HERE.get() > 0 && state.holders_kept_waiting > 0;
            let must_wait = |state: &mut State| {
                let is_let_in = state.turn == number && state.in_use_bytes + bytes <= self.0.total_bytes;
                !is_let_in && !keeps_holders_waiting(state)
            };
            state = self
                .0
                .changed
                .wait_while(state, must_wait)
                .unwrap_or_else(PoisonError::into_inner);
            state.let_in.insert(number);
            state.pass_on();
        }
        state.in_use_bytes += bytes;
        state.peak_bytes = state.peak_bytes.max(state.in_use_bytes);
        drop(state);
        // The one behind may fit, too.
        self.0.changed.notify_all();
        HELD_HERE.set(HELD_HERE.get() + 1);
        let budget = self.clone();
        LineHold {
            kept: KeptHold { budget, bytes },
            _thread: PhantomData,
        }
    }

    /// Tells whether this thread holds a share, or works for somebody who does.
    pub fn is_held_here(&self) -> bool {
        HELD_HERE.get() > 0
    }

    /// Waits for a turn, such as a lock, whose owner may wait for a share before the turn is over.
    ///
    /// While somebody who holds a share waits here, owners of turns do not wait for theirs.
    pub fn turn<T>(&self, wait: impl FnOnce() -> T) -> Turn<T> {
        let waiting = self.is_held_here().then(|| KeptWaiting::new(self));
        let guard = wait();
        drop(waiting);
        Turn {
            _guard: guard,
            _owner: TurnOwner::here(),
        }
    }

    /// Bytes that are held now.
    pub fn in_use_bytes(&self) -> u64 {
        self.state().in_use_bytes
    }

    /// How many wait for a share now.
    pub fn waiting(&self) -> u64 {
        let state = self.state();
        state.next_number - state.turn - state.let_in.len() as u64
    }

    /// Most bytes that were held at a time.
    pub fn peak_bytes(&self) -> u64 {
        self.state().peak_bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives the turn to the next number that has not been let in.
    fn pass_on(&mut self) {
        while self.let_in.remove(&self.turn) {
            self.turn += 1;
        }
    }
}

/// A holder of a share waits for a turn.
struct KeptWaiting<'b>(&'b LineBudget);

impl<'b> KeptWaiting<'b> {
    fn new(budget: &'b LineBudget) -> Self {
        budget.state().holders_kept_waiting += 1;
        // Who waits for a share now may have the turn.
        budget.0.changed.notify_all();
        Self(budget)
    }
}

impl Drop for KeptWaiting<'_> {
    fn drop(&mut self) {
        self.0.state().holders_kept_waiting -= 1;
    }
}

impl TurnOwner {
    /// Counts this thread as one that has a turn.
    pub fn here() -> Self {
        TURNS_HERE.set(TURNS_HERE.get() + 1);
        Self(PhantomData)
    }

    /// Tells whether this thread counts as one, so that threads that it starts may, too.
    pub fn is_here() -> bool {
        TURNS_HERE.get() > 0
    }
}

impl Drop for TurnOwner {
    fn drop(&mut self) {
        TURNS_HERE.set(TURNS_HERE.get() - 1);
    }
}

impl LineHold {
    /// Keeps the share for what outlives the work of this thread, such as an answer.
    pub fn keep(self) -> KeptHold {
        let bytes = self.kept.bytes;
        let budget = self.kept.budget.clone();
        // Taken over before the rest of the hold goes, which then gives nothing back.
        let mut own = self;
        own.kept.bytes = 0;
        KeptHold { budget, bytes }
    }
}

impl Drop for LineHold {
    fn drop(&mut self) {
        HELD_HERE.set(HELD_HERE.get() - 1);
    }
}

impl KeptHold {
    /// Bytes that are held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives back what is more than so many bytes.
    pub fn shrink_to(&mut self, bytes: u64) {
        self.give_back(self.bytes.saturating_sub(bytes));
    }

    /// Lets this thread take more without waiting: it works for whoever holds this share.
    pub fn admit(&self) -> Admitted {
        HELD_HERE.set(HELD_HERE.get() + 1);
        Admitted(PhantomData)
    }

    fn give_back(&mut self, bytes: u64) {
        self.bytes -= bytes;
        self.budget.state().in_use_bytes -= bytes;
        self.budget.0.changed.notify_all();
    }
}

impl Drop for KeptHold {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        HELD_HERE.set(HELD_HERE.get() - 1);
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod budget_tests;
