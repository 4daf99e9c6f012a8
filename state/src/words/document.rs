//! Places of documents: one message line each, by rollout and byte offset, in one number that orders by both.

use std::ops::Range;

use crate::error::{StateError, StateResult};

/// Bits of a place that hold the offset of the line.
const OFFSET_BITS: u32 = 40;
/// Largest offset that a place can hold: files of up to 1 TiB.
pub const MAX_OFFSET: u64 = (1 << OFFSET_BITS) - 1;
/// Largest rollout key that a place can hold.
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
            Self::Said => "INSERT INTO words_said (rowid, tokens) VALUES (?1, ?2)",
            Self::Hidden => "INSERT INTO words_hidden (rowid, tokens) VALUES (?1, ?2)",
        }
    }

    pub(super) fn replace_sql(self) -> &'static str {
        match self {
            Self::Said => "INSERT OR REPLACE INTO words_said (rowid, tokens) VALUES (?1, ?2)",
            Self::Hidden => "INSERT OR REPLACE INTO words_hidden (rowid, tokens) VALUES (?1, ?2)",
        }
    }

    /// Deletes the documents at places from `?1` up to and without `?2`.
    pub(super) fn delete_sql(self) -> &'static str {
        match self {
            Self::Said => {
                "DELETE FROM words_said
                 WHERE rowid IN (SELECT document_num FROM word_documents WHERE place >= ?1 AND place < ?2)"
            }
            Self::Hidden => {
                "DELETE FROM words_hidden
                 WHERE rowid IN (SELECT document_num FROM word_documents WHERE place >= ?1 AND place < ?2)"
            }
        }
    }

    pub(super) fn optimize_sql(self) -> &'static str {
        match self {
            Self::Said => "INSERT INTO words_said (words_said) VALUES ('optimize')",
            Self::Hidden => "INSERT INTO words_hidden (words_hidden) VALUES ('optimize')",
        }
    }

    /// Selects the places of the newest `?2` documents that match `?1`.
    pub(super) fn newest_sql(self) -> &'static str {
        match self {
            Self::Said => {
                "SELECT place FROM words_said CROSS JOIN word_documents ON document_num = words_said.rowid
                 WHERE words_said MATCH ?1 ORDER BY words_said.rowid DESC LIMIT ?2"
            }
            Self::Hidden => {
                "SELECT place FROM words_hidden CROSS JOIN word_documents ON document_num = words_hidden.rowid
                 WHERE words_hidden MATCH ?1 ORDER BY words_hidden.rowid DESC LIMIT ?2"
            }
        }
    }

    /// Selects the places of the documents that match `?1`, numbered from `?2` to `?3`, at places from `?4` up to and
    /// without `?5`; at most `?6`, in order of their numbers.
    pub(super) fn match_sql(self) -> &'static str {
        match self {
            Self::Said => {
                "SELECT place FROM words_said CROSS JOIN word_documents ON document_num = words_said.rowid
                 WHERE words_said MATCH ?1 AND words_said.rowid >= ?2 AND words_said.rowid <= ?3
                 AND place >= ?4 AND place < ?5 ORDER BY words_said.rowid LIMIT ?6"
            }
            Self::Hidden => {
                "SELECT place FROM words_hidden CROSS JOIN word_documents ON document_num = words_hidden.rowid
                 WHERE words_hidden MATCH ?1 AND words_hidden.rowid >= ?2 AND words_hidden.rowid <= ?3
                 AND place >= ?4 AND place < ?5 ORDER BY words_hidden.rowid LIMIT ?6"
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

/// Returns the place of the line at `offset` of a rollout.
pub(super) fn place(rollout_key: i64, offset: u64) -> StateResult<i64> {
    if offset > MAX_OFFSET {
        return Err(outside("words.offset", offset));
    }
    Ok(first_place(rollout_key)? | offset.cast_signed())
}

/// Returns the places in a range of a rollout's bytes; what lies beyond the limits is empty.
pub(super) fn places(rollout_key: i64, offsets: &Range<u64>) -> StateResult<Range<i64>> {
    let first = first_place(rollout_key)?;
    let end_of_rollout = first.saturating_add(1 << OFFSET_BITS);
    let at = |offset: u64| i64::try_from(offset).map_or(end_of_rollout, |offset| first.saturating_add(offset));
    Ok(at(offsets.start).min(end_of_rollout)..at(offsets.end).min(end_of_rollout))
}

/// Returns the rollout key and the offset of a place.
pub(super) fn split_place(place: i64) -> (i64, u64) {
    (place >> OFFSET_BITS, place.cast_unsigned() & MAX_OFFSET)
}

fn first_place(rollout_key: i64) -> StateResult<i64> {
    if !(0..=MAX_ROLLOUT_KEY).contains(&rollout_key) {
        return Err(outside("words.rollout_key", rollout_key));
    }
    Ok(rollout_key << OFFSET_BITS)
}

fn outside(what: &'static str, value: impl std::fmt::Display) -> StateError {
    StateError::Sql(rusqlite::Error::ToSqlConversionFailure(
        format!("{what} {value} is beyond the places of the word index").into(),
    ))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod document_tests;
