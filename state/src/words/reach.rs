//! Which rollouts a search has to look at: those with candidates, those whose text is not all indexed, and their heirs.
//!
//! Keys only; what of a rollout belongs to which thread, the caller decides.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::candidates::{CandidateRows, RolloutKeys};
use crate::error::StateResult;

/// Selects the rollouts that have bytes without documents, a last line without newline included.
const UNINDEXED: &str = "SELECT rollout FROM rollouts INDEXED BY rollouts_text_behind
     WHERE text_offset < projected_offset OR text_offset < plain_end";

/// Selects the rollouts that continue the one with key `?1`.
const HEIRS: &str = "SELECT heir.rollout FROM rollouts AS base
     CROSS JOIN rollouts AS heir INDEXED BY rollouts_base ON heir.base_rollout_id = base.rollout_id
     WHERE base.rollout = ?1";

/// Whether what a rollout says is also said by those that continue it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inheritance {
    /// It is theirs, too.
    Followed,
    /// To each its own lines.
    Ignored,
}

/// How much is looked at to name rollouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReachLimits {
    /// Candidate documents.
    pub max_documents: usize,
    /// Rollouts.
    pub max_rollouts: usize,
}

/// Returns the only rollouts in whose visible history the term can be, or `None` if they are more than is looked at.
///
/// # Errors
/// If SQLite fails.
pub fn rollouts_in_reach(
    conn: &Connection,
    rows: &CandidateRows,
    inheritance: Inheritance,
    limits: ReachLimits,
) -> StateResult<Option<BTreeSet<i64>>> {
    let RolloutKeys::Only(mut open) = rows.rollout_keys(conn, limits.max_documents)? else {
        return Ok(None);
    };
    for rollout in conn.prepare_cached(UNINDEXED)?.query_map([], |row| row.get(0))? {
        open.push(rollout?);
    }
    if inheritance == Inheritance::Ignored {
        let reached: BTreeSet<i64> = open.into_iter().collect();
        return Ok(Some(reached).filter(|reached| reached.len() <= limits.max_rollouts));
    }
    with_heirs(conn, open, limits.max_rollouts)
}

/// Returns the rollouts and all that continue them, or `None` if these are more than `max_rollouts`.
///
/// # Errors
/// If SQLite fails.
pub fn with_heirs(conn: &Connection, mut open: Vec<i64>, max_rollouts: usize) -> StateResult<Option<BTreeSet<i64>>> {
    let mut reached: BTreeSet<i64> = open.iter().copied().collect();
    let mut heirs = conn.prepare_cached(HEIRS)?;
    while let Some(rollout) = open.pop() {
        if reached.len() > max_rollouts {
            return Ok(None);
        }
        for heir in heirs.query_map([rollout], |row| row.get(0))? {
            let heir = heir?;
            if reached.insert(heir) {
                open.push(heir);
            }
        }
    }
    Ok(Some(reached).filter(|reached| reached.len() <= max_rollouts))
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod reach_tests;
