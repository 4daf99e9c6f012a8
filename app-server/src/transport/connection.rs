//! Serves one connection over a pair of byte streams, one JSON message per line (`app-server-api.md` 1.2, 1.6, 1.7).
//!
//! Every request that can be decoded is answered: when too much is in progress or too much waits to be written, reading
//! stops until there is room. The end of input lets the work in progress finish first.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::task::JoinSet;

use super::lines::{Line, next_line};
use super::outbound::{Outbound, Slot, outbound};
use crate::dispatch::{Cx, answer};
use crate::limits::{DRAIN_TIMEOUT_SECONDS, MAX_MESSAGE_BYTES};
use crate::live::Connection;
use crate::server::Server;
use crate::session::{Greeting, Job, Session, Step};

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The client can no longer be read from.
    #[error("read from client")]
    Read(#[source] io::Error),
    /// The client can no longer be written to.
    #[error("write to client")]
    Write(#[source] io::Error),
    /// The client lets notifications wait, and nobody waits for it.
    #[error("client reads too slowly: too many notifications wait for it")]
    TooSlow,
}

/// Serves a client until it stops sending and has all its answers.
///
/// # Errors
/// When a stream fails, or the client lets too many notifications wait. A client that closes its reading end is an error
/// of kind `BrokenPipe`.
pub async fn serve_connection<R, W>(server: Arc<Server>, mut reader: R, writer: W) -> Result<(), TransportError>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (sender, queue) = outbound();
    let overflow = sender.overflow();
    let mut writing = tokio::spawn(queue.write_to(writer));
    let registration = Registration {
        connection: server.connections.open(sender.clone()),
        server: Arc::clone(&server),
    };
    let work = Work {
        connection: Arc::clone(&registration.connection),
        server,
        sender,
    };
    let mut jobs = JoinSet::new();

    let read = tokio::select! {
        read = read_all(&mut reader, &work, &mut jobs) => read,
        written = &mut writing => return Err(write_error(written)),
        () = overflow.wait() => {
            writing.abort();
            return Err(too_slow());
        }
    };
    drop(work);
    let drained = async {
        while jobs.join_next().await.is_some() {}
        // Its last notifications are queued. The writer ends when nobody can send any more.
        drop(registration);
        (&mut writing).await
    };
    tokio::select! {
        written = drained => match written {
            Ok(Ok(())) => return read.map_err(TransportError::Read),
            written => return Err(write_error(written)),
        },
        () = overflow.wait() => {}
        () = tokio::time::sleep(Duration::from_secs(DRAIN_TIMEOUT_SECONDS)) => {
            tracing::warn!("gave up on requests whose client has gone");
            writing.abort();
            return read.map_err(TransportError::Read);
        }
    }
    writing.abort();
    Err(too_slow())
}

fn too_slow() -> TransportError {
    tracing::warn!("connection closed: too many notifications waited for the client");
    TransportError::TooSlow
}

fn write_error(written: Result<io::Result<()>, tokio::task::JoinError>) -> TransportError {
    TransportError::Write(match written {
        Ok(Ok(())) => io::Error::new(io::ErrorKind::BrokenPipe, "the writer stopped"),
        Ok(Err(error)) => error,
        Err(error) => io::Error::other(error),
    })
}

/// The server's knowledge of a connection; ends with it, however that ends.
struct Registration {
    server: Arc<Server>,
    connection: Arc<Connection>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.server.connection_closed(self.connection.id);
    }
}

/// What a running request needs.
struct Work {
    server: Arc<Server>,
    connection: Arc<Connection>,
    sender: Outbound,
}

async fn read_all<R: AsyncBufRead + Unpin>(reader: &mut R, work: &Work, jobs: &mut JoinSet<()>) -> io::Result<()> {
    let mut session = Session::new(Arc::clone(&work.server), work.connection.id);
    loop {
        // Before reading, so that the answer of whatever is read has its place.
        let mut slot = work.sender.reserve().await;
        let line = match next_line(reader, MAX_MESSAGE_BYTES).await? {
            Line::Text(line) => line,
            Line::TooLong { bytes } => {
                tracing::warn!(
                    bytes,
                    max_message_bytes = MAX_MESSAGE_BYTES,
                    "message dropped: too long"
                );
                continue;
            }
            Line::End => return Ok(()),
        };
        slot.count_request(line.len());
        match session.receive(&line) {
            Step::Ignore => {}
            Step::Send(message) => {
                if slot.send(message).is_err() {
                    return Ok(());
                }
            }
            Step::Greet(greeting) => {
                let Greeting { answer, wishes, first } = *greeting;
                if slot.send(answer).is_err() {
                    return Ok(());
                }
                work.connection.greet(wishes);
                work.server.publish(&first);
            }
            Step::Run(job) => start(*job, slot, work, jobs),
        }
        // Finished jobs are forgotten as we go, so that a long connection does not collect them.
        while jobs.try_join_next().is_some() {}
    }
}

/// Starts a request.
fn start(job: Job, slot: Slot, work: &Work, jobs: &mut JoinSet<()>) {
    let (server, connection) = (Arc::clone(&work.server), Arc::clone(&work.connection));
    jobs.spawn(async move {
        let Job { id, call, mut tickets } = job;
        if tickets.is_ordered() {
            let _waiting = server.gauges.wait();
            tickets.turn().await;
        }
        let answer = {
            let _working = server.gauges.work();
            let cx = Cx {
                server: Arc::clone(&server),
                connection,
                tickets,
                behind: None,
            };
            answer(cx, id, call).await
        };
        answer.before.iter().for_each(|notice| server.publish(notice));
        // The writer is gone only when the client is; then nobody waits for this answer.
        let _ = match answer.room.bytes() {
            0 => slot.send(answer.message),
            _ => slot.send_in_turn(answer.message).await,
        };
        // From here on the queue counts it.
        drop(answer.room);
        answer.after.iter().for_each(|notice| server.publish(notice));
        if let Some(behind) = answer.behind {
            let tickets = answer.tickets;
            // It is done even if the connection, and this task with it, goes meanwhile.
            let done = tokio::spawn(async move {
                server.tell(behind.thread_id, behind.told).await;
                drop(tickets);
            });
            if let Err(error) = done.await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "work behind an answer stopped"
                );
            }
        }
    });
}
