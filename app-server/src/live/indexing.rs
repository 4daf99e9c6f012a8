//! Brings the index up to date behind the answers, and tells how far it is.
//!
//! Decides when; what is indexed next is the store's. No answer waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codex_protocol::rpc::indexing::{IndexProgressNotification, IndexStateResponse, IndexingState};
use codex_protocol::rpc::notification::notification_name;
use codex_thread_store::{IndexStep, StoreMaintenance, View};

use super::notice::{Audience, Notice};
use crate::server::Server;

/// At least so much time is between two tellings of progress.
const TELL_EVERY_MS: i64 = 1_000;
/// How long another process is left to it before it is asked again, and a failure is let be.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Failures of steps after which indexing is left to the requests.
const MAX_FAILURES: u32 = 5;

/// How far indexing is.
#[derive(Debug)]
pub(crate) struct Indexing {
    now: Mutex<IndexStateResponse>,
}

impl Default for Indexing {
    fn default() -> Self {
        Self {
            now: Mutex::new(state(IndexingState::Idle)),
        }
    }
}

impl Indexing {
    /// Returns how far it is.
    pub(crate) fn now(&self) -> IndexStateResponse {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, now: IndexStateResponse) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

fn state(state: IndexingState) -> IndexStateResponse {
    IndexStateResponse {
        state,
        rollouts_left: None,
        bytes_left: None,
    }
}

impl Server {
    /// Indexes what there is, newest threads first, until it is done or fails repeatedly. May be dropped at any time.
    pub async fn index_behind(self: Arc<Self>) {
        let Some(maintenance) = self.store.maintenance() else {
            return;
        };
        let end = self.index_all_steps(maintenance, LOOK_AGAIN).await;
        self.indexing.set(state(end));
    }

    async fn index_all_steps(&self, maintenance: &dyn StoreMaintenance, pause: Duration) -> IndexingState {
        let (mut failures, mut told_at_ms) = (0, None);
        loop {
            match maintenance.index_step().await {
                Ok(IndexStep::More {
                    rollouts_left,
                    bytes_left,
                }) => {
                    self.indexing.set(IndexStateResponse {
                        state: IndexingState::Indexing,
                        rollouts_left: Some(rollouts_left),
                        bytes_left: Some(bytes_left),
                    });
                    let now_ms = self.clock.now_ms();
                    if told_at_ms.is_none_or(|at_ms| !(0..TELL_EVERY_MS).contains(&(now_ms - at_ms))) {
                        told_at_ms = Some(now_ms);
                        self.tell_progress(self.indexing.now(), now_ms);
                    }
                }
                Ok(IndexStep::Elsewhere) => {
                    self.indexing.set(state(IndexingState::Elsewhere));
                    tokio::time::sleep(pause).await;
                }
                Ok(IndexStep::Done) => {
                    // Where there was nothing to do, nobody was told of a beginning.
                    if told_at_ms.is_some() {
                        self.tell_progress(state(IndexingState::Done), self.clock.now_ms());
                    }
                    return IndexingState::Done;
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        failures,
                        "a step of indexing failed"
                    );
                    if failures >= MAX_FAILURES {
                        return IndexingState::Failed;
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Tells everybody, but for clients of the exact view: Codex has no such notification.
    fn tell_progress(&self, now: IndexStateResponse, now_ms: i64) {
        if self.view == View::Codex {
            return;
        }
        let progress = IndexProgressNotification {
            state: now.state,
            rollouts_left: now.rollouts_left,
            bytes_left: now.bytes_left,
        };
        let name = notification_name::INDEX_PROGRESS;
        self.publish(&Notice::new(Audience::All, name, &progress, now_ms));
    }
}

#[cfg(test)]
#[path = "indexing_tests.rs"]
mod indexing_tests;
