//! Serves one connection over a pair of byte streams, one JSON message per line (`app-server-api.md` 1.2, 1.6, 1.7).
//!
//! Every request that can be decoded is answered: when too much is in progress or too much waits to be written, reading
//! stops until there is room. The end of input lets the work in progress finish first.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::lines::{Line, next_line};
use super::outbound::{Outbound, outbound};
use crate::dispatch::answer;
use crate::limits::{DRAIN_TIMEOUT_SECONDS, MAX_MESSAGE_BYTES, MAX_REQUESTS_IN_FLIGHT};
use crate::server::Server;
use crate::session::{Job, Session, Step};

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The client can no longer be read from.
    #[error("read from client")]
    Read(#[source] io::Error),
    /// The client can no longer be written to.
    #[error("write to client")]
    Write(#[source] io::Error),
}

/// Serves a client until it stops sending and has all its answers.
///
/// # Errors
/// When a stream fails. A client that closes its reading end is an error of kind `BrokenPipe`.
pub async fn serve_connection<R, W>(server: Arc<Server>, mut reader: R, writer: W) -> Result<(), TransportError>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (sender, queue) = outbound();
    let mut writing = tokio::spawn(queue.write_to(writer));
    let mut session = Session::new(Arc::clone(&server));
    let work = Work {
        server,
        sender,
        room: Arc::new(Semaphore::new(MAX_REQUESTS_IN_FLIGHT)),
    };
    let mut jobs = JoinSet::new();

    let read = tokio::select! {
        read = read_all(&mut reader, &mut session, &work, &mut jobs) => read,
        written = &mut writing => return Err(write_error(written)),
    };
    drop(work);
    let drained = async {
        while jobs.join_next().await.is_some() {}
        (&mut writing).await
    };
    match tokio::time::timeout(Duration::from_secs(DRAIN_TIMEOUT_SECONDS), drained).await {
        Ok(Ok(Ok(()))) => read.map_err(TransportError::Read),
        Ok(written) => Err(write_error(written)),
        Err(_) => {
            tracing::warn!("gave up on requests whose client has gone");
            writing.abort();
            read.map_err(TransportError::Read)
        }
    }
}

fn write_error(written: Result<io::Result<()>, tokio::task::JoinError>) -> TransportError {
    TransportError::Write(match written {
        Ok(Ok(())) => io::Error::new(io::ErrorKind::BrokenPipe, "the writer stopped"),
        Ok(Err(error)) => error,
        Err(error) => io::Error::other(error),
    })
}

/// What a running request needs.
struct Work {
    server: Arc<Server>,
    sender: Outbound,
    room: Arc<Semaphore>,
}

async fn read_all<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    session: &mut Session,
    work: &Work,
    jobs: &mut JoinSet<()>,
) -> io::Result<()> {
    loop {
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
        match session.receive(&line) {
            Step::Ignore => {}
            Step::Send(messages) => {
                for message in messages {
                    if work.sender.send(message).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Step::Run(job) => start(job, work, jobs).await,
        }
        // Finished jobs are forgotten as we go, so that a long connection does not collect them.
        while jobs.try_join_next().is_some() {}
    }
}

/// Starts a request, waiting while too many are in progress.
async fn start(job: Box<Job>, work: &Work, jobs: &mut JoinSet<()>) {
    let room = Arc::clone(&work.room)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let (server, sender) = (Arc::clone(&work.server), work.sender.clone());
    jobs.spawn(async move {
        let Job { id, call, mut ticket } = *job;
        if let Some(ticket) = &mut ticket {
            let _waiting = server.gauges.wait();
            ticket.turn().await;
        }
        let message = {
            let _working = server.gauges.work();
            answer(Arc::clone(&server), id, call).await
        };
        // The writer is gone only when the client is; then nobody waits for this answer.
        let _ = sender.send(message).await;
        drop((ticket, room));
    });
}
