//! Names of documents: one message line each, by rollout and byte offset.

use std::ops::Range;

use crate::error::{StateError, StateResult};

/// Bits of a document number that hold the offset of the line.
const OFFSET_BITS: u32 = 40;
/// Largest offset that a document number can hold: files of up to 1 TiB.
pub const MAX_OFFSET: u64 = (1 << OFFSET_BITS) - 1;
/// Largest rollout key that a document number can hold.
pub const MAX_ROLLOUT_KEY: i64 = i64::MAX >> OFFSET_BITS;

/// One of the two sets of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordTable {
    /// Messages that were said, by the user or by the agent.
    Said,
    /// Hidden context and raw message items, which only the exact view searches.
    Hidden,
}

impl WordTable {
    pub(super) fn insert_sql(self) -> &'static str {
        match self {
            Self::Said => "INSERT OR REPLACE INTO words_said (rowid, tokens) VALUES (?1, ?2)",
            Self::Hidden => "INSERT OR REPLACE INTO words_hidden (rowid, tokens) VALUES (?1, ?2)",
        }
    }

    pub(super) fn delete_sql(self) -> &'static str {
        match self {
            Self::Said => "DELETE FROM words_said WHERE rowid >= ?1 AND rowid < ?2",
            Self::Hidden => "DELETE FROM words_hidden WHERE rowid >= ?1 AND rowid < ?2",
        }
    }

    pub(super) fn optimize_sql(self) -> &'static str {
        match self {
            Self::Said => "INSERT INTO words_said (words_said) VALUES ('optimize')",
            Self::Hidden => "INSERT INTO words_hidden (words_hidden) VALUES ('optimize')",
        }
    }

    /// Selects the documents that match `?1` from `?2` up to and without `?3`, ascending, at most `?4`.
    pub(super) fn match_sql(self) -> &'static str {
        match self {
            Self::Said => {
                "SELECT rowid FROM words_said WHERE words_said MATCH ?1 AND rowid >= ?2 AND rowid < ?3 \
                 ORDER BY rowid LIMIT ?4"
            }
            Self::Hidden => {
                "SELECT rowid FROM words_hidden WHERE words_hidden MATCH ?1 AND rowid >= ?2 AND rowid < ?3 \
                 ORDER BY rowid LIMIT ?4"
            }
        }
    }
}

/// Which documents a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordScope {
    /// What was said.
    Said,
    /// What was said, and hidden context (the exact view).
    SaidAndHidden,
}

impl WordScope {
    pub(super) fn tables(self) -> &'static [WordTable] {
        match self {
            Self::Said => &[WordTable::Said],
            Self::SaidAndHidden => &[WordTable::Said, WordTable::Hidden],
        }
    }
}

/// Returns the number of the document at `offset` of a rollout.
pub(super) fn document_num(rollout_key: i64, offset: u64) -> StateResult<i64> {
    if offset > MAX_OFFSET {
        return Err(outside("words.offset", offset));
    }
    Ok(first_num(rollout_key)? | offset.cast_signed())
}

/// Returns the numbers of the documents in a range of a rollout's bytes; what lies beyond the limits is empty.
pub(super) fn document_nums(rollout_key: i64, offsets: &Range<u64>) -> StateResult<Range<i64>> {
    let first = first_num(rollout_key)?;
    let end_of_rollout = first.saturating_add(1 << OFFSET_BITS);
    let num = |offset: u64| i64::try_from(offset).map_or(end_of_rollout, |offset| first.saturating_add(offset));
    Ok(num(offsets.start).min(end_of_rollout)..num(offsets.end).min(end_of_rollout))
}

/// Returns the rollout key and the offset that a document number holds.
pub(super) fn split_num(document_num: i64) -> (i64, u64) {
    (document_num >> OFFSET_BITS, document_num.cast_unsigned() & MAX_OFFSET)
}

fn first_num(rollout_key: i64) -> StateResult<i64> {
    if !(0..=MAX_ROLLOUT_KEY).contains(&rollout_key) {
        return Err(outside("words.rollout_key", rollout_key));
    }
    Ok(rollout_key << OFFSET_BITS)
}

fn outside(what: &'static str, value: impl std::fmt::Display) -> StateError {
    StateError::Sql(rusqlite::Error::ToSqlConversionFailure(
        format!("{what} {value} does not fit a document number").into(),
    ))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod document_tests;
