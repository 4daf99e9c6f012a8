//! What becomes of loaded threads when threads are archived, deleted or reverted (`app-server-api.md` 3.12 to 3.15).
//!
//! Records what waits, ends turns that run, lets writers go and takes new ones. Decides nothing about storage.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::live::ThreadClosedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::thread::ThreadStatus;
use codex_thread_store::live::LiveUpdate;
use codex_thread_store::{StoreError, StoreResult};

use super::activity::EndedTurns;
use super::loaded::{LoadedThread, NoRoom};
use super::notice::{Audience, Notice};
use crate::server::Server;

impl Server {
    /// Records what waits for more of a loaded thread, so that nothing is missing from what is moved or copied.
    ///
    /// # Errors
    /// As an append.
    pub(crate) async fn settle(&self, thread_id: ThreadId) -> StoreResult<()> {
        let Some(loaded) = self
            .loaded
            .get(thread_id)
            .filter(|loaded| loaded.live.is_materialized() && !loaded.is_ephemeral())
        else {
            return Ok(());
        };
        let settled = loaded.live.settle().await?;
        self.tell_updates(&loaded, settled.updates).await;
        Ok(())
    }

    /// Unloads those of some threads that are loaded: the store has closed their writers. Subscribers hear of the end of
    /// a turn that runs first.
    pub(crate) async fn unload_gone(&self, threads: &[ThreadId]) {
        for thread_id in threads {
            let Some(loaded) = self.loaded.get(*thread_id) else {
                continue;
            };
            self.interrupt(&loaded).await;
            self.loaded.remove(*thread_id);
            self.let_go(&loaded).await;
            let status = Notice::status(*thread_id, ThreadStatus::NotLoaded, self.clock.now_ms());
            self.publish(&status);
        }
    }

    /// Tells subscribers that a turn that runs has ended: whatever ends it here comes from outside.
    ///
    /// Nothing is recorded, because a turn without an end reads as interrupted.
    pub(crate) async fn interrupt(&self, loaded: &LoadedThread) {
        let active = loaded.with_activity(|activity| activity.active_turn().map(str::to_owned));
        if active.is_some() {
            let ended = LiveUpdate::TurnEnded {
                turn_id: active,
                aborted: true,
                ending: Box::default(),
            };
            self.tell_updates(loaded, vec![ended]).await;
        }
    }

    /// Gives back what a writer holds that the store has closed, or that is not needed any more.
    pub(crate) async fn let_go(&self, loaded: &LoadedThread) {
        match loaded.live.discard().await {
            Ok(()) | Err(StoreError::NotOpen { .. }) => {}
            Err(error) => tracing::error!(
                thread_id = %loaded.thread_id(),
                error = &error as &dyn std::error::Error,
                "thread not closed cleanly"
            ),
        }
    }

    /// Tells everybody that a thread is not loaded any more.
    pub(crate) fn tell_closed(&self, thread_id: ThreadId) {
        let now_ms = self.clock.now_ms();
        self.publish(&Notice::status(thread_id, ThreadStatus::NotLoaded, now_ms));
        let params = ThreadClosedNotification {
            thread_id: thread_id.to_string(),
        };
        let notice = Notice::new(Audience::All, notification_name::THREAD_CLOSED, &params, now_ms);
        self.publish(&notice);
    }

    /// Puts a new writer in the place of another one of the same thread; those who listened listen on.
    ///
    /// # Errors
    /// Gives the new one back when the server is closing.
    pub(crate) fn succeed(self: &Arc<Self>, old: &LoadedThread, new: &Arc<LoadedThread>) -> Result<(), NoRoom> {
        self.loaded.insert(Arc::clone(new))?;
        let subscribers = old.subscribers();
        for id in &subscribers {
            self.subscribe(new, *id);
        }
        if subscribers.is_empty() {
            self.unload_later(new);
        }
        Ok(())
    }

    async fn tell_updates(&self, loaded: &LoadedThread, updates: Vec<LiveUpdate>) {
        let now_ms = self.clock.now_ms();
        let tellings = loaded.with_activity(|activity| activity.apply(updates, EndedTurns::new(), now_ms));
        self.tell(loaded.thread_id(), tellings).await;
    }
}
