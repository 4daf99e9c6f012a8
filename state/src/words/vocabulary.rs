//! The distinct tokens of all documents, and which of them have a given piece.
//!
//! Tokens are only ever added: one without documents left finds nothing and costs little.

use rusqlite::{Connection, Params, params};

use super::tokens::Fragment;
use crate::error::StateResult;

/// Shortest piece, in characters, that the trigram index can look up.
const MIN_TRIGRAM_CHARS: usize = 3;
/// Sorts after every character of a token.
const AFTER_ALL_CHARS: char = '\u{10ffff}';

/// Tokens that satisfy a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expansion {
    /// All of them.
    Tokens(Vec<String>),
    /// More than asked for.
    TooMany,
}

/// Adds a token, if it is new.
pub(super) fn add(conn: &Connection, token: &str) -> StateResult<()> {
    let added = conn
        .prepare_cached("INSERT OR IGNORE INTO word_tokens (token) VALUES (?1)")?
        .execute([token])?;
    if added > 0 {
        conn.prepare_cached("INSERT INTO word_pieces (rowid, token) VALUES (?1, ?2)")?
            .execute(params![conn.last_insert_rowid(), token])?;
    }
    Ok(())
}

/// Returns whether looking the fragment up reads the whole vocabulary.
pub(super) fn needs_scan(fragment: &Fragment) -> bool {
    match fragment {
        Fragment::Suffix(piece) | Fragment::Piece(piece) => piece.chars().count() < MIN_TRIGRAM_CHARS,
        Fragment::Whole(_) | Fragment::Prefix(_) | Fragment::Long => false,
    }
}

/// Returns the known tokens, at most `limit` of them, that satisfy a fragment; tokens that are too long not included.
pub(super) fn expand(conn: &Connection, fragment: &Fragment, limit: usize) -> StateResult<Expansion> {
    match fragment {
        Fragment::Long => Ok(Expansion::Tokens(Vec::new())),
        Fragment::Whole(token) => Ok(Expansion::Tokens(vec![token.clone()])),
        Fragment::Prefix(start) => collect(
            conn,
            "SELECT token FROM word_tokens WHERE token >= ?1 AND token < ?2",
            params![start, format!("{start}{AFTER_ALL_CHARS}")],
            limit,
            |token| token.starts_with(start),
        ),
        Fragment::Suffix(end) => with_piece(conn, end, limit, |token| token.ends_with(end)),
        Fragment::Piece(piece) => with_piece(conn, piece, limit, |token| token.contains(piece)),
    }
}

fn with_piece(conn: &Connection, piece: &str, limit: usize, wanted: impl Fn(&str) -> bool) -> StateResult<Expansion> {
    match trigram_expression(piece) {
        Some(expression) => collect(
            conn,
            "SELECT word_tokens.token FROM word_pieces JOIN word_tokens ON token_num = word_pieces.rowid \
             WHERE word_pieces MATCH ?1",
            [expression],
            limit,
            wanted,
        ),
        None => collect(conn, "SELECT token FROM word_tokens", [], limit, wanted),
    }
}

fn collect(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    limit: usize,
    wanted: impl Fn(&str) -> bool,
) -> StateResult<Expansion> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        let token = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if wanted(token) {
            if tokens.len() == limit {
                return Ok(Expansion::TooMany);
            }
            tokens.push(token.to_owned());
        }
    }
    Ok(Expansion::Tokens(tokens))
}

/// Returns an expression for all trigrams of a piece; a piece is alphanumeric, so nothing needs escaping.
fn trigram_expression(piece: &str) -> Option<String> {
    let chars: Vec<char> = piece.chars().collect();
    if chars.len() < MIN_TRIGRAM_CHARS {
        return None;
    }
    let trigrams: Vec<String> = chars
        .windows(MIN_TRIGRAM_CHARS)
        .map(|trigram| format!("\"{}\"", String::from_iter(trigram)))
        .collect();
    Some(trigrams.join(" AND "))
}

#[cfg(test)]
#[path = "vocabulary_tests.rs"]
mod vocabulary_tests;
