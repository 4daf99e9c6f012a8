//! The trigram index over names, titles and previews, and the candidates that it yields for a term.
//!
//! Candidates are a superset; `list.rs` compares the texts themselves.

use rusqlite::{Connection, params};

use super::row::ThreadRow;
use crate::error::StateResult;

/// Shortest term, in characters, that the trigram index can answer.
const MIN_TRIGRAM_CHARS: usize = 3;
/// Trigrams of a term that are asked for; more would not narrow the candidates noticeably.
const MAX_TRIGRAMS: usize = 16;
/// Above this many candidates a walk in list order finds a page sooner than looking at all of them.
const MAX_CANDIDATES: usize = 2_000;
/// One more, to know whether there are more.
const MAX_CANDIDATES_SEEN: i64 = MAX_CANDIDATES as i64 + 1;

/// Rows that can contain a term.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TitleCandidates {
    /// All rows outside of this list lack the term.
    Only(Vec<i64>),
    /// Too many, or unknown.
    Any,
}

/// Adds the texts of a row.
pub(super) fn insert(conn: &Connection, thread_num: i64, text: &str) -> StateResult<()> {
    conn.prepare_cached("INSERT INTO thread_titles (rowid, text) VALUES (?1, ?2)")?
        .execute(params![thread_num, text])?;
    Ok(())
}

/// Removes the texts of a row.
pub(super) fn remove(conn: &Connection, thread_num: i64) -> StateResult<()> {
    conn.prepare_cached("DELETE FROM thread_titles WHERE rowid = ?1")?
        .execute([thread_num])?;
    Ok(())
}

/// Returns the text that is indexed for a row: each different stored text once.
pub(super) fn indexed_text(row: &ThreadRow) -> String {
    let mut text = row.name.clone().unwrap_or_default();
    for part in [row.title.stored().0, row.preview.stored().0] {
        if !text.ends_with(part) {
            text.push('\n');
            text.push_str(part);
        }
    }
    text
}

/// Returns the rows that can contain `term` in name, title or preview, the unstored rest of cut texts included.
pub(super) fn candidates(conn: &Connection, term: &str) -> StateResult<TitleCandidates> {
    let Some(expression) = trigram_expression(term) else {
        return Ok(TitleCandidates::Any);
    };
    let mut found: Vec<i64> = conn
        .prepare_cached("SELECT rowid FROM thread_titles WHERE thread_titles MATCH ?1 LIMIT ?2")?
        .query_map(params![expression, MAX_CANDIDATES_SEEN], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let cut: Vec<i64> = conn
        .prepare_cached(
            "SELECT thread_num FROM threads INDEXED BY threads_cut WHERE preview_cut OR title_cut LIMIT ?1",
        )?
        .query_map([MAX_CANDIDATES_SEEN], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if found.len() > MAX_CANDIDATES || cut.len() > MAX_CANDIDATES {
        return Ok(TitleCandidates::Any);
    }
    found.extend(cut);
    found.sort_unstable();
    found.dedup();
    Ok(TitleCandidates::Only(found))
}

/// Returns an FTS5 expression that every text with the term satisfies, or `None` if the index cannot tell.
fn trigram_expression(term: &str) -> Option<String> {
    // The tokenizer passes over NUL, so its trigrams around one are not the text's.
    if term.contains('\0') {
        return None;
    }
    let starts: Vec<usize> = term
        .char_indices()
        .map(|(offset, _)| offset)
        .chain([term.len()])
        .collect();
    let count = starts.len().checked_sub(MIN_TRIGRAM_CHARS).filter(|count| *count > 0)?;
    let step = count.div_ceil(MAX_TRIGRAMS);
    let trigrams: Vec<String> = (0..count)
        .step_by(step)
        .map(|at| {
            format!(
                "\"{}\"",
                term[starts[at]..starts[at + MIN_TRIGRAM_CHARS]].replace('"', "\"\"")
            )
        })
        .collect();
    Some(trigrams.join(" AND "))
}

#[cfg(test)]
#[path = "titles_tests.rs"]
mod titles_tests;
