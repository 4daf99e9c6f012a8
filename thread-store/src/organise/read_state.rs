//! Read state: how far a user has read a thread (`app-server-api.md` 3.4, 3.23).
//!
//! One fact per thread, its value [`ReadState`]. A change is written, not synced: what a power failure takes back is that
//! something was read or is new, and one is made for every turn that ends.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact};
use codex_rollout::recorder::Durability;
use serde::{Deserialize, Serialize};

use super::facts::Organised;
use super::refusal::OrganiseRefusal;
use super::store::{FactStore, decide_with};
use crate::error::StoreResult;

/// How far a thread was read, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadState {
    /// The first place that was not read; `None` when everything was.
    pub first_unread: Option<UnreadFrom>,
    /// Another one with every change.
    pub revision: String,
    /// The last turn whose end has changed the state.
    #[serde(default)]
    pub last_turn: Option<String>,
}

/// A place that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum UnreadFrom {
    /// The whole thread.
    ThreadStart,
    /// From a turn on.
    Turn {
        /// The turn.
        turn_id: String,
    },
}

/// What a user says of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadChange {
    /// All of it was read.
    Read,
    /// Nothing of it was read.
    Unread,
}

impl ReadState {
    /// The state of a thread of which nothing is known: all of it counts as read.
    pub fn initial(thread_id: ThreadId) -> Self {
        Self {
            first_unread: None,
            revision: format!("initial:{thread_id}"),
            last_turn: None,
        }
    }
}

impl Organised {
    /// Returns how far a thread was read.
    pub fn read_state(&self, thread_id: ThreadId) -> ReadState {
        let known = self.read_states.get(&thread_id).cloned();
        known.unwrap_or_else(|| ReadState::initial(thread_id))
    }
}

/// The read states of a store's threads.
#[derive(Clone, Copy)]
pub struct ReadStates<'s>(&'s dyn FactStore);

impl<'s> ReadStates<'s> {
    /// Uses the read states of a store.
    pub fn of(store: &'s dyn FactStore) -> Self {
        Self(store)
    }

    /// Returns how far a thread was read. Those of many threads are told by one [`FactStore::organised`].
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn get(&self, thread_id: ThreadId) -> StoreResult<ReadState> {
        Ok(self.0.organised().await?.read_state(thread_id))
    }

    /// Marks a thread as read or unread, if its state still is the one with the expected revision.
    ///
    /// # Errors
    /// `Organise` with the present state if it is not.
    pub async fn update(
        &self,
        thread_id: ThreadId,
        change: ReadChange,
        expected_revision: String,
        new_revision: String,
    ) -> StoreResult<ReadState> {
        self.change(thread_id, move |before| {
            if before.revision != expected_revision {
                let current = Box::new(before);
                return Err(OrganiseRefusal::ReadStateConflict { current });
            }
            Ok(Some(ReadState {
                first_unread: match change {
                    ReadChange::Read => None,
                    ReadChange::Unread => Some(UnreadFrom::ThreadStart),
                },
                revision: new_revision,
                ..before
            }))
        })
        .await
        .map(|(state, _)| state)
    }

    /// Notes that a turn has completed: it is the first unread one if everything before it was read.
    ///
    /// # Errors
    /// If the facts cannot be read or written.
    pub async fn turn_completed(
        &self,
        thread_id: ThreadId,
        turn_id: String,
        new_revision: String,
    ) -> StoreResult<ReadState> {
        self.change(thread_id, move |before| {
            let unread = before.first_unread.unwrap_or_else(|| UnreadFrom::Turn {
                turn_id: turn_id.clone(),
            });
            Ok(Some(ReadState {
                first_unread: Some(unread),
                revision: new_revision,
                last_turn: Some(turn_id),
            }))
        })
        .await
        .map(|(state, _)| state)
    }

    /// Notes that a turn is no more: if it was the first unread one, everything left was read. Returns the state if it has
    /// changed.
    ///
    /// # Errors
    /// If the facts cannot be read or written.
    pub async fn turn_removed(
        &self,
        thread_id: ThreadId,
        turn_id: String,
        new_revision: String,
    ) -> StoreResult<Option<ReadState>> {
        let removed = UnreadFrom::Turn { turn_id };
        let outcome = self.change(thread_id, move |before| {
            let is_unread = before.first_unread.as_ref() == Some(&removed);
            Ok(is_unread.then_some(ReadState {
                first_unread: None,
                revision: new_revision,
                ..before
            }))
        });
        let (state, changed) = outcome.await?;
        Ok(changed.then_some(state))
    }

    /// Replaces the state by another one, if there is to be another one; returns what it is then, and whether it is another.
    async fn change(
        &self,
        thread_id: ThreadId,
        decide: impl FnOnce(ReadState) -> Result<Option<ReadState>, OrganiseRefusal> + Send + 'static,
    ) -> StoreResult<(ReadState, bool)> {
        decide_with(self.0, Durability::Written, move |organised, at_ms| {
            let before = organised.read_state(thread_id);
            match decide(before.clone())? {
                Some(after) => Ok((vec![fact(thread_id, at_ms, &after)], (after, true))),
                None => Ok((Vec::new(), (before, false))),
            }
        })
        .await
    }
}

fn fact(thread_id: ThreadId, at_ms: i64, state: &ReadState) -> JournalFact {
    let value = RawJson::of(state).expect("texts always serialise");
    JournalFact::of_thread(FactKind::ReadState, thread_id, at_ms, value)
}
