//! The thread that a request about its organisation names: whether it exists, and may be organised like this.
//!
//! Reads metadata only. A loaded thread without rollout counts; it gets one with its first fact (`app-server-api.md` 3.1).

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_thread_store::organise::FactStore;
use codex_thread_store::{StoreError, StoreResult, ThreadReadQuery, View};

use crate::error_map::Failing;
use crate::live::LoadedThread;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// Which threads a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Archived threads, too.
    Any,
    /// Archived threads, too, but not in the exact view: where Codex refuses to read them for no reason.
    AnyInFull,
    /// Threads that are not archived.
    Live,
}

/// A thread that exists, and the facts of its store.
pub(super) struct Subject<'s> {
    /// The facts.
    pub(super) facts: &'s dyn FactStore,
    /// Its rollout is still to be made.
    unwritten: Option<Arc<LoadedThread>>,
}

impl<'s> Subject<'s> {
    /// Finds the thread.
    ///
    /// # Errors
    /// In the words of the method, if there is no such thread, and if it is archived and not wanted.
    pub(super) async fn find(
        server: &'s Server,
        thread_id: ThreadId,
        wanted: Wanted,
        failing: Failing<'_>,
    ) -> RpcResult<Self> {
        server.refuse_ephemeral(thread_id, failing)?;
        let found = find(server, thread_id, wanted).await;
        found.map_err(|error| failing.error(error))
    }

    /// Makes the thread's rollout if it has none, so that what was said of it is found with it.
    ///
    /// # Errors
    /// If the rollout cannot be made.
    pub(super) async fn settle(self, failing: Failing<'_>) -> RpcResult<()> {
        match self.unwritten {
            Some(loaded) => loaded.live.persist().await.map_err(|error| failing.error(error)),
            None => Ok(()),
        }
    }
}

async fn find(server: &Server, thread_id: ThreadId, wanted: Wanted) -> StoreResult<Subject<'_>> {
    let facts = server.store.facts().ok_or(StoreError::ReadOnly)?;
    let unwritten = server.unwritten(thread_id);
    if unwritten.is_none() {
        let query = ThreadReadQuery {
            thread_id,
            view: server.view,
            turns: None,
        };
        let is_archived = server.store.read_thread(query).await?.archived;
        let is_wanted = match wanted {
            Wanted::Any => true,
            Wanted::AnyInFull => server.view == View::Full,
            Wanted::Live => false,
        };
        if is_archived && !is_wanted {
            return Err(StoreError::Archived { thread_id });
        }
    }
    Ok(Subject { facts, unwritten })
}
