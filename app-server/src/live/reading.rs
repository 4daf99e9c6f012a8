//! How far threads were read: from the facts of the store to what clients are told (`app-server-api.md` 3.4, 3.23, 3.25).
//!
//! Keeps nothing: the facts are the only truth.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::live::ThreadReadStateChangedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::thread::{Thread, ThreadReadState};
use codex_thread_store::StoreResult;
use codex_thread_store::organise::{Organised, ReadState, ReadStates};

use super::activity::{Reading, Telling};
use super::notice::{Audience, Notice};
use crate::convert;
use crate::server::Server;

/// How far all threads were read, at one moment.
pub(crate) struct ReadingNow(Option<Arc<Organised>>);

impl ReadingNow {
    /// Returns how far a thread was read; null where that is not tracked.
    pub(crate) fn of(&self, thread: &Thread) -> Option<ThreadReadState> {
        if convert::reading(thread) == Reading::Untracked {
            return None;
        }
        let thread_id = thread.id.parse().ok()?;
        let state = match &self.0 {
            Some(organised) => organised.read_state(thread_id),
            None => ReadState::initial(thread_id),
        };
        Some(convert::read_state(state))
    }
}

impl Server {
    /// Reads how far all threads were read. A store without facts knows of nothing that was not read.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub(crate) async fn reading(&self) -> StoreResult<ReadingNow> {
        match self.store.facts() {
            Some(facts) => facts.organised().await.map(|organised| ReadingNow(Some(organised))),
            None => Ok(ReadingNow(None)),
        }
    }

    /// Tells what is to be told, in order.
    pub(crate) async fn tell(&self, thread_id: ThreadId, tellings: Vec<Telling>) {
        for telling in tellings {
            match telling {
                Telling::Notice(notice) => self.publish(&notice),
                Telling::Unread { turn_id } => self.note_unread(thread_id, turn_id).await,
            }
        }
    }

    /// Keeps and tells that a turn has completed. The turn is recorded: whatever goes wrong here undoes nothing.
    async fn note_unread(&self, thread_id: ThreadId, turn_id: String) {
        let Some(facts) = self.store.facts() else { return };
        let revision = self.ids.uuid_v7().to_string();
        match ReadStates::of(facts).turn_completed(thread_id, turn_id, revision).await {
            Ok(state) => self.publish(&self.read_state_changed(thread_id, state)),
            Err(error) => tracing::warn!(
                %thread_id,
                error = &error as &dyn std::error::Error,
                "a completed turn is not marked as unread"
            ),
        }
    }

    /// Makes `thread/readState/changed`.
    pub(crate) fn read_state_changed(&self, thread_id: ThreadId, state: ReadState) -> Notice {
        let params = ThreadReadStateChangedNotification {
            thread_id: thread_id.to_string(),
            read_state: convert::read_state(state),
        };
        let (method, audience) = (
            notification_name::THREAD_READ_STATE_CHANGED,
            Audience::Subscribers(thread_id),
        );
        Notice::new(audience, method, &params, self.clock.now_ms())
    }
}
