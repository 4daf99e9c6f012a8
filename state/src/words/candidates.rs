//! The documents that can contain a term.
//!
//! A superset; whoever reads the lines decides. Rows are counted by rollout, since a thread's hits depend on which
//! parts of which rollouts are its history (design 7).

use std::ops::{Range, RangeInclusive};

use rusqlite::{Connection, OptionalExtension, params};

use super::document::{WordScope, WordTable, places, split_place};
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
        let anywhere = Part {
            nums: i64::MIN..=i64::MAX,
            places: i64::MIN..i64::MAX,
        };
        let mut keys = Vec::new();
        for table in self.scope.tables() {
            let found = self.places(conn, *table, &anywhere, max_documents.saturating_add(1))?;
            if found.len() > max_documents {
                return Ok(RolloutKeys::TooMany);
            }
            keys.extend(found.iter().map(|place| split_place(*place).0));
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(RolloutKeys::Only(keys))
    }

    /// Returns the first `max_documents` candidates in a range of a rollout's bytes, as ascending offsets.
    ///
    /// # Errors
    /// If SQLite fails, or the rollout key is above [`MAX_ROLLOUT_KEY`](super::MAX_ROLLOUT_KEY).
    pub fn offsets(
        &self,
        conn: &Connection,
        rollout_key: i64,
        offsets: Range<u64>,
        max_documents: usize,
    ) -> StateResult<Vec<u64>> {
        let Some((part, order)) = part_of(conn, rollout_key, &offsets)? else {
            return Ok(Vec::new());
        };
        let max = match order {
            Order::Ascending => max_documents,
            Order::Mixed => usize::MAX, // the first by number need not be the first by offset
        };
        let mut found = Vec::new();
        for table in self.scope.tables() {
            found.extend(
                self.places(conn, *table, &part, max)?
                    .into_iter()
                    .map(|place| split_place(place).1),
            );
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(max_documents);
        Ok(found)
    }

    fn places(&self, conn: &Connection, table: WordTable, part: &Part, max: usize) -> StateResult<Vec<i64>> {
        let limit = i64::try_from(max).unwrap_or(i64::MAX); // no table has more rows
        let (first, last) = (part.nums.start(), part.nums.end());
        let found = conn
            .prepare_cached(table.match_sql())?
            .query_map(
                params![self.expression, first, last, part.places.start, part.places.end, limit],
                |row| row.get(0),
            )?
            .collect::<Result<_, _>>()?;
        Ok(found)
    }
}

/// The documents that a query looks at.
struct Part {
    nums: RangeInclusive<i64>,
    places: Range<i64>,
}

/// Whether a rollout's documents are numbered in the order of their offsets.
enum Order {
    Ascending,
    Mixed,
}

/// Returns the documents of a range of a rollout's bytes, or `None` if the rollout has none at all.
fn part_of(conn: &Connection, rollout_key: i64, offsets: &Range<u64>) -> StateResult<Option<(Part, Order)>> {
    let places = places(rollout_key, offsets)?;
    let rollout: Option<(i64, i64, bool)> = conn
        .prepare_cached("SELECT first_document, last_document, is_ordered FROM word_rollouts WHERE rollout_key = ?1")?
        .query_row([rollout_key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((first, last, is_ordered)) = rollout else {
        return Ok(None);
    };
    if !is_ordered {
        return Ok(Some((
            Part {
                nums: first..=last,
                places,
            },
            Order::Mixed,
        )));
    }
    let reached: Option<i64> = conn
        .prepare_cached(
            "SELECT document_num FROM word_documents WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT 1",
        )?
        .query_row([places.start, places.end], |row| row.get(0))
        .optional()?;
    Ok(reached.map(|reached| {
        (
            Part {
                nums: reached..=last,
                places,
            },
            Order::Ascending,
        )
    }))
}

#[cfg(test)]
#[path = "candidates_tests.rs"]
mod candidates_tests;
