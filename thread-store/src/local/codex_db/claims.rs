//! What Codex's databases say, subject by subject, in the shapes of our facts.
//!
//! Pure. Claims are not facts yet: whether Codex changed anything is decided in `decide`.

use std::collections::{HashMap, HashSet};

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, MAX_FACT_BYTES};
use codex_state::codex_db::{Extent, Table};

use super::files::Database;
use super::seen::Subject;

/// Bytes that a fact has besides its value, at most.
const FACT_FRAME_BYTES: u64 = 4 * 1024;
/// Problems that are kept of one import.
const MAX_PROBLEMS: usize = 100;

/// What Codex says of one subject.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// What stands for Codex's columns; `None` if it has no value.
    pub(super) hash: Option<u64>,
    /// The value of our fact; `null` if there is none.
    pub(super) value: RawJson,
    /// Whether the files of the home say the same, so that it needs no fact until Codex says something else.
    pub(super) said_anyhow: bool,
}

/// All claims of one look at the databases.
#[derive(Debug, Default)]
pub(super) struct Claims {
    claims: HashMap<Subject, Claim>,
    /// Kinds whose tables were read whole: what is not claimed there is not there.
    whole: HashSet<FactKind>,
    /// What Codex has a value of that is not understood: it has neither changed nor gone.
    unclear: HashSet<Subject>,
    /// Threads that the state database has a row of and the home a file.
    threads: HashSet<ThreadId>,
    /// When the databases that were read were made.
    pub(super) made_at: Vec<(Database, Option<String>)>,
    /// What could not be taken over.
    pub(super) problems: Vec<String>,
}

impl Claims {
    /// Adds what Codex says of a subject.
    pub(super) fn add(&mut self, subject: Subject, hash: u64, value: RawJson) {
        self.add_claim(subject, hash, value, false);
    }

    /// Adds what Codex says of a subject, and whether files of the home say the same.
    pub(super) fn add_claim(&mut self, subject: Subject, hash: u64, value: RawJson, said_anyhow: bool) {
        if value.get().len() as u64 + FACT_FRAME_BYTES > MAX_FACT_BYTES {
            self.problem(format!(
                "{} {} is too long to be kept: {} bytes",
                subject.kind.as_str(),
                subject.key.as_deref().unwrap_or_default(),
                value.get().len()
            ));
            return self.note_unclear(subject);
        }
        let claim = Claim {
            hash: Some(hash),
            value,
            said_anyhow,
        };
        self.claims.insert(subject, claim);
    }

    /// Adds that Codex has no value of a subject.
    pub(super) fn add_none(&mut self, subject: Subject) {
        let claim = Claim {
            hash: None,
            value: RawJson::null(),
            said_anyhow: false,
        };
        self.claims.insert(subject, claim);
    }

    /// Takes note that Codex has a value of a subject, and that it is not understood.
    pub(super) fn note_unclear(&mut self, subject: Subject) {
        self.unclear.insert(subject);
    }

    /// Takes note of a row that does not say which subject it is about: it may be any that is missing in its table.
    ///
    /// Comes after [`note_extent`](Self::note_extent).
    pub(super) fn note_unclear_row(&mut self, kind: &FactKind) {
        self.whole.remove(kind);
    }

    /// Takes note that a thread may be claimed about.
    pub(super) fn add_thread(&mut self, thread_id: ThreadId) {
        self.threads.insert(thread_id);
    }

    /// Returns whether both Codex and the home have the thread.
    pub(super) fn has_thread(&self, thread_id: ThreadId) -> bool {
        self.threads.contains(&thread_id)
    }

    /// Takes note that all of a table was read.
    pub(super) fn note_extent<T>(&mut self, kind: FactKind, table: &Table<T>) {
        if table.extent == Extent::Whole {
            self.whole.insert(kind);
        }
    }

    /// Reads an id of a thread that both Codex and the home have; one that is no id is reported.
    pub(super) fn thread_of(&mut self, table: &str, text: &str) -> Option<ThreadId> {
        match text.parse::<ThreadId>() {
            Ok(thread_id) => Some(thread_id).filter(|id| self.has_thread(*id)),
            Err(_) => {
                let shown: String = text.chars().take(40).collect();
                self.problem(format!("{table} is about {shown:?}, which is no thread id"));
                None
            }
        }
    }

    /// Keeps what could not be taken over.
    pub(super) fn problem(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Returns the claims.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Subject, &Claim)> {
        self.claims.iter()
    }

    /// Returns whether the databases say that there is nothing any more where something was seen.
    pub(super) fn denies(&self, subject: &Subject) -> bool {
        let told_of_thread = subject.thread_id.is_none_or(|thread_id| self.has_thread(thread_id));
        let is_told = self.claims.contains_key(subject) || self.unclear.contains(subject);
        told_of_thread && self.whole.contains(&subject.kind) && !is_told
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod claims_tests;
