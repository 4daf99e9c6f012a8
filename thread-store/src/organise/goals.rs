//! Goals: what a thread is to achieve (`app-server-api.md` 3.20). Kept, never pursued: that takes a model.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::event::{GoalStatus as RecordedStatus, ThreadGoal, ThreadGoalUpdatedEvent};
use codex_protocol::log::{EventMsg, RawJson};
use codex_rollout::journal::{FactKind, JournalFact};
use codex_state::messages::goal_of_line;
use serde::{Deserialize, Serialize};

use super::facts::Organised;
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
        match self.0.organised().await?.goals.get(&thread_id) {
            Some(goal) => Ok(goal.clone()),
            None => self.0.recorded_goal(thread_id).await,
        }
    }

    /// Returns what the log says of a thread's goal, if nothing newer is known of it.
    async fn unless_known(&self, thread_id: ThreadId) -> StoreResult<Option<Goal>> {
        match self.0.organised().await?.goals.contains_key(&thread_id) {
            true => Ok(None),
            false => self.0.recorded_goal(thread_id).await,
        }
    }

    /// Makes or changes a thread's goal; returns it, and whether anything changed.
    ///
    /// # Errors
    /// `Organise` for an objective or a budget that is not allowed, and when there is neither a goal nor an objective.
    pub async fn set(&self, thread_id: ThreadId, patch: GoalPatch) -> StoreResult<(Goal, bool)> {
        let recorded = self.unless_known(thread_id).await?;
        decide(self.0, move |organised, at_ms| {
            let before = current(organised, thread_id, recorded.as_ref());
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
        let recorded = self.unless_known(thread_id).await?;
        decide(self.0, move |organised, at_ms| {
            match current(organised, thread_id, recorded.as_ref()).is_some() {
                true => Ok((vec![fact(thread_id, at_ms, None)], true)),
                false => Ok((Vec::new(), false)),
            }
        })
        .await
    }
}

/// Returns the goal as it stands: what is kept, else what the log says.
fn current<'g>(organised: &'g Organised, thread_id: ThreadId, recorded: Option<&'g Goal>) -> Option<&'g Goal> {
    match organised.goals.get(&thread_id) {
        Some(kept) => kept.as_ref(),
        None => recorded,
    }
}

impl Goal {
    /// Returns the goal that a line of a rollout tells of.
    pub(crate) fn of_line(bytes: &[u8]) -> Option<Self> {
        let goal = goal_of_line(bytes)?;
        Some(Self {
            objective: goal.objective.trim().to_owned(),
            status: goal.status.into(),
            token_budget: goal.token_budget,
            tokens_used: goal.tokens_used,
            time_used_seconds: goal.time_used_seconds,
            created_at_ms: goal.created_at.saturating_mul(1_000),
            updated_at_ms: goal.updated_at.saturating_mul(1_000),
        })
    }

    /// Returns the record that tells of the goal in a rollout, in Codex's form (`rollout-format.md` 3.2).
    pub fn record(&self, thread_id: ThreadId) -> RawJson {
        let thread_id = thread_id.to_string();
        let event = EventMsg::ThreadGoalUpdated(ThreadGoalUpdatedEvent {
            thread_id: thread_id.clone(),
            turn_id: None,
            goal: ThreadGoal {
                thread_id,
                objective: self.objective.clone(),
                status: self.status.into(),
                token_budget: self.token_budget,
                tokens_used: self.tokens_used,
                time_used_seconds: self.time_used_seconds,
                created_at: self.created_at_ms.div_euclid(1_000),
                updated_at: self.updated_at_ms.div_euclid(1_000),
            },
        });
        RawJson::of(&event).expect("texts and numbers always serialise")
    }
}

impl From<RecordedStatus> for GoalStatus {
    fn from(status: RecordedStatus) -> Self {
        match status {
            RecordedStatus::Active => Self::Active,
            RecordedStatus::Paused => Self::Paused,
            RecordedStatus::Blocked => Self::Blocked,
            RecordedStatus::UsageLimited => Self::UsageLimited,
            RecordedStatus::BudgetLimited => Self::BudgetLimited,
            RecordedStatus::Complete => Self::Complete,
        }
    }
}

impl From<GoalStatus> for RecordedStatus {
    fn from(status: GoalStatus) -> Self {
        match status {
            GoalStatus::Active => Self::Active,
            GoalStatus::Paused => Self::Paused,
            GoalStatus::Blocked => Self::Blocked,
            GoalStatus::UsageLimited => Self::UsageLimited,
            GoalStatus::BudgetLimited => Self::BudgetLimited,
            GoalStatus::Complete => Self::Complete,
        }
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
