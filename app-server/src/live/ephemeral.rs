//! Threads that live in this server only (`app-server-api.md` 3.1, 3.3): no rollout, no fact, no row.
//!
//! The one place that knows which threads they are. What they are refused is worded in `error_map.rs`.

use codex_protocol::ids::ThreadId;
use codex_thread_store::ThreadRecord;

use crate::error_map::Failing;
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// Most bytes of the preview that an ephemeral fork keeps.
const MAX_ORIGIN_PREVIEW_BYTES: usize = 4 << 10;

/// How long a thread is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Longer than the server: it is recorded.
    Recorded,
    /// Until it is unloaded.
    Ephemeral(Origin),
}

/// Where an ephemeral thread comes from; nothing of a thread that was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Origin {
    /// Thread that it was forked from.
    pub(crate) forked_from: Option<ThreadId>,
    /// Name of that thread.
    pub(crate) name: Option<String>,
    /// First text of the user in what it inherits, or the beginning of it.
    pub(crate) preview: String,
}

impl Origin {
    /// The origin of a fork.
    pub(crate) fn of_fork(source: &ThreadRecord, preview: &str) -> Self {
        Self {
            forked_from: Some(source.thread_id),
            name: source.name.clone(),
            preview: beginning_of(preview).to_owned(),
        }
    }
}

/// Returns as much of a text as is kept.
fn beginning_of(text: &str) -> &str {
    let mut end = text.len().min(MAX_ORIGIN_PREVIEW_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Server {
    /// Tells whether a thread lives in this server only.
    pub(crate) fn is_ephemeral(&self, thread_id: ThreadId) -> bool {
        self.loaded.get(thread_id).is_some_and(|loaded| loaded.is_ephemeral())
    }

    /// Refuses what ephemeral threads do not have.
    ///
    /// # Errors
    /// In the words of the method, if the thread is one.
    pub(crate) fn refuse_ephemeral(&self, thread_id: ThreadId, failing: Failing<'_>) -> RpcResult<()> {
        match self.is_ephemeral(thread_id) {
            true => Err(failing.ephemeral(thread_id)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "ephemeral_tests.rs"]
mod ephemeral_tests;
