//! The queue of messages that wait to be written: bounded in messages and in bytes.
//!
//! A request has its place in the queue before it is read, so that answers never wait and a client that does not read
//! slows only itself down; its bytes count until its answer is made, so that few large requests are worked on at a time.
//! Large answers come one after another: what does not fit waits where it is. Notifications come unasked: they have a share
//! of their own, and a client that lets it fill up is given up, because nobody may wait for it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use crate::limits::{
    MAX_INBOUND_BYTES_IN_FLIGHT, MAX_NOTIFICATION_BYTES, MAX_OUTBOUND_BYTES, MAX_OUTBOUND_NOTIFICATIONS,
    MAX_REQUESTS_IN_FLIGHT,
};

/// An encoded message, with or without the end of its line; shared, because notifications go to many.
pub(crate) type Message = Arc<Vec<u8>>;

/// The sending end.
#[derive(Clone)]
pub(crate) struct Outbound {
    messages: mpsc::UnboundedSender<Queued>,
    load: Arc<Load>,
}

/// The writing end.
pub(crate) struct OutboundQueue(mpsc::UnboundedReceiver<Queued>);

/// How full the queue is.
struct Load {
    slots: Arc<Semaphore>,
    /// Bytes of the requests that are worked on.
    request_bytes: AtomicUsize,
    answer_bytes: AtomicUsize,
    /// Told whenever an answer was written, or the work on a request is done.
    relieved: Notify,
    notices: AtomicUsize,
    notice_bytes: AtomicUsize,
    overflowed: AtomicBool,
    /// Told when the share of the notifications is full.
    overflow: Notify,
}

struct Queued {
    message: Message,
    _room: Room,
}

/// What a queued message occupies; free again when dropped.
enum Room {
    Answer {
        load: Arc<Load>,
        bytes: usize,
        _slot: OwnedSemaphorePermit,
    },
    Notice {
        load: Arc<Load>,
        bytes: usize,
    },
}

/// A place in the queue for one answer.
pub(crate) struct Slot {
    outbound: Outbound,
    permit: OwnedSemaphorePermit,
    request: Option<RequestBytes>,
}

/// The bytes of a request that is worked on; free again when dropped.
struct RequestBytes {
    load: Arc<Load>,
    bytes: usize,
}

/// Tells when the share of the notifications is full; keeps no writer going.
pub(crate) struct Overflow(Arc<Load>);

/// The connection can no longer be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// Makes a queue.
pub(crate) fn outbound() -> (Outbound, OutboundQueue) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let load = Load {
        slots: Arc::new(Semaphore::new(MAX_REQUESTS_IN_FLIGHT)),
        request_bytes: AtomicUsize::new(0),
        answer_bytes: AtomicUsize::new(0),
        relieved: Notify::new(),
        notices: AtomicUsize::new(0),
        notice_bytes: AtomicUsize::new(0),
        overflowed: AtomicBool::new(false),
        overflow: Notify::new(),
    };
    (
        Outbound {
            messages: sender,
            load: Arc::new(load),
        },
        OutboundQueue(receiver),
    )
}

impl Outbound {
    /// Waits for a place for one answer, and until no more bytes of requests and answers than the limits are on their way.
    pub(crate) async fn reserve(&self) -> Slot {
        let permit = Arc::clone(&self.load.slots)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let has_room = || {
            self.load.answer_bytes.load(Ordering::Acquire) <= MAX_OUTBOUND_BYTES
                && self.load.request_bytes.load(Ordering::Acquire) <= MAX_INBOUND_BYTES_IN_FLIGHT
        };
        self.load.when(has_room).await;
        Slot {
            outbound: self.clone(),
            permit,
            request: None,
        }
    }

    /// Queues a notification without waiting; when there is no room, the connection has to be given up.
    pub(crate) fn notify(&self, message: Message) {
        let load = &self.load;
        if load.overflowed.load(Ordering::Acquire) {
            return;
        }
        let bytes = message.len();
        let before = load.notice_bytes.fetch_add(bytes, Ordering::AcqRel);
        let ahead = load.notices.fetch_add(1, Ordering::AcqRel);
        let room = Room::Notice {
            load: Arc::clone(load),
            bytes,
        };
        let is_too_large = ahead > 0 && before.saturating_add(bytes) > MAX_NOTIFICATION_BYTES;
        if ahead >= MAX_OUTBOUND_NOTIFICATIONS || is_too_large {
            load.overflowed.store(true, Ordering::Release);
            load.overflow.notify_one();
            return;
        }
        // The writer is gone only when the client is; then nobody waits for this notification.
        let _ = self.messages.send(Queued { message, _room: room });
    }

    /// Watches for the moment when the connection has to be given up.
    pub(crate) fn overflow(&self) -> Overflow {
        Overflow(Arc::clone(&self.load))
    }
}

impl Load {
    /// Waits until something is so; it is looked at again whenever there is less to do.
    async fn when(&self, is_so: impl Fn() -> bool) {
        loop {
            // Before looking, so that what happens in between is not missed.
            let mut relieved = pin!(self.relieved.notified());
            relieved.as_mut().enable();
            if is_so() {
                return;
            }
            relieved.await;
        }
    }

    /// Takes room for an answer, unless too much waits already.
    fn take_room(&self, bytes: usize) -> bool {
        let taken = |waiting: usize| (waiting <= MAX_OUTBOUND_BYTES).then(|| waiting.saturating_add(bytes));
        let answer_bytes = &self.answer_bytes;
        answer_bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, taken)
            .is_ok()
    }
}

impl Overflow {
    /// Waits until the connection has to be given up.
    pub(crate) async fn wait(&self) {
        while !self.0.overflowed.load(Ordering::Acquire) {
            self.0.overflow.notified().await;
        }
    }
}

impl Slot {
    /// Counts the bytes of the request that the place is for, until its answer is queued or there will be none.
    pub(crate) fn count_request(&mut self, bytes: usize) {
        let load = Arc::clone(&self.outbound.load);
        load.request_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.request = Some(RequestBytes { load, bytes });
    }

    /// Queues the answer.
    ///
    /// # Errors
    /// When the writer is gone; the message is lost with it.
    pub(crate) fn send(self, message: Vec<u8>) -> Result<(), Closed> {
        self.outbound
            .load
            .answer_bytes
            .fetch_add(message.len(), Ordering::AcqRel);
        self.queue(message)
    }

    /// Queues a large answer once not too much waits before it.
    ///
    /// # Errors
    /// When the writer is gone; the message is lost with it.
    pub(crate) async fn send_in_turn(mut self, message: Vec<u8>) -> Result<(), Closed> {
        // The request is answered; what waits is its answer.
        self.request = None;
        let load = &self.outbound.load;
        let gone = self.outbound.messages.closed();
        tokio::select! {
            () = load.when(|| load.take_room(message.len())) => {}
            () = gone => return Err(Closed),
        }
        self.queue(message)
    }

    /// Queues an answer whose bytes are counted.
    fn queue(self, mut message: Vec<u8>) -> Result<(), Closed> {
        let (load, bytes) = (Arc::clone(&self.outbound.load), message.len());
        // The end of its line goes out with a large answer: a write of its own would be one more wait for the client.
        message.push(b'\n');
        let room = Room::Answer {
            load,
            bytes,
            _slot: self.permit,
        };
        let queued = Queued {
            message: Arc::new(message),
            _room: room,
        };
        self.outbound.messages.send(queued).map_err(|_| Closed)
    }
}

impl Drop for RequestBytes {
    fn drop(&mut self) {
        self.load.request_bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.load.relieved.notify_waiters();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        match self {
            Self::Answer { load, bytes, .. } => {
                load.answer_bytes.fetch_sub(*bytes, Ordering::AcqRel);
                load.relieved.notify_waiters();
            }
            Self::Notice { load, bytes } => {
                load.notice_bytes.fetch_sub(*bytes, Ordering::AcqRel);
                load.notices.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }
}

impl OutboundQueue {
    /// Writes messages, one line each, until all senders are gone; flushes whenever nothing waits.
    ///
    /// # Errors
    /// Those of the stream.
    pub(crate) async fn write_to(mut self, mut writer: impl AsyncWrite + Unpin) -> io::Result<()> {
        while let Some(mut queued) = self.0.recv().await {
            loop {
                writer.write_all(&queued.message).await?;
                if queued.message.last() != Some(&b'\n') {
                    writer.write_all(b"\n").await?;
                }
                match self.0.try_recv() {
                    Ok(next) => queued = next,
                    Err(_) => break,
                }
            }
            drop(queued);
            writer.flush().await?;
        }
        writer.flush().await
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod outbound_tests;
