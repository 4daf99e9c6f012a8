//! The documents that can contain a term.
//!
//! A superset; whoever reads the lines decides. Rows are counted by rollout, since a thread's hits depend on which
//! parts of which rollouts are its history (design 7).

use std::ops::Range;

use rusqlite::{Connection, params};

use super::document::{WordScope, WordTable, document_nums, split_num};
use super::query::expression;
use crate::error::StateResult;

/// What the word index knows about a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidates {
    /// Nothing: every document can contain the term.
    All,
    /// Only some documents can.
    Rows(CandidateRows),
}

/// Documents that can contain a term; ask for those of one rollout, or for the rollouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateRows {
    expression: String,
    scope: WordScope,
}

/// Rollouts with a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutKeys {
    /// All of them, ascending.
    Only(Vec<i64>),
    /// More documents than the caller wanted to look at.
    TooMany,
}

/// Looks a term up.
///
/// Valid for both matchers of [`text`](crate::text), as long as the documents were inserted with the very texts that
/// are matched (for agent messages in the occurrence search that includes their plain form).
///
/// # Errors
/// If SQLite fails.
pub fn candidates(conn: &Connection, term: &str, scope: WordScope) -> StateResult<Candidates> {
    Ok(match expression(conn, term)? {
        Some(expression) => Candidates::Rows(CandidateRows { expression, scope }),
        None => Candidates::All,
    })
}

impl CandidateRows {
    /// Returns the rollouts with candidates, unless there are more than `max_documents` candidates.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn rollout_keys(&self, conn: &Connection, max_documents: usize) -> StateResult<RolloutKeys> {
        let mut keys = Vec::new();
        for table in self.scope.tables() {
            let found = self.documents(conn, *table, i64::MIN..i64::MAX, max_documents.saturating_add(1))?;
            if found.len() > max_documents {
                return Ok(RolloutKeys::TooMany);
            }
            keys.extend(found.iter().map(|num| split_num(*num).0));
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(RolloutKeys::Only(keys))
    }

    /// Returns the first `max_documents` candidates in a range of a rollout's bytes, as ascending offsets.
    ///
    /// # Errors
    /// If SQLite fails, or the rollout key is outside of what a document number can hold.
    pub fn offsets(
        &self,
        conn: &Connection,
        rollout_key: i64,
        offsets: Range<u64>,
        max_documents: usize,
    ) -> StateResult<Vec<u64>> {
        let nums = document_nums(rollout_key, &offsets)?;
        let mut found = Vec::new();
        for table in self.scope.tables() {
            let documents = self.documents(conn, *table, nums.clone(), max_documents)?;
            found.extend(documents.into_iter().map(|num| split_num(num).1));
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(max_documents);
        Ok(found)
    }

    fn documents(
        &self,
        conn: &Connection,
        table: WordTable,
        nums: Range<i64>,
        max_documents: usize,
    ) -> StateResult<Vec<i64>> {
        let limit = i64::try_from(max_documents).unwrap_or(i64::MAX); // no table has more rows
        let found = conn
            .prepare_cached(table.match_sql())?
            .query_map(params![self.expression, nums.start, nums.end, limit], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(found)
    }
}

#[cfg(test)]
#[path = "candidates_tests.rs"]
mod candidates_tests;
