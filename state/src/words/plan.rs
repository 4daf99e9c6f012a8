//! Turns a query of the history into what the word index can narrow: which documents can answer it.
//!
//! A superset; whoever reads the items decides. An exclusion narrows nothing, a regular expression as far as all its matches have
//! a text in common.

use rusqlite::{Connection, params};

use super::document::{WordTable, split_place};
use super::query::{conditions, expression};
use super::tokens::{Fragment, LONG_TOKEN};
use crate::error::StateResult;
use crate::query::{Clause, FieldKind, KindSet, Query, Term, TermText, required_literals};
use crate::text::{PartKind, each_part};

/// The documents that can answer a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrowing {
    /// Every one, for all that the index knows.
    All,
    /// None.
    Never,
    /// Those of an expression.
    Match(String),
}

/// What the word index is asked for a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Of messages.
    pub said: Narrowing,
    /// Of everything else.
    pub done: Narrowing,
}

/// Documents that can answer a query, by rollout and offset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedDocuments {
    /// Places, the newest documents first.
    pub places: Vec<(i64, u64)>,
    /// Places of raw messages, which count only where a rollout shows nothing else.
    pub raw_places: Vec<(i64, u64)>,
    /// Whether there are more than these.
    pub has_more: bool,
}

impl Plan {
    /// Plans a query.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn new(conn: &Connection, query: &Query) -> StateResult<Self> {
        // Messages name files, too.
        let of_messages = KindSet::NONE.with(FieldKind::Message).with(FieldKind::Path);
        let of_others = KindSet::ALL
            .without(KindSet::OF_THREADS)
            .without(KindSet::NONE.with(FieldKind::Message));
        Ok(Self {
            said: narrow(conn, &query.clause, of_messages)?,
            done: narrow(conn, &query.clause, of_others)?,
        })
    }

    /// Returns the newest documents that can answer the query, at most `max_documents` of each table.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn documents(&self, conn: &Connection, max_documents: usize) -> StateResult<PlannedDocuments> {
        let mut documents = PlannedDocuments::default();
        if let Narrowing::Match(expression) = &self.said {
            let said = documents.found(conn, WordTable::Said.newest_sql(), expression, max_documents)?;
            documents.places.extend(said);
            let raw = documents.found(conn, WordTable::Hidden.newest_sql(), expression, max_documents)?;
            documents.raw_places.extend(raw);
        }
        if let Narrowing::Match(expression) = &self.done {
            let sql = "SELECT place FROM words_done CROSS JOIN done_documents ON document_num = words_done.rowid
                       WHERE words_done MATCH ?1 ORDER BY words_done.rowid DESC LIMIT ?2";
            let done = documents.found(conn, sql, expression, max_documents)?;
            documents.places.extend(done);
        }
        Ok(documents)
    }
}

impl PlannedDocuments {
    fn found(&mut self, conn: &Connection, sql: &str, expression: &str, max: usize) -> StateResult<Vec<(i64, u64)>> {
        let limit = i64::try_from(max.saturating_add(1)).unwrap_or(i64::MAX);
        let mut found: Vec<i64> = conn
            .prepare_cached(sql)?
            .query_map(params![expression, limit], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.has_more |= found.len() > max;
        found.truncate(max);
        Ok(found.into_iter().map(split_place).collect())
    }
}

/// Returns the token that documents with a text of this kind have; no token of a text looks like it.
pub(super) fn kind_token(kind: FieldKind) -> String {
    let letter = char::from(b'a' + kind as u8);
    format!("{LONG_TOKEN}{letter}")
}

fn narrow(conn: &Connection, clause: &Clause, family: KindSet) -> StateResult<Narrowing> {
    match clause {
        Clause::Term(term) => narrow_term(conn, term, family),
        Clause::All(clauses) => {
            let mut matches = Vec::new();
            for clause in clauses {
                match narrow(conn, clause, family)? {
                    Narrowing::All => {}
                    Narrowing::Never => return Ok(Narrowing::Never),
                    Narrowing::Match(expression) => matches.push(expression),
                }
            }
            Ok(joined(&matches, " AND ").unwrap_or(Narrowing::All))
        }
        Clause::Any(clauses) => {
            let mut matches = Vec::new();
            for clause in clauses {
                match narrow(conn, clause, family)? {
                    Narrowing::All => return Ok(Narrowing::All),
                    Narrowing::Never => {}
                    Narrowing::Match(expression) => matches.push(expression),
                }
            }
            Ok(joined(&matches, " OR ").unwrap_or(Narrowing::Never))
        }
        Clause::Not(_) => Ok(Narrowing::All),
    }
}

fn joined(expressions: &[String], operator: &str) -> Option<Narrowing> {
    (!expressions.is_empty()).then(|| Narrowing::Match(format!("({})", expressions.join(operator))))
}

fn narrow_term(conn: &Connection, term: &Term, family: KindSet) -> StateResult<Narrowing> {
    let kinds = term.kinds.and(family);
    if kinds.is_empty() {
        return Ok(Narrowing::Never);
    }
    let narrowed = match &term.text {
        TermText::Words(words) => narrow_words(conn, words, false)?,
        TermText::Prefix(words) => narrow_words(conn, words, true)?,
        TermText::Literal(text) => narrow_literals(conn, std::slice::from_ref(text))?,
        TermText::Regex(pattern) => narrow_literals(conn, &required_literals(pattern))?,
    };
    // Documents of messages have no marks of kinds.
    if kinds == family || family.contains(FieldKind::Message) {
        return Ok(narrowed);
    }
    let marks: Vec<String> = FieldKind::ALL
        .into_iter()
        .filter(|kind| kinds.contains(*kind))
        .map(|kind| quoted(&kind_token(kind)))
        .collect();
    let mark = format!("({})", marks.join(" OR "));
    Ok(match narrowed {
        Narrowing::Never => Narrowing::Never,
        Narrowing::All => Narrowing::Match(mark),
        Narrowing::Match(expression) => Narrowing::Match(format!("({expression} AND {mark})")),
    })
}

/// What is needed of a text that has all of these, inside words too.
fn narrow_literals(conn: &Connection, literals: &[String]) -> StateResult<Narrowing> {
    let mut expressions = Vec::new();
    for literal in literals {
        expressions.extend(expression(conn, literal)?);
    }
    Ok(joined(&expressions, " AND ").unwrap_or(Narrowing::All))
}

/// One of the things that must follow one another in a text.
enum Piece {
    Word(String),
    /// An identifier, by its parts or as one word.
    Identifier {
        whole: String,
        parts: Vec<String>,
    },
    /// Neighbouring characters of a script without spaces.
    Pair(String),
    /// A character of such a script that stands alone in the term.
    Alone(String),
}

/// What is needed of a text that has words in a row; `is_open` if the last of them may go on.
fn narrow_words(conn: &Connection, term: &str, is_open: bool) -> StateResult<Narrowing> {
    let Some(pieces) = pieces_of(term) else {
        return Ok(Narrowing::Never);
    };
    let Some(last) = pieces.len().checked_sub(1) else {
        return Ok(Narrowing::Never);
    };
    let mut expressions = Vec::new();
    let mut alone = Vec::new();
    for (at, piece) in pieces.into_iter().enumerate() {
        let is_open = is_open && at == last;
        match piece {
            Piece::Word(word) => expressions.push(word_expression(&word, is_open)),
            Piece::Pair(pair) => expressions.push(quoted(&pair)),
            Piece::Alone(character) => alone.push(Fragment::Piece(character)),
            Piece::Identifier { whole, parts } => {
                let last = parts.len() - 1;
                let of_part = |(at, part): (usize, &String)| word_expression(part, is_open && at == last);
                let parts: Vec<String> = parts.iter().enumerate().map(of_part).collect();
                let whole = word_expression(&whole, is_open);
                expressions.push(format!("({whole} OR ({}))", parts.join(" AND ")));
            }
        }
    }
    if expressions.is_empty() {
        // Reads the vocabulary: only if nothing else narrows.
        expressions = conditions(conn, &alone)?;
    }
    Ok(joined(&expressions, " AND ").unwrap_or(Narrowing::All))
}

/// Cuts a term; `None` if one of its words is longer than words are.
fn pieces_of(term: &str) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut last_end = None;
    let mut is_findable = true;
    each_part(term, |part| {
        let is_glued = last_end == Some(part.range.start);
        last_end = (part.kind == PartKind::Unspaced).then_some(part.range.end);
        match part.kind {
            PartKind::Word => pieces.push(Piece::Word(part.text.to_owned())),
            PartKind::Long => is_findable = false,
            PartKind::Identifier { parts } => {
                let first = pieces.len().saturating_sub(parts);
                let word = |piece| match piece {
                    Piece::Word(word) => Some(word),
                    Piece::Identifier { .. } | Piece::Pair(_) | Piece::Alone(_) => None,
                };
                let parts = pieces.drain(first..).filter_map(word).collect();
                let whole = part.text.to_owned();
                pieces.push(Piece::Identifier { whole, parts });
            }
            PartKind::Unspaced => match pieces.last_mut() {
                Some(Piece::Alone(first)) if is_glued => {
                    let pair = format!("{first}{}", part.text);
                    pieces.pop();
                    pieces.push(Piece::Pair(pair));
                }
                Some(Piece::Pair(pair)) if is_glued => {
                    let second: String = pair.chars().skip(1).collect();
                    pieces.push(Piece::Pair(second + part.text));
                }
                _ => pieces.push(Piece::Alone(part.text.to_owned())),
            },
        }
    });
    is_findable.then_some(pieces)
}

/// A word that may go on can go on beyond what is indexed as it is.
fn word_expression(word: &str, is_open: bool) -> String {
    if is_open {
        format!("({} * OR {})", quoted(word), quoted(LONG_TOKEN))
    } else {
        quoted(word)
    }
}

/// Words are alphanumeric: nothing needs escaping.
fn quoted(token: &str) -> String {
    format!("\"{token}\"")
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod plan_tests;
