//! Queues: what users have submitted for later turns (`app-server-api.md` 3.21). Kept, never started: that takes a model.
//!
//! One fact per submission, its key the submission's id, its value [`QueuedSubmission`]. The queue's order is that of the
//! ranks, then of the ids.

use std::collections::{BTreeMap, HashMap, HashSet};

use codex_protocol::ids::ThreadId;
use codex_protocol::item::UserInput;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact, MAX_FACT_BYTES};
use serde::{Deserialize, Serialize};

use super::refusal::OrganiseRefusal;
use super::store::{FactStore, decide};
use crate::error::StoreResult;

/// Most submissions that wait in one queue.
pub const MAX_QUEUED_SUBMISSIONS: usize = 100;
/// Longest submission, encoded: what a fact may be, less what the journal says around the submission.
pub const MAX_SUBMISSION_BYTES: usize = MAX_FACT_BYTES as usize - 1024;

/// What waits, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueuedSubmission {
    /// What the user says.
    pub input: Vec<UserInput>,
    /// The client's name for the message; several may have the same.
    pub client_user_message_id: String,
    /// What the client adds to the request.
    pub responsesapi_client_metadata: Option<BTreeMap<String, String>>,
    /// Its rank: a smaller one is earlier. Ranks need not be dense.
    pub order: i64,
}

/// A submission that is to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubmission {
    /// A new id for it.
    pub id: String,
    /// What the user says.
    pub input: Vec<UserInput>,
    /// The client's name for the message.
    pub client_user_message_id: String,
    /// What the client adds to the request.
    pub responsesapi_client_metadata: Option<BTreeMap<String, String>>,
}

/// A submission in its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// The submission's id.
    pub id: String,
    /// The submission.
    pub submission: QueuedSubmission,
}

/// The queues of a store's threads.
#[derive(Clone, Copy)]
pub struct Queues<'s>(&'s dyn FactStore);

impl<'s> Queues<'s> {
    /// Uses the queues of a store.
    pub fn of(store: &'s dyn FactStore) -> Self {
        Self(store)
    }

    /// Returns what waits, first things first.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn list(&self, thread_id: ThreadId) -> StoreResult<Vec<QueueEntry>> {
        let organised = self.0.organised().await?;
        let Some(queue) = organised.queues.get(&thread_id) else {
            return Ok(Vec::new());
        };
        let entry = |id: &str| QueueEntry {
            id: id.to_owned(),
            submission: queue[id].clone(),
        };
        Ok(in_order(queue).into_iter().map(entry).collect())
    }

    /// Puts a submission at the end.
    ///
    /// # Errors
    /// `Organise` for a submission without input, one that is too long, and a queue that is full.
    pub async fn add(&self, thread_id: ThreadId, new: NewSubmission) -> StoreResult<QueueEntry> {
        decide(self.0, move |organised, at_ms| {
            let empty = HashMap::new();
            let queue = organised.queues.get(&thread_id).unwrap_or(&empty);
            let last = queue.values().map(|submission| submission.order).max();
            let submission = QueuedSubmission {
                input: new.input,
                client_user_message_id: new.client_user_message_id,
                responsesapi_client_metadata: new.responsesapi_client_metadata,
                order: last.unwrap_or_default().saturating_add(1),
            };
            let fact = checked(fact(thread_id, &new.id, at_ms, Some(&submission)), &submission)?;
            if queue.len() >= MAX_QUEUED_SUBMISSIONS {
                return Err(OrganiseRefusal::FullQueue.into());
            }
            Ok((vec![fact], QueueEntry { id: new.id, submission }))
        })
        .await
    }

    /// Replaces what a submission says; metadata that is not given stays.
    ///
    /// # Errors
    /// `Organise` for an unknown submission, and as [`add`](Self::add).
    pub async fn update(
        &self,
        thread_id: ThreadId,
        id: String,
        input: Vec<UserInput>,
        metadata: Option<BTreeMap<String, String>>,
    ) -> StoreResult<QueueEntry> {
        decide(self.0, move |organised, at_ms| {
            let queue = organised.queues.get(&thread_id);
            let Some(before) = queue.and_then(|queue| queue.get(&id)) else {
                return Err(OrganiseRefusal::NoSubmission { id }.into());
            };
            let submission = QueuedSubmission {
                input,
                responsesapi_client_metadata: metadata.or_else(|| before.responsesapi_client_metadata.clone()),
                ..before.clone()
            };
            let fact = checked(fact(thread_id, &id, at_ms, Some(&submission)), &submission)?;
            Ok((vec![fact], QueueEntry { id, submission }))
        })
        .await
    }

    /// Takes a submission out; returns whether it was there.
    ///
    /// # Errors
    /// If the facts cannot be read or written.
    pub async fn delete(&self, thread_id: ThreadId, id: String) -> StoreResult<bool> {
        decide(self.0, move |organised, at_ms| {
            let queue = organised.queues.get(&thread_id);
            match queue.is_some_and(|queue| queue.contains_key(&id)) {
                true => Ok((vec![fact(thread_id, &id, at_ms, None)], true)),
                false => Ok((Vec::new(), false)),
            }
        })
        .await
    }

    /// Puts the queue in another order; returns whether that is another one.
    ///
    /// A crash during the call may leave some of the moves; nothing is lost then.
    ///
    /// # Errors
    /// `Organise` when the new order does not name every submission exactly once.
    pub async fn reorder(&self, thread_id: ThreadId, ids: Vec<String>) -> StoreResult<bool> {
        decide(self.0, move |organised, at_ms| {
            let empty = HashMap::new();
            let queue = organised.queues.get(&thread_id).unwrap_or(&empty);
            let named: HashSet<&str> = ids.iter().map(String::as_str).collect();
            let is_whole = named.len() == ids.len() && ids.len() == queue.len();
            if !is_whole || !ids.iter().all(|id| queue.contains_key(id)) {
                return Err(OrganiseRefusal::PartialReorder.into());
            }
            let moved = |(id, order): (&String, i64)| {
                let before = &queue[id];
                (before.order != order).then(|| {
                    let after = QueuedSubmission {
                        order,
                        ..before.clone()
                    };
                    fact(thread_id, id, at_ms, Some(&after))
                })
            };
            let facts: Vec<JournalFact> = ids.iter().zip(ranks(queue)).filter_map(moved).collect();
            let changed = in_order(queue) != ids;
            Ok((if changed { facts } else { Vec::new() }, changed))
        })
        .await
    }
}

/// The ids of a queue, first things first.
fn in_order(queue: &HashMap<String, QueuedSubmission>) -> Vec<&str> {
    let mut ids: Vec<&str> = queue.keys().map(String::as_str).collect();
    ids.sort_by_key(|id| (queue[*id].order, *id));
    ids
}

/// The ranks that a queue has, ascending; equal ones are told apart. Whoever stays in place keeps its rank.
fn ranks(queue: &HashMap<String, QueuedSubmission>) -> Vec<i64> {
    let mut ranks: Vec<i64> = queue.values().map(|submission| submission.order).collect();
    ranks.sort_unstable();
    for at in 1..ranks.len() {
        ranks[at] = ranks[at].max(ranks[at - 1].saturating_add(1));
    }
    ranks
}

fn checked(fact: JournalFact, submission: &QueuedSubmission) -> Result<JournalFact, OrganiseRefusal> {
    if submission.input.is_empty() {
        return Err(OrganiseRefusal::EmptySubmission);
    }
    let bytes = fact.value.get().len();
    if bytes > MAX_SUBMISSION_BYTES {
        return Err(OrganiseRefusal::LongSubmission { bytes });
    }
    Ok(fact)
}

fn fact(thread_id: ThreadId, id: &str, at_ms: i64, submission: Option<&QueuedSubmission>) -> JournalFact {
    let value = RawJson::of(&submission).expect("texts and numbers always serialise");
    JournalFact::of_thread_key(FactKind::QueuedSubmission, thread_id, id, at_ms, value)
}
