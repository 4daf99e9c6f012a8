//! Why something about the organisation of threads was refused.
//!
//! The texts are those of the wire (`app-server-api.md` 3.18 to 3.23).

use codex_protocol::ids::ThreadId;

use super::goals::MAX_OBJECTIVE_CHARS;

/// A request that cannot be carried out; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrganiseRefusal {
    /// A goal without objective was to be made.
    #[error("cannot update goal for thread {thread_id}: no goal exists")]
    NoGoal {
        /// The thread.
        thread_id: ThreadId,
    },
    /// The objective is blank.
    #[error("goal objective must not be empty")]
    EmptyObjective,
    /// The objective is too long.
    #[error("goal objective must be at most {MAX_OBJECTIVE_CHARS} characters")]
    LongObjective,
    /// The token budget is zero or less.
    #[error("goal budgets must be positive when provided")]
    GoalBudget,
}
