//! The trigram index over names, titles and previews, and the candidates that it yields for a term.
//!
//! Terms shorter than a trigram are found by the trigrams that begin with them. Candidates are a superset; `list.rs` compares the
//! texts themselves.

use rusqlite::{Connection, params};

use super::row::{ROW_COLUMNS, ThreadRow, read_row};
use crate::error::StateResult;

/// Shortest term, in characters, that the trigram index can answer.
const MIN_TRIGRAM_CHARS: usize = 3;
/// Trigrams of a term that are asked for; more would not narrow the candidates noticeably.
const MAX_TRIGRAMS: usize = 16;
/// Trigrams that may begin with a short term; one that begins more is common.
const MAX_CONTINUATIONS: usize = 64;
/// Follows each indexed text, so that its last characters begin a trigram, too.
const TEXT_END: &str = "\n\n";
/// Fewest and most candidates that are looked at one by one; see [`max_candidates`].
const CANDIDATE_BOUNDS: (i64, i64) = (200, 4_000);

/// Rows that can contain a term.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TitleCandidates {
    /// All rows outside of this list lack the term.
    Only(Vec<i64>),
    /// Too many, or unknown.
    Any,
}

/// Indexes the texts of at most `max_rows` rows that wait for it, and returns how many those were.
///
/// Lists answer the same before and after, only slower before. Call it in small transactions until it returns 0.
///
/// # Errors
/// If SQLite fails.
pub fn index_titles(conn: &Connection, max_rows: u32) -> StateResult<usize> {
    let pending: Vec<(i64, ThreadRow)> = conn
        .prepare_cached(&format!(
            "SELECT {ROW_COLUMNS}, thread_num FROM threads INDEXED BY threads_pending WHERE titles_pending LIMIT ?1"
        ))?
        .query_map([max_rows], |row| Ok((row.get("thread_num")?, read_row(row)?)))?
        .collect::<Result<_, _>>()?;
    let mut insert = conn.prepare_cached("INSERT INTO thread_titles (rowid, text) VALUES (?1, ?2)")?;
    let mut done = conn.prepare_cached("UPDATE threads SET titles_pending = 0 WHERE thread_num = ?1")?;
    for (thread_num, row) in &pending {
        insert.execute(params![thread_num, indexed_text(row)])?;
        done.execute([thread_num])?;
    }
    Ok(pending.len())
}

/// Removes the texts of a row, if they are indexed.
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
    text.push_str(TEXT_END);
    text
}

/// Returns the rows that can contain `term` in name, title or preview.
///
/// Among them are all rows whose text is not indexed yet, or continues in the log.
pub(super) fn candidates(conn: &Connection, term: &str, page_rows: usize) -> StateResult<TitleCandidates> {
    match trigram_expression(term) {
        Some(expression) => matching(conn, &expression, page_rows),
        None => Ok(TitleCandidates::Any),
    }
}

/// Returns whether a term has too few characters for [`candidates`] to narrow it.
pub(super) fn is_short(term: &str) -> bool {
    term.chars().count() < MIN_TRIGRAM_CHARS
}

/// Returns the rows that can contain a short term, like [`candidates`].
///
/// Looks at each trigram that begins with it, and at how often that occurs: dear for a common one, whose page is found sooner by
/// walking the list.
pub(super) fn short_candidates(conn: &Connection, term: &str, page_rows: usize) -> StateResult<TitleCandidates> {
    // The tokenizer passes over NUL, and takes the two that are no characters for the replacement character.
    if term.contains(['\0', '\u{fffe}', '\u{ffff}']) {
        return Ok(TitleCandidates::Any);
    }
    let mut vocabulary = conn.prepare_cached("SELECT term FROM thread_trigrams WHERE term >= ?1")?;
    let mut trigrams = vocabulary.query([term])?;
    let mut continuations = Vec::new();
    while let Some(row) = trigrams.next()? {
        let trigram = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if !trigram.starts_with(term) {
            break;
        }
        if continuations.len() == MAX_CONTINUATIONS {
            return Ok(TitleCandidates::Any);
        }
        continuations.push(quoted(trigram));
    }
    // An expression must not be empty: then nothing says so but the rows whose texts are not indexed.
    matching(conn, &continuations.join(" OR "), page_rows)
}

/// Returns the rows that satisfy an expression (an empty one: none), with all that the index does not know whole.
fn matching(conn: &Connection, expression: &str, page_rows: usize) -> StateResult<TitleCandidates> {
    let max = max_candidates(conn, page_rows)?;
    let mut found: Vec<i64> = match expression {
        "" => Vec::new(),
        _ => conn
            .prepare_cached("SELECT rowid FROM thread_titles WHERE thread_titles MATCH ?1 LIMIT ?2")?
            .query_map(params![expression, max + 1], |row| row.get(0))?
            .collect::<Result<_, _>>()?,
    };
    let unsure: Vec<i64> = conn
        .prepare_cached(
            "SELECT thread_num FROM threads INDEXED BY threads_unsure
             WHERE preview_cut OR title_cut OR titles_pending LIMIT ?1",
        )?
        .query_map([max + 1], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let many = |nums: &[i64]| i64::try_from(nums.len()).is_ok_and(|len| len > max);
    if many(&found) || many(&unsure) {
        return Ok(TitleCandidates::Any);
    }
    found.extend(unsure);
    found.sort_unstable();
    found.dedup();
    Ok(TitleCandidates::Only(found))
}

/// Returns up to how many candidates looking at each is cheaper than walking the list until the page is full.
///
/// With `n` candidates among `rows` that walk visits `page_rows * rows / n`, if they are spread evenly: the costs are
/// equal at the square root of `page_rows * rows`.
fn max_candidates(conn: &Connection, page_rows: usize) -> StateResult<i64> {
    let rows: Option<i64> = conn
        .prepare_cached("SELECT max(thread_num) FROM threads")?
        .query_row([], |row| row.get(0))?;
    let page_rows = i64::try_from(page_rows).unwrap_or(i64::MAX);
    Ok(rows
        .unwrap_or(0)
        .saturating_mul(page_rows)
        .isqrt()
        .clamp(CANDIDATE_BOUNDS.0, CANDIDATE_BOUNDS.1))
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
        .map(|at| quoted(&term[starts[at]..starts[at + MIN_TRIGRAM_CHARS]]))
        .collect();
    Some(trigrams.join(" AND "))
}

/// Writes a trigram as a phrase of an FTS5 expression.
fn quoted(trigram: &str) -> String {
    format!("\"{}\"", trigram.replace('"', "\"\""))
}

#[cfg(test)]
#[path = "titles_tests.rs"]
mod titles_tests;
