//! A check value over one row.
//!
//! SQLite notices broken pages, not changed values. The seal lies in the row and covers its key, so that a changed bit, or
//! a row that answers for another one, is an error instead of a wrong answer. It guards against decay, not against people.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3Default;

use crate::error::{StateError, StateResult};

/// Returns 31 bits, which SQLite stores in four bytes.
///
/// `Hash` promises nothing between machines; an index that is carried to one that hashes otherwise is made anew there.
pub(crate) fn seal(row: &impl Hash) -> i64 {
    let mut hasher = Xxh3Default::new();
    row.hash(&mut hasher);
    (hasher.finish() >> 33).cast_signed()
}

/// Compares a row with the seal that it was stored with.
///
/// # Errors
/// When a value was changed since.
pub(crate) fn check_seal(column: &'static str, row: &impl Hash, stored: i64) -> StateResult<()> {
    if seal(row) == stored {
        return Ok(());
    }
    Err(StateError::Value {
        column,
        detail: "the row is not what was stored".to_owned(),
    })
}
