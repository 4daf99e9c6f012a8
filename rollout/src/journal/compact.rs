//! Rewrites the journal without facts that newer ones made meaningless.
//!
//! The new journal is written beside the old one, synced, and renamed over it: a crash leaves one or the other. What is
//! damaged, and what is of an unknown kind, is carried over byte by byte.

use std::collections::HashMap;
use std::io;

use codex_protocol::ids::ThreadId;

use super::error::{JournalResult, failed};
use super::fact::{FactKind, JournalFact, SEEN_KEY_SEPARATOR};
use super::line::{FORMAT, Header, encode_header};
use super::reader::open;
use super::writer::Journal;
use crate::fs::{Attributes, replace_file};

const TEMPORARY_FILE: &str = "facts.tmp";

/// What facts of which the newest one counts are about.
type Subject = (FactKind, Option<ThreadId>, Option<String>);

/// The newest fact about each subject.
#[derive(Default)]
struct Newest(HashMap<Subject, NewestFact>);

struct NewestFact {
    offset: u64,
    /// Whether it says that there is none any more.
    is_null: bool,
}

impl Newest {
    fn learn(&mut self, fact: JournalFact, offset: u64) {
        let is_null = fact.value.is_null();
        let subject = (fact.kind, fact.thread_id, fact.key);
        self.0.insert(subject, NewestFact { offset, is_null });
    }

    /// Whether nobody is told anything by a fact: because of a newer one, or because it ends something whose key is never
    /// used again, and of which nothing else is left.
    fn makes_needless(&self, fact: &JournalFact, offset: u64) -> bool {
        let newest = self.0.get(&(fact.kind.clone(), fact.thread_id, fact.key.clone()));
        if newest.is_some_and(|newest| newest.offset != offset) {
            return true;
        }
        fact.value.is_null() && self.is_over(fact)
    }

    /// Whether a fact that says that there is none any more is about a submission, and no value of it is left. What was seen
    /// of it in Codex's queue is such a value.
    fn is_over(&self, fact: &JournalFact) -> bool {
        let Some(key) = fact.key.as_deref() else { return false };
        let prefix = format!("{}{SEEN_KEY_SEPARATOR}", FactKind::QueuedSubmission.as_str());
        match &fact.kind {
            FactKind::QueuedSubmission => {
                let seen = self.0.get(&(FactKind::CodexSeen, fact.thread_id, Some(prefix + key)));
                seen.is_none_or(|seen| seen.is_null)
            }
            FactKind::CodexSeen => key.starts_with(&prefix),
            _ => false,
        }
    }
}

impl Journal {
    /// Rewrites the journal without superseded facts and returns how many were dropped. Readers start over.
    pub fn compact(&self) -> JournalResult<u64> {
        match self.fs.stat(&self.path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(failed("stat", &self.path)(error)),
        }
        let _lock = self.lock()?;
        let Some(journal) = open(&*self.fs, &self.path)? else {
            return Ok(0);
        };
        let mut newest = Newest::default();
        let mut deleted: HashMap<ThreadId, u64> = HashMap::new();
        journal.visit_all(|line| {
            let Some(fact) = line.fact() else { return };
            if fact.kind.newest_counts() {
                newest.learn(fact, line.offset);
            } else if let (FactKind::ThreadDeleted, Some(thread_id)) = (fact.kind, fact.thread_id) {
                deleted.insert(thread_id, line.offset);
            }
        })?;
        let mut buffer = encode_header(Header {
            journal_format: FORMAT,
            generation: journal.header.generation + 1,
        });
        let (mut dropped, mut oversized) = (0, Vec::new());
        journal.visit_all(|line| {
            let superseded = line.fact().is_some_and(|fact| {
                let deletion = fact.thread_id.and_then(|thread_id| deleted.get(&thread_id));
                if fact.kind != FactKind::ThreadDeleted && deletion.is_some_and(|deletion| line.offset < *deletion) {
                    return true;
                }
                newest.makes_needless(&fact, line.offset)
            });
            match line.bytes {
                _ if superseded => dropped += 1,
                Some(bytes) => {
                    buffer.extend_from_slice(bytes);
                    buffer.push(b'\n');
                }
                None => oversized.push(line.offset),
            }
        })?;
        // A line that is too long to be read is damage that cannot be carried over: leave the journal as it is.
        if dropped == 0 || !oversized.is_empty() {
            return Ok(0);
        }
        self.replace(&buffer)?;
        Ok(dropped)
    }

    fn replace(&self, bytes: &[u8]) -> JournalResult<()> {
        let temporary = self.folder.join(TEMPORARY_FILE);
        let attributes = Attributes::New;
        Ok(replace_file(
            &*self.fs, &self.home, &temporary, &self.path, bytes, attributes,
        )?)
    }
}
