//! Runs requests of one thread, or of one family, one after the other in the order in which they arrived
//! (`app-server-api.md` 1.7); those that only read may share their turn.
//!
//! Tickets are taken by the reader, so that arrival decides; the work itself runs elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Hands out tickets by key.
#[derive(Debug, Default)]
pub(crate) struct Order {
    queues: Arc<Mutex<Queues>>,
}

/// The tickets of each key by number. A key without tickets is not there.
type Queues = HashMap<String, BTreeMap<u64, Waiting>>;

/// A ticket in its queue.
#[derive(Debug)]
struct Waiting {
    access: Access,
    wake: Arc<Notify>,
}

/// Whether others of the same key may run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nobody else.
    Alone,
    /// Others that share.
    Shared,
}

/// A place in the queue of a key; the next one may go when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    queues: Arc<Mutex<Queues>>,
    key: String,
    number: u64,
    wake: Arc<Notify>,
}

fn lock(queues: &Mutex<Queues>) -> MutexGuard<'_, Queues> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tickets that may go: the first one, and while all share those that follow it.
fn ready(queue: &BTreeMap<u64, Waiting>) -> impl Iterator<Item = (&u64, &Waiting)> {
    let mut is_first = true;
    let mut all_share = true;
    queue.iter().take_while(move |(_, waiting)| {
        all_share &= waiting.access == Access::Shared;
        std::mem::take(&mut is_first) || all_share
    })
}

impl Order {
    /// Takes the next ticket of a key.
    pub(crate) fn ticket(&self, key: &str, access: Access) -> Ticket {
        let wake = Arc::new(Notify::new());
        let mut queues = lock(&self.queues);
        let queue = queues.entry(key.to_owned()).or_default();
        let number = queue.last_key_value().map_or(0, |(last, _)| last + 1);
        let waiting = Waiting {
            access,
            wake: Arc::clone(&wake),
        };
        queue.insert(number, waiting);
        Ticket {
            queues: Arc::clone(&self.queues),
            key: key.to_owned(),
            number,
            wake,
        }
    }
}

impl Ticket {
    /// Waits until all earlier tickets of the key are gone, but for those that it shares its turn with.
    pub(crate) async fn turn(&mut self) {
        while !self.is_ready() {
            self.wake.notified().await;
        }
    }

    fn is_ready(&self) -> bool {
        let queues = lock(&self.queues);
        let queue = queues.get(&self.key);
        queue.is_some_and(|queue| ready(queue).any(|(number, _)| *number == self.number))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queues = lock(&self.queues);
        let Some(queue) = queues.get_mut(&self.key) else {
            return;
        };
        queue.remove(&self.number);
        if queue.is_empty() {
            queues.remove(&self.key);
            return;
        }
        ready(queue).for_each(|(_, waiting)| waiting.wake.notify_one());
    }
}

/// The places of one request: among those of its connection, and among all that change the thread.
///
/// Both are taken on arrival. A slow request of one connection that only reads holds up no other connection.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    /// Among the requests of the connection.
    pub(crate) own: Option<Ticket>,
    /// Among the changes of the thread, from any connection.
    pub(crate) shared: Option<Ticket>,
}

impl Tickets {
    /// Tells whether the request has to keep an order.
    pub(crate) fn is_ordered(&self) -> bool {
        self.own.is_some() || self.shared.is_some()
    }

    /// Waits until the request may run.
    pub(crate) async fn turn(&mut self) {
        if let Some(own) = &mut self.own {
            own.turn().await;
        }
        if let Some(shared) = &mut self.shared {
            shared.turn().await;
        }
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod order_tests;
