//! What a store must offer so that threads can be organised in it.
//!
//! Signatures, promises, and how a family decides.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_rollout::journal::JournalFact;
use codex_rollout::recorder::Durability;

use super::facts::Organised;
use super::goals::Goal;
use super::projects::NewestOfProjects;
use crate::error::{StoreError, StoreResult};

/// Decides on the facts as they are at a moment (Unix milliseconds); returns the facts that the decision makes.
pub type Decision = Box<dyn FnOnce(&Organised, i64) -> StoreResult<Vec<JournalFact>> + Send>;

/// Keeps the facts that have no place in a rollout.
#[async_trait]
pub trait FactStore: Send + Sync {
    /// Returns the facts as they are now, those of other processes included.
    async fn organised(&self) -> StoreResult<Arc<Organised>>;

    /// Runs a decision on the facts as they are, alone among all processes, and returns once what it decided is as durable
    /// as asked; `Queued` counts as `Written`. A decision that fails changes nothing.
    ///
    /// # Errors
    /// Those of the decision, and `Read` when the facts cannot be read or written.
    async fn organise_with(&self, decision: Decision, durability: Durability) -> StoreResult<()>;

    /// Returns the newest recency of the threads of projects that are not archived.
    ///
    /// # Errors
    /// As those of a list of threads.
    async fn newest_of_projects(&self, project_ids: Vec<String>) -> StoreResult<NewestOfProjects>;

    /// Returns the newest goal that the thread's own rollouts tell of, reverted ones included; `None` where something else
    /// that is kept for goals would know of one.
    ///
    /// # Errors
    /// As those of reading the thread, except that a thread that is not there has none.
    async fn recorded_goal(&self, thread_id: ThreadId) -> StoreResult<Option<Goal>>;

    /// Runs a decision as [`organise_with`](Self::organise_with), and returns once what it decided survives the power.
    ///
    /// # Errors
    /// As there.
    async fn organise(&self, decision: Decision) -> StoreResult<()> {
        self.organise_with(decision, Durability::Synced).await
    }
}

/// Runs a decision that also has something to return; what it decided survives the power.
pub(super) async fn decide<T: Send + 'static>(
    store: &dyn FactStore,
    decision: impl FnOnce(&Organised, i64) -> StoreResult<(Vec<JournalFact>, T)> + Send + 'static,
) -> StoreResult<T> {
    decide_with(store, Durability::Synced, decision).await
}

/// Runs a decision that also has something to return.
pub(super) async fn decide_with<T: Send + 'static>(
    store: &dyn FactStore,
    durability: Durability,
    decision: impl FnOnce(&Organised, i64) -> StoreResult<(Vec<JournalFact>, T)> + Send + 'static,
) -> StoreResult<T> {
    let outcome = Arc::new(Mutex::new(None));
    let told = Arc::clone(&outcome);
    let decision: Decision = Box::new(move |organised, at_ms| {
        let (facts, value) = decision(organised, at_ms)?;
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(facts)
    });
    store.organise_with(decision, durability).await?;
    let value = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    value.ok_or(StoreError::TaskStopped)
}
