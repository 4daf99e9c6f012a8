//! When threads are unloaded: some time after nobody listens any more, or with the server (`app-server-api.md` 3.14).
//!
//! Starts timers and closes writers. A thread that is being appended to without listeners stays.

use std::sync::{Arc, Weak};

use codex_thread_store::{StoreError, StoreResult};
use tokio::task::JoinSet;

use super::connections::ConnectionId;
use super::loaded::{Left, LoadedThread, Timer};
use crate::order::Access;
use crate::server::Server;

impl Server {
    /// Ends all subscriptions of a connection that has gone.
    pub(crate) fn connection_closed(self: &Arc<Self>, id: ConnectionId) {
        self.connections.close(id);
        for thread in self.loaded.all() {
            if thread.unsubscribe(id) == Left::NobodyStays {
                self.unload_later(&thread);
            }
        }
    }

    /// Starts the timer of a thread, if nobody listens to it; one that runs is prolonged.
    pub(crate) fn unload_later(self: &Arc<Self>, thread: &Arc<LoadedThread>) {
        // Connections may be dropped while the runtime goes; the server is closed explicitly then.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !thread.needs_timer() {
            return;
        }
        let (server, thread) = (Arc::downgrade(self), Arc::downgrade(thread));
        let delay = self.recording.unload_delay;
        runtime.spawn(async move {
            let epoch = || thread.upgrade().map(|thread| thread.epoch());
            while let Some(epoch) = epoch() {
                tokio::time::sleep(delay).await;
                if unload_if_idle(&server, &thread, epoch).await != Timer::Again {
                    return;
                }
            }
        });
    }

    /// Closes all threads: what was recorded is on stable storage, and other writers may go on.
    ///
    /// # Errors
    /// The first failure; all threads are closed all the same.
    pub async fn shutdown(&self) -> StoreResult<()> {
        let mut closing = JoinSet::new();
        for thread in self.loaded.close() {
            closing.spawn(async move { thread.live.close().await });
        }
        let mut result = Ok(());
        while let Some(closed) = closing.join_next().await {
            let closed = closed.unwrap_or(Err(StoreError::TaskStopped));
            if let Err(error) = &closed {
                tracing::error!(error = error as &dyn std::error::Error, "thread not closed cleanly");
            }
            result = result.and(closed);
        }
        result
    }
}

/// Unloads a thread when nothing has happened since an epoch.
async fn unload_if_idle(server: &Weak<Server>, thread: &Weak<LoadedThread>, epoch: u64) -> Timer {
    let (Some(server), Some(thread)) = (server.upgrade(), thread.upgrade()) else {
        return Timer::Stop;
    };
    let thread_id = thread.thread_id();
    let mut ticket = server.order.ticket(&thread_id.to_string(), Access::Alone);
    ticket.turn().await;
    let timer = thread.timer_ended(epoch);
    if timer != Timer::Unload || !server.loaded.remove_this(&thread) {
        return timer;
    }
    if let Err(error) = thread.live.close().await {
        tracing::error!(
            %thread_id,
            error = &error as &dyn std::error::Error,
            "thread not closed cleanly"
        );
    }
    server.tell_closed(thread_id);
    timer
}
