//! The queue of messages that wait to be written: bounded in messages and in bytes.
//!
//! Whoever sends waits for room, so that a client that does not read slows the server down instead of losing answers.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::limits::{MAX_OUTBOUND_BYTES, MAX_OUTBOUND_MESSAGES};

/// The sending end.
#[derive(Clone)]
pub(crate) struct Outbound {
    messages: mpsc::Sender<Queued>,
    bytes: Arc<Semaphore>,
}

/// The writing end.
pub(crate) struct OutboundQueue(mpsc::Receiver<Queued>);

struct Queued {
    message: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// The connection can no longer be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// Makes a queue.
pub(crate) fn outbound() -> (Outbound, OutboundQueue) {
    let (sender, receiver) = mpsc::channel(MAX_OUTBOUND_MESSAGES);
    (
        Outbound {
            messages: sender,
            bytes: Arc::new(Semaphore::new(MAX_OUTBOUND_BYTES)),
        },
        OutboundQueue(receiver),
    )
}

impl Outbound {
    /// Queues a message, waiting for room.
    ///
    /// # Errors
    /// When the writer is gone; the message is lost with it.
    pub(crate) async fn send(&self, message: Vec<u8>) -> Result<(), Closed> {
        // A message larger than the whole queue takes all of it.
        let weight = u32::try_from(message.len().min(MAX_OUTBOUND_BYTES)).expect("the limit fits 32 bits");
        let room = Arc::clone(&self.bytes)
            .acquire_many_owned(weight)
            .await
            .map_err(|_| Closed)?;
        self.messages
            .send(Queued { message, _room: room })
            .await
            .map_err(|_| Closed)
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
                queued.message.push(b'\n');
                writer.write_all(&queued.message).await?;
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
