//! What is known of threads besides their rollouts: names of Codex's name index, and the facts of our journal.
//!
//! The newest name counts, whoever wrote it. Git patches count for paginated threads only: a legacy rollout says it itself.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codex_protocol::ids::ThreadId;
use codex_rollout::journal::{FactKind, Journal, JournalError, JournalFact, JournalPosition, JournalRead, StoredFact};
use codex_rollout::recorder::Durability;
use codex_rollout::session_index::{NameIndex, read_names};
use serde::{Deserialize, Serialize};

use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::organise::{Belonging, Decision, Organised};
use crate::writes::GitPatch;

/// Facts of all threads, at one moment.
#[derive(Debug)]
pub(super) struct Facts {
    names: NameIndex,
    journal: Arc<HashMap<ThreadId, ThreadFacts>>,
    organised: Arc<Organised>,
}

/// What the journal says of one thread.
#[derive(Debug, Clone, Default)]
struct ThreadFacts {
    /// Newest name, and when it was given.
    name: Option<(i64, String)>,
    /// All changes of the repository's state, merged.
    git: GitPatch,
    /// Rollout that a revert made current.
    current: Option<String>,
    /// Deletions of the thread that were decided.
    deletions: Vec<String>,
}

/// The journal, and what was read of it so far.
#[derive(Debug)]
pub(super) struct JournalCache {
    pub(super) journal: Journal,
    read: Mutex<Known>,
}

/// What was read of the journal.
#[derive(Debug, Default)]
struct Known {
    position: JournalPosition,
    threads: Arc<HashMap<ThreadId, ThreadFacts>>,
    organised: Arc<Organised>,
}

impl Known {
    fn learn(&mut self, news: JournalRead) {
        for damage in &news.damage {
            tracing::warn!(
                offset = damage.offset,
                bytes = damage.len,
                "a line of the journal is damaged"
            );
        }
        if news.is_whole {
            *self = Self::default();
        }
        self.position = news.position;
        if news.facts.is_empty() {
            return;
        }
        let (threads, organised) = (Arc::make_mut(&mut self.threads), Arc::make_mut(&mut self.organised));
        for StoredFact { fact, .. } in &news.facts {
            organised.learn(fact);
            if let Some(thread_id) = fact.thread_id {
                threads.entry(thread_id).or_default().learn(fact);
            }
        }
    }
}

impl JournalCache {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            read: Mutex::default(),
        }
    }
}

/// A git patch as the journal has it: absent stays, null clears.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GitPatchFact {
    #[serde(default, with = "stated", skip_serializing_if = "Option::is_none")]
    sha: Option<Option<String>>,
    #[serde(default, with = "stated", skip_serializing_if = "Option::is_none")]
    branch: Option<Option<String>>,
    #[serde(default, with = "stated", skip_serializing_if = "Option::is_none")]
    origin_url: Option<Option<String>>,
}

/// Tells a member that is null from one that is not there.
mod stated {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<Option<String>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

impl From<&GitPatch> for GitPatchFact {
    fn from(patch: &GitPatch) -> Self {
        Self {
            sha: patch.sha.clone(),
            branch: patch.branch.clone(),
            origin_url: patch.origin_url.clone(),
        }
    }
}

impl ThreadFacts {
    fn learn(&mut self, fact: &JournalFact) {
        match fact.kind {
            FactKind::ThreadName => {
                if let Ok(name) = fact.value.parse::<String>() {
                    self.name = Some((fact.at_ms, name));
                }
            }
            FactKind::GitPatch => {
                if let Ok(patch) = fact.value.parse::<GitPatchFact>() {
                    self.git.merge(&GitPatch {
                        sha: patch.sha,
                        branch: patch.branch,
                        origin_url: patch.origin_url,
                    });
                }
            }
            FactKind::CurrentRevision => {
                if let Ok(rollout_id) = fact.value.parse::<String>() {
                    self.current = Some(rollout_id);
                }
            }
            FactKind::ThreadDeleted => {
                let mut deletions = std::mem::take(&mut self.deletions);
                deletions.extend(fact.value.parse::<String>().ok());
                *self = Self {
                    deletions,
                    ..Self::default()
                };
            }
            // Not of one thread, or told by `Organised`, or kept for whoever knows what to do with them.
            _ => {}
        }
    }
}

impl Facts {
    /// Returns a thread's name.
    ///
    /// In the name index a cleared name still counts, as in Codex's lists.
    pub(super) fn name(&self, thread_id: ThreadId) -> Option<String> {
        let listed = self.names.last_name(thread_id);
        let listed_at_ms = self
            .names
            .newest(thread_id)
            .and_then(|entry| entry.updated_at.as_deref())
            .and_then(|text| text.parse::<jiff::Timestamp>().ok())
            .map(jiff::Timestamp::as_millisecond);
        let own = self.journal.get(&thread_id).and_then(|facts| facts.name.as_ref());
        match own {
            Some((at_ms, name)) if listed_at_ms.is_none_or(|listed| listed < *at_ms) => Some(name.clone()),
            _ => listed.map(str::to_owned),
        }
    }

    /// Returns the changes of a paginated thread's repository state.
    pub(super) fn git(&self, thread_id: ThreadId) -> GitPatch {
        self.journal
            .get(&thread_id)
            .map(|facts| facts.git.clone())
            .unwrap_or_default()
    }

    /// Returns the rollout that a revert of ours made current.
    pub(super) fn current_rollout(&self, thread_id: ThreadId) -> Option<String> {
        self.journal.get(&thread_id)?.current.clone()
    }

    /// Returns how a thread is organised, as far as lists show it.
    pub(super) fn belonging(&self, thread_id: ThreadId) -> Belonging {
        self.organised.belonging_of(thread_id)
    }

    /// Returns, for every thread with facts, a text that changes with them.
    ///
    /// Those whose facts were taken back are among them: rows that were stored before that may still have them.
    pub(super) fn digests(&self) -> HashMap<String, String> {
        let mut threads: BTreeSet<ThreadId> = self.names.iter().map(|(thread_id, _)| thread_id).collect();
        threads.extend(self.journal.keys());
        threads.extend(self.organised.placed());
        let digests = threads.into_iter().map(|thread_id| {
            let (name, git) = (self.name(thread_id), self.git(thread_id));
            let (current, belonging) = (self.current_rollout(thread_id), self.belonging(thread_id));
            let digest = format!("{name:?} {git:?} {current:?} {belonging:?}");
            (thread_id.to_string(), digest)
        });
        digests.collect()
    }
}

impl Inner {
    /// Reads the facts as they are now.
    pub(super) fn facts(&self) -> StoreResult<Facts> {
        let names = read_names(self.fs.as_ref(), &self.home).map_err(|error| StoreError::Read {
            path: self.home.join("session_index.jsonl"),
            offset: 0,
            source: Box::new(error),
        })?;
        self.with_journal(|known| Facts {
            names,
            journal: Arc::clone(&known.threads),
            organised: Arc::clone(&known.organised),
        })
    }

    /// Returns the rollout that a revert of ours made current.
    pub(super) fn journalled_rollout(&self, thread_id: ThreadId) -> StoreResult<Option<String>> {
        let facts = self.journal_facts()?;
        Ok(facts.get(&thread_id).and_then(|facts| facts.current.clone()))
    }

    /// Returns whether a deletion of a thread was decided.
    pub(super) fn is_deleted(&self, thread_id: ThreadId, operation: &str) -> StoreResult<bool> {
        let facts = self.journal_facts()?;
        let deletions = facts.get(&thread_id).map(|facts| &facts.deletions);
        Ok(deletions.is_some_and(|deletions| deletions.iter().any(|decided| decided == operation)))
    }

    fn journal_facts(&self) -> StoreResult<Arc<HashMap<ThreadId, ThreadFacts>>> {
        self.with_journal(|known| Arc::clone(&known.threads))
    }

    /// Returns how threads are organised now.
    pub(super) fn organised(&self) -> StoreResult<Arc<Organised>> {
        self.with_journal(|known| Arc::clone(&known.organised))
    }

    /// Returns how threads were organised when the journal was last looked at.
    pub(super) fn last_organised(&self) -> Arc<Organised> {
        Arc::clone(&self.known().organised)
    }

    /// Decides on the facts as they are, alone among all processes (see [`FactStore::organise_with`](crate::organise::FactStore)).
    pub(super) fn organise(&self, decision: Decision, durability: Durability) -> StoreResult<()> {
        let journal = &self.journal.journal;
        let position = self.known().position;
        let (mut learnt, mut is_listed) = (position, false);
        // Readers do not wait for the lock of the journal, nor for the disk: they are kept out while facts are learnt only.
        let decided = journal.transact(position, durability, |news| {
            let mut known = self.known();
            if known.position == position {
                known.learn(news);
            } else {
                // A reader has come further meanwhile.
                let news = journal.read_from(known.position)?;
                known.learn(news);
            }
            learnt = known.position;
            let organised = Arc::clone(&known.organised);
            drop(known);
            let decided = decision(&organised, self.clock.now_ms()).map_err(Undecided::Refused)?;
            is_listed = decided.iter().any(|fact| is_in_rows(&fact.kind));
            Ok(decided)
        });
        match decided {
            Ok(news) => {
                let mut known = self.known();
                // Else a reader has learnt it already.
                if known.position == learnt {
                    known.learn(news);
                }
                drop(known);
                if is_listed {
                    self.catalog.expire();
                }
                Ok(())
            }
            Err(Undecided::Refused(error)) => Err(error),
            Err(Undecided::Journal(error)) => Err(self.journal_error(error)),
        }
    }

    fn with_journal<T>(&self, take: impl FnOnce(&Known) -> T) -> StoreResult<T> {
        let mut known = self.known();
        let news = self.journal.journal.read_from(known.position);
        known.learn(news.map_err(|error| self.journal_error(error))?);
        Ok(take(&known))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.journal.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wraps a failure of the journal.
    pub(super) fn journal_error(&self, error: JournalError) -> StoreError {
        StoreError::Read {
            path: self.journal.journal.path().to_owned(),
            offset: 0,
            source: Box::new(error),
        }
    }
}

/// Tells whether rows of lists carry what facts of a kind say.
fn is_in_rows(kind: &FactKind) -> bool {
    !matches!(
        kind,
        FactKind::Attachment | FactKind::Goal | FactKind::QueuedSubmission | FactKind::ReadState
    )
}

/// Why a decision was not carried out.
enum Undecided {
    /// It refused itself.
    Refused(StoreError),
    /// The journal failed.
    Journal(JournalError),
}

impl From<JournalError> for Undecided {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}
