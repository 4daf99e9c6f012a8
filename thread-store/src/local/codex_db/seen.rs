//! What was last seen in Codex's databases, folded from the journal; the third side of the three-way import.
//!
//! A value is kept as a hash of its columns: it is only ever compared. Pure.

use std::collections::HashMap;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact, SEEN_KEY_SEPARATOR as KEY_SEPARATOR};
use xxhash_rust::xxh3::xxh3_64;

use super::files::Database;

/// Begins the key under which the time is kept when a database was made.
const DATABASE_KEY: &str = "database";

/// What a fact is about: one thing that both Codex and we have a value of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::local) struct Subject {
    pub(super) kind: FactKind,
    pub(super) thread_id: Option<ThreadId>,
    pub(super) key: Option<String>,
}

impl Subject {
    /// Names something of a thread.
    pub(super) fn of_thread(kind: FactKind, thread_id: ThreadId) -> Self {
        Self {
            kind,
            thread_id: Some(thread_id),
            key: None,
        }
    }

    /// Names one of several of a thread.
    pub(super) fn of_thread_key(kind: FactKind, thread_id: ThreadId, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..Self::of_thread(kind, thread_id)
        }
    }

    /// Names one of several of the home.
    pub(super) fn of_key(kind: FactKind, key: &str) -> Self {
        Self {
            kind,
            thread_id: None,
            key: Some(key.to_owned()),
        }
    }

    /// Returns the database that knows of it; `None` for what none of them knows.
    pub(super) fn database(&self) -> Option<Database> {
        match self.kind {
            FactKind::Goal => Some(Database::Goals),
            FactKind::QueuedSubmission => Some(Database::Queue),
            FactKind::ThreadName
            | FactKind::GitPatch
            | FactKind::Section
            | FactKind::SectionMember
            | FactKind::Project
            | FactKind::ProjectKey
            | FactKind::ProjectMember
            | FactKind::Daybreak
            | FactKind::Attachment
            | FactKind::ReadState => Some(Database::State),
            FactKind::CurrentRevision
            | FactKind::MemoryMode
            | FactKind::ThreadDeleted
            | FactKind::CodexSeen
            | FactKind::Other(_) => None,
        }
    }

    /// Makes the fact that says what Codex says.
    pub(super) fn fact(&self, at_ms: i64, value: RawJson) -> JournalFact {
        JournalFact {
            kind: self.kind.clone(),
            thread_id: self.thread_id,
            key: self.key.clone(),
            at_ms,
            value,
        }
    }

    /// Returns what subjects are ordered by.
    pub(super) fn order(&self) -> (&FactKind, Option<ThreadId>, &Option<String>) {
        (&self.kind, self.thread_id, &self.key)
    }

    /// Makes the fact that keeps what was seen.
    pub(super) fn seen_fact(&self, at_ms: i64, seen: Option<u64>) -> JournalFact {
        let key = match &self.key {
            Some(key) => format!("{}{KEY_SEPARATOR}{key}", self.kind.as_str()),
            None => self.kind.as_str().to_owned(),
        };
        JournalFact {
            kind: FactKind::CodexSeen,
            thread_id: self.thread_id,
            key: Some(key),
            at_ms,
            value: seen.map_or_else(RawJson::null, |hash| RawJson::string(&format!("{hash:016x}"))),
        }
    }

    fn of_seen_fact(fact: &JournalFact) -> Option<Self> {
        let text = fact.key.as_deref()?;
        let (kind, key) = match text.split_once(KEY_SEPARATOR) {
            Some((kind, key)) => (kind, Some(key.to_owned())),
            None => (text, None),
        };
        Some(Self {
            kind: FactKind::from(kind),
            thread_id: fact.thread_id,
            key,
        })
    }
}

/// Returns what stands for the columns of a value.
pub(super) fn hash_of(columns: &[Column<'_>]) -> u64 {
    let mut text = String::new();
    for column in columns {
        match column {
            // Lengths keep neighbours apart; what is not there and null are the same, so that a new column is no change.
            Column::None => text.push('-'),
            Column::Text(value) => text.push_str(&format!("t{}:{value}", value.len())),
            Column::Number(value) => text.push_str(&format!("n{value};")),
        }
    }
    xxh3_64(text.as_bytes())
}

/// A column as it is compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column<'v> {
    None,
    Text(&'v str),
    Number(i64),
}

impl<'v> From<Option<&'v String>> for Column<'v> {
    fn from(text: Option<&'v String>) -> Self {
        text.map_or(Self::None, |text| Self::Text(text))
    }
}

impl From<Option<&i64>> for Column<'_> {
    fn from(number: Option<&i64>) -> Self {
        number.map_or(Self::None, |number| Self::Number(*number))
    }
}

/// What was last seen of each subject.
#[derive(Debug, Clone, Default)]
pub(in crate::local) struct Seen {
    /// By thread, so that one that is deleted is forgotten without a look at the others.
    subjects: HashMap<Option<ThreadId>, HashMap<Subject, u64>>,
    /// When the databases were made, as they said.
    made_at: HashMap<&'static str, String>,
}

impl Seen {
    /// Takes over one fact; facts arrive in the order in which they were recorded.
    pub(in crate::local) fn learn(&mut self, fact: &JournalFact) {
        match (&fact.kind, fact.thread_id) {
            (FactKind::ThreadDeleted, Some(thread_id)) => {
                self.subjects.remove(&Some(thread_id));
            }
            (FactKind::CodexSeen, _) => self.learn_seen(fact),
            _ => {}
        }
    }

    fn learn_seen(&mut self, fact: &JournalFact) {
        let Ok(value) = fact.value.parse::<Option<String>>() else {
            return; // of another version: nothing is known of it, so Codex's value will count
        };
        if let Some(database) = database_of_key(fact) {
            match value {
                Some(made_at) => self.made_at.insert(database.stem(), made_at),
                None => self.made_at.remove(database.stem()),
            };
            return;
        }
        let Some(subject) = Subject::of_seen_fact(fact) else {
            return;
        };
        match value.and_then(|hash| u64::from_str_radix(&hash, 16).ok()) {
            Some(hash) => {
                let of_thread = self.subjects.entry(subject.thread_id).or_default();
                of_thread.insert(subject, hash);
            }
            None => {
                if let Some(of_thread) = self.subjects.get_mut(&subject.thread_id) {
                    of_thread.remove(&subject);
                }
            }
        }
    }

    /// Returns what was last seen of a subject; `None` if nothing was, or that there is nothing.
    pub(super) fn get(&self, subject: &Subject) -> Option<u64> {
        self.subjects.get(&subject.thread_id)?.get(subject).copied()
    }

    /// Returns the subjects of which something was seen in a database.
    pub(super) fn subjects_of(&self, database: Database) -> impl Iterator<Item = &Subject> {
        let subjects = self.subjects.values().flat_map(HashMap::keys);
        subjects.filter(move |subject| subject.database() == Some(database))
    }

    /// Returns whether anything was ever taken over of a state database.
    pub(in crate::local) fn knows_state_database(&self) -> bool {
        self.made_at(Database::State).is_some() || self.subjects_of(Database::State).next().is_some()
    }

    /// Returns when a database was made, as far as it was noted.
    pub(super) fn made_at(&self, database: Database) -> Option<&str> {
        self.made_at.get(database.stem()).map(String::as_str)
    }
}

/// Makes the fact that keeps when a database was made.
pub(super) fn made_at_fact(database: Database, at_ms: i64, made_at: &str) -> JournalFact {
    let key = format!("{DATABASE_KEY}{KEY_SEPARATOR}{}", database.stem());
    JournalFact::of_key(FactKind::CodexSeen, key, at_ms, RawJson::string(made_at))
}

fn database_of_key(fact: &JournalFact) -> Option<Database> {
    let (word, stem) = fact.key.as_deref()?.split_once(KEY_SEPARATOR)?;
    let found = Database::ALL.into_iter().find(|database| database.stem() == stem);
    found.filter(|_| word == DATABASE_KEY)
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod seen_tests;
