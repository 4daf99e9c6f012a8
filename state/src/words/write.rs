//! Adds and removes documents.
//!
//! Writes within the caller's transaction. Holds no text longer than a call.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};

use super::document::{MAX_OFFSET, WordTable, document_num, document_nums};
use super::tokens::each_token;
use super::vocabulary;
use crate::error::StateResult;

/// Tokens that a writer remembers; beyond that it forgets them all and asks the vocabulary again.
const MAX_REMEMBERED_TOKENS: usize = 200_000;

/// Adds documents within one transaction.
///
/// Remembers which tokens the vocabulary has, which is true only as long as the transaction is not rolled back:
/// hence one writer per transaction.
#[derive(Debug)]
pub struct WordWriter<'t> {
    conn: &'t Connection,
    /// Known tokens, each with the number of the last document that has it.
    remembered: HashMap<String, u64>,
    documents: u64,
    tokens: String,
}

impl<'t> WordWriter<'t> {
    /// Makes a writer for this transaction.
    pub fn new(transaction: &'t Transaction<'_>) -> Self {
        Self {
            conn: transaction,
            remembered: HashMap::new(),
            documents: 0,
            tokens: String::new(),
        }
    }

    /// Adds the document of the line at `offset`, or replaces it; it is found by the words of all `texts`.
    ///
    /// # Errors
    /// If SQLite fails, or key or offset are outside of what a document number can hold.
    pub fn insert(&mut self, table: WordTable, rollout_key: i64, offset: u64, texts: &[&str]) -> StateResult<()> {
        let num = document_num(rollout_key, offset)?;
        if self.remembered.len() > MAX_REMEMBERED_TOKENS {
            self.remembered.clear();
        }
        self.documents += 1;
        self.tokens.clear();
        let mut outcome = Ok(());
        for text in texts {
            each_token(text, |token| {
                if outcome.is_ok() {
                    outcome = self.add_token(token);
                }
            });
        }
        outcome?;
        self.conn
            .prepare_cached(table.insert_sql())?
            .execute(params![num, self.tokens])?;
        Ok(())
    }

    /// Adds a token to the document in the making, once, and to the vocabulary, if it is new.
    fn add_token(&mut self, token: &str) -> StateResult<()> {
        match self.remembered.get_mut(token) {
            Some(last_document) if *last_document == self.documents => return Ok(()),
            Some(last_document) => *last_document = self.documents,
            None => {
                vocabulary::add(self.conn, token)?;
                self.remembered.insert(token.to_owned(), self.documents);
            }
        }
        if !self.tokens.is_empty() {
            self.tokens.push(' ');
        }
        self.tokens.push_str(token);
        Ok(())
    }
}

/// Removes the document of the line at `offset`, from both tables.
///
/// # Errors
/// If SQLite fails, or key or offset are outside of what a document number can hold.
pub fn remove(conn: &Connection, rollout_key: i64, offset: u64) -> StateResult<()> {
    let num = document_num(rollout_key, offset)?;
    delete(conn, num, num + 1)
}

/// Removes all documents of a rollout, from both tables.
///
/// # Errors
/// If SQLite fails, or the key is outside of what a document number can hold.
pub fn remove_rollout(conn: &Connection, rollout_key: i64) -> StateResult<()> {
    let nums = document_nums(rollout_key, &(0..MAX_OFFSET + 1))?;
    delete(conn, nums.start, nums.end)
}

/// Merges the index into its smallest form; for the end of a bulk run, not while somebody waits.
///
/// # Errors
/// If SQLite fails.
pub fn optimize(conn: &Connection) -> StateResult<()> {
    for table in [WordTable::Said, WordTable::Hidden] {
        conn.execute(table.optimize_sql(), [])?;
    }
    conn.execute("INSERT INTO word_pieces (word_pieces) VALUES ('optimize')", [])?;
    Ok(())
}

fn delete(conn: &Connection, start: i64, end: i64) -> StateResult<()> {
    for table in [WordTable::Said, WordTable::Hidden] {
        conn.prepare_cached(table.delete_sql())?.execute([start, end])?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod write_tests;
