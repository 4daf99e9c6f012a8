//! Adds and removes documents.
//!
//! Writes within the caller's transaction. Holds no text longer than a call.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};

use super::deeds;
use super::document::{MAX_OFFSET, WordTable, place, places};
use super::plan::kind_token;
use super::tokens::each_document_token;
use super::vocabulary;
use crate::error::StateResult;
use crate::query::{Field, FieldKind, KindSet};

/// Tokens that are remembered; beyond that all are forgotten, and the vocabulary is asked again.
const MAX_KNOWN_TOKENS: usize = 200_000;

/// Tokens that the vocabulary of one database is known to have.
///
/// Saves looking them up again; an empty one is always right.
#[derive(Debug, Default)]
pub struct KnownTokens {
    /// The tokens, each with the number of the last document that has it.
    last_documents: HashMap<String, u64>,
    documents: u64,
}

/// The words of a document: what indexing it needs no database for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentWords {
    /// Each token once, separated by spaces.
    tokens: String,
    /// Those that were not known before.
    new_tokens: Vec<String>,
}

impl KnownTokens {
    /// Cuts the texts of a document into words.
    ///
    /// They count as known from then on: whatever becomes of the document, its words have to be
    /// [learnt](WordWriter::learn) by the database before those of later documents are inserted.
    pub fn words_of<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> DocumentWords {
        if self.last_documents.len() > MAX_KNOWN_TOKENS {
            self.last_documents.clear();
        }
        self.documents += 1;
        let mut words = DocumentWords::default();
        for text in texts {
            each_document_token(text, |token| self.add(token, &mut words));
        }
        words
    }

    /// Cuts the texts of an item into words, and marks which kinds of texts it has.
    pub fn words_of_fields(&mut self, fields: &[Field<'_>]) -> DocumentWords {
        let mut words = self.words_of(fields.iter().map(|field| &*field.text));
        let kinds: KindSet = fields.iter().map(|field| field.kind).collect();
        for kind in FieldKind::ALL.into_iter().filter(|kind| kinds.contains(*kind)) {
            words.tokens.push(' ');
            words.tokens.push_str(&kind_token(kind));
        }
        words
    }

    /// Adds a token to the document in the making, once.
    fn add(&mut self, token: &str, words: &mut DocumentWords) {
        match self.last_documents.get_mut(token) {
            Some(last_document) if *last_document == self.documents => return,
            Some(last_document) => *last_document = self.documents,
            None => {
                self.last_documents.insert(token.to_owned(), self.documents);
                words.new_tokens.push(token.to_owned());
            }
        }
        if !words.tokens.is_empty() {
            words.tokens.push(' ');
        }
        words.tokens.push_str(token);
    }
}

impl DocumentWords {
    /// Returns the bytes that the words take.
    pub fn len_bytes(&self) -> usize {
        let new_bytes: usize = self.new_tokens.iter().map(String::len).sum();
        self.tokens.len() + new_bytes
    }
}

impl DocumentWords {
    /// Returns the words as they are stored.
    pub(super) fn stored(&self) -> &str {
        &self.tokens
    }
}

/// Adds documents within one transaction.
#[derive(Debug)]
pub struct WordWriter<'t> {
    conn: &'t Connection,
    known: KnownTokens,
}

impl<'t> WordWriter<'t> {
    /// Makes a writer for this transaction.
    pub fn new(transaction: &'t Transaction<'_>) -> Self {
        Self::with_known(transaction, KnownTokens::default())
    }

    /// Makes a writer for this transaction that knows tokens of earlier, committed transactions on the same database.
    pub fn with_known(transaction: &'t Transaction<'_>, known: KnownTokens) -> Self {
        Self {
            conn: transaction,
            known,
        }
    }

    /// Returns the known tokens, for the next writer: to be kept only if this writer's transaction is committed.
    pub fn into_known(self) -> KnownTokens {
        self.known
    }

    /// Adds the document of the line at `offset`, or replaces it; it is found by the words of all `texts`.
    ///
    /// # Errors
    /// If SQLite fails, or key or offset are outside of what the word index can hold.
    pub fn insert(&mut self, table: WordTable, rollout_key: i64, offset: u64, texts: &[&str]) -> StateResult<()> {
        let words = self.known.words_of(texts.iter().copied());
        self.learn(&words)?;
        self.insert_words(table, rollout_key, offset, &words)
    }

    /// Adds the words of a document to the vocabulary, as far as they are new.
    ///
    /// # Errors
    /// If SQLite fails.
    pub fn learn(&mut self, words: &DocumentWords) -> StateResult<()> {
        words
            .new_tokens
            .iter()
            .try_for_each(|token| vocabulary::add(self.conn, token))
    }

    /// Adds the document of the line at `offset`, or replaces it, by its words, which must have been learnt.
    ///
    /// # Errors
    /// If SQLite fails, or key or offset are outside of what the word index can hold.
    pub fn insert_words(
        &mut self,
        table: WordTable,
        rollout_key: i64,
        offset: u64,
        words: &DocumentWords,
    ) -> StateResult<()> {
        let place = place(rollout_key, offset)?;
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO word_documents (place) VALUES (?1)")?
            .execute([place])?;
        let (document_num, sql) = if added > 0 {
            let document_num = self.conn.last_insert_rowid();
            extend_rollout(self.conn, rollout_key, document_num, place)?;
            (document_num, table.insert_sql())
        } else {
            (document_num(self.conn, place)?, table.replace_sql())
        };
        self.conn
            .prepare_cached(sql)?
            .execute(params![document_num, words.tokens])?;
        Ok(())
    }
}

/// Widens a rollout's range of documents to a new one.
///
/// Its number is the highest of the documents there are, but it can be below that of one that was removed.
fn extend_rollout(conn: &Connection, rollout_key: i64, document_num: i64, place: i64) -> StateResult<()> {
    conn.prepare_cached(
        "INSERT INTO word_rollouts (rollout_key, first_document, last_document, last_place, is_ordered)
         VALUES (?1, ?2, ?2, ?3, 1)
         ON CONFLICT (rollout_key) DO UPDATE SET
             first_document = min(first_document, excluded.first_document),
             last_document = max(last_document, excluded.last_document),
             is_ordered = is_ordered AND excluded.last_place > last_place
                 AND excluded.last_document >= last_document,
             last_place = max(last_place, excluded.last_place)",
    )?
    .execute([rollout_key, document_num, place])?;
    Ok(())
}

fn document_num(conn: &Connection, place: i64) -> StateResult<i64> {
    let document_num = conn
        .prepare_cached("SELECT document_num FROM word_documents WHERE place = ?1")?
        .query_row([place], |row| row.get(0))?;
    Ok(document_num)
}

/// Removes the document of the line at `offset`, from both tables.
///
/// # Errors
/// If SQLite fails, or key or offset are outside of what the word index can hold.
pub fn remove(conn: &Connection, rollout_key: i64, offset: u64) -> StateResult<()> {
    let place = place(rollout_key, offset)?;
    delete(conn, place, place + 1)
}

/// Removes all documents of a rollout, from both tables.
///
/// # Errors
/// If SQLite fails, or the key is outside of what the word index can hold.
pub fn remove_rollout(conn: &Connection, rollout_key: i64) -> StateResult<()> {
    let places = places(rollout_key, &(0..MAX_OFFSET + 1))?;
    delete(conn, places.start, places.end)?;
    conn.prepare_cached("DELETE FROM word_rollouts WHERE rollout_key = ?1")?
        .execute([rollout_key])?;
    deeds::remove_rollout(conn, rollout_key)
}

/// Merges the index into its smallest form; for the end of a bulk run, not while somebody waits.
///
/// # Errors
/// If SQLite fails.
pub fn optimize(conn: &Connection) -> StateResult<()> {
    for table in [WordTable::Said, WordTable::Hidden] {
        conn.execute(table.optimize_sql(), [])?;
    }
    conn.execute("INSERT INTO words_done (words_done) VALUES ('optimize')", [])?;
    conn.execute("INSERT INTO word_pieces (word_pieces) VALUES ('optimize')", [])?;
    Ok(())
}

fn delete(conn: &Connection, first_place: i64, end_place: i64) -> StateResult<()> {
    for table in [WordTable::Said, WordTable::Hidden] {
        conn.prepare_cached(table.delete_sql())?
            .execute([first_place, end_place])?;
    }
    conn.prepare_cached("DELETE FROM word_documents WHERE place >= ?1 AND place < ?2")?
        .execute([first_place, end_place])?;
    Ok(())
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod write_tests;
