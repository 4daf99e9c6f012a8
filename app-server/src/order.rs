//! Runs requests of one thread one after the other, in the order in which they arrived (`app-server-api.md` 1.7).
//!
//! Tickets are taken by the reader, so that arrival decides; the work itself runs elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Hands out tickets by key.
#[derive(Debug, Default)]
pub(crate) struct Order {
    tails: Arc<Mutex<HashMap<String, Tail>>>,
}

/// The newest ticket of a key.
#[derive(Debug)]
struct Tail {
    number: u64,
    done: oneshot::Receiver<()>,
}

/// A place in the queue of a key; the next one may go when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    tails: Arc<Mutex<HashMap<String, Tail>>>,
    key: String,
    number: u64,
    before: Option<oneshot::Receiver<()>>,
    /// Dropping it wakes the next ticket.
    _done: oneshot::Sender<()>,
}

impl Order {
    /// Takes the next ticket of a key.
    pub(crate) fn ticket(&self, key: &str) -> Ticket {
        let (sender, receiver) = oneshot::channel();
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        let number = tails.get(key).map_or(0, |tail| tail.number + 1);
        let before = tails
            .insert(key.to_owned(), Tail { number, done: receiver })
            .map(|tail| tail.done);
        Ticket {
            tails: Arc::clone(&self.tails),
            key: key.to_owned(),
            number,
            before,
            _done: sender,
        }
    }
}

impl Ticket {
    /// Waits until all earlier tickets of the key are gone.
    pub(crate) async fn turn(&mut self) {
        if let Some(before) = &mut self.before {
            // An error means that the earlier ticket was dropped, which is what is waited for.
            let _ = before.await;
        }
        self.before = None;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.get(&self.key).is_some_and(|tail| tail.number == self.number) {
            tails.remove(&self.key);
        }
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod order_tests;
