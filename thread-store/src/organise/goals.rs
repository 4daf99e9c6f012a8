//! Goals: what a thread is to achieve (`app-server-api.md` 3.20). Kept, never pursued: that takes a model.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact};
use serde::{Deserialize, Serialize};

use super::refusal::OrganiseRefusal;
use super::store::{FactStore, decide};
use crate::error::StoreResult;

/// Longest objective, in characters.
pub const MAX_OBJECTIVE_CHARS: usize = 4_000;

/// What a thread is to achieve, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    /// What is to be achieved.
    pub objective: String,
    /// How it stands.
    pub status: GoalStatus,
    /// Tokens that it may use.
    pub token_budget: Option<i64>,
    /// Tokens that it has used.
    pub tokens_used: i64,
    /// Seconds spent on it.
    pub time_used_seconds: i64,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it was last changed, Unix milliseconds.
    pub updated_at_ms: i64,
}

/// How a goal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GoalStatus {
    /// Pursued.
    Active,
    /// Put aside.
    Paused,
    /// Cannot go on.
    Blocked,
    /// Stopped by a limit of the account.
    UsageLimited,
    /// Stopped by its own budget.
    BudgetLimited,
    /// Achieved.
    Complete,
}

/// A change of a goal; absent members stay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoalPatch {
    /// A new objective.
    pub objective: Option<String>,
    /// A new status.
    pub status: Option<GoalStatus>,
    /// A new budget; `Some(None)` lifts it.
    pub token_budget: Option<Option<i64>>,
}

/// The goals of a store's threads.
#[derive(Clone, Copy)]
pub struct Goals<'s>(pub(super) &'s dyn FactStore);

impl<'s> Goals<'s> {
    /// Uses the goals of a store.
    pub fn of(store: &'s dyn FactStore) -> Self {
        Self(store)
    }

    /// Returns a thread's goal.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn get(&self, thread_id: ThreadId) -> StoreResult<Option<Goal>> {
        Ok(self.0.organised().await?.goals.get(&thread_id).cloned())
    }

    /// Makes or changes a thread's goal; returns it, and whether anything changed.
    ///
    /// # Errors
    /// `Organise` for an objective or a budget that is not allowed, and when there is neither a goal nor an objective.
    pub async fn set(&self, thread_id: ThreadId, patch: GoalPatch) -> StoreResult<(Goal, bool)> {
        decide(self.0, move |organised, at_ms| {
            let before = organised.goals.get(&thread_id);
            let after = changed(thread_id, before, &patch, at_ms)?;
            if before == Some(&after) {
                return Ok((Vec::new(), (after, false)));
            }
            Ok((vec![fact(thread_id, at_ms, Some(&after))], (after, true)))
        })
        .await
    }

    /// Removes a thread's goal; returns whether there was one.
    ///
    /// # Errors
    /// If the facts cannot be read or written.
    pub async fn clear(&self, thread_id: ThreadId) -> StoreResult<bool> {
        decide(self.0, move |organised, at_ms| {
            match organised.goals.contains_key(&thread_id) {
                true => Ok((vec![fact(thread_id, at_ms, None)], true)),
                false => Ok((Vec::new(), false)),
            }
        })
        .await
    }
}

fn fact(thread_id: ThreadId, at_ms: i64, goal: Option<&Goal>) -> JournalFact {
    let value = RawJson::of(&goal).expect("texts and numbers always serialise");
    JournalFact::of_thread(FactKind::Goal, thread_id, at_ms, value)
}

fn changed(thread_id: ThreadId, before: Option<&Goal>, patch: &GoalPatch, at_ms: i64) -> Result<Goal, OrganiseRefusal> {
    let objective = patch.objective.as_deref().map(str::trim);
    if objective.is_some_and(str::is_empty) {
        return Err(OrganiseRefusal::EmptyObjective);
    }
    if objective.is_some_and(|text| text.chars().count() > MAX_OBJECTIVE_CHARS) {
        return Err(OrganiseRefusal::LongObjective);
    }
    if patch.token_budget.flatten().is_some_and(|tokens| tokens <= 0) {
        return Err(OrganiseRefusal::GoalBudget);
    }
    let mut goal = match (before, objective) {
        (Some(goal), _) => goal.clone(),
        (None, Some(objective)) => Goal {
            objective: objective.to_owned(),
            status: GoalStatus::Active,
            token_budget: None,
            tokens_used: 0,
            time_used_seconds: 0,
            created_at_ms: at_ms,
            updated_at_ms: at_ms,
        },
        (None, None) => return Err(OrganiseRefusal::NoGoal { thread_id }),
    };
    if let Some(objective) = objective {
        objective.clone_into(&mut goal.objective);
    }
    goal.status = patch.status.unwrap_or(goal.status);
    goal.token_budget = patch.token_budget.unwrap_or(goal.token_budget);
    if before != Some(&goal) {
        goal.updated_at_ms = at_ms;
    }
    Ok(goal)
}
