//! A check value over one row.
//!
//! SQLite notices broken pages, not changed values. The seal lies in the row and covers its key, so that a changed bit, or
//! a row that answers for another one, is an error instead of a wrong answer. It guards against decay, not against people.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64_with_seed};

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

/// Returns 32 bits over the bytes of a row, which lies at `place`.
pub(crate) fn seal_bytes(place: u64, bytes: &[u8]) -> [u8; 4] {
    (xxh3_64_with_seed(bytes, place) as u32).to_le_bytes()
}

/// Takes the seal off the front of a row's bytes, and compares it.
///
/// # Errors
/// When a byte was changed since, or the row lies elsewhere.
pub(crate) fn unseal_bytes<'b>(column: &'static str, place: u64, sealed: &'b [u8]) -> StateResult<&'b [u8]> {
    if let Some((found, bytes)) = sealed.split_first_chunk()
        && seal_bytes(place, bytes) == *found
    {
        return Ok(bytes);
    }
    Err(StateError::Value {
        column,
        detail: "the row is not what was stored".to_owned(),
    })
}
