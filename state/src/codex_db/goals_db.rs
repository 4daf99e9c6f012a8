//! Reads `goals_<n>.sqlite`: the goal of each thread (`rollout-format.md` 13.7).

use std::path::Path;

use super::facts::{GoalRow, GoalsDb};
use super::problem::{CodexDbError, CodexDbRead};
use super::table::OpenDb;

const GOAL_COLUMNS: [&str; 9] = [
    "thread_id",
    "goal_id",
    "objective",
    "status",
    "token_budget",
    "tokens_used",
    "time_used_seconds",
    "created_at_ms",
    "updated_at_ms",
];

/// Reads a copy of `goals_<n>.sqlite`.
///
/// What cannot be read is reported and stops nothing else.
///
/// # Errors
/// When it is no database.
pub fn read_goals_db(path: &Path) -> Result<CodexDbRead<GoalsDb>, CodexDbError> {
    let mut db = OpenDb::open(path)?;
    let facts = GoalsDb {
        made_at: db.made_at(),
        goals: db.read("thread_goals", "thread_id", &GOAL_COLUMNS, |cells| {
            Some(GoalRow {
                thread_id: cells.key()?,
                goal_id: cells.text("goal_id"),
                objective: cells.text("objective"),
                status: cells.text("status"),
                token_budget: cells.integer("token_budget"),
                tokens_used: cells.integer("tokens_used"),
                time_used_seconds: cells.integer("time_used_seconds"),
                created_at_ms: cells.integer("created_at_ms"),
                updated_at_ms: cells.integer("updated_at_ms"),
            })
        }),
    };
    Ok(CodexDbRead {
        facts,
        problems: db.problems,
    })
}

#[cfg(test)]
#[path = "goals_db_tests.rs"]
mod goals_db_tests;
