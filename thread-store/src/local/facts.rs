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

use super::codex_db::{LiveThreads, Postponed, Seen};
use super::journal_growth::JournalGrowth;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::organise::{Belonging, Decision, Organised};
use crate::thread_row::NamedRevisions;
use crate::writes::GitPatch;

/// Facts of all threads, at one moment.
#[derive(Debug)]
pub(super) struct Facts {
    names: NameIndex,
    journal: Arc<HashMap<ThreadId, ThreadFacts>>,
    /// What Codex's databases say at the moment.
    live: Arc<LiveThreads>,
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
    /// When it is compacted next.
    pub(super) growth: JournalGrowth,
}

/// What was read of the journal.
#[derive(Debug, Default)]
struct Known {
    position: JournalPosition,
    threads: Arc<HashMap<ThreadId, ThreadFacts>>,
    organised: Arc<Organised>,
    /// What was last seen in Codex's databases.
    seen: Seen,
    /// Facts that count although the journal cannot be written.
    unjournalled: Vec<JournalFact>,
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
            let unjournalled = std::mem::take(&mut self.unjournalled);
            *self = Self::default();
            self.learn_facts(&unjournalled);
            self.unjournalled = unjournalled;
        }
        self.position = news.position;
        let facts: Vec<JournalFact> = news.facts.into_iter().map(|StoredFact { fact, .. }| fact).collect();
        self.learn_facts(&facts);
    }

    fn learn_facts(&mut self, facts: &[JournalFact]) {
        if facts.is_empty() {
            return;
        }
        let (threads, organised) = (Arc::make_mut(&mut self.threads), Arc::make_mut(&mut self.organised));
        for fact in facts {
            organised.learn(fact);
            self.seen.learn(fact);
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
            growth: JournalGrowth::default(),
        }
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
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
                if let Ok(name) = fact.value.parse::<Option<String>>() {
                    self.name = name.map(|name| (fact.at_ms, name));
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
        let own = self.journal.get(&thread_id).map(|facts| &facts.git);
        // What differs from the header is in the journal; without anything there, the database may only say more.
        let said = own.filter(|own| !own.is_empty());
        let said = said.or_else(|| self.live.get(&thread_id)?.git.as_ref());
        said.cloned().unwrap_or_default()
    }

    /// Returns the revisions that are named as current.
    pub(super) fn named_revisions(&self, thread_id: ThreadId) -> NamedRevisions {
        named_revisions(&self.journal, &self.live, thread_id)
    }

    /// Returns when a thread's last turn began, as Codex's database says.
    pub(super) fn codex_recency_ms(&self, thread_id: ThreadId) -> Option<i64> {
        self.live.get(&thread_id)?.recency_at_ms
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
        threads.extend(self.live.keys());
        let digests = threads.into_iter().map(|thread_id| {
            let (name, git) = (self.name(thread_id), self.git(thread_id));
            let (current, belonging) = (self.named_revisions(thread_id), self.belonging(thread_id));
            let recency = self.codex_recency_ms(thread_id);
            let digest = format!("{name:?} {git:?} {current:?} {belonging:?} {recency:?}");
            (thread_id.to_string(), digest)
        });
        digests.collect()
    }
}

impl Inner {
    /// Reads the facts as they are now.
    pub(super) fn facts(&self) -> StoreResult<Facts> {
        self.facts_with(Postponed::Leave)
    }

    /// Reads the facts as they are now, after rollouts were indexed.
    pub(super) fn facts_of_indexed(&self) -> StoreResult<Facts> {
        self.facts_with(Postponed::Retry)
    }

    fn facts_with(&self, postponed: Postponed) -> StoreResult<Facts> {
        let names = self.names()?;
        let live = self.import_codex(Some(&names), postponed);
        self.with_journal(|known| Facts {
            names,
            journal: Arc::clone(&known.threads),
            live,
            organised: Arc::clone(&known.organised),
        })
    }

    /// Reads Codex's name index.
    pub(super) fn names(&self) -> StoreResult<NameIndex> {
        read_names(self.fs.as_ref(), &self.home).map_err(|error| StoreError::Read {
            path: self.home.join("session_index.jsonl"),
            offset: 0,
            source: Box::new(error),
        })
    }

    /// Returns the revisions of a thread that are named as current.
    pub(super) fn named_revisions(&self, thread_id: ThreadId) -> StoreResult<NamedRevisions> {
        let live = self.import_codex(None, Postponed::Leave);
        let journal = self.journal_facts()?;
        Ok(named_revisions(&journal, &live, thread_id))
    }

    /// Returns the threads that a deletion took, as the journal says.
    pub(super) fn deleted_by(&self, operation: &str) -> StoreResult<BTreeSet<ThreadId>> {
        let facts = self.journal_facts()?;
        let is_taken = |facts: &ThreadFacts| facts.deletions.iter().any(|decided| decided == operation);
        let taken = facts.iter().filter(|(_, facts)| is_taken(facts));
        Ok(taken.map(|(thread_id, _)| *thread_id).collect())
    }

    fn journal_facts(&self) -> StoreResult<Arc<HashMap<ThreadId, ThreadFacts>>> {
        self.with_journal(|known| Arc::clone(&known.threads))
    }

    /// Returns how threads are organised now.
    pub(super) fn organised(&self) -> StoreResult<Arc<Organised>> {
        self.import_codex(None, Postponed::Leave);
        self.with_journal(|known| Arc::clone(&known.organised))
    }

    /// Returns how threads were organised when the journal was last looked at.
    pub(super) fn last_organised(&self) -> Arc<Organised> {
        Arc::clone(&self.known().organised)
    }

    /// Decides on the facts as they are, alone among all processes (see [`FactStore::organise_with`](crate::organise::FactStore)).
    pub(super) fn organise(&self, decision: Decision, durability: Durability) -> StoreResult<()> {
        self.import_codex(None, Postponed::Leave);
        let journal = &self.journal.journal;
        let position = self.known().position;
        let mut is_listed = false;
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
            let organised = Arc::clone(&known.organised);
            drop(known);
            let decided = decision(&organised, self.clock.now_ms()).map_err(Undecided::Refused)?;
            is_listed = decided.iter().any(|fact| is_in_rows(&fact.kind));
            Ok(decided)
        });
        match decided {
            // Whoever reads next learns what was decided.
            Ok(news) => {
                if is_listed {
                    self.catalog.expire();
                }
                self.compact_grown_journal(news.position.offset);
                Ok(())
            }
            Err(Undecided::Refused(error)) => Err(error),
            Err(Undecided::Journal(error)) => Err(self.journal_error(error)),
        }
    }

    /// Journals what follows from what was seen in Codex's databases. If the journal cannot be written, it counts in memory.
    ///
    /// Written, not synced: what a power failure takes back is still in the databases.
    pub(super) fn take_seen(&self, decide: impl Fn(&Seen) -> Vec<JournalFact>) -> StoreResult<()> {
        let (position, due) = self.with_journal(|known| (known.position, !decide(&known.seen).is_empty()))?;
        if !due {
            return Ok(());
        }
        let journal = &self.journal.journal;
        // Readers do not wait for the lock of the journal: they are kept out while facts are learnt only.
        let decided = journal.transact(position, Durability::Written, |news| {
            let mut known = self.known();
            if known.position == position {
                known.learn(news);
            } else {
                // A reader has come further meanwhile.
                let news = journal.read_from(known.position)?;
                known.learn(news);
            }
            Ok::<_, JournalError>(decide(&known.seen))
        });
        match decided {
            // Whoever reads next learns what was decided.
            Ok(_) => Ok(()),
            Err(error) => {
                let mut known = self.known();
                let facts = decide(&known.seen);
                known.learn_facts(&facts);
                known.unjournalled.extend(facts);
                Err(self.journal_error(error))
            }
        }
    }

    /// Returns whether anything was ever taken over of a database that knows threads.
    pub(super) fn had_state_database(&self) -> StoreResult<bool> {
        self.with_journal(|known| known.seen.knows_state_database())
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

fn named_revisions(
    journal: &HashMap<ThreadId, ThreadFacts>,
    live: &LiveThreads,
    thread_id: ThreadId,
) -> NamedRevisions {
    NamedRevisions {
        ours: journal.get(&thread_id).and_then(|facts| facts.current.clone()),
        codex: live.get(&thread_id).and_then(|live| live.current.clone()),
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
