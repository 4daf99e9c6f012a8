//! Reads what only Codex's databases know: names, sections, projects, goals, queues and the like.
//!
//! A pure reader of a *copy* of a database file, of any version of its schema: a table or column that is not there is a
//! fact that is not there. Never handed a database of a home: opening one leaves files beside it (`rollout-format.md`
//! 13.7). Decides nothing about what the facts mean.

mod facts;
mod goals_db;
mod problem;
mod queue_db;
#[cfg(test)]
mod sample;
mod state_db;
mod table;

pub use self::facts::{
    AttachmentRow, Cell, Extent, GoalRow, GoalsDb, IdempotencyRow, ProjectRow, QueueDb, QueuedRow, ReadReceiptRow,
    SectionRow, StateDb, Table, ThreadFactsRow,
};
pub use self::goals_db::read_goals_db;
pub use self::problem::{CodexDbError, CodexDbProblem, CodexDbRead};
pub use self::queue_db::read_queue_db;
pub use self::state_db::read_state_db;
pub use self::table::MAX_VALUE_BYTES;
