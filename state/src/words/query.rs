//! Turns a term into an FTS5 expression that every document with the term satisfies.
//!
//! Drops what would cost more than it narrows; dropping a condition only adds candidates.

use std::cmp::Reverse;

use rusqlite::Connection;

use super::tokens::{Fragment, LONG_TOKEN, fragments};
use super::vocabulary::{self, Expansion};
use crate::error::StateResult;
use crate::text::collapse_whitespace;

/// Tokens that one fragment may stand for; one with more is dropped.
pub const MAX_EXPANSION: usize = 200;
/// Fragments of a term that are used, the longest first.
const MAX_FRAGMENTS: usize = 16;

/// Returns the expression for a term, or `None` if the index cannot narrow the documents.
pub(super) fn expression(conn: &Connection, term: &str) -> StateResult<Option<String>> {
    let mut parts = fragments(&collapse_whitespace(term));
    parts.sort_by_key(|fragment| Reverse(length(fragment)));
    parts.dedup();
    parts.truncate(MAX_FRAGMENTS);
    let (scanned, indexed): (Vec<_>, Vec<_>) = parts.into_iter().partition(vocabulary::needs_scan);
    let conditions = conditions(conn, &indexed)?;
    let conditions = if conditions.is_empty() {
        self::conditions(conn, &scanned)?
    } else {
        conditions
    };
    Ok((!conditions.is_empty()).then(|| conditions.join(" AND ")))
}

pub(super) fn conditions(conn: &Connection, fragments: &[Fragment]) -> StateResult<Vec<String>> {
    let mut conditions = Vec::new();
    for fragment in fragments {
        if let Expansion::Tokens(mut tokens) = vocabulary::expand(conn, fragment, MAX_EXPANSION)? {
            if !matches!(fragment, Fragment::Whole(_)) {
                tokens.push(LONG_TOKEN.to_owned());
            }
            let quoted: Vec<String> = tokens.iter().map(|token| format!("\"{token}\"")).collect();
            conditions.push(format!("({})", quoted.join(" OR ")));
        }
    }
    Ok(conditions)
}

fn length(fragment: &Fragment) -> usize {
    match fragment {
        Fragment::Long => usize::MAX,
        Fragment::Whole(text) | Fragment::Prefix(text) | Fragment::Suffix(text) | Fragment::Piece(text) => {
            text.chars().count()
        }
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod query_tests;
